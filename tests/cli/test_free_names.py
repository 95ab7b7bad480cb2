#!/usr/bin/env python3
"""Names with blanks, slashes, quotes of other scripts and emoji, in every command."""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unicodedata

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
FFREPLAY = os.environ.get("FFREPLAY", f"{TOP}/build/ffreplay")
CANARY = "Neuer Checkout/“v2” 🚀"
SPLIT = "日本語: «b» #1"
PROJECT = """
project: {name: shop, environments: [dev], bucket_by: User ID}
attributes: {User ID: string, "geo: country": string}
segments:
  "Beta «testers» 🚀": {if: {"geo: country": [NO, "a b"]}}
logs:
  web: {format: ndjson, time: ts, unit: u, flag: flag, variant: variant, context: {User ID: u}}
metrics:
  errors: {kind: proportion, of: {status: {gte: 500}}}
flags:
  Neuer Checkout/“v2” 🚀:
    variants: {"True": true, camelCase off: false}
    default: camelCase off
    canary:
      serve: "True"
      stages: [{name: half, percent: 50%, hold: 1m}, {name: all, percent: 100%}]
      guards: [{metric: errors, max: 50%}]
      state: pending
  "日本語: «b» #1":
    type: string
    variants: {"Null": a, "~": b, "1.0": c, "{x}": d}
    default: "Null"
    rules:
      - {name: "On for NA/50+: «b»", if: {segment: "Beta «testers» 🚀", flag: {Neuer Checkout/“v2” 🚀: camelCase off}}, serve: "~"}
      - {split: {"1.0": 50%, "{x}": 50%}}
  plain: {percent: 50%}
tests:
  - {flag: "日本語: «b» #1", context: {"geo: country": "NO"}, expect: {variant: "~", rule: "On for NA/50+: «b»"}}
"""


def run(*arguments, program=FFC):
    return subprocess.run([program, *arguments], capture_output=True, text=True, cwd=directory, check=False,
                          env={**os.environ, "FFC_ACTOR": "me", "NO_COLOR": "1"})


def answer(flag, context, *more):
    made = run("eval", flag, "-e", "dev", "--json", "-c", json.dumps(context), *more)
    try:
        found = json.loads(made.stdout)
        return [found["value"], found["variant"]]
    except ValueError:
        return made.stdout + made.stderr


def definitions():
    with open(f"{directory}/flags/a.yaml", encoding="utf-8") as file:
        return file.read()


directory = tempfile.mkdtemp(prefix="ffc-names-")
os.mkdir(f"{directory}/flags")
with open(f"{directory}/flags/a.yaml", "w", encoding="utf-8") as file:
    file.write(PROJECT)

made = run("check")
ok(made.returncode == 0 and "warning" not in made.stdout, "such names are sound", made.stdout + made.stderr)
made = run("test")
ok(made.returncode == 0, "definition tests name them", made.stdout + made.stderr)
got = answer(SPLIT, {"geo: country": "a b"})
ok(got == ["b", "~"], "eval answers by them", got)
made = run("eval", SPLIT, "-e", "dev", "--json", "-c", json.dumps({"geo: country": "NO"}))
ok('"rule":"On for NA/50+: «b»"' in made.stdout, "and by the name of the rule", made.stdout + made.stderr)
made = run("trace", SPLIT, "-e", "dev", "-c", json.dumps({"geo: country": "NO"}))
ok("segment Beta «testers» 🚀" in made.stdout and f"flag {CANARY} serves" in made.stdout, "trace explains with them",
   made.stdout + made.stderr)
made = run("list", "-e", "dev", "Neuer Checkout/*", "*«b»*")
ok(CANARY in made.stdout and SPLIT in made.stdout and "plain" not in made.stdout, "globs select them", made.stdout)
lines = [line for line in made.stdout.splitlines() if line]
# An emoji and a character of Chinese or Japanese take two columns.
second = [re.match(r".*?\S {2,}(?=\S)", line)[0] for line in lines]
wide = [len(start) + sum(ord(c) > 0x2E80 for c in start) for start in second]
ok(len(set(wide)) == 1 and len(wide) == 3, "columns line up behind wide characters", made.stdout)

made = run("fmt")
made = run("check")
ok(made.returncode == 0 and answer(SPLIT, {"geo: country": "NO"}) == ["b", "~"], "fmt keeps them", definitions())

made = run("build", "-e", "dev", "-o", "live.ffs")
dump = run("dump", "live.ffs").stdout
ok("On for NA/50+: «b»" in dump, "so does it the name of a rule", dump)
ok(made.returncode == 0 and all(n in dump for n in (CANARY, SPLIT, "variant ~", "geo: country")), "a snapshot holds them",
   made.stderr + dump)
made = run("verify", "live.ffs")
ok(made.returncode == 0, "verify accepts the snapshot", made.stdout + made.stderr)

made = run("canary", "start", CANARY, "-e", "dev", "--reason", "go", "--at", "2026-11-30T06:00:00Z")
ok(made.returncode == 0 and "state: running" in definitions(), "canary start finds it", made.stderr)
made = run("canary", "advance", CANARY, "-e", "dev", "--reason", "go", "--from", "all")
told = made.stderr.split("ffc canary advance ")[-1].split(" --reason")[0]
ok(shlex.split(told) == [CANARY, "--from", "half"], "a command that a message tells is one to copy", made.stderr)
made = run("history", program=FFREPLAY)
ok(CANARY in made.stdout, "the ledger has it", made.stdout + made.stderr)

