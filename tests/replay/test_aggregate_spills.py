#!/usr/bin/env python3
"""What does not fit into memory goes to files below $TMPDIR: lines of units that `aggregate` keeps, files that `merge`
cannot have open at once, and stdin. It comes out the same, and nothing stays there."""
import os
import random
import subprocess

import lab
from lab import FFREPLAY, SCRATCH, equal, finish, ok, skip

SEED = int(os.environ.get("SEED", "1"))
rng = random.Random(SEED)
print(f"# SEED={SEED}")
START = 1795165200
METRICS = "".join(f"  m{i}: {{kind: mean, value: v{i}, per: unit, agg: sum, log: outcomes}}\n" for i in range(10))
DEFINITIONS = f"""\
project: {{name: lab, environments: [production], bucket_by: user_id}}
attributes: {{user_id: string}}
logs:
  exposures: {{format: ndjson, time: t, unit: user_id, flag: flag, variant: variant}}
  outcomes: {{format: ndjson, time: t, unit: user_id}}
metrics:
{METRICS}flags:
  button:
    owner: lab
    type: string
    variants: {{blue: blue, green: green}}
    default: blue
    experiment:
      split: {{blue: 50%, green: 50%}}
      control: blue
      primary: m0
      metrics: [{", ".join(f"m{i}" for i in range(1, 10))}]
      state: running
"""
LINES = 300_000  # of some 290 bytes each: more than the 64 MiB that a thread keeps
NOWHERE = os.path.join(SCRATCH, "no", "such", "place")
PLACE = os.path.join(SCRATCH, "place")
os.makedirs(PLACE)
directory = os.path.join(SCRATCH, "project")
os.makedirs(directory)
with open(os.path.join(directory, "flags.yaml"), "w") as file:
    file.write(DEFINITIONS)
exposures = lab.write("exposures.ndjson", [f'{{"t":{START + i},"user_id":"u{i}","flag":"button","variant":"{("blue", "green")[i % 2]}"}}'
                                           for i in range(2000)])
outcomes = [f'{{"t":{START + 3000 + i // 9},"user_id":"u{rng.randrange(2200)}","v{i % 10}":{rng.randrange(999) / 8}}}'
            for i in range(LINES)]
log = lab.write("outcomes.ndjson", outcomes)


def run(*arguments, place=PLACE, stdin=None):
    done = subprocess.run([FFREPLAY, *arguments], capture_output=True, input=stdin, env=dict(os.environ, TMPDIR=place))
    return done.returncode, done.stdout, done.stderr.decode()


def aggregate(*logs, place=PLACE, threads="1"):
    return run("aggregate", "button", *logs, "-C", directory, "-e", "production", "--units", "--threads", threads, place=place)


def rows(file):
    """Without what was read from where."""
    return [row for row in file.splitlines() if not row.startswith((b'{"key":"input/', b'{"key":"~end'))]


pieces = [lab.write(f"outcomes-{i}.ndjson", outcomes[i::8]) for i in range(8)]
parts = []
for place, piece in enumerate(pieces):
    status, out, err = aggregate(f"outcomes={piece}", *([f"exposures={exposures}"] if place == 0 else []), place=NOWHERE)
    if status:
        ok(False, "a_piece_needs_no_place", err)
    parts.append(os.path.join(SCRATCH, f"part-{place}.agg"))
    with open(parts[-1], "wb") as file:
        file.write(out)

status, whole, err = aggregate(f"outcomes={log}", f"exposures={exposures}")
equal((status, err), (0, ""), "more_than_fits_is_aggregated")
status, out, err = aggregate(f"outcomes={log}", f"exposures={exposures}", place=NOWHERE)
ok(status == 2 and "cannot make" in err and NOWHERE in err and not out, "which_takes_a_place", status, err)
equal(os.listdir(PLACE), [], "where_nothing_stays")
status, merged, err = run("merge", *parts, place=NOWHERE)
equal((status, err), (0, ""), "a_few_files_are_merged_without_one")
ok(rows(merged) == rows(whole), "what_did_not_fit_is_what_its_pieces_are")
status, threaded, err = aggregate(f"outcomes={log}", f"exposures={exposures}", threads="4")
ok(status == 0 and rows(threaded) == rows(whole), "threads_change_nothing", err)

# More files than are open at a time; and those that come as stdin.
tiny = []
for number in range(200):
    piece = lab.write("tiny.ndjson", outcomes[number * 3:number * 3 + 3])
    tiny.append(os.path.join(SCRATCH, f"tiny-{number}.agg"))
    with open(tiny[-1], "wb") as file:
        file.write(aggregate(f"outcomes={piece}")[1])
status, many, err = run("merge", *tiny)
ok(status == 0 and not err and os.listdir(PLACE) == [], "two_hundred_files_are_merged", err, os.listdir(PLACE))
together = aggregate(f"outcomes={lab.write('tiny.ndjson', outcomes[:600])}")[1]
ok(rows(many) == rows(together), "as_their_lines_together_are")
status, out, err = run("merge", *tiny, place=NOWHERE)
ok(status == 2 and "cannot make" in err and not out, "so_many_take_a_place", status, err)
stdin = b"".join(open(path, "rb").read() for path in tiny)
status, out, err = run("merge", stdin=stdin)
ok(status == 0 and out == many and os.listdir(PLACE) == [], "stdin_is_the_same", err)
damaged = stdin.replace(b'"lines":3', b'"lines":4', 1)
status, out, err = run("merge", stdin=damaged)
ok(status == 2 and "damaged" in err and not out and os.listdir(PLACE) == [], "a_fault_leaves_nothing_there", err, os.listdir(PLACE))

# What is merged does not grow with what is read: a row of each file is in memory.
child = subprocess.run([
    "/usr/bin/python3", "-c", "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)", FFREPLAY, "merge", *parts], capture_output=True, text=True)
memory, size = int(child.stdout) * 1024, sum(os.path.getsize(path) for path in parts)
if os.environ.get("SANITIZE"):
    skip("merge_takes_less_memory_than_its_files_are_long", "a sanitizer keeps what was freed")
else:
    ok(memory < size, "merge_takes_less_memory_than_its_files_are_long", memory, size)
finish()
