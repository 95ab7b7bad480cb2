#!/usr/bin/env python3
"""Of records with the same id the first in the file counts, however many threads read it."""
import gzip
import json
import os
import random
from datetime import datetime, timezone

from lab import SCRATCH, START, canary, decide, equal, finish, ok, project

LINES = 40000
PROJECT = """\
project: {name: lab, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
logs:
  requests: {%s, variant: variant, id: request}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
"""
FLAG = canary("""\
serve: on
stages: [{name: first, percent: 20%}, {name: full, percent: 100%}]
guards:
  - {metric: error_rate, max: 5%, action: rollback}
state: running
stage: first
since: 2026-11-20T10:00:00Z
""")


def generate():
    """Each copy says something else than the first, and may be far from it; some have no time, and
    are no record that a later one could be a copy of."""
    rng = random.Random(7)
    lines, sound = [], []
    for i in range(LINES):
        line = {"ts": START + 100 * i, "request": f"r{rng.getrandbits(48):x}-{i}",
                "variant": rng.choice(["on", "off"]), "status": rng.choice([200, 200, 503])}
        chance = rng.random()
        if chance < 0.01:
            line["request"] = ""
        elif chance < 0.05 and sound:
            distance = rng.choice([1, 2, 9, 300, 5000, 20000])
            line["request"] = sound[-min(distance, len(sound))]
        if rng.random() < 0.002:
            line["ts"] = "?"
        else:
            sound.append(line["request"])
        lines.append(line)
    return lines


def truth(lines):
    seen, groups, duplicates = set(), {"on": [0, 0], "off": [0, 0]}, 0
    for line in lines:
        if line["ts"] == "?":
            continue
        if line["request"] and line["request"] in seen:
            duplicates += 1
            continue
        seen.add(line["request"])
        groups[line["variant"]][0] += 1
        groups[line["variant"]][1] += line["status"] >= 500
    return {name: errors / count for name, (count, errors) in groups.items()}, duplicates


def compact(line):
    return json.dumps(line, separators=(",", ":"))


def iso(line):
    return datetime.fromtimestamp(line["ts"] / 1000, timezone.utc).isoformat() if line["ts"] != "?" else "?"


def in_csv(line, i):
    note = '"a note\nof two lines, with ""quotes"""' if i % 5000 == 77 else "none"
    return f"{line['ts']},{note},{line['request']},{line['variant']},{line['status']}\n"


def in_cri(line, i):
    text, time = compact(line), "2026-11-20T10:00:00.000000001Z"
    if i % 3000 < 4:
        return f"{time} stdout P {text[:20]}\n{time} stdout F {text[20:]}\n"
    return f"{time} stdout F {text}\n"


def in_logfmt(line, _):
    request = f"request={line['request']} " if line["request"] else ""
    return f"ts={line['ts']} {request}variant={line['variant']} status={line['status']} msg=\"a b\"\n"


def in_iis(line, i):
    """Columns change within the file."""
    columns = ["date-time", "request", "variant", "status"]
    if i // 7000 % 2:
        columns.reverse()
    head = f"#Fields: {' '.join(columns)}\n" if i % 7000 == 0 else ""
    values = {"date-time": iso(line), **{name: line[name] or "-" for name in columns[1:3]},
              "status": line["status"], "request": line["request"] or "-", "variant": line["variant"]}
    return head + " ".join(str(values[name]) for name in columns) + "\n"


lines = generate()
(shares, duplicates) = truth(lines)
bad = sum(line["ts"] == "?" for line in lines)
ok(duplicates > 1000 and bad > 40, "the_log_has_copies_and_bad_lines", duplicates, bad)

for name, log, write, head in (
        ("ndjson", "format: ndjson, time: ts", lambda line, _: compact(line) + "\n", ""),
        ("csv", "format: csv, time: ts", in_csv, "ts,note,request,variant,status\n"),
        ("cri", "format: ndjson, time: ts, wrap: cri", in_cri, ""),
        ("logfmt", "format: logfmt, time: ts", in_logfmt, ""),
        ("w3c", "format: w3c, time: date-time", in_iis, "")):
    directory = project(name, FLAG, PROJECT % log)
    data = (head + "".join(write(line, i) for i, line in enumerate(lines))).encode()
    for packed, content in (("", data), (".gz", gzip.compress(data, 1))):
        path = os.path.join(SCRATCH, f"{name}.log{packed}")
        with open(path, "wb") as file:
            file.write(content)
        outputs = [decide(directory, path, "--json", "--max-bad", "1%", "--threads", threads).out
                   for threads in ("1", "2", "3", "7")]
        if not ok(len(set(outputs)) == 1 and outputs[0], f"{name}{packed}_is_the_same_with_any_threads"):
            continue
        result = json.loads(outputs[0])
        criterion = result["criteria"][0]
        equal((criterion["canary"]["estimate"], criterion["control"]["estimate"]), (shares["on"], shares["off"]),
              f"{name}{packed}_counts_the_first_of_each")
        equal((result["input"]["left_out"]["duplicate"], result["input"]["bad"]["no_time"]), (duplicates, bad),
              f"{name}{packed}_counts_the_others")
finish()
