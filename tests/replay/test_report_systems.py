#!/usr/bin/env python3
"""Reports on experiments, and on all five systems of flags/ in one page: every part is there, and the numbers
are those of `analyze` and `decide`."""
import json
import os
import random
import re
import shutil
import subprocess

import lab
from lab import FFREPLAY, SCRATCH, Result, equal, finish, ok
from page import Page, XHTML
from report_checks import check_page
from systems import CANARIES, EXPERIMENTS, START, system_logs

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
SVG = "{http://www.w3.org/2000/svg}svg"
HOUR = 3600


def run(command, directory, *arguments):
    return Result(subprocess.run([FFREPLAY, command, *arguments, "-C", directory, "-e", "production"],
                                 capture_output=True))


def report(directory, *arguments, output):
    path = os.path.join(SCRATCH, output)
    result = run("report", directory, *arguments, "-o", path)
    equal((result.status, result.err), (0, ""), f"{output}_is_written")
    return Page(path)


def write(name, lines):
    return lab.write(name, [json.dumps(line) for line in sorted(lines, key=lambda line: min(
        value for value in line.values() if isinstance(value, int) and value > 10**9))])


# ------------------------------------------------------------------------------------ an experiment

DEFINITIONS = """\
project: {name: lab, environments: [production], bucket_by: user_id}
attributes: {user_id: string, country: string}
logs:
  exposures: {format: ndjson, time: t, unit: user_id, flag: flag, variant: variant, context: {country: country}}
  outcomes: {format: ndjson, time: t, unit: user_id}
metrics:
  bought: {kind: proportion, of: {event: buy}, per: unit, log: outcomes, better: higher}
  spent: {kind: mean, value: amount, per: unit, agg: sum, log: outcomes, better: higher}
  errors: {kind: proportion, of: {status: 500}, log: outcomes, better: lower}
  usual: {kind: quantile, q: 0.5, value: amount, log: outcomes}
  never: {kind: mean, value: nothing, per: unit, agg: max, log: outcomes, better: lower}
flags:
  button:
    owner: lab
    type: string
    variants: {blue: blue, green: green, "r<ed>": red}
    default: blue
    experiment:
      hypothesis: "Green <sells> more than blue"
      split: {blue: 40%, green: 30%, "r<ed>": 30%}
      control: blue
      primary: bought
      metrics: [spent, never, usual]
      guards: [{metric: errors, max_increase: 30%, action: alert}]
      mde: 10%
      min_samples: 1000
      min_duration: 3d
      state: running
"""


spent = {}  # by variant: what each unit has spent, in the newest shop


def shop(name, method="", skew=0):
    directory = os.path.join(SCRATCH, name)
    os.makedirs(directory)
    with open(os.path.join(directory, "flags.yaml"), "w") as file:
        file.write(DEFINITIONS.replace("      mde: 10%", f"      {method}mde: 10%"))
    rng = random.Random(5)
    exposures, outcomes = [], []
    spent.clear()
    for i in range(4500):
        arm = rng.choices(["blue", "green", "r<ed>"], [40 + skew, 30, 30])[0]
        at, user = START + int(rng.random() * 5 * 24 * HOUR), f"u{i}"
        # What was before the exposure, for --cuped.
        outcomes.append({"t": at - 100, "user_id": user, "event": "buy", "amount": rng.random(), "status": 200})
        exposures.append({"t": at, "user_id": user, "flag": "button", "variant": arm,
                          "country": rng.choice(["SE", "NO", "<DE>"])})
        outcomes.append({"t": at + rng.randint(1, 24 * HOUR), "user_id": user, "event": "see",
                         "status": 500 if rng.random() < 0.1 else 200})
        if rng.random() < {"blue": 0.1, "green": 0.2}.get(arm, 0.1):
            outcomes.append({"t": at + rng.randint(1, 24 * HOUR), "user_id": user, "event": "buy", "status": 200,
                             "amount": round(rng.expovariate(0.1), 2)})
        spent.setdefault(arm, []).append(outcomes[-1].get("amount", 0) if outcomes[-1]["event"] == "buy" else 0)
    return directory, ["exposures=" + write(f"{name}-exp.ndjson", exposures),
                       "outcomes=" + write(f"{name}-out.ndjson", outcomes)]


