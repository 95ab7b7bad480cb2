#!/usr/bin/env python3
"""Units of a log that are finer than what a flag is bucketed by: tenants with many users, sessions."""
import random

import lab
from lab import HOUR, START, canary, decide, equal, exposed, finish, ok, project, write

BASE = """\
project: {name: lab, environments: [production], bucket_by: tenant}
attributes: {tenant: string}
logs:
  requests: {format: ndjson, time: ts, LOG}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
  latency: {kind: mean, value: took, unit: ms, better: lower}
  clicks: {kind: ratio, numerator: status, denominator: took, better: lower}
  latency_p95: {kind: quantile, q: 0.95, value: took, unit: ms, better: lower}
  failing: {kind: proportion, of: {status: {gte: 500}}, per: unit, better: lower}
"""
BLOCK = """\
stages: [{name: first, percent: 30%}, {name: full, percent: 100%}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
guards:
  - {metric: error_rate, max_increase: 10%, action: pause}
  - {metric: latency, max_increase: 10%, action: pause}
  - {metric: clicks, max_increase: 10%, action: pause}
  - {metric: latency_p95, max_increase: 10%, action: pause}
  - {metric: failing, max_increase: 10%, action: pause}
"""
BY_TENANT = "unit: tenant, context: {tenant: tenant}"
BY_USER = "unit: user, context: {tenant: tenant}"
BY_LINE = "context: {tenant: tenant}"


def judged(name, log, lines, block=BLOCK, options=()):
    if "unit" not in log:
        block = "".join(line for line in block.splitlines(True) if "failing" not in line)
    base = BASE.replace("LOG", log)
    if "unit" not in log:
        base = "".join(line for line in base.splitlines(True) if "failing" not in line)
    result = decide(project(name, canary(block), base=base), write(f"{name}.ndjson", lines), "--json", *options)
    ok(result.status == 0, f"{name}_decided", result.err)
    return result.json


rng = random.Random(31)
tenants = {f"t{i}": (rng.betavariate(0.3, 6), 40 + 60 * rng.random()) for i in range(600)}
lines = []
for i in range(30000):
    tenant = f"t{rng.randrange(600)}"
    rate, took = tenants[tenant]
    lines.append({"ts": START + i * 2 * HOUR // 30000, "tenant": tenant, "user": f"{tenant}-{rng.randrange(30)}",
                  "status": 503 if rng.random() < rate else 200, "took": round(took * (0.5 + rng.random()), 3)})

by_tenant, by_user, by_line = (judged(name, log, lines) for name, log in
                               (("tenants", BY_TENANT), ("users", BY_USER), ("requests", BY_LINE)))
width = lambda criterion: criterion["interval"][1] - criterion["interval"][0]
for i in range(4):
    metric = by_tenant["criteria"][i]["metric"]
    equal(by_user["criteria"][i], by_tenant["criteria"][i], f"{metric}_is_bounded_over_what_was_assigned")
    if i < 3:
        ok(width(by_line["criteria"][i]) < 0.8 * width(by_tenant["criteria"][i]),
           f"{metric}_of_lines_would_be_too_sure", by_line["criteria"][i], by_tenant["criteria"][i])
equal(by_user["criteria"][4]["canary"]["n"],
      len({line["user"] for line in lines if exposed(line["tenant"], "canary.checkout", 30)}),
      "what_is_per_unit_counts_the_log's_units")
equal(by_user["health"]["srm"], by_tenant["health"]["srm"], "the_sample_ratio_is_of_keys")
shuffled = lines[:]
rng.shuffle(shuffled)
equal(judged("shuffled", BY_USER, shuffled)["criteria"], by_user["criteria"], "in_any_order")
equal(judged("threads", BY_USER, lines, options=("--threads", "2"))["criteria"], by_user["criteria"],
      "and_by_any_threads")

# ------------------------------------------------------------------------ units that nobody assigned

for line in lines:
    line["variant"] = "on" if exposed(line["tenant"], "canary.checkout", 30) else "off"
    line["session"] = f"{line['user']}-{rng.randrange(40)}"
for name, log, known in (("sessions", "unit: session, variant: variant", False),
                         ("by-name", "unit: tenant, variant: variant", True),
                         ("said", "unit: session, variant: variant, context: {tenant: tenant}", True)):
    srm = judged(name, log, lines)["health"]["srm"]
    equal(srm["p"] is not None if srm else False, known, f"{name}_have_a_share_or_have_none")
finish()
