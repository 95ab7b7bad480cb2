#!/usr/bin/env python3
"""ffc rollback: overrides added and lifted in place, and the plans and hooks that go with it."""
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from ledger import entries
from lab import SCRATCH, Result, canary, decide, equal, finish, ok, project, requests, write

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
AT = "2026-11-20T10:00:00Z"
FLAGS = """\
flags:
  canary.checkout: {tags: [payments], percent: 50%}
  canary.search: {percent: 50%}
  ops.cache: {kind: ops, tags: [payments], serve: on}
"""


def ffc(*arguments):
    return Result(subprocess.run([FFC, *arguments], capture_output=True))


def rollback(directory, *arguments, reason="INC-1", at=AT):
    return ffc("rollback", *arguments, "-C", directory, "--by", "amira", "--at", at,
               *(["--reason", reason] if reason else []))


def read(directory, name="overrides.yaml"):
    path = os.path.join(directory, name)
    return open(path).read() if os.path.exists(path) else None


def write_file(directory, name, text):
    os.makedirs(os.path.dirname(os.path.join(directory, name)), exist_ok=True)
    with open(os.path.join(directory, name), "w") as file:
        file.write(text)


def overrides(directory):
    folder = os.path.join(directory, "overrides")
    return "".join(open(os.path.join(folder, name)).read() for name in sorted(os.listdir(folder)))


def value(directory, flag, environment="production", user="u1", country="NO", at=AT):
    context = json.dumps({"user_id": user, "country": country})
    result = ffc("eval", flag, "-C", directory, "-e", environment, "-c", context, "--json", "--at", at)
    return result.json["value"], result.json["reason"]


def answer(directory, flag, at=AT):
    result = ffc("eval", flag, "-C", directory, "-e", "production", "-c", '{"user_id":"u1"}', "--json", "--at", at)
    return result.json["value"], result.json["reason"], result.json["rule"]


# Each scope.
SCOPES = [
    (["canary.*"], "{flags: [canary.*], ", ["canary.checkout", "canary.search"]),
    (["--tag", "payments"], "{tags: [payments], ", ["canary.checkout", "ops.cache"]),
    (["--kind", "ops"], "{kinds: [ops], ", ["ops.cache"]),
    (["--all"], "{all: true, ", ["canary.checkout", "canary.search", "ops.cache"]),
    (["--all", "--segment", "nordic"], "{all: true, if: {segment: nordic}, ",
     ["canary.checkout", "canary.search", "ops.cache"]),
    (["ops.cache", "-e", "staging"], "{flags: [ops.cache], environments: [staging], ", ["ops.cache"]),
    (["canary.search", "--tag", "payments"], "{flags: [canary.search], tags: [payments], ",
     ["canary.checkout", "canary.search", "ops.cache"]),
]
for arguments, text, flags in SCOPES:
    directory = project("scope", FLAGS)
    result = rollback(directory, *arguments, "--json")
    ok(result.status == 0 and result.json["definition"].startswith(text) and result.json["flags"] == flags,
       f"scope_{'_'.join(arguments)}", result.out, result.err)
directory = project("group", FLAGS)
rollback(directory, "--all", "--segment", "nordic")
equal((value(directory, "ops.cache"), value(directory, "ops.cache", country="US")),
      ((False, "OVERRIDE"), (True, "STATIC" if False else value(directory, "ops.cache", country="US")[1])),
      "a_group_alone_gets_the_default")

# A file of its own, before all others, and out again.
existing = """\
# what stands before everything
overrides:
  # the freeze
  - {flags: [ops.cache], serve: on, reason: freeze, id: freeze}   # keep
  - {flags: [ops.cache], serve: on}
"""
directory = project("place", FLAGS)
write_file(directory, "a-freeze.yaml", existing)
result = rollback(directory, "ops.cache", "--json")
equal(result.status, 0, "added")
ID = result.json["id"]
ok(re.fullmatch("rollback-20261120t100000z-[0-9a-f]{4}", ID), "its_id_has_the_time_and_some_chance", ID)
equal(read(directory, result.json["file"]), f"overrides:\n  - id: {ID}\n    flags: [ops.cache]\n    serve: default\n"
      f"    from: {AT}\n    reason: INC-1\n    by: amira\n    at: {AT}\n", "in_a_file_of_its_own")