directory, logs = shop("shop")
page = report(directory, "button", *logs, "--by", "country", output="button.html")
check_page("an_experiment", page)
result = run("analyze", directory, "button", *logs, "--json").json
section = page.one("section", kind="experiment")
equal((section.get("data-status"), section.get("data-decision")), (result["status"], result["decision"]),
      "the_page_has_the_decision_of_analyze")
equal([reason for reason in result["reasons"] if reason not in page.words(section)], [], "and_its_reasons")
ok("“Green <sells> more than blue”" in page.words(section), "and_the_hypothesis")
charts = {figure.get("data-chart") for figure in page.all("figure", chart=None)}
equal({"effects", "effect", "breakdown", "ratio", "left-out"} - charts, set(), "every_kind_of_chart_is_there")

rows = page.table(page.one("figure", chart="effects"))[1:]
equal([(row[0], row[2]) for row in rows],
      [(metric["name"], variant["name"]) for metric in result["metrics"] for variant in metric["variants"]],
      "the_forest_has_every_metric_in_every_variant")
units = {name: int(count) for name, count in result["units"].items()}
for metric in result["metrics"]:
    figures = page.all("figure", chart="effect", of=metric["name"])
    equal(len(figures), 2, f"{metric['name']}_is_drawn_over_time_in_both_variants")
    for figure, variant in zip(figures, metric["variants"]):
        if metric["name"] == "never":
            ok("nothing to draw" in page.words(figure) and not list(figure.iter(SVG)),
               f"{metric['name']}_was_not_measured_and_is_not_drawn")
            continue
        last = page.table(figure)[-1]
        row = next(row for row in rows if (row[0], row[2]) == (metric["name"], variant["name"]))
        equal(last[1:3], [str(units[variant["name"]]), str(units["blue"])],
              f"{metric['name']}_in_{variant['name']}_ends_with_all_units")
        equal((last[3], f"{last[4]} … {last[5]}"), (row[5], row[6]),
              f"{metric['name']}_in_{variant['name']}_ends_with_the_effect_of_analyze")
guard = [e for e in page.one("figure", chart="effects").iter() if e.get("data-margin") is not None]
ok(len(guard) >= 4, "margins_are_drawn")

# How values are distributed: of each unit, one without a line too; and of lines.
figure = page.one("figure", chart="distribution", of="spent")
equal(sorted(figure.get("data-of") for figure in page.all("figure", chart="distribution")), ["spent", "usual"],
      "what_has_values_has_its_distribution")
table = page.table(figure)
equal(table[:2], [["share", "at most, in green", "at most, in r<ed>", "at most, in blue"],
                  ["all", *(f"{len(spent[arm])} units" for arm in ("green", "r<ed>", "blue"))]], "of_all_units_of_each_variant")
wrong = []
for row in table[2:]:
    for arm, text in zip(("green", "r<ed>", "blue"), row[1:]):
        values, level = sorted(spent[arm]), float(row[0][:-2]) / 100
        wanted = values[int(level * (len(values) - 1) + 1e-9)]
        if abs(float(text) - wanted) > 0.0006 * wanted:
            wrong.append((row[0], arm, text, wanted))
ok(len(table) > 20 and not wrong, "quantiles_are_those_of_the_units", wrong[:5])
words = page.words(figure)
zero = 100 * sum(value == 0 for value in spent["green"]) / len(spent["green"])
ok(f"Nothing measured, and so 0: {zero:.3g} % in green" in words, "what_is_zero_is_said", words)
drawings = list(figure.iter(SVG))
equal([len([e for e in svg.iter() if (e.get("class") or "").startswith("v v")]) for svg in drawings if "chart" in (svg.get("class") or "")],
      [3, 3], "with_a_curve_for_each_in_both_forms")
