#!/usr/bin/env python3
"""Clocks that are wrong: one line, or a host of ten, decides nothing. Each spoilt log gives the verdict
of the sound one, or holds, and says what was left out."""
import math
import os
import random
import re
import subprocess

import lab
from lab import (FFREPLAY, HOUR, PROJECT, SCRATCH, START, canary, decide, equal, finish, ok, project, requests,
                 write)

MINUTE = HOUR // 60
BLOCK = """\
stages:
  - {name: first, percent: 20%, hold: 2h}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max: 5%, action: rollback}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
BASE = PROJECT.replace("    id: request\n", "")
directory = project("clocks", canary(BLOCK), BASE)


def at(times, seed=1, errors=0.0):
    """Request lines at these times, whoever asks."""
    rng = random.Random(seed)
    return [{"ts": int(time), "request": f"r{i}", "user_id": f"u{rng.randrange(400)}",
             "geo": {"country": "NO"}, "status": 503 if rng.random() < errors else 200,
             "request_time": 0.1} for i, time in enumerate(times)]


def poisson(rate, length, seed=1):
    """Times at `rate(minutes)` a minute, for so many minutes."""
    rng, time, times = random.Random(seed), 0.0, []
    while True:
        time += rng.expovariate(rate(time))
        if time > length:
            return times
        times.append(START + time * MINUTE)


def minutes(text):
    """What the page says that it is, from the stage's beginning on; and whether it says anything else."""
    found = re.search(r"^  now +2026-11-(\d+)T(\d+):(\d+):(\d+)", text, re.M)
    day, hour, minute, second = map(int, found.groups())
    return ((day - 20) * 24 + hour - 10) * 60 + minute + second / 60


def folded(text):
    return re.sub(r"\s+", " ", text)


def strays(text):
    return [int(count) for count in re.findall(r"(\d+) lines? comes? up to [^:]* after all others", folded(text))]


def look(name, lines, *options, where=None):
    return decide(where or directory, write(f"{name}.ndjson", lines), "--exit-code", *options)


# -------------------------------------------------------------------------- one of ten hosts, ahead

for rate in (600, 60, 10, 2):
    for length, offset in ((15, 120), (15, 26 * 60), (180, 120)):
        if rate * length > 110000 or (rate == 2 and length == 180):
            continue
        times = poisson(lambda _: rate, length, seed=rate)
        name = f"one_of_ten_hosts_{offset // 60}h_ahead_after_{length}m_at_{rate}"
        mutant = [time + (offset * MINUTE if i % 10 == 0 else 0) for i, time in enumerate(times)]
        result = look(name, at(mutant))
        ok(abs(minutes(result.out) - length) < max(2, 64 / rate), f"{name}_do_not_say_what_time_it_is",
           result.out)
        equal(result.status, 10, f"{name}_hold")
        found = strays(result.out)
        true = sum(time > START + (length + 10) * MINUTE for time in mutant)
        ok(found and abs(found[0] - true) <= max(8, 0.1 * rate * 10.5),
           f"{name}_are_counted", found, true)
        sound = look(name + "-sound", at(times))
        ok(abs(minutes(sound.out) - length) < 3 and not strays(sound.out), f"{name}_are_no_others", sound.out)

# ----------------------------------------------------------------------------------------- one line

