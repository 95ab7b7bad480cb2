#!/usr/bin/env python3
"""Damaged log lines, at random: whatever they hold, each is used, left out or bad, and counted so.

SEED= repeats a run; LINES= makes it longer."""
import json
import os
import random
import re

import lab
from lab import canary, decide, equal, finish, ok, project, requests

BLOCK = """\
stages: [{name: first, percent: 30%}, {name: full, percent: 100%}]
state: running
since: 2026-11-20T10:00:00Z
stage: first
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: latency_p95, max: 500ms, for: 2, action: pause}
  - {metric: failing_users, max: 5%, over: 1h, action: pause}
"""
COMBINED = """\
project: {name: lab, environments: [production], bucket_by: client}
attributes: {client: string}
logs:
  access: {format: combined, time: time, context: {client: remote_addr}}
metrics:
  errors: {kind: proportion, of: {status: {gte: 500}}, where: {user_agent: {contains: o}}}
  bytes: {kind: mean, value: bytes, where: {path: {glob: "/*"}}}
"""
seed = int(os.environ.get("SEED", 20261120))
count = int(os.environ.get("LINES", 20000))
print(f"# SEED={seed}")
rng = random.Random(seed)
JSON_LINES = [json.dumps({**line, "request": None}).encode() for line in requests(200)] + [
    b'{"ts":1795168800000,"user_id":null,"geo":{"country":["NO"]},"status":true,"x":"\\u00e5"}']
ACCESS_LINES = [
    b'10.0.0.%d - - [17/May/2015:10:%02d:03 +0000] "GET /a/%d?x=\\"y\\" HTTP/1.1" %d %s "-" "Mozilla/5.0"'
    % (i, i % 60, i, 200 + i, b"-" if i % 3 else b"%d" % (i * 7)) for i in range(200)]
CSV_HEADER = b"ts,user_id,country,status,request_time"
CSV = lab.PROJECT.replace("format: ndjson", "format: csv").replace("geo.country", "country").replace(
    "    id: request\n", "")
CSV_LINES = [b'%d,"u,%d","N""O",%d,0.%d' % (line["ts"], i, line["status"], i)
             for i, line in enumerate(requests(200))]
OTLP_LINES = [json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [
    {"timeUnixNano": str(line["ts"] * 10**6), "body": {"kvlistValue": {"values": []}}, "attributes": [
        {"key": key, "value": {"stringValue": str(line[key])}} for key in ("user_id", "status", "request_time")] + [
            {"key": "geo", "value": {"kvlistValue": {"values": [
                {"key": "country", "value": {"arrayValue": {"values": [{"stringValue": "NO"}]}}}]}}}]}
    for line in requests(3, seed=seed + i)]}]}]}, separators=(",", ":")).encode() for i in range(100)]
FLAG_LINES = [json.dumps({"kind": "feature", "userKey": line["user_id"], "creationDate": line["ts"] // 1000,
                          "key": "canary.checkout", "variation": "on", "default": i % 9 == 0,
                          "status": line["status"], "request_time": 0.1}).encode()
              for i, line in enumerate(requests(200))]
OTLP = lab.PROJECT.replace("format: ndjson", "format: otlp").replace("time: ts", "time: time").replace(
    "    id: request\n", "")
FLAGS = re.sub(r"    (time|unit|id|context): .*\n", "", lab.PROJECT).replace("ndjson", "go-feature-flag")
W3C_HEAD = b"#Fields: date time c-ip sc-status time-taken cs(User-Agent)"
W3C_LINES = [b"2026-11-20 10:%02d:%02d 10.0.0.%d %d %d a+%d" % (i // 60, i % 60, i, line["status"], i, i)
             for i, line in enumerate(requests(200))]
TABS = [line.replace(b" ", b"\t") for line in W3C_LINES]
CADDY_LINES = [json.dumps({"level": "info", "ts": line["ts"] / 1000, "logger": "http.log.access", "duration": 0.1,
                           "status": line["status"], "request": {"method": "GET", "remote_ip": line["user_id"]}}).encode()
               for line in requests(200)]
SPAN_LINES = [json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [
    {"startTimeUnixNano": str(line["ts"] * 10**6), "endTimeUnixNano": str(line["ts"] * 10**6 + 10**7), "status": {"code": 2},
     "attributes": [{"key": "user_id", "value": {"stringValue": line["user_id"]}}]}]}]}]}).encode() for line in requests(100)]
READ_LINES = [json.dumps({"time": line["ts"], "user_id": line["user_id"], "took": took, "up": up}).encode()
              for line, took, up in zip(requests(200), ["1m3s", "12 ms", "2\u00b5s", "0.5", None] * 40,
                                        ["0.1, 0.2 : -", [1, "2"], "-", 7] * 50)]
NEW = """\
project: {name: lab, environments: [production], bucket_by: client}
attributes: {client: string}
logs:
  log: {LOG, context: {client: UNIT}}
metrics:
  errors: {kind: proportion, of: {STATUS: {gte: 500}}}
  took: {kind: mean, value: TOOK, unit: ms}
"""
NEW_BLOCK = """\
stages: [{name: first, percent: 30%}]
state: running
stage: first
since: 2026-11-20T00:00:00Z
guards: [{metric: errors, max: 5%}, {metric: took, max: 5s}]
"""


