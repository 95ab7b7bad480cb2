#!/usr/bin/env python3
"""Means that are bounded without a control: how many units a tail takes, and what a cap does to it."""
import math
import random

import lab
from lab import canary, decide, equal, exposed, finish, ok, project, requests, write

BLOCK = """\
stages: [{{name: first, percent: 20%, hold: 1h}}, {{name: full, percent: 100%}}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
guards:
{}"""
MORE = """\
  capped: {kind: mean, value: latency, cap: 300, unit: ms, better: lower}
  capped_wait: {kind: mean, value: latency, per: unit, cap: 900, unit: ms, better: lower}
  capped_count: {kind: mean, value: latency, per: unit, agg: count, cap: 5, better: lower}
  capped_worst: {kind: mean, value: latency, per: unit, agg: max, cap: 300, unit: ms, better: lower}
"""
BASE = lab.PROJECT.rstrip("\n") + "\n" + MORE + "\n"


def judged(name, log, *guards, base=BASE, options=()):
    guards = "".join(f"  - {{{guard}, action: rollback}}\n" for guard in guards)
    result = decide(project(name, canary(BLOCK.format(guards)), base=base), log, "--json", *options)
    ok(result.status == 0, f"{name}_decided", result.err)
    return result


lines = requests(6000, users=1500, seed=21)
rng = random.Random(4)
for line in lines:
    line["request_time"] = round(0.02 * math.exp(1.2 * rng.gauss(0, 1)), 6)
log = write("skewed.ndjson", lines)
mine = [line for line in lines if exposed(line["user_id"], "canary.checkout", 20)]
latency = lambda line: line["request_time"] * 1000

# --------------------------------------------------------------------- how many units a tail takes


def by_user(first, second=lambda line: 1):
    users = {}
    for line in mine:
        pair = users.setdefault(line["user_id"], [0, 0])
        pair[0] += first(line)
        pair[1] += second(line)
    return list(users.values())


def wanted(values):
    """Units: fifty times the square of the skewness."""
    n, mean = len(values), math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    third = math.fsum((value - mean) ** 3 for value in values) / n
    return 50 * third**2 / variance**3


def left_over(pairs):
    ratio = math.fsum(a for a, _ in pairs) / math.fsum(b for _, b in pairs)
    return [a - ratio * b for a, b in pairs]


users = by_user(latency)
expected = {
    "latency_mean": (len(mine), wanted(left_over(users)) / len(users)),
    "slow_share": (len(mine), wanted(left_over(by_user(latency, lambda line: line["status"]))) / len(users)),
    "wait_a_user": (len(users), wanted([a for a, _ in users]) / len(users)),
}
guards = [f"metric: {metric}, max: 10000, confidence: 95%" for metric in expected]
result = judged("skewed", log, *guards)
for criterion, (metric, (samples, growth)) in zip(result.json["criteria"], expected.items()):
    few = growth > 1
    ok(0.4 < growth < 30, f"{metric}_has_a_tail", growth)
    equal(criterion["verdict"], "INSUFFICIENT" if few else "PASS", f"{metric}_takes_more_units_than_it_has")
    if few:
        noun = "units" if metric == "wait_a_user" else "samples"
        text = (f"{metric} was measured on {samples} canary {noun}, "
                f"of the {math.ceil(samples * growth)} that a bound needs")
        ok(any(reason.startswith(text) for reason in result.json["reasons"]), f"{metric}_says_how_many",
           text, result.json["reasons"])
equal((result.json["verdict"], result.json["rule"]), ("hold", "insufficient"), "which_holds_the_stage")

unaware = BASE.replace("    unit: user_id\n", "").replace(MORE, "")
for metric in ("failing_users", "requests_a_user", "wait_a_user", "usual_wait", "worst_wait", "last_wait"):
    unaware = "".join(line for line in unaware.splitlines(True) if not line.startswith(f"  {metric}:"))
few = [line for line in lines[:2500] if line in mine]
units = wanted([latency(line) for line in few])
result = judged("no-units", write("few.ndjson", lines[:2500]),
                "metric: latency_mean, max: 10000, confidence: 95%", base=unaware)
text = f"of the {math.ceil(units)} that a bound needs"
ok(units > len(few) and text in result.json["reasons"][0], "so_it_is_of_lines_that_have_no_unit", text,
   result.json["reasons"])

# Side by side with a control, a tail comes to both.
result = judged("beside", log, "metric: latency_mean, max_increase: 100%")
ok(result.json["criteria"][0]["verdict"] != "INSUFFICIENT", "beside_a_control_a_tail_takes_no_more")

# The time before may be what has too few; no canary mends that.
early = requests(400, users=300, start=lab.START - lab.HOUR, length=lab.HOUR, seed=22)
early[5]["request_time"] = 60
result = judged("few-before", write("few-before.ndjson", early + requests(6000, users=1500, seed=23)),
                "metric: latency_mean, max_increase: 10%, versus: before")
equal(result.json["criteria"][0]["verdict"], "INSUFFICIENT", "the_time_before_may_have_too_few")
ok("too skewed for a bound of what there was before the stage" in result.json["reasons"][0],
   "and_it_says_that_it_is_that_one", result.json["reasons"])

# ------------------------------------------------------------------------------------------- a cap

guards = ["metric: capped, max: 10000, confidence: 95%", "metric: capped_wait, max: 10000, confidence: 95%",
          "metric: capped_count, max: 10000", "metric: capped_worst, max: 10000"]
result = judged("capped", log, *guards)
got = [criterion["canary"]["estimate"] for criterion in result.json["criteria"]]
worst = {}
for line in mine:
    worst[line["user_id"]] = max(worst.get(line["user_id"], 0), latency(line))
mean = lambda values: math.fsum(values) / len(values)
wished = [mean([min(latency(line), 300) for line in mine]), mean([min(a, 900) for a, _ in users]),
          mean([min(b, 5) for _, b in users]), mean([min(a, 300) for a in worst.values()])]
for value, wish, guard in zip(got, wished, guards):
    ok(math.isclose(value, wish, rel_tol=1e-9), f"{guard.split()[1]}_counts_no_more_than_the_cap", value, wish)
ok(wished[0] < mean([latency(line) for line in mine]) - 1, "and_there_were_greater_ones")
equal([criterion["verdict"] for criterion in result.json["criteria"]], ["PASS"] * 4,
      "so_few_units_do")
by_hand = [dict(line, request_time=min(line["request_time"], 0.3)) for line in lines]
other = judged("capped-by-hand", write("by-hand.ndjson", by_hand), "metric: latency_mean, max: 10000, confidence: 95%")
ok(all(math.isclose(a, b, rel_tol=1e-5) for a, b in
       zip(result.json["criteria"][0]["interval"], other.json["criteria"][0]["interval"])),
   "the_bound_is_that_of_capped_values", result.json["criteria"][0], other.json["criteria"][0])

# ------------------------------------------------------------------------------- and no order of it

guards = [f"metric: {metric}, max: 10000, confidence: 95%" for metric in expected] + guards[:2]
shuffled = lines[:]
rng.shuffle(shuffled)
one = judged("order", log, *guards).out
equal(judged("order", write("shuffled.ndjson", shuffled), *guards).out, one, "shuffled_lines_say_the_same")
equal(judged("order", log, *guards, options=("--threads", "2")).out, one, "so_do_threads")
finish()
