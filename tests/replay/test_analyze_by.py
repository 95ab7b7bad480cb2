#!/usr/bin/env python3
"""`ffreplay analyze --by`: effects in groups of units, by the value that each had at its first exposure. Who is in
which group, each group's difference and Cochran's Q are computed here again from the lines."""
import json
import math
import os
import random
import subprocess

import lab
from lab import FFREPLAY, Result, finish, ok, write

DAY = 86400
START = 1_700_000_000

DEFINITIONS = """\
project: {{name: lab, environments: [production], bucket_by: user_id}}
attributes: {{user_id: string, country: string, plan: string, email: {{type: string, private: true}}}}
logs:
  exposures:
    format: ndjson
    time: t
    unit: user_id
    flag: flag
    variant: variant
    context: {{user_id: user_id, country: geo.country, email: email}}
    fields: {{tier: plan}}
  outcomes: {{format: ndjson, time: t, unit: user_id}}
metrics:
  bought: {{kind: proportion, of: {{event: buy}}, per: unit, log: outcomes}}
  spent: {{kind: mean, value: amount, per: unit, agg: sum, log: outcomes}}
  ctr: {{kind: ratio, numerator: clicks, denominator: views, log: outcomes}}
  median: {{kind: quantile, q: 0.5, value: amount, log: outcomes}}
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
      metrics: [spent, ctr]
      state: running
"""


def project(name, split="{blue: 50%, green: 50%}", more=""):
    directory = os.path.join(lab.SCRATCH, name)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write(DEFINITIONS.format(split=split, more=more))
    return directory


def analyze(directory, *arguments, width=None):
    return Result(subprocess.run([FFREPLAY, "analyze", "button", "-C", directory, "-e", "production", *arguments],
                                 capture_output=True, env={**os.environ, "COLUMNS": str(width)} if width else None))


def equal(got, wanted, name, *details):
    ok(got == wanted, name, f"{got!r} is not {wanted!r}", *details)


def near(found, wanted, name, tolerance=1e-9):
    ok(found is not None and abs(found - wanted) <= tolerance * abs(wanted) + 1e-12, name, f"{found} is not {wanted}")


def logs(exposures, outcomes, name="log"):
    return [f"exposures={write(name + '-e.ndjson', [json.dumps(one) for one in exposures])}",
            f"outcomes={write(name + '-o.ndjson', [json.dumps(one) for one in outcomes])}"]


def exposed(unit, at, arm, country=None, plan=None, **more):
    line = dict(t=at, user_id=unit, flag="button", variant=arm, **more)
    if country is not None:
        line["geo"] = {"country": country}
    if plan is not None:
        line["plan"] = plan
    return line


COUNTRIES = ["SE", "SE", "SE", "NO", "NO", "DE", "FI"]


def experiment(units, rate, seed, arms=("blue", "green"), keep=lambda country, arm: True):
    """`rate` of arm and country. Amounts are not skewed, and everybody has some views."""
    rng = random.Random(seed)
    exposures, outcomes = [], []
    for i in range(units):
        country, plan, arm = rng.choice(COUNTRIES), rng.choice(["free", "pro", None]), rng.choice(arms)
        at, unit = START + int(rng.random() * 10 * DAY), f"u{i}"
        if not keep(country, arm):
            continue
        exposures.append(exposed(unit, at, arm, country, plan))
        if rng.random() < 0.4:  # moves later, which changes nothing
            exposures.append(exposed(unit, at + 60, arm, rng.choice(COUNTRIES), "pro"))
        buys = rng.random() < rate(arm, country)
        outcomes.append(dict(t=at + 100, user_id=unit, event="buy" if buys else "look",
                             amount=round(rng.uniform(1, 3) + (0.5 if buys else 0), 2),
                             clicks=rng.randint(0, 3), views=rng.randint(3, 6)))
    return exposures, outcomes


