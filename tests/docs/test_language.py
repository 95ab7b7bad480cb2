#!/usr/bin/env python3
"""Every example of docs/language.md compiles, and its tests pass: each is put where it would stand in a project."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
PAGE = os.path.join(TOP, "docs", "language.md")
NOW = "2026-11-20T12:00:00Z"

# What examples speak of without defining it, which is added to for a new example; a section that the example
# brings replaces it, name by name.
AROUND = {
    "project": "{name: shop, environments: [staging, production], bucket_by: user_id}",
    "attributes": {
        "user_id": "string", "session_id": "string", "company": "string", "user": "string", "account": "string",
        "country": "string", "email": "string", "team": "string", "groups": "strings", "paying": "boolean",
        "signup_at": "time", "org": "string", "app_version": "version", "booked": "number", "seats": "number",
        "starts_at": "time", "ends_at": "time", "billing_country": "string", "plan": "string"},
    "segments": {"staff": "{if: {groups: {has: staff}}}"},
    "metrics": {
        "error_rate": "{kind: proportion, of: {status: {gte: 500}}}",
        "payment_failures": "{kind: proportion, of: {status: 402}}",
        "latency_p95": "{kind: quantile, q: 0.95, value: latency, unit: ms}",
        "conversion": "{kind: proportion, of: {page: /thanks}, per: unit}"},
    "logs": {"requests": "{format: ndjson, time: ts, unit: u, context: {user_id: u}, "
                         "fields: {status: status, latency: latency, page: page}}"},
    "flags": {
        "new-search": "{percent: 5%, tags: [payments]}",
        "limits.error-rate": "{kind: config, type: string, value: 5%}"},
}
THEME = """
flags:
  example:
    type: string
    variants: {light: a, dark: b, blue: c, winter: d, spring: e}
    default: light
"""
SECTIONS = {*AROUND, "layers", "holdouts", "rollouts", "overrides", "tests"}


def examples():
    """The line of each block of YAML, and its text."""
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    for block in re.finditer(r"^( *)```yaml\n(.*?)^ *```$", page, re.M | re.S):
        yield page.count("\n", 0, block.start()) + 2, textwrap.dedent(block[2])


def keys(text):
    return re.findall(r"^'?([a-z_]+)'?:", text, re.M)


def alternatives(text):
    """A block in which one key stands several times shows several ways to write it."""
    first = keys(text)[0]
    if keys(text).count(first) == 1:
        return [text]
    return re.split(rf"(?m)^(?={first}:)", text)[1:]


def as_definitions(text):
    """A fragment is put into the flag or the canary that it is a part of."""
    first = keys(text)[0]
    if first in SECTIONS:
        return text

    def below(where, what=text):
        return where + textwrap.indent(what, "    ")

    canary = "canary:\n  stages: [{percent: 5%}, {percent: 100%}]\n"
    if first == "canary":
        return below("flags:\n  example:\n")
    if first == "experiment":
        return below(THEME)
    if first in ("guards", "hooks"):
        return below("flags:\n  example:\n", canary + textwrap.indent(text, "  "))
    if first == "rollback":
        return below("flags:\n  example:\n", canary + text)
    if first == "if":
        return below(THEME, "rules:\n  - serve: dark\n" + textwrap.indent(text, "    "))
    if first == "bucket_by":
        return below(THEME, text + "serve: dark\npercent: 5%\n")
    if first == "percent":
        return below(THEME, text + "serve: dark\n")
    return below(THEME)


def project(text, directory):
    os.makedirs(f"{directory}/flags/lists")
    for name in "suspended", "early":
        with open(f"{directory}/flags/lists/{name}.txt", "w") as file:
            file.write("mallory\n")
    has = yaml.load(text, yaml.BaseLoader)
    with open(f"{directory}/flags/around.yaml", "w") as file:
        for section, what in AROUND.items():
            if "project" in has:
                what = {"any": "{owner: web, expires: 2027-06-30T00:00:00Z}"} if section == "flags" else {}
            if isinstance(what, str):
                file.write(f"{section}: {what}\n")
                continue
            left = {name: value for name, value in what.items() if name not in has.get(section, ())}
            # Of two logs, a metric would have to say which it is of.
            if left and not (section == "logs" and section in has):
                file.write(f"{section}:\n" + "".join(f"  {name}: {value}\n" for name, value in left.items()))
    with open(f"{directory}/flags/example.yaml", "w", encoding="utf-8") as file:
        file.write(text)


tests = failed = 0


def test(name, made):
    global tests, failed
    tests += 1
    print(f"{'ok' if made.returncode == 0 else 'not ok'} {tests} - {name}")
    if made.returncode:
        failed = 1
        print("# " + (made.stdout + made.stderr).replace("\n", "\n# "))


def run(directory, *arguments):
    return subprocess.run([FFC, *arguments, "-C", f"{directory}/flags"], capture_output=True, text=True, check=False)


with tempfile.TemporaryDirectory(prefix="ffc-language-") as scratch:
    whole = None
    for line, text in examples():
        # The first is a project, and the examples of tests are of its flags.
        if whole is None:
            whole = text
            text = f"# all\n{text}"
        for at, one in enumerate(alternatives(text)):
            definitions = as_definitions(one)
            directory = f"{scratch}/{line}-{at}"
            if keys(one)[0] == "tests":
                os.makedirs(f"{directory}/flags")
                with open(f"{directory}/flags/whole.yaml", "w") as file:
                    file.write(whole)
                with open(f"{directory}/flags/tests.yaml", "w") as file:
                    file.write(one)
            elif one.startswith("# all\n"):
                os.makedirs(f"{directory}/flags")
                with open(f"{directory}/flags/whole.yaml", "w") as file:
                    file.write(one)
            else:
                project(definitions, directory)
            made = run(directory, "check", "--now", NOW)
            test(f"language.md:{line}: the example compiles", made)
            if "\ntests:\n" in definitions or definitions.startswith("tests:"):
                test(f"language.md:{line}: its tests pass", run(directory, "test"))
            shutil.rmtree(directory)
print(f"1..{tests}")
sys.exit(failed or tests < 30)
