"""Random valid projects and contexts, small enough that every value meets every other."""

import json
import os
import subprocess

FFC = os.environ.get("FFC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/ffc"))

COUNTRIES = ["US", "CA", "GB", "DE", "NO", "no", "Zürich"]
WORDS = ["beta", "alpha", "Beta", "vip", "", "a b", "staff-1", "日本", "beta.tester"]
VERSIONS = ["1.0.0", "v1.2", "2", "1.10.0", "1.9.9", "1.10.0-rc.1", "1.10.0-rc.2", "1.10.0-alpha",
            "1.10.0-rc.10", "1.10.0+build7", "2097152.0.1", "3.0.0-0", "3.0.0-a.b"]
LOOSE_VERSIONS = ["1.2.3.4", "1.2.3", "v1.2", "1.2.0.0", "01.2.3", "1.2.3b9", "1.2.3b10", "1.2.3-RC.1", "1.2.3rc1",
                  "1.2.beta", "2026.11.30.7", "1.2_1", "0", "1.2.3.4+x", "1.10.0.1"]
BAD_LOOSE_VERSIONS = ["", "one", "1.", "1..2", "1.0-", "v", "1+"]
BAD_VERSIONS = ["", "1.2.3.4", "01.2.3", "one", "1.0.0-01", "1.0.0-"]
TIMES = ["2026-11-20T10:00:00Z", "2026-11-20T12:00:00+02:00", "2026-12-01T00:00:00.250Z",
         "2027-01-31T23:59:59-05:00"]
ADDRESSES = ["10.1.2.3", "192.168.0.1", "2001:db8::1", "::ffff:10.1.2.3", "255.255.255.255", "::"]
NETWORKS = ["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32", "10.1.2.3", "0.0.0.0/0", "::/0"]
NUMBERS = ["0", "-1", "17.5", "18", "65", "9007199254740993", "1e3", "-0.0"]
GLOBS = ["*", "b*", "*a", "*e*a*", "?eta", "[a-b]*", "[!b]eta", "", "st\\*", "beta.*", "B*"]
PATTERNS = ["^b", "a$", "^[a-z]+$", "t.*t", "(be|al)", "^.eta$", "^..$", "\\bbeta\\b", "\\d", "^[^a-z]*$", "[bv](e|i)?[tp]",
            "^\\w+( \\w+)*$", "日", "^(a?b?)*$", "", "^$", "(?i)BETA", "x{600}$", "ü{70}", "^u[0-9]{1,2}$"]

ATTRIBUTES = {
    "user_id": "string",
    "country": "string",
    "word": "string",
    "age": "number",
    "account": "number",
    "paying": "boolean",
    "App Version": "version",
    "signup": "time",
    "groups": "strings",
    "client: ip/“v6”": "ip",
    "build": "version",
    "trial": "boolean",
    "Least Version": "version",
    "renewed": "time",
    "least build": "version",
}
PRESENCE = ["present", "is_null"]  # no tests of a value
LOOSE = ["build", "least build"]
# As definitions declare them.
DECLARED = {**ATTRIBUTES, **{name: {"type": "version", "scheme": "loose"} for name in LOOSE}}
LISTS = {"lists/words.txt": ["beta", "vip", "日本"], "lists/users.txt": ["u%d" % i for i in range(40)]}
ENVIRONMENTS = ["development", "production"]
# Of those, private in some projects; and the operators that such an attribute has.
MAY_BE_PRIVATE = ["user_id", "country", "word", "age", "account", "groups"]
WHOLE = {"eq", "ne", "in", "not_in", "in_file", "not_in_file", "has", "has_any", "has_all", "has_none", "any", "all",
         "none", "size", "present"}
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HOURS = ["00:00", "04:59", "10:00", "11:00", "17:30", "23:59"]
ZONES = ["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Africa/Casablanca"]
AGES = ["0s", "4d", "345600s", "2w", "10d", "77d"]
DURATIONS = ["90s", "30m", "24h", "7d", "2w"]


def read_operators():
    """What `ffc` says that conditions can ask: by type of attribute, or of a log's field, each operator and the form
    of its operand."""
    table = subprocess.run([FFC, "explain", "--operators", "--markdown"], capture_output=True, text=True, check=True)
    found = {kind: {} for kind in [*ATTRIBUTES.values(), "field"]}
    for line in table.stdout.splitlines()[2:]:
        name, types, operand = [cell.strip(" `") for cell in line.split("|")[1:4]]
        for kind in found:
            if types == "all" or kind in types.split(", "):
                found[kind][name] = operand
    return found