for variant in ("Null", "~", "1.0", "{x}"):
    made = run("rollback", SPLIT, "-e", "dev", "--serve", variant, "--segment", "Beta «testers» 🚀", "--reason", "x",
               "--build", "live.ffs")
    got = answer(SPLIT, {"geo: country": "NO"})[1]
    ok(made.returncode == 0 and got == variant, f"an override serves '{variant}' to a segment", [made.stderr, got])
    names = [name for name in os.listdir(f"{directory}/flags/overrides") if name.endswith(".yaml")]
    made = run("rollback", "--lift", names[0][: -len(".yaml")], "--reason", "x", "--build", "live.ffs")
    ok(made.returncode == 0 and answer(SPLIT, {"geo: country": "NO"})[1] == "~", "and is lifted", made.stderr)

for variant in ("~", "1.0", "{x}", "Null"):
    made = run("set", SPLIT, f"default={variant}", "--reason", "x")
    ok(made.returncode == 0 and answer(SPLIT, {})[1] == variant, f"set makes '{variant}' the default", made.stdout + made.stderr)


def log(name, flag, variants):
    with open(f"{directory}/{name}", "w", encoding="utf-8") as out:
        for i in range(600):
            out.write(json.dumps({"ts": f"2026-11-30T06:{10 + i // 60:02}:{i % 60:02}Z", "u": f"u{i}", "flag": flag,
                                  "variant": variants[i % len(variants)], "status": 200}, ensure_ascii=i % 2 == 0) + "\n")


def by_variant(name, flag):
    made = run("metrics", name, "--flag", flag, "-e", "dev", "--by", "variant", "--format", "prometheus", program=FFREPLAY)
    counts = {}
    for line in made.stdout.splitlines():
        if line.startswith('ffreplay_lines_total{by="variant"'):
            counts[line.split('variant="')[-1].split('"')[0]] = int(line.split()[-1])
    return counts


log("a.ndjson", CANARY, ["True", "camelCase off", "camelcase off"])
got = by_variant("a.ndjson", CANARY)
ok(got == {"True": 200, "camelCase off": 200, "": 200}, "a logged variant is the one with that name and case", got)
made = run("decide", CANARY, "a.ndjson", "-e", "dev", program=FFREPLAY)
ok("200 lines name a variant that the flag does not have, as 'camelcase off'" in made.stdout,
   "what no variant is called is said", made.stdout + made.stderr)
log("b.ndjson", "plain", [True, "True", "on", False, "FALSE", "ON"])
got = by_variant("b.ndjson", "plain")
ok(got == {"on": 300, "off": 200, "": 100}, "a boolean flag's value stands for its variant", got)
log("c.ndjson", CANARY, [True, "true", "True", "false"])
got = by_variant("c.ndjson", CANARY)
ok(got == {"True": 450, "camelCase off": 150}, "also where variants have other names", got)

with open(f"{directory}/flags/b.yaml", "w", encoding="utf-8") as file:
    file.write("flags: {Neuer checkout/“v2” 🚀: {serve: on}}\n")
made = run("check")
ok(made.returncode == 0 and "[FF0135]" in made.stdout + made.stderr, "two names that differ in case are a warning",
   made.stdout + made.stderr)
composed = [chr(c) for first, last in ((0xC0, 0x17F), (0x1A0, 0x1F5), (0x400, 0x4F9), (0x1E00, 0x1EFF), (0x304B, 0x30FF))
            for c in range(first, last + 1) if re.match(r"\w+ \w+$", unicodedata.decomposition(chr(c)))]
missed = []
for first in range(0, len(composed), 20):
    spellings = [(f"x{i}{c}", f"x{i}{unicodedata.normalize('NFD', c)}") for i, c in enumerate(composed[first : first + 20])]
    with open(f"{directory}/flags/b.yaml", "w", encoding="utf-8") as file:
        file.write("flags:\n" + "".join(f"  {name}: {{serve: on}}\n" for pair in spellings for name in pair))
    made = run("check")
    missed += [one for one, other in spellings if f"'{other}' differs from '{one}'" not in made.stdout + made.stderr]
ok(len(composed) > 500 and not missed, "both encodings of an accent look alike", [len(composed), missed])
with open(f"{directory}/flags/b.yaml", "w", encoding="utf-8") as file:
    file.write("flags: {Gr\ufffdn: {serve: on}}\n")
made = run("check")
ok(made.returncode == 1 and "U+FFFD is a lost character" in made.stdout + made.stderr, "what an encoding has lost is no name",
   made.stdout + made.stderr)
longest = "ü" * 64
for name, sound in ((longest, True), (longest + "x", False), ("a" * 128, True), ("a" * 129, False)):
    with open(f"{directory}/flags/b.yaml", "w", encoding="utf-8") as file:
        file.write(f"flags: {{{name}: {{serve: on}}}}\n")
    made = run("check")
    ok((made.returncode == 0) == sound and sound != ("[FF0125]" in made.stdout + made.stderr),
       f"a name of {len(name.encode())} bytes is {'sound' if sound else 'too long'}", made.stderr)
sys.exit(finish())
