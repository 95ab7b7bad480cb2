#!/usr/bin/env python3
"""`ffreplay analyze` where something is missing, wrong or another than it was: it never fails silently, shows no
number that it does not have, and says what it does not know."""
import json
import os
import random
import subprocess

import lab
from hostile_rows import ROUNDS, hostile_row, sealed
from lab import FFREPLAY, SCRATCH, Result, finish, ok, write

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
DAY = 86400
START = 1_700_000_000
METHODS = ("sequential", "fixed", "group_sequential", "bayesian")

DEFINITIONS = """\
project: {{name: lab, environments: [production], bucket_by: user_id}}
attributes: {{user_id: string}}
logs:
  exposures: {{format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}}
  outcomes: {{format: ndjson, time: t, unit: user_id{id}}}
metrics:
  bought: {{kind: proportion, of: {{event: buy}}, per: unit, log: outcomes}}
  spent: {{kind: mean, value: amount, per: unit, agg: sum, log: outcomes}}
  capped: {{kind: mean, value: amount, per: unit, agg: sum, log: outcomes, winsorize: 99%}}
  ranked: {{kind: mean, value: amount, per: unit, agg: sum, log: outcomes, method: mann_whitney}}
  price: {{kind: mean, value: amount, log: outcomes}}
  errors: {{kind: proportion, of: {{event: fail}}, log: outcomes, better: lower}}
  ctr: {{kind: ratio, numerator: clicks, denominator: views, log: outcomes}}
  p90: {{kind: quantile, q: 0.9, value: amount, per: unit, agg: sum, log: outcomes}}
  median: {{kind: quantile, q: 0.5, value: amount, log: outcomes}}
flags:
  knob: {{owner: lab}}
  button:
    owner: lab
    type: string
    variants: {{{variants}}}
    default: v0
    experiment:
      split: {{{split}}}
      control: v0
      primary: bought
      metrics: [spent, capped, ranked, price, errors, ctr, p90, median]
      guards: [{{metric: spent, max_decrease: 10%}}]
      min_samples: 200
      state: running
"""


