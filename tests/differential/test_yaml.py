"""Random YAML: what the compiler reads, other readers of YAML 1.2 read, too, and as the same values.

The compiler may refuse more than YAML does, and does so on purpose. libyaml, which it is built on, is
of YAML 1.1 and takes more than YAML allows. JavaScript's `yaml` knows the values; libfyaml is strict
where that is lenient. Texts come from a grammar and from real definitions, most of them mutated.
CASES (texts) and SEED can be set; LONG=1 tries more.
"""

import glob
import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VALUES = os.path.join(os.environ.get("BUILD", "build"), "yaml-values")
CASES = int(os.environ.get("CASES", "20000" if os.environ.get("LONG") else "3000"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
AT_ONCE, MOST_SHOWN = 500, 10
JAVASCRIPT = os.path.join(TOP, "tests/differential/yaml_values.js")
# What libfyaml does not know: an empty item at the end of a list, a key with a colon below a long text.
MISTAKEN = ("did not find expected node content", "invalid multiline plain key")
# What JavaScript's yaml does not know: an escaped line end before an empty line, a comment on a line
# after one that ends in blanks or in a '#', a blank line of a space and a tab, a comment in the first
# column before a closing bracket, or between a key and its value.
MISREAD = re.compile(r"\\\r?\n[ \t]*\r?\n|[# \t]\r?\n[ \t]*#|\n +\t[ \t]*\r?\n"
                     r"|\n#[^\n]*\n(?:[ \t]*(?:#[^\n]*|\r?)\n)*[ \t]*[]}]"
                     r"|:[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*#")

WORDS = ["a", "b", "on", "25%", "no", "x y", "1.5", "http://x", "a#b", "a:b", "-x", "?x", ":x", "~", "é", "😀",
         "a'b", 'a"b', "x-", "--", "...", "---x", "!", "a, b", "a]b", "[", "=", "<", "null", "x\\y"]
QUOTED = WORDS + ["", " ", " a", "a ", "a: b", "a #b", "#", "- a", "{", "]", ",", "a\\", "'", "'' ", "a b  c",
                  "&a", "*a", "%", "@", "`", "---", "a\tb", "\t"]
BREAKS = ["\n", "\n", "\n", "\r\n"]
PIECES = ["\n", "\n\n", "\n  ", "\n ", "\n\t", "  ", " ", "\t", "#", " #", " # c", "# c\n", '"', "'", ":", ": ", " : ", "-", "- ",
          "\n- ", "?", "? ", "\n? ", ",", ", ", "[", "]", "{", "}", "|", ">", "|\n", ">-\n", "|2\n", "|+\n", "|-\n   ",
          "---", "--- ", "\n---\n", "...", "\n...\n", "%YAML 1.2\n", "\r", "\r\n", "\\", "\\n", "\\x41", "\\u00e9",
          "\\/", "\\ ", "\\\n", "\\\t", "\\N", "\\_", "\\L", "\\e", "\\U0001F600", "\ufeff", "\u0085",
          "\u2028", "\u2029", "\u00a0", "a", "b: c", "\nk: v", "\n  k: v", "\n    - v", "!", "&a ", "*a", "<<", "%", "@", "`",
          "\\ud83d\\ude00", "\\ud83d", "\x7f", "\u200b"]


class Grammar:
    """Writes a value of some depth, beginning in the place of the cursor, as lines in column `indent`."""

    def __init__(self, rng):
        self.random, self.pick = rng, rng.choice
        self.width = rng.choice([1, 2, 2, 2, 4])
        self.line = rng.choice(BREAKS)

    def chance(self, probability):
        return self.random.random() < probability

    def end(self):
        """The end of a line: a comment, trailing blanks, blank lines."""
        text = self.pick(["", "", "", "", "", " ", "\t", " # note", "\t# it's \"so\"", " #"])
        text += self.line
        while self.chance(0.1):
            text += self.pick(["", "  ", "\t", "# note", "   # note", "        "]) + self.line
        return text

    def plain(self):
        return self.pick(WORDS)

    def double(self, indent, lines):
        parts = [self.pick(QUOTED).replace("\\", "\\\\").replace('"', '\\"')]
        while self.chance(0.4):
            parts.append(self.pick(["\\n", "\\t", "\\\"", "\\\\", "\\/", "\\x41", "\\u00e9", "\\U0001F600", "\\0", "\\e", "\\ ",
                                    "\\ud83d\\ude00", "\\uD834\\uDD1E", "\\N", "\\_", "\\L", "\\P", "é", " ", "\u2028", "\u0085",
                                    "\u2029"]))
            parts.append(self.pick(QUOTED).replace("\\", "\\\\").replace('"', '\\"'))
            if lines and self.chance(0.3):
                parts.append(self.fold(indent, self.pick(["", "", "\\"])))
        return '"' + "".join(parts) + '"'

    def fold(self, indent, escape):
        text = self.pick(["", "", " ", "\t"]) + escape + self.line
        while self.chance(0.2):
            text += self.pick(["", " " * indent]) + self.line
        return text + " " * (indent + self.pick([0, 0, 1, 3])) + self.pick(["", "", "\t"])

    def single(self, indent, lines):
        text = self.pick(QUOTED).replace("'", "''")
        while lines and self.chance(0.2):
            text += self.fold(indent, "") + self.pick(QUOTED).replace("'", "''")
        return "'" + text + "'"

    def key(self):
        return self.pick([self.plain, self.plain, lambda: self.double(0, False), lambda: self.single(0, False)])()

    def scalar(self, indent, lines=True):
        kind = self.random.random()
        if kind < 0.5:
            text = self.plain()
            while lines and self.chance(0.1):
                text += self.fold(indent, "") + self.pick(WORDS)
            return text
        return self.double(indent, lines) if kind < 0.8 else self.single(indent, lines)

    def flow(self, depth, indent):
        if depth == 0 or self.chance(0.4):
            return self.scalar(indent)
        items = []
        is_map = self.chance(0.5)
        for _ in range(self.pick([0, 1, 1, 2, 3])):
            value = self.flow(depth - 1, indent)
            if is_map:
                value = self.pick(["%s: %s", "%s: %s", "%s : %s", "%s:%s", "? %s : %s"]) % (self.key(), value)
            elif self.chance(0.1):
                value = "%s: %s" % (self.key(), value)
            items.append(value)

        def gap():
            if self.chance(0.8):
                return self.pick(["", " ", " "])
            return self.end() + " " * (indent + self.pick([0, 0, 2]))

        text = gap()
        for number, item in enumerate(items):
            last = number == len(items) - 1
            text += item + self.pick(["", "", " "]) + (self.pick(["", ","]) if last else ",") + gap()
        return ("{%s}" if is_map else "[%s]") % text

    def block_text(self, indent):
        header = self.pick("|>") + self.pick(["", "", "-", "+"]) + self.pick(["", "", " # note"]) + self.line
        if self.chance(0.1):
            header += self.pick(["", " " * indent, " " * (indent + 3)]) + self.line
        text = header
        for _ in range(self.pick([0, 1, 2, 3])):
            text += " " * indent + self.pick(["", "", "", " ", "\t"]) + self.pick(QUOTED) + self.line
            if self.chance(0.2):
                text += self.pick(["", " "]) + self.line
        return text

    def block(self, depth, indent, inline):
        """A value after a key or a dash, with the end of its last line."""
        kind = self.random.random()
        deeper = indent + self.width
        if depth == 0 or kind < 0.3:
            return " " + self.scalar(deeper) + self.end()
        if kind < 0.5:
            return " " + self.flow(depth, deeper) + self.end()
        if kind < 0.6:
            return " " + self.block_text(deeper)
        if kind < 0.65:
            return self.end()
        if inline and self.chance(0.4):
            return " " + self.entries(depth, indent + 2, True)
        return self.end() + self.entries(depth, deeper, False)

    def entries(self, depth, indent, inline):
        is_map = self.chance(0.7)
        text = ""
        for number in range(self.pick([1, 2, 2, 3])):
            begin = "" if inline and number == 0 else " " * indent
            if is_map:
                text += begin + self.key() + self.pick(["", "", "", " "]) + ":" + self.block(depth - 1, indent, False)
            else:
                text += begin + "-" + self.block(depth - 1, indent, True)
        return text

    def document(self):
        text = self.pick(["", "", "", "", "# note\n", "---\n", "--- ", "%YAML 1.2\n---\n", "\ufeff", "\n"])
        if self.chance(0.2):
            return text + self.flow(3, 0) + self.end()
        return text + self.entries(3, 0, False) + self.pick(["", "", "", "...\n", "# end"])


def mutate(rng, text, others):
    """A few small changes of the kind that people and programs make."""
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        at = rng.randint(0, len(text))
        kind = rng.random()
        if kind < 0.4:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif kind < 0.65:
            text = text[:at] + text[at + rng.choice([1, 1, 1, 2, 5]):]
        elif kind < 0.8:
            text = text[:at] + rng.choice(PIECES) + text[at + 1:]
        else:
            lines = text.split("\n")
            line = rng.randrange(len(lines))
            choice = rng.randrange(4)
            if choice == 0:
                lines[line] = " " * rng.choice([1, 2]) + lines[line]
            elif choice == 1:
                lines[line] = lines[line][rng.choice([1, 2]):]
            elif choice == 2:
                del lines[line]
            else:
                lines.insert(line, rng.choice(rng.choice(others).split("\n")))
            text = "\n".join(lines)
    return text


def real_definitions():
    texts = []
    for pattern in ("flags/**/*.yaml", "tests/golden/**/*.yaml", "tests/fuzz/corpus/definitions/*"):
        for path in sorted(glob.glob(os.path.join(TOP, pattern), recursive=True)):
            with open(path, "rb") as file:
                try:
                    texts.append(file.read().decode("utf-8"))
                except UnicodeDecodeError:
                    continue
    return texts


def excerpt(rng, text):
    """Some lines of a definition, with what stands above them at the left."""
    lines = text.split("\n")
    first = rng.randrange(len(lines))
    return "\n".join(lines[first:first + rng.choice([3, 6, 12])])


def make_texts(rng):
    real = real_definitions()
    while True:
        text = Grammar(rng).document() if rng.random() < 0.7 else excerpt(rng, rng.choice(real))
        text = mutate(rng, text, real)
        # Whether the last line of a block has an end that is not there, readers do not agree.
        if not MISREAD.search(text):
            yield text if text.endswith("\n") else text + "\n"


def parse_values(output):
    """Path to events, or to what is said of it where the text is refused."""
    values, current = {}, None
    for line in output.decode("utf-8").split("\n"):
        if line.startswith("/") and line.endswith((" accepted", " refused")):
            path, verdict = line.rsplit(" ", 1)
            current = values[path] = [] if verdict == "accepted" else [verdict]
        elif line:
            current.append(line)
    return values


def our_values(paths):
    """Path to events, of the texts that the compiler accepts."""
    done = subprocess.run([VALUES] + paths, capture_output=True, check=True)
    return {path: events for path, events in parse_values(done.stdout).items() if events != ["refused"]}


def javascript_differences(ours):
    """Where JavaScript's `yaml` refuses a text, or has other values."""
    done = subprocess.run(["node", JAVASCRIPT], input="\n".join(ours).encode(), capture_output=True,
                          check=True, env=dict(os.environ, NODE_PATH="/usr/share/nodejs"))
    theirs = parse_values(done.stdout)
    for path, events in ours.items():
        if theirs[path] != events:
            yield path, theirs[path]


def libfyaml_differences(ours):
    """Where libfyaml refuses a text. Debian 12's goes wrong at texts after a '|' or '>', and has other
    values for quotes, so values are not looked at."""
    for path in ours:
        with open(path, "rb") as file:
            if re.search(b"[|>]", file.read()):
                continue
        done = subprocess.run(["fy-tool", "--testsuite", path], capture_output=True, check=False)
        error = done.stderr.decode("utf-8", "replace").split("\n")[0]
        if done.returncode > 0 and not error.endswith(MISTAKEN):
            yield path, ["refused", error]


def find_differences(oracles):
    """Prints them, and returns how many each of the oracles found, and how many texts were accepted."""
    found, accepted = dict.fromkeys(oracles, 0), 0
    texts = make_texts(random.Random(SEED))
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, CASES, AT_ONCE):
            paths = []
            for text in itertools.islice(texts, min(AT_ONCE, CASES - first)):
                paths.append(os.path.join(folder, "%d.yaml" % len(paths)))
                with open(paths[-1], "wb") as file:
                    file.write(text.encode("utf-8"))
            ours = our_values(paths)
            accepted += len(ours)
            for name, differences in oracles.items():
                for path, theirs in differences(ours):
                    found[name] += 1
                    if found[name] <= MOST_SHOWN:
                        with open(path, "rb") as file:
                            print("# SEED=%d: %r" % (SEED, file.read()))
                        print("#   ours   %s" % ours[path])
                        print("#   theirs %s" % theirs)
    print("# %d texts, %d accepted, SEED=%d" % (CASES, accepted, SEED))
    return found, accepted


def main():
    oracles, missing = {}, []
    if shutil.which("node") and os.path.isdir("/usr/share/nodejs/yaml"):
        oracles["what is read, JavaScript's yaml reads as the same values"] = javascript_differences
    else:
        missing.append(("what is read, JavaScript's yaml reads as the same values", "node-yaml"))
    if shutil.which("fy-tool"):
        oracles["what is read is YAML to libfyaml"] = libfyaml_differences
    else:
        missing.append(("what is read is YAML to libfyaml", "libfyaml-utils"))
    found, accepted = find_differences(oracles) if oracles else ({}, CASES)
    results = [("ok" if not count else "not ok", name) for name, count in found.items()]
    results.append(("ok" if accepted >= CASES / 10 else "not ok", "many of the texts are read"))
    results += [("ok", "%s # SKIP no %s" % pair) for pair in missing]
    for number, (verdict, name) in enumerate(results, 1):
        print("%s %d - %s" % (verdict, number, name))
    print("1..%d" % len(results))
    return any(verdict != "ok" for verdict, _ in results)


sys.exit(main())
