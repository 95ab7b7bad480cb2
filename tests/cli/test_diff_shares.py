#!/usr/bin/env python3
"""What `ffc diff` says of shares is what happens to sampled units, evaluated with both snapshots: for every kind of
rule, and for random flags. LONG=1 samples a million units a flag."""
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
BUILD = os.environ.get("BUILD", f"{TOP}/build")
LONG = bool(os.environ.get("LONG"))
SEED = int(os.environ.get("SEED", random.randrange(1 << 30)))
SCRATCH = tempfile.mkdtemp(prefix="ffc-shares-")
NOW, AT = 1795341600000, "2026-11-22T10:00:00Z"  # a Sunday
count = failed = 0


def ok(holds, name, *details):
    global count, failed
    count += 1
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {name}", flush=True)
    for detail in details if not holds else ():
        print("\n".join(f"# {line}" for line in str(detail).splitlines()[:40]))


# --------------------------------------------------------------------------------------------- contexts

FIELDS = {"country": ("string", ["NO", "SE", "DK", "US"]), "plan": ("string", ["free", "pro"]),
          "age": ("number", ["17", "18", "42", "70"]), "app": ("version", ["1.2.0", "2.0.0", "2.1.0-beta", "3.0.0"]),
          "beta": ("boolean", ["true", "false"]), "groups": ("strings", ["a", "a,b", "c"]),
          "email": ("string", ["ann@company.com", "bob@example.org"]), "from_ip": ("ip", ["10.0.0.7", "192.168.1.9"]),
          "seen": ("time", [str(NOW - 1000), str(NOW - 10 * 86400000)])}
HEAD = """project: {name: p, environments: [production], bucket_by: user_id}
attributes: {user_id: string, session_id: string, country: string, plan: string, age: number, app: version, beta: boolean,
  groups: strings, email: string, from_ip: ip, seen: time}
layers: {one: {}, two: {bucket_by: session_id}}
holdouts: {tenth: {percent: 10%}, other: {percent: 25%}}
metrics: {errors: {kind: proportion, of: {status: 500}}}
logs: {web: {format: ndjson, time: ts, unit: user_id, fields: {status: status}}}
segments:
  nordic: {if: {country: [NO, SE, DK]}}
  paying: {if: {any: [{plan: pro}, {age: {gte: 42}}]}}
  sampled: {if: {country: [NO, SE], percent: 30%}}
"""
HEAD = HEAD.replace("[NO,", "['NO',")


def contexts(random_, number):
    made = [{}]
    for _ in range(number - 1):
        made.append({name: random_.choice(values) for name, (_, values) in FIELDS.items() if random_.random() < 0.75})
    return made


def version(text):
    core, _, rest = text.partition("-")
    return tuple(int(part) for part in core.split(".")), rest == "", rest


NEGATIONS = {" is not ": " is ", " is absent": " is present", " does not contain ": " contains ",
             " has none of ": " has ", " not ": " "}


def literal(text, context):
    """Whether a test in words holds; of the operators that these flags use."""
    for negated, plain in NEGATIONS.items():
        if negated in text:
            return not literal(text.replace(negated, plain), context)
    name, rest = text.split(" ", 1)
    value = context.get(name)
    if rest == "is present":
        return value is not None
    if value is None:
        return False
    for words, holds in {
            "is ": lambda one: value == one or name in ("age", "app") and compare(name, value, one) == 0 or
            name == "from_ip" and within(value, one),
            ">= ": lambda one: compare(name, value, one) >= 0, "> ": lambda one: compare(name, value, one) > 0,
            "<= ": lambda one: compare(name, value, one) <= 0, "< ": lambda one: compare(name, value, one) < 0,
            "contains ": lambda one: one in value, "starts with ": value.startswith, "ends with ": value.endswith,
            "matches ": lambda one: re.search(one, value) is not None,
            "has ": lambda one: one in value.split(","), "mod ": None,
            "within ": lambda one: 0 <= NOW - int(value) <= duration(one),
            "older than ": lambda one: NOW - int(value) > duration(one)}.items():
        if not rest.startswith(words):
            continue
        if words == "mod ":
            by, left = re.fullmatch(r"mod (\d+) is (.*)", rest).groups()
            return str(int(value) % int(by)) in re.split(", | or ", left)
        return any(holds(one) for one in re.split(", | or ", rest[len(words):]))
    raise ValueError(text)


