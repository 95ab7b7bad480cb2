"""The steps of `ffc trace` lead to the answer of `ffc eval`, over flags/ and random projects.

TRACES (default 240; with LONG, 4000) and SEED can be set; a failure prints the seed and keeps the project.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
from generate import ENVIRONMENTS, LISTS, TIMES, Generator, write_yaml  # noqa: E402

FFC = os.environ.get("FFC", "build/ffc")
TRACES = int(os.environ.get("TRACES", "4000" if os.environ.get("LONG") else "240"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
FLAGS = os.path.join(os.path.dirname(__file__), "../../flags")
ANSWER = ("flag", "environment", "value", "variant", "reason", "rule", "error")


def run(*arguments):
    return subprocess.run([FFC, *arguments], capture_output=True, text=True, check=False)


def check_steps(steps, path):
    """Every step has its place, and only the answer and what holds below it decide."""
    for step in steps:
        if not step["text"] or step["line"] < 1 or not os.path.exists(step["file"]):
            return "a step without text or place: %s" % step
        problem = check_steps(step["steps"], path + [step["text"]])
        if problem:
            return problem
    if not path and (steps[-1]["kind"] != "answer" or not steps[-1]["holds"]):
        return "the last step is no answer: %s" % steps[-1]
    return None


def difference(directory, flag, environment, clock, context, previous=()):
    common = [*previous, "-C", directory, "-e", environment, "--at", clock, "-c", json.dumps(context), "--json"]
    answer = run("eval", flag, *common)
    trace = run("trace", flag, *common)
    if trace.returncode != 0 or answer.returncode != 0:
        return "exit %d and %d\n%s%s" % (answer.returncode, trace.returncode, answer.stderr, trace.stderr)
    answer, trace = json.loads(answer.stdout), json.loads(trace.stdout)
    if any(answer[key] != trace[key] for key in ANSWER):
        return "answers differ:\n%s\n%s" % (answer, trace)
    return check_steps(trace["steps"], [])


def random_project(generator):
    directory = tempfile.mkdtemp(prefix="ffc-trace-")
    os.makedirs(os.path.join(directory, "lists"))
    for path, values in LISTS.items():
        with open(os.path.join(directory, path), "w", encoding="utf-8") as file:
            file.write("".join(value + "\n" for value in values))
    with open(os.path.join(directory, "project.yaml"), "w", encoding="utf-8") as file:
        file.write(write_yaml(generator.project()).lstrip())
    with open(os.path.join(directory, "project.yaml"), encoding="utf-8") as file:
        return directory, yaml.load(file, yaml.BaseLoader)["flags"]


def trace_random():
    done, projects = 0, 0
    while done < TRACES:
        generator = Generator(random.Random(SEED + projects))
        directory, flags = random_project(generator)
        for _ in range(40):
            flag, environment = generator.pick(sorted(flags)), generator.pick(ENVIRONMENTS)
            previous = generator.previous(flags) if generator.chance(0.4) else {}
            given = [word for name, had in previous.items() for word in ("--previous", "%s=%s" % (name, had))]
            clock, context = generator.pick(TIMES + ["2026-11-24T07:13:11.123Z"]), generator.context()
            problem = difference(directory, flag, environment, clock, context, given)
            if problem:
                return "project %d of SEED=%d, kept in %s\nflag %s in %s at %s for %s\n%s" % (
                    projects, SEED, directory, flag, environment, clock, json.dumps(context), problem)
            done += 1
        shutil.rmtree(directory)
        projects += 1
    return None


def trace_flags():
    contexts = [
        {},
        {"user_id": "user-123", "plan": "premium", "email": "a@company.com", "groups": ["beta-testers"]},
        {"user_id": "u7", "anonymous_id": "a7", "country": "NO", "engagement_score": 90.5, "region": "us-east-1"},
    ]
    listed = json.loads(run("test", "-C", FLAGS, "--json").stdout)
    for flag in sorted({test["flag"] for test in listed["tests"]}):
        for context in contexts:
            problem = difference(FLAGS, flag, "production", "2026-12-05T00:00:00Z", context)
            if problem:
                return "flag %s for %s\n%s" % (flag, json.dumps(context), problem)
    return None


def main():
    print("# SEED=%d TRACES=%d" % (SEED, TRACES))
    failed = 0
    for number, (name, test) in enumerate([("flags/", trace_flags), ("random projects", trace_random)], 1):
        problem = test()
        print("%sok %d - the steps lead to the answer, over %s" % ("not " if problem else "", number, name))
        if problem:
            failed = 1
            print("# " + problem.replace("\n", "\n# "))
    print("1..2")
    return failed


sys.exit(main())
