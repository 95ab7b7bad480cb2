#!/usr/bin/env python3
"""Reports on canaries: whole, sound as markup, with the numbers of `decide`, and fetching nothing."""
import json
import os
import re
import shutil
import subprocess

import lab
from lab import (FFREPLAY, HOUR, SCRATCH, START, canary, decide, equal, finish, ok, project, requests,
                 write)
from page import Page, XHTML, contrast
from report_checks import check_page

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))

BLOCK = """\
stages:
  - {name: first, percent: 5%, hold: 30m, min_samples: 100}
  - {name: fifth, percent: 20%, hold: 1h, min_samples: 100}
  - {name: half, percent: 50%, hold: 1h}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: error_rate, max_increase: 50%, action: rollback}
  - {metric: latency_p95, max: 500ms, over: 10m, action: pause}
  - {metric: latency_p95, max_increase: 20%, action: rollback}
  - {metric: latency_mean, max_increase: 10%, action: alert}
  - {metric: never, max: 10, action: alert, on_nodata: ignore}
advance_when:
  - {metric: success_rate, min: 97%, confidence: 95%}
  - {metric: requests_a_user, max_decrease: 20%}
approval: [full]
state: running
stage: fifth
since: 2026-11-20T10:00:00Z
"""
METRICS = ["error_rate", "latency_p95", "latency_mean", "success_rate", "requests_a_user"]

