#!/usr/bin/env python3
"""`ffreplay analyze` and `decide` on logs large enough for several threads: whoever reads which line, in whatever
order and from however many files, no byte of what is written differs; and what is kept of units is what is computed
here again from the lines."""
import json
import os
import random
import subprocess

import lab
from lab import FFREPLAY, Result, finish, ok, write

DAY = 86400
START = 1_700_000_000
USERS = 20000
LINES = 36000  # of 60 bytes and more: above the 2 MiB from which threads help

DEFINITIONS = """\
project: {name: lab, environments: [production], bucket_by: user_id}
attributes: {user_id: string, country: string}
logs:
  exposures: {format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}
  outcomes: {format: ndjson, time: t, unit: user_id}
metrics:
  bought: {kind: proportion, of: {event: buy}, per: unit, log: outcomes, better: higher}
  spent: {kind: mean, value: amount, per: unit, agg: sum, log: outcomes, better: higher}
  orders: {kind: mean, value: amount, per: unit, agg: count, log: outcomes, better: higher}
  basket: {kind: mean, value: amount, per: unit, agg: mean, log: outcomes, better: higher}
  largest: {kind: mean, value: amount, per: unit, agg: max, log: outcomes, better: higher}
  newest: {kind: mean, value: amount, per: unit, agg: last, log: outcomes, better: higher}
  price: {kind: mean, value: amount, log: outcomes, better: higher}
  errors: {kind: proportion, of: {event: fail}, log: outcomes, better: lower}
  ctr: {kind: ratio, numerator: clicks, denominator: views, log: outcomes, better: higher}
  median: {kind: quantile, q: 0.5, value: amount, log: outcomes, better: higher}
  capped: {kind: mean, value: amount, per: unit, agg: sum, log: outcomes, better: higher, winsorize: 99%}
  ranked: {kind: mean, value: amount, per: unit, agg: sum, log: outcomes, better: higher, method: mann_whitney}
  p90: {kind: quantile, q: 0.9, value: amount, per: unit, agg: sum, log: outcomes, better: higher}
flags:
  button:
    owner: lab
    type: string
    variants: {blue: blue, green: green, red: red}
    default: blue
    experiment:
      split: {blue: 50%, green: 30%, red: 20%}
      control: blue
      primary: bought
      metrics: [spent, orders, basket, largest, newest, price, errors, ctr, median, capped, ranked, p90]
      guards: [{metric: spent, max_decrease: 10%}]
      min_samples: 4000
      state: running
  wide:
    owner: lab
    type: string
    variants: {blue: blue, green: green}
    default: blue
    canary:
      serve: green
      stages: [{name: first, percent: 50%}, {name: all, percent: 100%}]
      state: running
      stage: first
      since: 2023-11-14T00:00:00Z
      guards:
        - {metric: bought, min: 0.1%, action: alert}
        - {metric: orders, max: 100, action: alert}
        - {metric: spent, max_decrease: 50%, action: alert}
        - {metric: basket, max_decrease: 50%, action: alert}
        - {metric: largest, max_decrease: 50%, action: alert}
        - {metric: newest, max_decrease: 50%, action: alert}
        - {metric: price, max_decrease: 50%, action: alert}
        - {metric: errors, max_increase: 90%, action: alert}
        - {metric: ctr, max_decrease: 50%, action: alert}
"""


