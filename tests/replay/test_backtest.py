#!/usr/bin/env python3
"""A policy played through a log: the decisions are those that decide takes when it is run at every
look; order within the lateness leaves no trace; policies are compared."""
import json
import os
import random
import resource
import subprocess

import lab
from golden import golden
from lab import FFREPLAY, HOUR, SCRATCH, START, canary, decide, equal, exposed, finish, ok, project
from lab import requests, write

BLOCK = """\
stages:
  - {name: first, percent: 20%, hold: 20m, min_samples: 100}
  - {name: second, percent: 50%, hold: 30m}
  - {name: full, percent: 100%, hold: 10m}
guards:
  - {metric: error_rate, max: 10%, over: 5m, min_samples: 50, action: rollback}
  - {metric: latency_mean, max_increase: 100%, action: pause}
advance_when:
  - {metric: latency_p95, max: 500ms}
"""
MINUTE = HOUR // 60


def backtest(directory, *arguments, stdin=b"", cwd=None):
    command = [os.path.abspath(FFREPLAY), "backtest", "canary.checkout", "-C", directory, "-e", "production",
               *arguments]
    return lab.Result(subprocess.run(command, input=stdin, capture_output=True, cwd=cwd))


def played(directory, *arguments, **more):
    result = backtest(directory, *arguments, "--json", **more)
    ok(result.status == 0, "it_is_played", result.err)
    return result.json


def way(policy):
    """Minutes from the start, verdict, rule, and where it advanced to."""
    return [(minutes(turn["time"]), turn["verdict"], turn["rule"], turn["next"])
            for turn in policy["transitions"]]


def minutes(time):
    hours, rest = time.split("T")[1].rstrip("Z").split(":", 1)
    parts = rest.split(":")
    return (int(hours) - 10) * 60 + int(parts[0]) + float(parts[1]) / 60


def harm(lines, begin, share=0.3, percent=100):
    rng = random.Random(7)
    for line in lines:
        if line["ts"] >= begin and exposed(line["user_id"], "canary.checkout", percent) \
                and rng.random() < share:
            line["status"] = 503
    return lines


# ---------------------------------------------------------------------- healthy, bad, as decide does

directory = project("played", canary(BLOCK))
healthy = write("healthy.ndjson", requests(12000))
[policy] = played(directory, healthy)["policies"]
equal(way(policy), [(20, "advance", "all-passed", "second"), (50, "advance", "all-passed", "full"),
                    (60, "complete", "all-passed", None)], "a_healthy_canary_completes_when_it_may")
equal((policy["ends"], policy["stage"], policy["open"]), ("complete", "full", None), "and_ends")
equal(policy["looks"], 361, "a_look_every_ten_seconds")

bad_lines = harm(requests(12000), START + 30 * MINUTE, percent=50)
bad = write("bad.ndjson", bad_lines)
since = "2026-11-20T10:30:00Z"
[policy] = played(directory, bad, "--harm-from", since)["policies"]
turns = way(policy)
equal(turns[-1][1:3], ("rollback", "guard"), "a_bad_one_is_rolled_back")
equal(policy["detection_seconds"], round((turns[-1][0] - 30) * 60), "found_so_long_after_the_harm_began")
ok(0 < policy["detection_seconds"] < 600, "soon", policy["detection_seconds"])
end = START + turns[-1][0] * MINUTE
served = [line for line in bad_lines if START + 30 * MINUTE <= line["ts"] <= end
          and exposed(line["user_id"], "canary.checkout", 50)]
equal((policy["exposed"]["requests"], policy["exposed"]["units"]),
      (len(served), len({line["user_id"] for line in served})), "whom_it_was_served_meanwhile")
equal((policy["false_rollback"], policy["groups"]), (False, "evaluated"), "rightly")
[policy] = played(directory, bad, "--no-harm")["policies"]
equal((policy["false_rollback"], policy["detected"]), (True, None), "where_there_was_no_harm_falsely")


