#!/usr/bin/env python3
"""Every metric kind against a separate computation of it, assignment included: figures to the bit
where they are exact, within the accuracy where they are sketched."""
import collections
import math

from lab import START, bucket, canary, decide, equal, exposed, finish, ok, project, requests, write

NOW = START + 2 * 3600 * 1000 - 1440
BLOCK = """\
stages: [{name: first, percent: 30%, hold: 1h, if: {segment: nordic}}, {name: full, percent: 100%}]
state: running
stage: first
since: 2026-11-20T10:15:00Z
guards:
  - {metric: error_rate, max: 5%}
  - {metric: latency_mean, max: 500ms}
  - {metric: latency_p95, max: 500ms}
  - {metric: slowest, max: 5s}
  - {metric: fastest, max: 5s}
  - {metric: newest, max: 5s}
  - {metric: errors_a_second, max: 5}
  - {metric: failing_users, max: 99%}
  - {metric: requests_a_user, max: 100}
  - {metric: wait_a_user, max: 100s}
  - {metric: usual_wait, max: 100s}
  - {metric: worst_wait, max: 100s}
  - {metric: last_wait, max: 100s}
  - {metric: slow_share, max: 100}
  - {metric: error_rate, max: 5%, over: 5m, min_samples: 1}
  - {metric: latency_mean, max: 500ms, over: 90s, min_samples: 1}
  - {metric: errors_a_second, max: 5, over: 20m, min_samples: 1}
  - {metric: latency_mean, max: 500ms, for: 4, min_samples: 1}
  - {metric: latency_mean, max: 500ms, over: 1m, for: 3, min_samples: 1}
"""
lines = requests(5000, percent=30, errors=0.05, canary_errors=0.03, seed=11)
for i, line in enumerate(lines):
    if i % 40 == 0:
        line["request_time"] = None
    if i % 90 == 0:
        del line["user_id"]
    if i % 33 == 0:
        line["user_id"] = "listed"
directory = project("measures", canary(BLOCK, "users: {on: [listed]}"))
result = decide(directory, write("measures.ndjson", lines), "--json")
criteria = result.json["criteria"]
begin = START + 15 * 60 * 1000

# -------------------------------------------------------------------------- who is in which group

groups = {"canary": [], "control": []}
left_out = {"before_stage": 0, "no_key": 0, "not_in_audience": 0, "users": 0}
for line in lines:
    if line["ts"] < begin:
        left_out["before_stage"] += 1
    elif line.get("user_id") == "listed":
        left_out["users"] += 1
    elif line["geo"]["country"] not in ("NO", "SE"):
        left_out["not_in_audience"] += 1
    elif "user_id" not in line:
        left_out["no_key"] += 1
    else:
        groups["canary" if exposed(line["user_id"], "canary.checkout", 30) else "control"].append(line)
equal(result.json["input"]["left_out"], left_out, "left_out")
equal(result.json["input"]["used"], sum(map(len, groups.values())), "used")
ok(min(map(len, groups.values())) > 300, "both_groups_are_large")

# ------------------------------------------------------------------------------------ the metrics


def latencies(events):
    return [event["request_time"] * 1000 for event in events if event["request_time"] is not None]


def failed(events):
    return [event for event in events if event["status"] >= 500]


def users(events):
    return {event["user_id"] for event in events}


def mean(events):
    values = latencies(events)
    return len(values), math.fsum(values) / len(values)


def quantile(events):
    values = sorted(latencies(events))
    return len(values), values[int(0.95 * (len(values) - 1))]


def newest(events):
    measured = [event for event in events if event["request_time"] is not None]
    last = max(event["ts"] for event in measured)
    return len(measured), max(latencies(event for event in measured if event["ts"] == last))


def ratio(events):
    measured = [event for event in events if event["request_time"] is not None]
    return len(measured), math.fsum(latencies(measured)) / sum(e["status"] for e in measured)


def per_user(events, total):
    measured = [event for event in events if event["request_time"] is not None]
    return len(users(measured)), total(measured) / len(users(measured))


