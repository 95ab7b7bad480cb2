#!/usr/bin/env python3
"""`ffreplay sql`: what a query's rows merge to is what `aggregate` makes of the same lines: counts, times, sketches and
samples of units to the bit, sums within 1e-12. In ClickHouse (chDB), who was served what is computed again; in DuckDB
and PostgreSQL the table says it. Where an engine is not there, its part is skipped.

Runs: first."""
import datetime
import decimal
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
from lab import FFREPLAY, HOUR, SCRATCH, START, TOP, equal, finish, ok, project, skip, write  # noqa: E402

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


def one(name, dialect, directory, flags, log, columns, lines, path, *options, by=()):
    by = [word for grouping in by for word in ("--by", grouping)]
    ours = Command("aggregate", *flags, f"{log}={path}", "-C", directory, "-e", "production", *by)
    if ours.status:
        return ok(False, f"{name}_in_{dialect}", ours.err)
    found[dialect].create("lines of a log", columns, lines)
    rows, problem = ask(dialect, directory, flags, [f"{log}=lines of a log"], *options, *by)
    if rows is None:
        return ok(False, f"{name}_in_{dialect}", problem)
    theirs, problem = merged(rows)
    details = [problem] if problem else compare(ours.out, theirs, dialect == "clickhouse")
    return ok(not details, f"{name}_in_{dialect}", *details[:12])


# ------------------------------------------------------------------------------------ every step, every kind
BASE = """\
project: {name: lab, environments: [production], bucket_by: user_id}
attributes:
  user_id: string
  country: string
  age: number
  beta: boolean
  groups: strings
layers: {checkout: {}}
holdouts: {everyone: {percent: 10%}}
segments:
  nordic: {if: {country: [NO, SE]}}
logs:
  requests:
    format: ndjson
    time: ts
    unit: user_id
    context: {user_id: user_id, country: geo.country, age: age, beta: beta, groups: groups}
    fields: {latency: {from: request_time, scale: 1000}, status: status}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
  paid: {kind: proportion, where: {not: {any: [{path: {starts_with: /a}}, {status: 404}]}}, of: {path: [/b, "/c'\\\\"]}, better: higher}
  latency_p95: {kind: quantile, q: 0.95, value: latency, better: lower}
  latency_mean: {kind: mean, value: latency, cap: 900, where: {path: {contains: c, ignore_case: true}}, better: lower}
  slowest: {kind: max, value: latency, better: lower}
  fastest: {kind: min, value: latency, better: lower}
  newest: {kind: last, value: latency, better: lower}
  errors_a_second: {kind: rate, where: {status: {gte: 500}}, better: lower}
  slow_share: {kind: ratio, numerator: latency, denominator: status, better: lower}

"""
COLUMNS = {"ts": "time", "user_id": "text", "geo.country": "text", "age": "number", "beta": "boolean", "groups": "strings",
           "request_time": "number", "status": "integer", "path": "text"}
GUARDS = """\
      guards:
        - {metric: error_rate, max: 5%, over: 5m, action: rollback}
        - {metric: latency_p95, max: 400, for: 3, action: pause}
        - {metric: latency_mean, max: 400, action: pause}
        - {metric: slowest, max: 1000, action: alert}
        - {metric: newest, max: 1000, over: 1m, action: alert}
        - {metric: slow_share, max: 1000, over: 1m, action: alert}
        - {metric: errors_a_second, max: 1000, action: alert}
      state: running
      stage: first
      since: 2026-11-20T10:00:00Z
"""


def line_of():
    line = {"ts": moment(START - HOUR + rng.randrange(3 * HOUR)), "user_id": rng.choice(["", *(f"u{i}é" for i in range(150))]),
            "geo.country": rng.choice(["NO", "SE", "US", "us"]), "age": rng.choice([17, 18, 18.5, 40]), "beta": rng.random() < 0.5,
            "groups": rng.sample(["beta", "staff's", "x"], rng.randrange(3)), "status": rng.choice([200] * 9 + [404, 500]),
            "request_time": rng.choice([0, 0.1, rng.expovariate(9), rng.expovariate(9) * 1e9, -rng.random(), 1e-9]),
            "path": rng.choice(["/a", "/b", "/c'\\", "/C", "/d"])}
    for name in list(line):
        if name not in ("ts", "groups") and rng.random() < 0.1:
            del line[name]
    return line


