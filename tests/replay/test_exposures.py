#!/usr/bin/env python3
"""Logs that name the flag and its variant: OpenTelemetry's, and those of GO Feature Flag's exporters."""
import gzip
import json
import random

import lab
from golden import golden
from lab import START, canary, decide, equal, finish, ok, project, requests

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
HEAD = lab.PROJECT[:lab.PROJECT.index("logs:")]
METRICS = """\
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
  latency_p95: {kind: quantile, q: 0.95, value: latency, unit: ms, better: lower}
  failing_users: {kind: proportion, of: {status: {gte: 500}}, per: unit, better: lower}

"""


def described(name, log):
    return project(name, canary(BLOCK), base=f"{HEAD}logs:\n  seen:\n{log}\n{METRICS}")


def variant(line):
    return "on" if lab.exposed(line["user_id"], "canary.checkout", 20) else "off"


def same(name, directory, data, expected):
    result = decide(directory, "-", "--json", stdin=data)
    if ok(result.status == 0 and not result.err, f"{name}_is_read", result.status, result.err):
        verdict = result.json
        equal((verdict["criteria"], verdict["health"], verdict["input"]["used"]), expected,
              f"{name}_says_what_ndjson_says")
    return result


def as_lines(objects):
    return "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in objects).encode()


lines = requests(3000)
plain = described("plain", "    format: ndjson\n    time: ts\n    unit: user_id\n    variant: variant\n"
                  "    fields: {latency: {from: request_time, scale: 1000}}")
verdict = decide(plain, "-", "--json", stdin=as_lines(
    dict(line, variant=variant(line)) for line in lines)).json
expected = (verdict["criteria"], verdict["health"], 3000)

# --------------------------------------------------------------------------------------------- OTLP


def any_value(value):
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return {kinds[type(value)]: str(value) if type(value) is int else value}


def attributes(**values):
    return [{"key": key.replace("__", "."), "value": any_value(value)} for key, value in values.items()]


def record(line, served, flag="canary.checkout", deprecated=False, **more):
    name = "feature_flag__variant" if deprecated else "feature_flag__result__variant"
    return {"timeUnixNano": str(line["ts"] * 10**6 + 123), "eventName": "feature_flag.evaluation",
            "observedTimeUnixNano": "1", "futureField": {"x": [1]},
            "attributes": attributes(feature_flag__key=flag, feature_flag__context__id=line["user_id"],
                                     status=line["status"], request_time=line["request_time"],
                                     **{name: served}, **more)}


def requests_of(records, size, seed=1):
    """Exporters batch: several records a request, spread over resources and scopes."""
    rng = random.Random(seed)
    for at in range(0, len(records), size):
        batch = records[at:at + size]
        cut = rng.randrange(len(batch) + 1)
        scopes = [{"scope": {"name": "a"}, "logRecords": batch[:cut]},
                  {"logRecords": batch[cut:], "schemaUrl": "x"}, {}]
        yield {"resourceLogs": [{"scopeLogs": scopes, "resource": {"attributes": attributes(
            service__name="shop")}}, {"resource": {}}], "unknown": None}


otlp = described("otlp", "    format: otlp\n    fields: {latency: {from: request_time, scale: 1000}}")
records = [record(line, variant(line)) for line in lines]
golden("otlp", "json", same("otlp", otlp, as_lines(requests_of(records, 1)), expected).out)
for size in (7, 3000):
    same(f"otlp_by_{size}", otlp, as_lines(requests_of(records, size)), expected)
same("otlp_deprecated", otlp, as_lines(requests_of(
    [record(line, variant(line), deprecated=True) for line in lines], 20)), expected)
batches = as_lines(requests_of(records, 20)).splitlines(keepends=True)
reference = decide(otlp, "-", "--json", stdin=b"".join(batches)).out
random.Random(2).shuffle(batches)
equal(decide(otlp, "-", "--json", stdin=b"".join(batches)).out, reference, "otlp_shuffled")
equal(decide(otlp, "-", "--json", stdin=gzip.compress(b"".join(batches))).out, reference,
      "otlp_compressed")

at = {"ts": START, "user_id": "u1", "status": 200, "request_time": 0.1}
extra = [record(at, "on", flag="another"), record(at, "on", feature_flag__result__reason="error"),
         record(at, "off", feature_flag__evaluation__reason="ERROR"),
         {"timeUnixNano": str(START * 10**6), "body": {"stringValue": "x"}}]
result = decide(otlp, "-", "--json", stdin=as_lines(requests_of(records + extra, 50)))
equal(result.json["input"]["left_out"], {"other_flag": 1, "no_variant": 1, "error": 2},
      "otlp_what_is_left_out")
spans = as_lines([{"resourceSpans": [{"x": 1}]}, {"resourceMetrics": []}])
same("otlp_among_spans_and_metrics", otlp, spans + as_lines(requests_of(records, 9)), expected)

# A time of zero means there is none; then the time it was observed at counts.
observed = [dict(each, timeUnixNano="0", observedTimeUnixNano=each["timeUnixNano"]) for each in records]
same("otlp_observed_times", otlp, as_lines(requests_of(observed, 9)), expected)
timeless = [dict(each, timeUnixNano="0", observedTimeUnixNano=0) for each in records[:5]]
result = decide(otlp, "-", "--json", stdin=as_lines(requests_of(records + timeless, 9)))
equal(result.json["input"]["bad"]["no_time"], 5, "otlp_without_a_time")