def duration(text):
    return sum(int(n) * {"s": 1000, "m": 60000, "h": 3600000, "d": 86400000}[u] for n, u in re.findall(r"(\d+)([smhd])", text))


def within(value, one):
    number = lambda a: int.from_bytes(bytes(int(part) for part in a.split(".")), "big")
    first, _, last = one.partition("-")
    return number(first) <= number(value) <= number(last or first)


def compare(name, value, one):
    a, b = (version(value), version(one)) if name == "app" else (float(value), float(one))
    return (a > b) - (a < b)


def holds(where, context):
    """Alternatives, of tests and of alternatives in brackets."""
    if where is None:
        return True
    depth, parts, last = 0, [[]], 0
    for at, character in enumerate(where + " and "):
        depth += (character == "(") - (character == ")")
        for word in (", or ", " and ") if depth == 0 and at >= last else ():
            if (where + " and ").startswith(word, at):
                parts[-1].append(where[last:at])
                last = at + len(word)
                if word == ", or ":
                    parts.append([])
    return any(all(holds(test[1:-1], context) if test[0] == "(" else literal(test, context) for test in part) for part in parts)


# ------------------------------------------------------------------------------------------ by sampling


def sampled(old, new, strata, units):
    """By context and flag, how many of so many units of it make each move."""
    lines = "".join("\t".join(f"{name} {FIELDS[name][0]} {value}" for name, value in context.items()) + "\n"
                    for context in strata)
    run = subprocess.run([f"{SCRATCH}/sample", old, new, "0", str(units), str(NOW)], input=lines, text=True,
                         capture_output=True, check=True)
    moves = {}
    for line in run.stdout.splitlines():
        number, flag, before, after, many = line.split("\t")
        if before != after:
            moves.setdefault((int(number), flag), {})[before, after] = int(many)
    return moves


def project(name, flags):
    directory = f"{SCRATCH}/{name}"
    os.makedirs(directory, exist_ok=True)
    text = HEAD + "flags:\n" + "".join(f"  {flag}: {json.dumps(body)}\n" for flag, body in flags.items())
    with open(f"{directory}/p.yaml", "w", encoding="utf-8") as file:
        file.write(text)
    run = subprocess.run([FFC, "build", "-C", directory, "-e", "production", "-o", f"{SCRATCH}/{name}.ffs"],
                         capture_output=True, text=True, check=False)
    return run.returncode == 0, run.stderr, text


def difference(old, new):
    run = subprocess.run([FFC, "diff", old, new, "--format", "json", "--at", AT], capture_output=True, text=True, check=False)
    if run.returncode:
        raise ValueError(run.stderr)
    return {change["flag"]: change for change in json.loads(run.stdout)["changes"]}


def expected(change, context):
    """What a change says of units of a context: share by move. None: its region is one of those left out."""
    if change is None or "shares" in change and "later" not in change and change["shares"] == []:
        return {}
    regions = change.get("regions") or [{"if": None, "shares": change["shares"]}]
    for region in regions:
        if holds(region["if"], context):
            return {(one["from"] or "-", one["to"] or "-"): one["share"] for one in region["shares"]}
    return None if "more" in change else {}


def wrong(said, seen, units):
    """Where shares are not those of a sample: five standard deviations, of a binomial."""
    for move in set(said) | set(seen):
        share, found = said.get(move, 0), seen.get(move, 0) / units
        if abs(share - found) > 5 * math.sqrt(max(share * (1 - share), 0) / units) + 1 / units:
            return f"{move[0]} -> {move[1]}: said {share}, found {found}"
    return None