def of_users(events, value):
    """The mean over users of a value of each one's lines, rounded once."""
    measured = collections.defaultdict(list)
    for event in events:
        if event["request_time"] is not None:
            measured[event["user_id"]].append(event)
    return len(measured), math.fsum(value(lines) for lines in measured.values()) / len(measured)


def last_of(lines):
    newest = max(line["ts"] for line in lines)
    return max(latencies(line for line in lines if line["ts"] == newest))


whole = (NOW - begin) / 1000
EXPECTED = {
    "error_rate": lambda e: (len(e), len(failed(e)) / len(e)),
    "latency_mean": mean,
    "latency_p95": quantile,
    "slowest": lambda e: (len(latencies(e)), max(latencies(e))),
    "fastest": lambda e: (len(latencies(e)), min(latencies(e))),
    "newest": newest,
    "errors_a_second": lambda e: (len(e), len(failed(e)) / whole),
    "failing_users": lambda e: (len(users(e)), len(users(failed(e))) / len(users(e))),
    "requests_a_user": lambda e: per_user(e, len),
    "wait_a_user": lambda e: per_user(e, lambda m: math.fsum(latencies(m))),
    "usual_wait": lambda e: of_users(e, lambda lines: math.fsum(latencies(lines)) / len(lines)),
    "worst_wait": lambda e: of_users(e, lambda lines: max(latencies(lines))),
    "last_wait": lambda e: of_users(e, last_of),
    "slow_share": ratio,
}
equal(NOW, max(line["ts"] for line in lines), "now_is_the_latest_line")
for criterion in criteria[:len(EXPECTED)]:
    name = criterion["metric"]
    for group, events in groups.items():
        n, estimate = EXPECTED[name](events)
        got = criterion[group]
        equal(got["n"], n, f"{name}_{group}_n")
        if name == "latency_p95":
            ok(abs(got["estimate"] - estimate) <= 0.01 * estimate, f"{name}_{group}_within_1_percent",
               got["estimate"], estimate)
        elif name == "usual_wait":  # a unit's sum is kept to 2^-48
            ok(abs(got["estimate"] - estimate) <= 1e-12 * estimate, f"{name}_{group}_all_but_to_the_bit",
               got["estimate"], estimate)
        else:
            equal(got["estimate"], estimate, f"{name}_{group}_to_the_bit")

# ------------------------------------------------------------------------------------ the windows

WIDTH = 10000


def between(first, end):
    return [event for event in groups["canary"] if first <= event["ts"] < end]


def overlapping(over):
    """The aligned windows that overlap the time up to now."""
    first = (NOW - over + 1) // WIDTH * WIDTH
    return between(first, NOW + 1), (NOW + 1 - first) / 1000


windowed = criteria[len(EXPECTED):]
events, _ = overlapping(300000)
equal(windowed[0]["canary"], {"n": len(events), "estimate": len(failed(events)) / len(events)},
      "over_5m")
events, _ = overlapping(90000)
equal(windowed[1]["canary"], dict(zip(("n", "estimate"), mean(events))), "over_90s")
events, seconds = overlapping(1200000)
equal(windowed[2]["canary"], {"n": len(events), "estimate": len(failed(events)) / seconds},
      "rate_over_20m")
# The newest complete window with data; complete is what ended a minute ago.
complete = [event for event in groups["canary"] if event["request_time"] is not None and
            event["ts"] // WIDTH * WIDTH + WIDTH <= NOW - 60000]
newest_window = max(event["ts"] for event in complete) // WIDTH * WIDTH
equal(windowed[3]["canary"],
      dict(zip(("n", "estimate"), mean(between(newest_window, newest_window + WIDTH)))),
      "newest_complete_window")
end = newest_window + WIDTH
equal(windowed[4]["canary"], dict(zip(("n", "estimate"), mean(between(end - 60000, end)))),
      "the_minute_that_ends_with_it")
ok(bucket("u1", "a") != bucket("u1", "b"), "salts_make_other_buckets")
finish()