sound = requests(3000, length=HOUR, users=2000)
harmed = requests(3000, seed=2, canary_errors=0.25, start=START + HOUR, length=HOUR * 3 // 4, users=2000)
well, bad = write("well.ndjson", sound), write("bad.ndjson", sound + harmed)


def report(directory, *arguments, flag="canary.checkout", output="report.html"):
    flag = [flag] if flag else []
    path = os.path.join(SCRATCH, output)
    command = [FFREPLAY, "report", *flag, "-C", directory, "-e", "production", "-o", path]
    result = lab.Result(subprocess.run([*command, *arguments], capture_output=True))
    result.path = path
    result.page = Page(path) if result.status == 0 else None
    return result


# --------------------------------------------------------------------------------------- a rollback

directory = project("canary", canary(BLOCK, more="description: The new checkout"))
result = report(directory, bad)
equal((result.status, result.err), (0, ""), "writes_a_page")
ok(re.fullmatch(r"report    \S+ \(1 page, \d+ kB\)\n", result.out), "says_where_it_is", result.out)
page = result.page
check_page("a_rollback", page)

verdict = decide(directory, bad, "--json").json
section = page.one("section", kind="canary")
equal([section.get(f"data-{key}") for key in ("flag", "environment", "verdict", "rule")],
      ["canary.checkout", "production", verdict["verdict"], verdict["rule"]],
      "the_page_has_the_verdict_of_decide")
equal(verdict["verdict"], "rollback", "which_is_a_rollback")
pill = page.one("span", word="")
ok("roll back" in page.words(pill) and "▼" in page.words(pill), "a_word_and_a_shape_say_it")
text = page.words(section)
ok(all(reason in text for reason in verdict["reasons"]), "reasons_are_there", verdict["reasons"])
ok(verdict["would"] in page.words(page.one("p", would="")), "and_what_would_change_it")

charts = [figure.get("data-chart") for figure in page.all("figure", chart=None)]
equal([kind for kind in ("timeline", "criteria", "metric", "change", "distribution", "ratio", "left-out")
       if kind not in charts], [], "every_kind_of_chart_is_there")
for metric in METRICS:
    ok(page.all("figure", chart="metric", of=metric), f"{metric}_is_drawn_over_time")
missing = page.one("figure", chart="metric", of="never")
ok("not measured" in page.words(missing) and not list(missing.iter("{http://www.w3.org/2000/svg}svg")),
   "what_was_not_measured_is_said_and_not_drawn")

# The numbers are those of `decide`: of each criterion, and at the end of each series.
rows = page.table(page.one("figure", chart="criteria"))[1:]
equal([(row[0], row[7], row[8]) for row in rows],
      [(c["metric"], "NOT YET" if c["verdict"] == "HARM" and c["action"] == "advance" else c["verdict"],
        c["action"]) for c in verdict["criteria"]], "criteria_have_the_verdicts_of_decide")
equal([int(row[3]) for row in rows], [c["canary"]["n"] for c in verdict["criteria"]],
      "and_their_samples")
for metric in ("error_rate", "latency_mean", "success_rate", "requests_a_user"):
    last = page.table(page.all("figure", chart="metric", of=metric)[-1])[-1]
    of = [c for c in verdict["criteria"] if c["metric"] == metric][0]
    equal((int(last[2]), int(last[4])), (of["canary"]["n"], of["control"]["n"]),
          f"{metric}_ends_with_all_samples")
    digits = float(re.match(r"[\d.]+", last[1])[0]) / (100 if "%" in last[1] else 1)
    ok(abs(digits - of["canary"]["estimate"]) <= 0.0006 * abs(digits), f"{metric}_ends_at_its_estimate",
       last, of["canary"])
change = page.one("figure", chart="change", of="error_rate")
series = page.table(change)[1:]
equal(series[-1][1:3], [rows[1][5], rows[1][6]], "a_change_ends_at_that_of_the_verdict")
equal(series[-1][3], "HARM", "and_in_harm")
first = [row[3] for row in series].index("HARM")
ok(first > 0 and series[first][0] in page.words(change) and
   f"HARM since {series[first][0]}" in page.words(change), "the_look_that_decided_is_marked")
ok(len([e for e in change.iter() if e.get("data-mark") == "decided"]) == 2, "in_both_forms")
bars = page.table(page.one("figure", chart="ratio"))[1:]
equal([float(row[1]) for row in bars], verdict["health"]["srm"]["observed"], "units_are_those_of_decide")
command = page.words(page.one("pre", command=""))
ok(command.startswith("ffreplay report canary.checkout ") and bad in command, "says_how_it_was_made")
equal((page.words(page.one("td", build="")), page.words(page.one("td", digest=""))),
      (verdict["build"], verdict["input"]["digest"]), "from_which_build_and_lines")
definition = "".join(pre.text or "" for pre in section.iter(XHTML + "code"))
ok("max_increase: 50%" in definition and "error_rate: {kind: proportion" in definition and
   "latency_mean" in definition and "errors_a_second" not in definition,
   "the_definition_and_its_metrics_are_there_and_no_others")

# What it is about, and all that is drawn, from the commands that judge.
for command in (["decide"], ["health", "--format", "text"]):
    path = os.path.join(SCRATCH, command[0] + ".html")
    done = lab.Result(subprocess.run([FFREPLAY, *command, "canary.checkout", bad, "-C", directory, "-e", "production",
                                      "--report", path], capture_output=True))
    ok(done.status == 0 and done.out.endswith(f"report    {path}\n"), f"{command[0]}_says_where_its_page_is", done.err)
    equal(Page(path).text.split("<h2>How to make")[0], page.text.split("<h2>How to make")[0],
          f"the_page_of_{command[0]}_is_the_same")

# --------------------------------------------------------------------------------- the same bytes

again = report(directory, bad, output="report.html")
equal(again.page.bytes, page.bytes, "the_same_input_gives_the_same_bytes")
shuffled = sound + harmed
lab.random.Random(3).shuffle(shuffled)
one = report(directory, write("a.ndjson", shuffled), "--threads", "1").page
two = report(directory, write("a.ndjson", sorted(shuffled, key=lambda line: -line["ts"])),
             "--threads", "3").page


def drawn(page):
    """All but how it is made."""
    return re.sub(r"<h2>How to make.*", "", page.text, flags=re.S)


equal(drawn(one), drawn(page), "the_order_of_lines_changes_nothing")
equal(drawn(two), drawn(page), "nor_the_number_of_threads")
before = page.bytes
wrong = report(directory, "/no/such/file.ndjson")
equal(wrong.status, 2, "a_log_that_is_not_there_is_an_error")
equal(open(result.path, "rb").read()[:200], before[:200], "and_leaves_the_older_page_alone")

# ------------------------------------------------------------------------------------ contrast

colours = page.colours()
equal(sorted(colours), ["dark", "light", "print"], "there_are_colours_for_light_dark_and_print")
equal(colours["print"], colours["light"], "paper_is_light")
TEXT = ["fg", "dim", "good", "bad", "open", "v0"]
DRAWN = ["v0", "v1", "v2", "v3", "v4", "v5", "bad", "good", "open", "edge", "dim", "fg"]
for mode, names in colours.items():
    for name in TEXT:
        for ground in ("bg", "card", "band", "harm"):
            if ground in ("band", "harm") and name not in ("fg", "dim", "bad", "good"):
                continue
            ratio = contrast(names[name], names[ground])
            if ratio < 4.5:
                ok(False, f"{mode}: text {name} on {ground}", f"{ratio:.2f}")
    for name in DRAWN:
        for ground in ("bg", "band", "harm"):
            ratio = contrast(names[name], names[ground])
            if ratio < 3:
                ok(False, f"{mode}: lines of {name} on {ground}", f"{ratio:.2f}")
    ok(True, f"contrast_was_computed_for_{mode}")

# ------------------------------------------------------------------------------- foreign texts

HOSTILE = "<script>alert(1)</script>\"'&amp;<img src=x onerror=alert(2)>]]>--><svg/onload=x>"
hostile = project("hostile", canary(BLOCK, more="description: " + json.dumps(HOSTILE)))
name = os.path.join(SCRATCH, "x<script>'\"&.ndjson")
shutil.copy(bad, name)
with open(os.path.join(hostile, "flags.yaml"), "a") as file:
    file.write("\noverrides:\n  - id: inc\n    flags: [canary.checkout]\n    serve: default\n"
               "    from: 2026-11-20T10:10:00Z\n    until: 2026-11-20T10:20:00Z\n"
               f"    reason: {json.dumps(HOSTILE)}\n    by: {json.dumps(HOSTILE)}\n")
result = report(hostile, name)
equal((result.status, result.err), (0, ""), "hostile_texts_are_reported_on")
check_page("a_hostile_page", result.page)
ok(not {"img"} & result.page.elements and result.page.text.count("<script") == 1,
   "and_make_no_elements", sorted(result.page.elements))
ok(HOSTILE in "".join(result.page.root.itertext()), "but_are_shown_as_they_are")
ok(result.page.all("p", held=""), "an_override_is_told")
equal(len([e for e in result.page.one("figure", chart="timeline").iter() if e.get("data-held") == ""
           and e.tag.endswith("}g")]), 2, "and_drawn_in_both_forms")

# ------------------------------------------------------------------------------------ the ledger

staged = project("staged", canary(BLOCK.replace("state: running\nstage: fifth\n", "state: pending\n")
                                  .replace("since: 2026-11-20T10:00:00Z\n", "")))


def ffc(*arguments):
    return subprocess.run([FFC, "canary", *arguments, "-C", staged, "-e", "production", "--actor", "amira"],
                          capture_output=True, text=True, check=True)


ffc("start", "canary.checkout", "--at", "2026-11-20T09:00:00Z", "--reason", "a <b>new</b> checkout")
ffc("advance", "canary.checkout", "--at", "2026-11-20T10:00:00Z", "--reason", "looks well")
applied = decide(staged, bad, "--apply", "--actor", "robot", "--json")
equal(applied.json["verdict"], "rollback", "a_canary_is_rolled_back")
result = report(staged, bad)
equal((result.status, result.err), (0, ""), "its_page_is_written_when_it_is_over")
page = result.page
check_page("one_that_is_over", page)
ok("rolled back" in page.words(page.one("span", word="")), "it_says_that_it_was_rolled_back")
ok("by robot" in page.words(page.one("section", kind="canary")), "and_by_whom")
equal([item.get("data-change") for item in page.all("li", change=None)], ["start", "advance", "rollback"],
      "its_changes_are_told")
ok("a <b>new</b> checkout" in page.words(page.all("li", change="start")[0]), "with_their_reasons")
rows_over = page.table(page.one("figure", chart="criteria"))[1:]
equal([row[:8] for row in rows_over], [row[:8] for row in rows], "with_the_numbers_that_it_was_ended_by")

# ---------------------------------------------------------------------------------- earlier stages

LATER = BLOCK.replace("state: running\nstage: fifth\nsince: 2026-11-20T10:00:00Z\n", "").replace(
    "advance_when:", "  - {metric: errors_a_second, max: 10, action: alert}\nadvance_when:") + "state: pending\n"
SPANS = [("first", "5%", START - HOUR, START), ("fifth", "20%", START, START + 2 * HOUR),
         ("half", "50%", START + 2 * HOUR, START + 3 * HOUR)]
whole = [line for place, (_, percent, begin, end) in enumerate(SPANS)
         for line in requests(3000, seed=place + 4, percent=int(percent[:-1]), start=begin, length=end - begin, users=900,
                              errors=0.03, canary_errors=0.02 * (place + 1), canary_latency=0.1 + place / 50)]
life = project("life", canary(LATER))


def move(directory, verb, at, *more):
    subprocess.run([FFC, "canary", verb, "canary.checkout", "-C", directory, "-e", "production", "--actor", "amira",
                    "--at", f"2026-11-20T{at}Z", "--reason", "why not", *more], capture_output=True, text=True, check=True)


for verb, at in (("start", "09:00:00"), ("advance", "10:00:00"), ("pause", "10:20:00"), ("resume", "10:20:00"),
                 ("advance", "12:00:00")):
    move(life, verb, at)
log = write("life.ndjson", whole)
result = report(life, log, "--threads", "1", output="life.html")
equal((result.status, result.err), (0, ""), "a_canary_with_earlier_stages_has_a_page")
page = result.page
check_page("earlier_stages", page)
drawn_metrics = [*METRICS, "errors_a_second"]
equal(sorted(figure.get("data-of") for figure in page.all("figure", chart="stages")), sorted(drawn_metrics),
      "every_metric_is_drawn_in_every_stage_once_and_none_that_was_not_measured")
for place, (stage, percent, begin, end) in enumerate(SPANS):
    then = project("then", canary(LATER.replace("state: pending", f"state: running\nstage: {stage}\nsince: " +
                                                f"2026-11-20T{[9, 10, 12][place]:02}:00:00Z")))
    asked = decide(then, log, "--json", "--now", f"2026-11-20T{[9, 11, 12][place]:02}:59:59.999Z").json
    for metric in drawn_metrics:
        rows = [row for row in page.table(page.one("figure", chart="stages", of=metric)) if row[0] == f"{stage} {percent}"]
        of = [c for c in asked["criteria"] if c["metric"] == metric and not c.get("over")][-1]
        wanted = [of["canary"]["estimate"], of["canary"]["n"]]
        if of.get("control"):
            wanted += [of["control"]["estimate"], of["control"]["n"]]
        found = [float(re.match(r"[\d.]+", text)[0]) / (100 if "%" in text else 1) for text in rows[-1][2:]]
        ok(len(rows) > 20 and all(abs(one - other) <= 0.0006 * abs(other) for one, other in zip(found, wanted)),
           f"{metric}_in_{stage}_ends_as_decide_had_it_then", rows[-1:], wanted)
figure = page.one("figure", chart="stages", of="error_rate")
equal([e.get("data-part") for e in figure.iter() if e.get("data-part")], [f"{s} {p}" for s, p, _, _ in SPANS] * 2,
      "stages_are_named_in_both_forms")
lines_drawn = [e.get("d") for e in figure.iter() if (e.get("class") or "").startswith("v v1")]
equal([d.count("M") for d in lines_drawn if "L" in d and "H" not in d], [3, 3], "a_line_begins_anew_in_each")
ok("9000 lines as defined now" not in page.words(figure) and "6000 lines as defined now" in page.words(figure),
   "it_says_how_the_past_was_worked_out", page.words(figure)[:400])
several = report(life, write("mixed.ndjson", lab.random.Random(8).sample(whole, len(whole))), "--threads", "3",
                 output="mixed.html")
equal(drawn(several.page), drawn(page), "earlier_stages_do_not_depend_on_order_or_threads")
pieces = [[] for _ in range(4)]
rng = lab.random.Random(9)
for line in whole:
    rng.choice(pieces).append(line)
files = []
for place, piece in enumerate(pieces):
    files.append(os.path.join(SCRATCH, f"life-{place}.agg"))
    subprocess.run([FFREPLAY, "aggregate", "canary.checkout", write("piece.ndjson", piece), "-C", life, "-e", "production",
                    "--units", "--over-time", "--distinct-ids", "-o", files[-1]], check=True, capture_output=True)
made = report(life, "--from", *files, output="pieces.html")
equal((made.status, made.err), (0, ""), "earlier_stages_are_in_aggregates")
equal(re.sub(r"\d+ (missing )?ids", "", drawn(made.page)), re.sub(r"\d+ (missing )?ids", "", drawn(page)), "with_the_same_bytes")
move(life, "approve", "12:59:59")
move(life, "advance", "13:00:00")
everybody = report(life, write("later.ndjson", whole + requests(500, seed=9, start=START + 3 * HOUR, length=HOUR)),
                   output="everybody.html")
rows = page.table(figure), everybody.page.table(everybody.page.one("figure", chart="stages", of="error_rate"))
numbers = [[row[:1] + row[2:] for row in table] for table in rows]
equal(numbers[1][:len(numbers[0])], numbers[0], "a_stage_without_control_leaves_that_of_earlier_ones")

# --------------------------------------------------------------------------------------- a project

result = report(staged, bad, "--all", flag=None, output="all.html")
equal((result.status, result.err), (0, ""), "a_project_has_a_page")
check_page("a_project", result.page)
row = result.page.one("tr", row="canary.checkout")
ok("rolled back" in result.page.words(row) and "robot" in result.page.words(row),
   "its_index_says_how_each_flag_stands", result.page.words(row))
target = next(row.iter(XHTML + "a")).get("href")[1:]
ok([e for e in result.page.all("section", kind="canary") if e.get("id") == target], "and_links_to_its_page")

# ------------------------------------------------------------------------------------------- usage

for arguments, words in ((["canary.chekout", bad], "did you mean"), ([], "expected a flag")):
    command = [FFREPLAY, "report", *arguments, "-C", directory, "-e", "production", "-o", "/dev/null"]
    done = lab.Result(subprocess.run(command, capture_output=True))
    ok(done.status == 2 and words in done.err, f"usage_{words.replace(' ', '_')}", done.err)
done = lab.Result(subprocess.run([FFREPLAY, "report", "canary.checkout", bad, "-C", directory, "-e",
                                  "production"], capture_output=True))
ok(done.status == 2 and "-o" in done.err, "a_page_needs_a_file", done.err)

finish()
