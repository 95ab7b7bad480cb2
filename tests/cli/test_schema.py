"""`ffc schema`: a valid JSON Schema, which accepts what the compiler accepts and knows all its keys."""

import glob
import json
import os
import random
import re
import subprocess
import sys

import jsonschema
import yaml

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "differential"))
from generate import Generator, write_yaml  # noqa: E402

FFC = os.environ.get("FFC", os.path.join(TOP, "build", "ffc"))
done = failed = 0


def check(name, problems):
    global done, failed
    done += 1
    print("%s %d - %s" % ("not ok" if problems else "ok", done, name))
    for problem in problems[:10]:
        print("#   %s" % problem)
    failed += bool(problems)


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
check("accepts all of flags/", problems if files else ["flags/ has no files"])

problems = []
for seed in range(60):
    problems += errors_of(write_yaml(Generator(random.Random(seed)).project()).lstrip(), "seed %d" % seed)
check("accepts random valid projects", problems)


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
    read.update(re.findall(r'\b(?:FIELD|READ|CHOICE)\("([a-z_]+)"', source))
missing = ["'%s' is read, and not in the schema" % key for key in sorted(read - known)]
check("names every key that the compiler reads", missing if len(read) > 80 else ["found only %d keys" % len(read)])

# And every word of a choice: the members of a list beside an enum.
def enums_of(part, key):
    if isinstance(part, dict):
        if isinstance(part.get(key), dict) and "enum" in part[key]:
            yield part[key]["enum"]
        part = list(part.values())
    for inner in part if isinstance(part, list) else []:
        yield from enums_of(inner, key)


def read_all(*folder):
    return "".join(open(path, encoding="utf-8").read() for path in sorted(glob.glob(os.path.join(TOP, *folder))))


headers, tables = read_all("compiler", "model", "*.h"), read_all("compiler", "model", "*.c")
lists = {name: re.findall(r'X\([A-Z_0-9]+, "([^"]+)"\)', body)
         for name, body in re.findall(r"#define ([A-Z_]+)\(X\)((?:[^\n]*\\\n)+[^\n]*)", headers)}
words = {table: lists[name] for table, name in re.findall(r"(\w+_words)\[\] = WORDS\((\w+)\)", tables) if name in lists}
choices = [(key, table) for key, table in
           re.findall(r'\bCHOICE\("([a-z_]+)",[^()]*?(\w+_words)\)', read_all("compiler", "read", "read_*.c"))]
problems = []
for key, table in choices:
    if not any(set(words[table]) <= set(enum) for enum in enums_of(schema, key)):
        problems.append("compiler/commands/schema.json: no '%s' is one of %s (%s)" % (key, ", ".join(words[table]), table))
check("names every word of a choice", problems if len(choices) > 8 else ["found only %d choices" % len(choices)])

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
    "a name in capitals": "flags: {Feature: {}}",
}
check("refuses mistakes", [name for name, text in MISTAKES.items() if not errors_of(text, name)])
print("1..%d" % done)
sys.exit(failed > 0)
