"""`--format sarif`: valid SARIF 2.1.0, whose regions are the text that is meant."""

import glob
import json
import os
import shutil
import subprocess
import tempfile
import urllib.parse

import jsonschema

from tap import finish, none, skip

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
FFC = os.path.abspath(os.environ.get("FFC", os.path.join(TOP, "build", "ffc")))
OFFICIAL = os.path.join(os.path.dirname(FFC), "sarif", "sarif-2.1.0.json")
GOLDEN = os.path.join(TOP, "tests", "golden")

with open(os.path.join(HERE, "sarif-2.1.0.schema.json")) as file:
    schema = json.load(file)
validator = jsonschema.Draft7Validator(schema)


def report(directory, *form):
    command = [FFC, "check", "--now", "2026-11-20T12:00:00Z", "-C", directory]
    found = subprocess.run(command + ["--format", *form], capture_output=True, check=False)
    return json.loads(found.stdout)


def text_of(root, location):
    """What a region covers, by lines and columns, and by bytes."""
    uri = location["artifactLocation"]["uri"]
    path = urllib.parse.unquote(uri[len("file://"):] if uri.startswith("file://") else uri)
    with open(os.path.join(root, path), "rb") as source:
        data = source.read()
    region = location["region"]
    begin = region["byteOffset"]
    lines = data.decode("utf-8-sig").split("\n")
    first, last = region["startLine"] - 1, region["endLine"] - 1
    if first == last:
        by_line = lines[first][region["startColumn"] - 1:region["endColumn"] - 1]
    else:
        parts = [lines[first][region["startColumn"] - 1:]] + lines[first + 1:last]
        by_line = "\n".join(parts + [lines[last][:region["endColumn"] - 1]])
    return by_line, data[begin:begin + region["byteLength"]].decode()


def problems_of(log, root="/"):
    problems = ["%s: %s" % (error.json_path, error.message) for error in validator.iter_errors(log)]
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
            problems.append("%(ruleId)s is not at %(ruleIndex)d" % result)
        for location in result["locations"] + result["relatedLocations"]:
            if "region" not in location.get("physicalLocation", {}):
                continue
            by_line, by_byte = text_of(root, location["physicalLocation"])
            if by_line != by_byte:
                problems.append("%r by columns, %r by bytes" % (by_line, by_byte))
    return problems


def official_problems(log):
    """By OASIS's own schema, where official_sarif_schema.sh has brought it."""
    with open(OFFICIAL, encoding="utf-8-sig") as file:
        official = jsonschema.Draft202012Validator(json.load(file))
    return ["%s: %s" % (error.json_path, error.message[:200]) for error in official.iter_errors(log)]


def golden_files():
    """Every example of a diagnostic, all in one project: nothing is as rich in mistakes."""
    for path in sorted(glob.glob(os.path.join(GOLDEN, "diagnostics", "*.yaml"))):
        with open(path, "rb") as source:
            try:
                source.read().decode()
            except UnicodeDecodeError:
                continue
        yield path


with tempfile.TemporaryDirectory() as scratch:
    for path in golden_files():
        shutil.copy(path, scratch)
    log = report(scratch, "sarif")
    own = report(scratch, "json")
    results = log["runs"][0]["results"]
    codes = {result["ruleId"] for result in results}
    none("what every example gives, %d kinds, is valid" % len(codes),
         problems_of(log) or ([] if len(codes) > 40 else ["only %s" % sorted(codes)]))
    what = "it is valid by OASIS's schema, too"
    if os.path.exists(OFFICIAL):
        none(what, official_problems(log))
    else:
        skip(what, "make check-all gets it from npm")
    none("there is a result for each diagnostic, in the same order", [
        "%s beside %s" % (result["ruleId"], item["code"])
        for result, item in zip(results, own["diagnostics"])
        if (result["ruleId"], result["level"]) != (item["code"], item["severity"])
        or not result["message"]["text"].startswith(item["message"])
        or len(result["relatedLocations"]) != len(item["notes"])
    ] + ([] if len(results) == len(own["diagnostics"]) else ["another number"]))
    none("a rule is listed once, and only when it was broken", [
        "%s" % rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]
        if rule["id"] not in codes
    ])

with tempfile.TemporaryDirectory() as scratch:
    folder = os.path.join(scratch, "größe 100%")
    os.mkdir(folder)
    with open(os.path.join(folder, "a b#c.yaml"), "w") as file:
        file.write("flags: {größe: {description: \"日本\", sreve: on}}\n")
    os.symlink("nowhere", os.path.join(folder, "gone.yaml"))
    here = os.getcwd()
    os.chdir(scratch)
    log = report("größe 100%", "sarif")
    none("names with other letters, and relative paths", problems_of(log, scratch))
    uris = {location["physicalLocation"]["artifactLocation"]["uri"]
            for result in log["runs"][0]["results"] for location in result["locations"]}
    none("paths are written as URI references", [] if uris == {
        "gr%C3%B6%C3%9Fe%20100%25/a%20b%23c.yaml", "gr%C3%B6%C3%9Fe%20100%25/gone.yaml"
    } else sorted(uris))
    os.chdir(here)

with tempfile.TemporaryDirectory() as scratch:
    with open(os.path.join(scratch, "a.yaml"), "w") as file:
        file.write("project: {name: a, environments: [b]}\n")
    log = report(scratch, "sarif")
    if os.path.exists(OFFICIAL):
        none("no results are valid by OASIS's schema", official_problems(log))
    none("no results where there is nothing to say",
         problems_of(log) or log["runs"][0]["results"])
    none("a mistake in a log of the right form is seen", [] if list(validator.iter_errors(
        {"version": "2.1.0", "runs": [{"tool": {}}]})) else ["accepted"])

raise SystemExit(finish())