def condition():
    """A test that both can ask; those of a unit's attributes."""
    tests = ["{country: [NO, US]}", "{country: {ne: NO}}", "{country: {eq: us, ignore_case: true}}", "{age: {gte: 18}}",
             "{age: {lt: 18.5}}", "{beta: true}", "{groups: {has: \"staff's\"}}", "{groups: {has_none: [beta, x]}}",
             "{segment: nordic}", "{country: {present: false}}", "{user_id: {starts_with: u1}}", "{country: {gt: NP}}",
             "{percent: 40%}"]
    if rng.random() < 0.4:
        return rng.choice(tests)
    kind = rng.choice(["all", "any"])
    inner = f"{{{kind}: [{', '.join(rng.sample(tests, 2))}]}}"
    return f"{{not: {inner}}}" if rng.random() < 0.3 else inner


def rules():
    made = []
    for number in range(rng.randrange(3)):
        share = rng.choice(["percent: 30%", "percent: 12.345%", "salt: other, percent: 50%", ""])
        serve = rng.choice(["serve: on", "split: {on: 25%, off: 75%}"])
        made.append(f"      - {{name: r{number}é, if: {condition()}, {share}{', ' if share else ''}{serve}}}\n")
    return "    rules:\n" + "".join(made) if made else ""


def flag_of():
    text = "flags:\n  canary.checkout:\n    owner: payments\n"
    if rng.random() < 0.3:
        text += "    users: {on: [u1é, u2é], off: [u3é]}\n"
    if rng.random() < 0.3:
        text += "    holdout: everyone\n"
    if rng.random() < 0.3:
        text += "    layer: {name: checkout, from: 20%, to: 90%}\n"
    text += rules()
    only = f", if: {condition()}" if rng.random() < 0.6 else ""
    if rng.random() < 0.75:
        text += ("    canary:\n      serve: on\n      stages:\n"
                 f"        - {{name: first, percent: {rng.choice(['1%', '20%', '33.333%', '100%'])}, hold: 1h{only}}}\n"
                 "        - {name: full, percent: 100%}\n" + GUARDS)
    else:
        text += (f"    experiment:\n      traffic: {rng.choice(['50%', '100%'])}\n      split: {{on: 30%, off: 70%}}\n"
                 f"      control: off\n      primary: error_rate\n      state: running\n{'      if: ' + condition() if only else ''}\n")
    if rng.random() < 0.5:
        text += ("overrides:\n  - {id: outage, flags: [canary.checkout], serve: default, from: 2026-11-20T10:20:00Z, "
                 f"until: 2026-11-20T10:40:00Z, reason: outage, by: ops{', if: ' + condition() if rng.random() < 0.5 else ''}}}\n")
    return text


def random_flag(number):
    """The same by each engine: evaluated in one, as logged in all."""
    name, text = f"flag_{number}", flag_of()
    directory = project(name, text, BASE)
    lines = [line_of() for _ in range(rng.choice([0, 1, 30, 600]))]
    path = write(f"{name}.ndjson", nested(lines))
    if found["clickhouse"]:
        if not one(f"a_random_flag_{number}_evaluated", "clickhouse", directory, ["canary.checkout"], "requests", COLUMNS, lines, path):
            print("\n".join(f"# {line}" for line in text.splitlines()))
    logged = project(f"{name}-told", re.sub(r", if: {percent.*?}", "", text), re.sub(r"    context: .*\n", "    variant: v\n", BASE))
    for line in lines:
        line["v"] = rng.choice(["on", "off", "On", "true", "FALSE", "x\"y", ""])
    path = write(f"{name}-told.ndjson", nested(lines))
    for dialect in found:
        if found[dialect]:
            one(f"a_random_flag_{number}_as_logged", dialect, logged, ["canary.checkout"], "requests", dict(COLUMNS, v="text"), lines, path)


LONG = ["x" * 199 + "é" * 9, "x" * 198 + "€" * 9, "x" * 197 + "🏁" * 9, "y" * 200, "y" * 201]
VALUES = ["NO", "SE", "", "-", "a,b", "it's \"x\"", "\\n", "ä/%2f", *LONG]
GROUPINGS = ["country", "variant,country", "stage", "window", "stage,window,variant,beta", "status,path"]


