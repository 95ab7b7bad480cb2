#!/usr/bin/env python3
"""Definitions are files named *.yml as well as *.yaml, in the work tree and in what git has of it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
SCRATCH = tempfile.mkdtemp()
PROJECT = """\
project: {{name: shop, environments: [production], bucket_by: user_id}}
attributes: {{user_id: string}}
flags:
  pay: {{percent: {}%}}
"""


def run(*command):
    return subprocess.run(command, cwd=SCRATCH, capture_output=True, text=True, env=dict(os.environ, FFC_ACTOR="amira"))


def commit(percent, subject):
    with open(f"{SCRATCH}/flags/shop.yml", "w", encoding="ascii") as file:
        file.write(PROJECT.format(percent))
    run("git", "add", "-A")
    run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", subject)


os.mkdir(f"{SCRATCH}/flags")
run("git", "init", "-q")
commit(5, "first")
commit(10, "more")
done = run(FFC, "diff", "HEAD~1", "HEAD")
ok("5.00 % of all units" in done.stdout, "diff reads both revisions", done)
done = run(FFC, "log", "pay", "--json")
reasons = [change["reason"] for change in json.loads(done.stdout)["changes"]]
ok(done.returncode == 0 and sorted(reasons) == ["first", "more"], "log knows both commits", done)
done = run(FFC, "revert", "pay", "HEAD~1", "--reason", "x")
with open(f"{SCRATCH}/flags/shop.yml", encoding="ascii") as file:
    ok(done.returncode == 0 and file.read() == PROJECT.format(5), "revert takes it back", done)
done = run(FFC, "log", "pay")
ok("revert by amira" in done.stdout and "on for 10% -> on for 5%" in done.stdout, "log tells of the work tree", done)
shutil.rmtree(SCRATCH)
sys.exit(finish())
