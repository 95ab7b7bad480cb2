#!/usr/bin/env python3
"""`ffreplay sql`: what a query's rows merge to is what `aggregate` makes of the same lines: counts, times, sketches and
samples of units to the bit, sums within 1e-12. In ClickHouse (chDB), who was served what is computed again; in DuckDB
and PostgreSQL the table says it. Where an engine is not there, its part is skipped.

Runs: first."""
import datetime
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import engines  # noqa: E402
import lab  # noqa: E402
from lab import FFREPLAY, HOUR, PROJECT, SCRATCH, START, TOP, canary, equal, finish, ok, project, requests, skip, write  # noqa: E402

SEED = int(os.environ.get("SEED", "1"))
rng = random.Random(SEED)
print(f"# SEED={SEED}")

found = {}
for dialect in ("clickhouse", "duckdb", "postgresql"):
    found[dialect], why = engines.start(dialect)
    if not found[dialect]:
        skip(f"{dialect}_is_asked", why)
RECOMPUTES = {"clickhouse"}


class Command:
    def __init__(self, *arguments, stdin=None):
        done = subprocess.run([FFREPLAY, *arguments], input=stdin, capture_output=True, text=True)
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr


# --------------------------------------------------------------------------------------- what is compared
SUMS = {"sum", "denominator"}


def rows_of(text):
    rows = {}
    for line in text.splitlines():
        row = json.loads(line)
        rows[row.pop("key")] = row
    return rows


def without(row, fields):
    if isinstance(row, dict):
        return {k: without(v, fields) for k, v in row.items() if k not in fields}
    return row


def groups_of_units(sample):
    counts = {}
    for groups in sample.get("units", {}).values():
        counts[groups] = counts.get(groups, 0) + 1
    return counts


def differences(ours, theirs, same_hash, path=""):
    """Where they differ: all but digests, a value's place in a file, and units' hashes where the engine has another."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        for name in sorted(set(ours) | set(theirs)):
            if name in ("digest", "hash", "definitions", "shown"):
                continue
            if name not in ours or name not in theirs:
                found.append(f"{path}/{name}: {'only in ' + ('aggregate' if name in ours else 'the query')}: "
                             f"{str(ours.get(name, theirs.get(name)))[:200]}")
            elif name in ("shares", "divided") and not same_hash:
                if groups_of_units(ours[name]) != groups_of_units(theirs[name]):
                    found.append(f"{path}/{name}: {groups_of_units(ours[name])} {groups_of_units(theirs[name])}")
            elif name in SUMS and isinstance(ours[name], str):
                if not math.isclose(float(ours[name]), float(theirs[name]), rel_tol=1e-12, abs_tol=1e-300):
                    found.append(f"{path}/{name}: {ours[name]} {theirs[name]}")
            else:
                found += differences(ours[name], theirs[name], same_hash, f"{path}/{name}")
        return found
    return [] if ours == theirs else [f"{path}: {str(ours)[:300]} {str(theirs)[:300]}"]


def compare(ours, theirs, same_hash):
    """Of two files; what they were read from is another."""
    ours, theirs = rows_of(ours), rows_of(theirs)
    keep = lambda rows: {k: v for k, v in rows.items() if not k.startswith(("input/", "~end"))}
    return differences(keep(ours), keep(theirs), same_hash)


def ask(dialect, directory, flags, tables, *options, environment="production"):
    """What the query prints, which is merged; or what `sql` or the engine says against it."""
    made = Command("sql", *flags, "-C", directory, "-e", environment, "--dialect", dialect, *options,
                   *(word for table in tables for word in ("--table", table)))
    if made.status:
        return None, made.err
    again = Command("sql", *flags, "-C", directory, "-e", environment, "--dialect", dialect, *options,
                    *(word for table in tables for word in ("--table", table)))
    if again.out != made.out:
        return None, "another time, the query is another"
    try:
        rows = found[dialect].run(made.out)
    except engines.Problem as problem:
        return None, str(problem)[:1000]
    return rows, None


def merged(rows):
    done = Command("merge", stdin=rows)
    return done.out, done.err


# -------------------------------------------------------------------------------- the canaries of flags/
SYSTEMS = {
    "rupaya.requests": ({"time": "time", "user_id": "text", "country": "text", "plan": "text", "latency_ms": "number",
                         "status": "integer", "endpoint": "text", "memory_used": "number", "cpu_used": "number",
                         "pool_free": "integer"}),
    "together.requests": {"time": "time", "user_id": "text", "groups": "strings", "status": "integer",
                          "latency_ms": "number"},
    "evidence.validations": {"finished_at": "time", "user_id": "text", "outcome": "text", "duration_ms": "number"},
    "nostrvine.playback": {"ts": "time", "anonymous_id": "text", "region": "text", "groups": "strings", "ok": "boolean",
                           "load_ms": "number", "response_ms": "number", "cache.hit": "boolean"},
    "ai.events": {"time": "time", "user_id": "text", "plan": "text", "country": "text", "event": "text"},
}
SPELLINGS = {"country": ["BR", "CA", "DE", "IN", "NO", "UK", "US"], "plan": ["free", "premium", "enterprise"],
             "endpoint": ["/", "/checkout/complete", "/search"], "outcome": ["accepted", "refused", "failed"],
             "region": ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"], "event": ["view", "purchase"]}


def moment(ms):
    seconds, rest = divmod(ms, 1000)
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def value_of(name, kind, users):
    if rng.random() < 0.03 and kind != "strings":
        return None
    if name in SPELLINGS:
        return rng.choice(SPELLINGS[name])
    if kind == "text":
        return "" if rng.random() < 0.02 else f"u{rng.randrange(users)}"
    if kind == "boolean":
        return rng.random() < 0.9
    if kind == "strings":
        return rng.sample(["beta-testers", "staff", "x"], rng.randrange(3))
    if kind == "integer":
        return rng.choice([200] * 12 + [404, 500, 503]) if name == "status" else rng.randrange(20)
    return rng.choice([0, 0.1, round(rng.expovariate(0.01), 3), rng.random() * 1e-4, rng.lognormvariate(5, 2), -rng.random()])


def lines_of(columns, count, users=200, begin=START - HOUR, length=3 * HOUR):
    lines = []
    for _ in range(count):
        line = {}
        for name, kind in columns.items():
            value = moment(begin + rng.randrange(length)) if kind == "time" else value_of(name, kind, users)
            if value is not None:
                line[name] = value
        lines.append(line)
    return lines


def nested(lines):
    """A log's lines as they are logged: a column with a dot is a field within another."""
    made = []
    for line in lines:
        line = dict(line)
        for name in [n for n in line if "." in n]:
            outer, inner = name.split(".")
            line.setdefault(outer, {})[inner] = line.pop(name)
        made.append(line)
    return made


