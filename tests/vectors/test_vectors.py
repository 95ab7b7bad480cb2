#!/usr/bin/python3
"""The published bucketing vectors are what XXH3 and the written-out mix give, and cover what they must."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PUBLISHED = os.path.join(HERE, "..", "..", "docs", "bucketing-vectors.tsv")
number = 0
failed = False


def ok(holds, name):
    global number, failed
    number += 1
    failed |= not holds
    print(f"{'ok' if holds else 'not ok'} {number} - {name}")


made = subprocess.run([os.path.join(HERE, "make_vectors.py")], capture_output=True, check=True).stdout
with open(PUBLISHED, "rb") as file:
    published = file.read()
ok(made == published, "the file is what the script makes")

rows = [line.split("\t") for line in published.decode().splitlines() if not line.startswith("# ")]
ok(len(rows) >= 100, f"there are at least 100 vectors ({len(rows)})")
ok(all(len(row) == 5 for row in rows), "every row has five columns")
lengths = {int(row[2]) for row in rows}
ok({0, 1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241} <= lengths, "every path of XXH3 is taken")
ok(max(lengths) > 1024, "the longest spans two blocks")
ok(any(not row[1].isascii() for row in rows), "some keys are not ASCII")
ok(all(len(row[1].encode()) == int(row[2]) for row in rows), "the lengths are in bytes")
ok(all(row[3] == row[4] == "-" for row in rows if not row[1]), "an empty key has no bucket")
rows = [row for row in rows if row[1]]
ok(all(int(row[3], 16) == int(row[4]) for row in rows), "both forms are one number")

ffc = os.environ.get("FFC", "")
if os.access(ffc, os.X_OK):
    # Without those that a command line or a line of output would mistake.
    plain = [row for row in rows if row[1] and row[0] and not row[1].startswith("-")][:60]
    wrong = []
    for salt, key, _, hexadecimal, _ in plain:
        run = subprocess.run([ffc, "bucket", "--salt", salt, key], capture_output=True, text=True)
        if run.returncode or hexadecimal not in run.stdout.lower():
            wrong.append((salt, key, run.stdout + run.stderr))
    for salt, key, output in wrong[:3]:
        print(f"# {salt!r} {key!r}: {output!r}")
    ok(not wrong, "ffc bucket prints the same")
else:
    number += 1
    print(f"ok {number} - ffc bucket prints the same # SKIP there is no ffc")
print(f"1..{number}")
sys.exit(failed)