def new(name, log, unit, status, took):
    base = NEW.replace("LOG", log).replace("UNIT", unit).replace("STATUS", status).replace("TOOK", took)
    return project(f"rubbish-{name}", canary(NEW_BLOCK), base=base)


SERIES = """\
project: {name: lab, environments: [production], bucket_by: client}
attributes: {client: string}
logs:
  series: {format: FORMAT}
metrics:
  errors: {kind: mean, value: value, where: {name: {contains: e}}}
"""
ANSWER = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [
    {"metric": {"name": "e", "track": "on"}, "values": [[1795168800 + i, str(i)] for i in range(5)]}
    for _ in range(3)]}}).encode()
SCOPE = {"startTimeMillis": 1795168800000, "stepMillis": 1000}
PAIRS = json.dumps([{"name": "e", "tags": {"x": "y"}, "values": {"control": [1, None, "NaN", 2.5],
                    "experiment": [3, -1e300]}, "scopes": {"control": SCOPE, "experiment": SCOPE}}]).encode()


def damaged(line):
    line = bytearray(line)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(line) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(line):
            line[at] = rng.randrange(256)
        elif kind == 1:
            del line[at:at + rng.randrange(10)]
        elif kind == 2:
            line[at:at] = bytes([rng.choice(b'{}[]",:\\u0e-+.nt')])
        elif kind == 3:
            del line[at:]
        else:
            line[at:at] = line[max(0, at - 20):at]
    return bytes(line).replace(b"\n", b" ")


for name, directory, lines in (
        ("ndjson", project("rubbish", canary(BLOCK)), JSON_LINES),
        ("combined", project("rubbish-combined", canary(
            "stages: [{name: first, percent: 30%}]\nstate: running\nstage: first\nsince: 2015-05-17T00:00:00Z\n"
            "guards: [{metric: errors, max: 5%}, {metric: bytes, max: 5}]"), base=COMBINED),
         ACCESS_LINES),
        ("csv", project("rubbish-csv", canary(BLOCK), base=CSV), CSV_LINES),
        ("otlp", project("rubbish-otlp", canary(BLOCK), base=OTLP), OTLP_LINES),
        ("iis", new("iis", "format: iis", "c-ip", "sc-status", "time-taken"), W3C_LINES),
        ("w3c", new("w3c", "format: w3c", "c-ip", "sc-status", "time-taken"), W3C_LINES),
        ("cloudfront", new("cloudfront", "format: cloudfront", "c-ip", "sc-status", "time-taken"), TABS),
        ("caddy", new("caddy", "format: caddy", "request.remote_ip", "status", "duration"), CADDY_LINES),
        ("spans", new("spans", "format: otlp", "user_id", "status", "duration"), SPAN_LINES),
        ("read", new("read", "format: ndjson, fields: {took: {from: took, parse: duration}, up: {from: up, parse: sum}}",
                     "user_id", "up", "took"), READ_LINES),
        ("go-feature-flag", project("rubbish-flags", canary(BLOCK), base=FLAGS), FLAG_LINES)):
    head = {"csv": CSV_HEADER, "iis": W3C_HEAD, "w3c": W3C_HEAD, "cloudfront": W3C_HEAD}.get(name)
    log = (head + b"\n" if head else b"") + b"\n".join(damaged(rng.choice(lines)) for _ in range(count))
    result = decide(directory, "-", "--max-bad", "100%", "--json", stdin=log)
    if not ok(result.status == 0, f"{name}_never_ends_the_program", result.status, result.err[-2000:]):
        continue
    counts = result.json["input"]
    parts = (counts["used"], sum(counts["left_out"].values()), sum(counts["bad"].values()))
    equal(sum(parts), counts["lines"], f"{name}_every_line_is_counted_once")
    ok(min(counts["used"], sum(counts["bad"].values())) > count // 20, f"{name}_some_are_good", counts)
    again = decide(directory, "-", "--max-bad", "100%", "--json", stdin=log)
    equal(again.out, result.out, f"{name}_the_same_again")

# A document is read, or there is no verdict: never something in between.
for name, log, document in (("prometheus", "prometheus, variant: track", ANSWER), ("kayenta", "kayenta", PAIRS)):
    directory = project(f"rubbish-{name}", canary(
        "stages: [{name: first, percent: 30%}]\nstate: running\nstage: first\nsince: 2026-11-20T10:00:00Z\n"
        "guards: [{metric: errors, max: 5}]"), base=SERIES.replace("FORMAT", log))
    seen, fine = set(), True
    for _ in range(max(150, count // 100)):
        result = decide(directory, "-", "--max-bad", "100%", "--now", "2026-11-20T12:00:00Z", "--json",
                        stdin=document + damaged(document))
        seen.add(result.status)
        if result.status == 0:
            counts = result.json["input"]
            fine &= counts["used"] + sum(counts["left_out"].values()) + sum(counts["bad"].values()) == counts["lines"]
        else:
            fine &= result.status == 2 and not result.out and "cannot read <stdin>:1" in result.err
        if not fine:
            ok(False, f"{name}_damaged", result.status, result.out, result.err[-2000:])
            break
    equal(seen, {0, 2}, f"{name}_is_read_or_refused")
finish()