def project(arms=2, identity=""):
    directory = os.path.join(lab.SCRATCH, f"arms-{arms}{len(identity)}")
    os.makedirs(directory, exist_ok=True)
    each = 100 // arms
    with open(os.path.join(directory, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write(DEFINITIONS.format(
            variants=", ".join(f"v{i}: v{i}" for i in range(arms)), id=identity,
            split=", ".join(f"v{i}: {each if i else 100 - each * (arms - 1)}%" for i in range(arms))))
    return directory


def exposed(unit, arm, after=0, flag="button"):
    return {"t": START + after, "user_id": f"u{unit}", "flag": flag, "variant": f"v{arm}"}


rng = random.Random(7)


def outcome(unit, after, **keys):
    return {"t": START + after, "user_id": f"u{unit}", "event": rng.choice(["buy", "fail", "look"]),
            "amount": round(rng.random() * 9, 2), "clicks": rng.randrange(3), "views": 3, **keys}


def lines_of(lines):
    return [line if isinstance(line, str) else json.dumps(line) for line in lines]


def analyze(directory, exposures, outcomes, *arguments):
    logs = [f"exposures={write('e.ndjson', lines_of(exposures))}", f"outcomes={write('o.ndjson', lines_of(outcomes))}"]
    command = [FFREPLAY, "analyze", "button", "-C", directory, "-e", "production", *logs]
    found = Result(subprocess.run([*command, "--json", *arguments], capture_output=True))
    text = Result(subprocess.run([*command, *arguments], capture_output=True))
    ok(found.status == text.status and found.status in (0, 2), "it_ends", found.status, found.err)
    ok(max(map(len, text.out.splitlines()), default=0) <= 100, "the_page_is_as_wide_as_pages_are", text.out)
    ok("nan" not in text.out.lower().split() and "inf" not in text.out.lower().split(), "no_nan_is_shown", text.out)
    found.text = text.out
    return found


def metric(found, name):
    return next(each for each in found.json["metrics"] if each["name"] == name)


def notes(found):
    return "\n".join(found.json["notes"])


def shows_nothing(found, but=()):
    """No effect is significant, and what was not measured has no p but 1."""
    for each in found.json["metrics"]:
        for variant in each["variants"]:
            ok(not variant["significant"] or each["name"] in but, f"nothing_is_shown_of_{each['name']}", variant)
            ok(variant["verdict"] != "insufficient" or (variant["p"] == 1 or variant["why"] in ("too skewed", "too few units")),
               f"nothing_is_known_of_{each['name']}", variant)
    ok(found.json["decision"] == "running" and found.json["winner"] is None, "nothing_is_decided", found.json["reasons"])


TWO = project()
EXPOSED = [exposed(i, i % 2, i * 40) for i in range(1000)]
OUTCOMES = [outcome(i, i * 40 + 9) for i in range(1000)]
healthy = analyze(TWO, EXPOSED, OUTCOMES)
ok(healthy.json["status"] == "running" and not healthy.json["quality"]["issues"], "what_is_healthy_is", healthy.out)
ok("could not be read" not in notes(healthy) and "no unit" not in notes(healthy) and "lines" not in notes(healthy).replace(
   "1000 lines name a variant, but not what decided", ""), "and_nothing_is_said_of_it", notes(healthy))

# ----------------------------------------------------------------------------------------- arms

ten = analyze(project(10), [exposed(i, i % 10, i) for i in range(5000)], [outcome(i, i + 9) for i in range(5000)])
ok([len(each["variants"]) for each in ten.json["metrics"]] == [9] * 10, "ten_arms")
shows_nothing(ten)
ok(all(f"v{i} is not shown to be better" in ten.text for i in range(1, 10)), "each_is_named", ten.text)

none = analyze(project(3), [exposed(i, i % 2, i) for i in range(600)], OUTCOMES[:600])
ok(none.json["units"]["v2"] == 0 and none.json["status"] == "unhealthy" and "0 in v2" in none.json["quality"]["issues"][0],
   "an_arm_without_units_is_a_mismatch", none.json["quality"])
for each in none.json["metrics"]:
    ok(each["variants"][1]["value"] is None and each["variants"][1]["why"] == "no value", f"which_has_no_{each['name']}")

single = {method: analyze(TWO, [exposed(0, 0), exposed(1, 1)], [outcome(0, 9), outcome(1, 9)], "--method", method)
          for method in METHODS}
for method, found in single.items():
    shows_nothing(found)
    ok(found.json["units"] == {"v0": 1, "v1": 1} and "units in the smallest arm" in found.json["reasons"][0],
       f"one_unit_an_arm_by_{method}", found.json["reasons"])

# ----------------------------------------------------------------------------------- nothing there

for name, exposures, outcomes in (("nothing", [], []), ("no_exposures", [], OUTCOMES)):
    found = analyze(TWO, exposures, outcomes)
    ok(found.status == 2 and "no unit was exposed to 'button'" in found.err, f"an_analysis_of_{name}", found.err)
bare = analyze(TWO, EXPOSED, [])
shows_nothing(bare)
ok("no unit of the experiment has a line that counts for bought, spent" in notes(bare), "outcomes_that_are_missing",
   notes(bare))
strangers = analyze(TWO, EXPOSED, [{**line, "user_id": "x" + line["user_id"]} for line in OUTCOMES])
ok("no unit of the experiment has a line" in notes(strangers) and strangers.json["left_out"]["not_exposed"] == 1000,
   "outcomes_of_other_units", notes(strangers))

# ---------------------------------------------------------------------------------------- values

odd = lines_of(OUTCOMES)
for place, literal in enumerate(["NaN", "Infinity", "-Infinity", "1e400", "\"NaN\"", "\"12,5\"", "null", "true"]):
    odd[place] = odd[place].replace(f'"amount": {OUTCOMES[place]["amount"]}', f'"amount": {literal}')
found = analyze(TWO, EXPOSED, odd)
kept = [line["amount"] for line in OUTCOMES[8:]]
for name, units in ("spent", 500), ("price", None):
    for arm, each in enumerate([metric(found, name)["control"], metric(found, name)["variants"][0]]):
        values = kept[arm::2]
        wanted = sum(values) / (units or len(values))
        ok(abs(each["value"] - wanted) < 1e-9, f"numbers_that_are_none_count_for_nothing_in_{name}", each, wanted)
ok("values that could not be read do not count: spent (5), " in notes(found), "and_are_counted", notes(found))
bad = found.json["input"]["bad"]["unparsable"]
ok(bad == 2 and "not valid JSON" in found.err, "lines_with_what_JSON_has_not_are_bad", bad, found.err)
many = [line.replace('"amount": ', '"amount": "x') .replace(', "clicks"', '", "clicks"') if i % 3 == 0 else line
        for i, line in enumerate(lines_of(OUTCOMES))]
found = analyze(TWO, EXPOSED, many)
ok(metric(found, "spent")["variants"][0]["why"] == "unreadable" and metric(found, "bought")["variants"][0]["n"] == 500,
   "many_of_them_leave_no_metric", metric(found, "spent"))
huge = lines_of([{**line, "amount": 1e300} if i == 1 else line for i, line in enumerate(OUTCOMES)])
found = analyze(TWO, EXPOSED, huge)
ok(metric(found, "spent")["variants"][0]["why"] == "too large" and metric(found, "spent")["variants"][0]["p"] == 1,
   "a_number_too_large_to_be_squared", metric(found, "spent"))
for method in METHODS:
    zero = analyze(TWO, EXPOSED, [{**line, "amount": 0, "clicks": 0, "event": "look"} for line in OUTCOMES], "--method",
                   method)
    shows_nothing(zero)
    for name in "spent", "capped", "price", "ctr":
        ok(metric(zero, name)["control"]["value"] == 0 and metric(zero, name)["variants"][0]["why"] == "no spread",
           f"all_zero_in_{name}_by_{method}", metric(zero, name))

# --------------------------------------------------------------------------------- other names, others' lines

renamed = analyze(TWO, [line if i < 500 else {**line, "variant": line["variant"].replace("v", "w")}
                        for i, line in enumerate(EXPOSED)], OUTCOMES)
ok(renamed.json["units"] == {"v0": 250, "v1": 250} and renamed.json["left_out"]["not_exposing"]["other_variant"] == 500,
   "a_renamed_variant_counts_for_nobody", renamed.json["left_out"])
ok("500 lines name a variant that is none of this experiment's" in notes(renamed), "which_is_said", notes(renamed))
moved = analyze(TWO, [line if i < 500 else {**line, "flag": "knob"} for i, line in enumerate(EXPOSED)], OUTCOMES)
ok(moved.json["units"] == {"v0": 250, "v1": 250} and "was it renamed?" in notes(moved), "a_renamed_flag", notes(moved))
# By `ffc rename`, which the ledger has: lines of either name are the flag's, and its start is found.
LEDGER = project(2, " ")
with open(os.path.join(LEDGER, "flags.yaml"), encoding="utf-8") as file:
    text = file.read().replace("state: running", "state: draft").replace("  button:", "  knopf:")
with open(os.path.join(LEDGER, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(text)
for command in (["experiment", "start", "knopf", "-e", "production"], ["rename", "knopf", "bouton"],
                ["rename", "bouton", "button"]):
    done = Result(subprocess.run([FFC, *command, "-C", LEDGER, "--reason", "a test"], capture_output=True))
    ok(done.status == 0, " ".join(command[:2]), done.err)
names = ("knopf", "bouton", "button")
told = analyze(LEDGER, [{**line, "flag": names[i * 3 // 1000]} for i, line in enumerate(EXPOSED)], OUTCOMES)
ok(told.json["units"] == {"v0": 500, "v1": 500} and told.json["metrics"] == healthy.json["metrics"],
   "lines_of_each_name_that_it_had", told.json["units"])
ok("this flag was called 'bouton' before" in notes(told) and told.json["experiment"]["started"] is not None and
   not told.json["experiment"]["terms_changed"], "which_is_said_and_its_start_is_known", told.json["experiment"])
with open(os.path.join(LEDGER, "flags.yaml"), encoding="utf-8") as file:
    text = file.read()
with open(os.path.join(LEDGER, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(text.replace("  knob: {owner: lab}", "  knob: {owner: lab}\n  bouton: {owner: lab}"))
other = analyze(LEDGER, [{**line, "flag": "bouton" if i % 2 else "button"} for i, line in enumerate(EXPOSED)], OUTCOMES)
ok(other.json["units"] == {"v0": 500, "v1": 0} and "was called" not in notes(other), "a_name_that_another_flag_has_now",
   other.json["units"])

# A column of numbers with gaps is one of floating point to many a program: 4.0 is another unit than 4.
def numbered(lines, written):
    return [{**line, "user_id": written(int("".join(filter(str.isdigit, str(line["user_id"])))))} for line in lines]


told = analyze(TWO, numbered(EXPOSED, int), numbered(OUTCOMES, int))
ok("like 4.0" not in notes(told), "units_that_are_whole_numbers", notes(told))
same = analyze(TWO, numbered(EXPOSED, float), numbered(OUTCOMES, float))
ok("like 4.0" not in notes(same) and same.json["metrics"][0] == told.json["metrics"][0], "and_of_floating_point", notes(same))
half = [line if i % 2 else {**line, "user_id": float(line["user_id"])} for i, line in enumerate(numbered(OUTCOMES, int))]
for one, other, what in ((numbered(EXPOSED, int), half, f"{len(half) - len(half) // 2} lines of metrics name a unit like 4.0"),
                         (numbered(EXPOSED, float), numbered(OUTCOMES, int), "lines of exposures name a unit like 4.0")):
    mixed = analyze(TWO, one, other)
    ok(what in notes(mixed), what.split(" name")[0].replace(" ", "_"), notes(mixed))

both = analyze(TWO, EXPOSED + [{**line, "flag": "knob"} for line in EXPOSED], OUTCOMES)
ok("renamed" not in notes(both) and both.json["metrics"] == healthy.json["metrics"], "other_flags_are_others", notes(both))
blank = analyze(TWO, EXPOSED + [{**line, "user_id": None} for line in EXPOSED[:7]], OUTCOMES)
ok("7 lines of the flag have no unit" in notes(blank), "lines_without_a_unit", notes(blank))

# ---------------------------------------------------------------------------------- twice, and in two arms

WITH_ID = project(2, ", id: request")
twice = [{**line, "request": f"r{i}"} for i, line in enumerate(OUTCOMES)]
found = analyze(WITH_ID, EXPOSED + EXPOSED, twice + twice)
ok(found.json["left_out"]["duplicate"] == 1000 and found.json["metrics"] == healthy.json["metrics"],
   "what_is_there_twice_counts_once", found.json["left_out"])
crossing = analyze(TWO, EXPOSED + [exposed(i, (i + 1) % 2, i * 40 + 3) for i in range(0, 1000, 5)], OUTCOMES)
ok(crossing.json["status"] == "unhealthy" and crossing.json["quality"]["crossovers"] == 200 and
   crossing.json["units"] == {"v0": 400, "v1": 400}, "units_that_change_their_arm", crossing.json["quality"])
few = analyze(TWO, EXPOSED + [exposed(i, (i + 1) % 2, i * 40 + 3) for i in range(5)], OUTCOMES)
ok(few.json["status"] == "running" and few.json["left_out"]["units"]["crossover"] == 5, "a_few_are_left_out",
   few.json["left_out"])

# ---------------------------------------------------------------------------------------- clocks

behind = analyze(TWO, EXPOSED, [{**line, "t": line["t"] - 3600} for line in OUTCOMES])
ok("do all logs have the same clock?" in notes(behind) and behind.json["left_out"]["before_exposure"] == 1000,
   "a_clock_that_is_behind", notes(behind))
shows_nothing(behind)
ahead = analyze(TWO, EXPOSED, [{**line, "t": line["t"] + 3600} for line in OUTCOMES])
ok(ahead.json["metrics"] == healthy.json["metrics"], "one_that_is_ahead_loses_no_outcome", ahead.json["left_out"])

LOCAL = project(2, "  ")
with open(os.path.join(LOCAL, "flags.yaml"), encoding="utf-8") as file:
    text = file.read()
forced = text.replace("variant: variant", "context: {user_id: user_id}").replace("    experiment:", "    users: {v1: [u1]}\n    experiment:")
for zone in ("Asia/Tokyo", "America/New_York"):
    with open(os.path.join(LOCAL, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write(forced.replace("      control: v0\n", f"      control: v0\n      zone: {zone}\n"))
    nobody = analyze(LOCAL, [exposed(1, 1)], OUTCOMES)
    ok(nobody.json["units"] == {"v0": 0, "v1": 0} and nobody.json["left_out"]["units"]["forced"] == 1,
       f"nobody_but_whom_a_list_decides_for_in_{zone}", nobody.out)
# There, clocks went from 00:01 back to 23:01 at 02:31 UTC: what was exposed a minute earlier, was so the day after.
with open(os.path.join(LOCAL, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(text.replace("      control: v0\n", "      control: v0\n      zone: America/St_Johns\n"))
back = analyze(LOCAL, [{**exposed(i, i % 2), "t": 1162085430 + 400 * i} for i in range(12)], OUTCOMES)
ok(back.json["units"] == {"v0": 6, "v1": 6}, "a_day_that_comes_again", back.out)
beyond = analyze(TWO, EXPOSED + [{**exposed(5000, 1), "t": t} for t in ("9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z")], OUTCOMES)
ok(beyond.json["units"] == {"v0": 500, "v1": 501}, "times_that_nobody_has", beyond.json["units"])
with open(os.path.join(LOCAL, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(text.replace("time: t,", "time: {from: t, unit: ms},"))
last, most = 253402300799999, (2**63 - 1) // 4
for time in (last, last + 1, most, most + 1, 2**63 - 1):
    ms = [{**line, "t": line["t"] * 1000} for line in EXPOSED] + [{**exposed(5000, 1), "t": time}]
    far = analyze(LOCAL, ms, [{**line, "t": line["t"] * 1000} for line in OUTCOMES])
    ok(far.json["units"]["v1"] == 500 + (time <= most) and ("no time" in far.err) == (time > most), f"the_time_{time}", far.err)

# -------------------------------------------------------------------------------- changed aggregates

WHO = ["button", "-C", TWO, "-e", "production"]


def from_rows(rows, *arguments):
    path = os.path.join(SCRATCH, "changed.agg")
    with open(path, "wb") as out:
        out.write(sealed(rows))
    return Result(subprocess.run([FFREPLAY, "analyze", *WHO, "--from", path, *arguments], capture_output=True))


logs = [f"exposures={write('e.ndjson', lines_of(EXPOSED[:60]))}", f"outcomes={write('o.ndjson', lines_of(OUTCOMES[:60]))}"]
done = subprocess.run([FFREPLAY, "aggregate", *WHO, *logs, "--units"], capture_output=True)
ok(done.returncode == 0, "they_are_aggregated", done.stderr.decode())
rows = done.stdout.splitlines()[:-1]
asked = Result(subprocess.run([FFREPLAY, "analyze", *WHO, *logs], capture_output=True))
ok(from_rows(rows).out == asked.out and asked.status == 0, "and_tell_the_same", from_rows(rows).err)


def changed(key, change):
    """The rows, of which those with such a key are others."""
    return [json.dumps(change(json.loads(row))).encode() if json.loads(row)["key"].startswith(key) else row for row in rows]


for shift in (400 * DAY * 1000, -400 * DAY * 1000):
    def moved_row(row):
        for log in row.get("exposed", {}).values():
            log["first"] += shift
        return row
    outside = from_rows(changed("units/button/", moved_row))
    ok(outside.status == 2 and "first exposed when no line exposes any" in outside.err, f"exposures_off_by_{shift}", outside.err)

hostile_rng = random.Random(int(os.environ.get("SEED", "1")))
crashes = []
for number in range(ROUNDS):
    damaged = list(rows)
    wanted = [at for at, row in enumerate(rows) if row.startswith(b'{"key":"experiment')]
    for _ in range(hostile_rng.choice((1, 1, 2, 5))):
        at = hostile_rng.choice(wanted) if hostile_rng.random() < 0.5 else hostile_rng.randrange(len(rows))
        damaged[at] = hostile_row(damaged[at], hostile_rng)
    done = from_rows(damaged)
    if done.status not in (0, 1, 2) or done.status and not done.err:
        crashes.append((number, done.status, done.err[:500]))
ok(not crashes, "changed_rows_crash_nothing", crashes[:3], len(crashes))

finish()