def check(name, old_flags, new_flags, strata, units, snapshots=False):
    for which, flags in (("old", old_flags), ("new", new_flags)):
        fine, why, text = project(which, flags)
        if not fine:
            ok(False, f"{name}: {which} builds", *re.findall("^.*error:.*$", why, re.M))
            return
    moves = sampled(f"{SCRATCH}/old.ffs", f"{SCRATCH}/new.ffs", strata, units)
    changes = difference(f"{SCRATCH}/old.ffs", f"{SCRATCH}/new.ffs") if snapshots else \
        difference(f"{SCRATCH}/old", f"{SCRATCH}/new")
    for flag in sorted(set(old_flags) | set(new_flags)):
        faults = []
        change = changes.get(flag)
        if change and "unknown" in change:
            faults.append(change["unknown"])
        for number, context in enumerate(strata if not faults else []):
            said = expected(change, context)
            fault = said is not None and wrong(said, moves.get((number, flag), {}), units)
            if fault:
                faults.append(f"{context}: {fault}")
        ok(not faults, f"{name}: {flag}", *faults[:3], old_flags.get(flag), new_flags.get(flag), json.dumps(change))


# ------------------------------------------------------------------------------------------ every kind

CANARY = {"stages": [{"name": "early", "percent": "5%"}, {"name": "more", "percent": "40%", "if": {"plan": "pro"}},
                     {"name": "full", "percent": "100%"}], "state": "running", "stage": "early",
          "since": "2026-11-20T10:00:00Z"}
