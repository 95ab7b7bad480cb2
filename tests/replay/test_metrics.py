#!/usr/bin/env python3
"""`ffreplay metrics`: counts, rates and estimates by variant, stage, window and field agree with a
separate computation, in every form, whatever the order of the lines and the number of threads."""
import collections
import csv
import io
import json
import os
import random
import re
import subprocess

import lab
from golden import golden
from lab import (FFREPLAY, HOUR, START, Result, bucket, canary, equal, exposed, finish, ok, project,
                 requests, write)

BLOCK = """\
stages: [{name: first, percent: 20%}, {name: second, percent: 50%}, {name: full, percent: 100%}]
state: running
stage: first
since: 2026-11-20T10:30:00Z
"""
directory = project("metrics", canary(BLOCK, more="description: the new checkout"))
lines = requests(20000, errors=0.02, canary_errors=0.05)
for i, line in enumerate(lines):
    if i % 50 == 0:
        del line["geo"]
log = write("metrics.ndjson", lines)
FLAG = ["--flag", "canary.checkout", "-e", "production"]
USED = ["-m", "error_rate", "-m", "latency_p95", "-m", "latency_mean", "-m", "errors_a_second",
        "-m", "slowest", "-m", "failing_users", "-m", "requests_a_user"]


def metrics(*arguments, where=directory, stdin=b""):
    command = [FFREPLAY, "metrics", "-C", where, *arguments]
    return Result(subprocess.run(command, input=stdin, capture_output=True))


# ----------------------------------------------------------------------- a separate computation


def quantile(values, q):
    return sorted(values)[int(q * (len(values) - 1))]


def computed(part, seconds):
    latencies = [1000 * line["request_time"] for line in part]
    failed = [line["status"] >= 500 for line in part]
    users = {line["user_id"] for line in part}
    unlucky = {line["user_id"] for line in part if line["status"] >= 500}
    return {"error_rate": sum(failed) / len(part), "latency_mean": sum(latencies) / len(part),
            "errors_a_second": sum(failed) / seconds, "slowest": max(latencies),
            "failing_users": len(unlucky) / len(users), "requests_a_user": len(part) / len(users),
            "latency_p95": quantile(latencies, 0.95),
            "quantiles": [quantile(latencies, q) for q in (0.5, 0.95, 0.99)]}


def near(got, expected, error):
    return abs(got - expected) <= error * abs(expected)


def agrees(group, part, seconds, name):
    expected = computed(part, seconds)
    wrong = []
    if group["lines"] != len(part) or not near(group["rate"], len(part) / seconds, 1e-12):
        wrong.append(("lines", group["lines"], len(part)))
    for metric in ("error_rate", "latency_mean", "errors_a_second", "slowest", "failing_users",
                   "requests_a_user"):
        if not near(group["metrics"][metric]["estimate"], expected[metric], 1e-12):
            wrong.append((metric, group["metrics"][metric], expected[metric]))
    sketch = group["metrics"]["latency_p95"]
    for key, value in zip(("p50", "p95", "p99", "estimate"),
                          expected["quantiles"] + [expected["latency_p95"]]):
        if not near(sketch[key], value, 0.01):
            wrong.append((key, sketch[key], value))
    ok(not wrong, name, *wrong)


def variant(line):
    enrolled = line["ts"] >= START + HOUR // 2 and exposed(line["user_id"], "canary.checkout", 20)
    return "on" if enrolled else "off"


def stage(line):
    return "before" if line["ts"] < START + HOUR // 2 else "first"


def window(line):
    return lab.START + (line["ts"] - lab.START) // 600000 * 600000


def country(line):
    return line.get("geo", {}).get("country")


def seconds_of(part):
    return (max(line["ts"] for line in part) - min(line["ts"] for line in part)) / 1000


def parts_by(*keys):
    parts = collections.defaultdict(list)
    for line in lines:
        parts[tuple(key(line) for key in keys)].append(line)
    return parts


whole = seconds_of(lines)
result = metrics(log, *FLAG, *USED, "--by", "variant", "--by", "stage", "--by", "window", "--by",
                 "geo.country,variant", "--by", "stage,variant", "--window", "10m", "--json")