def decided(name, log, interval, until):
    """The same rollout by decide --apply at every look."""
    directory = project(name, canary(BLOCK + f"state: running\nstage: first\n"
                                             f"since: 2026-11-20T10:00:00Z\n"))
    turns = []
    for step in range(0, until + 1, interval):
        now = f"2026-11-20T{10 + step // 60:02}:{step % 60:02}:00Z"
        result = decide(directory, log, "--apply", "--actor", "test", "--json", "--now", now)
        verdict = result.json
        if verdict["verdict"] != "hold":
            turns.append((step, verdict["verdict"], verdict["rule"],
                          verdict["next"]["name"] if verdict["verdict"] == "advance" else None))
        if verdict["verdict"] in ("rollback", "complete"):
            break
    return turns


for name, log in (("healthy", healthy), ("bad", bad)):
    [policy] = played(directory, log, "--interval", "5m")["policies"]
    equal(way(policy), decided(name, log, 5, 120), f"{name}_as_decide_does_at_every_look")

# --------------------------------------------------------------------------------- order, several files

reference = backtest(directory, bad, "--json").out


def shuffled(lines, lateness, seed):
    rng = random.Random(seed)
    return sorted(lines, key=lambda line: line["ts"] + rng.randrange(lateness))


for seed in (1, 2):
    log = write(f"shuffled{seed}.ndjson", shuffled(bad_lines, MINUTE, seed))
    equal(backtest(directory, log, "--json").out, reference, f"shuffled_{seed}_is_the_same_to_the_byte")
halves = [write(f"half{i}.ndjson", bad_lines[i::2]) for i in (0, 1)]
equal(backtest(directory, *halves, "--json").out, reference, "so_are_two_files")
subprocess.run(["gzip", "-kf", halves[0]], check=True)
equal(backtest(directory, halves[0] + ".gz", halves[1], "--json").out, reference, "one_compressed")
with open(bad, "rb") as file:
    equal(backtest(directory, "-", "--json", stdin=file.read()).out, reference, "and_stdin")

late = [dict(bad_lines[0], ts=bad_lines[0]["ts"], request="late")]
log = write("late.ndjson", bad_lines + late)
[policy] = played(directory, log)["policies"]
equal(policy["input"]["too_late"], 1, "what_comes_too_late_is_counted")
log = write("backwards.ndjson", bad_lines[::-1])
result = backtest(directory, log)
ok(result.status == 2 and "came more than the lateness after" in result.err and "help:" in result.err,
   "a_log_that_is_not_in_order_gives_no_result", result.err)
[policy] = played(directory, log, "--lateness", "3h")["policies"]
equal(way(policy), turns, "unless_the_lateness_allows_for_it")
ahead = bad_lines + [dict(bad_lines[-1], ts=START + 10000 * 24 * HOUR, request="ahead")]
[policy] = played(directory, write("ahead.ndjson", ahead), "--until",
                  "2026-11-20T13:00:00Z")["policies"]
equal(way(policy), turns, "until_leaves_out_a_clock_that_was_wrong")
late = write("late.ndjson", bad_lines + [dict(bad_lines[-1], ts=bad_lines[-1]["ts"] + 6 * HOUR, request="late")])
result = backtest(directory, late)
ok("1 of" in result.err and "come long after all others" in result.err and "--until" in result.err,
   "a_line_that_is_hours_ahead_is_noted_with_the_way_out", result.err)
until = result.err.split("--until ")[1].split()[0]
result = backtest(directory, late, "--until", until, "--json")
ok("come long after" not in result.err and way(result.json["policies"][0]) == turns, "and_left_out_by_it", result.err)
duplicated = write("duplicated.ndjson", [line for line in bad_lines for _ in (0, 1)])
[policy] = played(directory, duplicated)["policies"]
equal(way(policy), turns, "duplicates_do_not_count")

# --------------------------------------------------------------------- pause, timeout, approval, person

