#!/usr/bin/env python3
"""Comma- and tab-separated logs say what NDJSON says, and what is wrong with them is said."""
import csv
import gzip
import io
import json
import os
import random
import re
import resource

import lab
from golden import golden
from lab import SCRATCH, canary, decide, equal, finish, ok, project, requests, write

BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: latency_p95, max: 500ms, action: pause}
  - {metric: failing_users, max: 90%, action: pause}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
COLUMNS = ["ts", "request", "user_id", "country", "path", "status", "request_time"]


def base(more):
    """Where columns are listed, a metric of a field that is not among them is an error."""
    lines = lab.PROJECT.replace("format: ndjson", more).replace("geo.country", "country")
    return re.sub("\n  never: .*", "", lines) if "columns" in more else lines


def rows(lines):
    rng = random.Random(6)
    paths = ["/", "/a,b", 'say "hello"', "two\nlines", "tab\there", "", "a;b", ' "x"', "/ø"]
    return [[line["ts"], line["request"], line["user_id"], line["geo"]["country"], rng.choice(paths),
             line["status"], line["request_time"]] for line in lines]


def text(table, **form):
    out = io.StringIO()
    csv.writer(out, **{"lineterminator": "\n", **form}).writerows(table)
    return out.getvalue().encode()


def without_digest(result):
    verdict = result.json
    verdict["input"].pop("digest")
    verdict.pop("build")
    return verdict


lines = requests(3000)
table = rows(lines)
ndjson = project("ndjson", canary(BLOCK))
reference = without_digest(decide(ndjson, write("log.ndjson", lines), "--json"))
comma = project("csv", canary(BLOCK), base=base("format: csv"))
whole = text([COLUMNS] + table)


def same(name, directory, data):
    result = decide(directory, "-", "--json", stdin=data)
    if ok(result.status == 0 and not result.err, f"{name}_is_read", result.status, result.err):
        equal(without_digest(result), reference, f"{name}_says_what_ndjson_says")
    return result


first = same("csv", comma, whole)
golden("csv", "json", first.out)
same("csv_all_quoted", comma, text([COLUMNS] + table, quoting=csv.QUOTE_ALL))
same("csv_with_crlf", comma, text([COLUMNS] + table, lineterminator="\r\n"))
same("csv_with_a_byte_order_mark", comma, b"\xef\xbb\xbf" + whole)
same("csv_with_a_quoted_header", comma, b'"ts"' + whole[2:])
equal(decide(comma, "-", "--json", stdin=whole[:-1]).out, first.out, "the_last_line_may_lack_its_end")
equal(decide(comma, "-", "--json", stdin=gzip.compress(whole)).out, first.out, "csv_and_gzip")
columns = f"columns: [{', '.join(COLUMNS)}]"
same("csv_without_a_header", project("bare", canary(BLOCK), base=base(
    f"format: csv\n    {columns}")), text(table))
same("semicolons", project("semicolons", canary(BLOCK), base=base(
    "format: csv\n    delimiter: semicolon")), text([COLUMNS] + table, delimiter=";"))
tabs = project("tsv", canary(BLOCK), base=base("format: tsv"))
golden("tsv", "json", same("tsv", tabs, text([COLUMNS] + table, delimiter="\t")).out)
spaced = [[cell if set(str(cell)) & set(',"\r\n') else f"  {cell} " for cell in row] for row in [COLUMNS] + table]
same("blanks_around_fields", comma, text(spaced))
same("blanks_before_quotes", comma, text([COLUMNS] + table, quoting=csv.QUOTE_ALL).replace(b'","', b'",  "'))
order = [4, 0, 6, 2, 1, 5, 3]
same("columns_in_another_order", comma, text([[row[i] for i in order] for row in [COLUMNS] + table]))

# Split over files, each with its header, in any order.
parts = [[], [], []]
rng = random.Random(8)
for row in table:
    rng.choice(parts).append(row)
paths = []
for i, part in enumerate(parts):
    paths.append(os.path.join(SCRATCH, f"part{i}.csv"))
    with open(paths[-1], "wb") as file:
        file.write(text([COLUMNS] + part))