EXPERIMENT = {"control": "a", "split": {"a": "50%", "b": "50%"}, "traffic": "60%", "state": "running"}
AB = {"type": "string", "variants": {"a": "x", "b": "y", "c": "z"}, "default": "a"}
KINDS = {
    "percent": ({"percent": "20%"}, {"percent": "35%"}),
    "percent_down": ({"percent": "35.5%"}, {"percent": "0.125%"}),
    "to_all": ({"percent": "50%"}, {"serve": "on"}),
    "salt": ({"percent": "5%"}, {"percent": "5%", "salt": "other"}),
    "two_rules_one_salt": ({**AB, "rules": [{"percent": "10%", "serve": "b"}, {"percent": "30%", "serve": "c"}]},
                           {**AB, "rules": [{"percent": "20%", "serve": "b"}, {"percent": "25%", "serve": "c"}]}),
    "own_salts": ({**AB, "rules": [{"percent": "40%", "serve": "b", "salt": "s1"}, {"percent": "30%", "serve": "c"}]},
                  {**AB, "rules": [{"percent": "20%", "serve": "b", "salt": "s1"}, {"percent": "30%", "serve": "c", "salt": "s1"}]}),
    "by_another": ({"percent": "30%"}, {"rules": [{"percent": "30%", "by": "session_id"}]}),
    "ranges": ({"rules": [{"ranges": [["0%", "10%"], ["20%", "30%"]]}]}, {"rules": [{"ranges": [["5%", "25%"]]}]}),
    "split": ({**AB, "split": {"a": "20%", "b": "30%", "c": "50%"}}, {**AB, "split": {"a": "33%", "b": "33%", "c": "34%"}}),
    "split_of_some": ({**AB, "rules": [{"percent": "50%", "split": {"b": "50%", "c": "50%"}}]},
                      {**AB, "rules": [{"percent": "70%", "split": {"b": "80%", "c": "20%"}}]}),
    "kept_split": ({**AB, "rules": [{"percent": "30%", "serve": "b"}]},
                   {**AB, "rules": [{"split": {"b": "30%", "c": "70%"}, "keep": "exposure"}]}),
    "none": ({**AB, "split": {"a": "50%", "none": "20%", "b": "30%"}}, {**AB, "split": {"a": "40%", "none": "20%", "b": "40%"}}),
    "condition": ({"rules": [{"if": {"country": "NO"}, "percent": "20%"}]},
                  {"rules": [{"if": {"country": ["NO", "SE"]}, "percent": "50%"}]}),
    "any": ({"default": "off"}, {"rules": [{"if": {"any": [{"country": "US"}, {"plan": "pro", "beta": True}]}, "percent": "40%"}]}),
    "not": ({"serve": "on"}, {"rules": [{"if": {"not": {"country": ["NO", "US"]}}, "percent": "40%"}]}),
    "through": ({"rules": [{"if": {"country": "NO"}, "percent": "50%"}, {"if": {"plan": "pro"}, "percent": "80%"}]},
                {"rules": [{"if": {"country": "NO"}, "percent": "30%"}, {"if": {"age": {"gte": 18}}, "percent": "80%"}]}),
    "segments": ({"rules": [{"if": {"segment": "nordic"}, "percent": "10%"}]},
                 {"rules": [{"if": {"segment": "paying"}, "percent": "30%"}, {"if": {"segment": "sampled"}, "serve": "on"}]}),
    "share_in_condition": ({"rules": [{"if": {"percent": "50%"}, "percent": "50%"}]}, {"percent": "50%"}),
    "numbers": ({"rules": [{"if": {"age": {"in": [17, 18]}}, "serve": "on"}]},
                {"rules": [{"if": {"age": {"gt": 17, "lte": 42}}, "percent": "60%"}]}),
    "versions": ({"rules": [{"if": {"app": {"gte": "2.0.0"}}, "serve": "on"}]},
                 {"rules": [{"if": {"app": {"gte": "2.1.0-beta", "lt": "3.0.0"}}, "serve": "on"}]}),
    "texts": ({"rules": [{"if": {"email": {"ends_with": "@company.com"}}, "serve": "on"}]},
              {"rules": [{"if": {"email": {"contains": "company"}}, "percent": "70%"}]}),
    "lists": ({"rules": [{"if": {"groups": {"has": "a"}}, "serve": "on"}]},
              {"rules": [{"if": {"groups": {"has_all": ["a", "b"]}}, "percent": "20%"}]}),
    "addresses": ({"rules": [{"if": {"from_ip": "10.0.0.0/8"}, "serve": "on"}]},
                  {"rules": [{"if": {"from_ip": ["10.0.0.0/24", "192.168.1.9"]}, "percent": "50%"}]}),
    "ages": ({"rules": [{"if": {"seen": {"within": "1d"}}, "serve": "on"}]},
             {"rules": [{"if": {"seen": {"within": "30d"}}, "percent": "50%"}]}),
    "present": ({"rules": [{"if": {"country": {"present": True}}, "serve": "on"}]},
                {"rules": [{"if": {"plan": {"present": False}}, "serve": "on"}]}),
    "remainders": ({"rules": [{"if": {"age": {"mod": {"by": 10, "in": [0, 7]}}}, "serve": "on"}]},
                   {"rules": [{"if": {"age": {"mod": {"by": 10, "in": [2, 7]}}}, "percent": "40%"}]}),
    "users": ({"users": {"on": ["u1", "u2", "u3"]}, "percent": "10%"}, {"users": {"on": ["u1", "u2", "u3"]}, "percent": "30%"}),
    "layer_member": ({"layer": {"name": "one", "from": "0%", "to": "40%"}, "percent": "50%"},
                     {"layer": {"name": "one", "from": "20%", "to": "70%"}, "percent": "50%"}),
    "layer_by_session": ({"layer": {"name": "two", "from": "0%", "to": "40%"}, "serve": "on"},
                         {"layer": {"name": "one", "from": "70%", "to": "100%"}, "serve": "on"}),
    "holdout": ({"percent": "50%"}, {"holdout": ["tenth", "other"], "percent": "50%"}),
    "canary_stage": ({"canary": CANARY}, {"canary": {**CANARY, "stage": "more"}}),
    "canary_complete": ({"canary": {**CANARY, "stage": "more"}}, {"canary": {**CANARY, "state": "complete"}}),
    "canary_back": ({"canary": {**CANARY, "stage": "more", "state": "paused"}}, {"canary": {**CANARY, "state": "rolled_back"}}),
    "experiment": ({**AB, "experiment": EXPERIMENT}, {**AB, "experiment": {**EXPERIMENT, "traffic": "80%"}}),
    "experiment_split": ({**AB, "experiment": EXPERIMENT},
                         {**AB, "experiment": {**EXPERIMENT, "split": {"a": "30%", "b": "70%"}, "if": {"country": "NO"}}}),
    "experiment_ends": ({**AB, "experiment": EXPERIMENT}, {**AB, "experiment": {**EXPERIMENT, "state": "concluded", "winner": "b"}}),
    "window": ({"percent": "30%"}, {"rules": [{"percent": "60%", "from": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}]}),
    "window_over": ({"percent": "30%"}, {"rules": [{"percent": "60%", "until": "2026-11-01T00:00:00Z"}]}),
    "ramp": ({"percent": "10%"}, {"percent": {"from": "0%", "to": "100%", "start": "2026-11-20T10:00:00Z", "end": "2026-11-24T10:00:00Z"}}),
    "steps": ({"percent": {"from": "10%", "step": "10%", "every": "1d", "start": "2026-11-20T00:00:00Z", "to": "100%"}}, {"percent": "5%"}),
    "fallback_key": ({"percent": "30%"}, {"bucket_by": ["user_id", "session_id"], "percent": "40%"}),
    "joined_key": ({"percent": "30%"}, {"bucket_by": {"join": ["user_id", "session_id"], "with": "/"}, "percent": "30%"}),
    "disabled": ({"percent": "40%"}, {"percent": "40%", "enabled": False}),
    "default": ({**AB, "rules": [{"percent": "25%", "serve": "c"}]}, {**AB, "default": "b", "rules": [{"percent": "25%", "serve": "c"}]}),
    "asked": ({"percent": "50%"}, {"percent": "20%"}),
    "asks": ({"requires": {"asked": "on"}, "percent": "50%"}, {"requires": {"asked": "on"}, "percent": "50%"}),
    "asks_in_condition": ({"rules": [{"if": {"flag": {"asked": "on"}}, "percent": "60%"}]},
                          {"rules": [{"if": {"flag": {"asked": "off"}, "country": "NO"}, "percent": "60%"}]}),
    "same_salt_as_asked": ({"requires": {"asked": "on"}, "salt": "asked", "percent": "30%"},
                           {"requires": {"asked": "on"}, "salt": "asked", "percent": "10%"}),
    "unchanged": ({"percent": "50%", "description": "one"}, {"percent": "50%", "description": "two"}),
    "rewritten": ({"rules": [{"if": {"country": ["NO", "SE"]}, "serve": "on"}]},
                  {"rules": [{"if": {"any": [{"country": "SE"}, {"country": "NO"}]}, "serve": "on"}]}),
    "added": (None, {"rules": [{"if": {"country": "NO"}, "percent": "20%"}]}),
    "removed": ({"percent": "20%"}, None),
}


