"""`ffc test` over random projects: what `ffc eval` answers passes, what it does not fails, and what a
test supposes of a canary or an experiment is what the definitions edited that way would answer.

PROJECTS (default 40; with LONG, 400) and SEED can be set; a failure prints the seed and keeps the projects.
"""

import copy
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
from generate import (ATTRIBUTES, BAD_LOOSE_VERSIONS, BAD_VERSIONS, ENVIRONMENTS, LISTS, LOOSE, TIMES,  # noqa: E402
                      Generator, write_yaml)

FFC = os.environ.get("FFC", "build/ffc")
PROJECTS = int(os.environ.get("PROJECTS", "400" if os.environ.get("LONG") else "40"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
REASONS = ["STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED", "OVERRIDE",
           "PREREQUISITE_FAILED", "HOLDOUT", "LAYER"]


class Failure(Exception):
    pass


def write_project(sections):
    directory = tempfile.mkdtemp(prefix="ffc-tests-")
    os.makedirs(os.path.join(directory, "lists"))
    for path, values in LISTS.items():
        with open(os.path.join(directory, path), "w", encoding="utf-8") as file:
            file.write("".join(value + "\n" for value in values))
    with open(os.path.join(directory, "project.yaml"), "w", encoding="utf-8") as file:
        file.write(write_yaml(sections).lstrip())
    return directory


def evaluate(directory, flags, environment, clock, contexts):
    lines = "".join(json.dumps(context) + "\n" for context in contexts)
    run = subprocess.run(
        [FFC, "eval", *flags, "-C", directory, "-e", environment, "--at", clock, "--contexts", "-", "--json"],
        input=lines, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise Failure("ffc eval exits %d:\n%s" % (run.returncode, run.stderr))
    return [json.loads(line) for line in run.stdout.splitlines()]


def run_tests(directory, tests):
    """JSON is YAML, with the types that the contexts and values have."""
    path = os.path.join(directory, "zz-tests.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("tests:\n" + "".join("  - %s\n" % json.dumps(test, ensure_ascii=False) for test in tests))
    run = subprocess.run([FFC, "test", "-C", directory, "--json"], capture_output=True, text=True, check=False)
    os.remove(path)
    if not run.stdout:
        raise Failure("ffc test exits %d:\n%s" % (run.returncode, run.stderr[:2000]))
    report = json.loads(run.stdout)
    if len(report["tests"]) != len(tests) or report["passed"] + report["failed"] != len(tests):
        raise Failure("%d tests, of which %d passed and %d failed" % (len(tests), report["passed"], report["failed"]))
    return report


def context(generator):
    made = generator.context()
    bad = {"version": BAD_VERSIONS, "loose": BAD_LOOSE_VERSIONS}
    return {name: value for name, value in made.items()
            if value not in bad.get("loose" if name in LOOSE else ATTRIBUTES[name], [])}


def a_test(answer, environment, clock, who, **more):
    expect = {"value": answer["value"], "reason": answer["reason"], "rule": answer["rule"]}
    if answer["variant"] is not None:
        expect["variant"] = answer["variant"]
    return dict(more, flag=answer["flag"], environment=environment, at=clock, context=who, expect=expect,
                overrides="active")


def check_answers(generator, directory, sections):
    tests = []
    for environment in ENVIRONMENTS:
        clock, contexts = generator.pick(TIMES), [context(generator) for _ in range(8)]
        flags = sorted(sections["flags"])
        answers = evaluate(directory, flags, environment, clock, contexts)
        tests += [a_test(answer, environment, clock, contexts[i // len(flags)]) for i, answer in enumerate(answers)]
    report = run_tests(directory, tests)
    if report["failed"]:
        raise Failure("what eval answers fails: %s" % [test for test in report["tests"] if not test["passed"]][0])
    for test in tests:
        test["expect"]["reason"] = generator.pick([r for r in REASONS if r != test["expect"]["reason"]])
    report = run_tests(directory, tests)
    if report["passed"]:
        raise Failure("what eval does not answer passes: %s" % [test for test in report["tests"] if test["passed"]][0])
    return 2 * len(tests)


def block(sections, flag, environment, key):
    """The block that is in force, to be edited."""
    keys = sections["flags"][flag]
    own = keys.get("environments")
    own = (own.get(environment) or {}) if isinstance(own, dict) else {}
    if "canary" in own or "experiment" in own:
        return own.get(key)
    return keys.get(key)


def suppositions(generator, sections, environment):
    for flag in sections["flags"]:
        canary = block(sections, flag, environment, "canary")
        if canary:
            stage = generator.pick(canary["stages"])["name"]
            state = generator.pick(["pending", "running", "paused", "rolled_back", "complete"])
            yield flag, "canary", {"state": state, "stage": stage}
        elif block(sections, flag, environment, "experiment"):
            yield flag, "experiment", {"state": generator.pick(["draft", "running", "concluded"])}


def check_suppositions(generator, directory, sections):
    tests, environment, clock = [], generator.pick(ENVIRONMENTS), generator.pick(TIMES)
    for flag, key, supposed in suppositions(generator, sections, environment):
        edited = copy.deepcopy(sections)
        block(edited, flag, environment, key).update(supposed)
        if key == "canary":
            block(edited, flag, environment, key)["since"] = "2026-01-01T00:00:00Z"
        other = write_project(edited)
        contexts = [context(generator) for _ in range(6)]
        answers = evaluate(other, [flag], environment, clock, contexts)
        shutil.rmtree(other)
        tests += [a_test(answer, environment, clock, contexts[i], **supposed) for i, answer in enumerate(answers)]
    if tests:
        report = run_tests(directory, tests)
        if report["failed"]:
            raise Failure("a supposition fails: %s" % [test for test in report["tests"] if not test["passed"]][0])
    return len(tests)


def main():
    print("# SEED=%d PROJECTS=%d" % (SEED, PROJECTS))
    answers = supposed = 0
    for project in range(PROJECTS):
        generator = Generator(random.Random(SEED + project))
        sections = generator.project()
        directory = write_project(sections)
        try:
            answers += check_answers(generator, directory, sections)
            supposed += check_suppositions(generator, directory, sections)
        except Failure as failure:
            print("not ok 1 - tests say what evaluations say\n1..1")
            print("# project %d of SEED=%d, kept in %s" % (project, SEED, directory))
            print("# " + str(failure).replace("\n", "\n# "))
            return 1
        shutil.rmtree(directory)
    print("ok 1 - tests say what evaluations say, over %d answers" % answers)
    print("%sok 2 - what is supposed is what an edit would do, over %d answers" % ("" if supposed else "not ", supposed))
    print("1..2")
    return 0 if supposed else 1


sys.exit(main())
