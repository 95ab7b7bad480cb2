#!/usr/bin/env python3
"""How often a canary that changes nothing is rolled back, looked at again and again, through the whole
program; and that one of many at once is found which does harm.

Many flags share one log, each with a salt and so with groups of its own. Users differ: most never fail,
a few do often, and everybody has a pace. Whoever took requests for independent would see harm all the time.
LONG=1 makes more rollouts of it."""
import os
import random

import lab
from lab import START, HOUR, decide, equal, exposed, finish, ok, project, write

FLAGS = 20
LOGS = 12 if os.environ.get("LONG") else 3
LOOKS = 6
SEED = int(os.environ.get("SEED", 20261120))
WATCHED = ["error_rate", "failing_users", "errors_a_second", "latency_mean", "wait_a_user"]
if os.environ.get("LONG"):
    WATCHED.append("latency_p95")  # a bound of it takes a tenth of a second


def flags(percent):
    guards = "".join(f"        - {{metric: {metric}, max_increase: 0%, action: rollback}}\n"
                     for metric in WATCHED)
    return "flags:\n" + "".join(f"""\
  canary.f{i}:
    owner: payments
    canary:
      stages: [{{name: first, percent: {percent}%, min_samples: 1}}, {{name: full, percent: 100%}}]
      state: running
      stage: first
      since: 2026-11-20T10:00:00Z
      guards:
{guards}""" for i in range(FLAGS))


def requests(rng, harm, percent, users=1500, mean_requests=4):
    """Of users who differ; `harm` multiplies what fails for those in the canary of the first flag."""
    lines = []
    for user in range(users):
        name = f"u{rng.randrange(10**9)}"
        fails = rng.choice([0, 0, 0, 0, 0, 0, 0, 0.02, 0.1, 0.6])
        pace = rng.lognormvariate(-2.5, 0.6)
        if harm != 1 and exposed(name, "canary.f0", percent):
            fails = min(1, 0.05 + fails * harm)
        for _ in range(1 + int(rng.expovariate(1 / mean_requests))):
            lines.append({"ts": START + rng.randrange(2 * HOUR), "user_id": name,
                          "status": 503 if rng.random() < fails else 200,
                          "request_time": round(pace * rng.lognormvariate(0, 0.3), 6)})
    return lines


def alarms(directory, log):
    """The metrics in harm at any look, of each flag."""
    seen = [set() for _ in range(FLAGS)]
    for look in range(1, LOOKS + 1):
        now = f"2026-11-20T{10 + 20 * look // 60:02}:{20 * look % 60:02}:00Z"
        result = decide(directory, "--all", log, "--json", "--now", now, flag=None)
        for i, line in enumerate(result.out.splitlines()):
            for criterion in lab.json.loads(line)["criteria"]:
                if criterion["verdict"] == "HARM":
                    seen[i].add(criterion["metric"])
    return seen


rng = random.Random(SEED)
print(f"# SEED={SEED}")
for percent in (10, 50):
    directory = project(f"calm-{percent}", flags(percent))
    rollouts, rolled_back, by_metric = 0, 0, dict.fromkeys(WATCHED, 0)
    for _ in range(LOGS):
        for metrics in alarms(directory, write("calm.ndjson", requests(rng, 1, percent))):
            rollouts += 1
            for metric in metrics:
                by_metric[metric] += 1
    equal(rollouts, LOGS * FLAGS, f"{percent}_percent_was_judged")
    # At most 5 %; with so few rollouts, chance adds to it.
    most = rollouts * 0.05 + 2.5 * (rollouts * 0.05 * 0.95) ** 0.5
    print(f"# {percent}%: {by_metric} of {rollouts}")
    for metric, count in by_metric.items():
        ok(count <= most, f"{metric}_at_{percent}_percent_gives_few_false_alarms", count, most)

    found = 0
    others = 0
    for _ in range(2):
        harmed = alarms(directory, write("harmed.ndjson", requests(rng, 3, percent)))
        found += "error_rate" in harmed[0] and "failing_users" in harmed[0]
        others += sum("error_rate" in metrics for metrics in harmed[1:])
    equal(found, 2, f"a_canary_at_{percent}_percent_that_fails_more_is_found")
    ok(others <= 8, f"and_the_others_at_{percent}_percent_are_not_blamed", others)
finish()