def first_values(exposures, of):
    """By unit: its arm, and the value of its first line."""
    first = {}
    for line in exposures:
        unit = line["user_id"]
        if unit not in first or line["t"] < first[unit][0]:
            first[unit] = (line["t"], line["variant"], of(line))
    return {unit: (arm, value) for unit, (_, arm, value) in first.items()}


def of_country(line):
    return line.get("geo", {}).get("country")


def of_plan(line):
    return line.get("plan")


def chi_square_upper(x, degrees):
    """By the recursion on the degrees: Q(a + 1, x) = Q(a, x) + x^a exp(-x) / gamma(a + 1)."""
    half = x / 2
    tail, a = (math.exp(-half), 1.0) if degrees % 2 == 0 else (math.erfc(math.sqrt(half)), 0.5)
    while a < degrees / 2 - 1e-9:
        tail += math.exp(a * math.log(half) - half - math.lgamma(a + 1)) if half > 0 else 0
        a += 1
    return tail


def mean_and_error(values):
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)


def ratio_and_error(pairs):
    ratio = math.fsum(a for a, _ in pairs) / math.fsum(b for _, b in pairs)
    views = math.fsum(b for _, b in pairs) / len(pairs)
    return ratio, mean_and_error([(a - ratio * b) / views for a, b in pairs])[1]


def cochran(differences):
    """Of (d, se²): Q as a double sum over pairs, which no mean is in."""
    weights = [1 / error for _, error in differences]
    q = sum(weights[i] * weights[j] * (differences[i][0] - differences[j][0]) ** 2
            for i in range(len(weights)) for j in range(i)) / math.fsum(weights)
    return q, len(weights) - 1, chi_square_upper(q, len(weights) - 1)


def differences_of(units, outcomes, estimate):
    groups = {}
    for line in outcomes:
        arm, value = units[line["user_id"]]
        groups.setdefault(value, {}).setdefault(arm, []).append(line)
    found = {}
    for value, arms in groups.items():
        blue, green = estimate(arms["blue"]), estimate(arms["green"])
        found[value] = (green[0] - blue[0], green[1] + blue[1])
    return found


ESTIMATES = {"bought": lambda lines: mean_and_error([float(line["event"] == "buy") for line in lines]),
             "spent": lambda lines: mean_and_error([line["amount"] for line in lines]),
             "ctr": lambda lines: ratio_and_error([(line["clicks"], line["views"]) for line in lines])}


def breakdown(result, by):
    return next(found for found in result.json["breakdowns"] if found["by"] == by)


def interaction(result, by, metric):
    return next(found for found in breakdown(result, by)["interactions"] if found["metric"] == metric)


def holm(values):
    order = sorted(range(len(values)), key=lambda i: values[i])
    adjusted, greatest = [0.0] * len(values), 0.0
    for place, i in enumerate(order):
        greatest = max(greatest, min(1.0, (len(values) - place) * values[i]))
        adjusted[i] = greatest
    return adjusted


# ------------------------------------------------------------------------- groups, differences, Q: independently