ok(result.status == 0 and not result.err, "it_is_measured", result.err)
groups = result.json["groups"]
equal(groups[0]["by"], {}, "the_first_group_is_of_all_lines")
agrees(groups[0], lines, whole, "all_lines")


def of(*names):
    return [group for group in groups if tuple(group["by"]) == names]


for names, keys in (((("variant",), (variant,))), (("geo.country", "variant"), (country, variant))):
    parts = parts_by(*keys)
    found = of(*names)
    equal(len(found), len(parts), f"every_group_by_{'_'.join(names)}")
    for group in found:
        key = tuple(group["by"].values())
        agrees(group, parts[key], whole, f"of_{'_'.join(map(str, key))}")
for names, keys in ((("stage",), (stage,)), (("stage", "variant"), (stage, variant))):
    for group in of(*names):
        key = tuple(group["by"].values())
        span = seconds_of([line for line in lines if stage(line) == key[0]])
        agrees(group, parts_by(*keys)[key], span, f"of_{'_'.join(key)}")
equal([tuple(group["by"].values()) for group in of("stage", "variant")],
      [("before", "off"), ("first", "on"), ("first", "off")], "nobody_is_in_the_canary_before_it")
parts = parts_by(window)
equal(len(of("window")), 12, "windows")
for group, key in zip(of("window"), sorted(parts)):
    agrees(group, parts[key], 600, f"of_{group['by']['window']}")
equal(of("window")[1]["by"]["window"], "2026-11-20T10:10:00Z", "a_window_is_called_by_its_begin")

# ------------------------------------------------------------------------- order, threads, shards

ALL = [*FLAG, "--by", "variant", "--by", "geo.country,window", "--window", "10m"]
reference = metrics(log, *ALL, "--json").out
shuffled = lines[:]
random.Random(5).shuffle(shuffled)
equal(metrics(write("shuffled.ndjson", shuffled), *ALL, "--json").out, reference, "in_any_order")
pieces = [write(f"piece{i}.ndjson", shuffled[i::7]) for i in range(7)]
equal(metrics(*pieces, *ALL, "--json").out, reference, "in_seven_shards")
plain = lab.PROJECT.replace("    id: request\n", "")
unnamed = project("metrics-threads", canary(BLOCK), base=plain)
once = metrics(log, *ALL, "--json", "--threads", "1", where=unnamed).out
large = write("large.ndjson", lines * 8)
first, second = (metrics(large, *ALL, "--json", "--threads", str(n), where=unnamed).out for n in (1, 2))
ok(first == second and first != once, "on_two_threads")
doubled = metrics(log, log, *ALL, "--json").json
equal((doubled["input"]["left_out"], doubled["groups"]),
      ({"duplicate": 20000}, json.loads(reference)["groups"]), "duplicates_are_left_out")

# ----------------------------------------------------------------------------------------- forms

SHORT = [*FLAG, "-m", "error_rate", "-m", "latency_p95", "-m", "never"]
golden("metrics", "txt", metrics(log, *SHORT, "--by", "variant", "--by", "geo.country,stage").out)
golden("metrics", "csv", metrics(log, *SHORT, "--by", "geo.country,stage", "--format", "csv").out)
golden("metrics", "prom", metrics(log, *SHORT, "--by", "geo.country", "--format", "prometheus").out)
golden("metrics", "json", metrics(log, *SHORT, "--json").out)
equal(metrics(log, *SHORT).out, metrics(log, *SHORT, "--by", "variant").out,
      "a_flag_is_shown_by_variant_unless_said")
equal(metrics(log, *SHORT, "--json").json["groups"][0]["metrics"]["never"],
      {"n": 0, "rate": 0, "estimate": None}, "what_was_not_measured_is_no_number")

rows = list(csv.DictReader(io.StringIO(metrics(log, *SHORT, "--by", "geo.country", "--format",
                                               "csv").out, newline="")))
by_country = {row["geo.country"]: row for row in rows if row["metric"] == "error_rate" and row["by"]}
equal({name: int(row["n"]) for name, row in by_country.items()},
      {key[0] or "": len(part) for key, part in parts_by(country).items()}, "csv_has_the_numbers")

