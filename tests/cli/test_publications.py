#!/usr/bin/env python3
"""ffc build --archive, --record and project.archive: what is kept, and what is noted of it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "replay"))
from lab import equal, finish, ok  # noqa: E402
import ledger  # noqa: E402

FFC = os.environ["FFC"]
FFREPLAY = os.environ["FFREPLAY"]
SCRATCH = tempfile.mkdtemp(prefix="ffc-publications-")
PROJECT = """project: {name: shop, environments: [production, staging], bucket_by: user_id%s}
attributes: {user_id: string}
flags:
  checkout: {owner: web, rules: [{name: some, percent: %d%%}]}
"""


def definitions(name, percent=10, more=""):
    directory = os.path.join(SCRATCH, name)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "p.yaml"), "w") as file:
        file.write(PROJECT % (more, percent))
    return directory


def build(directory, *options, output=None, environment="production"):
    output = output or os.path.join(SCRATCH, "live.ffs")
    return subprocess.run([FFC, "build", "-C", directory, "-e", environment, "-o", output, *options],
                          capture_output=True, text=True)


def git(directory, *arguments):
    done = subprocess.run(["git", "-C", directory, "-c", "user.name=a", "-c", "user.email=a@b",
                           *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def lines(archive, environment="production"):
    path = os.path.join(archive, environment, "publications.ndjson")
    return [json.loads(line) for line in open(path)]


# ------------------------------------------------------------------------------------- an archive

plain = definitions("plain")
archive = os.path.join(SCRATCH, "deep", "archive")
done = build(plain, "--archive", archive, "--generation", "7")
equal(done.returncode, 0, "builds with an archive")
[line] = lines(archive)
live = open(os.path.join(SCRATCH, "live.ffs"), "rb").read()
kept = os.path.join(archive, "production", f"{line['build']}.ffs")
equal(open(kept, "rb").read(), live, "the archive has the published bytes, by their build")
ok(f"build {line['build']}" in done.stdout, "which is the one that is printed", done.stdout)
equal(list(line), ["time", "environment", "build", "commit", "generation"], "a line has these fields")
equal([line["environment"], line["commit"], line["generation"]], ["production", None, 7],
      "outside a repository it is of no commit")

with open(kept.replace(".ffs", ".bak"), "wb") as file:
    file.write(live)
os.chmod(kept, 0o644)
with open(kept, "r+b") as file:
    file.truncate(100)
build(plain, "--archive", archive)
equal(open(kept, "rb").read()[128:], live[128:], "a damaged snapshot in the archive is mended")
equal(len(lines(archive)), 2, "every publication has a line")

with open(os.path.join(archive, "production", "publications.ndjson"), "a") as file:
    file.write('{"time":"2026-11')
build(plain, "--archive", archive)
text = open(os.path.join(archive, "production", "publications.ndjson")).read().splitlines()
ok(len(text) == 4 and json.loads(text[3])["build"] == line["build"],
   "a line that was cut off does not spoil the next", text)

build(plain, "--archive", archive, environment="staging", output=os.path.join(SCRATCH, "s.ffs"))
equal([len(text), len(lines(archive, "staging"))], [4, 1], "each environment has its own")

# ------------------------------------------------------------------------------- at the same time

many = os.path.join(SCRATCH, "many")
running = []
for i in range(12):
    directory = definitions(f"m{i}", percent=i + 1)
    running.append(subprocess.Popen(
        [FFC, "build", "-C", directory, "-e", "production", "-o", os.path.join(SCRATCH, f"{i}.ffs"),
         "--archive", many], stdout=subprocess.DEVNULL))
equal([one.wait() for one in running], [0] * 12, "twelve builds write to one archive at once")
builds = {line["build"] for line in lines(many)}
equal([len(lines(many)), len(builds)], [12, 12], "each has its line, whole")
equal(sorted(f"{one}.ffs" for one in builds),
      sorted(name for name in os.listdir(os.path.join(many, "production")) if name.endswith(".ffs")),
      "and its snapshot")

# ------------------------------------------------------------------------------------- the commit

if shutil.which("git"):
    repository = definitions("repository", more=", archive: kept")
    git(SCRATCH, "init", "-q", repository)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "one")
    head = git(repository, "rev-parse", "HEAD")
    own = os.path.join(repository, "kept")
    build(repository, "--record", "--actor", "ci")
    build(repository)
    equal([line["commit"] for line in lines(own)], [head, head],
          "definitions as they were committed are of that commit, whatever a build left beside them")
    definitions("repository", percent=11, more=", archive: kept")
    build(repository)
    equal(lines(own)[-1]["commit"], None, "edited ones are of none")
    git(repository, "checkout", "-q", ".")
    with open(os.path.join(repository, "more.yaml"), "w") as file:
        file.write("segments: {all: {if: {user_id: a}}}\n")
    build(repository)
    equal(lines(own)[-1]["commit"], None, "nor with a file that was never committed")

    [entry] = ledger.entries(repository)
    equal([entry["verdict"], entry["actor"], entry["environment"], entry["flag"]],
          ["publish", "ci", "production", None], "--record adds an entry to the ledger")
    equal(entry["publication"], {key: lines(own)[0][key] for key in ("build", "commit", "generation")},
          "with what the archive says")
    equal(entry["time"], lines(own)[0]["time"], "and when")
    history = subprocess.run([FFREPLAY, "history", "-C", repository], capture_output=True, text=True)
    ok(entry["publication"]["build"] in history.stdout and history.returncode == 0,
       "history shows it", history.stdout + history.stderr)
    verified = subprocess.run([FFREPLAY, "history", "--verify", "-C", repository], capture_output=True)
    equal(verified.returncode, 0, "and the ledger is whole")

# ------------------------------------------------------------------------------ what others publish

CANARY = """project: {name: shop, environments: [production], bucket_by: user_id%s}
attributes: {user_id: string}
flags:
  checkout:
    owner: web
    canary: {stages: [{name: first, percent: 10%%}, {name: all, percent: 100%%}]}