def changed(directory, name, change):
    """A copy of a project, each of its files but those of tests changed."""
    copy = os.path.join(SCRATCH, name)
    shutil.copytree(directory, copy, ignore=shutil.ignore_patterns("tests.yaml"))
    for folder, _, files in os.walk(copy):
        for file in files:
            path = os.path.join(folder, file)
            with open(path) as source:
                text = source.read()
            with open(path, "w") as target:
                target.write(change(text))
    return copy


def set_running(text):
    """Each canary at the stage of STAGES, since 10:00."""
    parts = re.split(r"(?m)^(?=  [a-zA-Z0-9_.-]+:\n)", text)
    return "".join(re.sub(r"( +)state: pending\n", lambda m, part=part: (
        f"{m[1]}state: running\n{m[1]}stage: {STAGES[part.strip().split(':')[0]]}\n{m[1]}since: 2026-11-20T10:00:00Z\n"),
        part) for part in parts)


STAGES = {"canary.new-payment-processor": "small", "canary.new-notification-service": "quarter", "canary_auto_submit": "half",
          "canary_smart_prompts": "twentieth", "v2.1.0": "half", "v2.1.0-hotfix": "everyone", "video_caching_system": "early-adopters"}
running = changed(os.path.join(TOP, "flags"), "running", set_running)
told = changed(running, "told", lambda text: re.sub(r"(?m)^    context: .*\n", "    variant: served\n", text))

LOG_OF = {"canary.new-payment-processor": "rupaya.requests", "canary.new-notification-service": "rupaya.requests",
          "canary_auto_submit": "evidence.validations", "canary_smart_prompts": "evidence.validations",
          "v2.1.0": "together.requests", "v2.1.0-hotfix": "together.requests", "video_caching_system": "nostrvine.playback",
          "experiment.new-onboarding-flow": "rupaya.requests", "experiment.checkout-redesign": "rupaya.requests",
          "cache-ttl-optimization": "nostrvine.playback", "prefetch-strategy": "nostrvine.playback",
          "checkout-button-test": "ai.events"}


def check_system(flag, count=1500):
    log = LOG_OF[flag]
    columns, lines = SYSTEMS[log], lines_of(SYSTEMS[log], count)
    name = re.sub(r"\W", "_", flag)
    files = write(f"{name}.ndjson", nested(lines))
    if found["clickhouse"]:
        one(f"{name}_evaluated", "clickhouse", running, [flag], log, columns, lines, files)
    variants = ["on", "off", "true", "purple", None] if "canary" in flag or flag.startswith("v") else \
        ["control", "variant_a", "extended", "balanced", "aggressive", "treatment", "x", None]
    for line in lines:
        served = rng.choice(variants)
        line.pop("served", None)
        if served:
            line["served"] = served
    files = write(f"{name}-told.ndjson", nested(lines))
    for dialect in found:
        if found[dialect]:
            one(f"{name}_as_logged", dialect, told, [flag], log, dict(columns, served="text"), lines, files)


def one(name, dialect, directory, flags, log, columns, lines, path, *options):
    ours = Command("aggregate", *flags, f"{log}={path}", "-C", directory, "-e", "production")
    if ours.status:
        return ok(False, f"{name}_in_{dialect}", ours.err)
    found[dialect].create("lines of a log", columns, lines)
    rows, problem = ask(dialect, directory, flags, [f"{log}=lines of a log"], *options)
    if rows is None:
        return ok(False, f"{name}_in_{dialect}", problem)
    theirs, problem = merged(rows)
    details = [problem] if problem else compare(ours.out, theirs, dialect == "clickhouse")
    return ok(not details, f"{name}_in_{dialect}", *details[:12])


if any(found.values()):
    for flag in LOG_OF:
        check_system(flag)

finish()
