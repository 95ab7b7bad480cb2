#!/usr/bin/python3
"""A slip of the hand in sound definitions: one diagnostic most often, and never many.

Every slip at every line of flags/*.yaml, of this project and of the examples in docs/: a line deleted, indented
by two more or less, a colon, a quote, a bracket, a dash lost, a word misspelt. -v lists those with the most
diagnostics.
"""
import collections
import os
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
NOW = "2026-11-20T12:00:00Z"
SAMPLE = int(os.environ.get("MUTATIONS", "500"))  # 0: all
MOST = 6  # diagnostics of one slip
SEED = int(os.environ.get("SEED", "1"))


def replaced(line, pattern, by):
    """The line with each single occurrence replaced."""
    for match in re.finditer(pattern, line):
        yield line[:match.start()] + match.expand(by) + line[match.end():]


def slips(line):
    """Kind and new text (None: no line) of whatever can slip in a line."""
    if not line.strip() or line.strip().startswith("#"):
        return
    yield "line deleted", None
    yield "indented more", "  " + line
    if line.startswith("  "):
        yield "indented less", line[2:]
    for kind, pattern, by in (("colon lost", r":(?= |$)", ""), ("blank after a colon lost", r": (?=\S)", ":"),
                              ("quote lost", r"""["']""", ""), ("bracket lost", r"[\[\]{}]", ""),
                              ("dash lost", r"(?<=\s)- ", ""), ("comma lost", r",", ""),
                              ("word misspelt", r"\b([a-z])([a-z])([a-z_-]+)\b", r"\2\1\3"),
                              ("word replaced", r"\b[a-z][a-z_-]+\b", "zzqqxx")):
        for new in replaced(line.split(" #")[0], pattern, by):
            if new != line:
                yield kind, new


def check(files):
    with tempfile.TemporaryDirectory() as top:
        for name, text in files.items():
            os.makedirs(os.path.dirname(f"{top}/{name}"), exist_ok=True)
            with open(f"{top}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run([FFC, "check", "--max-errors", "0", "--now", NOW, "-C", "."], cwd=top,
                              capture_output=True, text=True)
    return done.returncode, done.stderr


def found(said):
    return [line for line in said.split("\n") if re.search(r"(^|: )(error|warning): ", line)]


def projects():
    """Sound ones: name to files."""
    folder = f"{TOP}/flags"
    yield "flags", {os.path.relpath(f"{top}/{name}", folder): open(f"{top}/{name}", encoding="utf-8").read()
                    for top, _, names in os.walk(folder) for name in names if not name.startswith(".")}
    sys.path.insert(0, f"{TOP}/tests/cli")
    text = open(f"{TOP}/tests/cli/test_one_cause.py", encoding="utf-8").read()
    space = {}
    exec(text[text.index("PROJECT = {"):text.index("\n}\n") + 3], space)  # pylint: disable=exec-used
    yield "one cause", space["PROJECT"]
    examples = f"{TOP}/docs"
    for page in sorted(os.listdir(examples)):
        if page.endswith(".md"):
            for at, block in enumerate(re.findall(r"^```yaml\n(.*?)^```$",
                                                  open(f"{examples}/{page}", encoding="utf-8").read(), re.M | re.S)):
                if re.search(r"^project:", block, re.M):
                    yield f"{page} {at}", {"a.yaml": block}


def mutations():
    for project, files in projects():
        status, said = check(files)
        if status or found(said):
            continue
        for name, text in files.items():
            if not name.endswith((".yaml", ".yml")):
                continue
            lines = text.split("\n")
            for at, line in enumerate(lines):
                for kind, new in slips(line):
                    changed = lines[:at] + ([] if new is None else [new]) + lines[at + 1:]
                    yield kind, f"{project}: {name}:{at + 1}: {line.strip()}  ->  {new}", \
                        {**files, name: "\n".join(changed)}


def main():
    verbose = "-v" in sys.argv
    tried = list(mutations())
    if SAMPLE and SAMPLE < len(tried):
        tried = random.Random(SEED).sample(tried, SAMPLE)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda one: (*one, *check(one[2])), tried))
    counts = collections.defaultdict(list)
    worst = []
    crashed = []
    for kind, what, _, status, said in results:
        number = len(found(said))
        if status not in (0, 1):
            crashed.append(what)
        if number:
            counts[kind].append(number)
            worst.append((number, what, said))
    worst.sort(key=lambda one: -one[0])
    everything = sorted(number for numbers in counts.values() for number in numbers)
    if verbose:
        for kind, numbers in counts.items():
            print(f"{kind}: {collections.Counter(numbers)}")
        print(len(tried), "tried", collections.Counter(everything))
        for number, what, said in worst[:int(os.environ.get("WORST", "60"))]:
            if number > 1:
                print(f"== {number} {what}\n  " + "\n  ".join(found(said)))
        print("crashed", crashed)
        return 0

    def say(number, good, what, why):
        print(f"{'ok' if good else 'not ok'} {number} - {what}")
        if not good:
            print("# " + "\n".join(why).replace("\n", "\n# "))
        return not good

    most = [f"{what}\n" + "\n".join(found(said)) for number, what, said in worst[:3]]
    failed = say(1, not crashed, f"{len(tried)} slips, seed {SEED}: nothing crashes", crashed)
    failed += say(2, len(everything) > len(tried) / 2, "most slips are found", [str(len(everything))])
    one = sum(number == 1 for number in everything)
    failed += say(3, one >= 0.92 * len(everything), "of 100, 92 or more give one diagnostic",
                  [f"{one} of {len(everything)}"] + most)
    failed += say(4, everything[-1] <= MOST, f"none gives more than {MOST}", most)
    print("1..4")
    return failed > 0


sys.exit(main())