# Whatever a field holds, each form stays what it is.
strange = ['a "quote", a comma', "back\\slash", "two\nlines", "tab\tand \u001b[31mred", "é", "", "x" * 300]
odd = write("odd.ndjson", [{"ts": START + i, "user_id": "u", "status": 200, "request_time": 0.1,
                            "geo": {"country": text}} for i, text in enumerate(strange)])
BY = ["--by", "geo.country", "-m", "error_rate"]
seen = {group["by"]["geo.country"] for group in metrics(odd, *BY, "--json").json["groups"][1:]}
equal(seen, {text[:200] for text in strange}, "json_has_any_text")
table = list(csv.DictReader(io.StringIO(metrics(odd, *BY, "--format", "csv").out, newline="")))
shown = {text.replace("\t", "\\t").replace("\u001b", "<1B>") for text in seen}
equal({row["geo.country"] for row in table if row["by"]}, shown, "csv_has_any_text")
ok("\x1b" not in metrics(odd, *BY).out, "a_field_cannot_move_the_cursor")

SERIES = re.compile(r'([a-z_]+)\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\} (\S+)$')
page = metrics(odd, *BY, "--format", "prometheus").out
wrong, order, names = [], [], set()
for line in page.splitlines():
    match = SERIES.match(line)
    if line.startswith("# TYPE "):
        order.append(line.split()[2])
    elif not line.startswith("# HELP ") and not (match and match[1] == order[-1] and line not in names):
        wrong.append(line)
    names.add(line)
ok(not wrong and len(set(order)) == len(order), "prometheus_has_any_text", *wrong)
unescaped = {re.sub(r'\\(.)', lambda m: "\n" if m[1] == "n" else m[1], value)
             for value in re.findall(r'geo_country="((?:[^"\\]|\\.)*)"', page)}
equal(unescaped, shown, "and_it_reads_back")
taken = write("taken.ndjson", [{"ts": START, "user_id": "u", "status": 1, "request_time": 1, "flag": "x"}])
ok('field_flag="x"' in metrics(taken, "--by", "flag", "--format", "prometheus").out,
   "a_field_called_as_a_label_is_told_from_it")

# --------------------------------------------------------------------------------- top, from, to

few = metrics(log, "--by", "geo.country", "--top", "2", "-m", "error_rate", "--json").json["groups"][1:]
counts = collections.Counter(country(line) for line in lines if country(line))
best = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:2]]
equal({group["by"]["geo.country"] for group in few}, {*best, "(other)", None}, "the_largest_are_kept")
equal(next(group["lines"] for group in few if group["by"]["geo.country"] == "(other)"),
      sum(counts.values()) - sum(counts[name] for name in best), "and_the_rest_is_one")
