#!/usr/bin/env python3
"""What a log writes in its own way is read as its definition says, or is unreadable: never another number.

A reference in Python reads the same texts. SEED= repeats a run; TEXTS= makes it longer."""
import json
import math
import os
import random
import re
import subprocess
from fractions import Fraction

from lab import FFREPLAY, START, Result, canary, decide, equal, finish, ok, project, write

ABSENT, UNREADABLE = "absent", "unreadable"
BASE = """\
project: {name: lab, environments: [production], bucket_by: user}
attributes: {user: string}
logs:
  log: {format: %s, time: ts, fields: {%s}}
metrics:
%s"""


def metrics(directory, path, *arguments):
    return Result(subprocess.run([FFREPLAY, "metrics", "-C", directory, path, "--json", *arguments], capture_output=True))


def found(group, name):
    metric = group["metrics"][name]
    if metric.get("unreadable"):
        return UNREADABLE
    return metric["estimate"] if metric["n"] else ABSENT


def read(cases, form="ndjson"):
    """What each field of (definition, value) is, all of them in one line."""
    names = [f"f{i}" for i in range(len(cases))]
    fields = ", ".join(f"m{name}: {{from: {name}{', ' if case[0] else ''}{case[0]}}}" for name, case in zip(names, cases))
    defined = "".join(f"  {name}: {{kind: max, value: m{name}}}\n" for name in names)
    line = {"ts": START} | {name: case[1] for name, case in zip(names, cases) if case[1] is not None}
    directory = project("read", "", base=BASE % (form, fields, defined))
    result = metrics(directory, write("read.log", [line]))
    assert result.status == 0, result.err
    group = result.json["groups"][0]
    return [found(group, name) for name in names]


def same(got, expected):
    if isinstance(got, str) or isinstance(expected, str):
        return got == expected
    return math.isclose(got, expected, rel_tol=1e-12)


# ----------------------------------------------------------------------------------------- by hand