"""


def ffc(directory, *arguments):
    return subprocess.run([FFC, *arguments, "-C", directory, "-e", "production", "--reason", "x",
                           "--actor", "anna"], capture_output=True, text=True)


def canary(name, more=""):
    directory = os.path.join(SCRATCH, name)
    os.makedirs(directory)
    with open(os.path.join(directory, "p.yaml"), "w") as file:
        file.write(CANARY % more)
    return directory, os.path.join(SCRATCH, f"{name}.ffs")


def now(path):
    """The build that is in a file."""
    done = subprocess.run([FFC, "verify", "--json", path], capture_output=True, text=True)
    return json.loads(done.stdout)["build"]


directory, path = canary("rollout", ", archive: kept")
own = os.path.join(directory, "kept")
build(directory, output=path)
for command in (["canary", "start", "checkout"], ["canary", "advance", "checkout"],
                ["rollback", "checkout"], ["canary", "rollback", "checkout"]):
    done = ffc(directory, *command, "--build", path)
    equal([done.returncode, lines(own)[-1]["build"]], [0, now(path)],
          f"ffc {' '.join(command[:2])} --build notes what it publishes")
    ok(os.path.exists(os.path.join(own, "production", f"{now(path)}.ffs")), "and keeps it")
equal([entry["verdict"] for entry in ledger.entries(directory) if entry["verdict"] == "publish"], [],
      "a ledger that has no publications gets none")

directory, path = canary("recorded")
build(directory, "--record", output=path)
ffc(directory, "canary", "start", "checkout", "--build", path)
ffc(directory, "canary", "rollback", "checkout", "--build", path)
found = [entry for entry in ledger.entries(directory)]
equal([entry["verdict"] for entry in found], ["publish", "start", "publish", "rollback", "publish"],
      "a ledger that has one gets the others, after what was done")
equal([found[-1]["publication"]["build"], found[-1]["actor"]], [now(path), "anna"], "the last is what is served")

# --------------------------------------------------------------------------------------- failures

blocked = os.path.join(SCRATCH, "blocked")
open(blocked, "w").close()
before = open(os.path.join(SCRATCH, "live.ffs"), "rb").read()
done = build(definitions("other", percent=50), "--archive", blocked)
ok(done.returncode == 2 and "not published" in done.stderr, "what cannot be kept is not published",
   done.stderr)
equal(open(os.path.join(SCRATCH, "live.ffs"), "rb").read(), before, "the old one stands")

for options, words in ((["--actor", "me"], "--record"),):
    done = build(plain, *options)
    ok(done.returncode == 2 and words in done.stderr, f"{options} alone is refused", done.stderr)
done = build(plain, "--archive", archive, output="-")
ok(done.returncode == 2 and "--archive" in done.stderr, "nothing is noted of stdout", done.stderr)

for path in ("/var/lib/x", "../x", "a/../../x", "..", ""):
    done = build(definitions("outside", more=f", archive: '{path}'"))
    ok(done.returncode == 1 and "FF0689" in done.stderr, f"archive '{path}' is refused", done.stderr)

shutil.rmtree(SCRATCH, ignore_errors=True)
finish()
