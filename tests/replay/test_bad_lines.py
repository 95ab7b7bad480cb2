#!/usr/bin/env python3
"""Logs of which too many lines cannot be read: nothing is passed on the others, but harm is harm."""
import os

import lab
from lab import PROJECT, START, canary, decide, equal, finish, ok, project, requests, write

BLOCK = """\
stages:
  - {name: first, percent: 20%, min_samples: 50}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max: 5%, action: ACTION}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
TRACE = ["Traceback (most recent call last):", '  File "search.py", line 12, in get', "ValueError: closed"]


def traced(lines, every=None):
    """A stack trace after each failure, or after each of so many lines."""
    made = []
    for i, line in enumerate(lines):
        made += [line] + (TRACE if (i % every == 0 if every else line["status"] >= 500) else [])
    return made


def state_of(directory):
    with open(os.path.join(directory, "flags.yaml")) as file:
        return next(line.split()[1] for line in file if line.strip().startswith("state:"))


failing = write("failing.ndjson", traced(requests(2000, canary_errors=0.4)))
noisy = write("noisy.ndjson", traced(requests(2000), every=50))
for action, status, state in (("rollback", 20, "rolled_back"), ("pause", 11, "paused")):
    directory = project(action, canary(BLOCK.replace("ACTION", action)))
    result = decide(directory, failing, "--exit-code", "--apply")
    equal((result.status, state_of(directory)), (status, state), f"harm_in_what_can_be_read_is_harm_{action}")
    ok("only harm counts" in result.err and "no verdict" not in result.err, f"which_is_said_{action}",
       result.err)
    ok("harm that the others show still counts" in " ".join(result.out.split()), f"and_a_reason_{action}",
       result.out)

    directory = project(f"{action}-noisy", canary(BLOCK.replace("ACTION", action)))
    for options in ([], ["--exit-code"], ["--json"], ["--apply"]):
        result = decide(directory, noisy, *options)
        equal((result.status, result.out, state_of(directory)), (2, "", "running"),
              f"nothing_is_passed_on_the_others_{action}_{'_'.join(options)}")
        ok("no verdict" in result.err and "120 of 2120 lines" in result.err, f"which_is_said_{action}_{len(options)}",
           result.err)
    equal(decide(directory, noisy, "--exit-code", "--max-bad", "10%").status, 0, f"max_bad_lets_it_{action}")

for action in ("alert", "investigate"):
    directory = project(action, canary(BLOCK.replace("ACTION", action)))
    equal(decide(directory, failing, "--exit-code").status, 2, f"what_acts_on_nothing_needs_all_lines_{action}")
equal(decide(directory, write("foreign.log", TRACE * 100), "--exit-code").status, 2, "a_foreign_log_has_no_verdict")

two = project("two", canary(BLOCK.replace("ACTION", "rollback")) + canary(
    BLOCK.replace("ACTION", "rollback")).replace("flags:\n", "").replace("canary.checkout", "canary.search").replace(
        "max: 5%", "max: 90%"))
result = decide(two, failing, "--all", "--exit-code", "--apply", flag=None)
equal(result.status, 20, "of_several_the_worst")
ok("no verdict" in result.err and "rollback  canary.checkout" in result.out and "canary.search" not in result.out,
   "the_other_has_none", result.out, result.err)

# ------------------------------------------------------------------------- since the stage began
# Of a long log they are few; of the ten minutes that the stage is old, they are not.
long = requests(8000)
began = START + 110 * 60000
young = BLOCK.replace("ACTION", "rollback").replace("2026-11-20T10:00:00Z", "2026-11-20T11:50:00Z")
for name, bad in (("text", "Traceback (most recent call last):"), ("no_time", '{"user_id":"u1","status":200}')):
    def among(which, every=20):
        made = []
        for i, line in enumerate(long):
            made += [line] + [bad] * (which(line["ts"]) and i % every == 0)
        return write("among.ndjson", made)

    directory = project(f"young-{name}", canary(young))
    since = among(lambda time: time >= began)
    side_by_side = project(f"young-without-ids-{name}", canary(young), PROJECT.replace("    id: request\n", ""))
    equal(decide(side_by_side, since).status, 2, f"bad_lines_among_lines_read_side_by_side_give_none_{name}")
    with open(since, "rb") as file:
        equal(decide(directory, "-", stdin=file.read()).status, 2, f"bad_lines_of_stdin_give_none_{name}")
    for threads in "12":
        result = decide(directory, since, "--json", "--threads", threads)
        equal((result.status, result.out), (2, ""), f"bad_lines_since_the_stage_began_give_no_verdict_{name}_{threads}")
        ok("lines since stage 'first' of 'canary.checkout' began are bad, more than 1%: no verdict" in result.err,
           f"which_is_said_{name}_{threads}", result.err)
    result = decide(directory, among(lambda time: time < began, every=100), "--json")
    equal((result.status, sum(result.json["input"]["bad"].values())), (0, 74), f"those_before_it_do_not_count_{name}")
    result = decide(directory, write("lone.ndjson", long[:-5] + [bad] + long[-5:]), "--json")
    equal((result.status, sum(result.json["input"]["bad"].values())), (0, 1), f"one_alone_decides_nothing_{name}")
finish()