# -------------------------------------------------------------------------------------------------- random


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def percent(self):
        return f"{self.random.choice([0, 1, 10, 25, 33.333, 50, 75, 99.999, 100])}%"

    def test(self):
        name = self.random.choice(["country", "plan", "age", "app", "beta", "groups", "email", "from_ip", "seen"])
        values = FIELDS[name][1]
        some = lambda many: self.random.sample(values, min(many, len(values)))
        if name in ("country", "plan", "email"):
            return {name: self.random.choice([values[0], {"in": some(2)}, {"not_in": some(2)}, {"present": True},
                                              {"starts_with": values[0][:1]}, {"contains": values[-1][1:3]}])}
        if name == "age":
            number = int(self.random.choice(values))
            return {name: self.random.choice([number, {"gte": number}, {"lt": number}, {"in": [int(v) for v in some(3)]},
                                              {"mod": {"by": 5, "in": [self.random.randrange(5)]}}])}
        if name == "app":
            return {name: {self.random.choice(["gte", "lt", "gt", "eq"]): self.random.choice(values)}}
        if name == "beta":
            return {name: self.random.random() < 0.5}
        if name == "groups":
            return {name: self.random.choice([{"has": "a"}, {"has_any": ["b", "c"]}, {"has_none": ["a"]}, {"has_all": ["a", "b"]}])}
        if name == "seen":
            return {name: {self.random.choice(["within", "older_than"]): self.random.choice(["1d", "5d", "30d"])}}
        return {name: self.random.choice(["10.0.0.0/8", {"not_in": ["192.168.0.0/16"]}])}

    def condition(self, depth=0):
        kind = self.random.random()
        if depth < 2 and kind < 0.15:
            return {"any": [self.condition(depth + 1) for _ in range(2)]}
        if depth < 2 and kind < 0.25:
            return {"not": self.condition(depth + 1)}
        if kind < 0.35:
            return {"segment": self.random.choice(["nordic", "paying", "sampled"])}
        made = self.test()
        if kind > 0.7:
            made.update(self.test())
        if kind > 0.93:
            made["percent"] = self.percent()
        return made

    def rule(self):
        made = {}
        if self.random.random() < 0.6:
            made["if"] = self.condition()
        if self.random.random() < 0.3:
            parts = self.random.choice([["30%", "70%"], ["50%", "50%"], ["100%", "0%"]])
            made["split"] = dict(zip(self.random.sample(["a", "b", "c"], 2), parts))
        else:
            made["serve"] = self.random.choice(["a", "b", "c"])
        if self.random.random() < 0.6:
            made["percent"] = self.percent()
        if self.random.random() < 0.2:
            made["salt"] = self.random.choice(["s1", "s2"])
        return made

    def flag(self):
        made = {**AB, "rules": [self.rule() for _ in range(self.random.randint(1, 3))]}
        if self.random.random() < 0.2:
            made["holdout"] = ["tenth"]
        if self.random.random() < 0.2:
            made["requires"] = {"base": self.random.choice(["on", "off"])}
        if self.random.random() < 0.2:
            made["bucket_by"] = self.random.choice(["session_id", ["user_id", "session_id"]])
        if self.random.random() < 0.15:
            made["salt"] = self.random.choice(["base", "s1"])
        return made

    def changed(self, flag):
        flag = json.loads(json.dumps(flag))
        if self.random.random() < 0.2:
            return self.flag()
        rules = flag["rules"]
        what = self.random.random()
        if what < 0.4:
            self.random.choice(rules)["percent"] = self.percent()
        elif what < 0.6:
            rules.insert(self.random.randint(0, len(rules)), self.rule())
        elif what < 0.7 and len(rules) > 1:
            rules.pop(self.random.randrange(len(rules)))
        elif what < 0.9:
            self.random.choice(rules)["if"] = self.condition()
        else:
            flag["default"] = self.random.choice(["b", "c"])
        return flag


