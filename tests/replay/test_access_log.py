#!/usr/bin/env python3
"""A real access log, without a word about flags in it: who was in the canary is worked out again from
the client's address. Counts and sums agree with a separate computation."""
import collections
import datetime
import os
import re

from lab import TOP, decide, equal, exposed, finish, ok, skip

LOG = os.path.join(TOP, "..", "shared", "data", "apache_access.log")
PROJECT = os.path.join(TOP, "tests", "replay", "access-log")
QUOTED = r'"((?:[^"\\]|\\.)*)"'
PATTERN = re.compile(r"(\S+) \S+ .+? \[([^]]+)\] %s (\d+|-) (\d+|-) %s %s$" % ((QUOTED,) * 3))

if not os.path.exists(LOG):
    skip("access_log", f"{LOG} is not there")
    finish()

counts, errors, sizes = (collections.Counter() for _ in range(3))
times, bad = [], []
with open(LOG) as file:
    for number, line in enumerate(file, 1):
        match = PATTERN.match(line)
        if not match:
            bad.append(number)
            continue
        address, time, _, status, size, _, _ = match.groups()
        group = "canary" if exposed(address, "canary.image-cache", 50) else "control"
        counts[group] += 1
        errors[group] += int(status) >= 500
        sizes[group] += 0 if size == "-" else int(size)
        times.append(datetime.datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z"))

result = decide(PROJECT, LOG, "--json", flag="canary.image-cache")
ok(result.status == 0, "it_is_decided", result.err)
verdict = result.json
error_rate, mean_bytes = verdict["criteria"][:2]
for group in ("canary", "control"):
    equal(error_rate[group]["n"], counts[group], f"requests_in_{group}")
    equal(error_rate[group]["estimate"], errors[group] / counts[group], f"error_rate_in_{group}")
    equal(mean_bytes[group]["estimate"], sizes[group] / counts[group], f"mean_bytes_in_{group}")
ok(0 < counts["canary"] < counts["control"] * 2, "both_groups_are_there")
equal(verdict["input"]["lines"], len(times) + len(bad), "lines")
equal(verdict["input"]["used"], len(times), "every_good_line_is_used")
# One line of the log ends in the middle of its user agent.
equal((len(bad), verdict["input"]["bad"]), (1, {"unparsable": 1, "no_time": 0}),
      "the_line_that_was_cut_short_is_counted")
ok(f"apache_access.log:{bad[0]}:" in result.err, "and_shown_with_its_place", result.err)


def rfc3339(time):
    return time.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


equal((verdict["input"]["first"], verdict["input"]["last"]),
      (rfc3339(min(times)), rfc3339(max(times))), "first_and_last")
finish()