HAND = [
    # durations come out in milliseconds; a bare number is in seconds, or in `from_unit`
    ("parse: duration", "12ms", 12), ("parse: duration", "0.123s", 123), ("parse: duration", "1m3s", 63000),
    ("parse: duration", "2µs", 0.002), ("parse: duration", "2μs", 0.002), ("parse: duration", "2us", 0.002),
    ("parse: duration", "1h2m3.5s", 3723500), ("parse: duration", " 7 ms ", 7), ("parse: duration", "1.5", 1500),
    ("parse: duration", 1.5, 1500), ("parse: duration, unit: s", "1m3s", 63), ("parse: duration, from_unit: us", "5", 0.005),
    ("parse: duration, from_unit: us", "5s", 5000), ("parse: duration", "1d", 86400000),
    ("parse: duration", "5ns", 0.000005), ("parse: duration", "1e-3", 1), ("parse: duration", "3s1m", UNREADABLE),
    ("parse: duration", "3s 4s", UNREADABLE), ("parse: duration", "-3s", UNREADABLE), ("parse: duration", "3 parsecs", UNREADABLE),
    ("parse: duration", "s", UNREADABLE), ("parse: duration", "1m3", UNREADABLE), ("parse: duration", "-", ABSENT),
    ("parse: duration", "", ABSENT), ("parse: duration", None, ABSENT), ("parse: duration", True, UNREADABLE),
    ("parse: duration", "12ms, 3ms", UNREADABLE), ("parse: duration, scale: 10", "2s", 20),
    # a unit converts; nothing is parsed
    ("from_unit: s", "0.5", 500), ("from_unit: us, unit: s", "1500000", 1.5), ("from_unit: ns", 2500000, 2.5),
    ("from_unit: s", "5ms", UNREADABLE), ("scale: 1000", "0.5", 500),
    # percentages are shares
    ("parse: percent", "12.5%", 0.125), ("parse: percent", "12.5 %", 0.125), ("parse: percent", "7", 0.07),
    ("parse: percent", "12%%", UNREADABLE), ("parse: percent", "%", UNREADABLE), ("parse: percent, scale: 100", "50%", 50),
    # sizes are bytes
    ("parse: size", "12kB", 12000), ("parse: size", "3 MiB", 3 * 2**20), ("parse: size", "17", 17),
    ("parse: size", "1.5KiB", 1536), ("parse: size", "9 GB", 9e9), ("parse: size", "12k", UNREADABLE),
    ("parse: size", "12K", UNREADABLE), ("parse: size", "1 MB 2 kB", UNREADABLE), ("parse: size", "7 B", 7),
    # lists: of nginx, of X-Forwarded-For, of JSON
    ("parse: first", "0.004, 0.012 : 0.2", 0.004), ("parse: last", "0.004, 0.012 : 0.2", 0.2),
    ("parse: sum", "0.004, 0.012 : 0.2", 0.216), ("parse: max", "0.004, 0.012 : 0.2", 0.2),
    ("parse: sum, from_unit: s", "0.004, 0.012 : 0.2", 216), ("parse: sum", "-, 0.012 : -", 0.012),
    ("parse: sum", "-", ABSENT), ("parse: sum", "-, -", ABSENT), ("parse: max", "1, x", UNREADABLE),
    ("parse: first", "-, 0.5", ABSENT), ("parse: last", "-, 0.5", 0.5), ("parse: first", "5, x", 5),
    ("parse: last", "5, x", UNREADABLE), ("parse: sum", [1, 2, 3.5], 6.5), ("parse: sum", ["1", 2], 3),
    ("parse: max", [1, 7, 3], 7), ("parse: first", [1, 7, 3], 1), ("parse: last", [1, 7, 3], 3),
    ("parse: sum", [], ABSENT), ("parse: first", [], ABSENT), ("parse: sum", [1, [2]], UNREADABLE),
    ("parse: sum", [1, None], UNREADABLE), ("parse: sum", {"a": 1}, UNREADABLE), ("parse: sum", 5, 5),
    ("parse: max", ["-", "2"], 2), ("", [1, 2], UNREADABLE), ("", "1, 2", UNREADABLE), ("parse: sum", [1e308, 1e308], UNREADABLE),
    # words for nothing
    ("missing: [NA, 'NULL', '\\N']", "NA", ABSENT), ("missing: [NA, 'NULL', '\\N']", "NULL", ABSENT),
    ("missing: [NA, 'NULL', '\\N']", "\\N", ABSENT), ("missing: NA", "7", 7), ("missing: NA", "na", UNREADABLE),
    ("missing: '9999'", 9999, ABSENT), ("missing: NA, parse: sum", "NA, 3", 3), ("missing: NA", "-", ABSENT),
    # a decimal comma
    ("decimal: ','", "12,5", 12.5), ("decimal: ','", "12", 12), ("decimal: ','", "-0,5", -0.5),
    ("decimal: ','", "1.234", UNREADABLE), ("decimal: ','", "1.234,5", UNREADABLE), ("decimal: ','", "1,2,3", UNREADABLE),
    ("decimal: ','", ",5", 0.5), ("decimal: ','", "5,", UNREADABLE), ("", "12,5", UNREADABLE), ("decimal: ',', parse: percent", "12,5 %", 0.125),
    ("decimal: ',', parse: duration", "1,5s", 1500), ("decimal: ',', parse: sum", "1,5, 2,5 : 3", 7),
    ("decimal: ',', from_unit: s", "0,25", 250), ("decimal: ','", 12.5, UNREADABLE),
]
for (definition, value, expected), got in zip(HAND, read([case[:2] for case in HAND])):
    ok(same(got, expected), f"{definition or 'plain'}_of_{value!r}", f"got      {got!r}", f"expected {expected!r}")

# ------------------------------------------------------------------------------------- a reference

UNITS = {"d": 86400, "h": 3600, "min": 60, "m": 60, "s": 1, "sec": 1, "ms": Fraction(1, 10**3), "us": Fraction(1, 10**6),
         "µs": Fraction(1, 10**6), "μs": Fraction(1, 10**6), "ns": Fraction(1, 10**9)}
SIZES = {"": 1, "B": 1, **{f"{p}B": 1000**(i + 1) for i, p in enumerate("kMGTP")}, "KB": 1000,
         **{f"{p}iB": 1024**(i + 1) for i, p in enumerate("KMGTP")}}
NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"


def plain(text):
    if not re.fullmatch(NUMBER, text):
        return None
    number = float(text)
    return Fraction(text) if math.isfinite(number) else None


