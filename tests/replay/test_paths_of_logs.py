#!/usr/bin/env python3
"""Logs that say where their files are: without a LOG, those are read, rotated and compressed ones, too."""
import gzip
import json
import os
import subprocess
import time

from lab import FFREPLAY, PROJECT, SCRATCH, canary, equal, finish, ok, project, requests, write

BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards: [{metric: error_rate, max: 5%, action: rollback}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
LINES = requests(4000)
PARTS = [LINES[:1000], LINES[1000:1500], LINES[1500:3000], LINES[3000:]]
NAMES = ["access.log.10.gz", "access.log.9", "access.log.1.gz", "access.log"]
var = os.path.join(SCRATCH, "var")
os.makedirs(var)


def put(name, lines):
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
    with (gzip.open if name.endswith(".gz") else open)(os.path.join(var, name), "wb") as file:
        file.write(text)


for name, lines in zip(NAMES, PARTS):
    put(name, lines)
WITH = PROJECT.replace("    format: ndjson\n", f"    format: ndjson\n    path: {var}/access.log*\n")
directory = project("paths", canary(BLOCK), base=WITH)


def run(program, *arguments, directory=directory, environment=("-e", "production")):
    return subprocess.run([FFREPLAY, program, *arguments, "-C", directory, *environment],
                          capture_output=True, text=True)


whole = write("whole.ndjson", LINES)
named = run("decide", "canary.checkout", whole, "--json")
equal(run("decide", "canary.checkout", "--json").stdout, named.stdout, "decide reads what is at the path")
equal(run("decide", "--all", "--json").stdout, named.stdout, "and so it does with --all")
equal(json.loads(run("health", "canary.checkout").stdout)["input"]["lines"], len(LINES), "health, too")
metrics = run("metrics", "--json", environment=())
equal(json.loads(metrics.stdout)["input"]["lines"], len(LINES), "metrics, without a flag")

# The oldest first: of duplicates, the first that is read counts.
again = [dict(line, status=503) for line in LINES[:100]]
put("access.log", PARTS[3] + again)
equal(run("decide", "canary.checkout", "--json").stdout,
      run("decide", "canary.checkout", whole, write("again.ndjson", again), "--json").stdout,
      "from the oldest on, by number and not by letters")
put("access.log", PARTS[3])

put("access.log.9.gz", PARTS[1][:200])
equal(json.loads(run("health", "canary.checkout").stdout)["input"]["lines"], len(LINES),
      "what is being compressed is read once")
os.unlink(os.path.join(var, "access.log.9.gz"))

one = write("one.ndjson", LINES[:50])
equal(json.loads(run("health", "canary.checkout", f"requests={one}").stdout)["input"]["lines"], 50,
      "a file that is named is read instead")

relative = project("relative", canary(BLOCK), base=PROJECT.replace(
    "    format: ndjson\n", "    format: ndjson\n    path: logs/*.ndjson\n"))
os.makedirs(os.path.join(relative, "logs", "deeper.ndjson"))
with open(os.path.join(relative, "logs", "a.ndjson"), "w") as file:
    file.write(open(whole).read())
equal(run("decide", "canary.checkout", "--json", directory=relative).stdout, named.stdout,
      "a relative path is below the project, and a directory is no file")

os.unlink(os.path.join(relative, "logs", "a.ndjson"))
gone = run("decide", "canary.checkout", "--exit-code", directory=relative)
ok(gone.returncode == 2 and "logs/*.ndjson" in gone.stderr and not gone.stdout,
   "no file there is an error, and no verdict", gone.stderr)

several = project("several", canary(BLOCK), base=WITH.replace("metrics:\n", (
    "  others: {format: ndjson, time: ts, context: {user_id: user_id}}\nmetrics:\n"), 1).replace(
    "better: lower}", "better: lower, log: requests}").replace("better: higher}", "better: higher, log: requests}"))
equal(run("decide", "canary.checkout", "--json", directory=several).stdout, named.stdout,
      "a log that no metric of the flag is of, is not asked for")

# ------------------------------------------------------------------------------- how long ago

now = int(time.time() * 1000)
recent = write("recent.ndjson", [dict(LINES[0], ts=now - ms, request=str(ms)) for ms in (3000, 7200000, 10 * 86400000)])
lines = lambda *options: json.loads(run("metrics", recent, "--json", *options, environment=()).stdout)["input"]["used"]
equal([lines(), lines("--since", "1h"), lines("--since", "7d"), lines("--from", "-3h"),
       lines("--from", "-7d", "--to", "-1h"), lines("--since", "-7d")],
      [3, 1, 2, 2, 1, 2], "--since 7d, and times such as -7d")
for options in (["--since", "yesterday"], ["--from", "-soon"], ["--since", "-soon"]):
    done = run("metrics", recent, *options, environment=())
    ok(done.returncode == 2 and options[1] in done.stderr, f"{options} is refused", done.stderr)
finish()
