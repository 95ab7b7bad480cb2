"""Random conditions on a log's fields, as metrics count them, against the reference evaluator: where fields hold what
attributes hold, a test is the same of both.

PROJECTS (default 20; with LONG, 300) and SEED can be set; a failure prints the seed and keeps the project.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
from generate import ATTRIBUTES, LISTS, NUMBERS, OPERATORS, Generator, Plain, write_yaml  # noqa: E402
from reference import Project  # noqa: E402

FFREPLAY = os.environ.get("FFREPLAY", "build/ffreplay")
PROJECTS = int(os.environ.get("PROJECTS", "300" if os.environ.get("LONG") else "20"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
FIELDS = ["user_id", "country", "word", "age", "account", "groups"]
LINES, METRICS = 60, 100
ORDERS = ["gt", "gte", "lt", "lte"]
# A field keeps the digits of an integer that an attribute, a double, does not.
NUMBERS.remove("9007199254740993")


def can_be_asked(test):
    """A field has no type: an order is that of numbers; and an entry of one is not compared with another."""
    def asked(name, operand):
        if name in ("any", "all", "none", "size"):
            within = operand.values() if isinstance(operand, dict) else ()
            return not any(isinstance(value, dict) and "attribute" in value for value in within)
        if isinstance(operand, dict) and "attribute" in operand:
            return operand["attribute"] in FIELDS and (name not in ORDERS or ATTRIBUTES[operand["attribute"]] == "number")
        return name == "ignore_case" or name in OPERATORS["field"] and (name not in ORDERS or isinstance(operand, Plain))
    return not isinstance(test, dict) or all(asked(name, operand) for name, operand in test.items())


def of_fields(made):
    """The same, where another attribute is another field."""
    if isinstance(made, dict):
        return {{"attribute": "field"}.get(key, key): of_fields(value) for key, value in made.items()}
    return [of_fields(item) for item in made] if isinstance(made, list) else made


def condition(generator):
    while True:
        made = {name: generator.test(name) for name in generator.some(FIELDS, 2)}
        if all(can_be_asked(test) for test in made.values()):
            return generator.pick([made, {"not": made}, {"any": [made, {"age": {"gte": 18}}]}])


def write_project(directory, generator):
    os.makedirs(os.path.join(directory, "lists"))
    for path, values in LISTS.items():
        with open(os.path.join(directory, path), "w", encoding="utf-8") as file:
            file.write("".join(value + "\n" for value in values))
    sections = {
        "project": {"name": "random", "environments": ["production"], "bucket_by": "user_id"},
        "attributes": {name: ATTRIBUTES[name] for name in FIELDS},
        "segments": {"m%d" % i: {"if": condition(generator)} for i in range(METRICS)},
        "flags": {"f": {}},
        "logs": {"requests": {"format": "ndjson", "time": "time", "unit": "unit"}},
    }
    # The tests of a metric are those of a segment, so that the reference reads the same text.
    sections["metrics"] = {name: {"kind": "proportion", "of": of_fields(segment["if"])}
                           for name, segment in sections["segments"].items()}
    path = os.path.join(directory, "project.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(write_yaml(sections).lstrip())
    with open(path, encoding="utf-8") as file:
        return Project(yaml.load(file, yaml.BaseLoader), LISTS)


def difference(directory, project, generator):
    """Each line is a window of its own: which metrics hold for it."""
    contexts = [{name: value for name, value in generator.context().items() if name in FIELDS} for _ in range(LINES)]
    log = os.path.join(directory, "log.ndjson")
    with open(log, "w", encoding="utf-8") as file:
        for i, context in enumerate(contexts):
            file.write(json.dumps(dict(context, time=1767571200000 + 10000 * i, unit="u", line="l%d" % i),
                                  ensure_ascii=generator.chance(0.5)) + "\n")
    run = subprocess.run([FFREPLAY, "metrics", log, "-C", directory, "--by", "line", "--json"],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return 0, "ffreplay metrics exits %d:\n%s" % (run.returncode, run.stderr[-2000:])
    groups = {group["by"]["line"]: group["metrics"] for group in json.loads(run.stdout)["groups"] if group["by"]}
    held = 0
    for i, context in enumerate(contexts):
        for name, segment in project.sections["segments"].items():
            expected = project.holds(segment["if"], context, "production", 0)
            if groups["l%d" % i][name]["estimate"] != expected:
                return 0, "%s\nof %s\nexpected %s, got %s" % (segment["if"], context, expected,
                                                             groups["l%d" % i][name])
            held += expected
    return held, None


def main():
    print("# SEED=%d PROJECTS=%d" % (SEED, PROJECTS))
    held = 0
    for number in range(PROJECTS):
        generator = Generator(random.Random(SEED + number))
        directory = tempfile.mkdtemp(prefix="ffc-predicates-")
        project = write_project(directory, generator)
        count, problem = difference(directory, project, generator)
        held += count
        if problem:
            print("not ok 1 - a test of a field is that of an attribute")
            print("# project %d of SEED=%d, kept in %s" % (number, SEED, directory))
            print("# " + problem.replace("\n", "\n# "))
            return 1
        shutil.rmtree(directory)
    asked = PROJECTS * LINES * METRICS
    enough = asked / 10 < held < asked * 9 / 10
    print("%s 1 - a test of a field is that of an attribute, over %d of which %d held" %
          ("ok" if enough else "not ok", asked, held))
    return 0 if enough else 1


sys.exit(main())
