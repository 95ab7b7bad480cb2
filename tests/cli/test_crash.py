#!/usr/bin/env python3
"""Killed at every call that leaves something on disk, or told that it failed: the next run ends in a
project that is whole, and its ledger has what was done.

Runs: first, being long.
"""
import concurrent.futures
import errno
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from ledger import entries, put_aside
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
    "set": (FLAGS, "set", "enabled: false", [FFC, "set", "canary.checkout", "enabled=false", *by_hand]),
    "rollback": (FLAGS, "override", "flags: [canary.checkout]", [FFC, "rollback", "canary.checkout", *by_hand]),
    "lift": (LIFTED, "lift", "id: other", [FFC, "rollback", "--lift", "freeze", *by_hand]),
    "decide": (FLAGS, "rollback", "state: rolled_back",
               [lab.FFREPLAY, "decide", "canary.checkout", failing, "-e", "production", "--apply"]),
    "watch": (FLAGS, "rollback", "state: rolled_back",
              [lab.FFREPLAY, "watch", "canary.checkout", failing, "-e", "production", "--apply"]),
}


# The same with a file that is there, which is changed before the definitions are.
for known in ("canary_rollback", "rollback", "decide", "watch"):
    SCENARIOS["patched_" + known] = SCENARIOS[known]
HELD = "  - {all: true, serve: default, id: freeze, from: 2026-11-20T00:00:00Z}\n"
SCENARIOS["patched_lift"] = (FLAGS + "overrides:\n" + HELD + HELD.replace("freeze", "other"), *SCENARIOS["lift"][1:])

TRIAL = """\
flags:
  button:
    owner: lab
    type: string
    variants: {blue: blue, green: green}
    default: blue
    experiment: {split: {blue: 50%, green: 50%}, control: blue, primary: error_rate, state: running}
"""
SCENARIOS["experiment_conclude"] = (TRIAL, "conclude", "winner: green",
                                    [FFC, "experiment", "conclude", "button", "--winner", "green",
                                     "--without-evidence", *by_hand])

CAUSES = ("EIO", "EINTR", "ENOSPC")


def definitions(directory):
    folder = os.path.join(directory, "overrides")
    names = [name for name in os.listdir(directory) if name.endswith(".yaml") and name[0] != "."]
    if os.path.isdir(folder):
        names += [f"overrides/{name}" for name in os.listdir(folder) if name[0] != "."]
    return "".join(open(os.path.join(directory, name)).read() for name in sorted(names))


def verdicts(directory):
    return [entry["verdict"] for entry in entries(directory)]


def held_back(directory, err):
    """Whether an override stands in for an edit of the canary that failed."""
    if "holds it back instead" not in err:
        return False
    # Of the same second, in either order.
    found = sorted(verdicts(directory))
    return found in (["override"], ["override", "rollback"]) and not put_aside(directory) and \
        definitions(directory).count("flags: [canary.checkout]") == 1


def fault(directory, recorded, text):
    """What is not as it is when nothing went wrong; None when all is."""
    try:
        found = verdicts(directory)
    except AssertionError as error:
        return f"a ledger that is not whole: {error}"
    if found != recorded:
        return f"a ledger of {found}"
    if put_aside(directory):
        return "an entry that is put aside"
    if definitions(directory).count(text) != 1 or "freeze" in definitions(directory):
        return definitions(directory)
    return None


def build_fresh(directory, live):
    fresh = live + ".fresh"
    subprocess.run([FFC, "build", "-C", directory, "-e", "production", "-o", fresh], check=True, capture_output=True)
    return fresh


def is_published(directory, live):
    return os.path.exists(live) and answers(build_fresh(directory, live)) == answers(live)


def variants_now(snapshot):
    """Whatever rule gives them."""
    return [re.findall(rb'"variant":"[^"]*"', answer) for answer in answers(snapshot)[1:]]


def answers(snapshot):
    """At times before, while and after what was done holds."""
    who = "".join(json.dumps({"user_id": f"u{i}"}) + "\n" for i in range(40)).encode()
    return [subprocess.run([FFC, "eval", "--all", "-s", snapshot, "--at", at, "--contexts", "-", "--json"], input=who,
                           check=True, capture_output=True).stdout
            for at in ("2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z", "2100-01-01T00:00:00Z")]


