#!/usr/bin/env python3
"""Metrics that test the entries of a log's lists, of NDJSON and of OpenTelemetry, against counts made here."""
import json
import random
import subprocess

import lab
from lab import START, equal, finish, ok, project, write

TESTS = {
    "some": ("{any: {starts_with: s}}", lambda tags: any(tag.startswith("s") for tag in tags)),
    "every": ("{all: {in: [slow, old, SLOW]}}", lambda tags: all(tag in ("slow", "old", "SLOW") for tag in tags)),
    "no": ("{none: {eq: slow, ignore_case: true}}", lambda tags: not any(tag.lower() == "slow" for tag in tags)),
    "numeral": ('{any: {eq: "500"}}', lambda tags: "500" in tags),
    "order": ("{any: {gt: r}}", lambda tags: any(tag > "r" for tag in tags)),
    "two": ("{size: {gte: 2, lt: 4}}", lambda tags: 2 <= len(tags) < 4),
    "none_at_all": ("{size: 0}", lambda tags: not tags),
    "odd": ("{size: {mod: {by: 2, in: [1]}}}", lambda tags: len(tags) % 2 == 1),
    "both": ("{size: 1, none: {matches: '^s'}}", lambda tags: len(tags) == 1 and not tags[0].startswith("s")),
}
BASE = """\
project: {name: lab, environments: [production], bucket_by: user}
attributes: {user: string}
flags: {f: {percent: 50%}}
logs:
  lines: {format: ndjson, time: ts}
  records: {format: otlp}
metrics:
""" + "".join(f"  {log}_{name}: {{log: {log}, kind: proportion, of: {{x.tags: {test}}}}}\n"
             for log in ("lines", "records") for name, (test, _) in TESTS.items())
TAGS = ["slow", "SLOW", "old", "500", "s", "größe"]


def any_value(value):
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]} if value else {}}
    return {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}


def request(time, tags):
    attributes = [] if tags is None else [{"key": "x.tags", "value": any_value(tags)}]
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": f"{time}000000", "attributes": attributes}]}]}]}


def measured(directory, log, path):
    run = subprocess.run([lab.FFREPLAY, "metrics", f"{log}={path}", "-C", directory, "--json"], capture_output=True, text=True,
                         check=False)
    ok(run.returncode == 0, f"{log}_are_read", run.stderr)
    return next(group["metrics"] for group in json.loads(run.stdout)["groups"] if not group["by"])


seed = random.SystemRandom().randrange(10**6)
print(f"# SEED={seed}")
rng = random.Random(seed)
lists = [None if rng.random() < 0.1 else rng.sample(TAGS, rng.randrange(len(TAGS))) for _ in range(500)]
directory = project("lists", "", base=BASE)
found = {"lines": measured(directory, "lines", write("lists.ndjson", [
    {"ts": START + i, **({} if tags is None else {"x": {"tags": tags}} if i % 2 else {"x.tags": tags})}
    for i, tags in enumerate(lists)]))}
found["records"] = measured(directory, "records", write("lists.otlp", [request(START + i, tags)
                                                                       for i, tags in enumerate(lists)]))
for log, metrics in found.items():
    for name, (_, holds) in TESTS.items():
        expected = sum(tags is not None and holds(tags) for tags in lists) / len(lists)
        equal(metrics[f"{log}_{name}"]["estimate"], expected, f"{log}_{name}_is_what_the_lists_have")

# What is no list of texts cannot be read, which is said: a text, a number, an object, a list of something else.
odd = [["slow"], "slow", 7, {"slow": 1}, ["slow", 7], None, "-", []]
metrics = measured(directory, "lines", write("odd.ndjson", [{"ts": START + i, "x": {"tags": tags}} for i, tags in enumerate(odd)]))
for name in ("some", "no", "none_at_all"):
    equal([metrics[f"lines_{name}"]["n"], metrics[f"lines_{name}"].get("unreadable")], [4, 4],
          f"{name}_does_not_guess_what_is_no_list")
finish()
