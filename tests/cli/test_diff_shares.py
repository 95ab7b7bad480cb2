#!/usr/bin/env python3
"""What `ffc diff` says of shares is what happens to sampled units, evaluated with both snapshots: for every kind of
rule, and for random flags. Where conditions decide, a context is in the first region whose words hold for it. LONG=1
samples a million units a flag."""
import functools
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
BUILD = os.environ.get("BUILD", f"{TOP}/build")
LONG = bool(os.environ.get("LONG"))
SEED = int(os.environ.get("SEED", random.randrange(1 << 30)))
SCRATCH = tempfile.mkdtemp(prefix="ffc-shares-")
NOW, AT = 1795341600000, "2026-11-22T10:00:00Z"  # a Sunday


# --------------------------------------------------------------------------------------------- contexts

FIELDS = {"country": ("string", ["NO", "SE", "DK", "US"]), "plan": ("string", ["free", "pro"]),
          "age": ("number", ["17", "18", "42", "70"]), "app": ("version", ["1.2.0", "2.0.0", "2.1.0-beta", "3.0.0"]),
          "beta": ("boolean", ["true", "false"]), "groups": ("strings", ["a", "a,b", "c"]),
          "email": ("string", ["ann@company.com", "bob@example.org"]), "from_ip": ("ip", ["10.0.0.7", "192.168.1.9"]),
          "seen": ("time", [str(NOW - 1000), str(NOW - 10 * 86400000)]),
          # What those before are compared with.
          "origin": ("string", ["NO", "SE", "us"]), "seats": ("number", ["17", "42", "60"]), "trial": ("boolean", ["true", "false"]),
          "least": ("version", ["1.2.0", "2.0.0", "2.1.0"]), "renewed": ("time", [str(NOW - 1000), str(NOW - 5 * 86400000)]),
          # Private: words have a number in place of each value.
          "team": ("string", ["red", "blue", "RED"]), "lead": ("string", ["red", "green"]), "account": ("number", ["7", "9", "10"]),
          "badges": ("strings", ["x", "x,y", "z"])}
PAIRS = {"country": "origin", "age": "seats", "beta": "trial", "app": "least", "seen": "renewed", "team": "lead"}
PRIVATE = {"team": ["red", "blue", "RED", "green"], "lead": ["red", "green"], "account": [7, 9, 10, 11], "badges": ["x", "y", "z", "w"]}
HEAD = """project: {name: p, environments: [production], bucket_by: user_id}
attributes: {user_id: string, session_id: string, country: string, plan: string, age: number, app: version, beta: boolean,
  groups: strings, email: string, from_ip: ip, seen: time, origin: string, seats: number, trial: boolean, least: version,
  renewed: time, team: {type: string, private: true}, lead: {type: string, private: true},
  account: {type: number, private: true}, badges: {type: strings, private: true}}
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
        made.append({name: None if random_.random() < 0.08 else random_.choice(values)
                     for name, (_, values) in FIELDS.items() if random_.random() < 0.78})
    return made


def version(text):
    core, _, rest = text.partition("-")
    return tuple(int(part) for part in core.split(".")), rest == "", rest


NEGATIONS = {" is not ": " is ", " is absent": " is present", " does not contain ": " contains ",
             " has none of ": " has ", " not ": " "}


ORDERS = {"is": lambda order: order == 0, "=": lambda order: order == 0, "<": lambda order: order < 0,
          "<=": lambda order: order <= 0, ">": lambda order: order > 0, ">=": lambda order: order >= 0}


def compares(name, value, order, other, fold=False):
    """Of two attributes, both given, as texts."""
    if value is None or other is None:
        return False
    kind = FIELDS[name][0]
    if kind in ("string", "strings", "boolean"):
        return ORDERS[order](0 if (value.lower() == other.lower() if fold else value == other) else 1)
    return ORDERS[order](compare(name, value, other))


def private(name, value, numbers, fold):
    """Whether it is one of the private values of those numbers: the project's flags known_… say which these are."""
    return value is not None and any((value.lower() if fold else value) == str(known[name, number])
                                     for number in re.split(", | or ", numbers))


known = {}


def passes(name, test, context, some):
    """Whether some entries of a list pass a test in words, or all; none does of a list that is not there."""
    value = context.get(name)
    return value is not None and some(literal(test, {**context, name: entry}) for entry in value.split(","))