lines = page.table(page.one("figure", chart="distribution", of="usual"))
at_half = next(row for row in lines if row[0] == "50 %")
equal(at_half[1], next(row for row in rows if (row[0], row[2]) == ("usual", "green"))[4],
      "the_half_of_lines_is_the_quantile_that_was_analyzed")
ok(lines[1][1].endswith("lines"), "which_are_counted_as_lines", lines[1])
days = page.table(page.one("figure", chart="ratio"))
equal([row[1:4] for row in days[2:]],
      [[str(day["observed"][name]) for name in ("blue", "green", "r<ed>")] for day in result["quality"]["days"]],
      "units_of_each_day_are_those_of_analyze")
breakdown = page.one("figure", chart="breakdown", of="country")
ok("exploratory" in page.words(breakdown) and "<DE>" in page.words(breakdown), "breakdowns_are_marked_exploratory")
equal(page.words(page.one("td", build="")), result["build"], "it_has_the_build")
equal(page.words(page.one("td", digest="")), result["input"]["digest"], "and_the_digest")
again = run("analyze", directory, "button", *logs, "--report", os.path.join(SCRATCH, "again.html"))
ok(again.status == 0 and "again.html" in again.out, "analyze_writes_the_page_and_says_where", again.err)
other = Page(os.path.join(SCRATCH, "again.html"))
equal(page.table(other.one("figure", chart="effects")), page.table(page.one("figure", chart="effects")),
      "which_is_the_same")
one = report(directory, "button", *logs, "--threads", "1", output="button.html")
two = report(directory, "button", *logs, "--threads", "2", output="button.html")
equal(re.sub(r"--threads \d", "", one.text), re.sub(r"--threads \d", "", two.text), "threads_change_nothing")

for method in ("fixed", "group_sequential", "bayesian"):
    name = method.replace("_", "-")
    directory, logs = shop(name, method=f"method: {method}\n      ")
    page = report(directory, "button", *logs, output=f"{name}.html")
    check_page(method, page)
    note = page.words(page.all("figure", chart="effect", of="bought")[0])
    ok(("holds at every look" in note) == (method == "sequential"), f"{method}_does_not_promise_every_look", note)
directory, logs = shop("cuped", method="cuped: true\n      ")
page = report(directory, "button", *logs, output="cuped.html")
rows = page.table(page.one("figure", chart="effects"))[1:]
for figure, row in zip(page.all("figure", chart="effect", of="spent"), rows[2:4]):
    last = page.table(figure)[-1]
    equal((last[3], f"{last[4]} … {last[5]}"), (row[5], row[6]), f"adjusted_effects_end_there_too_in_{row[2]}")
directory, logs = shop("skewed", skew=15)
page = report(directory, "button", *logs, output="skewed.html")
ok(page.one("section", kind="experiment").get("data-status") == "unhealthy" and
   "off" in page.words(page.one("figure", chart="ratio")), "a_ratio_that_is_off_is_said")

# ---------------------------------------------------------------------------------- the five systems

systems = os.path.join(SCRATCH, "flags")
shutil.copytree(os.path.join(lab.TOP, "flags"), systems)
for flag in CANARIES:
    subprocess.run([FFC, "canary", "start", flag, "-C", systems, "-e", "production", "--actor", "amira", "--at",
                    "2026-11-20T09:00:00Z", "--reason", "it is time"], check=True, capture_output=True)

arguments = [f"{name}=" + write(f"{name}.ndjson", lines)
             for name, (lines, _, _) in sorted(system_logs(random.Random(11)).items())]
