"""CONTRIBUTING.md's recipes, followed on a copy of the project: where a step is forgotten, the build or a
test fails and names the place; where none is, what the recipe names passes.

All recipes are followed in one copy, side by side, so that what they rebuild is rebuilt once.

Runs: first, being long.
"""
import os
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from recipes import COMPILE, LINK, RECIPES, TEST  # noqa: E402
from tree import TOP, AnchorGone, Tree  # noqa: E402

count = failed = 0


def ok(passes, name, output=""):
    global count, failed
    count += 1
    failed += not passes
    print(f"{'ok' if passes else 'not ok'} {count} - {name}", flush=True)
    for line in [] if passes else output.splitlines()[-30:]:
        print(f"# {line}")


def finish():
    print(f"1..{count}")
    sys.exit(failed > 0)


def why_not():
    """The copy goes on from the objects of the usual build."""
    if os.path.realpath(os.environ.get("BUILD", os.path.join(TOP, "build"))) != os.path.join(TOP, "build"):
        return "only the build in build/ is copied"
    if not os.path.exists(os.path.join(TOP, ".git")) or not shutil.which("git"):
        return "only what git knows is copied"
    return None


def plain(text):
    return re.sub("[‘’`]", "'", text)


def run_check(tree, check):
    """Its status and what it says. A unit test, and the programs that a script runs, are made before."""
    *variables, test = check.split()
    status, output = tree.make(*([test] if test.startswith("build/") else ["build/ffc", "build/ffreplay"]))
    return (status, output) if status != 0 else run_test(tree, test, variables)


def run_test(tree, test, variables=()):
    command = {".sh": ["bash", test], ".py": ["/usr/bin/python3", test]}.get(os.path.splitext(test)[1], [test])
    return tree.run(*command, **dict(variable.split("=") for variable in variables))


def check_of(tree, stage, check):
    if stage == COMPILE:
        return tree.make(check) if check.startswith("build/") else run_test(tree, check)
    return run_check(tree, check)


def follow(tree):
    for recipe in RECIPES:
        recipe.row(tree)
    for stage in (COMPILE, LINK, TEST):
        linked = tree.make("build/ffc", "build/ffreplay") if stage == LINK else None
        for recipe in RECIPES:
            for forgotten in (one for one in recipe.rest if one.stage == stage):
                status, output = linked or check_of(tree, stage, forgotten.check)
                said = re.search(plain(forgotten.says), plain(failing(output)))
                ok(status != 0 and said, f"{recipe.name}: without {forgotten.what}, {forgotten.check} says so",
                   f"expected, with a status that is not 0: {forgotten.says}\nstatus {status}\n{output}")
                forgotten.edit(tree)
    for recipe in RECIPES:
        for check in dict.fromkeys(one.check for one in recipe.rest if one.stage == TEST):
            status, output = run_check(tree, check)
            ok(status == 0, f"{recipe.name}: with everything, {check} passes", failing(output))


def failing(output):
    """What has passed says nothing."""
    return re.sub("^ok .*\n", "", output, flags=re.M)


reason = why_not()
if reason:
    count = 1
    print(f"ok 1 - recipes # SKIP {reason}")
    finish()
directory = tempfile.mkdtemp(prefix="recipes-")
try:
    follow(Tree(directory))
except AnchorGone as gone:
    ok(False, "a recipe's patch still applies", str(gone))
finally:
    shutil.rmtree(directory)
finish()
