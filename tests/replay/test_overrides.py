#!/usr/bin/env python3
"""What an override held back, is not the canary's: also when the override was lifted since."""
import json
import os
import subprocess

import lab
from lab import (FFREPLAY, HOUR, PROJECT, SCRATCH, START, canary, decide, equal, exposed, finish, ok, project,
                 requests, write)

FFC = os.path.join(os.path.dirname(FFREPLAY), "ffc")
MINUTE = HOUR // 60
BLOCK = """\
stages:
  - {name: first, percent: 20%, hold: HOLD, min_samples: 20}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: requests_a_second, min: 0.001, action: alert}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
BASE = PROJECT + "  requests_a_second: {kind: rate, better: higher}\n\n"


def moment(minutes):
    return f"2026-11-20T{10 + minutes // 60:02}:{minutes % 60:02}:00Z"


def ffc(directory, *arguments):
    done = subprocess.run([FFC, *arguments, "-C", directory], capture_output=True, text=True,
                          env=dict(os.environ, USER="op1"))
    if done.returncode:
        raise SystemExit(f"ffc {arguments}: {done.stderr}")
    return done.stdout + done.stderr


def override(directory, begin, end=None, *options):
    """By a person on call, for some minutes of the log."""
    ffc(directory, "rollback", *options, "--reason", "INC-1", "--by", "anna", "--at", moment(begin))
    name = sorted(id for id in overrides(directory))[-1]
    if end is not None:
        ffc(directory, "rollback", "--lift", name, "--reason", "mended", "--at", moment(end))
    return name


def overrides(directory):
    entries = subprocess.run([FFREPLAY, "history", "-C", directory, "--json"], capture_output=True)
    for line in entries.stdout.splitlines():
        entry = json.loads(line)
        if entry["verdict"] == "override":
            yield entry["override"]["id"]


def within(lines, begin, end):
    """Of those minutes."""
    return [line for line in lines if START + begin * MINUTE <= line["ts"] < START + end * MINUTE]


def in_canary(lines):
    return [line for line in lines if exposed(line["user_id"], "canary.checkout", 20)]


def named(lines, begin=0, end=0, text="on"):
    """As a service logs what it served: in these minutes the default, by the override."""
    return [dict(line, feature_flag={"key": "canary.checkout", "variant": text if exposed(
        line["user_id"], "canary.checkout", 20) and line not in within(lines, begin, end) else "off"})
            for line in lines]


def folded(text):
    return " ".join(text.split())


def lab_of(name, hold="20m", base=BASE):
    return project(name, canary(BLOCK.replace("HOLD", hold)), base)


SAYS_VARIANT = BASE.replace("    unit: user_id\n", "    unit: user_id\n    flag: feature_flag.key\n"
                            "    variant: feature_flag.variant\n").replace(
                                "    context: {user_id: user_id, country: geo.country}\n", "")
lines = requests(3600, length=90 * MINUTE)
# What fails while the override holds the flag back, did not fail for the canary's sake.
for line in within(lines, 5, 69):
    if exposed(line["user_id"], "canary.checkout", 20):
        line["status"] = 503
log = write("requests.ndjson", within(lines, 0, 70))
said = write("named.ndjson", named(within(lines, 0, 70), 5, 69))
truth = len(in_canary(within(lines, 0, 5))) + len(in_canary(within(lines, 69, 70)))

# ---------------------------------------------------------------------------------- lifted since

for what, base, path in (("evaluated", BASE, log), ("logged", SAYS_VARIANT, said)):
    directory = lab_of(f"lifted-{what}", base=base)
    build = decide(directory, path, "--json").json["build"]
    name = override(directory, 5, 69, "canary.checkout", "-e", "production")
    result = decide(directory, path, "--json", "--exit-code")
    verdict = result.json
    equal(verdict["criteria"][0]["canary"]["n"], truth, f"its_time_is_not_the_canarys_{what}")
    equal((result.status, verdict["rule"]), (10, "hold-time"), f"nor_does_it_count_as_held_{what}")
    ok(f"was held for 5m 58s of its 20m, and 1h 4m under override:{name}" in verdict["reasons"][0],
       f"which_is_said_{what}", verdict["reasons"])
    equal(verdict["input"]["left_out"], {"override": len(within(lines, 5, 69))}, f"lines_are_counted_{what}")
    equal(verdict["build"], build, f"the_build_is_that_of_the_definitions_{what}")
    ok(verdict["health"]["healthy"], f"nothing_is_unhealthy_{what}", verdict["health"])
    rate = verdict["criteria"][1]["canary"]["estimate"]
    ok(abs(rate - truth / (6 * 60)) < 0.1 * truth / 360, f"a_rate_is_over_the_time_served_{what}", rate)
    text = decide(directory, path).out
    ok("5m 58s into the stage (hold: 20m), besides 1h 4m under overrides" in folded(text), f"the_page_says_so_{what}", text)
    shuffled = sorted(within(lines, 0, 70) if what == "evaluated" else named(within(lines, 0, 70), 5, 69),
                      key=lambda line: hash(line["request"]) % 1000)
    equal(decide(directory, write("shuffled.ndjson", shuffled), "--json").out, result.out,
          f"whatever_the_order_{what}")

    page = subprocess.run([FFREPLAY, "health", "canary.checkout", path, "-C", directory, "-e", "production"],
                          capture_output=True).stdout
    page = json.loads(page)
    equal(page["variants"]["on"]["lines"], truth, f"health_counts_what_the_canary_served_{what}")
    equal((page["healthy"], page["reasons"].get("OVERRIDE")), (True, len(within(lines, 5, 69))),
          f"and_the_overrides_lines_apart_{what}")
    equal(page["build"], build, f"health_names_the_build_of_the_definitions_{what}")
    table = json.loads(subprocess.run(
        [FFREPLAY, "metrics", path, "--flag", "canary.checkout", "-C", directory, "-e", "production", "--by",
         "variant", "--format", "json"], capture_output=True).stdout)
    equal(table["input"]["left_out"], {"override": len(within(lines, 5, 69))}, f"metrics_leave_them_out_{what}")
    played = json.loads(subprocess.run(
        [FFREPLAY, "backtest", "canary.checkout", path, "-C", directory, "-e", "production", "--json"],
        capture_output=True).stdout)["policies"][0]
    equal((played["ends"], played["transitions"]), ("running", []), f"a_backtest_holds_as_long_{what}")

    longer = write("longer.ndjson", lines if what == "evaluated" else named(lines, 5, 69))
    applied = decide(directory, longer, "--apply", "--exit-code")
    equal(applied.status, 0, f"it_advances_once_it_was_served_for_long_enough_{what}")

# ------------------------------------------------------------------------------------- in force

calm = [dict(line, status=200) for line in lines]
calm_log = write("calm.ndjson", within(calm, 0, 70))
directory = lab_of("in-force")
name = override(directory, 30, None, "canary.checkout", "-e", "production")
result = decide(directory, calm_log, "--json", "--exit-code")
equal((result.status, result.json["rule"]), (10, "override"), "an_override_in_force_holds")
reason = result.json["reasons"][0]
ok(name in reason and moment(30) in reason and "by anna" in reason and "INC-1" in reason,
   "it_says_which_since_when_by_whom_and_why", reason)
ok(f"{len(within(lines, 30, 70))} lines of that time are left out" in result.json["reasons"][1],
   "and_how_many_lines_are_left_out", result.json["reasons"])
ok(f"--lift {name}" in result.json["would"], "and_what_would_change_it", result.json["would"])
ok("not measured" not in result.out, "and_not_that_nothing_was_measured")
before = decide(directory, log, "--json", "--now", moment(25)).json
equal((before["rule"], before["criteria"][0]["canary"]["n"]),
      ("guard", len(in_canary([line for line in lines if line["ts"] <= START + 25 * MINUTE]))),
      "what_was_before_it_is_judged_as_it_was")
equal(decide(directory, log, "--exit-code").status, 20, "harm_before_it_still_rolls_back")

directory = project("at-alone", canary(BLOCK.replace("HOLD", "20m")) + f"""\
overrides:
  - {{id: old, flags: [canary.checkout], serve: default, reason: INC, by: bert, at: {moment(69)}}}