equal(read(directory, "a-freeze.yaml"), existing, "and_nothing_else_changes")
equal(answer(directory, "ops.cache"), (False, "OVERRIDE", f"override:{ID}"), "it_decides_and_results_name_it")
ok(os.path.exists(os.path.join(directory, result.json["file"])), "named_for_it")
newer = rollback(directory, "ops.cache", "--serve", "on", "--json", at="2026-11-20T10:00:01Z")
ok(f"1 of the flags is under another override, override:{ID}" in newer.err, "a_second_one_is_said", newer.err)
equal(answer(directory, "ops.cache", at="2026-11-20T10:00:02Z")[2], f"override:{newer.json['id']}", "the_newest_decides")
equal(answer(directory, "ops.cache", at="2026-11-20T09:59:59Z")[2], "override:freeze", "before_that_nothing_is_changed")
result = rollback(directory, "--lift", newer.json["id"], reason="fixed")
ok(result.status == 0 and f"'ops.cache' is still held back in production by override:{ID}: INC-1" in result.err,
   "lifted_with_what_still_holds", result.err)
equal(rollback(directory, "--lift", ID, reason="fixed").status, 0, "lifted")
equal((os.listdir(os.path.join(directory, "overrides")), read(directory, "a-freeze.yaml")), ([], existing),
      "what_was_there_is_as_it_was")
lines = entries(directory)
equal([(line["verdict"], line["reason"], line["actor"], line["flag"], line["override"]["id"], line["override"]["from"])
       for line in (lines[0], lines[-1])],
      [("override", "INC-1", "amira", "ops.cache", ID, AT), ("lift", "fixed", "amira", "ops.cache", ID, AT)],
      "both_are_in_the_ledger_with_their_times")
result = rollback(directory, "--lift", "freez")
ok(result.status == 2 and "did you mean 'freeze'?" in result.err, "a_misspelt_id", result.err)
equal(rollback(directory, "--lift", "override[1]", reason="x").status, 0, "one_without_an_id_is_lifted_by_its_place")
equal(read(directory, "a-freeze.yaml"), existing.replace("  - {flags: [ops.cache], serve: on}\n", ""), "and_it_alone")

# The list.
directory = project("list", FLAGS)
ids = [rollback(directory, *arguments, reason=reason, at=f"2026-11-20T10:00:0{i}Z").json["id"]
       for i, (arguments, reason) in enumerate(((["ops.cache", "--json"], "INC-1"),
                                                (["canary.*", "--until", "2026-11-20T11:00:00Z", "--json"], "INC-1"),
                                                (["--all", "--from", "2026-12-24T00:00:00Z", "--until",
                                                  "2026-12-27T00:00:00Z", "--json"], "a: freeze")))]
result = ffc("rollback", "--list", "-C", directory, "--json", "--at", "2026-11-20T12:00:00Z")
equal([(o["id"], o["state"], o["reason"]) for o in map(json.loads, result.out.splitlines())],
      [(ids[2], "scheduled", "a: freeze"), (ids[1], "expired", "INC-1"), (ids[0], "active", "INC-1")], "listed")
ok("all flags" in ffc("rollback", "--list", "-C", directory).out, "as_text")
equal(ffc("check", "-C", directory).status, 0, "what_it_wrote_is_sound")
for name in ids:
    rollback(directory, "--lift", name, reason="over")
equal(os.listdir(os.path.join(directory, "overrides")), [], "when_all_are_lifted_nothing_is_left")
equal(rollback(directory, "ops.cache").status, 0, "and_another_one_is_taken")

# What cannot be.
directory = project("refused", FLAGS)
for status, arguments, words in (
        (2, ["ops.cach"], "did you mean 'ops.cache'?"), (2, ["--tag", "x"], "no flag has the tag 'x'"),
        (2, ["--kind", "config"], "no flag is of kind"), (2, [], "roll back what?"),
        (2, ["-e", "production"], "--all of them there"), (2, ["--all", "--segment", "nordc"], "did you mean 'nordic'?"),
        (2, ["--all", "-e", "prod"], "production"), (2, ["canary.["], "the pattern"),
        (2, ["--all", "--build", "x.ffs"], "name it with -e"), (2, ["--list", "--all"], "take no flags"),
        (1, ["--all", "--until", "2026-11-20T09:59:59Z"], "over before it begins"),
        (1, ["--all", "--until", AT], "over before it begins"),
        (2, ["--all", "--until", "2h"], "help: give date and time, then Z or an offset such as +02:00"),
        (2, ["--all", "--until", "2026-12-01T00:00:00+0200"], "an offset such as +02:00"),
        (1, ["--all", "--from", "2027-01-01T00:00:00Z", "--until", "2026-12-01T00:00:00Z"], "over before it begins"),
        (2, ["--all", "--from", "2027-01-01T00:00:00Z", "--run-steps"], "is in the future"),
        (1, ["--all", "--serve", "of"], "has no variant 'of'")):
    result = rollback(directory, *arguments)
    ok(result.status == status and words in result.err, f"refused_{'_'.join(arguments)}", result.status, result.err)
equal(rollback(directory, "--all", reason=None).status, 2, "no_reason")
ok(rollback(directory, "--all", "--dry-run").status == 0, "dry_run")
equal((os.path.exists(os.path.join(directory, "overrides")), os.path.exists(os.path.join(directory, "ledger"))),
      (False, False), "nothing_is_there")