def run(command, flag, files, *arguments):
    """For a canary, the lines of outcomes say which variant was served."""
    directory = os.path.join(lab.SCRATCH, command)
    os.makedirs(directory, exist_ok=True)
    text = DEFINITIONS
    if command == "decide":
        text = text.replace("outcomes: {format: ndjson, time: t, unit: user_id}",
                            "outcomes: {format: ndjson, time: t, unit: user_id, variant: served}")
    with open(os.path.join(directory, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
    return Result(subprocess.run([FFREPLAY, command, flag, "-C", directory, "-e", "production", *files, *arguments],
                                 capture_output=True))


rng = random.Random(11)
arms = [rng.choices(["blue", "green", "red"], [50, 30, 20])[0] for _ in range(USERS)]
exposures, outcomes = [], []
for i in range(LINES):
    # A few units have thousands of lines, and some are seen in two arms.
    user = rng.randrange(USERS) if i % 3 else rng.randrange(3)
    arm = "blue" if user % 1000 == 7 and i % 2 else arms[user]
    at = START + rng.randrange(8 * DAY // 600) * 600  # so that many have the same first time
    exposures.append({"t": at, "user_id": f"u{user}", "flag": "button", "variant": arm,
                      "country": rng.choice(["SE", "NO", "DK", "FI", None]), "plan": f"p{rng.randrange(60)}"})
    user = rng.randrange(USERS * 5 // 4) if i % 5 else rng.randrange(3)
    at = START + rng.randrange(-2 * DAY, 9 * DAY)
    outcomes.append({"t": at, "user_id": f"u{user}", "event": rng.choice(["buy", "buy", "fail", "look"]),
                     "amount": round(rng.expovariate(0.1), 2) if i % 11 else None, "clicks": rng.randrange(4),
                     "views": 1 + rng.randrange(9), "served": "green" if user % 2 else "blue"})


def texts(lines):
    return [json.dumps(line) for line in lines]


def pieces(round):
    """Both logs, shuffled, each in two files that are given in turns."""
    rng.shuffle(exposures)
    rng.shuffle(outcomes)
    cut = LINES * 9 // 10
    return ([f"exposures={write(f'e{round}-{i}.ndjson', texts(part))}" for i, part in
             enumerate([exposures[:cut], exposures[cut:]])],
            [f"outcomes={write(f'o{round}-{i}.ndjson', texts(part))}" for i, part in
             enumerate([outcomes[cut:], outcomes[:cut]])])


logs = [pieces(round) for round in range(3)]
ok(os.path.getsize(f"{lab.SCRATCH}/e0-0.ndjson") > 2 << 20 and os.path.getsize(f"{lab.SCRATCH}/o0-1.ndjson") > 2 << 20,
   "the_logs_are_large_enough_for_threads")

# Each method, with all that may be asked for besides; as JSON, and as the pages that people read.
VARIATIONS = {"plain": [], "by": ["--by", "country,plan"], "before": ["--cuped"],
              "before_by": ["--cuped", "--by", "plan", "--method", "fixed"],
              "by_day": ["--by", "day_since_exposure", "--stratify", "country"],
              "few_looks": ["--method", "group_sequential", "--cuped"],
              "believed": ["--method", "bayesian", "--by", "country", "--stratify", "plan", "--cuped"],
              "page": ["--format", "text", "--by", "plan"],
              "markdown": ["--format", "markdown", "--method", "fixed", "--stratify", "country"]}
for name, arguments in VARIATIONS.items():
    expected = None
    for round, threads in enumerate(["1", "2", "7"]):
        units = f"{lab.SCRATCH}/units-{name}-{threads}.csv"
        form = [] if "--format" in arguments else ["--json"]
        result = run("analyze", "button", logs[round][0] + logs[round][1], *form, "--threads", threads, *arguments,
                     "--units", units)
        with open(units, encoding="utf-8") as file:
            found = (result.out, file.read())
        if expected is None:
            ok(result.status == 0 and len(found[1].splitlines()) > USERS / 2, f"{name}_is_analyzed", result.err)
            expected = found
        else:
            ok(found[0] == expected[0], f"{name}_by_{threads}_threads_is_the_same", result.err)
            ok(found[1] == expected[1], f"{name}_by_{threads}_threads_has_the_same_units")

# ------------------------------------------------------------------------------------- what is kept of units

first, seen = {}, {}
for line in exposures:
    user = line["user_id"]
    first[user] = min(first.get(user, line["t"]), line["t"])
    seen.setdefault(user, set()).add(line["variant"])
counted = {user: arms.pop() for user, arms in ((user, set(arms)) for user, arms in seen.items()) if len(arms) == 1}
spent, orders, bought = {}, {}, {}
for line in outcomes:
    user = line["user_id"]
    if user not in counted or line["t"] < first[user]:
        continue
    bought[user] = bought.get(user, False) or line["event"] == "buy"
    if line["amount"] is not None:
        spent[user] = spent.get(user, 0) + line["amount"]
        orders[user] = orders.get(user, 0) + 1
result = run("analyze", "button", logs[2][0] + logs[2][1], "--json", "--threads", "7")
metrics = {metric["name"]: metric for metric in result.json["metrics"]}
for arm in "blue", "green", "red":
    of_arm = [user for user, its in counted.items() if its == arm]
    ok(result.json["units"][arm] == len(of_arm), f"{arm}_has_its_units", f"{len(of_arm)}", result.out[:400])
    for name, values in ("spent", spent), ("orders", orders), ("bought", bought):
        wanted = sum(values.get(user, 0) for user in of_arm) / len(of_arm)
        metric = metrics[name]
        shown = metric["control"] if arm == "blue" else next(v for v in metric["variants"] if v["name"] == arm)
        ok(abs(shown["value"] - wanted) <= 1e-9 * wanted, f"{arm}_{name}", f"{shown['value']} is not {wanted}")
        ok(shown["measured"] == sum(user in values for user in of_arm), f"{arm}_{name}_units", f"{shown['measured']}")

# ------------------------------------------------------------------------------------------------ a canary's

expected = None
for round, threads in enumerate(["1", "2", "7"]):
    result = run("decide", "wide", logs[round][1], "--json", "--threads", threads)
    if expected is None:
        ok(result.status == 0 and len(result.json["criteria"]) == 9, "a_canary_is_decided_on", result.err, result.out)
        expected = result.out
    else:
        ok(result.out == expected, f"a_canary_by_{threads}_threads_is_the_same", result.err)

finish()
