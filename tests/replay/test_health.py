#!/usr/bin/env python3
"""`ffreplay health`: counts by variant and reason, metrics and issues of flags with a canary, an
experiment, a split or none of these, whatever the order of the lines and the number of threads."""
import collections
import random
import subprocess

import lab
from golden import golden
from lab import FFREPLAY, HOUR, START, Result, canary, equal, exposed, finish, ok, project, requests, write

BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: latency_p95, max: 500ms, action: alert}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""


def health(directory, *arguments, flag="canary.checkout", stdin=b""):
    command = [FFREPLAY, "health", flag, "-C", directory, "-e", "production", *arguments]
    return Result(subprocess.run(command, input=stdin, capture_output=True))


# -------------------------------------------------------------------------------------- a canary

directory = project("health", canary(BLOCK))
lines = requests(8000)
log = write("health.ndjson", lines)
result = health(directory, log)
page = result.json
golden("health", "json", result.out)
golden("health", "txt", health(directory, log, "--format", "text").out)
enrolled = [line for line in lines if exposed(line["user_id"], "canary.checkout", 20)]
users = {line["user_id"] for line in enrolled}
equal((page["healthy"], page["issues"]), (True, []), "a_sound_canary_is_healthy")
equal((page["enabled"], page["disabled"]),
      ({"lines": len(enrolled), "units": len(users)},
       {"lines": len(lines) - len(enrolled), "units": 400 - len(users)}), "who_got_it_and_who_did_not")
equal(page["reasons"], {"SPLIT": len(enrolled), "DEFAULT": len(lines) - len(enrolled)}, "and_why")
equal(page["metrics"]["error_rate"]["variants"]["on"]["estimate"],
      sum(line["status"] >= 500 for line in enrolled) / len(enrolled), "metrics_by_variant")
decided = lab.decide(directory, log, "--json").json
equal((page["criteria"], page["srm"]), (decided["criteria"], decided["health"]["srm"]),
      "criteria_and_shares_are_those_of_decide")
ok(health(directory, log, "--exit-code").status == 0, "exit_status_of_a_healthy_one")

shuffled = lines[:]
random.Random(3).shuffle(shuffled)
pieces = [write(f"health{i}.ndjson", shuffled[i::5]) for i in range(5)]
equal(health(directory, *pieces).out, result.out, "in_any_order_and_any_pieces")
unnamed = project("health-threads", canary(BLOCK), base=lab.PROJECT.replace("    id: request\n", ""))
large = write("health-large.ndjson", lines * 16)
one, two = (health(unnamed, large, "--threads", str(n)).out for n in (1, 2))
ok(one == two and '"lines":128000' in one, "on_two_threads")
early = health(directory, log, "--now", "2026-11-20T11:00:00Z").json
equal(early["enabled"]["lines"] + early["disabled"]["lines"],
      sum(line["ts"] <= START + HOUR for line in lines), "lines_after_now_do_not_count")
equal(early["input"]["used"], early["enabled"]["lines"] + early["disabled"]["lines"], "nor_elsewhere")

failing = write("failing.ndjson", requests(8000, canary_errors=0.2))
result = health(directory, failing, "--exit-code")
ok(result.status == 10 and not result.json["healthy"] and len(result.json["issues"]) == 1 and
   "above the max of 5%" in result.json["issues"][0], "a_guard_in_harm_is_an_issue", result.out)
ok(health(directory, failing).status == 0, "exit_status_only_when_asked")
quiet = write("quiet.ndjson", [line for line in lines if line not in enrolled])
issues = health(directory, quiet).json["issues"]
ok(any("error_rate was not measured in the canary" in issue for issue in issues) and
   any("sample ratio mismatch" in issue for issue in issues), "no_data_is_an_issue", *issues)
silent = health(directory, write("silent.ndjson", [])).json
ok(not silent["healthy"] and silent["issues"], "an_empty_log_is_not_healthy", silent["issues"])
issues = health(directory, log, "--now", "2026-11-20T12:30:00Z").json["issues"]
ok(len(issues) == 1 and "has not mentioned the canary since" in issues[0], "a_log_that_fell_silent_is_an_issue", *issues)
equal(health(directory, log, "--now", "2026-11-20T12:30:00Z", "--stale", "1h").json["issues"], [], "that_can_wait")
stray = [dict(line, ts=START + 90 * 24 * HOUR + i * HOUR, request=f"late-{i}") for i, line in enumerate(lines[:16])]
sound = health(directory, log).json
one = health(directory, write("ahead.ndjson", lines + stray[:1])).json
equal([one[key] for key in ("healthy", "variants", "metrics", "criteria")],
      [sound[key] for key in ("healthy", "variants", "metrics", "criteria")], "a_line_of_a_wrong_clock_changes_nothing")
ok("1 line comes up to" in one["notes"][0] and "a clock is wrong" in one["notes"][0], "and_is_noted", one["notes"])
jumped = health(directory, write("ahead.ndjson", lines[:800] + stray)).json
ok(not jumped["healthy"] and "16 lines come up to" in jumped["issues"][0], "many_are_an_issue", jumped["issues"])

# --------------------------------------------------------------------------------- an experiment