OPERATORS = read_operators()


class Generator:
    def __init__(self, random):
        self.random = random
        self.pick = random.choice
        self.attributes = list(ATTRIBUTES)  # that conditions test
        self.clocks = 0.15  # how often they test the clock
        self.units = 0.12  # and how often a share of the units
        self.pairs = 0.15  # and how often another attribute in place of a value
        self.some = lambda items, most=3: random.sample(items, random.randint(1, min(most, len(items))))
        self.chance = lambda p: random.random() < p
        self.private = set()  # attributes
        self.patched = False  # whether rules may replace parts of values

    def percent(self):
        return self.pick(["0%", "100%", "50%", "25", "0.125%", "33.333%", "99.999%", "1%", "10%"])

    def shares(self, count):
        cuts = sorted(self.random.randint(0, 100000) for _ in range(count - 1))
        if self.chance(0.15):
            cuts = [0] * (count - 1)
        edges = [0] + cuts + [100000]
        return ["%.3f%%" % ((b - a) / 1000) for a, b in zip(edges, edges[1:])]

    # ------------------------------------------------------------------------------ conditions

    def values(self, name):
        """What an attribute is compared with."""
        kind = ATTRIBUTES[name]
        if kind == "string":
            return {"country": COUNTRIES, "user_id": ["u%d" % i for i in range(60)]}.get(name, WORDS)
        if name in LOOSE:
            return LOOSE_VERSIONS
        return {"number": NUMBERS, "boolean": [True, False], "version": VERSIONS, "time": TIMES,
                "strings": WORDS, "ip": NETWORKS}[kind]

    def operand(self, form, values, hidden=False):
        """By its form, as docs/language.md has them; of a private attribute or any other."""
        parts = [str(value)[:2] for value in values if value] + ["eta", "1"]
        return {
            "value": lambda: self.pick(values),
            "list": lambda: self.some(values, 12),
            "text": lambda: self.pick(values),
            "text or list": lambda: self.either(parts),
            "glob or list": lambda: self.either(GLOBS),
            "pattern or list": lambda: self.either(PATTERNS),
            "path": lambda: self.pick(list(LISTS)),
            "time": lambda: self.pick(values),
            "duration": lambda: self.pick(AGES),
            "boolean": lambda: self.chance(0.5),
            "{by, in}": self.remainders,
            "operators": lambda: self.operators_of("string", WORDS, hidden),
            "number or operators": lambda: self.either_size(),
        }[form]()

    def others(self, declared, name=None):
        """What an attribute can be compared with: those that tests ask of, if there are."""
        fit = [other for other in ATTRIBUTES if DECLARED[other] == declared and other != name]
        return [other for other in fit if other in self.attributes] or fit

    def compare_with_others(self, test, known, others):
        """Puts an attribute in place of a value, now and then."""
        for operator in test:
            if known[operator] in ("value", "time") and others and self.chance(self.pairs):
                test[operator] = {"attribute": self.pick(others)}
        return test

    def operators_of(self, kind, values, hidden=False):
        """One or two tests of an entry of a list, or of how many there are."""
        known = {operator: form for operator, form in OPERATORS[kind].items()
                 if operator not in PRESENCE and (operator in WHOLE or not hidden)}
        test = {operator: self.literal(kind, self.operand(known[operator], values))
                for operator in self.random.sample(list(known), self.pick([1, 1, 2]))}
        self.compare_with_others(test, known, self.others(kind))
        if kind == "string" and self.chance(0.25):
            test["ignore_case"] = self.chance(0.7)
        return test

    def either_size(self):
        sizes = ["0", "1", "2", "3", "4"]
        return Plain(self.pick(sizes)) if self.chance(0.4) else self.operators_of("number", sizes)

    def remainders(self):
        by = self.pick([1, 2, 2, 3, 7, 10, 100, 1 << 53])
        return {"by": by, "in": self.some(range(min(by, 12)), 4)}

    def test(self, name):
        kind, values, hidden = ATTRIBUTES[name], self.values(name), name in self.private
        if hidden and kind == "number":
            values = [value for value in values if value != "17.5"]
        if self.chance(0.08):
            return {self.pick(PRESENCE): self.chance(0.5)}
        if kind != "strings" and self.chance(0.15):
            return self.literal(kind, self.pick(values))
        if kind not in ("strings", "boolean") and self.chance(0.1):
            return self.literal(kind, self.some(values, 8))
        operators = {operator: form for operator, form in OPERATORS[kind].items()
                     if operator not in PRESENCE and (operator in WHOLE or not hidden)}
        several = self.pick([1, 1, 2]) if kind in ("number", "version", "time", "string") else 1
        test = {operator: self.literal(kind, self.operand(operators[operator], values, hidden))
                for operator in self.random.sample(list(operators), several)}
        self.compare_with_others(test, operators, self.others(DECLARED[name], name))
        folds = kind == "string" or kind == "strings" and list(test) != ["size"]
        if folds and self.chance(0.25):
            test["ignore_case"] = True
        return test

    def literal(self, kind, value):
        if isinstance(value, dict):
            return value
        if isinstance(value, list):
            return [self.literal(kind, v) for v in dict.fromkeys(value)]
        if isinstance(value, dict):
            return value
        return Plain(value) if kind in ("number", "version", "time") else value

    def either(self, values):
        return self.pick(values) if self.chance(0.6) else self.some(list(dict.fromkeys(values)))

    def now(self):
        keys = self.some(["before", "after", "weekday", "between"], 2)
        test = {key: Plain(self.pick(TIMES)) for key in keys if key in ("before", "after")}
        if "weekday" in keys:
            test["weekday"] = self.either(WEEKDAYS)
        if "between" in keys:
            test["between"] = self.random.sample(HOURS, 2)
        if len(test) > ("before" in test) + ("after" in test) and self.chance(0.7):
            if self.chance(0.5):
                test["offset"] = self.pick(["+01:00", "-03:30", "Z", "+13:45"])
            else:
                test["zone"] = self.pick(ZONES)
        return test

    def condition(self, depth=0, flags=()):
        condition = {}
        for name in self.random.sample(self.attributes, min(len(self.attributes), self.pick([1, 1, 2, 3]))):
            condition[name] = self.test(name)
        if depth < 3 and self.chance(0.4):
            key = self.pick(["any", "all", "not"])
            deeper = lambda: self.condition(depth + 1, flags)
            condition[key] = deeper() if key == "not" else [deeper() for _ in range(self.pick([1, 2, 3]))]
        if self.segments and self.chance(0.2):
            condition["segment"] = self.either(self.segments)
        if flags and self.chance(0.15):
            other = self.pick(list(flags))
            condition["flag"] = {other: self.either(flags[other])}
        if self.chance(self.clocks):
            condition["now"] = self.now()
        if self.chance(self.units):
            condition["percent"] = self.percent()
            if self.chance(0.6):
                condition["salt"] = self.pick(["beta", "beta", "other"])
            if self.chance(0.3):
                condition["bucket_by"] = self.key()
        items = list(condition.items())
        self.random.shuffle(items)
        return dict(items)

    # ----------------------------------------------------------------------------------- flags

    def ramp(self):
        if self.chance(0.7):
            return self.percent()
        start, end = TIMES[0], self.pick([TIMES[2], TIMES[3]])
        low, high = self.random.sample(["0%", "10%", "100%", "33.333%"], 2)
        if self.chance(0.5):
            return {"from": low, "to": high, "start": start, "end": end}
        return {"from": "10%", "step": self.pick(["10%", "33.333%", "45%"]), "to": "100%",
                "every": self.pick(["12h", "1d", "36h"]), "start": start}

    def key(self):
        """What a unit is known by."""
        attributes = ["account", "word", "country", "user_id", "paying"]
        if self.chance(0.4):
            return self.pick(attributes)
        several = self.random.sample(attributes, self.pick([2, 2, 3]))
        if self.chance(0.5):
            return several if self.chance(0.8) else several[:1]
        return {"join": several, "with": self.pick(["/", "", ":::"])} if self.chance(0.6) else {"join": several}

    def split(self, variants):
        if self.chance(0.7):
            return dict(zip(variants, self.shares(len(variants))))
        count = self.random.randint(1, 6)
        return [{"variant": self.pick(variants), "percent": share} for share in self.shares(count)]

    def ranges(self):
        edges = sorted(self.random.sample(range(0, 100001), 2 * self.random.randint(1, 3)))
        if self.chance(0.2):
            edges = self.pick([[0, 100000], [0, 50000, 50000, 100000], [0, 1, 1, 30000]])
        ends = ["%.3f%%" % (edge / 1000) for edge in edges]
        return [ends[i : i + 2] for i in range(0, len(ends), 2)]

    def rule(self, variants, flags):
        rule = {}
        if self.chance(0.3):
            rule["name"] = "rule-%d" % self.random.randint(0, 10**9)
        if self.chance(0.8):
            rule["if"] = self.condition(0, flags)
        if self.chance(0.3) and len(variants) > 1:
            rule["split"] = self.split(variants)
        else:
            rule["serve"] = self.pick(variants)
        if "split" in rule and self.chance(0.4):
            rule["keep"] = "exposure"
        elif self.chance(0.6):
            rule["percent"] = self.ramp()
        elif self.chance(0.5):
            rule["ranges"] = self.ranges()
        if self.chance(0.2):
            rule["salt"] = self.pick(["seed", "other", "seed/split"])
        if self.chance(0.2):
            times = sorted(self.random.sample(TIMES, 2), key=TIMES.index)
            if times != TIMES[:2]:  # these two are the same
                rule.update({key: Plain(time) for key, time in zip(["from", "until"], times) if self.chance(0.7)})
        if self.chance(0.2):
            rule["by"] = self.key()
        if self.patched and rule.get("serve") != "none" and self.chance(0.4):
            rule["value_overrides"] = self.merge_patch()
        return rule

    def merge_patch(self):
        return self.pick([
            {"ttl": 5}, {"ttl": None}, {}, {"more": {"a": None, "b": [1, None]}}, {"deep": {"a": {"c": 1}}},
            {"deep": {"a": None, "d": {"e": None}}}, {"deep": "x"}, {"list": [9], "ttl": {"was": 1}}])

    def value_overrides(self, variants, flags):
        named = [variant for variant in variants if variant != "none"]
        return {variant: [{"if": self.condition(1, flags), "replace": self.merge_patch()}
                          for _ in range(self.pick([1, 1, 2, 3]))] for variant in self.some(named, 2)}

    def canary(self, flags):
        names = ["first", "second", "third", "last"]
        shares = self.pick([["1%", "25%", "50%", "100%"], ["5%", "20%", "99.5%", "100%"]])
        stages = [{"name": n, "percent": s} for n, s in zip(names, shares)]
        for stage in stages[: self.pick([0, 1, 4])]:
            stage["if"] = self.condition(2, flags) if self.chance(0.9) else {"percent": "0%"}
        canary = {"serve": "on", "stages": stages}
        canary["state"] = self.pick(["pending", "running", "running", "paused", "rolled_back", "complete"])
        if canary["state"] in ("running", "paused"):
            canary["since"] = "2026-01-01T00:00:00Z"
        canary["stage"] = self.pick(names)
        if self.chance(0.1):
            canary["instant"] = True
        return canary

    def experiment(self, variants, flags):
        experiment = {
            "split": dict(zip(variants, self.shares(len(variants)))),
            "control": variants[0],
            "state": self.pick(["draft", "running", "running", "concluded"]),
        }
        if self.chance(0.7):
            experiment["traffic"] = self.percent()
        if self.chance(0.4):
            experiment["if"] = self.condition(2, flags)
        if self.chance(0.7):
            experiment["winner"] = self.pick(variants + [None])
        return experiment

    def decisions(self, variants, flags):
        """The keys of a flag that an environment may replace."""
        keys = {}
        shape = self.pick(["rules", "rules", "rules", "serve", "split", "canary", "experiment", "none"])
        if shape == "rules":
            keys["rules"] = [self.rule(variants, flags) for _ in range(self.random.randint(1, 4))]
        elif shape == "serve":
            keys["serve"] = self.pick(variants)
            if self.chance(0.7):
                keys["percent"] = self.ramp()
        elif shape == "split" and len(variants) > 1:
            keys["split"] = self.split(variants)
            if self.chance(0.4):
                keys["keep"] = "exposure"
        elif shape == "canary" and "on" in variants:
            keys["canary"] = self.canary(flags)
        elif shape == "experiment" and len(variants) > 1:
            keys["experiment"] = self.experiment([v for v in variants if v != "none"], flags)
        if self.chance(0.1):
            keys["enabled"] = self.chance(0.5)
        if shape != "canary" and self.chance(0.25):
            keys["sticky"] = self.chance(0.8)
        if flags and self.chance(0.2):
            keys["requires"] = {o: self.either(flags[o]) for o in self.some(list(flags), 2)}
        if self.chance(0.2):
            users = ["u%d" % i for i in range(60)] + [""]
            keys["users"] = {v: self.some(users, 9) for v in self.some(variants, 2)}
            if self.chance(0.3):
                keys["users"][self.pick(variants)] = {"file": "lists/users.txt"}
        if self.patched and self.chance(0.4):
            keys["value_overrides"] = self.value_overrides(variants, flags)
        if self.holdouts and self.chance(0.2):
            keys["holdout"] = self.either(self.holdouts)
        return keys

    def flag(self, name, flags):
        flag = {}
        kind = self.pick(["boolean", "boolean", "string", "integer", "number", "json"])
        if kind == "boolean":
            variants = ["on", "off"]
        else:
            flag["type"] = kind
            variants = self.random.sample(["on", "control", "Variant A", "variant/b 🚀", "“big”"], self.pick([2, 3, 4]))
            values = {"string": WORDS, "integer": [-9223372036854775808, 7, 0, 42],
                      "number": [0.1, -3, 1e300, 2.5], "json": [{"ttl": ttl} for ttl in (300, 0, -1, 7)]}
            flag["variants"] = dict(zip(variants, values[kind]))
        if self.chance(0.3):  # it may leave the value to the caller
            variants = list(variants)
            variants.insert(self.random.randint(0, len(variants)), "none")
        if kind != "boolean" or ("none" in variants and self.chance(0.5)):
            flag["default"] = self.pick(variants)
        if self.chance(0.1):
            flag["tags"] = ["payments"]
        if self.chance(0.2):
            flag["bucket_by"] = self.key()
        if self.chance(0.2):
            flag["salt"] = "salt-" + name
        self.patched = kind == "json"
        if kind == "json" and self.chance(0.5):
            for value in flag["variants"].values():
                value.update(self.pick([{"deep": {"a": {"b": 1}}}, {"deep": [1]}, {"list": [1, {"x": 1}]}]))
        if kind == "json":
            flag["shape"] = "open"
        flag.update(self.decisions(variants, flags))
        if self.chance(0.15):
            flag["environments"] = [self.pick(ENVIRONMENTS)]
        elif self.chance(0.4):
            own = self.decisions(variants, flags)
            if "percent" in flag:
                own.pop("keep", None)
            if ("canary" in own) == ("canary" in flag) and ("experiment" in own) == ("experiment" in flag):
                flag["environments"] = {self.pick(ENVIRONMENTS): own}
        own = flag["environments"].values() if isinstance(flag.get("environments"), dict) else ()
        if any("canary" in keys or keys.get("value_overrides") for keys in (flag, *own)):  # then none is sticky
            for keys in (flag, *own):
                keys.pop("sticky", None)
        if isinstance(flag.get("bucket_by"), dict):  # then nobody can be listed
            for keys in (flag, *(flag["environments"].values() if isinstance(flag.get("environments"), dict) else ())):
                keys.pop("users", None)
        return flag, variants

    def layered(self, sections):
        """Two flags of the default unit that share a layer, with a gap between them."""
        edges = ["0%", "33.333%", "50%", "100%"]
        names = [n for n, f in sections["flags"].items() if "bucket_by" not in f
                 and '"requires"' not in json.dumps(f) and '"flag"' not in json.dumps(f)]
        for i, name in enumerate(names[:2]):
            sections["flags"][name]["layer"] = {"name": "checkout", "from": edges[2 * i], "to": edges[2 * i + 1]}

    def project(self):
        self.segments, self.holdouts = [], []
        self.private = set(self.some(MAY_BE_PRIVATE, 4)) if self.chance(0.4) else set()
        hidden = {name: {"type": DECLARED[name], "private": True} for name in self.private}
        sections = {
            "project": {"name": "random", "environments": ENVIRONMENTS, "bucket_by": "user_id"},
            "attributes": {**DECLARED, **hidden},
            "segments": {},
            "layers": {"checkout": {"bucket_by": "user_id"}},
            "holdouts": {"q4": {"percent": "10%"}, "none": {"percent": "0%"}, "by-account": {"percent": "50%", "bucket_by": ["account", "word"]}},
            "flags": {},
            "overrides": [],
        }
        for name in ["one", "Größe #2", "сегмент {3}"][: self.random.randint(0, 3)]:
            sections["segments"][name] = {"if": self.condition(1)}
            self.segments.append(name)
        self.holdouts = list(sections["holdouts"])
        known = {}
        for i in range(self.random.randint(2, 9)):
            name = "%s%d" % (self.pick(["feature.", "canary.", "z_", "a-", "Checkout/", "旗 “neu”: "]), i)
            sections["flags"][name], known[name] = self.flag(name, known)
        if self.chance(0.3):
            self.layered(sections)
        for _ in range(self.pick([0, 0, 1, 2])):
            override = {"serve": self.pick(["default", "default", "none"]), "flags": [self.pick(list(known))]}
            if self.chance(0.5):
                override["flags"] = [self.pick(["*", "feature.*", "*[0-4]"])] + override["flags"]
            if self.chance(0.3):
                override["environments"] = [self.pick(ENVIRONMENTS)]
            if self.chance(0.3):
                override["if"] = self.condition(2)
            if self.chance(0.4):
                override["from"] = TIMES[0]
            if self.chance(0.4):
                override["until"] = self.pick(TIMES[2:])
            sections["overrides"].append(override)
        return {name: section for name, section in sections.items() if section}

    # -------------------------------------------------------------------------------- contexts

    def context(self):
        pick, context = self.pick, {}
        values = {
            "user_id": lambda: pick(["u%d" % self.random.randint(0, 80), "", "ü" * 70, "x" * 300]),
            "country": lambda: pick(COUNTRIES),
            "word": lambda: pick(WORDS + ["x" * 600]),
            "age": lambda: pick([0, -1, 17.5, 18, 65, 1000, 1e300]),
            "account": lambda: pick([0, -7, 42, 1.5, 9007199254740992, 1e17, self.random.randint(0, 10**6)]),
            "paying": lambda: self.chance(0.5),
            "App Version": lambda: pick(VERSIONS + BAD_VERSIONS),
            "build": lambda: pick(LOOSE_VERSIONS + BAD_LOOSE_VERSIONS),
            "least build": lambda: pick(LOOSE_VERSIONS + BAD_LOOSE_VERSIONS),
            "Least Version": lambda: pick(VERSIONS + BAD_VERSIONS),
            "signup": lambda: pick(TIMES),
            "renewed": lambda: pick(TIMES),
            "trial": lambda: self.chance(0.5),
            "groups": lambda: self.random.sample(WORDS, self.random.randint(0, 4)),
            "client: ip/“v6”": lambda: pick(ADDRESSES),
        }
        for name, value in values.items():
            if self.chance(0.8):
                context[name] = None if self.chance(0.07) else value()
        return context


    def previous(self, flags):
        """What a unit was served before: of some flags a variant, or one that they may have had."""
        known = lambda flag: list(flag.get("variants", {"on": 0, "off": 0}))
        return {name: self.pick(known(flag) + ["gone"]) for name, flag in flags.items()
                if "value" not in flag and self.chance(0.6)}


class Plain(str):
    """Text to be written without quotes."""


def write_yaml(value, indent=0):
    """YAML in which only Plain text, numbers and booleans stand without quotes, and percentages."""
    pad = "  " * indent
    if isinstance(value, dict):
        if not value:
            return " {}\n"
        return "\n" + "".join("%s%s:%s" % (pad, json.dumps(k, ensure_ascii=False), write_yaml(v, indent + 1)) for k, v in value.items())
    if isinstance(value, list):
        if not value:
            return " []\n"
        return "\n" + "".join("%s-%s" % (pad, write_yaml(v, indent + 1)) for v in value)
    return " %s\n" % scalar(value)


def scalar(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Plain) or isinstance(value, (int, float)):
        return str(value)
    bare = value.rstrip("%").replace(".", "", 1).isdigit() or (len(value) > 1 and value[:-1].isdigit())
    if bare or value[:4] == "2026" or value[:4] == "2027":
        return value
    return json.dumps(value, ensure_ascii=False)
