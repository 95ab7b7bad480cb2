#!/usr/bin/env python3
"""What a published snapshot may take the place of: nothing that was named by mistake."""
import fcntl
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from lab import SCRATCH, Result, equal, finish, ok, project

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
FFREPLAY = os.environ.get("FFREPLAY", os.path.join(lab.TOP, "build", "ffreplay"))
FLAGS = """\
flags:
  color: {percent: 100%}
  checkout:
    canary:
      stages: [{name: small, percent: 10%}, {name: all, percent: 100%}]
      guards: [{metric: error_rate, max: 5%}]
      state: running
      stage: small
      since: 2026-11-20T10:00:00Z
"""


def run(program, *arguments):
    return Result(subprocess.run([program, *arguments], capture_output=True, timeout=240, stdin=subprocess.DEVNULL))


def ffc(*arguments):
    return run(FFC, *arguments)


def path(name):
    return os.path.join(SCRATCH, name)


def read(file):
    with open(file, "rb") as stream:
        return stream.read()


def write(file, data):
    if os.path.lexists(file):
        os.remove(file)
    with open(file, "wb") as stream:
        stream.write(data)


def overrides(directory):
    folder = os.path.join(directory, "overrides")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


directory = project("replaced", FLAGS)
live, staging, log = path("live.ffs"), path("staging.ffs"), path("log.ndjson")
for environment, file in (("production", live), ("staging", staging)):
    assert ffc("build", "-C", directory, "-e", environment, "-o", file).status == 0
write(log, b'{"time":"2026-11-20T10:00:00Z","unit":"u1","status":200}\n')
WHY = ["-C", directory, "-e", "production", "--reason", "x"]
CHANGES = {"pause": [FFC, "canary", "pause", "checkout", *WHY],
           "advance": [FFC, "canary", "advance", "checkout", *WHY],
           "decide": [FFREPLAY, "decide", "checkout", log, "-C", directory, "-e", "production", "--apply"],
           "watch": [FFREPLAY, "watch", "checkout", log, "-C", directory, "-e", "production", "--apply"]}
EMERGENCIES = {"rollback": [FFC, "rollback", "color", *WHY], "canary_rollback": [FFC, "canary", "rollback", "checkout", *WHY]}
definitions = os.path.join(directory, "flags.yaml")
state = read(definitions)

# A snapshot of something else.
bakery = project("bakery", FLAGS)
for name in os.listdir(bakery):
    text = read(os.path.join(bakery, name)).decode()
    if "\nproject:" in "\n" + text and "name:" in text:
        write(os.path.join(bakery, name), text.replace("name: ", "name: bakery-", 1).encode())
other = path("bakery.ffs")
result = ffc("build", "-C", bakery, "-e", "production", "-o", other)
assert result.status == 0, result.err
for file, words in ((staging, "is of environment 'staging', not of 'production'"), (other, "is of project 'bakery-")):
    before = read(file)
    for name, command in CHANGES.items():
        result = run(*command, "--build", file)
        ok(result.status == 2 and words in result.err, f"{name}_refuses_what_{words.split()[2]}_differs", result.status, result.err)
        ok(read(file) == before and read(definitions) == state, f"and_{name}_changes_nothing")
before = read(staging)
for name, command in EMERGENCIES.items():
    result = run(*command, "--build", staging)
    ok(result.status == 2 and "is of environment 'staging'" in result.err and read(staging) == before, f"{name}_refuses_another_environment", result.err)
before = read(other)
for name, command in EMERGENCIES.items():
    result = run(*command, "--build", other)
    ok(result.status == 2 and "is of project 'bakery-" in result.err and read(other) == before, f"{name}_refuses_another_project", result.err)
    ok(read(definitions) == state and not overrides(directory), f"and_{name}_edits_nothing")
copy = path("copy.ffs")
for file, words in ((staging, "is of environment 'staging'"), (other, "is of project 'bakery-")):
    write(copy, read(file))
    result = ffc("build", "-C", directory, "-e", "production", "-o", copy)
    ok(result.status == 0 and "warning: " in result.err and words in result.err, "a_build_warns_" + words.split()[2], result.err)
    result = ffc("build", "-C", directory, "-e", "production", "-o", copy)
    ok(result.status == 0 and copy + "'" not in result.err, "and_not_of_its_own", result.err)

# What is no snapshot stays what it is.
for name, command in CHANGES.items():
    before = read(log)
    result = run(*command, "--build", log)
    ok(result.status == 2 and "is not a snapshot, so it is not replaced" in result.err and read(log) == before,
       f"{name}_replaces_no_log", result.status, result.err)
    result = run(*command, "--build", definitions)
    ok(result.status == 2 and read(definitions) == state, f"{name}_replaces_no_definitions", result.err)
    result = run(*command, "--build", "-")
    ok(result.status == 2 and "'-' is not a file" in result.err and not os.path.exists("-"), f"{name}_makes_no_dash", result.err)
for file in (log, definitions):
    before = read(file)
    result = ffc("build", "-C", directory, "-e", "production", "-o", file)
    ok(result.status == 2 and "is not a snapshot" in result.err and read(file) == before, "nor_does_a_build", result.err)
