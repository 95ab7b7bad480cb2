#!/usr/bin/env python3
"""What an emergency publishes without the definitions is what they compile to with it: random projects and flags/, in
which overrides are added and lifted and canaries rolled back, one after the other, on one published file.

PROJECTS (default 25; with LONG, 100) and SEED can be set; a failure prints the seed and keeps the project.

Runs: first, being long.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
from generate import ENVIRONMENTS, LISTS, TIMES, Generator, write_yaml  # noqa: E402

FFC = os.environ.get("FFC", "build/ffc")
PROJECTS = int(os.environ.get("PROJECTS", "100" if os.environ.get("LONG") else "25"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
KINDS = ["release", "canary", "experiment", "ops"]


class Failure(Exception):
    pass


def ffc(*arguments, **more):
    return subprocess.run([FFC, *arguments], capture_output=True, text=True, check=False, **more)


def write_project(sections):
    directory = tempfile.mkdtemp(prefix="ffc-patches-")
    os.makedirs(os.path.join(directory, "lists"))
    for path, values in LISTS.items():
        with open(os.path.join(directory, path), "w", encoding="utf-8") as file:
            file.write("".join(value + "\n" for value in values))
    with open(os.path.join(directory, "project.yaml"), "w", encoding="utf-8") as file:
        file.write(write_yaml(sections).lstrip())
    return directory


def answers(snapshot, clock, contexts):
    lines = "".join(json.dumps(context) + "\n" for context in contexts)
    run = ffc("eval", "--all", "-s", snapshot, "--at", clock, "--contexts", "-", "--json", input=lines)
    if run.returncode != 0:
        raise Failure("ffc eval exits %d:\n%s" % (run.returncode, run.stderr))
    return run.stdout.splitlines()


class Tree:
    def __init__(self, generator, number):
        self.generator = generator
        self.sections = generator.project()
        for i, override in enumerate(self.sections.get("overrides", [])):
            if generator.chance(0.7):
                override["id"] = "by-hand-%d" % i
        for flag in self.sections["flags"].values():
            if generator.chance(0.3):
                flag["tags"] = generator.some(["red", "green"], 2)
        self.directory = write_project(self.sections)
        self.environment = generator.pick(ENVIRONMENTS)
        self.live = os.path.join(self.directory, ".live.ffs")
        self.minute = 0
        self.patched = self.compiled = 0

    def options(self):
        """Later each time, but for a clock that is slow."""
        self.minute += self.generator.pick([1, 1, 1, 5, -2])
        return ["-C", self.directory, "-e", self.environment, "--reason", "r", "--by", "b", "--build", self.live,
                "--at", "2026-12-01T01:%02d:00Z" % (30 + self.minute)]

    def scope(self):
        pick, flags = self.generator.pick, list(self.sections["flags"])
        kind = pick(["flag", "flag", "glob", "tag", "kind", "all"])
        scope = {"flag": [pick(flags)], "glob": [pick(["*", "*[0-4]", "z_*", "*." + pick("0123456789")])],
                 "tag": ["--tag", pick(["red", "green"])], "kind": ["--kind", pick(KINDS)], "all": ["--all"]}[kind]
        if self.sections.get("segments") and self.generator.chance(0.4):
            scope += ["--segment", pick(list(self.sections["segments"]))]
        if self.generator.chance(0.3):
            scope += ["--serve", pick(["on", "off", "a"])]
        if self.generator.chance(0.3):
            scope += ["--until", "2026-12-20T00:00:00Z"]
        if self.generator.chance(0.2):
            scope += ["--from", "2026-12-10T00:00:00Z"]
        return scope

    def overrides(self):
        run = ffc("rollback", "--list", "--json", "-C", self.directory)
        return [json.loads(line)["id"] for line in run.stdout.splitlines()]

    def canaries(self):
        run = ffc("canary", "status", "-C", self.directory, "-e", self.environment, "--json")
        return [state["flag"] for state in map(json.loads, run.stdout.splitlines())
                if state["rollout"]["state"] in ("running", "paused", "complete")]

    def operation(self):
        overrides, canaries = self.overrides(), self.canaries()
        choice = self.generator.pick(["add", "add", "lift", "canary"])
        if choice == "lift" and overrides:
            return ["rollback", "--lift", self.generator.pick(overrides)]
        if choice == "canary" and canaries:
            return ["canary", "rollback", self.generator.pick(canaries)]
        return ["rollback", *self.scope()]

    def step(self):
        operation = self.operation()
        before = open(self.live, "rb").read()
        run = ffc(*operation, *self.options())
        if run.returncode:
            if "published, but not written" in run.stderr and "must be edited by hand" in run.stderr:
                os.unlink(self.live)  # it is read-only, also for its owner
                open(self.live, "wb").write(before)
            elif open(self.live, "rb").read() != before:
                raise Failure("refused, and yet published: %s\n%s" % (operation, run.stderr))
            return
        if "was not patched" in run.stderr:
            self.compiled += 1
        else:
            self.patched += 1
        self.compare(operation, run)

    def compare(self, operation, run):
        compiled = os.path.join(self.directory, ".compiled.ffs")
        built = ffc("build", "-C", self.directory, "-e", self.environment, "-o", compiled)
        if built.returncode:
            raise Failure("%s leaves what does not compile:\n%s" % (operation, built.stderr))
        for clock in ["2026-11-20T11:00:00Z", "2026-12-01T01:29:59.999Z",
                      "2026-12-01T02:30:00Z", "2026-12-15T00:00:00Z", "2026-12-20T00:00:00Z", self.generator.pick(TIMES)]:
            contexts = [self.context() for _ in range(12)]
            got, expected = answers(self.live, clock, contexts), answers(compiled, clock, contexts)
            for one, other in zip(got, expected):
                if one != other:
                    raise Failure("after %s at %s\npatched  %s\ncompiled %s\n%s%s" %
                                  (operation, clock, one, other, run.stdout, run.stderr))
            if len(got) != len(expected):
                raise Failure("after %s: %d answers for %d" % (operation, len(got), len(expected)))


    def context(self):
        return self.generator.context()


class Own(Tree):
    """The project's own flags/."""

    def __init__(self, generator, number):
        self.generator = generator
        self.directory = tempfile.mkdtemp(prefix="ffc-patches-")
        # Without its tests: they name an override that may be lifted.
        shutil.copytree("flags", self.directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("tests.yaml"))
        names = [json.loads(line)["flag"] for line in ffc("list", "--json", "-C", self.directory).stdout.splitlines()]
        self.sections = {"flags": dict.fromkeys(names, {}), "segments": {"beta-testers": {}}}
        self.environment = "production"
        self.live = os.path.join(self.directory, ".live.ffs")
        self.minute = self.patched = self.compiled = 0

    def context(self):
        who = {"user_id": "u%d" % self.generator.random.randint(0, 10**6)}
        if self.generator.chance(0.5):
            who["groups"] = ["beta"]
        return who


def main():
    print("# SEED=%d PROJECTS=%d" % (SEED, PROJECTS))
    patched = compiled = 0
    for number in range(PROJECTS):
        generator = Generator(random.Random("%d/%d" % (SEED, number)))
        tree = (Own if number % 10 == 0 else Tree)(generator, number)
        try:
            built = ffc("build", "-C", tree.directory, "-e", tree.environment, "-o", tree.live)
            if built.returncode:
                raise Failure(built.stderr)
            for _ in range(8):
                tree.step()
        except Failure as failure:
            print("# project %d, kept in %s" % (number, tree.directory))
            for line in str(failure).splitlines():
                print("# " + line[:1000])
            print("not ok 1 - a_patched_snapshot_answers_as_a_compiled_one")
            return 1
        patched += tree.patched
        compiled += tree.compiled
        shutil.rmtree(tree.directory)
    print("ok 1 - a_patched_snapshot_answers_as_a_compiled_one")
    enough = patched > 3 * PROJECTS
    print("%s 2 - most_emergencies_are_patched" % ("ok" if enough else "not ok"))
    print("# %d patched, %d compiled" % (patched, compiled))
    return 0 if enough else 1


sys.exit(main())