def ended(command, environment, patience):
    """A watch that cannot read the definitions waits for better ones, and is told to end."""
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            out, err = run.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            run.terminate()
            out, err = run.communicate()
    return subprocess.CompletedProcess(command, run.returncode, out, err)


def after(name, **settings):
    """The run that goes wrong, and the fault after the next one."""
    flags, verdict, text, command = SCENARIOS[name]
    own = "-".join((name, *settings.values()))
    directory, live = project(own, flags), os.path.join(SCRATCH, own + ".ffs")
    if name.startswith("patched_"):
        subprocess.run([FFC, "build", "-C", directory, "-e", "production", "-o", live], check=True, capture_output=True)
    command = command + ["-C", directory, "--build", live]
    environment = dict(os.environ, LD_PRELOAD=preload, **settings)
    # Only a watch that is told of a failure may wait for ever; whatever is killed ends by itself.
    first = ended(command, environment, 10 if "FAIL_AT" in settings and name.endswith("watch") else 240)
    whole = entries(directory) and not put_aside(directory)
    # What is done need not be done again, and `ffc rollback` would add a second override.
    unrecorded = "not in the ledger:" in first.stderr
    if not unrecorded and (not whole or name.endswith(("decide", "watch"))):
        subprocess.run(command, capture_output=True)
    if held_back(directory, first.stderr):
        return first, None if variants_now(live) == variants_now(build_fresh(directory, live)) else "other variants"
    wrong = fault(directory, [] if unrecorded else [verdict], text)
    # What could not be published was said; a run that was killed said nothing.
    if not wrong and first.returncode != 2 and not is_published(directory, live):
        wrong = "another snapshot"
    return first, wrong


preload = os.path.join(SCRATCH, "kill_at.so")
built = subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-w", "-o", preload,
                        os.path.join(HERE, "kill_at.c"), "-ldl"], capture_output=True)
trial = subprocess.run([FFC, "--version"], env=dict(os.environ, LD_PRELOAD=preload), capture_output=True)
if built.returncode or trial.returncode:
    skip("killed_at_every_call", "nothing can be preloaded into this build")
    finish()
workers = concurrent.futures.ThreadPoolExecutor(8)


def at_each(name, calls, variable, **settings):
    """What came of it at each of these calls."""
    return list(workers.map(lambda call: (call, *after(name, **{variable: str(call)}, **settings)), calls))


def kill_at_each(name):
    """Until one is not killed, because it makes fewer calls."""
    results = []
    while len(results) < MOST_CALLS and all(first.returncode == -9 for _, first, _ in results):
        results += at_each(name, range(len(results) + 1, len(results) + 9), "KILL_AT")
    return results


for name in SCENARIOS:
    results = kill_at_each(name)
    faults = [f"killed at call {call}: {wrong}" for call, _, wrong in results if wrong]
    ok(not faults, f"{name}_killed_at_each_call_is_whole_after_the_next_run", *faults)
    calls = [call for call, first, _ in results if first.returncode == -9]
    ok(10 < len(calls) < len(results), f"{name}_was_killed_at_every_one", len(calls), len(results))
    print(f"# {name}: {len(calls)} calls")
    for cause in CAUSES if os.environ.get("LONG") or name == "canary_rollback" else ():
        results = at_each(name, calls, "FAIL_AT", FAIL_WITH=str(getattr(errno, cause)))
        faults = [f"{cause} at call {call}, status {first.returncode}, {first.stderr}: {wrong}"
                  for call, first, wrong in results if wrong or (first.returncode and not first.stderr)]
        ok(not faults, f"{name}_is_whole_after_{cause}_at_each_call_and_the_next_run", *faults)
        failed = sum(first.returncode != 0 for _, first, _ in results)
        ok(failed == 0 if cause == "EINTR" else failed > 5,
           f"{name}_says_of_{cause}_that_it_failed" if cause != "EINTR" else f"{name}_does_not_mind_a_signal", failed)
finish()