page = report(systems, "--all", *arguments, output="systems.html")
check_page("five_systems", page)
index = page.one("section", kind="project")
names = {row.get("data-row") for row in page.all("tr", row=None)}
ok(set(CANARIES) | set(EXPERIMENTS) < names and len(names) > 25, "every_flag_has_a_line", len(names))
for flag in list(CANARIES) + list(EXPERIMENTS):
    row = page.one("tr", row=flag)
    target = next(row.iter(XHTML + "a")).get("href")[1:]
    section = [element for element in page.all("section", kind=None) if element.get("id") == target]
    ok(len(section) == 1 and section[0].get("data-flag") == flag, f"{flag}_has_a_page")
    kinds = {figure.get("data-chart") for figure in section[0].iter(XHTML + "figure")}
    wanted = {"timeline", "criteria", "metric", "ratio", "left-out"} if flag in CANARIES else \
        {"effects", "effect", "ratio", "left-out"}
    equal(wanted - kinds, set(), f"{flag}_has_all_parts")
for flag, log in CANARIES.items():
    wanted = run("decide", systems, flag, next(a for a in arguments if a.startswith(log + "=")), "--json").json
    section = page.one("section", flag=flag)
    equal((section.get("data-verdict"), section.get("data-rule")), (wanted["verdict"], wanted["rule"]),
          f"{flag}_has_the_verdict_of_decide")
    ok(list(page.one("tr", row=flag).iter(SVG)), f"{flag}_has_a_little_chart")
    ok("amira" in page.words(page.one("tr", row=flag)), f"{flag}_says_who_changed_it")
for flag, log in EXPERIMENTS.items():
    wanted = run("analyze", systems, flag, next(a for a in arguments if a.startswith(log + "=")), "--json").json
    section = page.one("section", flag=flag)
    equal((section.get("data-status"), section.get("data-decision")), (wanted["status"], wanted["decision"]),
          f"{flag}_has_the_decision_of_analyze")
single = run("report", systems, "v2.1.0", *arguments, "-o", os.path.join(SCRATCH, "one.html"), "--exit-code")
asked = run("decide", systems, "v2.1.0", next(a for a in arguments if a.startswith("together.requests=")), "--exit-code")
equal(single.status, asked.status, "a_page_exits_as_decide_does")
single = run("report", systems, "cache-ttl-optimization", *arguments, "-o", os.path.join(SCRATCH, "one.html"), "--exit-code")
asked = run("analyze", systems, "cache-ttl-optimization", next(a for a in arguments if a.startswith("nostrvine.playback=")),
            "--exit-code")
equal(single.status, asked.status, "a_page_exits_as_analyze_does")
every = run("report", systems, "--all", *arguments, "-o", os.path.join(SCRATCH, "one.html"), "--exit-code")
ok(every.status >= single.status > 0, "of_several_the_worst_counts", every.status, single.status)
definition = page.words(page.one("section", flag="canary_auto_submit"))
ok("use: evidence.trial" in definition and "max: 5000ms" in definition, "a_template_is_part_of_the_definition")
some = report(systems, "--all", *arguments[:2], output="some.html")
ok("no file of log" in some.words(some.one("tr", row="v2.1.0")), "a_log_that_is_not_given_is_said")
empty = lab.write("empty.ndjson", ["{}"])
path = os.path.join(SCRATCH, "partly.html")
partly = run("report", systems, "--all", *arguments[:-1], "together.requests=" + empty, "-o", path)
page = Page(path)
ok(partly.status == 2 and "no page" in page.words(page.one("tr", row="v2.1.0")) and
   page.one("section", flag="canary_auto_submit") is not None, "one_flag_without_data_does_not_spoil_the_others",
   partly.status, partly.err)
lone = run("report", systems, "feature.offline-sync", *arguments, "-o", os.path.join(SCRATCH, "lone.html"))
ok(lone.status == 2 and "neither a canary nor an experiment" in lone.err, "a_plain_flag_has_no_page", lone.err)

finish()