""", BASE)
result = decide(directory, write("early.ndjson", within(lines, 0, 5)), "--json").json
equal(result["criteria"][0]["canary"]["n"], len(in_canary(within(lines, 0, 5))), "at_without_from_is_its_beginning")

directory = project("nodata", canary(BLOCK.replace("HOLD", "20m").replace(
    "action: rollback", "action: rollback, on_nodata: rollback")), BASE)
name = override(directory, 0, None, "canary.checkout", "-e", "production")
result = decide(directory, log, "--exit-code")
equal(result.status, 10, "what_an_override_holds_back_is_not_rolled_back_for_no_data")

# ------------------------------------------------------------------------- whom it was about, and where

nordic = ("NO", "SE")
directory = lab_of("segment")
override(directory, 5, 69, "canary.checkout", "-e", "production", "--segment", "nordic")
verdict = decide(directory, log, "--json").json
equal(verdict["input"]["left_out"],
      {"override": len([line for line in within(lines, 5, 69) if line["geo"]["country"] in nordic])},
      "one_for_a_segment_leaves_its_lines_out")
ok("under override" not in verdict["reasons"][0], "the_stage_was_served_to_others", verdict["reasons"])
blind = lab_of("segment-blind", base=SAYS_VARIANT)
override(blind, 5, 69, "canary.checkout", "-e", "production", "--segment", "nordic")
equal(decide(blind, said, "--json").json["input"]["left_out"], {"override": len(within(lines, 5, 69))},
      "where_nobody_knows_for_whom_all_lines_are")
notes = decide(blind, said, "--json").json["health"]["notes"]
ok("for some units only, which a log does not name" in notes[0], "and_that_is_said", notes)

directory = lab_of("staging")
override(directory, 5, 69, "canary.checkout", "-e", "staging")
equal(decide(directory, log, "--json").json["input"]["left_out"], {}, "one_of_another_environment_is_none")

directory = lab_of("several")
override(directory, 5, 40, "canary.checkout", "-e", "production")
override(directory, 30, 50, "--all")
override(directory, 60, 69, "canary.checkout", "-e", "production")
verdict = decide(directory, calm_log, "--json").json
equal(verdict["input"]["left_out"], {"override": len(within(lines, 5, 50)) + len(within(lines, 60, 69))},
      "several_are_counted_once")
ok("and 54m under 3 overrides" in " ".join(verdict["reasons"]), "and_so_is_their_time", verdict["reasons"])

directory = lab_of("until")
ffc(directory, "rollback", "canary.checkout", "-e", "production", "--reason", "INC", "--by", "anna",
    "--at", moment(5), "--until", moment(20))
verdict = decide(directory, log, "--json").json
equal(verdict["input"]["left_out"], {"override": len(within(lines, 5, 20))}, "one_that_ended_by_itself_has_ended")

finish()
