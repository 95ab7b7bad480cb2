"""A second, slow evaluator of definitions, written from docs/evaluation.md alone.

It works on a project as YAML text says it (every scalar still a string), follows the documented order
step by step, folds nothing and compiles nothing. The compiled runtime must agree with it on everything.
"""

import datetime
import ipaddress
import math
import re
import zoneinfo
from decimal import Decimal

import xxhash

MASK = (1 << 64) - 1
ALL = 100000  # thousandths of a percent


def mix(x):
    rotr = lambda v, n: ((v >> n) | (v << (64 - n))) & MASK
    x ^= rotr(x, 49) ^ rotr(x, 24)
    x = (x * 0x9FB21C651E98DF25) & MASK
    x ^= x >> 28
    x = (x * 0x9FB21C651E98DF25) & MASK
    return x ^ (x >> 28)


def bucket(key, salt):
    return mix(xxhash.xxh3_64_intdigest(key) ^ xxhash.xxh3_64_intdigest(salt.encode()))


def thousandths(text):
    value = Decimal(str(text).rstrip("%")) * 1000
    assert value == int(value)
    return int(value)


def threshold(share):
    return share * (1 << 64) // ALL


def milliseconds(text):
    """RFC 3339 with an offset; None where it is not that."""
    match = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text
    )
    if not match:
        return None
    try:
        moment = datetime.datetime(*(int(match[i]) for i in range(1, 7)))
    except ValueError:
        return None
    ms = int((moment - datetime.datetime(1970, 1, 1)).total_seconds()) * 1000
    if match[7]:
        ms += int(Decimal(match[7]) * 1000)
    if match[8] not in "Zz":
        sign = 1 if match[8][0] == "+" else -1
        ms -= sign * (int(match[8][1:3]) * 60 + int(match[8][4:6])) * 60000
    return ms


def duration(text):
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[text[-1]]
    return int(text[:-1]) * unit * 1000


WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def local_time(now, zone, offset):
    utc = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(milliseconds=now)
    if zone:
        return utc.astimezone(zoneinfo.ZoneInfo(zone))
    minutes = 0 if offset == "Z" else int(offset[0] + "1") * (int(offset[1:3]) * 60 + int(offset[4:6]))
    return utc.astimezone(datetime.timezone(datetime.timedelta(minutes=minutes)))


def is_between(time, begin, end):
    return begin <= time < end if begin < end else time >= begin or time < end


def version(text):
    """A sort key with SemVer 2.0 precedence; None where it is not a version."""
    match = re.fullmatch(
        r"v?(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?(?:\.(0|[1-9]\d*))?"
        r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
        text,
    )
    if not match:
        return None
    core = tuple(int(match[i] or 0) for i in (1, 2, 3))
    if match[4] is None:
        return (core, 1, ())
    identifiers = []
    for part in match[4].split("."):
        if part.isdigit():
            if len(part) > 1 and part[0] == "0":
                return None
            identifiers.append((0, int(part), ""))
        else:
            identifiers.append((1, 0, part))
    return (core, 0, tuple(identifiers))