# A line's hash is that of its bytes, so the digest is the same as well.
equal(decide(comma, *paths, "--json").out, first.out, "split_over_files")
equal(decide(comma, *reversed(paths), "--json").out, first.out, "split_in_another_order")


# Bad lines: each costs itself and no other.
def bad(name, line, place, words, more=1):
    at = whole.index(b"\n", len(whole) // 2)
    while whole[:at].count(b'"') % 2:
        at = whole.index(b"\n", at + 1)
    number = whole[:at].count(b"\n") + 2
    result = decide(comma, "-", "--json", stdin=whole[:at + 1] + line + b"\n" + whole[at + 1:])
    ok(result.status == 0 and f"<stdin>:{number}:{place}: bad line: " in result.err and
       words in result.err, f"{name}_is_said", result.err)
    counts = result.json["input"]
    equal((counts["lines"], counts["used"], sum(counts["bad"].values())),
          (3000 + more, 3000, more), f"{name}_costs_nothing_else")


bad("too_few_fields", b"1,2,3", 6, "3 fields, not one for each of 7 columns")
bad("too_many_fields", b"1,2,3,4,5,6,7,8", 16, "more fields than columns")
bad("text_after_quotes", b'1,"2"x,3,4,5,6,7', 6, "text after a quoted field")
bad("no_time", b",r,u,NO,/,200,0.1", 1, "no time: there is no 'ts'")
open_quote = text([COLUMNS] + [[c for c in row[:4]] + ["/"] + row[5:] for row in table])
cut = open_quote.index(b"\n", len(open_quote) // 2) + 1
result = decide(comma, "-", "--json", stdin=open_quote[:cut] + b'1,"2,3,4,5,6,7\n' + open_quote[cut:])
equal((result.json["input"]["used"], result.json["input"]["bad"]["unparsable"]), (3000, 1),
      "a_quote_left_open_swallows_nothing")
ok("a quoted field that does not end" in result.err, "and_is_said", result.err)
short = decide(comma, "-", "--json", stdin=whole + b'1795168800000,r,"u')
equal(short.json["input"]["left_out"], {"incomplete": 1}, "a_last_line_cut_short_is_left_out")


# Files that are not what the definitions say.
def refused(name, data, *words):
    result = decide(comma, "-", "--json", stdin=data)
    ok(result.status == 2 and not result.out and all(word in result.err for word in words), name,
       result.status, result.out, result.err)


refused("a_column_that_is_not_there", whole.replace(b"status", b"statuss", 1),
        "<stdin>: no column is called 'status'; did you mean 'statuss'?")
refused("a_column_twice", whole.replace(b"country", b"status", 1), "two columns are called 'status'")
refused("ndjson_in_place_of_csv", json.dumps(lines[0]).encode(), "text after a quoted field",
        "help: its first line looks like JSON, which 'format: ndjson' reads")
result = decide(project("misnamed", canary(BLOCK), base=base(
    f"format: csv\n    {columns.replace('status', 'statuss')}")), "-", stdin=whole)
ok(result.status == 1 and "has no field 'status'" in result.err and "did you mean 'statuss'" in result.err,
   "columns_that_lack_one", result.err)
for more, words in (("format: csv\n    delimiter: x", "one of comma, semicolon, pipe"),
                    ("format: tsv\n    delimiter: comma", "'delimiter' has no meaning"),
                    ("format: ndjson\n    columns: [a]", "'columns' has no meaning")):
    result = decide(project("wrong", canary(BLOCK), base=base(more)), "-", stdin=whole)
    ok(result.status == 1 and words in result.err, f"refused: {words}", result.err)

def seconds(log):
    """Of the processor, the least of three."""
    def once():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        decide(comma, "-", stdin=log)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return min(once() for _ in range(3))


def wide(columns):
    return text([COLUMNS + [f"c{i}" for i in range(columns)]] + [row + [""] * columns for row in table[:20]])


# Sixteen times as many columns take about as many times as long, and would have taken 256 times.
less, more = seconds(wide(12_500)), seconds(wide(200_000))
ok(more < 64 * less, "a_header_takes_time_by_its_length", f"{less:.3f} s, then {more:.3f} s")
finish()
