"""Random nested objects, as contexts of `ffc eval`, `test` and `trace` and as lines of a log, against an independent
reading: where a dotted name finds its value in them.

PROJECTS (default 12; with LONG, 200) and SEED can be set; a failure prints the seed and keeps the project.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

FFC = os.environ.get("FFC", "build/ffc")
FFREPLAY = os.environ.get("FFREPLAY", "build/ffreplay")
PROJECTS = int(os.environ.get("PROJECTS", "200" if os.environ.get("LONG") else "12"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
CONTEXTS = 40
VALUES = ["x", "y", "z"]
ALL = ["a", "b", "a.b", "a.b.c", "a.b.c.d", "a.c", "b.a", "b.a.c", "c", "c.b.a.b.c", "d.d"]
ABSENT = object()


def ways(value, path):
    """Every value of the path, each with the lengths of the keys that lead to it."""
    if not isinstance(value, dict):
        return
    if path in value:
        yield (len(path),), value[path]
    for at, letter in enumerate(path):
        if letter == "." and path[:at] in value:
            for lengths, found in ways(value[path[:at]], path[at + 1:]):
                yield (at, *lengths), found


def reading(value, path):
    """The one whose first key is the longest, then its second, and so on."""
    found = sorted(ways(value, path), key=lambda way: way[0], reverse=True)
    return found[0][1] if found else ABSENT


def random_object(rng, names, depth=0):
    keys = ["a", "b", "c", "d", "a.b", "b.c", "a.b.c", "b.a", "c.d", *rng.sample(names, min(2, len(names)))]
    made = {}
    for key in rng.sample(keys, min(len(keys), rng.randint(1, 4))):
        inner = depth < 4 and rng.random() < 0.5
        made[key] = random_object(rng, names, depth + 1) if inner else rng.choice(VALUES)
        if not inner and rng.random() < 0.08:
            made[key] = None
    return made


def fits(context, names):
    """`ffc eval` refuses an object where a text belongs, and nothing is nested: leave those to others."""
    def leads(name):
        return any(other.startswith(name + ".") for other in names)
    return all(not isinstance(reading(context, name), dict) for name in names if not leads(name))


def of_attribute(context, name, names):
    """An object is the value of no attribute that is nested in, but it hides nothing either."""
    found = [way for way in sorted(ways(context, name), key=lambda way: way[0], reverse=True)
             if not isinstance(way[1], dict)]
    value = found[0][1] if found else None
    return value if value is not None else ABSENT


def write_project(directory, names):
    lines = ["project: {name: nested, environments: [production], bucket_by: unit}", "attributes:", "  unit: string"]
    lines += ["  %s: string" % name for name in names]
    lines += ["flags:"]
    for i, name in enumerate(names):
        lines += ["  f%d:" % i, "    type: integer", "    variants: {%s, none_of_them: 0}" %
                  ", ".join("%s: %d" % (value, n + 1) for n, value in enumerate(VALUES)), "    default: none_of_them",
                  "    rules:"]
        lines += ["      - {name: is-%s, if: {%s: %s}, serve: %s}" % (value, name, value, value) for value in VALUES]
    for log in ("ndjson", "otlp"):
        lines += ["logs:"] if log == "ndjson" else []
        lines += ["  %s: {format: %s, time: time, unit: unit}" % (log, log)]
    lines += ["metrics:"]
    for log in ("ndjson", "otlp"):
        for i, name in enumerate(names):
            lines += ["  %s-%d-%s: {log: %s, kind: proportion, of: {%s: %s}}" % (log, i, value, log, name, value)
                      for value in VALUES]
    with open(os.path.join(directory, "project.yaml"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def run(*command, stdin=None):
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def any_value(value):
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": key, "value": any_value(inner)} for key, inner in value.items()]}}
    return {"stringValue": value} if value is not None else {}


def request(line, time):
    record = {"timeUnixNano": str(time * 1000000),
              "attributes": [{"key": key, "value": any_value(value)} for key, value in line.items()]}
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


def served(directory, names, contexts):
    """By contexts of a file: what each flag says of its attribute."""
    file = os.path.join(directory, "contexts")
    with open(file, "w", encoding="utf-8") as out:
        out.write("".join(json.dumps(context) + "\n" for context in contexts))
    evaluated = run(FFC, "eval", "--all", "-C", directory, "-e", "production", "--contexts", file, "--json")
    if evaluated.returncode != 0:
        return None, "ffc eval exits %d:\n%s" % (evaluated.returncode, evaluated.stderr[-2000:])
    found = [{} for _ in contexts]
    for answer in map(json.loads, evaluated.stdout.splitlines()):
        variant = answer["variant"]
        found[answer["line"] - 1][names[int(answer["flag"][1:])]] = variant if variant in VALUES else ABSENT
    return found, None


def traced(directory, names, context, expected):
    for i, name in enumerate(names):
        answer = run(FFC, "trace", "f%d" % i, "-C", directory, "-e", "production", "-c", json.dumps(context), "--json")
        if answer.returncode != 0:
            return "ffc trace exits %d:\n%s" % (answer.returncode, answer.stderr[-2000:])
        variant = json.loads(answer.stdout)["variant"]
        if (variant if variant in VALUES else ABSENT) != expected[name]:
            return "ffc trace says that '%s' is %s in %s" % (name, variant, json.dumps(context))
    return None


def declared(value, names, path=""):
    """Without what is no attribute's, which a test may not have. None: a value where others are nested."""
    kept = {}
    for key, inner in value.items():
        here = path + key
        below = any(name.startswith(here + ".") for name in names)
        if isinstance(inner, dict) and below:
            kept[key] = declared(inner, names, here + ".")
        elif not isinstance(inner, dict) and here in names:
            kept[key] = inner
    return kept