def duration(text):
    if plain(text) is not None and not text.startswith("-"):
        return plain(text) * 1000
    parts = re.findall(rf"({NUMBER})[ \t]*([^\d \t]+)[ \t]*", text)
    if not parts or "".join(re.split(r"[ \t]", "".join(a + b for a, b in parts))) != "".join(re.split(r"[ \t]", text)):
        return None
    worths = [UNITS.get(unit) for _, unit in parts]
    if None in worths or any(a <= b for a, b in zip(worths, worths[1:])) or text.startswith("-"):
        return None
    numbers = [plain(number) for number, _ in parts]
    return None if None in numbers else sum(n * w for n, w in zip(numbers, worths)) * 1000


def with_unit(text, units):
    match = re.fullmatch(rf"({NUMBER})[ \t]*(.*)", text)
    if not match or match[2].strip(" \t") not in units or plain(match[1]) is None:
        return None
    return plain(match[1]) * units[match[2].strip(" \t")]


def entries(text, how):
    numbers = [None if entry.strip(" \t") in ("", "-") else plain(entry.strip(" \t")) or
               (0 if re.fullmatch(NUMBER, entry.strip(" \t")) and plain(entry.strip(" \t")) == 0 else UNREADABLE)
               for entry in re.split(r",| : ", text)]
    if how in ("first", "last"):
        one = numbers[0 if how == "first" else -1]
        return ABSENT if one is None else one
    given = [number for number in numbers if number is not None]
    if UNREADABLE in given:
        return UNREADABLE
    return (sum(given) if how == "sum" else max(given)) if given else ABSENT


def reference(how, text):
    text = text.strip(" \t")
    if text in ("", "-"):
        return ABSENT
    if how in ("first", "last", "sum", "max"):
        number = entries(text, how)
    else:
        number = {"duration": duration, "percent": lambda t: with_unit(t, {"": Fraction(1, 100), "%": Fraction(1, 100)}),
                  "size": lambda t: with_unit(t, SIZES), "number": plain}[how](text)
    return number if isinstance(number, str) else UNREADABLE if number is None else float(number)


seed = int(os.environ.get("SEED", 20261120))
print(f"# SEED={seed}")
rng = random.Random(seed)
PIECES = ["1", "12", "0.5", "007", "3.25", "ms", "s", "m", "h", "us", "µs", "ns", "d", " ", ", ", " : ", ",", "-", "%", "kB",
          "MiB", "B", "x", "K", "."]
WAYS = ["number", "duration", "percent", "size", "first", "last", "sum", "max"]
for way in WAYS:
    wrong, kinds = [], set()
    texts = ["".join(rng.choice(PIECES[:6] if rng.random() < 0.5 else PIECES) for _ in range(rng.randrange(1, 6)))
             for _ in range(int(os.environ.get("TEXTS", 400)))]
    for begin in range(0, len(texts), 50):
        some = texts[begin:begin + 50]
        for text, got in zip(some, read([(f"parse: {way}", text) for text in some])):
            expected = reference(way, text)
            kinds.add(expected if isinstance(expected, str) else "number")
            if not same(got, expected):
                wrong.append((text, got, expected))
    ok(not wrong, f"{way}_as_the_reference_reads_it", *wrong[:10])
    ok({"number", UNREADABLE} <= kinds, f"{way}_of_both_kinds", kinds)

# ------------------------------------------------------------------------------------------- texts

TEXTS = [{"ts": START + i, "user": f"u{i % 3}", "xff": xff, "word": word, "upstream": up} for i, (xff, word, up) in enumerate((
    ("1.2.3.4, 10.0.0.1", "NA", "0.1, 0.3"), ("1.2.3.4", "a", "0.5"), ("2001:db8::1, 10.0.0.1", "NA", "-"),
    ("-", "b", "0.2, oops")))]
directory = project("texts", "", base=BASE % (
    "ndjson", "client: {from: xff, parse: first}, word: {from: word, missing: NA}, total: {from: upstream, parse: sum}, "
    "one: {from: upstream, parse: last}",
    "  local: {kind: proportion, of: {client: 1.2.3.4}}\n  known: {kind: proportion, of: {word: {present: true}}}\n"
    "  all: {kind: mean, value: total}\n  one: {kind: mean, value: one}\n  slow: {kind: proportion, of: {total: {gte: 0.4}}}\n"
    "  v6: {kind: proportion, of: {client: '2001:db8::1'}}\n"))