# --build, in the same breath.
live = os.path.join(SCRATCH, "live.ffs")
result = rollback(directory, "ops.cache", "-e", "production", "--build", live)
context = json.dumps({"user_id": "u1"})
equal((result.status, ffc("eval", "ops.cache", "-s", live, "-c", context, "--json").json["reason"]), (0, "OVERRIDE"),
      "published")

# Plans and hooks.
PLAN = """\
flags:
  canary.checkout:
    users: {on: [vip]}
    canary:
      stages: [{name: first, percent: 50%}]
      guards: [{metric: error_rate, max: 5%}]
      state: running
      stage: first
      since: 2026-11-20T10:00:00Z
      hooks: {on_rollback: [sh, -c, cat >told.json]}
    rollback:
      - {serve: default}
      - {override: {flags: [other], serve: default, reason: it leans on it}}
      - {run: [sh, -c, 'echo out; echo err >&2; pwd'], timeout: 5m}
      - {notify: [./tell.sh, "a b", "$HOME"]}
  other: {percent: 50%}
"""


def plan(name, text=PLAN):
    directory = project(name, text)
    path = os.path.join(directory, "tell.sh")
    with open(path, "w") as file:
        file.write('#!/bin/sh\nprintf "%s|" "$@"\n')
    os.chmod(path, 0o755)
    return directory


def steps(directory):
    return [line["step"] for line in entries(directory) if line["verdict"] == "step"]


directory = plan("plan")
result = rollback(directory, "canary.checkout", "-e", "production", "--run-steps")
equal(result.status, 0, "a_plan_is_carried_out")
done = steps(directory)
equal([(s["plan"], s["number"], s["does"], s["state"]) for s in done],
      [(p, n, d, s) for p, n, d in (("rollback", 1, "serve"), ("rollback", 2, "override"), ("rollback", 3, "run"),
                                    ("rollback", 4, "notify"), ("on_rollback", 1, "run")) for s in ("started", "done")],
      "each_step_has_a_line_for_its_start_and_its_end")
equal(done[5]["output"], f"out\nerr\n{os.path.realpath(directory)}\n", "output_is_kept_and_the_directory_is_the_project")
equal(done[7]["output"], "a b|$HOME|", "no_shell_reads_arguments")
equal((done[5]["status"], done[5]["cut"]), (0, False), "with_its_status")
equal(json.loads(read(directory, "told.json"))["verdict"], "override", "hooks_get_what_was_decided_on_stdin")
ok("flags: [other]" in overrides(directory) and "it leans on it" in overrides(directory), "an_override_of_a_plan_is_added", overrides(directory))
equal(overrides(directory).count("canary.checkout"), 1, "serve_default_adds_nothing_to_what_is_off")
equal(ffc("rollback", "--status", "-C", directory, "--json").json["state"], "done", "status")

failing = write("failing.ndjson", requests(2000, percent=50, canary_errors=0.3))
directory = plan("decided")
result = decide(directory, failing, "--apply", "--run-steps")
equal(result.status, 0, "ffreplay_carries_a_plan_out")
equal([s["state"] for s in steps(directory)], ["started", "done"] * 5, "all_of_it")
equal(json.loads(read(directory, "told.json"))["rule"], "guard", "with_the_decision_on_stdin")
ok("flags: [canary.checkout]" in overrides(directory), "users_that_still_had_it_get_the_default", overrides(directory))
equal(decide(directory, failing, "--run-steps").status, 2, "run_steps_wants_apply")
directory = plan("watched")
watch = subprocess.run([lab.FFREPLAY, "watch", "canary.checkout", failing, "-C", directory, "-e", "production",
                        "--interval", "1s", "--apply", "--run-steps"], capture_output=True, timeout=240)
equal([s["state"] for s in steps(directory)], ["started", "done"] * 5, "so_does_a_watch")
directory = plan("by-hand")
result = ffc("canary", "rollback", "canary.checkout", "-C", directory, "-e", "production", "--reason", "x", "--run-steps")
equal((result.status, [s["state"] for s in steps(directory)]), (0, ["started", "done"] * 5), "ffc_canary_rollback_does")

# Hooks of the project are those of a canary that has none of its own for it.
HOOKED = canary("""\
stages: [{name: first, percent: 50%}, {name: second, percent: 100%}]
guards: [{metric: error_rate, max: 5%}]
hooks: {on_pause: [echo, own]}
""")
base = lab.PROJECT.replace("  bucket_by: user_id\n", "  bucket_by: user_id\n  hooks: {on_start: [echo, started], "
                           "on_pause: [echo, project's], on_advance: [cat]}\n", 1)
directory = project("hooks", HOOKED, base)
for action in ("start", "pause", "resume", "advance"):
    ffc("canary", action, "canary.checkout", "-C", directory, "-e", "production", "--reason", "x", "--run-steps")