def random_flags(seed, number):
    made = Generator(seed)
    old = {"base": {"percent": "50%"}, **{f"f{i}": made.flag() for i in range(number)}}
    new = {"base": {"percent": made.percent()}, **{name: made.changed(flag) for name, flag in old.items() if name != "base"}}
    return old, new


compiled = subprocess.run(["cc", "-O2", "-o", f"{SCRATCH}/sample", f"{TOP}/tests/cli/sample_moves.c", f"-I{TOP}/include",
                           f"-L{BUILD}", "-lfflag", f"-Wl,-rpath,{os.path.abspath(BUILD)}"], capture_output=True, text=True, check=False)
if compiled.returncode:
    print(compiled.stderr, file=sys.stderr)
    sys.exit(1)
print(f"# SEED={SEED}")
UNITS = 1000000 if LONG else 20000  # of a flag; each context has its part
strata = contexts(random.Random(SEED), 40)
old_kinds = {name: pair[0] for name, pair in KINDS.items() if pair[0] is not None}
new_kinds = {name: pair[1] for name, pair in KINDS.items() if pair[1] is not None}
check("kinds", old_kinds, new_kinds, strata, UNITS // len(strata))
check("kinds of snapshots", old_kinds, new_kinds, strata[:10], UNITS // len(strata), snapshots=True)
for turn in range(40 if LONG else 4):
    old, new = random_flags(SEED + turn, 25)
    check(f"random {SEED + turn}", old, new, strata, UNITS // len(strata))
print(f"1..{count}")
sys.exit(1 if failed else 0)
