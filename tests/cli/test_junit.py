#!/usr/bin/env python3
"""`ffc test --format junit`: sound XML of JUnit, whatever names and values hold."""
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
SCRATCH = tempfile.mkdtemp(prefix="ffc-junit-")
PROJECT = r"""project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, country: string}
flags:
  checkout:
    rules: [{name: nordic, if: {country: ["NO", SE]}}]
tests:
  - {name: Norway gets it, flag: checkout, environment: production, context: {user_id: u1, country: "NO"}, expect: {value: true}}
  - {name: "a ]]> \"b\" & <c> \e[31m \u202e é", flag: checkout, environment: [staging, production], context: {user_id: "<&]]>\"'\x01", country: DE}, expect: {value: true}}
"""


def run(*arguments):
    return subprocess.run([FFC, "test", *arguments], cwd=SCRATCH, capture_output=True, check=False, env={"PATH": os.environ["PATH"]})


os.makedirs(f"{SCRATCH}/flags")
with open(f"{SCRATCH}/flags/shop.yaml", "w", encoding="utf-8") as file:
    file.write(PROJECT)
done = run("--format", "junit")
ok(done.returncode == 1, "failed tests exit with 1", done.stderr)
suite = ET.fromstring(done.stdout).find("testsuite")
cases = suite.findall("testcase")
ok(suite.get("name") == "shop" and (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0"), "a suite that counts", done.stdout)
ok([case.get("classname") for case in cases] == ["checkout"] * 3 and cases[0].get("name") == "Norway gets it" and cases[0].find("failure") is None and
   cases[0].get("file") == "flags/shop.yaml" and cases[0].get("line") == "7" and cases[0].get("assertions") == "1", "a case for each test, with its place", done.stdout)
broken = cases[1].find("failure")
ok(broken is not None and broken.get("message") and "shop.yaml:" in broken.text and cases[1].get("name").endswith("(staging)"),
   "why it failed, and in which environment", done.stdout)
ok('a ]]> "b" & <c>' in cases[1].get("name") and "é" in cases[1].get("name") and b"\x1b" not in done.stdout and "\u202e".encode() not in done.stdout and
   "<&]]>" in broken.text, "names and values are what they are, and no controls", done.stdout)
done = run("Norway", "--format", "junit")
ok(done.returncode == 0 and ET.fromstring(done.stdout).find("testsuite").get("failures") == "0", "all passed", done.stdout)
done = run("--format", "xml")
ok(done.returncode == 2 and b"no format" in done.stderr and not done.stdout, "another format is refused", done.stderr)
ok(run("--format", "junit", "--json").returncode == 2, "one product at a time")
ok(b"TAP version" in run("--format", "github").stdout and b"::error" in run("--format", "github").stderr, "the other formats are as they were", run("--format", "github").stderr)
shutil.rmtree(SCRATCH)
sys.exit(finish())