def literal(text, context):
    """Whether a test in words holds; of the operators that these flags use."""
    if text.startswith("not ("):
        return not literal(text[5:-1], context)
    if found := re.fullmatch(r"(\w+) is (not )?given as null", text):
        return (found[1] in context and context[found[1]] is None) != bool(found[2])
    if found := re.fullmatch(r"(\w+) has a size that passes size of \1 (\S+) (\d+)", text):
        entries = context.get(found[1])
        return entries is not None and ORDERS[found[2]](len(entries.split(",")) - int(found[3]))
    if found := re.fullmatch(r"(\w+) has an entry that passes entry of (.*)", text):
        return passes(found[1], found[2], context, any)
    if found := re.fullmatch(r"(\w+) has no entry that fails (not )?entry of (.*)", text):
        return passes(found[1], f"not ({found[3]})" if found[2] else found[3], context, all)
    if found := re.fullmatch(r"(\w+) (is not|\S+) (?:attribute )?(\w+)(, ignoring case)?", text):
        name, order, other, fold = found.groups()
        if " attribute " in text or order == "=":
            return compares(name, context.get(name), order.split()[0], context.get(other), bool(fold)) != ("not" in order)
    if found := re.fullmatch(r"(\w+) is private value ([\d, or]+?)(, ignoring case)?", text):
        return private(found[1], context.get(found[1]), found[2], bool(found[3]))
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
            "is ": lambda one: value == one or name in ("age", "app", "seats", "least") and compare(name, value, one) == 0 or
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
    a, b = (version(value), version(one)) if name in ("app", "least") else (float(value), float(one))
    return (a > b) - (a < b)


@functools.lru_cache(maxsize=None)
def parsed(where):
    """Alternatives, of tests and of alternatives in brackets."""
    depth, parts, last = 0, [[]], 0
    for at, character in enumerate(where + " and "):
        depth += (character == "(") - (character == ")")
        for word in (", or ", " and ") if depth == 0 and at >= last else ():
            if (where + " and ").startswith(word, at):
                parts[-1].append(where[last:at])
                last = at + len(word)
                if word == ", or ":
                    parts.append([])
    return parts


def holds(where, context):
    return where is None or any(all(holds(test[1:-1], context) if test[0] == "(" else literal(test, context) for test in part)
                                for part in parsed(where))


# ------------------------------------------------------------------------------------------ by sampling


def sampled(old, new, strata, units, *previous):
    """By context and flag, how many of so many units of it make each move; which had the variant `previous` of all."""
    lines = "".join("\t".join(f"{name} null " if value is None else f"{name} {FIELDS[name][0]} {value}"
                              for name, value in context.items()) + "\n" for context in strata)
    run = subprocess.run([f"{SCRATCH}/sample", old, new, "0", str(units), str(NOW), *previous], input=lines, text=True,
                         capture_output=True, check=True)
    moves = {}
    for line in run.stdout.splitlines():
        number, flag, before, after, value, many = line.split("\t")
        if before != after or value == "other":
            of_context = moves.setdefault((int(number), flag), {})
            of_context[before, after] = of_context.get((before, after), 0) + int(many)
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
    """What a change says of units of a context: share by move, those to several values of one variant together. None: its
    region is one of those left out."""
    if change is None or "shares" in change and "later" not in change and change["shares"] == []:
        return {}
    regions = change.get("regions") or [{"if": None, "shares": change["shares"]}]
    for region in regions:
        if holds(region["if"], context):
            said = {}
            for one in region["shares"]:
                move = one["from"] or "-", one["to"] or "-"
                said[move] = said.get(move, 0) + one["share"]
            return said
    return None if "more" in change else {}


def wrong(said, seen, units):
    """Where shares are not those of a sample: five standard deviations, of a binomial."""
    for move in set(said) | set(seen):
        share, found = said.get(move, 0), seen.get(move, 0) / units
        if abs(share - found) > 5 * math.sqrt(max(share * (1 - share), 0) / units) + 1 / units:
            return f"{move[0]} -> {move[1]}: said {share}, found {found}"
    return None


def learn(changes):
    """Which number each private value has, from the flags that serve one variant for each."""
    known.clear()
    for name, values in PRIVATE.items():
        for region in changes["known_" + name]["regions"]:
            if region["if"]:
                number = re.search(r"private value (\d+)$", region["if"])[1]
                known[name, number] = values[int(region["shares"][0]["to"][1:])]
        assert len({known[key] for key in known if key[0] == name}) == len(values), changes["known_" + name]


def known_flags():
    """One for each private attribute, which serves a variant for each of its values."""
    return {"known_" + name: {"type": "string", "default": "none_of_them",
                              "variants": {"none_of_them": "", **{f"v{i}": str(value) for i, value in enumerate(values)}},
                              "rules": [{"if": {name: {"has": value} if name == "badges" else value}, "serve": f"v{i}"}
                                        for i, value in enumerate(values)]} for name, values in PRIVATE.items()}