def breakdowns():
    """Metrics by fields, stages and windows: the rows of the query are those of the logs, and so is what `metrics` says."""
    lines = [line_of() for _ in range(1500)]
    for line in lines:
        line["v"] = rng.choice(["on", "off", "x", ""])
        if "geo.country" in line:
            line["geo.country"] = rng.choice(VALUES)
        line["ts"] = moment(rng.choice([-1, 1]) * 1000 + rng.randrange(-2000, 2000)) if rng.random() < 0.01 else line["ts"]
    base = BASE.replace("fields: {", "fields: {country: geo.country, ")
    told = project("breakdowns", canary_if("{country: NO}"), re.sub(r"    context: .*\n", "    variant: v\n", base))
    computed = project("breakdowns-computed", canary_if("{country: NO}"), base)
    path = write("breakdowns.ndjson", nested(lines))
    columns = dict(COLUMNS, v="text")
    for dialect in found:
        for name, directory in (("told", told), ("computed", computed)):
            if not found[dialect] or (name == "computed" and dialect not in RECOMPUTES):
                continue
            if not one(f"breakdowns_{name}", dialect, directory, ["canary.checkout"], "requests", columns, lines, path, by=GROUPINGS):
                continue
            by = [word for grouping in GROUPINGS for word in ("--by", grouping)]
            rows, _ = ask(dialect, directory, ["canary.checkout"], ["requests=lines of a log"], *by)
            kept = os.path.join(SCRATCH, f"breakdowns-{dialect}.agg")
            with open(kept, "w") as file:
                file.write(merged(rows)[0])
            tables = [Command("metrics", "--flag", "canary.checkout", *whence, "-C", directory, "-e", "production", *by)
                      for whence in ((f"requests={path}",), ("--from", kept))]
            cut = [re.sub(r"(?m)^.*(?:read|lines of|aggregates).*\n", "", table.out) for table in tables]
            equal(cut[1], cut[0], f"metrics_by_{name}_are_the_same_text_in_{dialect}")
            ok(tables[0].status == 0 and len(cut[0].splitlines()) > 100, f"metrics_by_{name}_are_many_in_{dialect}", tables[0].err)
            lacking = Command("metrics", "--flag", "canary.checkout", "--from", kept, "-C", directory, "-e", "production", "--by", "age")
            ok(lacking.status and "not --by age" in " ".join(lacking.err.split()), f"what_was_not_asked_is_said_in_{dialect}", lacking.err)


def change(directory, *arguments):
    done = subprocess.run([os.environ.get("FFC", os.path.join(TOP, "build", "ffc")), *arguments, "-C", directory], capture_output=True,
                          text=True, env=dict(os.environ, FFC_ACTOR="test"))
    return ok(done.returncode == 0, f"{arguments[0]}_{arguments[1]}", done.stderr)


def stages_over_time():
    """As the ledger tells: the canary's stages, an emergency that was lifted, an experiment's states."""
    stages = ("    canary:\n      serve: on\n      stages:\n        - {name: first, percent: 20%, hold: 1h, if: {country: [NO, US]}}\n"
              "        - {name: half, percent: 50%, hold: 1h}\n        - {name: full, percent: 100%}\n")
    directory = project("stages", "flags:\n  canary.checkout:\n    owner: x\n" + stages +
                        re.sub(r"(?s)      state: running.*", "      state: pending\n", GUARDS), BASE)
    flag, why = ["canary.checkout", "-e", "production"], ["--reason", "test"]
    change(directory, "canary", "start", *flag, *why, "--at", "2026-11-20T09:20:00Z")
    change(directory, "canary", "advance", *flag, *why, "--at", "2026-11-20T10:05:00Z")
    change(directory, "rollback", *flag, *why, "--at", "2026-11-20T10:20:00Z")
    lifted = next(name for name in os.listdir(os.path.join(directory, "overrides")) if name.endswith(".yaml"))
    change(directory, "rollback", "--lift", lifted.removesuffix(".yaml"), *why, "--at", "2026-11-20T10:40:00Z")
    change(directory, "canary", "pause", *flag, *why, "--at", "2026-11-20T11:00:00Z")
    lines = [line_of() for _ in range(1500)]
    path = write("stages.ndjson", nested(lines))
    one("a_canary_over_time", "clickhouse", directory, ["canary.checkout"], "requests", COLUMNS, lines, path)
    directory = project("trial", "flags:\n  canary.checkout:\n    owner: x\n    experiment:\n      split: {on: 40%, off: 60%}\n"
                        "      control: off\n      primary: error_rate\n      state: draft\n", BASE)
    change(directory, "experiment", "start", *flag, *why, "--at", "2026-11-20T09:45:00Z")
    one("an_experiment_over_time", "clickhouse", directory, ["canary.checkout"], "requests", COLUMNS, lines, path)


