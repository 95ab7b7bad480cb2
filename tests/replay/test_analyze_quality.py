#!/usr/bin/env python3
"""`ffreplay analyze`: what it notices of data that cannot be trusted, what is judged once, whole weeks, parts of units,
capped values. Whatever is expected is computed here again from the units that were drawn."""
import json
import math
import os
import random
import subprocess

import lab
from lab import FFREPLAY, Result, finish, ok, write

DAY = 86400
START = 1_699_920_000  # 2023-11-14T00:00:00Z, a Tuesday

DEFINITIONS = """\
project: {{name: lab, environments: [production], bucket_by: user_id}}
attributes: {{user_id: string, country: string}}
logs:
  exposures: {{format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}}
  outcomes: {{format: ndjson, time: t, unit: user_id}}
metrics:
  bought: {{kind: proportion, of: {{event: buy}}, per: unit, log: outcomes}}
  spent: {{kind: mean, value: amount, per: unit, agg: sum, log: outcomes, better: higher}}
  capped: {{kind: mean, value: amount, per: unit, agg: sum, log: outcomes, winsorize: 90%}}
  ranked: {{kind: mean, value: amount, per: unit, agg: sum, log: outcomes, method: mann_whitney, better: higher}}
flags:
  button:
    owner: lab
    type: string
    variants: {{blue: blue, green: green}}
    default: blue
    experiment:
      split: {{blue: 50%, green: 50%}}
      control: blue
      primary: spent
      state: running
{keys}"""


def project(name, keys=""):
    directory = os.path.join(lab.SCRATCH, name)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write(DEFINITIONS.format(keys="".join(f"      {row}\n" for row in keys.splitlines())))
    return directory


def analyze(directory, given, *arguments):
    result = Result(subprocess.run([FFREPLAY, "analyze", "button", "-C", directory, "-e", "production", "--json", *given,
                                    *arguments], capture_output=True))
    ok(result.status == 0, "analyzed", result.err)
    return result.json


def draw(units, days=21, seed=1, effect=0.0, keep=lambda unit: True, before=lambda unit, rng: 0.0):
    """Each unit with its arm, day of exposure, country and amount."""
    rng, drawn = random.Random(seed), []
    for i in range(units):
        unit = {"id": f"u{i}", "arm": rng.choice(["blue", "green"]), "at": START + int(rng.random() * days * DAY),
                "country": rng.choice(["SE", "SE", "NO"])}
        unit["amount"] = round(rng.expovariate(0.1) + (20 if unit["country"] == "NO" else 0) +
                               (effect if unit["arm"] == "green" else 0), 3)
        unit["before"] = before(unit, rng)
        if keep(unit):
            drawn.append(unit)
    return drawn


def logs(drawn, name="log"):
    exposed = [json.dumps({"t": unit["at"], "user_id": unit["id"], "flag": "button", "variant": unit["arm"],
                           "country": unit["country"]}) for unit in drawn]
    outcomes = [json.dumps({"t": unit["at"] + 5, "user_id": unit["id"], "event": "buy", "amount": unit["amount"]})
                for unit in drawn]
    outcomes += [json.dumps({"t": unit["at"] - 5, "user_id": unit["id"], "event": "buy", "amount": unit["before"]})
                 for unit in drawn if unit["before"]]
    return [f"exposures={write(name + '-e.ndjson', exposed)}", f"outcomes={write(name + '-o.ndjson', outcomes)}"]


def variant(found, name="spent"):
    return next(metric for metric in found["metrics"] if metric["name"] == name)["variants"][0]


def issues(found):
    return found["quality"]["issues"]


def says(texts, part, name):
    ok(any(part in text for text in texts), name, texts)


def near(value, wanted, name, tolerance=1e-9):
    ok(value is not None and abs(value - wanted) <= tolerance * max(1, abs(wanted)), name, f"{value} is not {wanted}")


plain = project("plain")
sound = draw(6000)
found = analyze(plain, logs(sound))
ok(found["status"] != "unhealthy" and not issues(found), "sound_data_are_healthy", issues(found))

# ---------------------------------------------------------------------------------------------- days that are missing


def day_of(unit):
    return (unit["at"] - START) // DAY


