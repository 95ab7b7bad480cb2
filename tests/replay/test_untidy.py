#!/usr/bin/env python3
"""Logs as they come: packed, in pieces, with times of every kind, and with lines that are bad, double, late or cut."""
import datetime
import gzip
import json
import os
import shutil
import subprocess

from golden import golden
from lab import SCRATCH, START, canary, decide, finish, ok, project, requests, skip

BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards:
  - {metric: error_rate, max: 50%, action: rollback}
  - {metric: latency_mean, max: 5s, over: 10m, min_samples: 1, action: pause}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
directory = project("untidy", canary(BLOCK))
tidy = requests(200, seed=9)


def text(lines):
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()


def path_of(name, data):
    path = os.path.join(SCRATCH, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def recorded(name, *logs, **options):
    """What is printed, and behind it what is said of the log."""
    result = decide(directory, *logs, "--json", "--max-bad", "10%", **options)
    ok(result.status == 0, f"{name}_is_decided_on", result.status, result.err)
    golden(f"untidy-{name}", "json", result.out + result.err.replace(SCRATCH, "…"))


def with_times(written):
    return text([dict(line, ts=written(line["ts"], i)) for i, line in enumerate(tidy)])


def in_zone(ms, i):
    zone = datetime.timezone(datetime.timedelta(hours=(i % 25) - 12, minutes=(i % 2) * 30))
    return datetime.datetime.fromtimestamp(ms / 1000, zone).isoformat()


# One log, however it comes: the same is recorded of each.
half = 100
if shutil.which("zstd"):
    zstd = subprocess.run(["zstd", "-c", "-q"], input=text(tidy[half:]), capture_output=True, check=True).stdout
else:
    skip("half_of_a_log_by_zstd", "no zstd: it is packed by gzip")
    zstd = gzip.compress(text(tidy[half:]))
first = path_of("first.gz", gzip.compress(text(tidy[:half])))
second = path_of("second.zst", zstd)
recorded("packed", first, second)
recorded("packed", first, "-", stdin=text(tidy[half:]))
recorded("packed", path_of("plain", text(tidy)))

# Times in every unit a line, and in every zone.
units = (lambda ms: ms / 1000, lambda ms: ms, lambda ms: ms * 1000, lambda ms: ms * 10**6 + 999999)
recorded("times", path_of("times", with_times(lambda ms, i: units[i % 4](ms))))
recorded("offsets", path_of("offsets", with_times(in_zone)))

# A field within another, and one whose name has the dot.
flat = [dict({key: value for key, value in line.items() if key != "geo"}, **{"geo.country": line["geo"]["country"]})
        for line in tidy]
recorded("nested", path_of("nested", text([flat[i] if i % 2 else line for i, line in enumerate(tidy)])))

# Bad lines of every cause: each is counted, and the first of each said with its place.
bad = list(tidy)
bad[120:120] = ["{", "[]", json.dumps(dict(tidy[120], ts="soon")), json.dumps(dict(tidy[121], request_time="1s"))]
bad[50:50] = ["rubbish", json.dumps({key: value for key, value in tidy[50].items() if key != "ts"})]
recorded("bad-lines", path_of("bad", text(bad)))

# The same request twice is one; in what order they come does not matter, nor do lines from before and after.
double = [dict(line, request=f"r{i}") for i, line in enumerate(tidy)]
recorded("duplicates", path_of("double", text(double[:150] + double[100:])))
early = dict(tidy[0], ts=START - 60000, request="early")
recorded("late", path_of("late", text(tidy[150:] + [early] + tidy[:150])))

# A log that is being written to.
recorded("cut", path_of("cut", text(tidy)[:-30]))

finish()