result = metrics(directory, write("texts.log", TEXTS))
assert result.status == 0, result.err
group = result.json["groups"][0]
equal([group["metrics"][name]["estimate"] for name in ("local", "known", "v6")], [0.5, 0.5, 0.25], "entries_are_texts")
equal([group["metrics"][name].get("unreadable") for name in ("all", "one", "slow")], [1, 1, 1], "each_metric_counts_its_own")
equal(group["metrics"]["slow"]["n"], 3, "a_value_that_one_cannot_read_counts_for_others")
by_client = metrics(directory, write("texts.log", TEXTS), "--by", "client").json["groups"]
equal({g["by"].get("client"): g["lines"] for g in by_client}.get("1.2.3.4"), 2, "groups_are_by_entries")

# -------------------------------------------------------------------- in a canary, by metric and group

LINES = [{"time": START + i * 1000, "user": f"u{i}", "took": "oops" if i % 7 == 0 else f"{i % 900}ms"} for i in range(3000)]
CANARY = canary("stages: [{name: first, percent: 30%, min_samples: 10}, {name: full, percent: 100%}]\n"
                "guards: [{metric: took, max: 500ms}, {metric: lines, max: 100%}]\n"
                "state: running\nstage: first\nsince: 2026-11-20T10:00:00Z\n")
SPOILT = """\
project: {name: lab, environments: [production], bucket_by: user}
attributes: {user: string}
logs: {log: {format: ndjson, context: {user: user}, fields: {took: {from: took, parse: duration}}}}
metrics:
  took: {kind: mean, value: took, unit: ms, better: lower}
  lines: {kind: proportion, of: {user: u}, better: lower}
"""
result = decide(project("spoilt", CANARY, base=SPOILT), write("spoilt.log", LINES), "--json")
guards = {entry["metric"]: entry for entry in result.json["criteria"]}
ok(guards["took"]["verdict"].lower() == "nodata" and guards["lines"]["verdict"].lower() != "nodata",
   "an_unreadable_duration_spoils_its_metric_alone", json.dumps(guards, indent=1))
ok(any("oops" in str(reason) for reason in result.json["reasons"]), "and_the_reason_shows_it", result.json["reasons"])
mended = [dict(line, took=line["took"].replace("oops", "1s")) for line in LINES]
one = decide(project("spoilt", CANARY, base=SPOILT), write("mended.log", mended), "--json").json
numbers = SPOILT.replace(", parse: duration", "")
other = decide(project("plain", CANARY, base=numbers), write("plain.log", [
    dict(line, took=1000 if line["took"] == "1s" else int(line["took"][:-2])) for line in mended]), "--json").json
equal((one["verdict"], one["criteria"]), (other["verdict"], other["criteria"]), "a_duration_is_the_same_as_its_number")

# ------------------------------------------------------------------------------ definitions that say nothing

for name, fields, said in (
        ("unit_of_no_duration", "a: {from: a, unit: s}", "nothing says that 'a' is a duration"),
        ("scale_beside_a_unit", "a: {from: a, scale: 10, from_unit: s}", "'scale' and 'from_unit' cannot be combined"),
        ("unit_of_a_percentage", "a: {from: a, parse: percent, unit: s}", "'unit' has no meaning for 'parse: percent'"),
        ("an_unknown_way", "a: {from: a, parse: median}", "expected one of number, duration, percent"),
        ("a_unit_that_is_none", "a: {from: a, from_unit: weeks}", "expected one of s, ms, us, ns")):
    result = metrics(project("wrong", "", base=BASE % ("ndjson", fields, "  m: {kind: mean, value: a}\n")), "/dev/null")
    ok(result.status != 0 and said in result.err, name, result.err)
result = metrics(project("wrong", "", base=BASE % ("ndjson", "a: {from: a, from_unit: s}",
                                                   "  m: {kind: mean, value: a, unit: s}\n")), "/dev/null")
ok("[FF0389]" in result.err and "metric 'm' is in s, and its field 'a' is in ms" in result.err, "another_unit_than_the_field", result.err)

# ------------------------------------------------------------------------ one duration in several units

# Apache's %T has whole seconds: beside it, %D is the duration, whichever comes first.
REQUEST = '10.0.0.1 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 '
for directives, end in (("%T/%D", "0/149000"), ("%D %T", "149000 0"), ("%T %{ms}T", "0 149"), ("%{ms}T %D %T", "148 149000 0")):
    base = ("project: {name: lab, environments: [production]}\nlogs:\n  log:\n    pattern: apache\n"
            f"    log_format: '%h %l %u %t \"%r\" %>s %b {directives}'\n"
            "metrics: {took: {kind: max, value: duration, unit: ms}, whole: {kind: max, value: duration_s}}\n")
    result = metrics(project("apache", "", base=base), write("apache.log", [REQUEST + end]))
    group = result.json["groups"][0] if result.status == 0 else None
    equal(group and found(group, "took"), 149, f"the_finest_of_{directives}")
    ok("%{ms}T" in directives or (group and found(group, "whole") == 0), f"and_seconds_are_there_too_of_{directives}", result.err)

