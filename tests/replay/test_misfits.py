#!/usr/bin/env python3
"""Input that leads nowhere says why: files that are no logs, fields that no line has, no time at all."""
import gzip
import io
import json
import os
import subprocess
import tarfile
import zipfile

from lab import FFREPLAY, SCRATCH, START, canary, decide, equal, finish, ok, project, requests, write

BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards: [{metric: error_rate, max: 5%}, {metric: latency_p95, max: 500ms}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
JSON = project("json", canary(BLOCK))
with open(os.path.join(JSON, "project.yaml")) as file:
    BASE = file.read()
CSV = project("csv", canary(BLOCK), BASE.replace("format: ndjson", "format: csv").replace("geo.country", "country"))


def file_of(name, data):
    path = os.path.join(SCRATCH, name)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def tar(data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("requests.log")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def zipped(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("requests.log", data)
    return out.getvalue()


# ------------------------------------------------------------------------------ files that are no logs

lines = requests(300)
columns = ["ts", "request", "user_id", "country", "request_time", "status"]
rows = [dict(line, country=line["geo"]["country"]) for line in lines]
ndjson = "".join(json.dumps(line) + "\n" for line in lines)
csv = ",".join(columns) + "\n" + "".join(",".join(str(row[c]) for c in columns) + "\n" for row in rows)
for directory, text in ((JSON, ndjson), (CSV, csv)):
    result = decide(directory, file_of("sound", text))
    ok(result.status == 0 and "300 lines" in result.out, f"the_log_itself_is_read_{os.path.basename(directory)}",
       result.out, result.err)

MISFITS = [
    ("utf_16", lambda t: t.encode("utf-16"), "it is UTF-16", "iconv -f UTF-16 -t UTF-8"),
    ("utf_16_without_a_mark", lambda t: t.encode("utf-16-le"), "it is UTF-16", "iconv -f UTF-16LE -t UTF-8"),
    ("utf_16_the_other_way", lambda t: t.encode("utf-16-be"), "it is UTF-16", "iconv -f UTF-16BE -t UTF-8"),
    ("utf_16_in_gzip", lambda t: gzip.compress(t.encode("utf-16")), "it is UTF-16", "iconv"),
    ("zip", lambda t: zipped(t), "it is a zip archive", "unzip -p"),
    ("tar", lambda t: tar(t.encode()), "it is a tar archive", "tar -xOf"),
    ("tar_in_gzip", lambda t: gzip.compress(tar(t.encode())), "it is a tar archive", "tar -xOf"),
    ("cr", lambda t: t.replace("\n", "\r").encode(), "its lines end in CR alone", r"tr '\r' '\n'"),
    ("array", lambda t: json.dumps(lines).encode(), "it is one JSON array", "jq -c '.[]'"),
    ("array_and_a_line_end", lambda t: json.dumps(lines).encode() + b"\n", "it is one JSON array", "jq -c '.[]'"),
    ("array_over_lines", lambda t: json.dumps(lines, indent=2).encode(), "it is one JSON array", "jq -c '.[]'"),
    ("array_of_lines", lambda t: b"[" + ",\n".join(map(json.dumps, lines)).encode() + b"]\n",
     "it is one JSON array", "jq -c '.[]'"),
    ("spread", lambda t: "\n".join(json.dumps(line, indent=2) for line in lines).encode(),
     "its JSON is spread over lines", "jq -c ."),
    ("a_journal_that_is_exported", lambda t: b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795168800123456\nMESSAGE=a=1\n\n",
     "it is in the journal's export form", "journalctl -o json"),
]
for directory, text in ((JSON, ndjson), (CSV, csv)):
    kind = os.path.basename(directory)
    for name, make, what, way in MISFITS:
        data = make(text)
        for source, stdin in ((file_of("misfit", data), None), ("-", data)):
            result = decide(directory, source, "--now", "2026-11-20T12:00:00Z", stdin=stdin)
            said = result.err.splitlines()
            ok(result.status == 2 and not result.out and len(said) == 2 and what in said[0] and
               said[1].startswith("help: ") and way in said[1],
               f"{name}_for_{kind}_from_{'stdin' if stdin else 'a_file'}", result.status, result.out, result.err)

# The way out leads out: what the help says, said.
WAYS = {"cr": r"tr '\r' '\n' <FILE", "tar": "tar -xOf FILE", "utf_16": "iconv -f UTF-16 -t UTF-8 FILE"}
for name, make, what, way in MISFITS:
    if name in WAYS:
        path = file_of("misfit", make(ndjson))
        log = subprocess.run(WAYS[name].replace("FILE", path), shell=True, capture_output=True, check=True).stdout
        equal(decide(JSON, "-", "--json", stdin=log).out, decide(JSON, file_of("sound", ndjson), "--json").out,
              f"{name}_becomes_the_log")

# What only looks like one: a log that was rotated within a line, returns within one, an odd first line.
for name, first in (("rotated_within_an_array", '[{"a": 1}]}'), ("a_brace_alone", "{"), ("a_return_within", "a\rb")):
    result = decide(JSON, file_of("odd", first + "\n" + ndjson))
    ok(result.status == 0 and "1 bad" in result.out, f"{name}_is_one_bad_line", result.out, result.err)

# ---------------------------------------------------------------------------- fields that no line has


def why(result):
    return " ".join(result.out.split())


def without(key, log):
    return [{k: v for k, v in line.items() if k != key} for line in log]


for name, log, words in (
        ("a_missing_key", without("user_id", lines), "no line of log 'requests' has 'user_id'"),
        ("a_list_for_a_key", [dict(line, user_id=["a"]) for line in lines], "'user_id' is '[…]' at ")):
    result = decide(JSON, write("unkeyed", log))
    ok(f"can be bucketed by attribute 'user_id': {words}" in why(result) and "no issue found" not in result.out,
       f"{name}_is_an_issue", result.out)
few = decide(JSON, write("few", without("user_id", lines[:5])))
ok("no issue found" in few.out and "no line of log 'requests' has 'user_id', its attribute 'user_id'" in why(few),
   "of_the_few_first_lines_it_is_a_note", few.out)
some = decide(JSON, write("some", without("user_id", lines[:150]) + lines[150:]))
ok("no issue found" in some.out and "no line of" not in some.out, "anonymous_visitors_are_no_issue", some.out)
result = decide(JSON, write("unmeasured", without("request_time", lines)))
ok("latency_p95 was not measured in the canary: no line of log 'requests' has 'request_time'" in why(result),
   "a_missing_value_is_the_reason", result.out)
result = decide(JSON, write("unfailing", without("status", lines)))
ok("no line of log 'requests' has 'status', which error_rate reads" in why(result), "a_missing_condition_is_a_note",
   result.out)
ok("no line of" not in decide(JSON, write("sound", lines)).out, "a_log_with_all_has_no_note")
one = "--threads", "1"
large = write("large", without("status", requests(40000)))
equal(decide(JSON, large, "--json", *one).out, decide(JSON, large, "--json", "--threads", "4").out,
      "threads_see_the_same_fields")

# -------------------------------------------------------------------------------------------- no time

for name, time, shown in (("a_text", "ten o'clock", "ten o'clock"), ("an_object", {"s": START}, "{…}"),
                          ("escapes", "\x1b[31m", "<1B>[31m")):
    result = decide(JSON, write("timeless", [dict(line, ts=time) for line in lines]))
    ok(f"no time: 'ts' is '{shown}', expected RFC 3339 or a number" in result.err, f"no_time_shows_{name}", result.err)

# A time of a spreadsheet or a locale is shown with the line that reads it, and that line does.
SAYS = "none of RFC 3339, 17/May/2015:10:05:03 +0000 and a number; write "
for time, form, also in (
        ("20.11.2026 10:00", "%d.%m.%Y %H:%M", ""), ("11/20/2026 10:00:05 AM", "%m/%d/%Y %I:%M:%S %p", ""),
        ("11/20/2026 1:05 PM", "%m/%d/%Y %I:%M %p", ""), ("20/11/2026 10:00", "%d/%m/%Y %H:%M", ""),
        ("12/11/2026 10:00", "%m/%d/%Y %H:%M", ', or "%d/%m/%Y %H:%M", whichever it is'),
        ("2026/11/20 10:00:00", "%Y/%m/%d %H:%M:%S", ""), ("20-Nov-2026 10:00:00", "%d-%b-%Y %H:%M:%S", ""),
        ("Nov 20, 2026 10:00:00 AM", "%b %d, %Y %I:%M:%S %p", ""), ("20261120T100000Z", "%Y%m%dT%H%M%SZ", ""),
        ("46346.4166666667", "excel", ""), (46346.4166666667, "excel", "")):
    result = decide(JSON, write("timeless", [dict(line, ts=time) for line in lines]))
    line = f'time: {{from: ts, format: "{form}"}}'
    ok(f"'ts' is '{time}', {SAYS}{line}{also}, and zone:" in result.err, f"the_way_is_shown_for_{time}", result.err)
    said = decide(project("told", canary(BLOCK), base=BASE.replace("time: ts", f'{line}\n    zone: "+00:00"')),
                  write("timeless", [dict(line, ts=time) for line in lines]), "--json", "--now", "2026-12-31T00:00:00Z")
    equal(said.status == 0 and sum(said.json["input"]["bad"].values()), 0, f"and_reads_{time}")
    first = said.json["input"]["first"] if said.status == 0 else said.err
    ok(first.startswith(("2026-11-20T10:00", "2026-11-20T13:05", "2026-12-11T10:00", "2026-11-20T09:59:59.99")),
       f"as_what_it_is_{time}", first)

# ISO 8601's offsets without a colon; and a day of a spreadsheet with a decimal comma.
for time in ("2026-11-20T12:00:00+0200", "2026-11-20T12:00:00.000+02", "2026-11-20 08:30:00-0130", "2026-11-20T10:00:00+00"):
    said = decide(JSON, write("offsets", [dict(line, ts=time) for line in lines]), "--json", "--now", "2026-12-31T00:00:00Z")
    equal(said.status == 0 and said.json["input"]["first"], "2026-11-20T10:00:00Z", f"{time}_has_an_offset")
for time in ("2026-11-20T12:00:00+020", "2026-11-20T12:00:00+2", "2026-11-20T12:00:00+2500", "2026-11-20T12:00:00+02:0",
             "2026-11-20T12:00:00+02000", "2026-11-20T12:00:00+"):
    said = decide(JSON, write("offsets", [dict(line, ts=time) for line in lines]))
    ok(said.status == 2 and f"no time: 'ts' is '{time}'" in said.err, f"{time}_is_none", said.err)
EXCEL = project("decimal-comma", canary(BLOCK), base=BASE.replace("time: ts", "time: {from: ts, format: excel, zone: Z}"))
said = decide(EXCEL, write("comma", [dict(line, ts="46346,4166666667") for line in lines]), "--json", "--now", "2026-12-31T00:00:00Z")
equal(said.status == 0 and said.json["input"]["first"], "2026-11-20T10:00:00Z", "a_day_with_a_decimal_comma")
for time in ("46,346", "46,346.5", "46346,5,5", "46346,"):
    said = decide(EXCEL, write("comma", [dict(line, ts=time) for line in lines]))
    ok(said.status == 2 and f"'ts' is '{time}', expected 'excel', days since 1899-12-30" in said.err, f"no_day_is_{time}", said.err)

EMPTY = {"prometheus": json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}}),
         "otlp": json.dumps({"resourceMetrics": []}) + "\n", "ndjson": ""}
SAID = {"prometheus": "the queries found nothing", "otlp": "no log records and no spans, and metrics are not read",
        "ndjson": "the logs are empty"}
for form, text in EMPTY.items():
    directory = project(form, canary(BLOCK.replace("latency_p95, max: 500ms", "slowest, max: 5")), f"""\
project: {{name: lab, environments: [production], bucket_by: user_id}}
attributes: {{user_id: string}}
logs: {{requests: {{format: {form}, {'variant: variant' if form == 'prometheus' else 'flag: flag, variant: variant'}}}}}
metrics:
  error_rate: {{kind: max, value: value, better: lower}}
  slowest: {{kind: max, value: value, better: lower}}
""")
    result = decide(directory, file_of("empty", text))
    ok(result.status == 2 and SAID[form] in result.err and result.err.endswith("help: give the time with --now\n"),
       f"nothing_to_read_is_said_of_{form}", result.err)
finish()
