#!/usr/bin/env python3
"""The order of lines, and their split over files, changes no byte of what is printed."""
import gzip
import os
import random

import lab
from lab import SCRATCH, START, canary, decide, equal, finish, ok, project, requests, write

BLOCK = """\
stages: [{name: first, percent: 30%, hold: 1h, min_samples: 100}, {name: full, percent: 100%}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: latency_mean, max: 500ms, action: rollback}
  - {metric: latency_p95, max: 500ms, action: pause}
  - {metric: slowest, max: 5s, action: rollback}
  - {metric: fastest, max: 5s, action: rollback}
  - {metric: newest, max: 5s, action: rollback}
  - {metric: errors_a_second, max: 5, action: rollback}
  - {metric: failing_users, max: 99%, action: rollback}
  - {metric: requests_a_user, max: 100, action: rollback}
  - {metric: wait_a_user, max: 100s, action: rollback}
  - {metric: usual_wait, max: 100s, action: rollback}
  - {metric: worst_wait, max: 100s, over: 10m, min_samples: 1, action: rollback}
  - {metric: last_wait, max: 100s, action: rollback}
  - {metric: usual_wait, max_increase: 50%, action: rollback}
  - {metric: worst_wait, max_increase: 50%, action: rollback}
  - {metric: last_wait, max_increase: 50%, versus: before, on_nodata: ignore, action: alert}
  - {metric: slow_share, max: 100, action: rollback}
  - {metric: latency_mean, max: 500ms, over: 5m, min_samples: 1, action: rollback}
  - {metric: latency_p95, max: 500ms, over: 2m, for: 4, min_samples: 1, action: rollback}
  - {metric: failing_users, max: 99%, over: 10m, min_samples: 1, action: rollback}
  - {metric: error_rate, max_increase: 900%, action: rollback}
  - {metric: error_rate, max_increase: {abs: 50%}, versus: before, on_nodata: ignore, action: alert}
  - {metric: success_rate, min: 1%, confidence: 99%, action: rollback}
  - {metric: latency_mean, max_increase: 50%, action: rollback}
  - {metric: latency_p95, max_increase: 50%, action: rollback}
  - {metric: errors_a_second, max_increase: 900%, action: rollback}
  - {metric: wait_a_user, max_increase: 50%, action: rollback}
  - {metric: slow_share, max_increase: 50%, action: rollback}
"""
directory = project("order", canary(BLOCK))
lines = requests(5000, percent=30, seed=4)
# Times that come twice, and sums that a double does not hold exactly.
for line in lines[::7]:
    line["ts"] = START + 7000 * 1000
reference = decide(directory, write("ordered.ndjson", lines), "--json")
ok(reference.json["verdict"] == "advance", "the_whole_log_advances", reference.out, reference.err)
text = decide(directory, f"{SCRATCH}/ordered.ndjson").out

rng = random.Random(5)
for round in range(4):
    shuffled = lines[:]
    rng.shuffle(shuffled)
    path = write("shuffled.ndjson", shuffled)
    equal(decide(directory, path, "--json").out, reference.out, f"shuffled_{round}_json")
    equal(decide(directory, path).out, text, f"shuffled_{round}_text")

parts = [[], [], []]
for line in lines:
    rng.choice(parts).append(line)
paths = [write(f"part{i}.ndjson", part) for i, part in enumerate(parts)]
equal(decide(directory, *paths, "--json").out, reference.out, "split_over_files")
equal(decide(directory, *reversed(paths), "--json").out, reference.out, "split_in_another_order")
with open(paths[1], "rb") as file:
    piped = decide(directory, paths[2], "-", "requests=" + paths[0], "--json", stdin=file.read())
equal(piped.out, reference.out, "one_part_from_stdin")

with open(f"{SCRATCH}/ordered.ndjson", "rb") as file:
    text_of_log = file.read()
for name, changed in (("crlf", text_of_log.replace(b"\n", b"\r\n")),
                      ("blank_lines", text_of_log.replace(b"\n", b"\n\n")),
                      ("byte_order_mark", b"\xef\xbb\xbf" + text_of_log),
                      ("no_newline_at_the_end", text_of_log[:-1])):
    equal(decide(directory, "-", "--json", stdin=changed).out, reference.out, name)

twice = decide(directory, f"{SCRATCH}/ordered.ndjson", f"{SCRATCH}/ordered.ndjson", "--json").json
equal(twice["input"]["left_out"].get("duplicate"), 5000, "duplicates_by_id_are_dropped_and_counted")
equal(twice["criteria"], reference.json["criteria"], "duplicates_change_no_estimate")
equal(twice["input"]["digest"], reference.json["input"]["digest"], "duplicates_are_not_in_the_digest")

# By any number of threads, of any number of files. Where a log has an id, one thread reads.
directory = project("threads", canary(BLOCK), base=lab.PROJECT.replace("    id: request\n", ""))
lines = requests(36000, percent=30, seed=6, users=3000)
for line in lines[::11]:
    line["ts"] = START + 7000 * 1000
lines[17000]["status"] = "rubbish " * 3
lines[23] = "rubbish"
whole = write("threads.ndjson", lines)
ok(os.path.getsize(whole) > 4 * 10**6, "the_log_is_large_enough_for_threads")
reference = decide(directory, whole, "--threads", "1", "--json")
ok(":24:1: bad line" in reference.err, "a_bad_line_is_shown", reference.err)
for threads in (2, 3, 8):
    got = decide(directory, whole, "--threads", str(threads), "--json")
    equal((got.out, got.err), (reference.out, reference.err), f"{threads}_threads_give_the_same")
for count in range(1, 9):
    paths = [write(f"shard{i}.ndjson", lines[i::count]) for i in range(count)]
    for threads in ("1", "2"):
        equal(decide(directory, *paths, "--threads", threads, "--json").out, reference.out,
              f"{count}_shards_by_{threads}_threads_give_the_same")
rng.shuffle(lines)
with open(write("threads.ndjson", lines), "rb") as file:
    text_of_log = file.read()
equal(decide(directory, "-", "--json", stdin=text_of_log).out, reference.out, "shuffled_and_piped")
equal(decide(directory, "-", "--json", stdin=gzip.compress(text_of_log, 1)).out, reference.out,
      "shuffled_and_packed")
for wrong in ("0", "two", "-1", "2x"):
    got = decide(directory, whole, f"--threads={wrong}")
    ok(got.status == 2 and "--threads is a number from 1 on" in got.err, f"threads_{wrong}", got.err)
finish()
