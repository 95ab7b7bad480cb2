#!/usr/bin/env python3
"""From a percentage to a split, and back: who moves, of 20,000 units, each evaluated before and after."""
import json
import os
import subprocess
import sys
import tempfile

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", os.path.join(TOP, "build", "ffc"))
UNITS = 20000
PROJECT = "project: {name: p, environments: [e], bucket_by: user_id}\nattributes: {user_id: string}\n"
THEME = "type: string, variants: {light: l, dark: d, blue: b}, default: light"


with tempfile.TemporaryDirectory(prefix="ffc-keep-") as scratch:
    contexts = os.path.join(scratch, "contexts.ndjson")
    with open(contexts, "w") as file:
        file.writelines(json.dumps({"user_id": f"u{i}"}) + "\n" for i in range(UNITS))

    def served(flag):
        """The variant of each unit."""
        with open(os.path.join(scratch, "a.yaml"), "w") as file:
            file.write(PROJECT + f"flags:\n  theme: {{{flag}}}\n")
        run = subprocess.run([FFC, "eval", "theme", "-C", scratch, "-e", "e", "--contexts", contexts, "--json"],
                             capture_output=True, text=True, check=True)
        return [json.loads(line)["variant"] for line in run.stdout.splitlines()]

    def moved(before, after):
        return sum(a != b for a, b in zip(before, after))

    percent = served("percent: 25%")
    plain = served("split: {on: 25%, off: 75%}")
    lost = sum(a == "on" and b == "off" for a, b in zip(percent, plain))
    ok(0.7 < lost / percent.count("on") < 0.8, "a plain split takes a percentage from three quarters of its units", lost)
    ok(moved(percent, served("split: {on: 25%, off: 75%}, keep: exposure")) == 0, "keep moves nobody")
    ok(moved(percent, served("rules: [{split: {on: 25%, off: 75%}, keep: exposure}]")) == 0, "nor does it in a rule")
    ok(moved(served("percent: 0.125%"), served("split: {on: 0.125%, off: 99.875%}, keep: exposure")) == 0,
       "nor at a small share")
    ok(moved(percent, served("split: {on: 25%, off: 75%}, keep: exposure, environments: {e: {percent: 25%, serve: on}}"))
       == 0, "nor the way back, in an environment")
    ok(moved(plain, served("percent: 25%, salt: theme/split")) == 0, "the salt of a split moves nobody back")

    dark = served(f"{THEME}, serve: dark, percent: 25%")
    for name, flag in (("keep", "split: {dark: 25%, blue: 30%, light: 45%}, keep: exposure"),
                       ("a rule before the split", "rules: [{serve: dark, percent: 25%}, {split: {light: 60%, blue: 40%}}]"),
                       ("keep with a greater share", "split: {dark: 40%, blue: 30%, light: 30%}, keep: exposure")):
        three = served(f"{THEME}, {flag}")
        ok(all(b == "dark" for a, b in zip(dark, three) if a == "dark"), f"{name} leaves it to all who had it")
        share = 0.4 if "greater" in name else 0.25
        ok(abs(three.count("dark") / UNITS - share) < 0.02, f"{name} gives it to as many as it says", three.count("dark"))
        ok(abs(three.count("blue") / UNITS - 0.3) < 0.02, f"{name} gives the others their shares", three.count("blue"))

    with open(os.path.join(scratch, "a.yaml"), "w") as file:
        file.write(PROJECT + "flags:\n  theme: {split: {on: 25%, off: 75%}, keep: exposure}\n"
                   "  other: {split: {on: 25%, off: 75%}}\n"
                   "tests:\n  - {flag: theme, environment: e, expect_share: {on: 25%, off: 75%}}\n")

    def output(*arguments):
        return subprocess.run([FFC, *arguments, "-C", scratch], capture_output=True, text=True, check=False).stdout

    ok("of a split that keeps a percentage by user_id" in output("trace", "theme", "-e", "e", "-c", '{"user_id": "u1"}'),
       "trace says that a split keeps a percentage")
    ok("kept split" in output("list"), "list does, too", output("list"))
    ok("that keeps" not in output("trace", "other", "-e", "e", "-c", '{"user_id": "u1"}'), "of no other")
    ok(output("test").count("\nok") == 1, "ffc test judges its shares")
    snapshot = os.path.join(scratch, "e.ffs")
    output("build", "-e", "e", "-o", snapshot)
    dump = subprocess.run([FFC, "dump", snapshot], capture_output=True, text=True, check=True).stdout
    ok(dump.count("of salt") == 1, "dump shows whose salt it is", dump)

sys.exit(finish())