for data in (b"", read(live)[:5], read(live)[:100], read(live)[:-1]):
    write(copy, data)
    result = ffc("build", "-C", directory, "-e", "production", "-o", copy)
    equal((result.status, read(copy) == read(live)), (0, True), f"what_was_cut_to_{len(data)}_is_replaced")

# Nothing that would block is opened.
pipe = path("pipe")
os.mkfifo(pipe)
for file in (pipe, "/dev/null"):
    for name, command in CHANGES.items():
        result = run(*command, "--build", file)
        ok(result.status == 2 and "a device, pipe or socket" in result.err, f"{name}_refuses_{os.path.basename(file)}", result.err)
    result = ffc("build", "-C", directory, "-e", "production", "-o", file)
    ok(result.status == 2 and "a device, pipe or socket" in result.err, f"a_build_refuses_{os.path.basename(file)}", result.err)

# Whoever waits is told so.
held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
fcntl.flock(held, fcntl.LOCK_EX)
waiting = subprocess.Popen([*CHANGES["pause"]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
line = waiting.stderr.readline()
os.close(held)
waiting.communicate()
equal((line, waiting.returncode), (f"note: waiting for another run, which has locked '{directory}'\n", 0), "a_wait_is_said_and_ends")

# An emergency is none the less written.
for name, file in (("log", log), ("pipe", pipe), ("dash", "-")):
    before, known = None if name != "log" else read(log), overrides(directory)
    result = run(*EMERGENCIES["rollback"], "--build", file)
    ok(result.status == 2 and "not published: " in result.err and len(overrides(directory)) == len(known) + 1,
       f"an_emergency_is_written_for_a_{name}", result.status, result.err)
    ok(before is None or read(log) == before, f"and_the_{name}_stays")
result = run(*EMERGENCIES["canary_rollback"], "--build", log)
ok(result.status == 2 and "not published: " in result.err and b"state: rolled_back" in read(definitions), "and_so_a_canary", result.err)

# An emergency that only the file has.
directory = project("forgotten", FLAGS)
assert ffc("build", "-C", directory, "-e", "production", "-o", live).status == 0
away = project("away", FLAGS)
assert ffc("rollback", "color", "-C", away, "-e", "production", "--reason", "x", "--build", live).status == 0
identity = overrides(away)[0][: -len(".yaml")]
before, build = read(live), ["build", "-C", directory, "-e", "production", "-o", live]
result = ffc(*build)
ok(result.status == 1 and identity in result.err and f"--drop-override {identity}" in result.err, "a_build_does_not_end_it", result.status, result.err)
equal((read(live) == before, ffc(*build, "--drop-override", "other").status), (True, 2), "the_file_stays")
result = ffc(*build, "--drop-override", identity[:-1])
ok(result.status == 2 and f"did you mean '{identity}'?" in result.err and read(live) == before, "one_misspelt_is_none", result.err)
result = ffc(*build, "--drop-override", identity, "--drop-override", "other")
ok(result.status == 2 and "'other'" in result.err and identity in result.err.split("help:")[-1] and read(live) == before, "nor_does_another_end_it", result.err)
result = ffc("build", "-C", away, "-e", "production", "-o", live, "--drop-override", identity)
ok(result.status == 2 and f"--lift {identity}" in result.err and read(live) == before, "what_definitions_have_is_lifted_there", result.err)
result = ffc("build", "-C", directory, "-e", "production", "-o", "-", "--drop-override", identity)
ok(result.status == 2 and "replaces none" in result.err, "stdout_has_none_to_drop", result.err)
equal(ffc("build", "-C", away, "-e", "production", "-o", live).status, 0, "it_does_where_the_definitions_have_it")
write(live, before)
os.remove(os.path.join(away, "overrides", identity + ".yaml"))
equal(ffc("build", "-C", away, "-e", "production", "-o", live).status, 0, "or_the_ledger")
write(live, before)
kept = read(os.path.join(directory, "flags.yaml"))
result = ffc("canary", "pause", "checkout", "-C", directory, "-e", "production", "--reason", "x", "--build", live)
ok(result.status == 2 and identity in result.err and "overrides/" in result.err, "nor_does_a_change_of_a_rollout", result.err)
equal((read(live) == before, read(os.path.join(directory, "flags.yaml")) == kept), (True, True), "which_is_not_made")
result = ffc("canary", "rollback", "checkout", "-C", directory, "-e", "production", "--reason", "x", "--build", live)
ok(result.status == 0 and read(live) != before, "and_it_stops_no_other_emergency", result.err)
write(live, before)
result = ffc(*build, "--drop-override", identity)
equal((result.status, identity in result.err, ffc(*build).status), (0, False, 0), "or_with_consent")
result = ffc(*build, "--drop-override", identity)
ok(result.status == 2 and "build without --drop-override" in result.err, "once", result.err)
both = os.path.join(directory, "both")
os.mkdir(both)
write(os.path.join(both, "production.ffs"), before)
result = ffc("build", "-C", directory, "--all", "-o", both, "--drop-override", identity)
equal((result.status, len(os.listdir(both)) > 0), (0, True), "of_all_environments_one_must_have_it")
finish()