def check_kept(name, old_flags, new_flags, changes, strata, exactly):
    """Units that a sticky flag served before: no move is unsaid, and of known flags none is said that nobody makes."""
    sticky = [flag for flag in old_flags if old_flags[flag].get("sticky") and new_flags.get(flag, {}).get("sticky")]
    seen = {flag: set() for flag in sticky}
    for previous in ["a", "b", "c"] if sticky else []:
        for (_, flag), moves in sampled(f"{SCRATCH}/old.ffs", f"{SCRATCH}/new.ffs", strata, 100, previous).items():
            if flag in seen:
                seen[flag].update(moves)
    for flag in sticky:
        change = changes.get(flag, {"kept": []})
        if "kept" not in change:  # the files do not say who had what
            ok(any("sticky" in risk for risk in change["risks"]), f"{name}: {flag} no longer keeps", change)
            continue
        kept = {(one["from"], one["to"]) for one in change["kept"]}
        ok(seen[flag] == kept if exactly else seen[flag] <= kept, f"{name}: {flag}, kept", f"said {kept}, found {seen[flag]}",
           old_flags[flag], new_flags[flag])


def check(name, old_flags, new_flags, strata, units, snapshots=False, exactly=False):
    new_flags = {**new_flags, **known_flags()}
    for which, flags in (("old", old_flags), ("new", new_flags)):
        fine, why, text = project(which, flags)
        if not fine:
            ok(False, f"{name}: {which} builds", *re.findall("^.*error:.*$", why, re.M))
            return
    moves = sampled(f"{SCRATCH}/old.ffs", f"{SCRATCH}/new.ffs", strata, units)
    changes = difference(f"{SCRATCH}/old.ffs", f"{SCRATCH}/new.ffs") if snapshots else \
        difference(f"{SCRATCH}/old", f"{SCRATCH}/new")
    learn(changes)
    check_kept(name, old_flags, new_flags, changes, strata[:12], exactly)
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
PARTS = {"type": "json", "variants": {"a": {"n": 1, "m": 1}, "b": {"n": 2, "m": 1}, "c": {"n": 3, "m": 1}}, "default": "a"}
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
    "pairs": ({"rules": [{"if": {"country": {"eq": {"attribute": "origin"}}}, "percent": "20%"}]},
              {"rules": [{"if": {"country": {"eq": {"attribute": "origin"}, "ignore_case": True}}, "percent": "50%"}]}),
    "pairs_not": ({"rules": [{"if": {"country": {"ne": {"attribute": "origin"}}}, "percent": "20%"}]},
                  {"rules": [{"if": {"country": {"present": True}, "beta": {"ne": {"attribute": "trial"}}}, "percent": "50%"}]}),
    "pairs_in_order": ({"rules": [{"if": {"age": {"lt": {"attribute": "seats"}}}, "percent": "20%"}]},
                       {"rules": [{"if": {"seats": {"lte": {"attribute": "age"}}}, "serve": "on"}, {"if": {"age": 17}, "percent": "30%"}]}),
    "pairs_of_versions": ({"rules": [{"if": {"app": {"gte": {"attribute": "least"}}}, "percent": "70%"}]},
                          {"rules": [{"if": {"seen": {"before": {"attribute": "renewed"}}}, "percent": "20%"}]}),
    "pairs_of_entries": ({"rules": [{"if": {"groups": {"any": {"eq": {"attribute": "country"}}}}, "serve": "on"}]},
                         {"rules": [{"if": {"badges": {"none": {"eq": {"attribute": "team"}}}}, "percent": "20%"}]}),
    "nulls": ({"rules": [{"if": {"country": {"is_null": True}}, "percent": "20%"}]},
              {"rules": [{"if": {"country": {"is_null": False}, "age": {"gte": 18}}, "percent": "70%"}]}),
    "nulls_or_absent": ({"rules": [{"if": {"plan": {"present": False, "is_null": False}}, "percent": "20%"}]},
                        {"rules": [{"if": {"plan": {"present": False}}, "percent": "70%"}]}),
    "null_keys": ({"rules": [{"if": {"user_id": {"is_null": True}}, "serve": "on"}, {"percent": "20%"}]}, {"percent": "30%"}),
    "private": ({"rules": [{"if": {"team": "red"}, "percent": "20%"}, {"if": {"account": {"not_in": [7, 10]}}, "percent": "90%"}]},
                {"rules": [{"if": {"team": ["blue", "red"]}, "percent": "40%"}, {"if": {"account": 9}, "percent": "70%"}]}),
    "private_case": ({"rules": [{"if": {"team": "red"}, "percent": "20%"}]},
                     {"rules": [{"if": {"team": {"eq": "Red", "ignore_case": True}}, "percent": "50%"}]}),
    "private_lists": ({"rules": [{"if": {"badges": {"has_any": ["x", "z"]}}, "percent": "20%"}]},
                      {"rules": [{"if": {"badges": {"has_all": ["x", "y"]}}, "percent": "50%"}, {"if": {"badges": {"size": {"gte": 1}}}, "serve": "on"}]}),
    "private_pairs": ({"rules": [{"if": {"team": {"eq": {"attribute": "lead"}}}, "percent": "20%"}]},
                      {"rules": [{"if": {"team": {"ne": {"attribute": "lead"}}, "lead": {"present": True}}, "percent": "60%"}]}),
    "values": ({**PARTS, "split": {"a": "40%", "b": "60%"}, "value_overrides": {"b": [{"if": {"country": "NO"}, "replace": {"n": 5}}]}},
               {**PARTS, "split": {"a": "50%", "b": "50%"}, "value_overrides": {"b": [{"if": {"country": "NO"}, "replace": {"n": 6}},
                                                                                      {"if": {"age": {"gte": 18}}, "replace": {"m": 5}}]}}),
    "values_of_some": ({**PARTS, "value_overrides": {"a": [{"if": {"percent": "20%"}, "replace": {"n": 5}}]}},
                       {**PARTS, "value_overrides": {"a": [{"if": {"percent": "30%"}, "replace": {"n": 5}}, {"if": {"plan": "pro"}, "replace": {"n": 6}}]}}),
    "values_of_rules": ({**PARTS, "rules": [{"if": {"country": "NO"}, "serve": "b", "percent": "50%", "value_overrides": {"n": 7}}]},
                        {**PARTS, "rules": [{"if": {"country": "NO"}, "split": {"a": "50%", "b": "50%"}, "value_overrides": {"n": 8}}]}),
    "values_asked": ({**PARTS, "rules": [{"percent": "40%", "serve": "b"}], "value_overrides": {"b": [{"if": {"beta": True}, "replace": {"n": 5}}]}},
                     {**PARTS, "rules": [{"percent": "60%", "serve": "b"}], "value_overrides": {"b": [{"if": {"beta": False}, "replace": {"n": 5}}]}}),
    "asks_values": ({"requires": {"values_asked": "b"}, "serve": "on"}, {"requires": {"values_asked": "b"}, "serve": "on"}),
    "values_written": ({**PARTS, "variants": {"a": {"n": 1}, "b": {"n": 2}}, "serve": "b"},
                       {**PARTS, "variants": {"a": {"n": 1}, "b": {"n": 1}}, "serve": "b", "value_overrides": {"b": [{"if": {"plan": "pro"}, "replace": {"n": 2}}]}}),
    "sticky": ({**AB, "sticky": True, "split": {"a": "50%", "b": "50%"}}, {**AB, "sticky": True, "split": {"a": "20%", "b": "80%"}}),
    "sticky_value": ({**AB, "sticky": True, "split": {"a": "50%", "b": "50%"}},
                     {**AB, "sticky": True, "split": {"a": "50%", "b": "50%"}, "variants": {**AB["variants"], "c": "another"}}),
    "sticky_gone": ({**AB, "sticky": True, "split": {"a": "50%", "b": "50%"}},
                    {**AB, "sticky": True, "split": {"a": "50%", "b": "50%"}, "variants": {"a": "x", "b": "y"}}),
    "sticky_users": ({**AB, "sticky": True, "split": {"a": "50%", "b": "50%"}},
                     {**AB, "sticky": True, "split": {"a": "50%", "b": "50%"}, "users": {"c": ["u1"]}}),
    "sticky_asks": ({**AB, "sticky": True, "rules": [{"if": {"country": "NO"}, "serve": "b"}]},
                    {**AB, "sticky": True, "rules": [{"if": {"country": "NO"}, "serve": "b"}], "requires": {"asked": "on"}}),
    "sticky_experiment": ({**AB, "sticky": True, "experiment": EXPERIMENT},
                          {**AB, "sticky": True, "experiment": {**EXPERIMENT, "state": "concluded", "winner": "b"}}),
    "sticky_now": ({**AB, "split": {"a": "50%", "b": "50%"}}, {**AB, "sticky": True, "split": {"a": "30%", "b": "70%"}}),
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
        name = self.random.choice(["country", "plan", "age", "app", "beta", "groups", "email", "from_ip", "seen", "team", "account", "badges"])
        kind = self.random.random()
        if kind < 0.06:
            return {name: {self.random.choice(["present", "is_null"]): self.random.random() < 0.5}}
        if kind < 0.2 and name in PAIRS:
            return self.pair(name)
        if name in PRIVATE:
            return {name: self.private(name)}
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

    def pair(self, name):
        orders = ["eq", "ne"] if name in ("country", "beta", "team") else ["eq", "ne", "lt", "lte", "gt", "gte"]
        test = {self.random.choice(orders): {"attribute": PAIRS[name]}}
        if name in ("country", "team") and self.random.random() < 0.4:
            test["ignore_case"] = True
        return {name: test}

    def private(self, name):
        values = PRIVATE[name]
        some = lambda many: self.random.sample(values, many)
        if name == "badges":
            return self.random.choice([{"has": values[0]}, {"has_any": some(2)}, {"has_none": some(2)}, {"has_all": some(2)},
                                       {"size": {"gte": 2}}, {"any": {"eq": {"attribute": "team"}}}])
        test = self.random.choice([{"eq": some(1)[0]}, {"ne": some(1)[0]}, {"in": some(2)}, {"not_in": some(3)}])
        if name == "team" and "in" not in test and "not_in" not in test and self.random.random() < 0.3:
            test["ignore_case"] = True
        return test

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
        kind = self.random.random()
        made = {**(PARTS if kind < 0.25 else AB), "rules": [self.rule() for _ in range(self.random.randint(1, 3))]}
        if kind < 0.2:
            made["value_overrides"] = self.value_overrides()
        elif kind < 0.25:
            made["rules"][0]["value_overrides"] = {"n": 9}
        elif kind < 0.45:
            made["sticky"] = True
        if self.random.random() < 0.2:
            made["holdout"] = ["tenth"]
        if self.random.random() < 0.2:
            made["requires"] = {"base": self.random.choice(["on", "off"])}
        if self.random.random() < 0.2:
            made["bucket_by"] = self.random.choice(["session_id", ["user_id", "session_id"]])
        if self.random.random() < 0.15:
            made["salt"] = self.random.choice(["base", "s1"])
        return made

    def value_overrides(self):
        return {variant: [{"if": self.condition(1), "replace": {"n": self.random.randint(5, 7)}} for _ in range(self.random.randint(1, 2))]
                for variant in self.random.sample(["a", "b", "c"], self.random.randint(1, 2))}

    def changed(self, flag):
        flag = json.loads(json.dumps(flag))
        if self.random.random() < 0.2:
            return self.flag()
        rules = flag["rules"]
        what = self.random.random()
        if "value_overrides" in flag and self.random.random() < 0.5:
            flag["value_overrides"] = self.value_overrides()
        elif flag.get("sticky") and self.random.random() < 0.3:
            flag["variants"]["c"] = "another"
        elif what < 0.4:
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