slow = write("slow.ndjson", requests(12000, canary_latency=0.3, users=1000))
[policy] = played(directory, slow)["policies"]
equal((policy["ends"], policy["stage"]), ("paused", "first"), "a_paused_one_stays_paused")
equal((len(policy["transitions"]), policy["open"]["rule"]), (1, "paused"), "until_the_log_ends")
slow_then_bad = harm(requests(12000, canary_latency=0.3, users=1000), START + 60 * MINUTE)
[policy] = played(directory, write("slow-bad.ndjson", slow_then_bad))["policies"]
equal(policy["ends"], "rolled_back", "but_it_is_watched")

never = BLOCK.replace("max: 500ms", "max: 1ms")
for action, ends in (("advance", "complete"), ("pause", "paused"), ("rollback", "rolled_back"),
                     ("hold", "running")):
    timed = project(f"timeout-{action}", canary(never + f"max_hold: 35m\non_timeout: {action}\n"))
    [policy] = played(timed, healthy)["policies"]
    equal(policy["ends"], ends, f"on_timeout_{action}")
    if action != "hold":
        equal(way(policy)[0][:3], (35, action, "timeout"), f"{action}_after_max_hold")
approved = project("approved", canary(BLOCK + "approval: [second]\n"))
[policy] = played(approved, healthy)["policies"]
equal(policy["ends"], "complete", "what_waits_for_a_person_is_let_through")
[policy] = played(approved, healthy, "--no-approve")["policies"]
equal((policy["ends"], policy["stage"], policy["open"]["rule"]), ("running", "first", "approval"),
      "or_holds")
by_hand = project("by-hand", canary(BLOCK + "automatic: false\n"))
[policy] = played(by_hand, bad)["policies"]
equal(([turn["left_to_person"] for turn in policy["transitions"]][-1], policy["ends"]),
      (True, "running"), "a_rollback_that_is_left_to_a_person_is_not_made")

# ------------------------------------------------------------------------------- policies, compared

loose = write("loose.yaml", ["canary:"] + [
    "  " + line for line in BLOCK.replace("max: 10%", "max: 60%").splitlines()])
strict = write("strict.yaml", ["metrics:", "  error_rate: {kind: rate, where: {status: {gte: 500}}}"]
               + canary(BLOCK.replace("max: 10%", "max: 0.0001")).splitlines())
compared = played(directory, bad, "--policy", loose, "--policy", strict, "--harm-from", since)
own, loosely, strictly = compared["policies"]
equal([policy["policy"] for policy in compared["policies"]], [None, loose, strict],
      "the_project's_and_each_file's")
equal(way(own), turns, "the_project's_own_is_as_alone")
equal((loosely["ends"], loosely["detected"]), ("complete", None), "one_that_finds_nothing")
ok(loosely["exposed"]["requests"] > own["exposed"]["requests"] > 0, "exposes_more")
equal((strictly["ends"], strictly["false_rollback"]), ("rolled_back", True), "one_that_is_too_strict")
broken = write("broken.yaml", ["canary:", "  stages: [{name: a, percent: 5%}]",
                               "  guards: [{metric: eror_rate, max: 5%, action: rollback}]"])
result = backtest(directory, bad, "--policy", broken)
ok(result.status == 1 and f"{broken}:3:21: error:" in result.err and "error_rate" in result.err,
   "a_mistake_in_a_policy_is_shown_in_its_place", result.err)
empty = write("empty.yaml", ["metrics: {}"])
result = backtest(directory, bad, "--policy", empty)
ok(result.status == 2 and "has no canary for flag 'canary.checkout'" in result.err,
   "one_without_a_canary_is_refused", result.err)
result = backtest(directory, "-", "--policy", loose)
ok(result.status == 2 and "stdin" in result.err, "stdin_is_for_one_policy", result.err)

# ------------------------------------------------------------------------------ logs that say who

by_log = lab.PROJECT.replace("    fields:\n", "    variant: variant\n    fields:\n")
logged = requests(12000)
for line in logged:
    line["variant"] = "on" if exposed(line["user_id"], "canary.checkout", 30) else "off"
