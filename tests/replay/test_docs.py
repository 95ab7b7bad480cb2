#!/usr/bin/env python3
"""What docs/replay.md shows is what the program does."""
import json
import os
import re
import shutil
import subprocess

from lab import SCRATCH, TOP, decide, equal, finish, ok, requests, write


def read(*path):
    with open(os.path.join(TOP, *path)) as file:
        return file.read()


text = read("docs", "replay.md")


def block(language, having=""):
    """The first of a language that has a text."""
    return next(found for found in re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S) if having in found)


directory = os.path.join(SCRATCH, "docs", "flags")
os.makedirs(directory)
with open(os.path.join(directory, "shop.yaml"), "w") as file:
    file.write(block("yaml"))
log = write("docs.ndjson", requests(20000, percent=5))
result = decide(directory, log, "--json")
ok(result.status == 0, "the_example_is_decided_on", result.err)


def keys(value):
    """The keys of nested objects, in order, with one criterion for all."""
    if isinstance(value, dict):
        return [(key, [] if key in ("left_out", "bad") else keys(inner))
                for key, inner in value.items()]
    return keys(value[0]) if isinstance(value, list) and value else []


shown = json.loads(block("json", '"verdict"'))
got = result.json
equal(keys(shown), keys(got), "the_keys_of_the_json_are_as_shown")
equal(list(shown["input"]["bad"]), list(got["input"]["bad"]), "so_are_the_causes_of_bad_lines")

for source, pattern in (("decision.h", r"X\(RULE_\w+, \"([a-z-]+)\""),
                        ("assign.h", r"X\(LEFT_OUT_\w+, \"([a-z_]+)\"")):
    names = re.findall(pattern, read("tools", "ffreplay", "canary", source))
    ok(len(names) > 5, f"{source}_has_names")
    equal([name for name in names if f"`{name}`" not in text], [], f"every_name_of_{source}_is_explained")

# The chain of the ledger, by the code in the document.
bad = write("docs-bad.ndjson", requests(60000, percent=5, canary_errors=0.3))
ok(decide(directory, bad, "--apply").status == 0, "the_example_is_rolled_back")
here = os.getcwd()
os.chdir(os.path.dirname(directory))
exec(block("python"), {})
os.chdir(here)
ok(True, "the_chain_holds_by_the_code_in_the_document")

help_text = subprocess.run([os.environ["FFREPLAY"], "decide", "--help"], check=True,
                           capture_output=True, text=True).stdout
options = set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", help_text, re.M)) - {"help"}
manual = read("docs", "man", "ffreplay.1").replace("\\-", "-")
equal(sorted(name for name in options if f"--{name}" not in manual), [],
      "every_option_is_in_the_manual")
ok(len(options) >= 13, "there_are_options")
shutil.rmtree(os.path.dirname(directory))
finish()
