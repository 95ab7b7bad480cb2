#!/usr/bin/env python3
"""A week in the life of five systems: every operation of docs/operations.md, typed as it stands there, on the
project in flags/, with as many keystrokes as it says, and no more than the system that it comes from needed."""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

if not shutil.which("git"):
    print("ok 1 - a week # SKIP there is no git\n1..1")
    sys.exit()

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from lab import SCRATCH, equal, finish, ok

TOP = lab.TOP
FFC = os.environ.get("FFC", os.path.join(TOP, "build", "ffc"))
# What their own systems took for these.
MOST = {"raise a percentage": 78, "raise a canary, and publish it": 185, "an emergency": 213,
        "list an environment": 90, "a canary's health": 118, "analytics of seven days": 81}

with open(os.path.join(TOP, "docs", "operations.md")) as file:
    section = file.read().split("\n## A week\n", 1)[1].split("\n## ", 1)[0]
ROWS = re.findall(r"^\| ([^|]+) \| `([^`]+)` \| (\d+) \|$", section, re.M)
week = os.path.join(SCRATCH, "week")
shutil.copytree(os.path.join(TOP, "flags"), os.path.join(week, "flags"))
os.makedirs(os.path.join(week, "bin"))
os.symlink(FFC, os.path.join(week, "bin", "ffc"))
os.symlink(lab.FFREPLAY, os.path.join(week, "bin", "ffreplay"))
ENVIRONMENT = {**os.environ, "PATH": os.path.join(week, "bin") + ":" + os.environ["PATH"], "FFC_ACTOR": "amira",
               "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
               "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com"}


def type_(command):
    return subprocess.run(["bash", "-c", command], cwd=week, env=ENVIRONMENT, capture_output=True, text=True)


def log(name, lines):
    with open(os.path.join(week, name), "w") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


log("requests.ndjson", ({"time": f"2026-11-20T10:{i % 60:02}:{i // 60 % 60:02}Z", "user_id": f"u{i}", "country": "NO", "plan": "free",
                         "latency_ms": 80 + i % 40, "status": 500 if i % 97 == 0 else 200, "endpoint": "/pay",
                         "memory_used": 0.4, "cpu_used": 0.3, "pool_used": 0.2, "connections": 3, "pool": 10}
                        for i in range(3000)))
log("events.ndjson", ({"time": f"2026-11-{20 + i % 9:02}T10:00:{i % 60:02}Z", "user_id": f"u{i % 700}", "plan": "premium", "country": "US",
                       "event": "purchase" if i % 7 == 0 else "view"} for i in range(3000)))
for command in ("git init -q -b main", "git add -A", "git commit -qm first", "ffc check", "ffc build -e production -o live.ffs",
                "git tag before"):
    done = type_(command)
    ok(done.returncode == 0, "before:_" + command, done.stdout, done.stderr)

ok(len(ROWS) >= 25, "there_is_a_week_of_them", str(len(ROWS)))
for what, command, keystrokes in ROWS:
    equal(len(command) + 1, int(keystrokes), f"{what}:_as_many_keystrokes_as_it_says")
    if what in MOST:
        ok(int(keystrokes) <= MOST[what], f"{what}:_no_more_than_{MOST[what]}", keystrokes)
    done = type_(command)
    ok(done.returncode == 0, f"{what}:_is_done", command, done.stdout[-2000:], done.stderr[-2000:])
equal(sorted(MOST.keys() - {what for what, _, _ in ROWS}), [], "each_that_is_compared_is_there")

# What came of it.
test = type_("ffc check")
equal(test.returncode, 0, "the_definitions_are_sound")
equal(type_("ffreplay history --verify").returncode, 0, "the_ledger_is_whole")
done = type_("ffc eval feature.new-dashboard -e production -c '{\"user_id\":\"somebody\"}' --json")
ok(json.loads(done.stdout)["reason"] in ("SPLIT", "DEFAULT"), "the_percentage_is_in_force", done.stdout)
changes = type_("ffc diff before -e production --format json")
ok(any(change["flag"] == "rollback.error-rate-threshold" for change in json.loads(changes.stdout)["changes"]), "and_tells_of_it", changes.stdout)
finish()
