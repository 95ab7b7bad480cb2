#!/usr/bin/env python3
"""The ledger in a repository, in the hands of several, and with times that are none."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from ledger import entries, files, hash_of, is_whole, put_aside
from lab import Result, canary, decide, equal, finish, ok, project, requests, skip, write

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
BLOCK = """\
stages: [{name: small, percent: 10%}, {name: half, percent: 50%}, {name: all, percent: 100%}]
guards: [{metric: error_rate, max: 5%, action: rollback}]
"""
BOTH = canary(BLOCK) + canary(BLOCK).split("\n", 1)[1].replace("canary.checkout", "other.checkout")


def ffc(*arguments, **settings):
    return Result(subprocess.run([FFC, *arguments], capture_output=True, env=dict(os.environ, **settings)))


def act(directory, action, flag="canary.checkout", *more):
    return ffc("canary", action, flag, "-C", directory, "-e", "production", "--reason", "because", *more)


def history(directory, *arguments):
    return Result(subprocess.run([lab.FFREPLAY, "history", "-C", directory, *arguments], capture_output=True))


# ------------------------------------------------------------------------------------------- git

if not shutil.which("git"):
    skip("the_ledger_in_a_repository", "no git")
    finish()

directory = project("merged", BOTH.replace("guards: [{metric: error_rate, max: 5%, action: rollback}]\n", ""))
text = open(os.path.join(directory, "flags.yaml")).read()
os.remove(os.path.join(directory, "flags.yaml"))
split = text.index("  other.checkout:")
for name, part in (("a.yaml", text[:split]), ("b.yaml", "flags:\n" + text[split:])):
    with open(os.path.join(directory, name), "w") as file:
        file.write(part)


def git(*arguments):
    run = subprocess.run(["git", "-C", directory, "-c", "user.name=x", "-c", "user.email=x@x", *arguments],
                         capture_output=True, text=True)
    assert run.returncode == 0, (arguments, run.stdout, run.stderr)
    return run.stdout


git("init", "-q", "-b", "main")
act(directory, "start", "canary.checkout", "--at", "2026-11-20T10:00:00Z")
git("add", "-A")
ok(".local" not in git("status", "--short", "--ignored=no") and ".local" not in git("ls-files"),
   "what_is_of_this_checkout_alone_is_not_added", git("ls-files"))
git("commit", "-qm", "start")
git("checkout", "-qb", "theirs")
act(directory, "start", "other.checkout", "--at", "2026-11-20T10:30:00Z")
act(directory, "advance", "other.checkout", "--at", "2026-11-20T12:30:00Z")
git("add", "-A")
git("commit", "-qm", "theirs")
git("checkout", "-q", "main")
act(directory, "advance", "canary.checkout", "--at", "2026-11-20T11:00:00Z")
act(directory, "pause", "canary.checkout", "--at", "2026-11-20T13:00:00Z")
git("add", "-A")
git("commit", "-qm", "ours")
git("merge", "-q", "--no-edit", "theirs")
result = history(directory, "--verify")
equal((result.status, result.out.count("tip ")), (0, 2), "a_merge_has_no_conflict_and_two_tips")
tips = [line.split()[1] for line in result.out.splitlines() if line.startswith("tip ")]
shown = [line.split("  ") for line in history(directory).out.splitlines() if line[:4] == "2026"]
equal([(time[11:16], verdict) for time, verdict, _ in shown],
      [("10:00", "start"), ("10:30", "start"), ("11:00", "advance"), ("12:30", "advance"), ("13:00", "pause")],
      "both_are_read_in_one_order")
equal(act(directory, "resume", "canary.checkout", "--at", "2026-11-20T14:00:00Z").status, 0, "it_goes_on")
newest = entries(directory)[-1]
equal((newest["verdict"], sorted(newest["parents"])), ("resume", sorted(tips)), "from_both")
equal(history(directory, "--verify", "--expect", tips[0], "--expect", tips[1]).status, 0, "and_nothing_is_lost")

# Clocks differ: what follows comes after, whatever time it says.
act(directory, "pause", "canary.checkout", "--at", "2026-11-20T09:00:00Z")
equal([line.split("  ")[1] for line in history(directory).out.splitlines() if line[:4] == "2026"][-2:], ["resume", "pause"],
      "what_follows_comes_after")

# ---------------------------------------------------------------------------------------- at once

directory = project("at-once", "flags:\n" + "".join(
    canary(BLOCK).split("\n", 1)[1].replace("canary.checkout", f"canary.c{i}") for i in range(12)))
runs = [subprocess.Popen([FFC, "canary", "start", f"canary.c{i}", "-C", directory, "-e", "production", "--reason", "x"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for i in range(12)]
seen = [history(directory, "--verify").status for _ in range(20)]
equal([run.wait() for run in runs], [0] * 12, "many_at_once_wait_for_one_another")
equal(set(seen), {0}, "and_a_reader_sees_no_break_meanwhile")
equal((len(entries(directory)), sum(not entry["parents"] for entry in entries(directory)), put_aside(directory)),
      (12, 1, []), "each_follows_the_one_before")
ok(all(len(entry["parents"]) <= 1 for entry in entries(directory)), "in_a_line")

# ----------------------------------------------------------------------------- found by the next run

directory = project("published", BOTH)
act(directory, "start", "canary.checkout", "--at", "2026-11-20T10:00:00Z")
parent, = (hash_of(raw) for raw in files(directory).values())
override = 'overrides:\n  - {id: stop, flags: [other.checkout], serve: default, reason: INC-1}\n'


def lay(time="2026-11-20T11:00:00Z", **todo):
    """A run that published, and was killed before it wrote the definitions."""
    entry = json.dumps({
        "format_version": 1, "time": time, "actor": "a", "flag": None, "environment": None, "verdict": "override",
        "rule": "manual", "reason": "INC-1", "evidence": [], "flags": ["other.checkout"],
        "override": {"id": "stop", "file": "overrides/stop.yaml", "definition": "{}"}, "parents": [parent]},
        separators=(",", ":")).encode() + b"\n"
    name = f"{time[:19].replace('-', '').replace(':', '')}Z-{hash_of(entry)[:12]}.json"
    with open(os.path.join(directory, "ledger", ".local", name), "wb") as file:
        file.write(entry + json.dumps(todo).encode() + b"\n")
    return name


name = lay(aside="file", file="overrides/stop.yaml", text=override)
for command in (["check"], ["list"], ["canary", "status"], ["rollback", "--list"], ["rollback", "--status"], ["history"],
                *([what, "canary.checkout", "-e", "production", "-c", '{"user_id":"u1"}'] for what in ("eval", "trace"))):
    program = lab.FFREPLAY if command == ["history"] else FFC
    result = Result(subprocess.run([program, *command, "-C", directory], capture_output=True))
    ok(result.status == 0 and "was interrupted" in result.err, f"{'_'.join(command[:2])}_says_that_something_is_left", result.err)
equal((put_aside(directory), os.path.exists(os.path.join(directory, "overrides/stop.yaml"))), ([name], False), "and_changes_nothing")
result = act(directory, "pause")
equal((result.status, open(os.path.join(directory, "overrides/stop.yaml")).read()), (0, override), "the_next_run_writes_what_was_published")
ok("interrupted:\n  override stop, by a: INC-1\n" in result.err, "and_says_what_it_was", result.err)
equal((put_aside(directory), [e["verdict"] for e in entries(directory)]), ([], ["start", "override", "pause"]), "and_its_entry")
lay(aside="file", file="overrides/stop.yaml", text="something else")
act(directory, "resume")
equal(open(os.path.join(directory, "overrides/stop.yaml")).read(), override, "what_is_there_is_left_as_it_is")
for number, todo in enumerate(({"aside": "file", "file": "../out.yaml", "text": "x"}, {"aside": "file", "file": "x.yaml"},
                               {"aside": "file", "file": "/tmp/x.yaml", "text": "x"}, {"aside": "something new"}, {})):
    name = lay(f"2026-11-21T11:00:0{number}Z", **todo)
    result = act(directory, "pause" if number % 2 == 0 else "resume")
    ok(result.status == 0 and "damaged" in result.err and put_aside(directory) == [name], f"no_todo_{number}", result.err)
    os.remove(os.path.join(directory, "ledger", ".local", name))
ok(not os.path.exists(os.path.join(directory, "..", "out.yaml")), "nothing_is_written_elsewhere")

# Several at once, one of which cannot be told while the definitions do not compile.
pair = [lay("2026-11-22T11:00:00Z", aside="file", file="overrides/one.yaml", text="# one\n"),
        lay("2026-11-22T11:00:01Z", aside="record")]
act(directory, "resume")
equal((put_aside(directory), open(os.path.join(directory, "overrides/one.yaml")).read()), ([], "# one\n"), "several_are_finished")
ok(is_whole(directory) and history(directory, "--verify").status == 0, "and_all_is_whole")

# ------------------------------------------------------------------------------------------ times

directory = project("times", canary(BLOCK))
before = open(os.path.join(directory, "flags.yaml")).read()
for time in ("0000-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "58856-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00",
             "9999-12-31T23:59:59-01:00"):
    for command in (["canary", "start", "canary.checkout", "-e", "production"], ["rollback", "canary.checkout"]):
        result = ffc(*command, "-C", directory, "--reason", "x", "--at", time)
        equal((result.status, entries(directory), os.listdir(directory).count("overrides.yaml")), (2, [], 0),
              f"{command[0]}_at_{time}_is_refused")
equal(open(os.path.join(directory, "flags.yaml")).read(), before, "before_anything_is_written")
for time in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"):
    directory = project("times", canary(BLOCK))
    equal((act(directory, "start", "canary.checkout", "--at", time).status, history(directory, "--verify").status), (0, 0),
          f"at_{time}_it_works")
    ok(entries(directory)[0]["to"]["since"] == time and ffc("check", "-C", directory).status == 0, f"{time}_is_read_again")

# A log whose times are of another unit: nothing is written that cannot be read again.
started = canary(BLOCK + "state: running\nstage: small\nsince: 2026-11-20T10:00:00Z\n")
for name, scale in (("micro", 1000), ("nano", 1000000)):
    lines = requests(2000, percent=10)
    for line in lines:
        line["ts"] = line["ts"] * scale
    directory = project("units", started)
    before = open(os.path.join(directory, "flags.yaml")).read()
    result = decide(directory, write(f"{name}.ndjson", lines), "--apply")
    after = open(os.path.join(directory, "flags.yaml")).read()
    ok(after == before and entries(directory) == [] or "since: 2026" in after, f"a_log_in_{name}seconds_writes_no_such_time",
       result.status, result.out, result.err, after)
    equal((ffc("check", "-C", directory).status, history(directory).status), (0, 0), f"after_{name}seconds_all_commands_work")
    equal(ffc("rollback", "--all", "-C", directory, "--reason", "x").status, 0, f"and_an_emergency_{name}")

# Entries of such times, by whatever wrote them, are left out by all that read.
with open(os.path.join(directory, "ledger.jsonl"), "w") as file:
    file.write('{"format_version":1,"time":"58856-01-01T00:00:00Z","actor":"a","flag":"canary.checkout","environment":'
               '"production","from":{"state":"running","stage":"small","since":null},"to":{"state":"running","stage":"half",'
               '"since":"58856-01-01T00:00:00Z"},"verdict":"advance","rule":"all-passed","reason":"r","evidence":[],'
               '"look":null,"previous":null}\n')
result = history(directory)
ok(result.status == 1 and "ledger.jsonl:1: error: this is no line" in result.err and "override" in result.out,
   "a_hostile_time_is_read_around", result.err, result.out)
equal((act(directory, "pause").status, decide(directory, write("fine.ndjson", requests(200))).status), (0, 0),
      "by_those_that_decide")
finish()
