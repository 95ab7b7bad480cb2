#!/usr/bin/env python3
"""Damaged log lines, at random: whatever they hold, each is used, left out or bad, and counted so.

SEED= repeats a run; LINES= makes it longer."""
import json
import os
import random

from lab import canary, decide, equal, finish, ok, project, requests

BLOCK = """\
stages: [{name: first, percent: 30%}, {name: full, percent: 100%}]
state: running
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
            "stages: [{name: first, percent: 30%}]\nstate: running\nstage: first\n"
            "guards: [{metric: errors, max: 5%}, {metric: bytes, max: 5}]"), base=COMBINED),
         ACCESS_LINES)):
    log = b"\n".join(damaged(rng.choice(lines)) for _ in range(count))
    result = decide(directory, "-", "--max-bad", "100%", "--json", stdin=log)
    if not ok(result.status == 0, f"{name}_never_ends_the_program", result.status, result.err[-2000:]):
        continue
    counts = result.json["input"]
    parts = (counts["used"], sum(counts["left_out"].values()), sum(counts["bad"].values()))
    equal(sum(parts), counts["lines"], f"{name}_every_line_is_counted_once")
    ok(min(counts["used"], sum(counts["bad"].values())) > count // 20, f"{name}_some_are_good", counts)
    again = decide(directory, "-", "--max-bad", "100%", "--json", stdin=log)
    equal(again.out, result.out, f"{name}_the_same_again")
finish()