between = metrics(log, "--from", "2026-11-20T10:30:00Z", "--to", "2026-11-20T11:00:00Z", "--json").json
equal(between["input"]["used"], sum(HOUR // 2 <= line["ts"] - START < HOUR for line in lines),
      "lines_of_a_time")
equal(between["input"]["left_out"].keys(), {"before_from", "after_to"}, "and_the_others_counted")

# ------------------------------------------------------------------------- variants from the log

logged = lab.PROJECT.replace("    unit: user_id\n", "    unit: user_id\n    flag: f\n    variant: v\n")
telling = project("telling", """\
flags:
  search:
    owner: web
    type: integer
    variants: {old: 1, new: 2}
    default: old
    rules: [{if: {country: [NO, SE]}, serve: new}]
""", base=logged)
said = [dict(line, f=random.Random(i).choice(["search", "other", None]),
             v=random.Random(i + 1).choice(["new", "old", "odd", None])) for i, line in enumerate(lines)]
expected = collections.Counter()
for line in said:
    if line["f"] == "other":
        continue
    told = line["v"] if line["f"] and line["v"] else "new" if country(line) in ("NO", "SE") else "old"
    expected[None if told == "odd" else told] += 1
result = metrics(write("said.ndjson", said), "--flag", "search", "-e", "production", "-m",
                 "error_rate", "--json", where=telling)
equal({group["by"]["variant"]: group["lines"] for group in result.json["groups"][1:]}, expected,
      "as_the_line_says_or_evaluated_again")
equal(result.json["input"]["left_out"], {"other_flag": sum(line["f"] == "other" for line in said)},
      "lines_about_another_flag_are_left_out")

# ------------------------------------------------------------------------------------ the ledger

moved = project("moved", canary(BLOCK.replace("10:30", "10:00")))
later = requests(3000, length=HOUR)
for now in ("2026-11-20T10:30:00Z", "2026-11-20T10:45:00Z"):
    done = subprocess.run([FFREPLAY, "decide", "canary.checkout", "-C", moved, "-e", "production",
                           write("moved.ndjson", later), "--now", now, "--apply"], capture_output=True)
    ok(b"advance" in done.stdout or b"complete" in done.stdout, f"it_moves_on_at_{now}", done)
result = metrics(write("moved.ndjson", later), *FLAG, "-m", "error_rate", "--by", "stage,variant",
                 "--json", where=moved)


def served(line):
    minute = (line["ts"] - START) / 60000
    name, percent = ("first", 20) if minute < 30 else ("second", 50) if minute < 45 else ("full", 100)
    return name, "on" if exposed(line["user_id"], "canary.checkout", percent) else "off"


equal({tuple(group["by"].values()): group["lines"] for group in result.json["groups"][1:]},
      collections.Counter(map(served, later)), "each_stage_at_its_time_and_percentage")

# ---------------------------------------------------------------------------------------- errors

for name, arguments, words in (
        ("no_log", [], "expected at least one log"),
        ("an_unknown_metric", [log, "-m", "error_rat"], "no metric is called 'error_rat'; did you mean 'error_rate'?"),
        ("an_unknown_flag", [log, "--flag", "canary.chekout", "-e", "production"], "did you mean 'canary.checkout'?"),
        ("an_unknown_environment", [log, "--flag", "canary.checkout", "-e", "prod"], "no environment is called 'prod'"),
        ("a_flag_without_an_environment", [log, "--flag", "canary.checkout"], "--flag needs an environment"),
        ("an_environment_without_a_flag", [log, "-e", "production"], "name one with --flag"),
        ("a_variant_without_a_flag", [log, "--by", "variant"], "--by variant is about a flag"),
        ("nothing_named", [log, "--by", "status,,method"], "--by 'status,,method': it names nothing"),
        ("named_twice", [log, "--by", "status,status"], "it names 'status' twice"),
        ("too_many_named", [log, "--by", "a,b,c,d,e"], "more than 4 things"),
        ("a_form_that_is_none", [log, "--format", "xml"], "text, json, csv or prometheus, not 'xml'"),
        ("two_forms", [log, "--format", "csv", "--json"], "contradict each other"),
        ("a_window_for_a_scrape", [log, "--by", "window", "--format", "prometheus"], "one value per series"),
        ("a_bad_window", [log, "--window", "soon"], "--window is a duration"),
        ("a_bad_top", [log, "--top", "many"], "--top is a number"),
        ("times_the_wrong_way", [log, "--from", "2026-11-20T11:00:00Z", "--to", "2026-11-20T10:00:00Z"],
         "--from is not before --to"),
        ("no_such_file", ["/no/such/file"], "cannot read /no/such/file")):
    result = metrics(*arguments)
    ok(result.status == 2 and words in result.err and not result.out, name, result.status, result.err)
result = metrics(log, "--flag", "search", "-e", "production", "--by", "stage", where=telling)
ok(result.status == 2 and "flag 'search' has no canary, hence no stages" in result.err,
   "stages_of_a_flag_without_any", result.err)
many = write("many.ndjson", [{"ts": START + i, "user_id": f"u{i}", "status": 200, "request_time": 1}
                             for i in range(100001)])
result = metrics(many, "--by", "user_id", "-m", "error_rate", where=unnamed)
ok(result.status == 2 and "--by user_id makes more than 100000 groups" in result.err and not result.out,
   "more_groups_than_there_can_be", result.err)
untimed = write("untimed.ndjson", [{"status": 200}] * 10)
ok(metrics(untimed).status == 2, "a_log_without_times_is_no_log")
empty = metrics(write("empty.ndjson", []), "--json")
equal((empty.status, empty.json["groups"], empty.json["input"]["first"]), (0, [], None), "an_empty_log")
finish()
