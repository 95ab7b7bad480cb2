#!/usr/bin/env python3
"""Criteria that judge a bound: the canary against control, against the time before, or alone."""
import math
import random

import lab
from lab import HOUR, START, canary, decide, equal, exposed, finish, ok, project, requests, write

RUNNING = """\
stages: [{name: first, percent: 20%, hold: 1h}, {name: full, percent: 100%}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""


def guarded(name, *criteria, base=lab.PROJECT, running=RUNNING, advance=()):
    block = running + "guards:\n"
    block += "".join(f"  - {{{criterion}, action: rollback}}\n" for criterion in criteria)
    if advance:
        block += "advance_when:\n" + "".join(f"  - {{{criterion}}}\n" for criterion in advance)
    return project(name, canary(block), base=base)


def judged(directory, log, *options):
    result = decide(directory, log, "--json", *options)
    ok(result.status == 0, "decided", result.err)
    return result.json


def near(got, expected, name, digits=1e-5):
    ok(all(math.isclose(a, b, rel_tol=digits, abs_tol=1e-9) for a, b in zip(got, expected)), name,
       f"got {got}", f"expected {expected}")


# ---------------------------------------------------------------------- means, over users, by hand

lines = requests(6000, users=900, latency=0.1, canary_latency=0.104, seed=3)
log = write("means.ndjson", lines)
directory = guarded("means", "metric: latency_mean, max_increase: 10%",
                    "metric: latency_mean, max_increase: {abs: 20ms}, confidence: 99%",
                    "metric: wait_a_user, max_decrease: 50%", "metric: slow_share, max_increase: 1%",
                    "metric: latency_mean, max: 200ms, confidence: 95%")
criteria = judged(directory, log)["criteria"]


def of_users(group, first, second):
    """n, mean and variance of the ratio of two totals over users, by the delta method."""
    users = {}
    for line in lines:
        if exposed(line["user_id"], "canary.checkout", 20) == (group == "canary"):
            totals = users.setdefault(line["user_id"], [0.0, 0.0])
            totals[0] += first(line)
            totals[1] += second(line)
    n = len(users)
    if second(lines[0]) is None:
        return n, 0, 0
    over = sum(a for a, _ in users.values()) / n
    under = sum(b for _, b in users.values()) / n
    ratio = over / under
    spread = sum((a - ratio * b) ** 2 for a, b in users.values()) / (n - 1)
    return n, ratio, spread / under**2


def half_width(alpha, n, error):
    """One-sided, of Waudby-Smith and others, tuned for 5000."""
    rho2 = (-2 * math.log(2 * alpha) + math.log(-2 * math.log(2 * alpha) + 1)) / 5000
    inside = n * rho2 + 1
    return error * math.sqrt(n * 2 * inside / (n * n * rho2) *
                             math.log(1 + math.sqrt(inside) / (2 * alpha)))


latency = lambda line: line["request_time"] * 1000
one = lambda line: 1
tn, tm, tv = of_users("canary", latency, one)
cn, cm, cv = of_users("control", latency, one)
equal([criteria[0]["method"], criteria[0]["confidence"], criteria[0]["versus"]],
      ["asymptotic confidence sequence", 0.95, "control"], "a_mean_says_how_it_was_judged")
near([criteria[0]["change"]], [tm / cm - 1], "the_change_is_relative")
near([criteria[1]["change"]], [tm - cm], "an_abs_one_is_not")
# The smaller group is not believed to vary less than the greater one would, were it as slow.
believed = max(tv, cv * max(1, tm / cm) ** 2)
width = half_width(0.01, tn + cn, math.sqrt(believed / tn + cv / cn))
near(criteria[1]["interval"], [tm - cm - width, tm - cm + width], "the_variance_is_over_users")
equal([criterion["verdict"] for criterion in criteria], ["PASS", "PASS", "PASS", "UNDECIDED", "PASS"],
      "verdicts")
equal([criterion["look"] for criterion in criteria],
      [math.floor((lines[-1]["ts"] - START) / 10000) + 1] * 5, "a_look_is_a_window_since_the_start")
ok("versus" not in criteria[4] and "change" not in criteria[4], "confidence_compares_nothing")
ok(criteria[4]["interval"][0] < tm < criteria[4]["interval"][1], "and_bounds_the_estimate")

# ----------------------------------------------------- one user's ten requests are not ten users

tenfold = [dict(line, request=f"{line['request']}-{i}") for line in
           requests(1500, users=1500, errors=0.05, canary_errors=0.05, seed=5) for i in range(10)]
once = write("once.ndjson", tenfold[::10])
ten = write("ten.ndjson", tenfold)
WATCH = ["metric: error_rate, max_increase: 10%", "metric: latency_p95, max_increase: 10%",
         "metric: errors_a_second, max_increase: 10%", "metric: error_rate, max: 5%, confidence: 95%",
         "metric: latency_p95, max: 1s, confidence: 95%"]
directory = guarded("users", *WATCH)
unaware = guarded("unaware", *WATCH, base=lab.PROJECT.replace("    unit: user_id\n", ""))
width_of = lambda criterion: criterion["interval"][1] - criterion["interval"][0]
single, known, unknown = (judged(d, l)["criteria"] for d, l in
                          ((directory, once), (directory, ten), (unaware, ten)))
for alone, clustered, independent in zip(single, known, unknown):
    name = f"{alone['metric']}_{alone['form']}"
    ok(abs(width_of(clustered) / width_of(alone) - 1) < 0.1, f"{name}_knows_users",
       clustered["interval"], alone["interval"])
    ok(width_of(independent) < 0.7 * width_of(alone), f"{name}_without_a_unit_does_not",
       independent["interval"])

# A canary of few users, of whom one fails all the time, is no evidence.
one_bad = requests(3000, users=40, errors=0, canary_errors=0, seed=6)
bad = next(line["user_id"] for line in one_bad if exposed(line["user_id"], "canary.checkout", 20))
for line in one_bad:
    if line["user_id"] == bad:
        line["status"] = 503
log = write("one-bad.ndjson", one_bad)
equal(judged(guarded("one-bad", WATCH[0]), log)["criteria"][0]["verdict"], "UNDECIDED",
      "one_failing_user_of_a_few_is_no_harm")
equal(judged(guarded("one-bad-unaware", WATCH[0], base=lab.PROJECT.replace("    unit: user_id\n", "")),
             log)["criteria"][0]["verdict"], "HARM", "though_his_requests_alone_would_be")

# ------------------------------------------------------------------------- data, and the lack of it

few = write("few-units.ndjson", requests(90, users=90))
verdicts = judged(guarded("few", "metric: latency_mean, max_increase: 10%",
                          "metric: latency_mean, max_increase: 10%, min_samples: 1000",
                          "metric: never, max: 5"), few)
equal([criterion["verdict"] for criterion in verdicts["criteria"]],
      ["UNDECIDED", "INSUFFICIENT", "NODATA"], "too_few_for_a_bound_is_undecided")
equal(verdicts["criteria"][0]["interval"], [None, None], "a_bound_that_is_not_known_is_null")

nobody = [line for line in requests(2000, users=500)
          if exposed(line["user_id"], "canary.checkout", 20)]
ignoring = RUNNING + "on_unhealthy: ignore\n"
alone = judged(guarded("alone", WATCH[0], running=ignoring), write("canary-only.ndjson", nobody))
equal([alone["criteria"][0]["verdict"], alone["verdict"], alone["rule"]], ["NODATA", "hold", "nodata"],
      "no_control_is_no_data")
ok("error_rate was not measured in control" in alone["reasons"], "and_it_says_which", alone["reasons"])

full = RUNNING.replace("stage: first", "stage: full")
last = judged(guarded("full", WATCH[0] + ", on_nodata: rollback", running=full),
              write("well.ndjson", requests(2000)))
equal([last["verdict"], last["criteria"][0]["verdict"]], ["complete", "NODATA"],
      "at_the_end_nobody_is_left_to_compare_with_and_that_decides_nothing")
ok(any("takes everybody" in reason for reason in last["reasons"]), "which_is_said", last["reasons"])

too_large = requests(2000, users=1000)
too_large[7]["request_time"] = 1e20
criterion = judged(guarded("too-large", "metric: latency_mean, max_increase: 10%"),
                   write("too-large.ndjson", too_large))["criteria"][0]
equal((criterion["verdict"], criterion["change"], criterion["interval"]),
      ("UNDECIDED", None, [None, None]), "a_number_too_large_makes_no_bound")

# ------------------------------------------------------------- many bounds, and one for all of them

STAGES = RUNNING.replace("{name: first, percent: 20%, hold: 1h}",
                         "{name: first, percent: 20%, hold: 1h}, {name: half, percent: 50%, guards: "
                         "[{metric: latency_p95, max_increase: 10%, action: pause}]}")
TOGETHER = lab.PROJECT.replace("bucket_by: user_id\n", "bucket_by: user_id\n  rollout_confidence: 90%\n")
assert TOGETHER != lab.PROJECT
# At two stages beside control, at three against before or a constant, and one more at the second.
GUARDS = ["metric: error_rate, max_increase: 10%", "metric: error_rate, max: 5%",
          "metric: latency_mean, max_increase: 10%, versus: before",
          "metric: error_rate, max: 5%, confidence: 99.9%"]
whole = [criterion.get("confidence") for criterion in
         judged(guarded("together", *GUARDS, base=TOGETHER, running=STAGES,
                        advance=["metric: error_rate, max_increase: 50%"]), once)["criteria"]]
each = 1 - 0.1 / (2 + 3 + 3 + 1)
near([whole[0], whole[2], whole[3], whole[4]], [each, each, 0.999, 0.95], "all_bounds_have_their_part")
equal(whole[1], None, "of_what_has_a_bound")
apart = [criterion.get("confidence") for criterion in
         judged(guarded("apart", *GUARDS, running=STAGES), once)["criteria"]]
equal(apart, [0.95, None, 0.95, 0.999], "or_each_has_its_own")

# ------------------------------------------------------------------- a share that moves in a stage

# Everybody fails twice as often in the end, when ten times as many have the canary; the log says who.
moving = []
rng = random.Random(12)
for i in range(60000):
    part = i / 60000
    variant = "on" if rng.random() < 0.05 + 0.45 * part else "off"
    moving.append({"ts": START + i * 2 * HOUR // 60000, "user_id": f"m{i}", "variant": variant,
                   "status": 503 if rng.random() < 0.02 + 0.02 * part else 200})
SAYS = lab.PROJECT.replace("    context: {user_id: user_id, country: geo.country}\n", "    variant: variant\n") \
    .replace("    id: request\n", "")
log = write("moving.ndjson", moving)
directory = guarded("moving", "metric: error_rate, max_increase: 5%", base=SAYS,
                    running=RUNNING + "on_unhealthy: ignore\n")
criterion = judged(directory, log)["criteria"][0]
as_one = (criterion["canary"]["estimate"] / criterion["control"]["estimate"] - 1)
ok(as_one > 0.1 and abs(criterion["change"]) < 0.05, "a_moving_share_is_compared_within_its_times",
   as_one, criterion)
ok(criterion["verdict"] in ("PASS", "UNDECIDED"), "and_is_no_harm", criterion)
rng.shuffle(moving)
equal(judged(directory, write("moving-shuffled.ndjson", moving))["criteria"][0], criterion,
      "in_whatever_order")
equal(judged(directory, log, "--threads", "2")["criteria"][0], criterion, "by_whatever_threads")
still = judged(guarded("still", "metric: error_rate, max_increase: 5%"), once)["criteria"][0]
equal(round(still["change"], 6),
      round(still["canary"]["estimate"] / still["control"]["estimate"] - 1, 6),
      "a_share_that_stands_still_is_compared_as_one")

# ------------------------------------------------------------------------------ the time before

before = requests(4000, start=START - 2 * HOUR, errors=0.02, canary_errors=0.02, users=2000, seed=7)
after = requests(4000, errors=0.02, canary_errors=0.09, users=2000, seed=8)
log = write("before.ndjson", before + after)
versus = ["metric: error_rate, max_increase: 50%, versus: before",
          "metric: errors_a_second, max_increase: 50%, versus: before",
          "metric: latency_p95, max_increase: 10%, versus: before"]
result = judged(guarded("before", *versus), log)
failed = sum(line["status"] == 503 for line in before)
equal(result["criteria"][0]["control"], {"n": 4000, "estimate": failed / 4000},
      "before_is_everybody_before_the_stage")
equal([criterion["verdict"] for criterion in result["criteria"]], ["HARM", "HARM", "PASS"],
      "harm_against_the_time_before")
equal(result["criteria"][0]["versus"], "before", "which_is_said_of_it")
ok(any("has no concurrent control" in reason for reason in result["reasons"]), "and_what_that_may_be",
   result["reasons"])
equal([result["input"]["used"], result["input"]["left_out"]], [8000, {}], "those_lines_are_used")
everybody = requests(4000, percent=100, canary_errors=0.09, users=2000, seed=8)
log = write("before-full.ndjson", before + everybody)
whole = judged(guarded("before-full", *versus, running=full), log)["criteria"]
equal([whole[0]["canary"]["n"], whole[0]["verdict"]], [4000, "HARM"], "at_the_last_stage_too")
nothing = judged(guarded("nothing-before", *versus), write("after.ndjson", after))
equal([nothing["criteria"][0]["verdict"], nothing["rule"]], ["NODATA", "nodata"],
      "nothing_before_is_no_data")
ok("error_rate was not measured before the stage" in nothing["reasons"], "and_says_so",
   nothing["reasons"])

# ---------------------------------------------------- what a test of ranks over minutes passes

LATENCY = "metric: latency_mean, max_increase: 20%"


def service(minutes, rate, percent, outcome, seed=9):
    """Requests of users who come once. `outcome(rng, canary, minute)` is latency and status."""
    rng = random.Random(seed)
    for i in range(minutes * rate):
        user = f"once{seed}-{i}"
        minute = i // rate
        took, status = outcome(rng, exposed(user, "canary.checkout", percent), minute)
        yield {"ts": START + minute * 60000 + i % rate * 60000 // rate, "request": user,
               "user_id": user, "geo": {"country": "NO"}, "status": status, "request_time": took}


def spikes(rng, in_canary, minute):
    return (0.1 if in_canary and minute % 10 < 7 else 0.001) * (0.5 + rng.random()), 200


log = write("spikes.ndjson", service(10, 300, 20, spikes))
criteria = judged(guarded("spikes", LATENCY, "metric: latency_p95, max_increase: 20%"),
                  log)["criteria"]
equal([criterion["verdict"] for criterion in criteria], ["HARM", "HARM"],
      "seven_of_ten_minutes_a_hundredfold_are_harm")
ten_points = write("ten-points.ndjson", service(10, 2, 50, spikes, seed=21))
half = RUNNING.replace("20%", "50%")
equal([criterion["verdict"] for criterion in judged(
    guarded("ten-points", LATENCY, "metric: latency_p95, max_increase: 20%", running=half),
    ten_points)["criteria"]], ["UNDECIDED", "UNDECIDED"], "ten_points_alone_do_not_pass")


# A change relative to nothing is not known; in the metric's own unit it is.
free = write("free.ndjson", service(10, 300, 20, lambda rng, canary, minute: (
    0.1 * (0.5 + rng.random()) if canary else 0, 200)))
result = judged(guarded("free", LATENCY, "metric: latency_mean, max_increase: {abs: 5ms}"), free)
equal([criterion["verdict"] for criterion in result["criteria"]], ["UNDECIDED", "HARM"],
      "a_change_relative_to_zero_does_not_pass")


def collapse(rng, in_canary, minute):
    return (0.027 if in_canary else rng.choice([0.001, 0.05, 0.249])), 200


log = write("collapse.ndjson", service(10, 300, 20, collapse))
equal(judged(guarded("collapse", "metric: latency_mean, max_decrease: 30%"), log)["criteria"][0]
      ["verdict"], "HARM", "a_mean_that_collapses_with_its_variance_is_harm")


def sparse(failing):
    errors = iter(failing)

    def outcome(rng, in_canary, minute):
        if in_canary and outcome.left[minute] > 0:
            outcome.left[minute] -= 1
            return 0.01, 503
        return 0.01, 200
    outcome.left = list(errors)
    return outcome


small = RUNNING.replace("20%", "5%")
log = write("sparse.ndjson", service(6, 2000, 5, sparse([0, 1, 2, 1, 0, 0])))
equal(judged(guarded("sparse", "metric: error_rate, max_increase: 10%", running=small), log)
      ["criteria"][0]["verdict"], "HARM", "four_errors_beside_none_of_a_large_control_are_harm")
log = write("sparse-half.ndjson", service(6, 200, 50, sparse([0, 1, 2, 1, 0, 0])))
equal(judged(guarded("sparse-half", "metric: error_rate, max_increase: 10%", running=half), log)
      ["criteria"][0]["verdict"], "UNDECIDED", "beside_none_of_an_equal_one_they_neither_pass_nor_fail")

finish()
