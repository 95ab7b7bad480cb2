#!/usr/bin/env python3
"""A stranger's definitions, with links and with a run that they say was interrupted: whatever is asked, nothing is
written or removed outside of the project, and an emergency is published all the same."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.path.abspath(os.environ.get("FFC", f"{TOP}/build/ffc"))
SCRATCH = tempfile.mkdtemp(prefix="ffc-inside-")
DEFINITIONS = """project: {name: shop, environments: [production], bucket_by: user_id%s}
attributes: {user_id: string}
flags:
  a: {serve: on}
  b: {serve: on}
"""
WHY = ["--reason", "why", "--actor", "ann"]
ENTRY = {"time": "2026-11-30T10:00:00Z", "verdict": "override", "actor": "ann", "reason": "why", "flag": "a", "parents": []}


def digest(text):
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


class Case:
    """A project with links to a home that is not its own."""

    def __init__(self, links, archive=""):
        self.root = tempfile.mkdtemp(dir=SCRATCH)
        self.text = DEFINITIONS % (f", archive: {archive}" if archive else "")
        os.makedirs(f"{self.root}/flags")
        os.makedirs(f"{self.root}/home/inner")
        self.write("home/there", "mine")
        self.write("flags/shop.yaml", DEFINITIONS % "")
        self.run("build", "-e", "production", "-o", "live.ffs")
        self.write("flags/shop.yaml", self.text)
        for link, target in links.items():
            os.makedirs(os.path.dirname(f"{self.root}/flags/{link}"), exist_ok=True)
            os.symlink(f"{self.root}/{target}", f"{self.root}/flags/{link}")

    def write(self, name, text):
        with open(f"{self.root}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, *arguments):
        return subprocess.run([FFC, *arguments], cwd=self.root, capture_output=True, text=True, timeout=240)

    def put_aside(self, entry, todo):
        """What a run that was killed leaves, as somebody may commit it."""
        line = json.dumps(entry, separators=(",", ":")) + "\n"
        folder = f"{self.root}/flags/ledger/.local"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/20261130T100000Z-{digest(line)[:12]}.json", "w", encoding="utf-8") as file:
            file.write(line + json.dumps(todo) + "\n")

    def outside(self):
        found = {}
        for folder, folders, files in os.walk(f"{self.root}/home"):
            for name in files:
                with open(f"{folder}/{name}", encoding="utf-8", errors="replace") as file:
                    found[os.path.relpath(f"{folder}/{name}", f"{self.root}/home")] = file.read()
            for name in folders:
                found[os.path.relpath(f"{folder}/{name}", f"{self.root}/home") + "/"] = None
        return found

    def is_untouched(self):
        return self.outside() == {"there": "mine", "inner/": None}


BUILD = ["build", "-e", "production", "-o", "o.ffs"]
for link in ("ledger", "overrides", "ledger/.local"):
    case = Case({link: "home"})
    done = case.run("rollback", "a", "-e", "production", *WHY, "--build", "live.ffs")
    served = case.run("eval", "a", "-s", "live.ffs", "-c", '{"user_id": "u"}')
    ok(case.is_untouched() and "a = false" in served.stdout, f"{link}: an emergency is published, and nothing is written there", case.outside(), done, served)
    ok(done.returncode == 2 and "a link that leads out of the project" in done.stderr, f"{link}: and says so", done)
    for command in (["set", "b", "off", *WHY], ["set", "b", "on", *WHY], BUILD, ["rollback", "--lift", "--all", *WHY]):
        done = case.run(*command)
        ok(case.is_untouched(), f"{link}: nor by `ffc {' '.join(command[:2])}`", case.outside(), done)

case = Case({"sub": "home/inner"})
done = case.run("new", "c", "--file", "sub/c.yaml", *WHY)
ok(case.is_untouched() and done.returncode == 2, "a new flag's file is not written through a link", case.outside(), done)

for name, links, archive in (("the archive", {"_kept": "home"}, "_kept"), ("a part of its path", {"_kept": "home"}, "_kept/inner"),
                             ("an environment's folder", {"_kept/production": "home"}, "_kept")):
    case = Case(links, archive)
    done = case.run(*BUILD)
    ok(case.is_untouched() and done.returncode == 2 and not os.path.exists(f"{case.root}/o.ffs"), f"{name} is a link: not built", case.outside(), done)
    ok("a link that leads out of the project" in done.stderr, f"{name}: and why", done.stderr)
    done = case.run("rollback", "a", "-e", "production", *WHY, "--build", "live.ffs")
    ok(case.is_untouched() and "published live.ffs" in done.stdout, f"{name}: an emergency is published", case.outside(), done)

case = Case({}, "_kept/flags")
done = case.run(*BUILD)
ok(done.returncode == 0 and os.path.exists(f"{case.root}/flags/_kept/flags/production"), "an archive in the project is made", done)
case = Case({"_kept": "flags/_real"}, "_kept")
os.makedirs(f"{case.root}/flags/_real")
done = case.run(*BUILD)
ok(done.returncode == 0 and os.path.exists(f"{case.root}/flags/_real/production"), "or where a link within it leads", done)

# What somebody says was interrupted.
AFTER = digest(DEFINITIONS % "")
ASIDE = {
    "a file below a link": ({}, {"aside": "file", "file": "_out/keys", "text": "theirs"}),
    "an override below a link": ({}, {"aside": "file", "file": "overrides/x.yaml", "text": "theirs"}),
    "a file above": ({}, {"aside": "file", "file": "overrides/../../home/keys", "text": "theirs"}),
    "a new file below a link": ({"files": [{"file": "_out/keys", "before": None, "after": digest("theirs")}, {"file": "shop.yaml", "before": None, "after": AFTER}]},
                                {"aside": "files", "file": "x", "text": json.dumps({"_out/keys": "theirs"})}),
    "another text for a file below a link": ({"files": [{"file": "_out/there", "before": digest("mine"), "after": digest("theirs")},
                                                        {"file": "shop.yaml", "before": None, "after": AFTER}]},
                                             {"aside": "files", "file": "x", "text": json.dumps({"_out/there": "theirs"})}),
    "the removal of a file below a link": ({"files": [{"file": "_out/there", "before": digest("mine"), "after": None},
                                                      {"file": "shop.yaml", "before": None, "after": AFTER}]}, {"aside": "files", "file": "x", "text": "{}"}),
}
for name, (more, todo) in ASIDE.items():
    case = Case({"_out": "home", "overrides": "home"})
    case.put_aside({**ENTRY, **more}, todo)
    for command in (BUILD, ["set", "b", "off", *WHY], ["rollback", "a", "-e", "production", *WHY, "--build", "live.ffs"]):
        done = case.run(*command)
        ok(case.is_untouched(), f"{name} is not completed by `ffc {command[0]}`", case.outside(), done)
for name in (".git/info/attributes", "sub/.git/config", ".envrc"):
    case = Case({})
    os.makedirs(os.path.dirname(f"{case.root}/flags/{name}"), exist_ok=True)
    for todo, more in (({"aside": "file", "file": name, "text": "theirs"}, {}),
                       ({"aside": "files", "file": "x", "text": json.dumps({name: "theirs"})},
                        {"files": [{"file": name, "before": None, "after": digest("theirs")}, {"file": "shop.yaml", "before": None, "after": AFTER}]})):
        case.put_aside({**ENTRY, **more}, todo)
        done = case.run(*BUILD)
        ok(not os.path.exists(f"{case.root}/flags/{name}"), f"{name} is not made, as {todo['aside']}", done)
# The test would see it: what a run of ours leaves is completed.
case = Case({})
case.put_aside(ENTRY, {"aside": "file", "file": "overrides/x.yaml", "text": "overrides: []\n"})
done = case.run(*BUILD)
ok(os.path.exists(f"{case.root}/flags/overrides/x.yaml"), "an override that was begun is completed", done)

shutil.rmtree(SCRATCH, ignore_errors=True)
sys.exit(finish())