def flags_in_lines():
    """A log of exposures: each line names the flag and the variant, or lacks one."""
    for line in (lines := [line_of() for _ in range(600)]):
        line["f"], line["v"] = rng.choice(["canary.checkout", "another", None]), rng.choice(["on", "off", "none", None])
        for name in "fv":
            if line[name] is None:
                del line[name]
    path = write("exposed.ndjson", nested(lines))
    columns = dict(COLUMNS, f="text", v="text")
    for name, context in (("alone", ""), ("else_evaluated", "    context: {user_id: user_id, country: geo.country}\n")):
        base = re.sub(r"    context: .*\n", context + "    flag: f\n    variant: v\n", BASE)
        directory = project(f"exposed-{name}", canary_if("{country: [NO, US]}"), base)
        for dialect in found:
            if found[dialect] and (not context or dialect in RECOMPUTES):
                one(f"flags_in_lines_{name}", dialect, directory, ["canary.checkout"], "requests", columns, lines, path)
        # A third of the lines name it as it is called then.
        change(directory, "rename", "canary.checkout", "another", "--reason", "test", "--at", "2026-11-20T10:10:00Z")
        for dialect in found:
            if found[dialect] and (not context or dialect in RECOMPUTES):
                one(f"flags_renamed_in_lines_{name}", dialect, directory, ["another"], "requests", columns, lines, path)
        kept = Command("metrics", "--flag", "another", f"requests={path}", "-C", directory, "-e", "production", "--json")
        ok(kept.status == 0 and '"other_flag"' not in kept.out, f"both_names_are_its_{name}", kept.err, kept.out[:300])


# ------------------------------------------------------------------------------------------- two stores
def halves(dialect):
    """Each half in a store of its own: together they are the whole, to the byte, but for what was read."""
    directory = project("halves", flag_of(), BASE)
    columns, lines = COLUMNS, [line_of() for _ in range(2000)]
    known = {}
    for name, part in (("whole", lines), ("one", lines[::2]), ("other", lines[1::2])):
        found[dialect].create("store", columns, part)
        known[name], problem = ask(dialect, directory, ["canary.checkout"], ["requests=store"])
        if problem:
            return ok(False, "halves_are_the_whole", problem)
    read = lambda text: "".join(line for line in text.splitlines(True) if not line.startswith(('{"key":"input/', '{"key":"~end')))
    both = merged(known["one"] + known["other"])
    equal(read(both[0]), read(merged(known["whole"])[0]), "two_stores_with_half_each_are_the_whole_to_the_byte")
    twice = merged(known["one"] + known["one"])
    ok("would count twice" in " ".join(twice[1].split()), "a_store_is_not_counted_twice", *twice)
    cut = merged("".join(known["one"].splitlines(True)[:-1]))
    ok("it was cut off" in cut[1] and not cut[0], "output_that_was_cut_is_noticed", *cut)
    fewer = merged("".join(known["one"].splitlines(True)[:9] + known["one"].splitlines(True)[10:]))
    ok("should have" in fewer[1] and not fewer[0], "a_row_that_is_missing_is_noticed", *fewer)
    part = write("part.ndjson", nested(lines[1::2]))
    path = os.path.join(SCRATCH, "half.rows")
    with open(path, "w") as file:
        file.write(known["one"])
    Command("aggregate", "canary.checkout", f"requests={part}", "-C", directory, "-e", "production", "-o", path + ".agg")
    mixed = Command("merge", path, path + ".agg")
    keep = lambda text: {k: v for k, v in rows_of(text).items() if not k.startswith(("input/", "~end"))}
    found_different = differences(keep(merged(known["whole"])[0]), keep(mixed.out), True)
    ok(not mixed.status and not found_different, "rows_of_ClickHouse_and_of_files_are_of_one_kind", mixed.err, *found_different[:5])