found = analyze(plain, logs([unit for unit in sound if day_of(unit) != 9]))
says(issues(found), "log 'exposures' has no line of 1 day (2023-11-23)", "a_day_that_exposures_lack")
found = analyze(plain, [logs(sound)[0], logs([unit for unit in sound if day_of(unit) not in (9, 10)], "lost")[1]])
says(issues(found), "log 'outcomes' has no line of 2 days (2023-11-23, 2023-11-24)", "days_that_outcomes_lack")
found = analyze(plain, logs([unit for unit in sound if day_of(unit) % 7 not in (4, 5)]))
ok(not issues(found), "weekends_that_never_have_lines_are_no_gap", issues(found))
week = [unit for unit in sound if day_of(unit) < 8 and day_of(unit) not in (4, 5)]
found = analyze(plain, logs(week))
ok(not issues(found), "and_one_weekend_is_none", issues(found))
says(found["notes"], "unless nobody comes on such days", "but_it_is_told")
oslo = project("oslo", "zone: Europe/Oslo")
found = analyze(oslo, logs(sound))
ok(found["quality"]["days"][0]["day"] == "2023-11-13T23:00:00Z", "a_day_begins_where_the_zone_says", found["quality"]["days"][0])
ok(sum(sum(day["observed"].values()) for day in found["quality"]["days"]) == 6000, "and_each_unit_is_of_one_day")

# --------------------------------------------------------------------------------------------- balance, and the time before

rng = random.Random(5)
even = draw(6000, seed=3)
for unit in even:
    if unit["arm"] == "green" and unit["country"] == "NO" and rng.random() < 0.3:
        unit["country"] = "SE"
found = analyze(plain, logs(even), "--by", "country")
says(issues(found), "'country' is spread differently over the arms", "a_field_that_is_spread_differently")
ok(found["quality"]["balance"][0]["p"] < 0.001 and found["status"] == "unhealthy", "makes_it_unhealthy", found["quality"])
ok(not analyze(plain, logs(sound), "--by", "country")["quality"]["issues"], "one_that_is_not_does_not")
late = draw(4000, before=lambda unit, rng: 5 + rng.random() + (0.3 if unit["arm"] == "green" else 0))
found = analyze(plain, logs(late), "--cuped")
says(issues(found), "spent of units in green differed before they were exposed", "what_differed_before")
found = analyze(plain, logs(draw(4000, before=lambda unit, rng: 5 + rng.random())), "--cuped")
ok(not issues(found) and found["quality"]["before"][0]["p"] > 0.001, "what_did_not", found["quality"])
early = draw(400)
shifted = [json.dumps({"t": unit["at"] - 3600, "user_id": unit["id"], "event": "buy", "amount": unit["amount"]}) for unit in early]
found = analyze(plain, [logs(early)[0], f"outcomes={write('shifted.ndjson', shifted)}"])
says(found["notes"], "400 lines are left out, being from before", "outcomes_that_are_all_from_before_are_told")

# --------------------------------------------------------------------------------------------------- once is once

worse = logs(draw(4000, effect=-3))
once = project("once", "method: fixed\nmin_samples: 5000")
found = analyze(once, worse)
ok(found["decision"] == "running", "what_is_judged_once_does_not_stop_before_its_end", found["reasons"])
says(found["reasons"], "looks worse in spent", "but_says_how_it_looks")
says(found["notes"], "before the planned end", "and_that_it_is_early")
ok(analyze(project("later", "method: fixed\nmin_samples: 1000"), worse)["decision"] == "stop", "at_its_end_it_stops")
ok(analyze(project("always", "min_samples: 5000"), worse)["decision"] == "stop", "a_sequence_stops_at_any_look")

# ---------------------------------------------------------------------------------------------------- whole weeks

weeks = project("weeks", "whole_weeks: true")
drawn = draw(6000, days=17)
found = analyze(weeks, logs(drawn))
first = min(unit["at"] for unit in drawn)
within = [unit for unit in drawn if unit["at"] < first + 14 * DAY]
ok(found["units"] == {arm: sum(unit["arm"] == arm for unit in within) for arm in ("blue", "green")}, "only_whole_weeks_count",
   found["units"])
until = [unit for unit in within if unit["at"] + 5 < first + 14 * DAY]
near(variant(found)["value"], sum(unit["amount"] for unit in until if unit["arm"] == "green") /
     sum(unit["arm"] == "green" for unit in within), "with_their_outcomes")
says(found["notes"], "when week 2 was over", "which_is_told")
shuffled = list(drawn)
random.Random(3).shuffle(shuffled)
ok(analyze(weeks, logs(shuffled, "shuffled"), "--threads", "3")["metrics"] == found["metrics"], "in_any_order")
found = analyze(weeks, logs([unit for unit in drawn if day_of(unit) < 6]))
ok(found["decision"] == "running" and sum(found["units"].values()) > 0, "before_a_week_is_over_nothing_is_decided")

# -------------------------------------------------------------------------------------- parts of units, capped values


def mean(values):
    return sum(values) / len(values)


def variance(values):
    return sum((value - mean(values)) ** 2 for value in values) / (len(values) - 1)


