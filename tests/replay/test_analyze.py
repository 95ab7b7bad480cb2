#!/usr/bin/env python3
"""`ffreplay analyze`: an experiment from logs of exposures and outcomes. Who is in it, since when and with what
result is computed here again from the lines; the effects, from formulae written out below."""
import csv
import json
import math
import os
import random
import subprocess

import lab
from lab import FFREPLAY, Result, finish, ok, skip, write

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
DAY = 86400
START = 1_700_000_000

DEFINITIONS = """\
project: {{name: lab, environments: [production], bucket_by: user_id}}
attributes: {{user_id: string, country: string}}
logs:
  exposures: {{format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}}
  outcomes: {{format: ndjson, time: t, unit: user_id}}
metrics:
  bought: {{kind: proportion, of: {{event: buy}}, per: unit, log: outcomes}}
  spent: {{kind: mean, value: amount, per: unit, agg: sum, log: outcomes}}
  errors: {{kind: proportion, of: {{status: 500}}, log: outcomes, better: lower}}
  ctr: {{kind: ratio, numerator: clicks, denominator: views, log: outcomes}}
flags:
  button:
    owner: lab
    type: string
    variants: {{blue: blue, green: green{more}}}
    default: blue
    experiment:
      split: {split}
      control: blue
      primary: bought
      metrics: [spent]
      state: running
{keys}"""


