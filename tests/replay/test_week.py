#!/usr/bin/env python3
"""A week in the life of a flag whose percentage moved five times: past days' counts stay what they were."""
import calendar
import json
import os
import random
import subprocess
import time

from lab import FFREPLAY, SCRATCH, TOP, equal, exposed, finish, ok, project, write

FFC = os.environ.get("FFC", os.path.join(TOP, "build", "ffc"))
DAY = 86400000
START = 1795132800000  # 2026-11-20T00:00:00Z
BASE = """\
project: {name: lab, environments: [production], bucket_by: user_id%s}
attributes: {user_id: string}
logs: {requests: {format: ndjson, time: ts, unit: user_id, context: {user_id: user_id}}}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}, better: lower}}
"""
PERCENTS = [5, 10, 40, 25, 60, 100]  # of days 0 and 1, 2, 3, 4, 5, 6


def flags(percent):
    return ("flags:\n  page:\n    owner: web\n    environments:\n      production:\n        rules:\n"
            f"          - {{name: some, percent: {percent}%}}\n")


def percent_of(day):
    return PERCENTS[max(0, day - 1)]


rng = random.Random(8)
lines = [{"ts": START + day * DAY + 3600000 + i * 60000, "user_id": f"u{rng.randrange(900)}", "status": 200}
         for day in range(7) for i in range(1000)]
log = write("week.ndjson", lines)


def truth(day):
    return sum(exposed(line["user_id"], "page", percent_of(day)) for line in lines
               if START + day * DAY <= line["ts"] < START + (day + 1) * DAY)


def counted(directory, *arguments):
    """Lines that were served the flag, by day."""
    source = [] if "--from" in arguments else [log]
    done = subprocess.run([FFREPLAY, "metrics", *source, "-C", directory, "-e", "production", "--flag", "page", "--by",
                           "variant,window", "--window", "24h", "--json", *arguments], capture_output=True, text=True)
    found = json.loads(done.stdout)
    days = [0] * 7
    for group in found["groups"]:
        if group["by"].get("variant") == "on":
            day = (milliseconds(group["by"]["window"]) - START) // DAY
            days[day] += group["lines"]
    return days, found["assignment"], done.stderr


def milliseconds(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000


directory = project("week", flags(PERCENTS[0]), base=BASE % ", archive: archive")
record = os.path.join(directory, "archive", "production", "publications.ndjson")
seen = []
for move, percent in enumerate(PERCENTS):
    with open(os.path.join(directory, "flags.yaml"), "w") as file:
        file.write(flags(percent))
    subprocess.run([FFC, "build", "-C", directory, "-e", "production", "-o", os.path.join(SCRATCH, "live.ffs")], check=True,
                   capture_output=True)
    # Published at the midnight that began the day, and not now.
    with open(record) as file:
        entries = [json.loads(line) for line in file]
    entries[-1]["time"] = f"2026-11-{20 + (move + 1 if move else 0):02}T00:00:00Z"
    with open(record, "w") as file:
        file.write("".join(json.dumps(entry) + "\n" for entry in entries))
    days, assignment, error = counted(directory)
    seen.append(days)
    last = move + 1
    equal(days[:last + 1], [truth(day) for day in range(last + 1)], f"move {move}: each day as it was served")
    equal((assignment["served"], assignment["assumed"]), (7000, 0), f"move {move}: by the archive")
for move in range(1, len(PERCENTS)):
    equal(seen[move][:move + 1], seen[-1][:move + 1], f"what the days before move {move} were, they stay")

# Without a record, the past is only assumed: and where the ledger knows of an edit, that is said.
bare = project("bare", flags(5), base=BASE % "")
days, assignment, error = counted(bare)
equal((assignment["served"], assignment["assumed"], error), (0, 7000, ""), "nothing is recorded, and nobody edited")
done = subprocess.run([FFC, "set", "page", "-C", bare, "-e", "production", "40%", "--reason", "more", "--actor", "me"],
                      capture_output=True, text=True)
days, assignment, error = counted(bare)
ok("'page' was edited at " in " ".join(error.split()) and "not recorded what was served before" in " ".join(error.split()),
   "that percentages are assumed is said", done.stderr, error)
equal((assignment["assumed"], assignment["before_edit"]), (7000, 7000), "and counted, in the result too")
page = subprocess.run([FFREPLAY, "metrics", log, "-C", bare, "-f", "page", "-e", "production"], capture_output=True, text=True).stdout
ok("7000 of them from before it was edited" in " ".join(page.split()), "and on the page", page)
aggregates = os.path.join(SCRATCH, "bare.agg")
done = subprocess.run([FFREPLAY, "aggregate", "page", log, "-C", bare, "-e", "production", "--window", "24h", "--by", "variant,window", "-o", aggregates], capture_output=True, text=True)
days, again, error = counted(bare, "--from", aggregates)
equal(again, assignment, "and in aggregates")

# A field that no line has.
slip = project("slip", flags(5), base=BASE.replace("status: {gte", "stauts: {gte") % "")
done = subprocess.run([FFREPLAY, "metrics", log, "-C", slip], capture_output=True, text=True)
ok("errors: no line of log 'requests' has 'stauts'" in " ".join(done.stdout.split()), "metrics names a field that no line has",
   done.stdout)
done = subprocess.run([FFREPLAY, "metrics", log, "-C", slip, "--json"], capture_output=True, text=True)
equal(json.loads(done.stdout)["absent"], {"errors": "no line of log 'requests' has 'stauts'"}, "in JSON, too")

# What init writes is recorded by itself, and kept out of git.
fresh = os.path.join(SCRATCH, "fresh")
subprocess.run([FFC, "init", fresh], check=True, capture_output=True)
subprocess.run([FFC, "build", "-C", fresh, "-e", "production", "-o", os.path.join(SCRATCH, "fresh.ffs")], check=True,
               capture_output=True)
archive = os.path.join(fresh, "archive")
ok(os.path.exists(os.path.join(archive, "production", "publications.ndjson")), "a new project records what it publishes")
with open(os.path.join(archive, ".gitignore")) as file:
    ok(file.read().endswith("*\n"), "which git leaves out")
finish()