ARMS = {"control": 50, "blue": 30, "green": 20}
EXPERIMENT = """\
flags:
  button:
    owner: web
    type: string
    variants: {control: grey, blue: blue, green: green}
    default: control
    experiment:
      hypothesis: colour helps
      split: {control: 50%, blue: 30%, green: 20%}
      control: control
      primary: error_rate
      state: running
"""
logged = lab.PROJECT.replace("    unit: user_id\n", "    unit: user_id\n    flag: f\n    variant: v\n")
again = project("experiment", EXPERIMENT)
result = health(again, write("many.ndjson", requests(30000, users=6000)), flag="button")
ok(result.status == 0, "an_experiment_is_looked_at", result.err)
page = result.json
equal((page["healthy"], page["stage"], page["criteria"]), (True, None, []), "it_is_healthy")
equal(page["variants"].keys(), ARMS.keys(), "every_variant_is_there")
ok(page["srm"]["p"] > 0.001 and [round(n / sum(page["srm"]["expected"]), 3)
                                 for n in page["srm"]["expected"]] == [0.5, 0.3, 0.2], "its_shares", page["srm"])
equal(sum(page["srm"]["observed"]), len({line["user_id"] for line in requests(30000, users=6000)}),
      "all_units_are_in_it")
equal(page["reasons"], {"SPLIT": 30000}, "all_were_divided")


def served(shares, count=4000, flag="button"):
    names, weights = list(shares), list(shares.values())
    rng = random.Random(6)
    variants = {f"u{i}": rng.choices(names, weights)[0] for i in range(count)}
    return [{"ts": START + i, "request": f"r{i}", "user_id": user, "f": flag, "v": variant, "status": 200,
             "request_time": 0.1} for i, (user, variant) in enumerate(variants.items())]


telling = project("telling", EXPERIMENT, base=logged)
equal(health(telling, write("fair.ndjson", served(ARMS)), flag="button").json["issues"], [],
      "shares_as_they_should_be")
skewed = health(telling, write("skewed.ndjson", served({"control": 50, "blue": 30, "green": 14})),
                "--exit-code", flag="button")
ok(skewed.status == 10 and skewed.json["issues"][0].startswith("sample ratio mismatch: ") and
   " green units, where the definitions give " in skewed.json["issues"][0], "a_variant_that_loses_units",
   skewed.out)
moving = served(ARMS)
moving += [dict(line, request=f"again{i}", v="green") for i, line in enumerate(moving[:200])]
ok(any("units were seen in more than one variant" in issue for issue in
       health(telling, write("moving.ndjson", moving), flag="button").json["issues"]), "units_that_change")
odd = served(ARMS) + [dict(served(ARMS)[0], request="x", v="purple")]
equal(health(telling, write("odd.ndjson", odd), flag="button").json["issues"],
      ["1 line names a variant that the flag does not have, as 'purple'"], "a_variant_it_does_not_have")
other = health(telling, write("other.ndjson", served(ARMS, flag="other")), flag="button").json
equal((other["healthy"], other["issues"]), (False, ["no line of the logs is about the flag"]),
      "a_log_about_something_else")
partly = project("partly", EXPERIMENT.replace("      state: running", "      traffic: 50%\n      state: running"),
                 base=logged)
equal(health(partly, write("fair.ndjson", served(ARMS)), flag="button").json["srm"], None,
      "shares_that_the_log_cannot_tell_are_not_judged")

# ------------------------------------------------------------------------------- rules, or nothing

SPLIT = """\
flags:
  search:
    owner: web
    rules: [{if: {country: [NO, SE]}, split: {on: 30%, off: 70%}}]
"""
split = project("split", SPLIT)
page = health(split, log, flag="search").json
northern = {line["user_id"] for line in lines if line["geo"]["country"] in ("NO", "SE")}
equal(sum(page["srm"]["observed"]), len(northern), "units_of_the_rule_alone_are_in_its_shares")
equal(page["reasons"].keys(), {"SPLIT", "DEFAULT"}, "reasons_of_a_rule")
plain = project("plain", "flags:\n  search:\n    owner: web\n", base=logged)
unserved = health(plain, write("unserved.ndjson", served({"on": 1, "off": 9}, flag="search")),
                  flag="search").json
equal(unserved["issues"], ["variant 'on' is in the log, though nothing in the definitions serves it"],
      "traffic_in_a_variant_that_has_none")
off = project("off", "flags:\n  search:\n    owner: web\n    enabled: false\n")
equal(health(off, log, flag="search").json["reasons"], {"DISABLED": 8000}, "a_flag_that_is_off")

# ---------------------------------------------------------------------------------------- errors

for name, arguments, words in (
        ("no_flag", ["-e", "production"], "expected a flag"),
        ("no_log", ["canary.checkout", "-e", "production"], "expected at least one log"),
        ("no_environment", ["canary.checkout", log], "expected an environment"),
        ("an_unknown_flag", ["canary.chekout", log, "-e", "production"], "did you mean 'canary.checkout'?"),
        ("an_unknown_form", ["canary.checkout", log, "-e", "production", "--format", "xml"], "json or text"),
        ("too_many_bad_lines", ["canary.checkout", write("bad.ndjson", ["{"] * 9), "-e", "production"], "no verdict")):
    done = Result(subprocess.run([FFREPLAY, "health", *arguments, "-C", directory], capture_output=True))
    ok(done.status == 2 and words in done.err and not done.out, name, done.status, done.err)
finish()
