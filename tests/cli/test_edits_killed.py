#!/usr/bin/env python3
"""Edits of several files that are killed, or fail, at each call that leaves something on disk: the next one finds all of
them as before, or makes all of them as they were to be."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from ledger import entries, put_aside
from lab import SCRATCH, finish, ok

HERE = os.path.dirname(os.path.abspath(__file__))
FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
SHOP = """\
project: {name: shop, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
flags:
  base: {percent: 5%}
  user: {requires: {base: on}, serve: on}
"""
TESTS = "tests:\n  - {name: it, flag: base, environment: production, context: {}, expect: off}\n"
MOST_CALLS = 200
preload = os.path.join(SCRATCH, "kill_at.so")
made = subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", preload, os.path.join(HERE, "kill_at.c"), "-ldl"], capture_output=True)
if made.returncode != 0 or os.environ.get("SANITIZE"):
    print("1..0 # SKIP nothing can be preloaded here")
    sys.exit(0)
# name: the command, what the files have then, and those of which both have it or neither
EDITS = {"rename": (["rename", "base", "other"], "other"), "remove": (["remove", "base", "user"], None)}


def read(directory, name):
    path = os.path.join(directory, name)
    return open(path).read() if os.path.exists(path) else ""


def is_made(directory, word):
    """By file."""
    texts = [read(directory, name) for name in ("shop.yaml", "tests.yaml")]
    return [word in text if word else "base" not in text for text in texts]


def attempt(name, how, call):
    """Whether that went through; whether it left a part; what is wrong after the next command, or None."""
    command, word = EDITS[name]
    directory = os.path.join(SCRATCH, f"{name}-{how}-{call}")
    os.makedirs(directory)
    for file, text in (("shop.yaml", SHOP + "  third: {serve: on}\n"), ("tests.yaml", TESTS)):
        with open(os.path.join(directory, file), "w") as out:
            out.write(text)
    done = subprocess.run([FFC, *command, "--reason", "x", "-C", directory], capture_output=True, text=True,
                          env={**os.environ, "LD_PRELOAD": preload, how: str(call), "FAIL_WITH": "5"})
    partly = len(set(is_made(directory, word))) > 1
    again = subprocess.run([FFC, "set", "third", "owner=me", "--reason", "y", "-C", directory], capture_output=True, text=True)
    now = is_made(directory, word)
    verdicts = [entry["verdict"] for entry in entries(directory)]
    expected = [name, "set"] if now[0] else ["set"]
    fine = again.returncode == 0 and len(set(now)) == 1 and verdicts == expected and not put_aside(directory)
    why = None if fine else f"{how} {call}: {now} {verdicts} {put_aside(directory)} {done.stderr} {again.stderr}"
    return done.returncode == 0, partly, why


for name in EDITS:
    for how in ("KILL_AT", "FAIL_AT"):
        faults, parts, call = [], 0, 0
        while call < MOST_CALLS:
            call += 1
            through, partly, why = attempt(name, how, call)
            faults += [why] if why else []
            parts += partly
            if through and how == "KILL_AT":
                calls = call
            if (through and how == "KILL_AT") or (how == "FAIL_AT" and call >= calls):
                break
        ok(not faults, f"{name}_{how}_ends_whole_after_the_next_command", *faults)
        ok(call < MOST_CALLS and (parts > 0 or how == "FAIL_AT"), f"{name}_{how}_left_parts_that_were_completed", f"{call} calls, {parts} parts")
finish()