def loose_version(text):
    """A sort key of a version of any number of parts; None where it is not one."""
    match = re.fullmatch(
        r"[vV]?(\d+(?:\.\d+)*)((?:[-_]|\.?(?=[A-Za-z]))[0-9A-Za-z._-]*)?(\+[0-9A-Za-z._-]+)?",
        text,
        re.ASCII,
    )
    runs = lambda t: [
        (0, int(run), "") if run.isdigit() else (1, 0, run.lower())
        for run in re.findall("[0-9]+|[A-Za-z]+", t)
    ]
    if not match or any(match[i] and not runs(match[i]) for i in (2, 3)):
        return None
    parts = [int(part) for part in match[1].split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return (parts, 0, runs(match[2])) if match[2] else (parts, 1, [])


def address(text):
    """The 128-bit number of an address, IPv4 as ::ffff:a.b.c.d; None where it is not one."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    return int(ip) if ip.version == 6 else (0xFFFF << 32) | int(ip)


def in_network(number, block):
    net = ipaddress.ip_network(block, strict=False)
    low, high = int(net.network_address), int(net.broadcast_address)
    if net.version == 4:
        low, high = (0xFFFF << 32) | low, (0xFFFF << 32) | high
    return low <= number <= high


def fold(text):
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def glob(pattern, text):
    expression, i = "", 0
    while i < len(pattern):
        c = pattern[i]
        if c == "*":
            expression += ".*"
        elif c == "?":
            expression += "."
        elif c == "\\" and i + 1 < len(pattern):
            i += 1
            expression += re.escape(pattern[i])
        elif c == "[" and "]" in pattern[i + 2 :]:
            end = pattern.index("]", i + 2)
            inner = pattern[i + 1 : end]
            inner = "^" + inner[1:] if inner[0] == "!" else inner
            expression += "[" + inner.replace("\\", "\\\\") + "]"
            i = end
        else:
            expression += re.escape(c)
        i += 1
    return re.fullmatch(expression, text, re.S) is not None


def as_list(value):
    return value if isinstance(value, list) else [value]


def merge_patch(target, patch):
    """RFC 7396, as its pseudo-code has it; 'null' because every scalar is a text here."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value == "null":
            target.pop(key, None)
        else:
            target[key] = merge_patch(target.get(key), value)
    return target


def as_json(value):
    if isinstance(value, dict):
        return {key: as_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [as_json(member) for member in value]
    return None if value == "null" else int(value) if re.fullmatch(r"-?\d+", value) else value


NEGATIONS = {
    "ne": "eq",
    "not_in": "in",
    "not_contains": "contains",
    "not_in_file": "in_file",
    "has_none": "has_any",
}


class Project:
    def __init__(self, sections, lists=None):
        self.sections = sections
        self.lists = lists or {}
        self.previous = {}  # by flag, the variant that the unit had
        self.environments = sections["project"]["environments"]
        self.loose = {
            name
            for name, declared in sections.get("attributes", {}).items()
            if not isinstance(declared, str) and declared.get("scheme") == "loose"
        }
        self.attributes = {
            name: declared if isinstance(declared, str) else declared["type"]
            for name, declared in sections.get("attributes", {}).items()
        }

    # ------------------------------------------------------------------------------ conditions

    def value(self, name, context):
        """The attribute as its declared type has it; None when absent."""
        value = context.get(name)
        if value is None:
            return None
        kind = self.attributes[name]
        if kind == "version":
            return loose_version(value) if name in self.loose else version(value)
        if kind == "time":
            return milliseconds(value) if isinstance(value, str) else value
        if kind == "ip":
            return address(value)
        return value

    def operand(self, name, text):
        kind = self.attributes[name]
        parse = {"number": float, "version": loose_version if name in self.loose else version, "time": milliseconds}
        if kind == "boolean":
            return text == "true"
        return parse.get(kind, str)(text)

    def holds(self, condition, context, environment, now, units=(None, "")):
        """`units`: the attribute and the salt of a share that says neither."""
        by, salt = units
        if "percent" in condition:
            share = thousandths(condition["percent"])
            by, salt = condition.get("bucket_by", by), condition.get("salt", salt)
            if not self.exposed(share, by, salt, context):
                return False
        return all(
            self.entry_holds(key, test, context, environment, now, units)
            for key, test in condition.items()
        )

    def entry_holds(self, key, test, context, environment, now, units):
        recurse = lambda c: self.holds(c, context, environment, now, units)
        if key in ("percent", "salt", "bucket_by"):
            return True
        if key == "any":
            return any(recurse(c) for c in test)
        if key == "all":
            return all(recurse(c) for c in test)
        if key == "not":
            return not recurse(test)
        if key == "segment":
            return any(self.segment_holds(name, context, environment, now) for name in as_list(test))
        if key == "flag":
            return all(
                self.served(flag, environment, context, now) in as_list(variants)
                for flag, variants in test.items()
            )
        if key == "now":
            return self.clock_holds(test, now)
        if not isinstance(test, dict):
            test = {"in": test}
        ignore_case = test.get("ignore_case") == "true"
        return all(
            self.test_holds(key, operator, operands, context, ignore_case, now)
            for operator, operands in test.items()
            if operator != "ignore_case"
        )

    def clock_holds(self, test, now):
        known = {
            "before": lambda time: now < milliseconds(time),
            "after": lambda time: now > milliseconds(time),
            "weekday": lambda days: WEEKDAYS[local.weekday()] in as_list(days),
            "between": lambda times: is_between(local.strftime("%H:%M"), *times),
        }
        local = local_time(now, test.get("zone"), test.get("offset", "Z"))
        return all(known[key](operand) for key, operand in test.items() if key in known)

    def segment_holds(self, name, context, environment, now):
        units = self.sections["project"].get("bucket_by"), "segment/" + name
        return self.holds(self.sections["segments"][name]["if"], context, environment, now, units)

    def samples(self, condition):
        """Whether a share of the units is part of a condition."""
        for key, test in condition.items():
            if key == "percent" and 0 < thousandths(test) < ALL:
                return True
            parts = {"any": test, "all": test, "not": [test]}.get(key, [])
            if key == "segment":
                parts = [self.sections["segments"][name]["if"] for name in as_list(test)]
            if any(self.samples(part) for part in parts):
                return True
        return False

    def part_holds(self, kind, value, test, ignore_case, context):
        """A test of an entry of a list, or of how many there are, as one of an attribute that has the value."""
        test = test if isinstance(test, dict) else {"in": test}
        ignore_case = test["ignore_case"] == "true" if "ignore_case" in test else ignore_case
        attributes = {**self.sections["attributes"], "part": kind}
        part = Project({"project": {"environments": []}, "attributes": attributes}, self.lists)
        return all(part.test_holds("part", operator, operands, {**context, "part": value}, ignore_case, 0)
                   for operator, operands in test.items() if operator != "ignore_case")

    def list_holds(self, operator, entries, test, ignore_case, context):
        if operator == "size":
            return self.part_holds("number", len(entries), test, ignore_case, context)
        passing = [self.part_holds("string", entry, test, ignore_case, context) for entry in entries]
        return {"any": any(passing), "all": all(passing), "none": not any(passing)}[operator]

    def test_holds(self, name, operator, operands, context, ignore_case, now):
        if operator in NEGATIONS:
            return not self.test_holds(name, NEGATIONS[operator], operands, context, ignore_case, now)
        value = self.value(name, context)
        if operator == "is_null":
            return (name in context and context[name] is None) == (operands == "true")
        if operator == "present":
            return (value is not None) == (operands == "true")
        if value is None:
            return False
        if operator == "within":
            return now - duration(operands) <= value <= now
        if operator == "older_than":
            return value < now - duration(operands)
        kind = self.attributes[name]
        if kind == "ip" and operator == "in":
            return any(in_network(value, block) for block in as_list(operands))
        if operator in ("any", "all", "none", "size"):
            return self.list_holds(operator, value, operands, ignore_case, context)
        if operator == "in_file":
            values = self.lists[operands]
            if ignore_case:
                value, values = fold(value), [fold(v) for v in values]
            return value in values
        if operator == "mod":
            exact = value == math.floor(value) and abs(value) <= 1 << 53
            return exact and int(value) % int(operands["by"]) in [int(o) for o in as_list(operands["in"])]
        if isinstance(operands, dict):
            other = self.value(operands["attribute"], context)
            if other is None:
                return False
            operands = [other]
        else:
            operands = [self.operand(name, operand) for operand in as_list(operands)]
        if operator in ("has", "has_any", "has_all"):
            if ignore_case:
                value, operands = [fold(entry) for entry in value], [fold(operand) for operand in operands]
            present = [operand in value for operand in operands]
            return all(present) if operator == "has_all" else any(present)
        if operator == "matches":
            flags = re.ASCII | (re.IGNORECASE if ignore_case else 0)
            return any(re.search(pattern, value, flags) for pattern in operands)
        if ignore_case:
            value, operands = fold(value), [fold(operand) for operand in operands]
        if isinstance(value, str):
            value, operands = value.encode(), [operand.encode() for operand in operands]
        known = {
            "eq": lambda o: value == o,
            "in": lambda o: value == o,
            "gt": lambda o: value > o,
            "after": lambda o: value > o,
            "gte": lambda o: value >= o,
            "lt": lambda o: value < o,
            "before": lambda o: value < o,
            "lte": lambda o: value <= o,
            "contains": lambda o: o in value,
            "starts_with": lambda o: value.startswith(o),
            "ends_with": lambda o: value.endswith(o),
            "glob": lambda o: glob(o.decode(), value.decode()),
        }
        if operator not in known:
            raise NotImplementedError("reference.py does not know the operator '%s'" % operator)
        return any(known[operator](operand) for operand in operands)

    # --------------------------------------------------------------------------------- buckets

    def part(self, attribute, context):
        """The key of one attribute; None when there is no value, or none that makes a key."""
        kind, value = self.attributes[attribute], context.get(attribute)
        if kind == "boolean" and isinstance(value, bool):
            return b"true" if value else b"false"
        if kind == "string" and isinstance(value, str):
            return value.encode() or None
        if kind == "number" and isinstance(value, (int, float)) and not isinstance(value, bool):
            if value == math.floor(value) and abs(value) <= 1 << 53:
                return str(int(value)).encode()
        return None

    def key(self, by, context):
        """The unit's bytes; None when it has none. `by`: an attribute, a list, or {join, with}."""
        if by is None:
            return None
        if isinstance(by, dict):
            parts = [self.part(attribute, context) for attribute in by["join"]]
            return None if None in parts else by.get("with", ".").encode().join(parts)
        parts = [self.part(attribute, context) for attribute in as_list(by)]
        return next((part for part in parts if part is not None), None)

    def exposed(self, share, attribute, salt, context):
        if share >= ALL:
            return True
        key = self.key(attribute, context)
        return key is not None and bucket(key, salt) < threshold(share)

    def split(self, arms, attribute, salt, context, keep=None):
        pairs = [(a["variant"], a["percent"]) for a in arms] if isinstance(arms, list) else arms.items()
        shares = [(variant, thousandths(share)) for variant, share in pairs]
        whole = [variant for variant, share in shares if share == ALL]
        if whole:
            return whole[0]
        key = self.key(attribute, context)
        if key is None:
            return None
        position, total = bucket(key, salt if keep else salt + "/split"), 0
        for variant, share in shares:
            total += share
            if total == ALL or position < threshold(total):
                return variant

    def ramp(self, percent, now):
        """The threshold of a gradual percentage, 2^64 where it stands at 100 %."""
        low, high = thousandths(percent.get("from", "0")), thousandths(percent.get("to", "100"))
        start = milliseconds(percent["start"])
        if now < start:
            return threshold(low)
        if "step" in percent:
            steps = (now - start) // duration(percent["every"])
            step = thousandths(percent["step"])
            share = min(high, low + step * steps) if high >= low else max(high, low - step * steps)
            return threshold(share)
        end = milliseconds(percent["end"])
        if now >= end:
            return threshold(high)
        return (low * (end - start) + (high - low) * (now - start)) * (1 << 64) // (
            ALL * (end - start)
        )

    # ---------------------------------------------------------------------------------- flags

    def flag_in(self, name, environment):
        """The flag's keys with the environment's put in place of them."""
        flag = dict(self.sections["flags"][name])
        environments = flag.pop("environments", {})
        if isinstance(environments, list):
            if environment not in environments:
                flag["enabled"] = "false"
        elif environment in environments:
            own = environments[environment] or {}
            if "rules" in own:
                for key in ("serve", "percent", "split", "keep"):
                    flag.pop(key, None)
            if any(key in own for key in ("serve", "percent", "split")):
                flag.pop("rules", None)
            if "serve" in own:
                flag.pop("split", None)
                flag.pop("keep", None)
            if "split" in own:
                flag.pop("serve", None)
            flag.update(own)
        return flag

    def variants(self, flag):
        if "value" in flag:
            return {None: flag["value"]}
        if "variants" in flag:
            return flag["variants"]
        return {"on": "true", "off": "false"}

    def evaluate(self, name, environment, context, now):
        flag = self.flag_in(name, environment)
        variant, reason, rule = self.decide(name, flag, environment, context, now)
        answer = {"variant": None if variant == "none" else variant, "reason": reason, "rule": rule}
        if flag.get("type") == "json" and "variants" in flag:
            answer["value"] = self.value_of(name, flag, variant, reason, rule, environment, context, now)
        return answer

    def value_of(self, name, flag, variant, reason, rule, environment, context, now):
        """With the parts replaced that the flag, and then the rule, replaces."""
        if variant == "none":
            return None
        value = self.variants(flag)[variant]
        by = flag.get("bucket_by", self.sections["project"].get("bucket_by")), flag.get("salt", name) + "/if"
        for given in flag.get("value_overrides", {}).get(variant, []) if reason != "OVERRIDE" else []:
            if self.holds(given["if"], context, environment, now, by):
                value = merge_patch(value, given["replace"])
                break
        for index, given in enumerate(flag.get("rules", [])):
            if rule == given.get("name", "rules[%d]" % index) and "value_overrides" in given:
                value = merge_patch(value, given["value_overrides"])
        return as_json(value)

    def served(self, name, environment, context, now):
        """The variant as definitions name it: 'none' where the value is left to the caller."""
        return self.decide(name, self.flag_in(name, environment), environment, context, now)[0]

    def default(self, flag):
        if "value" in flag:
            return None
        return flag.get("default", "off")

    def decide(self, name, flag, environment, context, now):
        default = self.default(flag)
        could_decide = False  # otherwise than to serve the default
        outside = self.sections["project"].get("bucket_by"), "override"

        for index, override in enumerate(self.sections.get("overrides", [])):
            if not self.selects(override, name, environment):
                continue
            serve = default if override["serve"] == "default" else override["serve"]
            if "until" in override and "from" in override:
                if milliseconds(override["until"]) <= milliseconds(override["from"]):
                    continue
            could_decide = True
            if "from" in override and now < milliseconds(override["from"]):
                continue
            if "until" in override and now >= milliseconds(override["until"]):
                continue
            if self.holds(override.get("if", {}), context, environment, now, outside):
                return serve, "OVERRIDE", "override[%d]" % index

        if flag.get("enabled", "true") == "false":
            return default, "DISABLED", None

        for other, accepted in flag.get("requires", {}).items():
            could_decide = True
            if self.served(other, environment, context, now) not in as_list(accepted):
                return default, "PREREQUISITE_FAILED", None

        attribute = flag.get("bucket_by", self.sections["project"].get("bucket_by"))
        salt = flag.get("salt", name)
        for variant, users in flag.get("users", {}).items():
            values = self.lists[users["file"]] if isinstance(users, dict) else users
            could_decide = could_decide or bool(values)
            key = self.key(attribute, context)
            if key is not None and key in [user.encode() for user in values]:
                return variant, "TARGETING_MATCH", "users"

        for holdout in as_list(flag.get("holdout", [])):
            declared = self.sections["holdouts"][holdout]
            share = thousandths(declared["percent"])
            could_decide = could_decide or share > 0
            by = declared.get("bucket_by", attribute)
            if share and self.exposed(share, by, "holdout/" + holdout, context):
                return default, "HOLDOUT", None
        if "layer" in flag:
            layer = flag["layer"]
            low, high = thousandths(layer["from"]), thousandths(layer["to"])
            by = self.sections["layers"][layer["name"]].get("bucket_by", attribute)
            if (low, high) != (0, ALL):
                could_decide = True
                key = self.key(by, context)
                if key is not None:
                    position = bucket(key, "layer/" + layer["name"])
                    if not threshold(low) <= position < threshold(high):
                        return default, "LAYER", None

        experiment = flag.get("experiment")
        if flag.get("sticky") == "true" and (not experiment or experiment.get("state", "draft") == "running"):
            could_decide = True
            if self.previous.get(name) in self.variants(flag):
                return self.previous[name], "STICKY", None

        rules = flag.get("rules", [])
        if any(key in flag for key in ("serve", "percent", "split")):
            rules = [{key: flag[key] for key in ("serve", "percent", "split", "keep") if key in flag}]
        for index, given in enumerate(rules):
            decided = self.rule_decides(given, attribute, salt, context, environment, now)
            could_decide = could_decide or not self.never(given)
            if decided:
                return decided + (given.get("name", "rules[%d]" % index),)

        for block in ("canary", "experiment"):
            if block in flag:
                decide = self.canary if block == "canary" else self.experiment
                can, decided = decide(flag[block], attribute, salt, context, environment, now)
                could_decide = could_decide or can
                if decided:
                    return decided
        return default, "DEFAULT" if could_decide else "STATIC", None

    def never(self, rule):
        percent = rule.get("percent")
        return isinstance(percent, str) and thousandths(percent) == 0

    def in_ranges(self, ranges, by, salt, context):
        """Whether the unit is in one of them, and whether they leave any unit out."""
        ends = [(thousandths(low), thousandths(high)) for low, high in ranges]
        if sum(high - low for low, high in ends) == ALL:
            return True, False
        key = self.key(by, context)
        if key is None:
            return False, True
        position = bucket(key, salt)
        return any(threshold(low) <= position < threshold(high) for low, high in ends), True

    def rule_decides(self, rule, attribute, salt, context, environment, now):
        by = rule.get("by", attribute)
        conditional, sampled = any(key in rule for key in ("if", "from", "until")), False
        if "from" in rule and now < milliseconds(rule["from"]):
            return None
        if "until" in rule and now >= milliseconds(rule["until"]):
            return None
        if not self.holds(rule.get("if", {}), context, environment, now, (attribute, salt + "/if")):
            return None
        salt = rule.get("salt", salt)
        percent = rule.get("percent")
        if "ranges" in rule:
            inside, sampled = self.in_ranges(rule["ranges"], by, salt, context)
            if not inside:
                return None
        if isinstance(percent, dict):
            sampled = True
            limit = self.ramp(percent, now)
            if limit < 1 << 64:
                key = self.key(by, context)
                if key is None or bucket(key, salt) >= limit:
                    return None
        elif percent is not None:
            share = thousandths(percent)
            sampled = share < ALL
            if not self.exposed(share, by, salt, context):
                return None
        variant = rule.get("serve", "on")
        if "split" in rule:
            variant = self.split(rule["split"], by, salt, context, rule.get("keep"))
            if variant is None:
                return None
            arms = rule["split"]
            shares = [a["percent"] for a in arms] if isinstance(arms, list) else arms.values()
            sampled = sampled or max(thousandths(p) for p in shares) < ALL
        sampled = sampled or self.samples(rule.get("if", {}))
        reason = "SPLIT" if sampled else "TARGETING_MATCH" if conditional else "STATIC"
        return variant, reason

    def canary(self, canary, attribute, salt, context, environment, now):
        state, serve = canary.get("state", "pending"), canary.get("serve", "on")
        stages = canary["stages"]
        if state in ("pending", "rolled_back"):
            return False, None
        names = [stage.get("name") for stage in stages]
        current = names.index(canary["stage"]) if "stage" in canary else 0
        if state == "complete" or canary.get("instant") == "true":
            return True, (serve, "STATIC", "canary:" + stages[-1]["name"])
        stage = stages[current]
        share = thousandths(stage["percent"])
        if share == 0:
            return False, None
        if not self.holds(stage.get("if", {}), context, environment, now, (attribute, salt + "/if")):
            return True, None
        if not self.exposed(share, attribute, salt, context):
            return True, None
        sampled = share < ALL or self.samples(stage.get("if", {}))
        reason = "SPLIT" if sampled else "TARGETING_MATCH" if "if" in stage else "STATIC"
        return True, (serve, reason, "canary:" + stage["name"])

    def experiment(self, experiment, attribute, salt, context, environment, now):
        state = experiment.get("state", "draft")
        if state == "draft":
            return False, None
        if state == "concluded":
            winner = experiment.get("winner", "null")
            if winner == "null":
                return False, None
            return True, (winner, "STATIC", "experiment")
        traffic = thousandths(experiment.get("traffic", "100"))
        if traffic == 0:
            return False, None
        if not self.holds(experiment.get("if", {}), context, environment, now, (attribute, salt + "/if")):
            return True, None
        if not self.exposed(traffic, attribute, salt, context):
            return True, None
        variant = self.split(experiment["split"], attribute, salt, context)
        if variant is None:
            return True, None
        sampled = traffic < ALL or max(thousandths(p) for p in experiment["split"].values()) < ALL
        sampled = sampled or self.samples(experiment.get("if", {}))
        reason = "SPLIT" if sampled else "TARGETING_MATCH" if "if" in experiment else "STATIC"
        return True, (variant, reason, "experiment")

    # ------------------------------------------------------------------------------- overrides

    def selects(self, override, name, environment):
        if environment not in override.get("environments", self.environments):
            return False
        flag = self.sections["flags"][name]
        kind = flag.get("kind") or next((k for k in ("canary", "experiment") if k in flag), "release")
        return (
            override.get("all") == "true"
            or any(glob(pattern, name) for pattern in override.get("flags", []))
            or any(tag in flag.get("tags", []) for tag in override.get("tags", []))
            or kind in override.get("kinds", [])
        )