def shards():
    """--distributed: two shards, each of which has half. The server that a cluster takes is not there; but ClickHouse runs
    shards that are this machine in its own process, by the same plan as others, and a view knows which of them it is on."""
    directory = project("shards", flag_of(), BASE)
    lines = [line_of() for _ in range(2000)]
    engine = found["clickhouse"]
    engine.create("every line", COLUMNS, lines)
    engine.run('DROP VIEW IF EXISTS "on this shard"')
    engine.run('CREATE VIEW "on this shard" AS SELECT * FROM "every line" WHERE cityHash64(ts) % 2 + 1 = shardNum()')
    there = [int(n) for n in engine.run("SELECT count() FROM remote('127.0.0.1,localhost', default, \"on this shard\") "
                                        "GROUP BY _shard_num ORDER BY _shard_num").split()]
    ok(len(there) == 2 and sum(there) == len(lines) and min(there) > 500, "each_shard_has_about_half", there)
    made = Command("sql", "canary.checkout", "-C", directory, "-e", "production", "--dialect", "clickhouse", "--distributed",
                   "two", "--table", "requests=default.on this shard")
    query, count = re.subn(r"cluster\('two', ", "remote('127.0.0.1,localhost', ", made.out)
    if not ok(made.status == 0 and count > 0, "a_query_names_its_cluster", made.err):
        return
    try:
        over_shards = merged(engine.run(query))[0]
    except engines.Problem as problem:
        ok(False, "shards_are_asked", problem)
        return
    whole = merged(ask("clickhouse", directory, ["canary.checkout"], ["requests=every line"])[0])[0]
    read = lambda text: "".join(line for line in text.splitlines(True) if not line.startswith(('{"key":"input/', '{"key":"~end')))
    equal(read(over_shards), read(whole), "two_shards_are_the_whole_to_the_byte")


if found["clickhouse"]:
    halves("clickhouse")
    shards()


# ------------------------------------------------------------------------------------ rows, without an engine
ROWS = """\
{"row":"!aggregate","definitions":"x","environment":"production","flags":["a"],"format_version":1,"hash":"md5","units":0}
{"row":"canary/a","digest":"12p96"}
{"row":"canary/a","digest":"13p0"}
{"row":"canary/a/metric/m/canary","sum":"-120892581961462924181504p-80","greatest":"1e+21"}
{"row":"canary/a/metric/m/canary","count":3,"sum":"12p0"}
{"row":"input/?l","copies":1,"lines":3,"name":"t","digest":"99p0"}
{"row":"~end","rows":6}
"""
first, err = merged(ROWS)
cells = rows_of(first)
equal(cells["canary/a/metric/m/canary"]["sum"], str(decimal.Context(prec=200).subtract(12, decimal.Decimal(0.1))),
      "sums_are_exact")
equal(cells["canary/a"]["digest"], "0000000c" + "0" * 23 + "d", "digests_add_up")
ok("input/" + "0" * 30 + "63" in cells, "what_was_read_is_named_by_its_digest", *cells)
lines = ROWS.splitlines(True)
equal(merged(lines[0] + "".join(lines[5:0:-1]) + lines[6])[0], first, "the_order_of_rows_makes_no_difference")
for name, rows, expected in (("a_field_that_is_unknown", ROWS.replace("digest", "digset", 1), "no field 'digset'"),
                             ("a_sum_that_is_none", ROWS.replace("12p0", "12p1"), "'sum' is not what it should be"),
                             ("a_line_that_is_none", ROWS.replace('{"row":"canary/a",', "{", 1), "no row of a query"),
                             ("more_after_the_end", ROWS + lines[1], "more after"), ("no_end", "".join(lines[:-1]), "cut off"),
                             ("no_head", "".join(lines[1:]).replace('"rows":6', '"rows":5'), "first row is missing")):
    done = Command("merge", stdin=rows)
    ok(done.status and not done.out and expected in " ".join(done.err.split()), f"{name}_is_refused", done.status, done.err)
whole = os.path.join(SCRATCH, "xxh3.rows")
with open(whole, "w") as file:
    file.write(ROWS.replace('"hash":"md5",', "").replace("99p0", "98p0"))