good = at(poisson(lambda _: 20, 150))
bad = at(poisson(lambda _: 20, 150), errors=0.4)
short = at(poisson(lambda _: 20, 15))
LONE = {
    "three_hours_ahead": [START + 330 * MINUTE],
    "at_the_epoch": [0],
    "at_the_epoch_and_ahead": [0, START + 330 * MINUTE],
    "in_9999": [253402300799000],
    "beyond_9999": [1795168800000000 * 1000],
    "years_behind": [START - 365 * 24 * HOUR],
}
UNIT = BASE.replace("time: ts", "time: {from: ts, unit: ms}")
counted = project("clocks-ms", canary(BLOCK), UNIT)
for name, times in LONE.items():
    stray = at(times)
    for what, lines, status in (("good", good, 0), ("bad", bad, 20), ("short", short, 10)):
        sound = look("sound", lines, "--json", where=counted)
        equal(sound.status, status, f"{what}_log_{name}")
        for place in (0, len(lines) // 2, len(lines)):
            mutant = look("stray", lines[:place] + stray + lines[place:], "--json", where=counted)
            equal([mutant.status] + [mutant.json[key] for key in ("verdict", "rule", "reasons", "criteria")],
                  [status] + [sound.json[key] for key in ("verdict", "rule", "reasons", "criteria")],
                  f"one_line_{name}_at_{place}_of_a_{what}_log_decides_nothing")
            left = mutant.json["input"]["left_out"]
            equal(sum(left.values()), len(times), f"it_is_left_out_{name}_{what}_{place}")
        if any(time > START for time in times):
            ok(any("a clock is wrong" in note for note in mutant.json["health"]["notes"]),
               f"it_is_noted_{name}_{what}", mutant.out)

few = look("few", good + at([START + 330 * MINUTE + i * 20 * MINUTE for i in range(5)]), "--json")
equal((few.status, few.json["input"]["left_out"]), (0, {"after_now": 5}), "few_lines_are_left_out")
many = look("many", good[:300] + at([START + 330 * MINUTE + i * 20 * MINUTE for i in range(9)]), "--json")
equal((many.status, many.json["rule"]), (10, "unhealthy"), "more_than_max_bad_are_unhealthy")
ok("9 lines come up to" in many.json["reasons"][0], "and_counted", many.out)
with open(write("piped.ndjson", good + at([START + 330 * MINUTE])), "rb") as file:
    piped = decide(directory, "-", "--json", "--exit-code", stdin=file.read())
equal((piped.status, piped.json["rule"]), (10, "unhealthy"), "a_pipe_is_not_read_again_so_it_holds")
ok("on a pipe" in piped.json["reasons"][0], "and_says_why", piped.out)
told = look("told", good + at([START + 330 * MINUTE]), "--now", "2026-11-20T15:30:00Z", "--json")
equal(told.json["input"]["left_out"], {}, "now_takes_what_it_is_told")

# ------------------------------------------------------------------------------ what is not wrong

for count in (3, 20, 60):
    lines = at([START + HOUR * i for i in range(count)])
    equal(minutes(look("hourly", lines).out), (count - 1) * 60, f"a_line_an_hour_is_no_stray_{count}")
day = lambda minute: 50 * (0.55 + 0.45 * math.cos(2 * math.pi * (minute / 60 - 3) / 24))
steep = lambda minute: 60 if minute < 600 else max(60 * math.exp(-(minute - 600) / 60), 3)
burst = lambda minute: 400 if 300 < minute < 360 else 30
for name, rate, lengths in (("a_night", day, (480, 720, 900, 1200)),
                            ("an_evening", steep, (630, 660, 720, 840)),
                            ("a_load_test", burst, (330, 372, 390, 420, 540))):
    for length in lengths:
        result = look("usual", at(poisson(rate, length)))
        ok(abs(minutes(result.out) - length) < 4 and not strays(result.out), f"{name}_is_no_stray_{length}",
           result.out)
outage = [time for time in poisson(lambda _: 30, 600) if not 300 < (time - START) / MINUTE < 420]
for length in (423, 430, 480):
    lines = at([time for time in outage if time < START + length * MINUTE])
    result = look("outage", lines)
    ok(abs(minutes(result.out) - length) < 2, f"traffic_that_comes_again_counts_{length}", result.out)
rng = random.Random(3)
sessions = [START + 480 * MINUTE * rng.random() for _ in range(200)]
sessions = sorted(begin + 2 * MINUTE * rng.random() for begin in sessions for _ in range(rng.randrange(1, 30)))
ok(not strays(look("sessions", at(sessions)).out), "sessions_are_no_strays")

# -------------------------------------------------------------------- the same bytes, however it is read

mutant = good + at([0, 0, START + 330 * MINUTE, START + 331 * MINUTE])
reference = look("ordered", mutant).out
for round in range(3):
    random.Random(round).shuffle(mutant)
    path = write("shuffled.ndjson", mutant)
    equal(decide(directory, path).out, reference, f"shuffled_{round}")
    parts = [write(f"part{i}.ndjson", mutant[i::3]) for i in range(3)]
    equal(decide(directory, *parts).out, reference, f"shards_{round}")
big = [dict(line, request_time=0.25, path="/" + "x" * 600) for line in at(poisson(lambda _: 600, 30))]
big += at([START + 330 * MINUTE, START + 332 * MINUTE, 0])
random.Random(9).shuffle(big)
path = write("threads.ndjson", big)
equal(len({decide(directory, path, "--threads", str(count)).out for count in (1, 2, 5)}), 1, "threads")

# ------------------------------------------------------------------------------------ a unit misread

for name, unit, factor, likely in (("us_read_as_ms", "ms", 1000, "us"), ("s_read_as_ms", "ms", 1 / 1000, "s"),
                                   ("ms_read_as_s", "s", 1, "ms"), ("ms_read_as_us", "us", 1, "ms"),
                                   ("ns_read_as_ms", "ms", 1000000, "ns")):
    misread = project(f"misread-{name}", canary(BLOCK), BASE.replace("time: ts", f"time: {{from: ts, unit: {unit}}}"))
    lines = [dict(line, ts=int(line["ts"] * factor)) for line in good]
    result = look(name, lines, "--json", where=misread)
    equal((result.status, result.json["rule"]), (10, "unhealthy"), f"{name}_is_unhealthy")
    ok(f"are in {likely}, not in {unit}" in result.json["reasons"][0], f"{name}_says_the_likely_unit", result.out)
    failing = [dict(line, ts=int(line["ts"] * factor)) for line in bad]
    before = open(os.path.join(misread, "flags.yaml")).read()
    applied = look(name, failing, "--apply", where=misread)
    after = open(os.path.join(misread, "flags.yaml")).read()
    checked = subprocess.run([os.path.join(os.path.dirname(FFREPLAY), "ffc"), "check", "-C", misread], capture_output=True)
    equal(checked.returncode, 0, f"{name}_leaves_definitions_that_compile")
    if factor >= 1 and name != "ms_read_as_us":
        equal(applied.status, 20, f"{name}_stops_no_rollback")
        ok("state: rolled_back" in after, f"{name}_is_applied_at_a_time_that_can_be_written", after)
    ignoring = project(f"ignoring-{name}", canary(BLOCK + "on_unhealthy: ignore\n"),
                       BASE.replace("time: ts", f"time: {{from: ts, unit: {unit}}}"))
    applied = look(name, lines, "--apply", where=ignoring)
    ok("since: 2026-11-20T10:00:00Z" in open(os.path.join(ignoring, "flags.yaml")).read(),
       f"{name}_begins_no_stage_even_where_health_is_ignored", applied.out, applied.err)

finish()