# ------------------------------------------------------------------------ durations whose unit nothing says

random.seed(int(os.environ.get("SEED", "7")))
SECONDS = [random.expovariate(5) for _ in range(400)]
OPEN = """\
project: {name: lab, environments: [production], bucket_by: user}
attributes: {user: string}
logs:
  log: {format: %s, time: ts, unit: user, context: {user: user}%s}
metrics:
  m: {kind: %s, value: %s, unit: %s}
"""
COUNTED = [float(i % 4 == 0) for i in range(400)]
for name, values, kind, field, unit, mapping, told in (
        ("seconds_as_ms", [round(s, 3) for s in SECONDS], "mean", "took", "ms", "", "took: {from: took, from_unit: s}; if in ms"),
        ("seconds_as_ms_by_a_quantile", SECONDS, "quantile, q: 0.99", "took", "ms", "", "in the middle"),
        ("seconds_as_us", SECONDS, "mean", "took", "us", "", "took: {from: took, from_unit: s, unit: us}"),
        ("seconds_as_ms_by_another_name", SECONDS, "mean", "it", "ms", ", fields: {it: took}", "it: {from: took, from_unit: s}"),
        ("nanoseconds_as_ms", [int(s * 1e9) for s in SECONDS], "mean", "took", "ms", "", "took: {from: took, from_unit: ns}"),
        ("milliseconds", [s * 1000 for s in SECONDS], "mean", "took", "ms", "", None),
        ("whole_milliseconds_that_are_few", COUNTED, "mean", "took", "ms", "", None),
        ("no_time_at_all", [0.0] * 400, "mean", "took", "ms", "", None),
        ("seconds", SECONDS, "mean", "took", "s", "", None),
        ("a_unit_that_is_said", SECONDS, "mean", "it", "ms", ", fields: {it: {from: took, from_unit: ms}}", None),
        ("a_scale_that_is_said", SECONDS, "mean", "it", "ms", ", fields: {it: {from: took, scale: 2}}", None),
        ("a_unit_in_the_name", SECONDS, "mean", "took_ms", "ms", "", None),
        ("no_unit_of_time", SECONDS, "mean", "took", "EUR", "", None),
        ("few_values", SECONDS[:19], "mean", "took", "ms", "", None)):
    directory = project("open", "", base=OPEN % ("ndjson", mapping, kind, field, unit))
    path = write("open.log", [{"ts": START, "user": f"u{i}", "took": value, "took_ms": value} for i, value in enumerate(values)])
    result = metrics(directory, path)
    doubts = result.json.get("doubtful_units", {}) if result.status == 0 else {"m": result.err}
    ok(told in doubts["m"] if told and doubts else told is None and not doubts, f"doubt_of_{name}", doubts)
    page = subprocess.run([FFREPLAY, "metrics", "-C", directory, path], capture_output=True, text=True).stdout
    equal("nothing says what it is logged in" in " ".join(page.split()), told is not None, f"page_has_doubt_of_{name}")
CHECKS = canary("""
stages: [{name: a, percent: 50%}]
guards: [{metric: m, max: 300ms, action: rollback}, {metric: m, max: 100ms, over: 1m, min_samples: 1, action: pause}]
advance_when: [{metric: m, max: 300ms}]
state: running
stage: a
since: 2026-11-20T10:00:00Z""")
for mapping, count in (("", 1), (", fields: {took: {from: took, from_unit: s}}", 0)):
    directory = project("open", CHECKS, base=OPEN % ("ndjson", mapping, "mean", "took", "ms"))
    path = write("open.log", [{"ts": START + i * 100, "user": f"u{i}", "took": s} for i, s in enumerate(SECONDS)])
    result = decide(directory, path, "--json")
    notes = result.json["health"].get("notes", []) if result.out else [result.err] * 3
    equal(sum("nothing says what it is logged in" in note for note in notes), count, f"a_verdict_tells_of_it_{count}_times")

finish()