done = Command("merge", "-", whole, stdin=ROWS)
ok(done.status and "'hash' is in one of them" in " ".join(done.err.split()), "units_of_another_hash_are_not_mixed", done.status, done.err)


# ---------------------------------------------------------------------------------------- what is refused
def refused(flag, expected, name, *options, base=BASE, dialect="clickhouse"):
    directory = project("refused", flag, base)
    done = Command("sql", "canary.checkout", "-C", directory, "-e", "production", "--dialect", dialect, "--table", "t", *options)
    text = " ".join(done.err.split())
    ok(done.status and not done.out and re.search(expected, text) and "help:" in text, name, done.status, done.out[:200], done.err)


def canary_if(test):
    return ("flags:\n  canary.checkout:\n    canary:\n      serve: on\n      stages:\n"
            f"        - {{name: first, percent: 20%, hold: 1h, if: {test}}}\n        - {{name: full, percent: 100%}}\n" + GUARDS)


refused(canary_if("{country: {matches: ^N}}"), "flags.yaml:6:.*regular expression", "regular_expressions_are_refused")
refused(canary_if("{country: {glob: N*}}"), "flags.yaml:6:.*a glob", "globs_are_refused")
refused(canary_if("{app: {gte: 1.2.3}}"), "order of versions", "versions_are_refused",
        base=BASE.replace("  age: number\n", "  age: number\n  app: version\n").replace("age: age,", "age: age, app: app,"))
refused(canary_if("{country: NO}"), "DuckDB has no XXH3.*--variant-column", "what_cannot_be_hashed_is_refused", dialect="duckdb")
refused(canary_if("{country: NO}"), "by which repeated lines are dropped.*--distinct-ids", "repeated_lines_are_refused",
        base=BASE.replace("    unit: user_id\n", "    unit: user_id\n    id: request\n"))
refused(canary_if("{country: NO}"), "made of what the log writes", "fields_that_are_read_are_refused",
        base=BASE.replace("status: status}", "status: {from: status, parse: number, missing: [none]}}"))
refused(canary_if("{country: NO}").replace("max: 400, action", "max: 400, confidence: 95%, action"),
        "judged by how much units differ", "bounds_are_refused")
hostile = project("hostile", flag_of(), BASE)
for dialect in ("clickhouse", "duckdb", "postgresql"):
    name = "a\"b'c\\d;--"
    done = Command("sql", "canary.checkout", "-C", hostile, "-e", "production", "--dialect", dialect, "--table", name,
                   "--variant-column", name, "--column", f"path={name}")
    quoted = engines.quote(dialect, name)
    ok(not done.status and f"FROM {quoted}\n" in done.out and f"({quoted})" in done.out.replace(" AS VARCHAR", "").replace(" AS text", ""),
       f"names_are_quoted_in_{dialect}", done.err, *re.findall(r".*--\".*", done.out)[:3])
    done = Command("sql", "canary.checkout", "-C", hostile, "-e", "production", "--dialect", dialect, "--table", "a\nb")
    ok(done.status == 2 and "no table can be called" in done.err and not done.out, f"a_name_with_a_line_end_is_refused_in_{dialect}")

refused(canary_if("{country: NO}"), "private attribute: 'geo.country' of log.*--show-private", "private_fields_are_refused", "--by",
        "geo.country", base=BASE.replace("  country: string\n", "  country: {type: string, private: true}\n"))
refused(canary_if("{country: NO}"), "made of what the log writes", "fields_that_are_read_are_no_groups", "--by", "plan",
        base=BASE.replace("status: status}", "status: status, plan: {from: plan, parse: number, missing: [none]}}"))
done = Command("sql", "canary.checkout", "-C", hostile, "-e", "production", "--dialect", "duckdb", "--table", "t", "--variant-column",
               "v", "--by", "a,a")
ok(done.status == 2 and "names 'a' twice" in done.err and not done.out, "a_grouping_that_is_none_is_refused", done.err)
breakdowns()
if found["clickhouse"]:
    stages_over_time()
flags_in_lines()
for number in range(int(os.environ.get("FLAGS", "60" if os.environ.get("LONG") else "6")) if any(found.values()) else 0):
    random_flag(number)

if any(found.values()):
    for flag in LOG_OF:
        check_system(flag)

finish()
