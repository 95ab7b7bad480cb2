"""What `ffc check` passes, `ffc build` builds and the library accepts; what either refuses has a place.

Random projects with values at the edges of what can be written, at the limits of the format, and with pieces
of their text exchanged, lost or repeated. PROJECTS (default 60, with LONG=1 1000) and SEED can be set; a
failure prints the seed and keeps the project.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
import generate  # noqa: E402
from generate import Generator, Plain, write_yaml  # noqa: E402

FFC = os.environ.get("FFC", "build/ffc")
PROJECTS = int(os.environ.get("PROJECTS", "1000" if os.environ.get("LONG") else "60"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
PLACE = re.compile(r"^[^\s:]+:\d+:\d+: error: ", re.M)
HOUR = "T00:00:00Z"

generate.VERSIONS += ["999999999999999999", "1.0.0-" + "a." * 300 + "a", "v0.0.0-0", "1-0a", "0.0.0-00a.-"]
generate.TIMES += ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"]
generate.NUMBERS += ["1.7976931348623157e308", "-1e308", "4.9e-324", "18446744073709551616"]
generate.NETWORKS += ["255.255.255.255/32", "::ffff:0:0/96", "ffff::/16", "0.0.0.0/1", "128.0.0.0/1"]
generate.GLOBS += ["[]a]", "[!]]", "\\\\*", "a\\*", "[a\\]]", "*" * 300, "[A-Z]*", "é[à-ü]", "\\A"]
generate.WORDS += ["X" * 512, "ÿ", "\U0010ffff", "A\tB", "'", "x" * 124, "x" * 125]
generate.PATTERNS += ["x{900}", "(a|b){500}c", "[^é]{200}", "^(?:[a-z]{1,60}\\.){3}$", "(x+x+)+y", "\\x{10ffff}"]
WRONG = ["0s", "10000000000w", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0x10", '"[!]"', '"\\u0000"', '"\\ud800"', '""', "~", "0%", "100%", ".inf", "1e999"]
DURATIONS = ["1s", "52w", "9999999999w"]
TIMES = ["0001-01-01" + HOUR, "1970-01-01" + HOUR, "2026-12-01" + HOUR, "4199-11-24" + HOUR, "4199-11-25" + HOUR,
         "4256-10-20T19:36:17.664Z", "4256-10-20T19:36:17.665Z", "9999-12-31" + HOUR]


def edge_ramp(generator):
    ramp = {"start": Plain(generator.pick(TIMES)), "from": generator.percent(), "to": generator.percent()}
    if generator.chance(0.6):
        return {**ramp, "end": Plain(generator.pick(TIMES))}
    return {**ramp, "step": generator.percent(), "every": Plain(generator.pick(DURATIONS))}


def long_list(generator, sections):
    """Many tests of a kind: a set that has to be probed or hashed, a search, a run of tests."""
    count = generator.pick([16, 17, 500, 9000])
    condition = generator.pick([
        {"age": {"in": [Plain(n * 7) for n in range(count)]}},
        {"word": {"in": ["W%d" % n * (n % 40) for n in range(1, count)], "ignore_case": True}},
        {"word": {"contains": ["w%d" % n for n in range(count)]}},
        {"App Version": {"in": [Plain("1.%d" % n) for n in range(count)]}},
        {"client: ip/“v6”": {"in": ["10.%d.%d.0/24" % (n // 250, n % 250) for n in range(count)]}}])
    rules = [{"if": condition, "percent": generator.ramp()} for _ in range(generator.pick([1, 1, 4]))]
    sections["flags"]["edge.list"] = {"rules": rules}


def many_variants(generator, sections):
    names = ["v%d" % n for n in range(generator.pick([1, 63, 64, 65]))]
    sections["flags"]["edge.variants"] = {
        "type": "integer", "variants": {name: n for n, name in enumerate(names)}, "default": names[0],
        "split": dict(zip(names, generator.shares(len(names))))}
    sections["flags"]["edge.needs"] = {"requires": {"edge.variants": names[-1]}}


def chain(generator, sections):
    """Flags that need each other, as deep as is allowed or deeper, and dearer and dearer."""
    for n in range(generator.pick([2, 16, 17, 18])):
        flag = {"rules": [{"if": {"word": {"contains": ["w%d" % i for i in range(generator.pick([1, 3000]))]}}}]}
        if n:
            flag["requires"] = {"edge.%d" % (n - 1): "on"}
            flag["rules"].append({"if": {"flag": {"edge.%d" % i: "on" for i in range(n)}}, "serve": "off"})
        sections["flags"]["edge.%d" % n] = flag


def many_attributes(generator, sections):
    count = generator.pick([127, 128, 128, 129]) - len(generate.ATTRIBUTES)
    sections["attributes"] = {**generate.DECLARED, **{"more%d" % n: "number" for n in range(count)}}
    sections["flags"]["edge.attributes"] = {"rules": [
        {"if": {"more%d" % n: Plain(n)}, "percent": "10%", "by": "more%d" % n} for n in range(count)]}


def moving(generator, sections):
    rules = [{"percent": edge_ramp(generator)}, {"split": {"on": "0%", "off": "100%"}, "percent": generator.percent()}]
    sections["flags"]["edge.ramp"] = {"rules": rules, "bucket_by": generator.pick(["user_id", "account"])}


def edges(generator):
    sections = generator.project()
    for edge in generator.some([long_list, many_variants, chain, many_attributes, moving, moving], 2):
        edge(generator, sections)
    return sections


TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[^\s,:{}\[\]"]+')


def mutate(generator, text):
    """Exchanges values for others that the text has, and loses or repeats a line now and then."""
    for _ in range(generator.pick([0, 0, 1, 1, 3])):
        tokens = list(TOKEN.finditer(text))
        target = generator.pick(tokens)
        other = generator.pick([match[0] for match in tokens] + TIMES + DURATIONS + generate.NUMBERS + WRONG)
        text = text[:target.start()] + other + text[target.end():]
    if generator.chance(0.15):
        lines = text.splitlines(keepends=True)
        at = generator.random.randrange(len(lines))
        lines[at:at + 1] = generator.pick([[], lines[at:at + 1] * 2])
        text = "".join(lines)
    return text


def run(*arguments):
    return subprocess.run([FFC, *arguments], capture_output=True, text=True, errors="replace", check=False)


def examine(directory):
    """Whether `ffc check` passes the project, and what is wrong with how it and `ffc build` treat it."""
    out = os.path.join(directory, "out")
    check, build = run("check", "-C", directory), run("build", "-C", directory, "--all", "-o", out)
    passes = check.returncode == 0
    if check.returncode not in (0, 1) or build.returncode not in (0, 1):
        return passes, "check exits %d, build %d:\n%s" % (check.returncode, build.returncode, build.stderr[-800:])
    if passes != (build.returncode == 0):
        return passes, "check exits %d, build %d:\n%s" % (check.returncode, build.returncode, build.stderr[-800:])
    if not passes:
        refusals = [("check", check.stdout + check.stderr), ("build", build.stdout + build.stderr)]
        dumb = [what for what, said in refusals if not PLACE.search(said)]
        return passes, "%s names no place:\n%s" % (dumb[0], dict(refusals)[dumb[0]][-800:]) if dumb else None
    for name in sorted(os.listdir(out)):
        verify = run("verify", os.path.join(out, name))
        if verify.returncode:
            return passes, "%s: %s" % (name, verify.stderr)
    return passes, None


def main():
    print("# SEED=%d PROJECTS=%d" % (SEED, PROJECTS))
    counts = {True: 0, False: 0}
    for project in range(PROJECTS):
        generator = Generator(random.Random(SEED + project))
        directory = tempfile.mkdtemp(prefix="ffc-sound-")
        os.makedirs(os.path.join(directory, "lists"))
        for path, values in generate.LISTS.items():
            with open(os.path.join(directory, path), "w", encoding="utf-8") as file:
                file.write("".join(v + "\n" for v in values))
        sections = edges(generator) if generator.chance(0.7) else generator.project()
        text = mutate(generator, write_yaml(sections).lstrip())
        with open(os.path.join(directory, "project.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        passes, problem = examine(directory)
        if problem:
            print("not ok 1 - what passes check builds, and what does not says where")
            print("# project %d of SEED=%d, kept in %s" % (project, SEED, directory))
            print("# " + problem.replace("\n", "\n# "))
            return 1
        counts[passes] += 1
        shutil.rmtree(directory)
    print("ok 1 - what passes check builds, and what does not says where")
    met = PROJECTS < 20 or min(counts.values()) > 0
    print("%s 2 - of both there are some: %d pass, %d do not" % ("ok" if met else "not ok", counts[True], counts[False]))
    return 0 if met else 1


sys.exit(main())