found = analyze(project("strata", "method: fixed\nstratify: country\nmin_samples: 100"), logs(sound))
effect, square, total = 0, 0, len(sound)
parts = {(arm, country): [unit["amount"] for unit in sound if unit["arm"] == arm and unit["country"] == country]
         for arm in ("blue", "green") for country in ("SE", "NO")}
weights = {country: len(parts["blue", country] + parts["green", country]) / total for country in ("SE", "NO")}
gaps = {country: mean(parts["green", country]) - mean(parts["blue", country]) for country in ("SE", "NO")}
effect = sum(weights[country] * gaps[country] for country in gaps)
square = sum(weights[country] ** 2 * variance(parts[arm, country]) / len(parts[arm, country])
             for arm in ("blue", "green") for country in gaps)
square += sum(weights[country] * (gaps[country] - effect) ** 2 for country in gaps) / total
near(variant(found)["difference"], effect, "a_stratified_difference")
near(variant(found)["difference_error"], math.sqrt(square), "and_its_error")
ok(variant(found)["variance_reduced"] > 0.3 and found["stratified_by"] == "country", "which_is_less", variant(found))
found = analyze(plain, logs(sound), "--stratify", "country")
ok(found["experiment"]["departures"] == ["--stratify country"], "asked_for_on_the_command_line_it_is_a_departure", found["experiment"])

found = analyze(plain, logs(sound), "-m", "capped", "-m", "spent", "--method", "fixed")
amounts = sorted(unit["amount"] for unit in sound)
cap = amounts[math.ceil(0.9 * len(amounts)) - 1]
seen = found["metrics"][0]
near(seen["winsorized"]["cap"], cap, "the_cap_is_a_quantile_of_all_arms")
for form, place in (("json", "out"), ("text", "out"), ("csv", "err"), ("prometheus", "err")):
    shown = Result(subprocess.run([FFREPLAY, "metrics", "-C", plain, logs(sound)[-1], "--format", form],
                                  capture_output=True))
    said = " ".join(getattr(shown, place).split())
    ok(shown.status == 0 and ('"not_winsorized":["capped"]' if form == "json" else "capped") in said and
       (form == "json" or "'winsorize'" in said), f"metrics_as_{form}_say_that_it_is_not_capped", shown.out, shown.err)
ok(seen["winsorized"]["units_above"] == sum(amount > cap for amount in amounts), "and_how_many_are_above")
near(seen["control"]["value"], mean([min(unit["amount"], cap) for unit in sound if unit["arm"] == "blue"]), "whose_mean_is_less")
near(found["metrics"][1]["control"]["value"], mean([unit["amount"] for unit in sound if unit["arm"] == "blue"]),
     "while_others_are_as_they_are")

# ------------------------------------------------------------------------------------------------------------- ranks

few = draw(40, effect=4)
found = analyze(plain, logs(few), "-m", "ranked", "-m", "spent")
blue, green = ([unit["amount"] for unit in few if unit["arm"] == arm] for arm in ("blue", "green"))
pairs = sorted(y - x for x in blue for y in green)
middle = len(pairs) // 2
ranked = variant(found, "ranked")
near(ranked["difference"], pairs[middle] if len(pairs) % 2 else (pairs[middle - 1] + pairs[middle]) / 2, "the_shift_is_a_median")
near(ranked["superiority"], sum((y > x) + (y == x) / 2 for x in blue for y in green) / len(pairs), "how_often_one_is_above")
ok(ranked["method"] == "Mann-Whitney, exact" and variant(found)["method"] != ranked["method"], "a_metric_has_its_own_method")


def chances(n, m):
    """How many of all orders have each U, by counting."""
    counts = {(0, j): [1] for j in range(m + 1)}
    for i in range(n + 1):
        for j in range(m + 1):
            if i and j:
                one, other = counts[i - 1, j], counts[i, j - 1]
                counts[i, j] = [(one[u - j] if 0 <= u - j < len(one) else 0) + (other[u] if u < len(other) else 0)
                                for u in range(i * j + 1)]
            elif i:
                counts[i, j] = [1]
    return counts[n, m]


orders = chances(len(green), len(blue))
u = ranked["superiority"] * len(pairs)
near(ranked["p"], min(1, 2 * sum(orders[round(max(u, len(pairs) - u)):]) / sum(orders)), "and_its_p_is_exact")
bound = 0
while sum(orders[:bound + 1]) / sum(orders) <= 0.025:
    bound += 1
near(ranked["difference_interval"][0], pairs[bound - 1], "as_is_its_lower_bound")
near(ranked["difference_interval"][1], pairs[-bound], "and_the_upper_one")
finish()
