"""`ffc schema`: a valid JSON Schema, which accepts what the compiler accepts and knows all its keys."""

import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import yaml

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "differential"))
from generate import Generator, write_yaml  # noqa: E402
from tap import finish, none  # noqa: E402

FFC = os.environ.get("FFC", os.path.join(TOP, "build", "ffc"))


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors have it: `on` is text, and a time is text."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
]:
    Core.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first))


def errors_of(text, name):
    document = yaml.load(text, Core)
    return ["%s: %s: %s" % (name, "/".join(map(str, e.path)), e.message[:200])
            for e in validator.iter_errors(document or {})]


text = subprocess.run([FFC, "schema"], capture_output=True, check=True).stdout
schema = json.loads(text)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)

problems = []
files = glob.glob(os.path.join(TOP, "flags", "**", "*.yaml"), recursive=True)
for path in files:
    with open(path, encoding="utf-8") as file:
        problems += errors_of(file.read(), os.path.relpath(path, TOP))
none("accepts all of flags/", problems if files else ["flags/ has no files"])

problems = []
for seed in range(60):
    problems += errors_of(write_yaml(Generator(random.Random(seed)).project()).lstrip(), "seed %d" % seed)
none("accepts random valid projects", problems)


# What the compiler reads is in its tables of fields; the schema must name it all.
def properties(part):
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "properties":
                yield from value
            yield from properties(value)
    elif isinstance(part, list):
        for value in part:
            yield from properties(value)


known, read = set(properties(schema)), set()
for path in glob.glob(os.path.join(TOP, "compiler", "read", "read_*.c")):
    with open(path, encoding="utf-8") as file:
        source = file.read()
    read.update(re.findall(r'\b(?:FIELD|READ|CHOICE)\(\s*"([a-z_]+)"', source))
missing = ["'%s' is read, and not in the schema" % key for key in sorted(read - known)]
none("names every key that the compiler reads", missing if len(read) > 80 else ["found only %d keys" % len(read)])



def undescribed(part, where):
    if isinstance(part, dict):
        for name, value in part.get("properties", {}).items():
            if not value.get("description"):
                yield "'%s' of '%s' has no help" % (name, where)
        for key, value in part.items():
            yield from undescribed(value, key)
    elif isinstance(part, list):
        for value in part:
            yield from undescribed(value, where)


none("says what every key means", sorted(undescribed(schema, "the file")))

# The language's reference has the tables of keys as the program prints them.
with open(os.path.join(TOP, "docs", "language.md"), encoding="utf-8") as file:
    reference = file.read()
problems = []
tables = subprocess.run([FFC, "schema", "--markdown"], capture_output=True, check=True, text=True).stdout
for table in tables.strip("\n").split("\n\n"):
    lines = table.split("\n")
    begin = reference.find(lines[0] + "\n")
    there = reference[begin:reference.find("\n\n", begin)].split("\n") if begin >= 0 else []
    for line in sorted(set(lines) ^ set(there)):
        key = re.search("[a-z_]+", line).group()
        problems.append("docs/language.md: the key '%s' of %s is not as 'ffc schema --markdown' prints it"
                        % (key, lines[0][len("<!-- the keys of "):-len(" -->")]))
none("docs/language.md has every table of keys", problems if len(tables) > 5000 else ["there are no tables"])

# Whether who is in a stage, or what it is judged by, has changed is known from the keys that policy.c
# hashes; these do not count.
ASIDE = {
    "canary": {"stages", "approval", "approved", "hooks", "on_timeout", "on_unhealthy", "max_hold", "automatic", "use", "state",
               "stage", "since"},
    "stage": {"name", "hold", "max_hold"},
}
with open(os.path.join(TOP, "compiler", "rollout", "policy.c"), encoding="utf-8") as file:
    source = file.read()
problems = []
for of, aside in ASIDE.items():
    hashed = set(re.findall('"([a-z_]+)"', re.search(r"of_%s\[\] = \{([^}]*)\}" % of, source).group(1)))
    for key in schema["definitions"][of]["properties"]:
        if (key in hashed) == (key in aside):
            problems.append("compiler/rollout/policy.c: does the key '%s' of a %s change what it is judged by?" % (key, of))
none("every key of a rollout counts for its policy, or does not", problems)

# Of the cases of diagnostics, those that are only warned of are definitions like any other.
problems, accepted = [], 0
for path in sorted(glob.glob(os.path.join(TOP, "tests", "golden", "diagnostics", "*.yaml"))):
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    directory = tempfile.mkdtemp()
    shutil.copy(path, directory)
    for section in ("project", "attributes", "metrics"):
        if not re.search("^%s:" % section, text, re.M):
            shutil.copy(os.path.join(TOP, "tests", "golden", "common", section + ".yaml"), directory)
    result = subprocess.run([FFC, "check", "-C", directory], capture_output=True)
    shutil.rmtree(directory)
    if result.returncode == 0:
        problems += errors_of(text, os.path.basename(path))
        accepted += 1
none("accepts what is only warned of", problems if accepted > 25 else ["found only %d" % accepted])

MISTAKES = {
    "an unknown section": "flag: {}",
    "an unknown key of a flag": "flags: {a: {servee: on}}",
    "an unknown operator": "segments: {a: {if: {x: {equals: 1}}}}",
    "a percentage with four decimals": "flags: {a: {percent: '1.2345%'}}",
    "a percentage over 100": "flags: {a: {percent: 101}}",
    "a time without an offset": "flags: {a: {expires: '2026-01-01T00:00:00'}}",
    "an attribute of an unknown type": "attributes: {a: text}",
    "a stage without a percentage": "flags: {a: {canary: {stages: [{name: x}]}}}",
    "an experiment without control": "flags: {a: {experiment: {split: {a: 100%}}}}",
    "a layer in capitals": "layers: {Search: {}}",
    "a pattern as the name of a flag": "flags: {'a*': {serve: on}}",
    "a blank that ends a name": "flags: {'a ': {serve: on}}",
    "a path as a name": "flags: {a/../b: {serve: on}}",
    "an action of advance_when":
        "flags: {a: {canary: {stages: [{percent: 5}], advance_when: [{metric: m, max: 1, action: pause}]}}}",
    "a test of no flag": "tests: [{expect: on}]",
}
none("refuses mistakes", [name for name, text in MISTAKES.items() if not errors_of(text, name)])
sys.exit(finish())
