#!/usr/bin/env python3
"""Flags that are bucketed by the first of several attributes, or by several joined: which units a log's lines are, and
in which group, against keys that are put together here."""
import json
import os
import random
import subprocess

import lab
from lab import HOUR, START, canary, decide, equal, exposed, finish, ok, project, write

BASE = """\
project: {name: lab, environments: [production], bucket_by: BY}
attributes: {user.id: string, session: string, company: string, seat: number, guest: boolean}
logs:
  requests: {format: FORMAT, time: ts, LOG}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
"""
BLOCK = """\
stages: [{name: first, percent: 30%}, {name: full, percent: 100%}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
guards: [{metric: error_rate, max_increase: 50%, action: pause}]
"""
ATTRIBUTES = {"user.id": "string", "session": "string", "company": "string", "seat": "number", "guest": "boolean"}
FIELDS = {"user.id": "who.user.id", "session": "session", "company": "who.company", "seat": "seat", "guest": "guest"}
KEYS = [["user.id", "session"], ["seat", "user.id"], ["guest", "company"], ["session"], ["seat"],
        {"join": ["company", "user.id"]}, {"join": ["company", "seat"], "with": "/"}, {"join": ["seat", "guest"], "with": ""},
        {"join": ["company", "session", "user.id"], "with": ":::"}]


def part(attribute, value):
    """The bytes that are hashed of a value; None: it gives no key."""
    kind = ATTRIBUTES[attribute]
    if value is None or value == "":
        return None
    if kind == "number":
        number = float(value)
        return str(int(number)) if number == int(number) and abs(number) <= 2**53 else None
    return json.dumps(value) if isinstance(value, bool) else str(value)


def key_of(by, values):
    names = by["join"] if isinstance(by, dict) else by
    parts = [part(name, values.get(name)) for name in names]
    if isinstance(by, dict):
        return None if None in parts else by.get("with", ".").join(parts)
    return next((text for text in parts if text is not None), None)


def random_line(rng, time):
    """Values of attributes, many of them missing; few of each, so that units recur."""
    values = {
        "user.id": rng.choice([None, "", *("u%d" % rng.randrange(40) for _ in range(4))]),
        "session": rng.choice([None, "s%d" % rng.randrange(300), "s.%d" % rng.randrange(9)]),
        "company": rng.choice([None, "", "acme", "a.b", "a" * 300, "größe"]),
        "seat": rng.choice([None, rng.randrange(60), -3, 2.5, 1e300, 7.0, 2**53]),
        "guest": rng.choice([None, True, False]),
    }
    line = {"ts": time, "status": 503 if rng.random() < 0.02 else 200,
            "who": {"company": values["company"]}, "session": values["session"], "seat": values["seat"],
            "guest": values["guest"], "other": "o%d" % rng.randrange(50)}
    if rng.random() < 0.5:
        line["who"]["user.id"] = values["user.id"]
    else:
        line["who"]["user"] = {"id": values["user.id"]}
    return values, line


def base(by, log, kind="ndjson"):
    return BASE.replace("BY", json.dumps(by)).replace("LOG", log).replace("FORMAT", kind)


def groups_of(lines, by):
    found = {"canary": [], "control": [], "no_key": []}
    for values, _ in lines:
        key = key_of(by, values)
        found["no_key" if key is None else "canary" if exposed(key, "canary.checkout", 30) else "control"].append(key)
    return found


def compare(result, expected, name, left_out=True):
    if not ok(result.status == 0, f"{name}_decided", result.err):
        return
    found = result.json
    units = [len(set(expected["canary"])), len(set(expected["control"]))]
    srm = found["health"]["srm"] or {"observed": units if sum(units) < 30 else None}  # of a few units there is none
    got, wanted = [srm["observed"]], [units]
    if left_out:
        got += [found["input"]["left_out"].get("no_key", 0), found["criteria"][0]["canary"]["n"]]
        wanted += [len(expected["no_key"]), len(expected["canary"])]
    equal(got, wanted, f"{name}_counts_the_keys_that_the_library_hashes")


