"""Random conditions on texts and lists: what `ffc check` proves never, or always, to hold, against the reference
evaluator over many contexts.

PROJECTS (default 6; with LONG, 60) and SEED can be set; a failure prints the seed and the condition.

Runs: first, being long.
"""

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

import yaml

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
from reference import Project  # noqa: E402

FFC = os.environ.get("FFC", "build/ffc")
PROJECTS = int(os.environ.get("PROJECTS", "60" if os.environ.get("LONG") else "6"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
SEGMENTS = 200
NAMED = ["a", "b", "ab", "B", "A", "", "ba", "c"]
TEXTS = NAMED + ["d", "AB", "b0", "aa", "Z", "_", "ab\x01", "abb", "bab", "Aa"]
TEXT_OPERATORS = ["eq", "ne", "in", "not_in", "starts_with", "ends_with", "contains", "gt", "gte", "lt", "lte"]
COMPARING = ["eq", "ne", "gt", "gte", "lt", "lte"]
NUMBER_OPERATORS = ["eq", "ne", "gt", "gte", "lt", "lte"]


class Conditions:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pick = self.random.choice

    def some(self):
        return sorted({self.pick(NAMED), self.pick(NAMED)})

    def of_text(self, others=("word", "other")):
        operator = self.pick(TEXT_OPERATORS)
        test = {operator: self.some() if operator in ("in", "not_in") else self.pick(NAMED)}
        if operator in COMPARING and self.random.random() < 0.25:
            test[operator] = {"attribute": self.pick(others)}
        if self.random.random() < 0.3:
            test.update(self.of_text(others))
        if self.random.random() < 0.2:
            test["ignore_case"] = True
        return test

    def of_list(self):
        operator = self.pick(["any", "all", "none", "size", "has", "has_any", "has_all", "has_none"])
        operand = {"size": lambda: {self.pick(NUMBER_OPERATORS): self.random.randint(0, 3)},
                   "has": lambda: self.pick(NAMED)}
        return {operator: operand.get(operator, self.some if operator.startswith("has") else self.of_text)()}

    def test(self):
        name = self.pick(["groups", "groups", "groups", "word", "other"])
        test = {}
        for _ in range(self.pick([1, 2, 2, 3])):
            test.update(self.of_list() if name == "groups" else self.of_text([{"word": "other", "other": "word"}[name]]))
        return {"not": {name: test}} if self.random.random() < 0.15 else {name: test}

    def condition(self):
        tests = [self.test() for _ in range(self.pick([1, 2]))]
        return tests[0] if len(tests) == 1 else {self.pick(["all", "all", "any"]): tests}

    def contexts(self):
        lists = [None, []] + [[text] for text in TEXTS] + [[text, text] for text in TEXTS]
        lists += [list(pair) for pair in itertools.combinations(TEXTS, 2)]
        lists += [self.random.sample(TEXTS, size) for size in (3, 4, 5) for _ in range(30)]
        made = [{} if entries is None else {"groups": entries} for entries in lists]
        made += [dict(context, word=self.pick(TEXTS)) for context in made] + [{"word": text} for text in TEXTS]
        made += [dict(context, other=self.pick(TEXTS)) for context in made] + [{"other": text} for text in TEXTS]
        return made + [{"word": word, "other": other} for word in NAMED for other in NAMED]


def parts_can_hold(project, condition):
    """Whether each condition on an entry holds for some text: else that is reported, and not the whole."""
    if isinstance(condition, list):
        return all(parts_can_hold(project, part) for part in condition)
    if not isinstance(condition, dict):
        return True
    for key, test in condition.items():
        if key in ("any", "all", "none") and isinstance(test, dict):
            others = [{"word": word, "other": other} for word in NAMED[:4] for other in NAMED[:4]]
            if not any(project.part_holds("string", text, test, False, context) for text in TEXTS for context in others):
                return False
        elif not parts_can_hold(project, test):
            return False
    return True


def is_conjunction(condition):
    """Not so: a part of it may never hold, and the whole may."""
    return "not" not in json.dumps(condition) and not isinstance(condition.get("any"), list)


def proved(directory, names):
    """The codes of what is reported in each segment, one to a line."""
    run = subprocess.run([FFC, "check", "-C", directory, "--format", "json"], capture_output=True, text=True, check=True)
    found = {name: set() for name in names}
    for diagnostic in json.loads(run.stdout)["diagnostics"]:
        line = diagnostic["range"]["start"]["line"] - 2
        if 0 <= line < len(names):
            found[names[line]].add(diagnostic["code"])
    return found


def check(seed, counts):
    conditions = Conditions(seed)
    segments = {"s%d" % i: {"if": conditions.condition()} for i in range(SEGMENTS)}
    rest = {"project": {"name": "t", "environments": ["e"], "bucket_by": "word"},
            "attributes": {"word": "string", "other": "string", "groups": "strings"},
            "flags": {"f": {"rules": [{"if": {"segment": list(segments)}}]}}}
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "project.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("segments:\n")
            file.writelines("  %s: %s\n" % (name, json.dumps(segment)) for name, segment in segments.items())
            file.writelines("%s: %s\n" % (name, json.dumps(section)) for name, section in rest.items())
        with open(path, encoding="utf-8") as file:
            project = Project(yaml.load(file, yaml.BaseLoader))
        found = proved(directory, list(segments))
    contexts = conditions.contexts()
    for name, segment in project.sections["segments"].items():
        condition = segment["if"]
        if not parts_can_hold(project, condition):
            continue
        holding = [context for context in contexts if project.holds(condition, context, "e", 0)]
        if "FF0323" in found[name]:
            counts["always"] += 1
            if len(holding) < len(contexts):
                return "does not always hold: %s" % condition
        if "FF0322" in found[name] and is_conjunction(condition):
            counts["never"] += 1
            if holding:
                return "holds for %s: %s" % (holding[0], condition)
        counts["possible"] += bool(holding)
    return None


def main():
    print("# SEED=%d PROJECTS=%d" % (SEED, PROJECTS))
    counts = {"never": 0, "always": 0, "possible": 0}
    for number in range(PROJECTS):
        wrong = check(SEED + number, counts)
        if wrong:
            print("not ok 1 - what is proved is so\n# project %d of SEED=%d\n# %s" % (number, SEED, wrong))
            return 1
    enough = counts["never"] > 10 * PROJECTS and counts["possible"] > 50 * PROJECTS
    print("%s 1 - what is proved is so: %s" % ("ok" if enough else "not ok", counts))
    return 0 if enough else 1


sys.exit(main())