def tested(directory, names, contexts, expected):
    """JSON is YAML: the contexts of tests, whose answers are those that were worked out."""
    tests = [{"flag": "f%d" % i, "context": declared(context, names),
              "expect": "none_of_them" if known[name] is ABSENT else known[name]}
             for context, known in zip(contexts, expected) for i, name in enumerate(names)]
    path = os.path.join(directory, "tests.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("tests:\n" + "".join("  - %s\n" % json.dumps(test) for test in tests))
    answer = run(FFC, "test", "-C", directory)
    os.remove(path)
    return None if answer.returncode == 0 else "ffc test exits %d:\n%s%s" % (
        answer.returncode, answer.stdout[-2000:], answer.stderr[-2000:])


def logged(directory, names, lines):
    """What metrics count of each line: of NDJSON as it was written, and with its letters escaped; of OTLP."""
    start = 1767571200000
    for name, write in (("ndjson", lambda line, time: dict(line, time=time, unit="u", line="l%d" % time)),
                        ("otlp", lambda line, time: request(dict(line, unit="u", line="l%d" % time), time))):
        log = os.path.join(directory, "log." + name)
        with open(log, "w", encoding="utf-8") as file:
            for i, line in enumerate(lines):
                text = json.dumps(write(line, start + 1000 * i))
                file.write((text.replace("a", "\\u0061") if name == "ndjson" and i % 3 == 0 else text) + "\n")
        counted = run(FFREPLAY, "metrics", name + "=" + log, "-C", directory, "--by", "line", "--json")
        if counted.returncode != 0:
            return "ffreplay metrics exits %d on %s:\n%s" % (counted.returncode, name, counted.stderr[-2000:])
        groups = {group["by"]["line"]: group for group in json.loads(counted.stdout)["groups"] if group["by"]}
        for number, line in enumerate(lines):
            group = groups["l%d" % (start + 1000 * number)]
            for i, path in enumerate(names):
                value = reading(line, path)
                for text in VALUES:
                    got = group["metrics"]["%s-%d-%s" % (name, i, text)]["estimate"]
                    if got != (value == text):
                        return "%s: '%s' is %s in %s, but 'of: {%s: %s}' holds for %s" % (
                            name, path, "absent" if value is ABSENT else value, json.dumps(line), path, text, got)
    return None


def difference(directory, rng):
    names = rng.sample(ALL, rng.randint(3, 7))
    write_project(directory, names)
    objects = [random_object(rng, names) for _ in range(6 * CONTEXTS)]
    contexts = [made for made in objects if fits(made, names)][:CONTEXTS]
    expected = [{name: of_attribute(context, name, names) for name in names} for context in contexts]
    found, problem = served(directory, names, contexts)
    if problem:
        return 0, problem
    for context, got, known in zip(contexts, found, expected):
        if got != known:
            return 0, "of %s\nexpected %s\ngot %s" % (json.dumps(context), known, got)
    problem = traced(directory, names, contexts[0], expected[0]) or tested(directory, names, contexts, expected) or \
        logged(directory, names, objects)
    return sum(value is not ABSENT for known in expected for value in known.values()), problem


def main():
    print("# SEED=%d PROJECTS=%d" % (SEED, PROJECTS))
    given = 0
    for number in range(PROJECTS):
        directory = tempfile.mkdtemp(prefix="ffc-nested-")
        count, problem = difference(directory, random.Random(SEED + number))
        given += count
        if problem:
            print("not ok 1 - a dotted name finds what it should in contexts and logs")
            print("# project %d of SEED=%d, kept in %s" % (number, SEED, directory))
            print("# " + problem.replace("\n", "\n# "))
            return 1
        shutil.rmtree(directory)
    enough = given > PROJECTS * CONTEXTS / 4
    print("%s 1 - a dotted name finds what it should in contexts and logs, %d values" %
          ("ok" if enough else "not ok", given))
    return 0 if enough else 1


sys.exit(main())