plain = project("plain")
exposures, outcomes = experiment(9000, lambda arm, country: 0.3 if arm == "blue" or country != "SE" else 0.5, 3)
given = logs(exposures, outcomes)
result = analyze(plain, *given, "--json", "--method", "fixed", "--by", "country,tier")
equal(result.status, 0, "groups_are_analyzed", result.err)
equal([found["by"] for found in result.json["breakdowns"]], ["country", "tier"], "each_field_for_itself")
for by, of in ("country", of_country), ("tier", of_plan):
    units = first_values(exposures, of)
    counts = {}
    for arm, value in units.values():
        counts.setdefault(value, {"blue": 0, "green": 0})[arm] += 1
    groups = breakdown(result, by)["groups"]
    equal({group["value"]: group["units"] for group in groups}, counts, f"units_by_{by}_at_their_first_exposure")
    sizes = [sum(group["units"].values()) for group in groups if group["value"] is not None]
    equal(sizes, sorted(sizes, reverse=True), f"the_largest_{by}_first")
    for metric, estimate in ESTIMATES.items():
        wanted = differences_of(units, outcomes, estimate)
        for group in groups:
            variant = next(found for found in group["metrics"] if found["name"] == metric)["variants"][0]
            near(variant["difference"], wanted[group["value"]][0], f"{metric}_by_{by}_{group['value']}")
            near(variant["p_adjusted"], min(1, variant["p"] * len(groups)), f"{metric}_by_{by}_{group['value']}_p")
            equal(variant["verdict"] != "undecided", variant["p_adjusted"] <= 0.05,
                  f"{metric}_by_{by}_{group['value']}_is_judged_by_the_corrected_p")
        q, degrees, p = cochran(list(wanted.values()))
        found = interaction(result, by, metric)
        near(found["q"], q, f"cochrans_q_of_{metric}_by_{by}", 1e-7)
        equal((found["df"], found["groups"], found["left_out"]), (degrees, len(wanted), 0), f"its_degrees_{metric}_{by}")
        near(found["p"], p, f"its_p_{metric}_{by}", 1e-6)
found = [one for each in result.json["breakdowns"] for one in each["interactions"]]
for one, wanted in zip(found, holm([one["p"] for one in found])):
    near(one["p_adjusted"], wanted, f"all_tests_together_{one['metric']}", 1e-9)
ok(interaction(result, "country", "bought")["p_adjusted"] < 1e-6, "an_effect_in_one_country_only_is_found")
ok(interaction(result, "tier", "bought")["p_adjusted"] > 0.05, "and_by_plan_none")
groups = {group["value"]: group["metrics"][0]["variants"][0] for group in breakdown(result, "country")["groups"]}
equal(groups["SE"]["verdict"], "better", "in_that_country_it_is_better")

# an interval corrected for k groups is the one of a level of alpha / k: of a mean, by Student's t as good as normal
group = next(group for group in breakdown(result, "country")["groups"] if group["value"] == "SE")
spent = next(found for found in group["metrics"] if found["name"] == "spent")["variants"][0]
half = (spent["difference_interval"][1] - spent["difference_interval"][0]) / 2 / spent["difference_error"]
near(half, 2.4977, "intervals_are_bonferronis_over_four_groups", 2e-3)
near(breakdown(result, "country")["group_alpha"], 0.05 / 4, "and_the_level_is_told")

# ------------------------------------------------------------------------------ nothing of the decision is changed

