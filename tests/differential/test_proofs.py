"""What `ffc check` claims of conditions, against what they do: a rule that it says is never reached must
not decide for any of many random contexts, and a condition that it says always holds must hold for all.
Of two stages of a canary, the audiences that it says are apart must have nobody in common, and one that
it says leaves out some of the other must not be one that it says holds all of the other. What it says that
earlier rules' percentages leave nothing must get nobody; of rules without conditions it must say so exactly.

PROJECTS (default 40) and SEED can be set; where chance makes too few claims of a kind, up to three times as
many are tried. Each project has pairs of random segments, a file a pair:
`first` serves those of one, and `second` those of the other, with either of them turned round.
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
from generate import ATTRIBUTES, DECLARED, LISTS, TIMES, Generator, write_yaml  # noqa: E402

FFC = os.environ.get("FFC", "build/ffc")
PROJECTS = int(os.environ.get("PROJECTS", "40"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
CLOCKS = ["2026-11-20T09:59:59.999Z", TIMES[0], "2026-11-24T07:13:11Z", TIMES[2], "2027-02-01T04:59:59Z",
          "2028-01-01T00:00:00Z"]


def write_project(directory, generator):
    os.makedirs(os.path.join(directory, "lists"))
    for path, values in LISTS.items():
        with open(os.path.join(directory, path), "w", encoding="utf-8") as file:
            file.write("".join(v + "\n" for v in values))
    generator.segments, generator.holdouts = [], []
    names = ["s%d" % i for i in range(7)]
    # Few attributes, so that tests meet on one.
    if generator.pairs > 0.5:
        kind = generator.pick(["string", "number", "boolean", "version", "time"])
        generator.attributes = [name for name in ATTRIBUTES if DECLARED[name] == kind][:2]
    else:
        generator.attributes = generator.random.sample(sorted(ATTRIBUTES), 2)
    segments = {name: {"if": generator.condition(1)} for name in names}
    either = generator.condition(2)
    segments["s7"] = {"if": {"any": [either, {"not": either}, generator.condition(2)]}}
    files = {"project.yaml": {
        "project": {"name": "p", "environments": ["production"], "bucket_by": "user_id"},
        "attributes": DECLARED, "segments": segments}}
    for a in segments:
        files["always-%s.yaml" % a] = {"flags": {"always-%s" % a: {"rules": [{"if": {"segment": a}}]}}}
    for a in names:
        for b in names:
            for turned in (False, True):
                first = {"not": {"segment": a}} if turned else {"segment": a}
                flag = "%s-%s-%d" % (a, b, turned)
                files[flag + ".yaml"] = {"flags": {flag: {"rules": [
                    {"name": "first", "if": first}, {"name": "second", "if": {"segment": b}}]}}}
            files["canary-%s-%s.yaml" % (a, b)] = {"flags": {"canary-%s-%s" % (a, b): {"canary": {"stages": [
                {"percent": "5%", "if": {"segment": a}}, {"percent": "50%", "if": {"segment": b}}]}}}}
    for path, content in files.items():
        with open(os.path.join(directory, path), "w", encoding="utf-8") as file:
            file.write(write_yaml(content).lstrip())


def run(*arguments):
    return subprocess.run([FFC, *arguments], capture_output=True, text=True, check=False)


def claims(directory):
    """What is said: flags whose second rule is unreachable, segments that always hold, and pairs of segments
    that are apart, or of which the second leaves out some of the first."""
    check = run("check", "-C", directory, "--format", "json")
    report = json.loads(check.stdout)
    assert report["errors"] == 0, check.stdout
    unreached, always, apart, left_out = set(), set(), set(), set()
    for found in report["diagnostics"]:
        name = os.path.basename(found["file"])[: -len(".yaml")]
        if found["code"] == "FF0327":
            unreached.add(name)
        if found["code"] == "FF0344":
            pair = tuple(name.split("-")[1:])
            (apart if "nobody" in found["message"] else left_out).add(pair)
        if found["code"] == "FF0323" and name == "project":
            with open(found["file"], "rb") as file:
                before = file.read()[: found["range"]["start"]["byte"]].decode()
            whole = before.rstrip().endswith('"if":')
            if whole:
                always.add(before.rsplit('\n  "s', 1)[1].split('"')[0])
    return unreached, always, apart, left_out


def refute(directory, generator, unreached, always, apart):
    at = generator.pick(CLOCKS)
    if generator.chance(0.7):
        at = "2026-%02d-%02dT%02d:%02d:30Z" % tuple(
            generator.random.randint(*ends) for ends in ((11, 12), (18, 30), (0, 23), (0, 59)))
    contexts = os.path.join(directory, "contexts.ndjson")
    with open(contexts, "w", encoding="utf-8") as file:
        for _ in range(250):
            file.write(json.dumps(generator.context(), ensure_ascii=False) + "\n")
    flags = sorted(unreached) + ["always-s%s" % a for a in sorted(always)]
    result = run("eval", *flags, "-C", directory, "-e", "production", "--at", at, "--contexts", contexts, "--json")
    for line in result.stdout.splitlines():
        answer = json.loads(line)
        wrong = answer["rule"] == "second" if answer["flag"] in unreached else answer["rule"] is None
        if wrong:
            return "flag %s: %s" % (answer["flag"], line)
    if result.returncode != 0:
        return result.stderr
    segments = sorted({name for pair in apart for name in pair})
    result = run("eval", *("always-" + name for name in segments), "-C", directory, "-e", "production", "--at", at,
                 "--contexts", contexts, "--json") if segments else result
    answers = [json.loads(line) for line in result.stdout.splitlines()] if segments else []
    for first in range(0, len(answers), len(segments) or 1):
        of_one = answers[first : first + len(segments)]
        assert len({answer["flag"] for answer in of_one}) == len(segments)
        held = {answer["flag"][len("always-") :] for answer in of_one if answer["rule"] is not None}
        for a, b in apart:
            if a in held and b in held:
                return "%s and %s have somebody in common" % (a, b)
    return None


SALTS, KEYS = [None, None, None, "a", "b"], [None, None, None, None, "account", "[user_id, account]",
                                             "{join: [user_id, account]}"]
SHARE_CONDITIONS = [
    "{vip: true}", "{vip: {present: false}}", "{country: NO}", "{country: [NO, SE]}", "{user_id: {present: false}}",
    "{user_id: ''}", "{account: {lt: 100}}", "{account: {mod: {by: 2, in: 1}}}"]


def share_condition(generator):
    if generator.chance(0.6):
        return generator.pick(SHARE_CONDITIONS)
    share = "{percent: %d%%%s}" % (generator.pick([0, 10, 30, 60, 100]), generator.pick(["", ", salt: a", ", salt: b"]))
    return generator.pick([share, "{not: %s}" % share, "{any: [%s, %s]}" % (share, generator.pick(SHARE_CONDITIONS))])


def share_of(generator):
    """What a rule says of its share of the units, and its places: None where they move or need but a key."""
    low, middle, high = sorted(generator.random.sample(range(5, 96, 5), 3))
    kind = generator.random.random()
    if kind < 0.45:
        return "percent: %d%%" % high, [(0, high)]
    if kind < 0.6:
        return "ranges: [[%d%%, %d%%]]" % (low, high), [(low, high)]
    if kind < 0.75:
        return "ranges: [[0%%, %d%%], [%d%%, %d%%]]" % (low, middle, high), [(0, low), (middle, high)]
    if kind < 0.85:
        return "split: {on: 50%, off: 50%}", None
    return "percent: {from: %d%%, to: %d%%, start: 2026-11-18T00:00:00Z, end: 2026-11-30T00:00:00Z}" % tuple(
        generator.random.sample([0, low, high], 2)), None


def share_flags(generator, count):
    """Flags whose rules have shares, a rule a line: the lines, and what is expected of rules that have no more."""
    lines, names, expected = ["flags:"], {}, {}
    for number in range(count):
        flag, plain, taken, keyed = "f%d" % number, generator.chance(0.4), {}, False
        lines.append("  %s:" % flag)
        if generator.chance(0.3):
            lines.append("    environments: {staging: {salt: a}, production: {salt: b}}")
            plain = False
        lines.append("    rules:")
        for rule in range(generator.random.randint(2, 5)):
            (share, places), salt, key = share_of(generator), generator.pick(SALTS), generator.pick(KEYS)
            key = None if plain else key
            text = "name: r%d, %s" % (rule, share)
            text += ", salt: %s" % salt if salt else ""
            text += ", by: %s" % key if key else ""
            if not plain and generator.chance(0.5):
                text += ", if: %s" % share_condition(generator)
            names[len(lines) + 1] = flag, "r%d" % rule
            own = {p for low, high in places or [(0, 100)] for p in range(low, high)}
            if plain and (places or "split" in share):
                expected[len(lines) + 1] = keyed or (places is not None and own <= taken.get(salt, set()))
                taken.setdefault(salt, set()).update(own)
                keyed |= len(taken[salt]) == 100
            else:
                plain = False
            lines.append("      - {%s}" % text)
        end = generator.random.random()
        if end < 0.3:
            names[len(lines) + 1] = flag, "experiment"
            lines.append("    experiment: {control: on, split: {on: 50%%, off: 50%%}, state: running, traffic: %d%%}"
                         % generator.pick([5, 30, 100]))
        elif end < 0.6:
            names[len(lines) + 2] = flag, "canary:s"
            lines.append("    canary: {state: running, since: 2026-11-01T00:00:00Z, stages: [")
            lines.append("      {name: s, percent: %d%%}]}" % generator.pick([5, 30, 100]))
    return lines, names, expected


def refute_shares(generator, count):
    """Of rules that are told never to be reached for the percentages before them: a problem, or how many."""
    directory = tempfile.mkdtemp(prefix="ffc-proofs-")
    lines, names, expected = share_flags(generator, count)
    with open(os.path.join(directory, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write("project: {name: p, environments: [staging, production], bucket_by: user_id}\n"
                   "attributes: {user_id: string, account: number, country: string, vip: boolean}\n")
        file.write("\n".join(lines) + "\n")
    report = json.loads(run("check", "-C", directory, "--format", "json").stdout)
    assert report["errors"] == 0, report
    told = {}
    for found in report["diagnostics"]:
        place = names.get(found["range"]["start"]["line"] - 2)
        if found["code"] == "FF0327" or (found["code"] == "FF0322" and "no unit that" in found["message"]):
            told[place] = found
    for line, unreached in expected.items():
        if unreached != (names[line] in told):
            return "%s of %s" % ("nothing is told" if unreached else "wrong", lines[line - 1]), directory, 0
    contexts = os.path.join(directory, "contexts.ndjson")
    with open(contexts, "w", encoding="utf-8") as file:
        for number in range(400):
            context = {}
            if generator.chance(0.9):
                context["user_id"] = generator.pick(["", None] + ["u%d" % number] * 8)
            if generator.chance(0.8):
                context["account"] = generator.pick([number, number, -number, number + 0.5, 1e300])
            if generator.chance(0.7):
                context["country"] = generator.pick(["NO", "SE", "DK"])
            if generator.chance(0.7):
                context["vip"] = generator.chance(0.5)
            file.write(json.dumps(context) + "\n")
    flags = sorted({flag for flag, _ in told})
    for environment in ("staging", "production") if flags else ():
        at = "2026-11-%02dT00:00:00Z" % generator.random.randint(10, 30)
        result = run("eval", *flags, "-C", directory, "-e", environment, "--at", at, "--contexts", contexts, "--json")
        assert result.returncode == 0, result.stderr
        for answer in map(json.loads, result.stdout.splitlines()):
            if (answer["flag"], answer["rule"]) in told:
                return "told to be unreachable: %s" % answer, directory, 0
    shutil.rmtree(directory)
    return None, None, len(told)


def main():
    print("# SEED=%d PROJECTS=%d" % (SEED, PROJECTS))
    unreached_count = own_count = always_count = apart_count = left_out_count = 0
    enough, project = False, -1
    while project + 1 < PROJECTS or (not enough and project + 1 < 3 * PROJECTS):
        project += 1
        generator = Generator(random.Random(SEED + project))
        if project % 3 == 0:
            generator.clocks = 0.7
        if project % 4 == 1:
            generator.pairs = 0.6
        directory = tempfile.mkdtemp(prefix="ffc-proofs-")
        write_project(directory, generator)
        unreached, always, apart, left_out = claims(directory)
        # A segment behind itself is never reached, whatever it asks; most of these can be proved.
        own = {"s%d-s%d-0" % (i, i) for i in range(7)}
        problem = refute(directory, generator, unreached, always, apart) if unreached or always else None
        for a, b in left_out:
            if "%s-%s-0" % (b, a) in unreached:
                problem = "%s leaves out some of %s, and holds all of it" % (b, a)
        if problem:
            print("not ok 1 - what is claimed is so")
            print("# project %d of SEED=%d, kept in %s" % (project, SEED, directory))
            print("# " + problem.replace("\n", "\n# "))
            return 1
        own_count += len(unreached & own)
        unreached_count += len(unreached - own)
        always_count += len(always)
        apart_count += len(apart)
        left_out_count += len(left_out)
        shutil.rmtree(directory)
        enough = unreached_count > PROJECTS and own_count > 3 * PROJECTS and 4 * always_count > PROJECTS
        enough = enough and apart_count > PROJECTS and left_out_count > PROJECTS
    print("%s 1 - what is claimed is so: %d + %d rules never reached, %d conditions that always hold, "
          "%d + %d audiences apart or left out" % ("ok" if enough else "not ok", own_count, unreached_count,
                                                   always_count, apart_count, left_out_count))
    problem, directory, told = refute_shares(Generator(random.Random(SEED)), 6 * PROJECTS)
    if problem:
        print("# SEED=%d, kept in %s\n# %s" % (SEED, directory, problem))
    met = not problem and 2 * told > PROJECTS
    print("%s 2 - what percentages leave nobody gets nobody: %d rules, stages and experiments"
          % ("ok" if met else "not ok", told))
    return 0 if enough and met else 1


sys.exit(main())