with open(f"{BUILD}/libfflag.so", "rb") as library:
    content = library.read()
sanitizers = [f"-fsanitize={name}" for name, mark in (("address", b"__asan_"), ("undefined", b"__ubsan_"), ("thread", b"__tsan_"))
              if mark in content]
compiled = subprocess.run(["cc", "-O2", *sanitizers, "-o", f"{SCRATCH}/sample", f"{TOP}/tests/cli/sample_moves.c",
                           f"-I{TOP}/include", f"-L{BUILD}", "-lfflag", f"-Wl,-rpath,{os.path.abspath(BUILD)}"],
                          capture_output=True, text=True, check=False)
if compiled.returncode:
    print(compiled.stderr, file=sys.stderr)
    sys.exit(1)
print(f"# SEED={SEED}")
UNITS = 1000000 if LONG else 20000  # of a flag; each context has its part
strata = contexts(random.Random(SEED), 40)
old_kinds = {name: pair[0] for name, pair in KINDS.items() if pair[0] is not None}
new_kinds = {name: pair[1] for name, pair in KINDS.items() if pair[1] is not None}
check("kinds", old_kinds, new_kinds, strata, UNITS // len(strata), exactly=True)
check("kinds of snapshots", old_kinds, new_kinds, strata[:10], UNITS // len(strata), snapshots=True)
for turn in range(40 if LONG else 4):
    old, new = random_flags(SEED + turn, 25)
    check(f"random {SEED + turn}", old, new, strata, UNITS // len(strata))
sys.exit(finish())
