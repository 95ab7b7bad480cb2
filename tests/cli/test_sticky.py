#!/usr/bin/env python3
"""Sticky flags: what a unit had, as commands, tests and logs say it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
FFREPLAY = os.environ.get("FFREPLAY", f"{TOP}/build/ffreplay")
DEFINITIONS = """project: {name: shop, environments: [live], bucket_by: user_id}
attributes: {user_id: string}
logs:
  named: {format: ndjson, time: time, unit: user, flag: flag, variant: variant, context: {user_id: user}}
  plain: {format: ndjson, time: time, unit: user, context: {user_id: user}}
metrics:
  lines: {kind: rate, log: named}
  others: {kind: rate, log: plain}
flags:
  color:
    type: string
    variants: {red: r, green: g, blue: b}
    default: red
    sticky: true
    split: {red: 50%, green: 50%}
  asks: {requires: {color: green}, serve: on}
  plain: {percent: 50%}
  trial:
    type: string
    variants: {a: a, b: b}
    default: a
    sticky: true
    experiment: {state: running, control: a, split: {a: 50%, b: 50%}, primary: conversion}
  rollout: {requires: {color: green}, canary: {state: running, since: 2026-11-20T00:00:00Z, serve: on,
    stages: [{name: half, percent: 50%, hold: 1h}, {percent: 100%}], guards: [{metric: others, max: 1000}]}}
tests:
  - {flag: color, previous: blue, context: {user_id: u1}, expect: {variant: blue, reason: STICKY, rule: null}}
  - {flag: color, previous: pink, context: {user_id: u1}, expect: {reason: SPLIT}}
  - {flag: trial, previous: b, state: running, contexts: [{user_id: u1}, {user_id: u2}, {}], expect: b}
  - {flag: trial, previous: b, state: concluded, expect: {variant: a, reason: STATIC}}
  - {flag: trial, previous: b, state: draft, expect: {variant: a, reason: STATIC}}
"""


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=directory, check=False)


def write(text):
    with open(f"{directory}/flags/a.yaml", "w", encoding="utf-8") as file:
        file.write(text)


def answer(flag, *more):
    found = json.loads(run(FFC, "eval", flag, "-e", "live", "--json", "-c", '{"user_id": "u1"}', *more).stdout)
    return found["variant"], found["reason"], found["rule"]


directory = tempfile.mkdtemp(prefix="ffc-sticky-")
os.mkdir(f"{directory}/flags")
write(DEFINITIONS.replace(", primary: conversion", ""))

got = [answer("color", "--previous", f"color={variant}") for variant in ("red", "green", "blue")]
ok(got == [(v, "STICKY", None) for v in ("red", "green", "blue")], "eval keeps what it is told", got)
got = [answer("asks", "--previous", f"color={variant}")[0] for variant in ("green", "blue")]
ok(got == ["on", "off"], "and so do flags that require it", got)
lines = run(FFC, "eval", "color", "-e", "live", "--json", "--contexts", "-", "--previous", "color=blue")
for name, options, status, text in [
        ("a flag that is not there", ["--previous", "colour=red"], 1, "did you mean 'color'?"),
        ("what is no pair", ["--previous", "color"], 2, "expected FLAG=VARIANT"),
        ("an empty variant", ["--previous", "color="], 2, "expected FLAG=VARIANT"),
        ("a flag twice", ["--previous", "color=red", "--previous", "color=green"], 2, "twice")]:
    for command in ("eval", "trace"):
        refused = run(FFC, command, "color", "-e", "live", "-c", "{}", *options)
        ok(refused.returncode == status and text in refused.stderr, f"{command} refuses {name}",
           f"{refused.returncode} {refused.stderr}")
steps = run(FFC, "trace", "color", "-e", "live", "-c", '{"user_id": "u1"}', "--previous", "color=blue").stdout
ok("who had blue of color" in steps and "it had blue" in steps and "STICKY" in steps, "trace says what it had", steps)
steps = run(FFC, "trace", "color", "-e", "live", "-c", '{"user_id": "u1"}', "--previous", "color=pink").stdout
ok("it had pink, which the flag does not have" in steps and "SPLIT" in steps, "and that it is gone", steps)
tests = run(FFC, "test")
ok(tests.returncode == 0, "tests say it, whatever the state", tests.stdout)
write(DEFINITIONS.replace(", primary: conversion", "").replace("expect: {variant: blue,", "expect: {variant: red,"))
tests = run(FFC, "test")
ok("--previous 'color=blue'" in tests.stdout, "one that fails says how to trace it", tests.stdout)
write(DEFINITIONS.replace(", primary: conversion", ""))

shown = run(FFC, "fmt", "--check")
listed = run(FFC, "build", "-e", "live", "-o", "live.ffs")
dumped = run(FFC, "dump", "live.ffs").stdout
ok("serve   the variant it had  (STICKY)" in dumped, "dump shows where", dumped)
level = run(FFC, "build", "-e", "live", "-o", "old.ffs", "--format-level", "1")
ok(level.returncode == 1 and "color" in level.stderr, "level 1 has no such flags", level.stderr)

with open(f"{directory}/named.ndjson", "w", encoding="utf-8") as file:
    for i in range(60):
        line = {"time": f"2026-11-20T10:{i:02d}:00Z", "user": f"u{i}", "flag": "color"}
        if i < 40:
            line["variant"] = "blue"
        file.write(json.dumps(line) + "\n")
shutil.copy(f"{directory}/named.ndjson", f"{directory}/plain.ndjson")
metrics = run(FFREPLAY, "metrics", "named=named.ndjson", "--flag", "color", "-e", "live", "--json")
groups = json.loads(metrics.stdout)["groups"] if metrics.returncode == 0 else []
by = {str(group.get("by", group)): group for group in groups}
ok(metrics.returncode == 0 and "blue" in metrics.stdout and '"green"' not in metrics.stdout
   and '"red"' not in metrics.stdout,
   "of lines that name the variant, it counts; of others nobody can tell", metrics.stdout + metrics.stderr)
for flag, holds in (("color", False), ("asks", False), ("plain", True)):
    replayed = run(FFREPLAY, "metrics", "plain=plain.ndjson", "--flag", flag, "-e", "live")
    ok((replayed.returncode == 0) == holds and holds != ("is sticky" in replayed.stderr),
       f"a log without variants {'tells' if holds else 'cannot tell'} those of {flag}", replayed.stderr)
decided = run(FFREPLAY, "decide", "rollout", "plain=plain.ndjson", "-e", "live")
ok(decided.returncode != 0 and "is sticky" in decided.stderr, "nor those of a canary that requires a sticky flag",
   decided.stdout + decided.stderr)
shutil.rmtree(directory)
sys.exit(finish())