# Re-evaluated from a context in the resource, the scope or a nested attribute.
nested = described("nested", "    format: otlp\n    unit: enduser.id\n"
                   "    context: {user_id: enduser.id, country: geo.country}\n"
                   "    fields: {latency: {from: body.took, scale: 1000}, status: http.status}")
deep = [{"timeUnixNano": line["ts"] * 10**6,
         "body": {"kvlistValue": {"values": attributes(took=line["request_time"])}},
         "attributes": [{"key": "geo", "value": {"kvlistValue": {"values": attributes(country="NO")}}},
                        {"value": any_value(line["user_id"]), "key": "enduser.id"},
                        {"key": "http", "value": {"kvlistValue": {"values": [
                            {"key": "status", "value": {"intValue": line["status"]}}]}}}]}
        for line in lines]
result = decide(nested, "-", "--json", stdin=as_lines(requests_of(deep, 4)))
equal((result.json["criteria"], result.json["input"]["used"]), (expected[0], 3000),
      "otlp_nested_attributes_and_a_context")

whole = as_lines(requests_of(records, 10))
for name, bad, words in (
        ("text", b"GET /", "bad line: "), ("an_array", b"[]", "not a JSON object"),
        ("another_object", b'{"msg":"x"}', "no 'resourceLogs'"),
        ("wrong_lists", b'{"resourceLogs":{}}', "'resourceLogs' is not a list"),
        ("wrong_records", b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[1]}]}]}',
         "a log record is not an object")):
    result = decide(otlp, "-", "--json", stdin=whole + bad + b"\n")
    ok(result.status == 0 and result.json["input"]["bad"]["unparsable"] == 1 and
       "<stdin>:301:1: bad line: " in result.err and words in result.err, f"otlp_{name}_is_bad",
       result.err)
# Four lines of 300 are more than 1 %, though they are but four of 3004 records.
result = decide(otlp, "-", stdin=whole + b"rubbish\n" * 4)
ok(result.status == 2 and "no verdict" in result.err, "a_lost_batch_counts_as_a_batch", result.err)
equal(decide(otlp, "-", "--json", stdin=whole[:-9]).json["input"]["left_out"], {"incomplete": 1},
      "otlp_cut_short")

# ---------------------------------------------------------------------------------- GO Feature Flag


def event(line, **more):
    return {"kind": "feature", "contextKind": "user", "userKey": line["user_id"],
            "creationDate": line["ts"] // 1000, "key": "canary.checkout", "variation": variant(line),
            "value": variant(line) == "on", "default": False, "version": "", "source": "SERVER",
            "metadata": {"status": line["status"], "took": line["request_time"]}, **more}


goff = described("goff", "    format: go-feature-flag\n"
                 "    fields: {latency: {from: metadata.took, scale: 1000}, status: metadata.status}")
exported = [event(line) for line in lines]
golden("go-feature-flag", "json", same("goff", goff, as_lines(exported), expected).out)
failed = [event(lines[0], default=True), event(lines[0], variation="SdkDefault", default=True),
          event(lines[0], variation="SdkDefault"), event(lines[0], key="another", default=True)]
result = decide(goff, "-", "--json", stdin=as_lines(exported + failed))
equal((result.json["input"]["left_out"], result.json["health"]["healthy"]),
      ({"other_flag": 1, "error": 3}, True), "goff_failed_evaluations_are_nobodys")
equal(result.json["criteria"], expected[0], "goff_and_change_nothing")
tracked = {"kind": "tracking", "contextKind": "user", "userKey": "u1", "key": "canary.checkout",
           "creationDate": START // 1000, "trackingEventDetails": {"value": 9}}
result = decide(goff, "-", "--json", stdin=as_lines(exported + [tracked]))
equal(result.json["input"]["left_out"], {"no_variant": 1}, "goff_an_event's_name_is_no_flag")
evaluated = described("tracking", "    format: go-feature-flag\n    unit: userKey\n"
                      "    context: {user_id: userKey}\n    fields: {status: code, latency: took}")
result = decide(evaluated, "-", "--json", stdin=as_lines(dict(
    tracked, userKey=line["user_id"], creationDate=line["ts"] // 1000, code=line["status"],
    took=line["request_time"] * 1000) for line in lines))
equal([each["canary"]["n"] for each in result.json["criteria"]],
      [each["canary"]["n"] for each in expected[0]], "goff_events_are_evaluated_again")

# Its default csv: no header, semicolons.
columns = ["kind", "contextKind", "userKey", "creationDate", "key", "variation", "value", "default", "source"]
table = described("goff-csv", "    format: csv\n    delimiter: semicolon\n    time: creationDate\n"
                  f"    columns: [{', '.join(columns)}]\n    flag: key\n    variant: variation\n"
                  "    unit: userKey\n    fields: {status: value, latency: value}")
data = "".join(";".join(str({True: "true", False: "false"}.get(each[name], each[name])
                            if type(each[name]) is bool else each[name]) for name in columns) + "\n"
               for each in (dict(each, value=200) for each in exported)).encode()
result = decide(table, "-", "--json", stdin=data)
ok(result.status == 0 and not result.err and result.json["input"]["used"] == 3000,
   "goff_csv_is_read", result.err)
finish()