told = [(s["plan"], s["output"]) for s in steps(directory) if s["state"] == "done"]
equal(told[:2], [("on_start", "started\n"), ("on_pause", "own\n")], "a_hook_of_the_project_and_one_of_the_canary")
equal((len(told), told[2][0], json.loads(told[2][1])["verdict"]), (3, "on_advance", "advance"),
      "with_the_change_on_stdin")

for name, text, state, words in (
        ("fails", "{run: [sh, -c, 'echo no; exit 3']}", "failed", "exited with status 3"),
        ("missing", "{run: [./no-such-program]}", "failed", "could not be started: No such file"),
        ("killed", "{run: [sh, -c, 'kill -9 $$']}", "failed", "signal 9"),
        ("slow", "{run: [sleep, 60], timeout: 1s}", "timeout", "longer than its timeout")):
    directory = plan(name, PLAN.replace("{run: [sh, -c, 'echo out; echo err >&2; pwd'], timeout: 5m}", text))
    result = rollback(directory, "canary.checkout", "-e", "production", "--run-steps")
    ok(result.status == 2 and words in result.err and "step 3 of 4" in result.err, f"{name}_says_so", result.err)
    equal((len(steps(directory)), steps(directory)[-1]["state"]), (6, state), f"{name}_stops_the_plan")
    equal(value(directory, "canary.checkout", user="vip"), (False, "OVERRIDE"), f"{name}_leaves_the_flag_off")
directory = plan("chatty", PLAN.replace("echo out; echo err >&2; pwd", "yes | head -c 100000; echo the end"))
rollback(directory, "canary.checkout", "-e", "production", "--run-steps")
kept = steps(directory)[5]
ok(len(kept["output"]) == 4096 and kept["output"].endswith("the end\n") and kept["cut"], "of_much_output_the_end_is_kept")

# While it runs: status, and cancelling it.
slow = PLAN.replace("echo out; echo err >&2; pwd", "sleep 60 & wait")
for sent in (signal.SIGINT, signal.SIGTERM):
    directory = plan("cancel", slow)
    run = subprocess.Popen([FFC, "rollback", "canary.checkout", "-C", directory, "-e", "production", "--reason", "x",
                            "--run-steps"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    state = None
    for _ in range(2400):
        seen = ffc("rollback", "--status", "-C", directory, "--json").out
        state = seen and json.loads(seen)
        if state and (state["number"], state["state"]) == (3, "running"):
            break
        time.sleep(0.05)
    equal((state["number"], state["state"], state["pid"]), (3, "running", run.pid), f"status_while_it_runs_{sent.name}")
    equal(ffc("canary", "pause", "canary.checkout", "-C", directory, "-e", "production", "--reason", "x").status, 0,
          f"others_need_not_wait_{sent.name}")
    run.send_signal(sent)
    message = run.communicate()[1].decode()
    ok(run.returncode == 2 and "was cancelled" in message, f"cancelled_{sent.name}", message)
    equal(steps(directory)[-1]["state"], "cancelled", f"and_recorded_{sent.name}")
    equal(value(directory, "canary.checkout", user="vip", at="2100-01-01T00:00:00Z"), (False, "OVERRIDE"),
          f"and_the_flag_is_off_{sent.name}")

# Killed in the middle: the next run says so, once, and runs nothing again unless it is asked to.
directory = plan("crashed", PLAN.replace("echo out; echo err >&2; pwd", "test -e mended || { sleep 60 & wait; }"))
run = subprocess.Popen([FFC, "rollback", "canary.checkout", "-C", directory, "-e", "production", "--reason", "x",
                        "--run-steps"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for _ in range(2400):
    if len(steps(directory)) == 5:
        break
    time.sleep(0.05)
run.kill()
run.wait()
equal(ffc("rollback", "--status", "-C", directory, "--json").json["state"], "interrupted", "a_crash_is_seen")
result = ffc("canary", "pause", "canary.checkout", "-C", directory, "-e", "production", "--reason", "x")
ok("step 3 of 4 of 'rollback'" in result.err and "only --run-steps runs it again" in result.err, "and_said_by_the_next_run", result.err)
equal(steps(directory)[-1]["state"], "interrupted", "which_records_it")
result = ffc("canary", "resume", "canary.checkout", "-C", directory, "-e", "production", "--reason", "x")
ok("half done" not in result.err and len(steps(directory)) == 6, "once", result.err)
open(os.path.join(directory, "mended"), "w").close()
result = rollback(directory, "canary.checkout", "-e", "production", "--run-steps")
equal((result.status, [step["number"] for step in steps(directory)[6:] if step["state"] == "done"]), (0, [1, 2, 3, 4, 1]),
      "run_steps_runs_all_of_it_again")
finish()