def project(name, keys="", split="{blue: 50%, green: 50%}", more=""):
    directory = os.path.join(lab.SCRATCH, name)
    os.makedirs(directory, exist_ok=True)
    text = DEFINITIONS.format(split=split, more=more, keys="".join(f"      {line}\n" for line in keys.splitlines()))
    with open(os.path.join(directory, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
    return directory


def analyze(directory, *arguments, flag="button"):
    return Result(subprocess.run([FFREPLAY, "analyze", flag, "-C", directory, "-e", "production", *arguments],
                                 capture_output=True))


def equal(got, wanted, name, *details):
    ok(got == wanted, name, f"{got!r} is not {wanted!r}", *details)


def line(**fields):
    return json.dumps(fields)


def experiment(units, rates, seed=1, days=10, spend=10.0):
    """Exposures and outcomes of so many units: those of an arm buy at its rate."""
    rng = random.Random(seed)
    exposures, outcomes = [], []
    for i in range(units):
        user, arm = f"u{i}", rng.choice(list(rates))
        at = START + int(rng.random() * days * DAY)
        for again in range(rng.choice([1, 1, 3])):
            exposures.append(line(t=at + again * 60, user_id=user, flag="button", variant=arm))
        if rng.random() < rates[arm]:
            outcomes.append(line(t=at + rng.randint(1, DAY), user_id=user, event="buy",
                                 amount=round(rng.expovariate(1 / spend), 2)))
    return exposures, outcomes


def logs(exposures, outcomes, name="log"):
    return [f"exposures={write(name + '-e.ndjson', exposures)}", f"outcomes={write(name + '-o.ndjson', outcomes)}"]


def metric(result, name):
    return next(found for found in result.json["metrics"] if found["name"] == name)


def variant(result, name, of="green"):
    return next(found for found in metric(result, name)["variants"] if found["name"] == of)


def near(found, wanted, name, tolerance=1e-9):
    ok(found is not None and abs(found - wanted) <= tolerance * abs(wanted) + 1e-12, name, f"{found} is not {wanted}")


# ------------------------------------------------------------------------------- who is in it, and since when

plain = project("plain")
exposures = [line(t=START + 100, user_id="a", flag="button", variant="blue"),
             line(t=START + 50, user_id="a", flag="button", variant="blue"),  # its first, out of order
             line(t=START + 10, user_id="b", flag="button", variant="green"),
             line(t=START + 10, user_id="c", flag="button", variant="green"),
             line(t=START + 20, user_id="c", flag="button", variant="blue"),  # in both: out
             line(t=START + 10, user_id="d", flag="button", variant="green"),
             line(t=START + 10, user_id="e", flag="other", variant="green"),
             line(t=START + 10, user_id="f", flag="button", variant="purple"),
             line(t=START + 10, flag="button", variant="green")]
outcomes = [line(t=START + 49, user_id="a", event="buy", amount=1000),  # before its exposure
            line(t=START + 50, user_id="a", event="buy", amount=7),
            line(t=START + 60, user_id="a", event="buy", amount=3),
            line(t=START + 60, user_id="b", event="look"),
            line(t=START + 60, user_id="c", event="buy", amount=500),
            line(t=START + 60, user_id="e", event="buy", amount=500),
            line(t=START + 60, event="buy", amount=500)]
result = analyze(plain, *logs(exposures, outcomes), "--json", "--method", "fixed")
equal(result.status, 0, "a_few_lines_are_analyzed", result.err)
equal(result.json["units"], {"blue": 1, "green": 2}, "units_by_arm")
left_out = result.json["left_out"]
equal({cause: count for cause, count in left_out.items() if isinstance(count, int) and count},
      {"before_exposure": 1, "crossover": 1, "not_exposed": 1, "no_unit": 1}, "outcomes_left_out")
equal((left_out["units"], left_out["not_exposing"]["other_variant"], left_out["not_exposing"]["no_unit"]),
      ({"crossover": 1, "forced": 0}, 1, 1), "exposures_left_out")
spent = metric(result, "spent")
near(spent["control"]["value"], 10, "outcomes_from_the_exposure_on_are_added_up")
near(spent["variants"][0]["value"], 0, "who_bought_nothing_has_spent_nothing")
equal((spent["variants"][0]["n"], spent["variants"][0]["measured"]), (2, 0), "and_counts")
near(metric(result, "bought")["control"]["value"], 1, "shares_are_of_all_units_exposed")

# ------------------------------------------------------------------------- many arms, and units that were forced


def many(count):
    names = ["blue", "green"] + [f"v{i}" for i in range(2, count)]
    more = "".join(f", {name}: {name}" for name in names[2:])
    split = ", ".join(f"{name}: {100 / 32}%" for name in names)
    return names, project(f"many-{count}", split=f"{{{split}}}", more=more)


names, wide = many(32)
exposures = [line(t=START + i, user_id=f"{name}-{unit}", flag="button", variant=name)
             for i, name in enumerate(names) for unit in range(i + 1)]
for user, seen in ("all", names), ("two", names[-2:]), ("ends", [names[-1], names[0], names[-1]]):
    exposures += [line(t=START, user_id=user, flag="button", variant=name) for name in seen]
outcomes = [line(t=START + 99, user_id=user, event="buy", amount=5) for user in ("all", "v31-0", "v31-31")]
result = analyze(wide, *logs(exposures, outcomes), "--json")
equal(result.json["units"], {name: i + 1 for i, name in enumerate(names)}, "32_arms_have_their_units", result.err)
equal(result.json["left_out"]["units"], {"crossover": 3, "forced": 0}, "whoever_is_in_several_is_in_none")
equal(result.json["left_out"]["crossover"], 1, "nor_is_what_came_of_it")
near(next(v for v in metric(result, "spent")["variants"] if v["name"] == "v31")["value"], 10 / 32, "the_last_arm")

evaluated = project("evaluated", keys="users: {green: [u5, u6]}")
with open(os.path.join(evaluated, "flags.yaml"), encoding="utf-8") as file:
    text = file.read().replace("variant: variant", "context: {user_id: user_id}").replace("      users:", "    users:")
with open(os.path.join(evaluated, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(text)
exposures = [line(t=START + i, user_id=f"u{i}", flag="button") for i in range(40)]
outcomes = [line(t=START + 99, user_id=f"u{i}", event="buy", amount=5) for i in (4, 5, 6)]
result = analyze(evaluated, *logs(exposures, outcomes), "--json")
equal((sum(result.json["units"].values()), result.json["left_out"]["units"], result.json["left_out"]["forced"]),
      (38, {"crossover": 0, "forced": 2}, 2), "units_that_a_list_decides_for_are_forced", result.err)

# ------------------------------------------------------------------------- the same bytes, however it is read

exposures, outcomes = experiment(6000, {"blue": 0.10, "green": 0.14})
whole = analyze(plain, *logs(exposures, outcomes), "--json").out
rng = random.Random(7)
rng.shuffle(exposures)
rng.shuffle(outcomes)
half = len(exposures) // 2
first, second = logs(exposures[:half], outcomes[:99], "first"), logs(exposures[half:], outcomes[99:], "second")
for threads in "1", "2", "5":
    shuffled = analyze(plain, second[1], first[0], second[0], first[1], "--json", "--threads", threads)
    equal(shuffled.out, whole, f"shuffled_in_pieces_with_{threads}_threads_it_is_the_same", shuffled.err)

# ----------------------------------------------------------------------------------------------- its decisions


def decision(keys, rates, units=6000, seed=1, **more):
    found = analyze(project("decided", keys, **more), *logs(*experiment(units, rates, seed)), "--json",
                    "--exit-code")
    return found.json["decision"], found.json["status"], found.status, found


equal(decision("", {"blue": 0.10, "green": 0.16})[:3], ("ship", "ready", 0), "what_is_better_is_shipped")
equal(decision("", {"blue": 0.10, "green": 0.10})[:3], ("running", "running", 10), "chance_is_not")
found = decision("min_samples: 4000", {"blue": 0.10, "green": 0.16})
equal(found[:3], ("running", "running", 10), "not_before_min_samples")
ok("of 'min_samples' 4000" in found[3].json["reasons"][0], "which_is_said", found[3].json["reasons"])
ok(2 < found[3].json["days_left"] < 5, "and_when_they_will_be_there", found[3].json["days_left"])
equal(decision("min_duration: 20d", {"blue": 0.10, "green": 0.16})[:3], ("running", "running", 10),
      "not_before_min_duration")
equal(decision("mde: 60%", {"blue": 0.20, "green": 0.20}, 9000)[:3], ("no_difference", "ready", 12),
      "what_lies_within_mde_makes_no_difference")
equal(decision("guards: [{metric: spent, max_decrease: 10%}]\n", {"blue": 0.30, "green": 0.10})[:3],
      ("stop", "ready", 20), "what_is_worse_stops_it")
found = decision("", {"blue": 0.10, "green": 0.16}, split="{blue: 40%, green: 60%}")
equal(found[:3], ("running", "unhealthy", 21), "a_sample_ratio_mismatch_decides_nothing")
ok("sample ratio mismatch" in found[3].json["quality"]["issues"][0], "and_is_named")
ok(variant(found[3], "bought")["significant"], "its_effects_are_shown_all_the_same")

# -------------------------------------------------------- guards are shown to hold, or hold nothing up silently

guarded = project("guarded", "guards: [{metric: errors, max_increase: {abs: 5%}}]\n")
exposures, outcomes = experiment(8000, {"blue": 0.10, "green": 0.16})
served = [line(t=START + 11 * DAY, user_id=f"u{i}", status=500 if i % 50 == 0 else 200) for i in range(8000)]
result = analyze(guarded, *logs(exposures, outcomes + served), "--json")
equal((result.json["decision"], variant(result, "errors")["verdict"]), ("ship", "non_inferior"),
      "a_guard_within_its_margin", result.err)
result = analyze(guarded, *logs(exposures, outcomes), "--json")
equal((result.json["decision"], variant(result, "errors")["verdict"]), ("running", "insufficient"),
      "a_guard_without_data_never_passes")
ok("errors" in result.json["reasons"][0], "and_is_named", result.json["reasons"])

# --------------------------------------------------------------- many comparisons are paid for: three variants

three = {"blue": 0.10, "green": 0.10, "red": 0.14}
result = analyze(project("three", split="{blue: 34%, green: 33%, red: 33%}", more=", red: red"),
                 *logs(*experiment(9000, three)), "--json", "--method", "fixed")
raw, paid = variant(result, "bought", "red")["p"], variant(result, "bought", "red")["p_adjusted"]
near(paid, min(1, 2 * raw), "holm_over_the_variants")
equal(result.json["winner"], "red", "the_better_of_two_wins")

# ------------------------------------------------------------------- evaluated again is the same as it was logged

again = project("again", "if: {country: [SE, NO]}\n")
with open(os.path.join(again, "flags.yaml"), encoding="utf-8") as file:
    text = file.read()
text = text.replace("  outcomes:", "  requests: {format: ndjson, time: t, context: {user_id: user_id, country: country}}\n"
                    "  outcomes:")
with open(os.path.join(again, "flags.yaml"), "w", encoding="utf-8") as file:
    file.write(text)
context = [{"user_id": f"u{i}", "country": "SE" if i % 4 else "DE"} for i in range(2000)]
requests = [line(t=START + i, **who) for i, who in enumerate(context)]
evaluated = subprocess.run([FFC, "eval", "button", "-C", again, "-e", "production", "--contexts",
                            write("contexts.ndjson", [json.dumps(who) for who in context]), "--json"],
                           capture_output=True, check=False)
told = [json.loads(answer) for answer in evaluated.stdout.splitlines()]
wanted = {"blue": 0, "green": 0}
for answer in told:
    if answer["reason"] == "SPLIT":
        wanted[answer["variant"]] += 1
bought = [line(t=START + DAY, user_id=f"u{i}", event="buy", amount=1) for i in range(0, 2000, 3)]
result = analyze(again, f"requests={write('requests.ndjson', requests)}",
                 f"outcomes={write('bought.ndjson', bought)}", "--json")
equal(result.json["units"], wanted, "units_are_those_that_the_library_divides", result.err)
equal(result.json["left_out"]["not_exposing"]["not_in_experiment"], 500, "others_are_not_in_it")

# ------------------------------------------------- a key that several attributes make is put together on each line

pair = project("pair")
path = os.path.join(pair, "flags.yaml")
with open(path, encoding="utf-8") as file:
    text = file.read()
text = (text.replace("bucket_by: user_id", "bucket_by: {join: [country, user_id], with: '.'}")
        .replace("unit: user_id, flag", "context: {user_id: u, country: c}, flag")
        .replace("time: t, unit: user_id}", "time: t, context: {user_id: who, country: from}}"))
with open(path, "w", encoding="utf-8") as file:
    file.write(text)
joined = logs([line(t=START, u="1", c="SE", flag="button", variant="green"),
               line(t=START, u="1", c="NO", flag="button", variant="blue"),
               line(t=START, u="2", flag="button", variant="blue")],
              [line(t=START + 1, who="1", **{"from": "SE"}, event="buy", amount=4),
               line(t=START + 1, who="1", **{"from": "DE"}, event="buy", amount=4),
               line(t=START + 1, who="1", event="buy", amount=4)], "pair")
result = analyze(pair, *joined, "--json", "--method", "fixed")
equal(result.json["units"] if result.out else None, {"blue": 1, "green": 1}, "a_joined_key_is_one_unit", result.err)
equal((result.json["left_out"]["not_exposed"], result.json["left_out"]["no_unit"]), (1, 1),
      "and_without_a_part_there_is_none")

# ---------------------------------------------------- the interval that is shown agrees with what is judged

edges, apart, noted = project("edges"), [], []
for seed in range(24):
    rng = random.Random(seed)
    exposures, outcomes = [], []
    for i in range(240):
        arm = "green" if i % 2 else "blue"
        exposures.append(line(t=START, user_id=f"u{i}", flag="button", variant=arm))
        amount = rng.lognormvariate(1, 0.8) * (1.24 if arm == "green" else 1)
        outcomes.append(line(t=START + 5, user_id=f"u{i}", event="buy", amount=amount))
    given = logs(exposures, outcomes, "edges")
    for method in ("fixed", "group_sequential", "sequential"):
        result = analyze(edges, *given, "--json", "--method", method)
        for judged in result.json["metrics"] if result.out else []:
            effect = judged["variants"][0]
            low, high = effect["relative_interval"] or (None, None)
            below, above = effect["difference_interval"] or (None, None)
            if None in (low, high, below, above) or (low > 0 or high < 0) == (below > 0 or above < 0):
                continue
            if method == "sequential":
                noted.append(any("the difference is judged" in note for note in result.json["notes"]))
            else:
                apart.append((seed, method, effect))
equal(apart, [], "both_intervals_agree_on_whether_anything_changed")
equal(all(noted), True, "under_sequential_a_note_says_where_they_do_not")

# ------------------------------------------------------------------------------------ formulae, written out again

ctr = project("ctr")
rng = random.Random(3)
exposures, outcomes, seen = [], [], {"blue": [], "green": []}
for i in range(900):
    arm = "green" if i % 3 == 0 else "blue"
    exposures.append(line(t=START, user_id=f"u{i}", flag="button", variant=arm))
    views, before, amount = rng.randint(1, 9), rng.random() * 5, rng.random() * 9
    clicks = rng.randint(0, views)
    outcomes.append(line(t=START - 5, user_id=f"u{i}", amount=before))
    outcomes.append(line(t=START + 5, user_id=f"u{i}", amount=amount + before, views=views, clicks=clicks))
    seen[arm].append((clicks, views, before, amount + before))


def mean(values):
    return sum(values) / len(values)


def covariance(a, b):
    return sum((x - mean(a)) * (y - mean(b)) for x, y in zip(a, b)) / (len(a) - 1)


def columns(arm, *places):
    return [[row[place] for row in seen[arm]] for place in places]


def ratio_parts(arm):
    a, b = columns(arm, 0, 1)
    ratio = mean(a) / mean(b)
    spread = covariance(a, a) - 2 * ratio * covariance(a, b) + ratio ** 2 * covariance(b, b)
    return ratio, spread / mean(b) ** 2 / len(a)


result = analyze(ctr, *logs(exposures, outcomes), "--json", "--method", "fixed", "-m", "ctr", "-m", "spent", "--cuped")
(control, of_control), (treated, of_treated) = ratio_parts("blue"), ratio_parts("green")
near(variant(result, "ctr")["difference"], treated - control, "a_ratio_of_sums")
near(variant(result, "ctr")["difference_error"], math.sqrt(of_control + of_treated), "by_the_delta_method")
every = seen["blue"] + seen["green"]
before, after = [row[2] for row in every], [row[3] for row in every]
slope = covariance(before, after) / covariance(before, before)
found = variant(result, "spent")
near(found["slope"], slope, "cuped_takes_the_pooled_slope")
gap = [mean(columns("green", place)[0]) - mean(columns("blue", place)[0]) for place in (3, 2)]
near(found["difference"], gap[0] - slope * gap[1], "and_what_differed_before_away")
rest = sum(covariance(c, c) / len(c)
           for c in ([row[3] - slope * row[2] for row in seen[arm]] for arm in ("blue", "green")))
near(found["difference_error"], math.sqrt(rest), "and_with_it_the_variance")

# ------------------------------------------------------------------------- others' constants, over others' data

RESEARCH = os.path.join(os.path.dirname(__file__), "../../../shared/research")
TABLE, CONSTANTS = (os.path.join(RESEARCH, name) for name in ("statistics-data.tsv", "statistics-constants.tsv"))


def constants_hold():
    with open(CONSTANTS, encoding="utf-8") as file:
        rows = [row.rstrip("\n").split("\t") for row in file][1:]
    known = {row[0]: float(row[1]) for row in rows}
    with open(TABLE, encoding="utf-8") as file:
        head, *rows = [row.rstrip("\n").split("\t") for row in file]
    exposed, measured = [], []
    for row in rows:
        unit = dict(zip(head, row))
        exposed.append(line(t=START, user_id=unit["unit"], flag="button", variant=unit["arm"]))
        measured.append(line(t=START - 9, user_id=unit["unit"], amount=float(unit["pre"])))
        measured.append(line(t=START + 9, user_id=unit["unit"], amount=float(unit["post"]),
                             clicks=int(unit["clicks"]), views=int(unit["sessions"]),
                             event="buy" if unit["converted"] == "1" else "look"))
    directory = project("constants", split="{control: 50%, b: 33.333%, c: 16.667%}", more="")
    path = os.path.join(directory, "flags.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("{blue: blue, green: green}", "{control: control, b: b, c: c}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("blue", "control"))
    given = logs(exposed, measured, "constants")
    metrics = [option for name in ("spent", "ctr", "bought") for option in ("-m", name)]
    found = {(method, cuped): analyze(directory, *given, *metrics, "--json", "--method", method, *cuped)
             for method in ("fixed", "sequential", "bayesian") for cuped in ((), ("--cuped",))}

    def held(name, value, tolerance=1e-9):
        near(value, known[name], f"constant_{name}", tolerance)

    for method, short in ("fixed", "fixed"), ("sequential", "seq"):
        for cuped, metric_name, prefix in ((), "spent", "mean"), (("--cuped",), "spent", "cuped"), ((), "ctr", "ratio"):
            seen_here = variant(found[method, cuped], metric_name, "b")
            for change, key in ("absolute", "difference"), ("relative", "relative"):
                held_here = {"lift": seen_here[key], "se": seen_here[key + "_error"],
                             "lower": seen_here[key + "_interval"][0], "upper": seen_here[key + "_interval"][1]}
                if change == "absolute":
                    held_here["p"] = seen_here["p"]
                for part, value in held_here.items():
                    name = f"{prefix}_{change}_{short}_{part}"
                    if name in known:
                        held(name, value)
    plain_fixed = found["fixed", ()]
    held("cuped_theta", variant(found["fixed", ("--cuped",)], "spent", "b")["slope"])
    held("conv_ratio_score_lower", 1 + variant(plain_fixed, "bought", "b")["relative_interval"][0])
    held("conv_ratio_score_upper", 1 + variant(plain_fixed, "bought", "b")["relative_interval"][1])
    believed = variant(found["bayesian", ()], "spent", "b")
    held("bayes_n0_0.3_chance_to_win", believed["chance_to_be_better"])
    held("bayes_n0_0.3_risk_treatment", believed["expected_loss"])
    held("bayes_n0_0.3_lower", believed["relative_interval"][0])
    held("bayes_n0_0.3_upper", believed["relative_interval"][1])


if os.path.exists(CONSTANTS):
    constants_hold()
else:
    skip("constants_of_others", "the data are not here")

# ---------------------------------------------------------------------------------------- what a user would meet

exposures, outcomes = experiment(500, {"blue": 0.1, "green": 0.1})
both = logs(exposures, outcomes)
page = analyze(plain, *both)
ok(page.out.startswith("running  button in production\n"), "the_decision_comes_first", page.out)
narrow = max(len(row) for row in page.out.splitlines())
ok(narrow <= 100, "the_page_is_no_wider_than_a_page", narrow)
mark = analyze(plain, *both, "--format", "markdown").out
ok(mark.count("|\n") == 4 and "| bought | primary | green |" in mark, "a_table_for_a_review", mark)
for arguments, said in (
        ((), "expected at least one log"),
        (("-",), "cannot be read twice"),
        ((both[1],), "no log that is given says who was served what"),
        ((both[0],), "no file is given of log 'outcomes'"),
        ((*both, "--method", "guess"), "--method is sequential, fixed, group_sequential or bayesian"),
        ((*both, "--control", "bleu"), "did you mean 'blue'"),
        ((*both, "--metric", "bouht"), "did you mean 'bought'"),
        ((*both, "--method", "group_sequential"), "how many units are planned"),
        ((*both, "--from", "2030-01-01T00:00:00Z"), "no unit was exposed"),
        ((*both, "--prior", "x", "--method", "bayesian"), "--prior is a standard deviation")):
    failed = analyze(plain, *arguments)
    ok(failed.status not in (0, 10) and said in failed.err, f"said: {said}", failed.err)
failed = analyze(project("idle", more=", red: red"), *both, "--control", "red")
equal((failed.status, failed.out), (2, ""), "a_control_without_a_share_is_compared_with_nothing", failed.err)
# --------------------------------------------------------------------------------- days, weeks, A/A, rows of units

exposures, outcomes = experiment(6000, {"blue": 0.10, "green": 0.10}, seed=21)
sound = analyze(plain, *logs(exposures, outcomes), "--json").json["quality"]["days"]
counted = {}
for text in exposures:
    fields = json.loads(text)
    day = counted.setdefault(fields["user_id"], [fields["t"], fields["variant"]])
    day[0] = min(day[0], fields["t"])
by_day = {}
for at, arm in counted.values():
    by_day.setdefault(at // DAY * DAY, {"blue": 0, "green": 0})[arm] += 1
equal([found["observed"] for found in sound], [by_day[day] for day in sorted(by_day)], "units_by_the_day_of_their_exposure")
ok(all(found["p"] > 0.001 for found in sound), "of_which_none_is_off", sound)


def lost(keeps):
    """Without the green exposures that `keeps` says no to, by day from the first."""
    return [text for text in exposures if json.loads(text)["variant"] == "blue" or keeps((json.loads(text)["t"] - START) // DAY)]


for name, keeps, says in (("from_a_day_on", lambda day: day < 6, "the ratio is off from 2023-11-21 on"),
                          ("on_two_days", lambda day: day not in (4, 5), "2 of 11 days: 2023-11-19, 2023-11-20"),
                          ("always", lambda day: False, "by about as much on each of 11 days")):
    result = analyze(plain, *logs(lost(keeps) if name != "always" else
                                  [text for i, text in enumerate(exposures) if i % 3 or "blue" in text], outcomes), "--json")
    ok(result.json["status"] == "unhealthy" and any(says in issue for issue in result.json["quality"]["issues"]),
       f"lost_{name}", result.json["quality"]["issues"])

same = project("same", "aa: true\nmin_samples: 100")
result = analyze(same, *logs(exposures, outcomes), "--json")
equal((result.json["status"], result.json["decision"]), ("running", "running"), "an_aa_experiment_without_a_difference")
ok("no metric is shown to differ, as it should be" in result.json["reasons"][0] and result.json["days_left"] is None,
   "which_says_so", result.json["reasons"])
result = analyze(same, *logs(*experiment(6000, {"blue": 0.10, "green": 0.16})), "--json", "--exit-code")
ok(result.status == 21 and any("an A/A experiment, and green differs in bought" in issue
                               for issue in result.json["quality"]["issues"]), "an_aa_experiment_with_one_is_unhealthy", result.out)
better = logs(*experiment(6000, {"blue": 0.10, "green": 0.16}, days=10))
for keys, wanted in (("whole_weeks: true", "ship"), ("whole_weeks: true\nmin_duration: 8d", "running"), ("min_duration: 8d", "ship")):
    result = analyze(project("weeks", keys), *better, "--json")
    equal(result.json["decision"], wanted, f"decided_with_{keys.split()[-1]}", result.json["reasons"])
short = analyze(project("nearly", "min_duration: 10d"), *better, "--json").json["reasons"]
ok(any("9.9 days, of 'min_duration' 10.0" in reason for reason in short), "days_are_not_rounded_up", short)
ok("of whole weeks, 14.0" in analyze(project("weeks", "whole_weeks: true\nmin_duration: 8d"), *better, "--json").out,
   "it_says_how_many_days_whole_weeks_are")

rows_path = os.path.join(lab.SCRATCH, "units.csv")
files = logs(*experiment(3000, {"blue": 0.10, "green": 0.16}), name="rows")
result = analyze(plain, *files, "--json", "--units", rows_path, "--metric", "bought", "--metric", "spent", "--metric", "ctr")
with open(rows_path, newline="") as file:
    rows = list(csv.DictReader(file))
equal(list(rows[0]), ["unit", "variant", "exposed", "bought", "spent", "ctr", "ctr of"], "columns_of_units")
for arm in ("blue", "green"):
    mine = [row for row in rows if row["variant"] == arm]
    found = metric(result, "spent")
    arms = [found["control"], *found["variants"]]
    equal(len(mine), result.json["units"][arm], f"a_row_for_each_unit_of_{arm}")
    near(sum(float(row["spent"]) for row in mine) / len(mine), arms[arm == "green"]["value"], f"whose_mean_is_that_of_{arm}")
    bought = metric(result, "bought")
    near(sum(int(row["bought"]) for row in mine) / len(mine), [bought["control"], *bought["variants"]][arm == "green"]["value"],
         f"and_whose_share_is_that_of_{arm}")
equal([row["unit"] for row in rows], sorted(row["unit"] for row in rows), "rows_are_in_the_order_of_hashes")
with open(rows_path, "rb") as file:
    whole = file.read()
analyze(plain, *reversed(files), "--units", rows_path, "--metric", "bought", "--metric", "spent", "--metric", "ctr", "--threads", "3")
with open(rows_path, "rb") as file:
    equal(file.read(), whole, "and_the_same_bytes_however_it_is_read")
result = analyze(plain, *files, "--units", lab.SCRATCH)
ok(result.status == 2 and "a directory" in result.err, "a_directory_is_no_file_for_units", result.err)

# An arm that has seen nothing yet has no variance, and is not far from another for that.
few = logs(*experiment(4000, {"blue": 0.004, "green": 0.0}, seed=5), name="few")
for method in ("group_sequential", "bayesian"):
    result = analyze(project("few", "min_samples: 2000"), *few, "--json", "--method", method)
    found = variant(result, "bought")
    equal((found["verdict"], found["why"]), ("insufficient", "too few units"), f"so_few_events_are_not_judged_by_{method}")

finish()