alone = analyze(plain, *given, "--json", "--method", "fixed").json
whole = dict(result.json)
del whole["breakdowns"]
whole["quality"] = dict(whole["quality"], balance=[])  # its fields are tested as data, too
equal(whole, alone, "a_breakdown_changes_nothing_else")
ok("breakdowns" not in alone, "and_is_not_there_unless_asked_for")
for method in "sequential", "group_sequential", "bayesian":
    directory = project("methods")
    path = os.path.join(directory, "flags.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("      state: running", "      min_samples: 4000\n      state: running")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    found = analyze(directory, *given, "--json", "--method", method, "--by", "country")
    equal([one["interactions_hold_once"] for one in found.json["breakdowns"]], [True], f"{method}_q_is_of_one_look")
    one = next(group for group in found.json["breakdowns"][0]["groups"] if group["value"] == "SE")
    equal(one["metrics"][0]["variants"][0]["verdict"], "better", f"{method}_has_groups")
equal(breakdown(result, "country")["interactions_hold_once"], False, "fixed_is_the_look_that_was_planned")

# ------------------------------------------------------------------------------------ none is found without one

alarms = 0
for seed in range(60):
    found = analyze(plain, *logs(*experiment(1500, lambda arm, country: 0.3, 100 + seed), "null"), "--json", "--by",
                    "country", "--metric", "bought", "--method", "fixed")
    alarms += interaction(found, "country", "bought")["p"] < 0.05
ok(alarms <= 9, "q_finds_nothing_where_there_is_nothing", f"{alarms} of 60")

# ------------------------------------------------------------------------- the same bytes, however it is read

ties = [exposed("t1", START, "blue", "XX"), exposed("t1", START, "blue", "AA"), exposed("t1", START, "blue"),
        exposed("t2", START, "green"), exposed("t2", START + 1, "green", "BB")]
many = exposures + ties
whole = analyze(plain, *logs(many, outcomes, "ties"), "--json", "--by", "country,tier")
counts = {group["value"]: sum(group["units"].values()) for group in breakdown(whole, "country")["groups"]}
equal((counts.get("AA"), counts.get("XX"), counts[None]), (1, None, 1), "of_two_at_once_one_stands")
rng = random.Random(9)
for threads in "1", "2", "5":
    rng.shuffle(many)
    rng.shuffle(outcomes)
    half = len(many) // 2
    first, second = logs(many[:half], outcomes[:99], "first"), logs(many[half:], outcomes[99:], "second")
    shuffled = analyze(plain, second[1], first[0], second[0], first[1], "--json", "--by", "country,tier",
                       "--threads", threads)
    equal(shuffled.out, whole.out, f"shuffled_in_pieces_with_{threads}_threads_it_is_the_same", shuffled.err)

# -------------------------------------------------------------------------------------- many values, and small ones

rng = random.Random(5)
exposures, outcomes = [], []
for i in range(3000):
    country = f"c{min(int(rng.expovariate(0.1)), 99)}"
    exposures.append(exposed(f"u{i}", START + i, rng.choice(["blue", "green"]), country))
    outcomes.append(dict(t=START + i + 1, user_id=f"u{i}", event=rng.choice(["buy", "look"]), amount=2))
found = analyze(plain, *logs(exposures, outcomes, "many"), "--json", "--by", "country", "--metric", "bought")
groups = found.json["breakdowns"][0]["groups"]
counts = {}
for line in exposures:
    counts[of_country(line)] = counts.get(of_country(line), 0) + 1
largest = sorted(counts, key=lambda value: (-counts[value], value))[:20]
equal([group["value"] for group in groups], [*largest, None], "the_twenty_largest_have_a_group_each")
equal((groups[-1]["group"], groups[-1]["values"], sum(groups[-1]["units"].values())),
      ("other", len(counts) - 20, 3000 - sum(counts[value] for value in largest)), "the_rest_are_counted_as_others")
tested = found.json["breakdowns"][0]["interactions"][0]
ok(tested["groups"] + tested["left_out"] == 21 and tested["left_out"] > 0, "small_groups_are_not_tested", tested)
text = analyze(plain, *logs(exposures, outcomes, "many"), "--by", "country", "--metric", "bought").out
ok("too small" in text and f"(other) are the {len(counts) - 20} values" in " ".join(text.split()), "which_is_said", text)

# ------------------------------------------------------------------------------- which value's units are missing

lossy = random.Random(4)
exposures, outcomes = experiment(9000, lambda arm, country: 0.3, 8,
                                 keep=lambda country, arm: not (country == "DE" and arm == "green"
                                                                and lossy.random() < 0.9))
found = analyze(plain, *logs(exposures, outcomes, "lost"), "--json", "--by", "country,tier")
equal(found.json["status"], "unhealthy", "lost_units_are_a_mismatch")
told = [issue for issue in found.json["quality"]["issues"] if "'country'" in issue]
ok(len(told) == 1 and "in 1 of 4 groups by 'country': DE (" in told[0] and "in green where" in told[0],
   "the_country_that_lost_them_is_named", found.json["quality"]["issues"])
ok(any("by about as much in each of 3 groups by 'tier'" in issue for issue in found.json["quality"]["issues"]),
   "and_the_plan_has_no_part_in_it", found.json["quality"]["issues"])
unasked = analyze(plain, *logs(exposures, outcomes, "lost"), "--json").json["quality"]
equal(len(found.json["quality"]["issues"]), len(unasked["issues"]) + 2, "it_is_one_issue_a_field")

# ----------------------------------------------------------------------------------------- three arms, and text

three = project("three", "{blue: 34%, green: 33%, red: 33%}", ", red: red")
exposures, outcomes = experiment(9000, lambda arm, country: 0.5 if (arm, country) == ("red", "SE") else 0.3, 6,
                                 arms=("blue", "green", "red"))
given3 = logs(exposures, outcomes, "three")
found = analyze(three, *given3, "--json", "--by", "country", "--metric", "bought")
equal([one["variant"] for one in found.json["breakdowns"][0]["interactions"]], ["green", "red"], "a_test_a_variant")
ok([one["p_adjusted"] < 0.001 for one in found.json["breakdowns"][0]["interactions"]] == [False, True],
   "the_one_that_differs_is_found", found.json["breakdowns"][0]["interactions"])
text = analyze(three, *given3, "--by", "country", "--metric", "bought", "--metric", "median").out
flat = " ".join(text.split())
ok("exploratory, and decides nothing" in flat and "corrected for 4 groups (Bonferroni)" in flat, "text_says_so", text)
ok("bought in red: the groups differ" in flat and "as if this were the only look" in flat, "the_test_is_first", text)
ok("median in red: not tested: a quantile" in flat, "a_quantile_is_not_tested", text)
markdown = analyze(three, *given3, "--by", "country", "--metric", "bought", "--format", "markdown").out
ok("#### by country" in markdown and "| bought | red | SE |" in markdown, "markdown_has_it", markdown)
rude = [exposed(f"r{i}", START + i, "blue" if i % 2 else "green", f"\x1b[31m|*{'é' * 150}") for i in range(300)]
text = analyze(plain, *logs(rude, [], "rude"), "--by", "country", "--metric", "bought").out
ok("\x1b" not in text and "…" in text and max(map(len, text.splitlines())) <= 100, "values_are_escaped_and_cut", text)
markdown = analyze(plain, *logs(rude, [], "rude"), "--by", "country", "--metric", "bought", "--format", "markdown").out
ok("\x1b" not in markdown and "\\|" in markdown, "in_markdown_too", markdown)

# ----------------------------------------------------------------------------- by day since exposure: novelty

fading = random.Random(12)
exposures, outcomes, first = [], [], {}
for i in range(5000):
    arm, at = ("blue", "green")[i % 2], START + fading.randrange(9 * DAY)
    first[f"n{i}"] = at, arm
    exposures.append(exposed(f"n{i}", at, arm, "SE"))
    for day in range(12):
        if fading.random() < 0.15 * (1 + (0.9 * 0.5 ** day if arm == "green" else 0)):
            outcomes.append({"t": at + day * DAY + fading.randrange(DAY), "user_id": f"n{i}", "event": "buy",
                             "amount": fading.randrange(1, 90), "clicks": 1, "views": 2})
fading.shuffle(exposures)
fading.shuffle(outcomes)
novel = logs(exposures, outcomes, "novel")
found = analyze(plain, *novel, "--json", "--by", "country,day_since_exposure")
days = found.json["breakdowns"][1]
equal([each["by"] for each in found.json["breakdowns"]], ["country", "day_since_exposure"], "days_come_last")
equal([group["value"] for group in days["groups"]], [str(day + 1) for day in range(len(days["groups"]))], "in_order")
last = max(at for at, _ in first.values())
for day, group in enumerate(days["groups"]):
    had = {user: arm for user, (at, arm) in first.items() if at + (day + 1) * DAY <= last}
    spent, buyers = {}, set()
    for line in outcomes:
        user = line["user_id"]
        if user in had and day * DAY <= line["t"] - first[user][0] < (day + 1) * DAY:
            spent[user] = spent.get(user, 0) + line["amount"]
            buyers.add(user)
    by_name = {one["name"]: one for one in group["metrics"]}
    for arm in "blue", "green":
        units = [user for user, its in had.items() if its == arm]
        of = lambda name: by_name[name]["control"] if arm == "blue" else by_name[name]["variants"][0]
        ok(group["units"][arm] == of("bought")["n"] == len(units) and
           abs(of("bought")["value"] - sum(user in buyers for user in units) / len(units)) < 1e-12 and
           abs(of("spent")["value"] - sum(spent.get(user, 0) for user in units) / len(units)) < 1e-9,
           f"day_{day + 1}_in_{arm}", group["units"], len(units))
verdicts = [group["metrics"][0]["variants"][0]["verdict"] for group in days["groups"]]
ok(verdicts[0] == "better" and verdicts[-1] != "better" and len(verdicts) == 8, "what_is_new_wears_off", verdicts)
ok(all(one["q"] is None and one["p"] == 1 for one in days["interactions"]), "whether_days_differ_is_not_tested",
   days["interactions"])
bare = analyze(plain, *novel, "--json").json
ok({**found.json, "breakdowns": None, "quality": None} == {**bare, "breakdowns": None, "quality": None},
   "days_change_nothing_else")
until = analyze(plain, *novel, "--json", "--by", "day_since_exposure", "--to",
                "2023-11-18T00:00:00Z").json["breakdowns"][0]["groups"]
equal(len(until), 3, "until_a_time_that_is_given")
text = " ".join(analyze(plain, *novel, "--by", "day_since_exposure").out.split())
ok("whether days differ is not tested" in text and "corrected for 8 days" in text, "text_of_days", text)
ok("whether days differ is not tested" in analyze(plain, *novel, "--by", "day_since_exposure", "--format",
                                                  "markdown").out, "markdown_of_days")
short = logs([line for line in exposures if line["t"] < START + DAY // 2], outcomes, "short")
found = analyze(plain, *short, "--json", "--by", "day_since_exposure")
ok(found.json.get("breakdowns", []) == [] and any("no day since exposure" in note for note in found.json["notes"]),
   "no_day_is_over_yet", found.json["notes"])

# ---------------------------------------------------------------------------------------------------- errors

for name, arguments, wanted in (
        ("a_misspelt_field", ["--by", "contry"], "has a field 'contry'; did you mean 'country'?"),
        ("nothing_named", ["--by", "country,,tier"], "--by 'country,,tier': it names nothing"),
        ("named_twice", ["--by", "country", "--by", "country"], "it names 'country' twice"),
        ("too_many_named", ["--by", "a,b,c,d,e"], "more than 4 things"),
        ("a_variant", ["--by", "variant"], "'variant' is none"),
        ("a_private_attribute", ["--by", "email"], "--by email would show values of a private attribute")):
    result = analyze(plain, *given, *arguments)
    ok(result.status == 2 and wanted in result.err and not result.out, name, result.err, result.out[:300])
mail = [exposed(f"m{i}", START + i, "blue" if i % 2 else "green", email=f"{i % 2}@x") for i in range(300)]
result = analyze(plain, *logs(mail, [], "mail"), "--by", "email", "--show-private", "--json")
equal([group["value"] for group in result.json["breakdowns"][0]["groups"]] if result.out else None, ["0@x", "1@x"],
      "shown_on_request", result.err)
crowd = [exposed(f"v{i}", START + i, "blue", f"c{i}") for i in range(100_001)]
for threads in "1", "4":
    result = analyze(plain, *logs(crowd, [], "crowd"), "--by", "country", "--threads", threads)
    ok(result.status == 2 and "--by country makes more than 100000 groups" in result.err, f"too_many_{threads}",
       result.err)
finish()