def health(directory, log):
    run = subprocess.run([lab.FFREPLAY, "health", "canary.checkout", os.path.join(lab.SCRATCH, log), "-C", directory, "-e",
                          "production", "--json"], capture_output=True, text=True, check=False)
    variants = json.loads(run.stdout)["variants"]
    return [variants["on"]["units"], variants["off"]["units"]]


seed = random.SystemRandom().randrange(10**6)
print(f"# SEED={seed}")
rng = random.Random(seed)
lines = [random_line(rng, START + i * HOUR // 4000) for i in range(4000)]
whole = "context: {%s}" % ", ".join(f"{name}: {field}" for name, field in FIELDS.items())
log = write("lines.ndjson", [line for _, line in lines])
for by in KEYS:
    name = "-".join(by["join"] if isinstance(by, dict) else by).replace(".", "_") + ("-joined" if "join" in by else "")
    expected = groups_of(lines, by)
    compare(decide(project(name, canary(BLOCK), base=base(by, whole)), log, "--json"), expected, name)

    # The same, of lines that say what they were served, and name a unit of another kind.
    served = []
    for values, line in lines:
        key = key_of(by, values)
        served.append(dict(line, variant="on" if key is not None and exposed(key, "canary.checkout", 30) else "off"))
    told = project(name, canary(BLOCK), base=base(by, f"variant: variant, unit: other, {whole}"))
    compare(decide(told, write("told.ndjson", served), "--json"), expected, f"{name}_told", left_out=False)
    equal(health(told, "told.ndjson"), [len(set(expected["canary"])), len(set(expected["control"]))],
          f"{name}_told_has_as_many_by_variant")

# ------------------------------------------------------------------------------------ what a log lacks

BY = {"join": ["company", "seat"], "with": "/"}
part_of = "context: {company: who.company}"
result = decide(project("lacks", canary(BLOCK), base=base(BY, part_of)), log, "--json")
ok(result.status != 0 and "log 'requests' has no context 'seat', which flag 'canary.checkout' is bucketed by" in result.err
   and "name the field: context: {seat: FIELD}" in result.err, "a_log_that_lacks_a_part_is_refused", result.err)

NO_BOUND = BLOCK.replace("max_increase: 50%", "max: 50%")
served = [dict(line, variant="on" if exposed(str(key_of(BY, values)), "canary.checkout", 30) else "off",
               targetingKey=key_of(BY, values)) for values, line in lines]
told = write("served.ndjson", served)
result = decide(project("told", canary(NO_BOUND), base=base(BY, f"variant: variant, unit: other, {part_of}")), told, "--json")
notes = " ".join(result.json["health"].get("notes", []))
ok("the context of log 'requests' has no 'seat', so its units are not known by company + \"/\" + seat" in notes and
   result.json["health"]["srm"] is None, "units_of_one_that_says_what_it_was_served_are_not_guessed", result.out, result.err)
expected = groups_of(lines, BY)
result = decide(project("key", canary(BLOCK), base=base(BY, "variant: variant, unit: targetingKey")), told, "--json")
equal((result.json["health"]["srm"] or {}).get("observed"), [len(set(expected["canary"])), len(set(expected["control"]))],
      "a_targeting_key_is_what_was_hashed")

# ------------------------------------------------------------------------------- lines without a key

hundred = [line for values, line in lines if values["company"] in (None, "")][:100]
result = decide(project("none", canary(BLOCK), base=base(BY, whole)), write("none.ndjson", hundred), "--json")
ok("none of 100 lines can be bucketed by attribute 'company + \"/\" + seat'" in " ".join(result.json["health"]["issues"]),
   "that_nobody_has_a_key_is_an_issue", result.out)
bare = [{key: value for key, value in line.items() if key != "seat"} for values, line in lines
        if values["company"] == "acme"][:100]
result = decide(project("bare", canary(BLOCK), base=base(BY, whole)), write("bare.ndjson", bare), "--json")
ok("no line of log 'requests' has 'seat'" in " ".join(result.json["health"]["issues"]), "with_the_field_that_no_line_has",
   result.out)
finish()
