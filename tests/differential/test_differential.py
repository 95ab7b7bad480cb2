"""Random valid projects: what `ffc eval` answers against the reference evaluator.

CASES (evaluations, default 40000) and SEED can be set; a failure prints the seed and keeps the project.
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
from generate import ATTRIBUTES, DECLARED, ENVIRONMENTS, LISTS, OPERATORS, TIMES, Generator, write_yaml  # noqa: E402
from reference import Project, milliseconds  # noqa: E402

FFC = os.environ.get("FFC", "build/ffc")
CASES = int(os.environ.get("CASES", "40000"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
CLOCKS = [TIMES[0], "2026-11-20T09:59:59.999Z", "2026-11-24T07:13:11.123Z", TIMES[2], "2028-01-01T00:00:00Z"]


def write_project(directory, sections):
    os.makedirs(os.path.join(directory, "lists"))
    for path, values in LISTS.items():
        with open(os.path.join(directory, path), "w", encoding="utf-8") as file:
            file.write("# one a line\n\n" + "".join(v + "\n" for v in values))
    path = os.path.join(directory, "project.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(write_yaml(sections).lstrip())
    with open(path, encoding="utf-8") as file:
        return Project(yaml.load(file, yaml.BaseLoader), LISTS)


def compare(directory, project, environment, clock, contexts, previous):
    """Returns how many evaluations agreed, and a description of the first that did not."""
    lines = os.path.join(directory, "contexts.ndjson")
    with open(lines, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(context, ensure_ascii=False) + "\n" for context in contexts)
    project.previous = previous
    given = [word for flag, variant in previous.items() for word in ("--previous", "%s=%s" % (flag, variant))]
    run = subprocess.run(
        [FFC, "eval", *given, "-C", directory, "-e", environment, "--all", "--at", clock, "--contexts", lines, "--json"],
        capture_output=True, text=True, check=False,
    )
    if run.returncode != 0:
        return 0, "ffc eval exits %d:\n%s%s" % (run.returncode, run.stderr, run.stdout[-500:])
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    flags = len(project.sections["flags"])
    if len(answers) != flags * len(contexts):
        return 0, "%d answers for %d flags and %d contexts" % (len(answers), flags, len(contexts))
    now = milliseconds(clock)
    for index, answer in enumerate(answers):
        context = contexts[index // flags]
        name = answer["flag"]
        expected = project.evaluate(name, environment, context, now)
        got = {key: answer[key] for key in expected}
        if got != expected:
            return index, "flag %s in %s at %s\nprevious %s\ncontext  %s\nexpected %s\ngot      %s" % (
                name, environment, clock, previous, json.dumps(context, ensure_ascii=False), expected, got)
    return len(answers), None


def unknown_operators():
    """What the reference does not know, whether or not the projects below happen to test it."""
    generator = Generator(random.Random(SEED))
    project = Project({"project": {"environments": ENVIRONMENTS}, "attributes": DECLARED}, LISTS)
    unknown = []
    for name, kind in ATTRIBUTES.items():
        context = next(context for context in iter(generator.context, None) if context.get(name) is not None)
        for operator, form in OPERATORS[kind].items():
            test = {name: {operator: generator.literal(kind, generator.operand(form, generator.values(name)))}}
            condition = yaml.load(write_yaml({"test": test}), yaml.BaseLoader)["test"]
            try:
                project.holds(condition, context, ENVIRONMENTS[0], 0)
            except NotImplementedError as error:
                unknown.append("%s of type %s" % (error, kind))
    return unknown


def main():
    print("# SEED=%d CASES=%d" % (SEED, CASES))
    unknown = unknown_operators()
    print("%s 1 - the reference evaluator knows every operator" % ("not ok" if unknown else "ok"))
    if unknown:
        print("# " + "\n# ".join(unknown))
        return 1
    done, projects = 0, 0
    while done < CASES:
        generator = Generator(random.Random(SEED + projects))
        directory = tempfile.mkdtemp(prefix="ffc-differential-")
        project = write_project(directory, generator.project())
        for environment in ENVIRONMENTS:
            contexts = [generator.context() for _ in range(60)]
            previous = generator.previous(project.sections["flags"]) if generator.chance(0.5) else {}
            count, difference = compare(directory, project, environment, generator.pick(CLOCKS), contexts, previous)
            done += count
            if difference:
                print("not ok 2 - the runtime agrees with the reference evaluator")
                print("# project %d of SEED=%d, kept in %s" % (projects, SEED, directory))
                print("# " + difference.replace("\n", "\n# "))
                return 1
        shutil.rmtree(directory)
        projects += 1
    print("ok 2 - the runtime agrees with the reference evaluator on %d evaluations of %d projects" % (done, projects))
    return 0


sys.exit(main())