said = project("said", canary(BLOCK), base=by_log)
[policy] = played(said, write("said.ndjson", logged))["policies"]
equal((policy["groups"], policy["ends"]), ("logged", "complete"), "the_log's_own_groups_are_taken")
told = backtest(said, os.path.join(SCRATCH, "said.ndjson")).out
ok("what the log had, not what the" in told, "and_it_is_said_what_that_means", told)
rate = project("rate", canary(BLOCK.replace("latency_mean, max_increase", "errors_a_second, max_increase")),
               base=by_log)
result = backtest(rate, os.path.join(SCRATCH, "said.ndjson"))
ok(result.status == 1 and "a rate cannot be compared" in result.err, "but_no_rates", result.err)

# --------------------------------------------------------------------------------- versus before, from

before = BLOCK.replace("max_increase: 100%, action: pause", "max_increase: 100%, versus: before, action: pause")
compares = project("before", canary(before))
# Everybody is slower from 10:35 on, so the second stage is slower than the time before it.
# Half an hour of requests, none for two and a half hours, and then again.
apart = write("apart.ndjson", requests(1000, length=30 * MINUTE) +
              requests(1000, seed=2, start=START + 3 * HOUR, length=30 * MINUTE))
held = project("apart", canary(
    "stages: [{name: first, percent: 20%, hold: 1h}, {name: full, percent: 100%}]\n"
    "guards: [{metric: error_rate, max: 10%, action: rollback}]\n"))
turn = way(played(held, apart)["policies"][0])[0]
ok(turn[1:3] == ("advance", "all-passed") and 180 <= turn[0] < 182, "it_does_not_advance_while_nothing_is_seen", turn)
turn = way(played(held, apart, "--stale", "3h")["policies"][0])[0]
equal((round(turn[0]), *turn[1:3]), (60, "advance", "all-passed"), "unless_stale_allows_for_it")

lines = requests(12000)
for line in lines:
    if line["ts"] >= START + 35 * MINUTE:
        line["request_time"] *= 5
[policy] = played(compares, write("slower.ndjson", lines), "--from", "2026-11-20T10:10:00Z")["policies"]
equal(way(policy)[0][:2], (30, "advance"), "it_begins_where_it_is_told_to")
equal((policy["ends"], policy["stage"]), ("paused", "second"), "the_time_before_each_stage_is_known")

# ------------------------------------------------------------------------------- pages, cost of a look


def page(name, *arguments):
    """As it is printed, with names of files that are short."""
    for ending, more in (("txt", ()), ("json", ("--json",))):
        short = [argument.replace(SCRATCH + "/", "") for argument in arguments]
        golden(f"backtest-{name}", ending, backtest(directory, *short, *more, cwd=SCRATCH).out)


page("complete", healthy)
page("rollback", bad, "--harm-from", since)
page("paused", slow)
page("compared", bad, "--policy", loose, "--policy", strict, "--harm-from", since)


def processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(users):
    """A day of looks at bounds over so many units: of a processor, the least of three."""
    log = write(f"units{users}.ndjson", requests(20000, users=users, length=24 * HOUR))
    tries = []
    for _ in range(3):
        begun = processor_time()
        policy = played(patient, log)["policies"][0]
        tries.append(processor_time() - begun)
    equal(policy["looks"], 24 * 360 + 1, f"all_looks_at_{users}_units")
    return min(tries)


patient = project("patient", canary("stages: [{name: first, percent: 20%, hold: 48h}]\n"
                                    "guards: [{metric: latency_mean, max_increase: 50%, action: pause}]"))
few, many = seconds(500), seconds(10000)
ok(many < 6 * few, "a_look_does_not_cost_more_for_more_units", f"{few} s for 500, {many} s for 10000")

for arguments, word in (((healthy, "--interval", "0s"), "--interval"),
                        ((healthy, "--no-harm", "--harm-from", since), "--no-harm"),
                        ((healthy, "--approve", "--no-approve"), "--no-approve"),
                        ((healthy, "--from", since, "--until", since), "--until"),
                        ((), "log")):
    result = backtest(directory, *arguments)
    ok(result.status == 2 and word in result.err, f"usage_{word}", result.err)
finish()
