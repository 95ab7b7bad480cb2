#!/usr/bin/env python3
"""Killed at every call that leaves something on disk: the next run ends in a project that is whole."""
import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from lab import SCRATCH, canary, finish, ok, project, requests, skip, write

HERE = os.path.dirname(os.path.abspath(__file__))
FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
AT = "2026-11-20T12:00:00Z"
MOST_CALLS = 200
BLOCK = """\
stages: [{name: first, percent: 20%}, {name: second, percent: 50%}]
guards: [{metric: error_rate, max: 5%, action: rollback}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
FLAGS = canary(BLOCK)
LIFTED = FLAGS + "overrides:\n  - {all: true, serve: default, id: freeze}\n  - {all: true, serve: default, id: other}\n"
failing = write("failing.ndjson", requests(500, canary_errors=0.5))
by_hand = ["--at", AT, "--reason", "INC-1", "-e", "production"]
SCENARIOS = {
    # name: definitions, verdict of its line, what the definitions have then, program and arguments
    "canary_rollback": (FLAGS, "rollback", "state: rolled_back",
                        [FFC, "canary", "rollback", "canary.checkout", *by_hand]),
    "canary_advance": (FLAGS, "advance", "stage: second",
                       [FFC, "canary", "advance", "canary.checkout", *by_hand]),
    "rollback": (FLAGS, "override", "flags: [canary.checkout]", [FFC, "rollback", "canary.checkout", *by_hand]),
    "lift": (LIFTED, "lift", "id: other", [FFC, "rollback", "--lift", "freeze", *by_hand]),
    "decide": (FLAGS, "rollback", "state: rolled_back",
               [lab.FFREPLAY, "decide", "canary.checkout", failing, "-e", "production", "--apply"]),
    "watch": (FLAGS, "rollback", "state: rolled_back",
              [lab.FFREPLAY, "watch", "canary.checkout", failing, "-e", "production", "--apply"]),
}


def definitions(directory):
    names = sorted(name for name in os.listdir(directory) if name.endswith(".yaml") and name[0] != ".")
    return "".join(open(os.path.join(directory, name)).read() for name in names)


def ledger(directory):
    path = os.path.join(directory, "ledger.jsonl")
    return open(path, "rb").read() if os.path.exists(path) else b""


def fault(directory, live, verdict, text):
    """What is not as it is when nobody was killed; None when all is."""
    raw, previous, verdicts = ledger(directory), None, []
    if raw and not raw.endswith(b"\n"):
        return "a line that is cut short"
    for line in raw.splitlines():
        entry = json.loads(line)
        if entry["previous"] != previous:
            return "a chain that is broken"
        previous = hashlib.blake2b(line, digest_size=32).hexdigest()
        verdicts.append(entry["verdict"])
    if verdicts != [verdict]:
        return f"a ledger of {verdicts}"
    if os.path.exists(os.path.join(directory, "ledger.jsonl.pending")):
        return "a line that is put aside"
    if definitions(directory).count(text) != 1 or "freeze" in definitions(directory):
        return definitions(directory)
    fresh = os.path.join(SCRATCH, "fresh.ffs")
    subprocess.run([FFC, "build", "-C", directory, "-e", "production", "-o", fresh], check=True, capture_output=True)
    return None if open(fresh, "rb").read() == open(live, "rb").read() else "another snapshot"


def killed_at(call, name):
    """Returns whether the run was killed, and the fault after the next one."""
    flags, verdict, text, command = SCENARIOS[name]
    directory, live = project(name, flags), os.path.join(SCRATCH, name + ".ffs")
    if os.path.exists(live):
        os.remove(live)
    command = command + ["-C", directory, "--build", live]
    environment = dict(os.environ, LD_PRELOAD=preload, KILL_AT=str(call))
    first = subprocess.run(command, env=environment, capture_output=True)
    whole = ledger(directory) and not os.path.exists(os.path.join(directory, "ledger.jsonl.pending"))
    # What is done need not be done again, and `ffc rollback` would add a second override.
    if not whole or name in ("decide", "watch"):
        subprocess.run(command, capture_output=True)
    return first.returncode == -9, fault(directory, live, verdict, text)


preload = os.path.join(SCRATCH, "kill_at.so")
built = subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-w", "-o", preload,
                        os.path.join(HERE, "kill_at.c"), "-ldl"], capture_output=True)
trial = subprocess.run([FFC, "--version"], env=dict(os.environ, LD_PRELOAD=preload), capture_output=True)
if built.returncode or trial.returncode:
    skip("killed_at_every_call", "nothing can be preloaded into this build")
    finish()
for name in SCENARIOS:
    faults, call, killed = [], 1, True
    while killed and call < MOST_CALLS:
        killed, wrong = killed_at(call, name)
        if wrong:
            faults.append(f"killed at call {call}: {wrong}")
        call += 1
    ok(not faults, f"{name}_killed_at_each_call_is_whole_after_the_next_run", *faults)
    ok(call > 10 and not killed, f"{name}_was_killed_at_every_one", call)
    print(f"# {name}: {call - 2} calls")
finish()
