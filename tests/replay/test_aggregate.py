#!/usr/bin/env python3
"""Logs in pieces: each is aggregated, the aggregates are merged in any order, and what is decided on them is what
is decided on the logs, byte for byte. Whatever is no whole of the same is refused, with the reason.

Runs: first."""
import json
import os
import random
import re
import subprocess

import lab
from hostile_rows import ROUNDS, hostile_row, sealed
from lab import FFREPLAY, HOUR, PROJECT, SCRATCH, START, canary, decide, equal, finish, ok, project, requests, write

SEED = int(os.environ.get("SEED", "1"))
rng = random.Random(SEED)
print(f"# SEED={SEED}")
BASE = re.sub(r".*(per: unit|id: request).*\n", "", PROJECT)
PROJECT_UNITS = r".*per: unit.*\n"
UNIT_CRITERIA = r".*metric: (failing_users|requests_a_user|.*_wait|wait_.*),.*\n"
BY = ["--by", "variant", "--by", "window,variant", "--by", "stage", "--by", "status,geo.country"]
BLOCK = """\
stages:
  - {name: first, percent: 20%, hold: 1h, min_samples: 10}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: error_rate, max: 20%, over: 5m, action: rollback}
  - {metric: latency_p95, max: 400ms, for: 3, action: pause}
  - {metric: latency_mean, max: 400ms, action: pause}
  - {metric: slowest, max: 1000ms, action: alert}
  - {metric: fastest, min: 1ms, action: alert}
  - {metric: newest, max: 1000ms, over: 1m, action: alert}
  - {metric: slow_share, max: 1000, action: alert}
  - {metric: errors_a_second, max: 1000, action: alert}
  - {metric: never, max: 1, on_nodata: ignore, action: alert}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""


class Command:
    def __init__(self, *arguments, stdin=b""):
        done = subprocess.run([FFREPLAY, *arguments], input=stdin, capture_output=True)
        self.status, self.err = done.returncode, done.stderr.decode()
        self.out = done.stdout if arguments[0] in ("aggregate", "merge") else done.stdout.decode()


def aggregate(directory, *arguments, stdin=b"", environment="production"):
    return Command("aggregate", "canary.checkout", "-C", directory, "-e", environment, *arguments, stdin=stdin)


def file_of(name, content):
    path = os.path.join(SCRATCH, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def dealt(lines, count):
    """The lines in so many pieces, at random."""
    pieces = [[] for _ in range(count)]
    for line in lines:
        rng.choice(pieces).append(line)
    return pieces


def text_of(lines):
    return "".join((line if isinstance(line, str) else json.dumps(line, separators=(",", ":"))) + "\n"
                   for line in lines).encode()


def merged_at_random(files, name):
    """By any tree of merges."""
    files, number = list(files), 0
    while len(files) > 1:
        rng.shuffle(files)
        count = rng.randrange(2, len(files) + 1)
        path, number = os.path.join(SCRATCH, f"{name}-{number}.agg"), number + 1
        done = Command("merge", *files[:count], "-o", path)
        if done.status:
            return done.err
        files = [path, *files[count:]]
    return open(files[0], "rb").read()


def placeless(text):
    """Without the places of values, which are those in the pieces, and the line breaks that follow from them."""
    found = re.sub(r"\s+at\s+\S+:\d+", " at PLACE", text)
    return re.sub(r"\s+", " ", found) if found != text else text


def round_trip(directory, lines, name, *options, pieces=7, units=False):
    """Decides on the lines, and on merged aggregates of random pieces of them."""
    log = write(f"{name}.ndjson", lines)
    files = []
    for number, piece in enumerate(dealt(lines, pieces)):
        done = aggregate(directory, "-", *BY, *(["--units"] if units else []), stdin=text_of(piece))
        if done.status:
            return ok(False, name, done.err)
        files.append(file_of(f"{name}-{number}-piece.agg", done.out))
    whole = merged_at_random(files, name)
    if isinstance(whole, str):
        return ok(False, name, whole)
    same = all(merged_at_random(files, f"{name}-again") == whole for _ in range(3))
    merged = file_of(f"{name}.agg", whole)
    details = [] if same else ["another order gave other bytes"]
    metrics = ["metrics", "--flag", "canary.checkout"]
    for question in (["decide", "canary.checkout", "--exit-code", "--json"], ["decide", "canary.checkout", "--exit-code"],
                     ["health", "canary.checkout", "--exit-code"], ["health", "canary.checkout", "--format", "text"],
                     [*metrics, *BY, "--json"], [*metrics, *BY, "--format", "csv", "--top", "2"], metrics):
        options_of = [] if question[0] == "metrics" else options
        asked = [*question, "-C", directory, "-e", "production", *options_of]
        on_logs, on_aggregates = Command(*asked, log), Command(*asked, "--from", merged)
        if (placeless(on_logs.out), on_logs.status) != (placeless(on_aggregates.out), on_aggregates.status):
            details += [question, on_logs.out, on_logs.err, on_aggregates.out, on_aggregates.err]
    return ok(not details, name, *details)


directory = project("aggregates", canary(BLOCK), BASE)
sound = requests(3000)

# ---------------------------------------------------------------------------------------------- verdicts
round_trip(directory, sound, "a_canary_that_advances")
round_trip(directory, requests(3000, canary_errors=0.2), "one_that_is_rolled_back")
round_trip(directory, requests(3000, canary_latency=1.0), "one_that_is_paused")
round_trip(directory, requests(300, length=HOUR // 4), "one_that_is_held", pieces=3)
round_trip(directory, requests(9), "a_handful_of_lines", pieces=20)
round_trip(directory, requests(3000, percent=60), "units_that_are_too_many")
round_trip(directory, requests(3000, users=200000), "units_that_come_once")
unreadable = [dict(line, request_time="slow") if i % 20 == 0 else line for i, line in enumerate(sound)]
round_trip(directory, unreadable, "values_that_cannot_be_read")
round_trip(directory, [dict(line, user_id=[1]) for line in sound], "keys_that_cannot_be_read")
round_trip(directory, [{k: v for k, v in line.items() if k != "status"} for line in sound], "a_field_that_no_line_has")
round_trip(directory, sound + ["no json"] * 5, "a_few_bad_lines")
round_trip(directory, sound + [{"user_id": "u1"}] * 500, "too_many_lines_without_a_time")
round_trip(directory, requests(3000, start=START - HOUR), "lines_from_before_the_stage")
round_trip(directory, sound, "another_time", "--now", "2026-11-20T13:00:00Z")
numbers = [dict(line, request_time=rng.choice([1e-300, 5e-324, 1e300, -1e16, 0.1, 0, -0.0])) for line in sound]
round_trip(directory, numbers, "numbers_of_every_size")

served = BASE.replace("    context: {user_id: user_id, country: geo.country}\n",
                      "    flag: flag\n    variant: variant\n")
logged = project("logged", canary(BLOCK), served)
named = [dict(line, flag="canary.checkout", variant="on" if lab.exposed(line["user_id"], "canary.checkout", 20)
              else "off") for line in sound]
round_trip(logged, named, "variants_that_are_logged")
round_trip(logged, [dict(line, variant="purple") if i % 7 == 0 else line for i, line in enumerate(named)],
           "variants_that_the_flag_does_not_have")
round_trip(logged, [dict(line, flag="another") if i % 3 == 0 else line for i, line in enumerate(named)],
           "lines_about_another_flag")

# ------------------------------------------------------------------------------------------------ by unit
BOUNDS = """\
stages:
  - {name: first, percent: 20%, hold: 1h, min_samples: 10}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max_increase: {abs: 5%}, action: rollback}
  - {metric: error_rate, max_increase: {abs: 5%}, versus: before, action: alert}
  - {metric: latency_p95, max_increase: 50%, action: pause}
  - {metric: latency_mean, max_increase: 50%, action: pause}
  - {metric: latency_mean, max_increase: 50%, versus: before, action: alert}
  - {metric: slow_share, max_increase: 50%, action: alert}
  - {metric: errors_a_second, max_increase: 50%, action: alert}
  - {metric: failing_users, max: 50%, over: 5m, action: pause}
  - {metric: failing_users, max_increase: {abs: 20%}, action: alert}
  - {metric: requests_a_user, max_increase: 50%, action: pause}
  - {metric: wait_a_user, max_increase: 50%, action: pause}
  - {metric: usual_wait, max_increase: 50%, action: pause}
  - {metric: worst_wait, max_increase: 50%, action: pause}
  - {metric: last_wait, max: 5000, confidence: 95%, action: pause}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
by_unit = project("by-unit", canary(BOUNDS), PROJECT.replace("    id: request\n", ""))
since = START - HOUR // 2
round_trip(by_unit, requests(3000, start=since), "bounds_over_units", units=True)
round_trip(by_unit, requests(3000, start=since, canary_errors=0.3), "that_are_beyond", units=True)
round_trip(by_unit, requests(2000, start=since, users=1500), "of_many_units", units=True, pieces=12)
round_trip(by_unit, [dict(line, request_time=rng.choice([1e-9, 1e11, 1e300, -2.5, 0])) for line in requests(2000, start=since)],
           "and_numbers_too_large_for_them", units=True)
whole_units = re.sub(PROJECT_UNITS, "", PROJECT.replace("    unit: user_id\n", ""))
round_trip(project("no-units", canary(re.sub(UNIT_CRITERIA, "", BOUNDS)), whole_units.replace("    id: request\n", "")),
           requests(3000, start=since), "bounds_over_events")

# ------------------------------------------------------------------------------------------- the file itself
pieces = [file_of(f"part-{i}.agg", aggregate(directory, "-", stdin=text_of(piece)).out)
          for i, piece in enumerate(dealt(sound, 5))]
alone = open(pieces[0], "rb").read()
equal(Command("merge", pieces[0]).out, alone, "one_file_is_merged_to_itself")
whole = merged_at_random(pieces, "whole")
equal(Command("merge", stdin=b"".join(open(p, "rb").read() for p in pieces)).out, whole,
      "files_after_one_another_on_stdin_are_merged")
threads = [aggregate(directory, write("threads.ndjson", sound), "--threads", str(n)).out for n in (1, 2)]
equal(threads[0], threads[1], "threads_make_no_difference")
several = decide(directory, "--from", pieces[0], *(word for p in pieces[1:] for word in ("--from", p)), "--json")
equal(several.out, decide(directory, "--from", file_of("whole.agg", whole), "--json").out,
      "several_files_are_merged_on_the_way")
equal(decide(directory, "--from", *pieces, "--json").out, several.out, "operands_are_more_of_them")
many = [file_of(f"tiny-{i}.agg", aggregate(directory, "-", stdin=text_of([line])).out)
        for i, line in enumerate(sound[:140])]
equal(re.sub(rb"(?m)^.*(input/|~end).*\n", b"", Command("merge", *many).out),
      re.sub(rb"(?m)^.*(input/|~end).*\n", b"", aggregate(directory, "-", stdin=text_of(sound[:140])).out),
      "hundreds_of_pieces_of_a_line_are_the_whole")
empty = aggregate(directory, "-")
equal(Command("merge", file_of("empty.agg", empty.out), file_of("whole.agg", whole)).out, whole,
      "a_piece_without_lines_changes_nothing")

# ------------------------------------------------------------------------------------------ map and reduce
log = write("map.ndjson", sound)
script = (f"split -n l/5 --filter='{FFREPLAY} aggregate canary.checkout - -C {directory} -e production' {log} | "
          f"{FFREPLAY} merge -o {SCRATCH}/reduced.agg")
done = subprocess.run(["sh", "-c", script], capture_output=True)
equal(decide(directory, "--from", f"{SCRATCH}/reduced.agg", "--json").out, decide(directory, log, "--json").out,
      "a_pipe_of_split_maps_and_reduces")
for number, piece in enumerate(dealt(sound, 6)):
    write(f"xargs-{number}.log", piece)
script = (f"cd {SCRATCH} && printf '%s\\n' xargs-*.log | xargs -P 2 -I% {FFREPLAY} aggregate canary.checkout % "
          f"-C {directory} -e production -o %.agg && {FFREPLAY} merge xargs-*.agg -o xargs.all")
done = subprocess.run(["sh", "-c", script], capture_output=True)
equal(decide(directory, "--from", f"{SCRATCH}/xargs.all", "--json").out, decide(directory, log, "--json").out,
      "so_does_xargs")


# ----------------------------------------------------------------------------------------- what is refused
def refused(done, expected, name):
    ok(done.status != 0 and not done.out and re.search(expected, re.sub(r"\s+", " ", done.err)), name,
       done.status, done.err)


refused(Command("merge", pieces[0], pieces[0]), "are of the same lines .* would count twice", "a_piece_twice")
refused(Command("merge", pieces[0], file_of("both.agg", Command("merge", *pieces[:2]).out)),
        "are of the same lines", "a_piece_that_was_merged_before")
ok(Command("merge", "--allow-repeated", pieces[0], pieces[0]).status == 0, "unless_it_is_asked_for")
other = project("other", canary(BLOCK.replace("5%", "6%")), BASE)
elsewhere = file_of("other.agg", aggregate(other, "-", stdin=text_of(sound[:9])).out)
refused(Command("merge", pieces[0], elsewhere), "not parts of one whole: 'definitions' differs", "other_definitions")
refused(decide(directory, "--from", elsewhere), "made by other definitions than these", "and_by_decide")
staging = file_of("staging.agg", aggregate(directory, "-", stdin=text_of(sound[9:20]), environment="staging").out)
refused(Command("merge", pieces[0], staging), "'environment' differs", "another_environment")
refused(decide(directory, "--from", staging), "of environment 'staging', not of 'production'", "and_by_decide")
refused(decide(directory, "--from", pieces[0], "--window", "1m"), "another --window or --settle", "another_window")
refused(Command("metrics", "--flag", "canary.checkout", "-C", directory, "-e", "production", "--by", "status", "--from",
                pieces[0]), "are not --by status", "metrics_by_what_was_not_aggregated")
refused(Command("metrics", "--flag", "canary.checkout", "-C", directory, "-e", "production", "--since", "7d", "--from",
                pieces[0]), "are of all their lines", "metrics_of_a_time")
refused(aggregate(by_unit, "-"), "metric 'error_rate' is judged by how much units differ", "bounds_that_need_units")
refused(decide(directory, "--from", pieces[0], "--lateness", "1h"), "--lateness was another", "another_lateness")
refused(decide(directory, "--from", pieces[0], "--now", "2026-11-20T10:30:00Z"), "lines later than 2026-11-20T10:30",
        "lines_later_than_now")
ids = project("ids", canary(BLOCK), PROJECT)
with_ids = [file_of(f"ids-{i}.agg", aggregate(ids, "-", stdin=text_of(piece)).out)
            for i, piece in enumerate(dealt(sound, 2))]
refused(Command("merge", *with_ids), "names an 'id'", "logs_with_an_id")
distinct = [file_of(f"distinct-{i}.agg", aggregate(ids, "-", "--distinct-ids", stdin=text_of(piece)).out)
            for i, piece in enumerate(dealt(sound, 2))]
equal(decide(ids, "--from", *distinct, "--json").out, decide(ids, write("ids.ndjson", sound), "--json").out,
      "unless_no_id_is_in_two")

strays = sound[:-10] + [dict(line, ts=line["ts"] + 12 * HOUR) for line in sound[-10:]]
late = [file_of(f"late-{i}.agg", aggregate(directory, "-", stdin=text_of(piece)).out)
        for i, piece in enumerate(dealt(strays, 4))]
done = decide(directory, "--from", *late, "--json")
refused(done, "from a wrong clock, which cannot be taken out", "lines_of_a_wrong_clock")
now = re.search(r"--now (\S+)", done.err)[1]
cut = [file_of(f"cut-{i}.agg", aggregate(directory, "-", "--now", now, stdin=text_of(piece)).out)
       for i, piece in enumerate(dealt(strays, 4))]
equal(decide(directory, "--from", *cut, "--json").out, decide(directory, write("strays.ndjson", strays), "--json").out,
      "are_left_out_with_the_time_that_is_named")

# -------------------------------------------------------------------------------------------------- rubbish
rows = alone.splitlines(True)
refused(decide(directory, "--from", file_of("cut.agg", b"".join(rows[:-1]))), "cut.agg:\\d+: .*cut off", "a_file_without_end")
refused(Command("merge", file_of("cut.agg", alone[:-30])), "cut.agg:\\d+: .*cut off", "within_a_line")
refused(Command("merge", file_of("more.agg", alone + rows[1])), "more after its last row", "a_file_with_more")
refused(Command("merge", file_of("order.agg", b"".join([rows[0], rows[2], rows[1], *rows[3:]]))),
        "order.agg:3: its rows are not in order", "rows_that_are_not_sorted")
refused(Command("merge", file_of("log.agg", text_of(sound))), "log.agg:1: this is no file of aggregates", "a_log")
refused(Command("merge", file_of("nothing.agg", b"")), "empty", "an_empty_file")
refused(Command("merge", os.path.join(SCRATCH, "no-such.agg")), "no-such.agg: No such file", "no_file")
refused(Command("merge", file_of("next.agg", alone.replace(b'"format_version":1', b'"format_version":2'))),
        "version 2; this ffreplay reads 1", "a_later_format")

unit_rows = aggregate(by_unit, "-", "--units", *BY, stdin=text_of(requests(60, start=since, users=20))).out.splitlines()[:-1]
equal(sealed(unit_rows).splitlines()[-1], aggregate(by_unit, "-", "--units", *BY, stdin=text_of(
    requests(60, start=since, users=20))).out.splitlines()[-1], "the_checksum_is_as_documented")
crashes = []
for number in range(ROUNDS):
    rows = list(unit_rows)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(rows))
        rows[at] = hostile_row(rows[at], rng)
    path = file_of("hostile.agg", sealed(rows))
    for asked in (["merge", path], ["decide", "canary.checkout", "-C", by_unit, "-e", "production", "--from", path],
                  ["health", "canary.checkout", "-C", by_unit, "-e", "production", "--from", path],
                  ["metrics", "--flag", "canary.checkout", "-C", by_unit, "-e", "production", *BY, "--from", path]):
        done = Command(*asked)
        if done.status not in (0, 1, 2) or done.status and not done.err:
            crashes.append((number, asked[0], done.status, done.err[:500]))
ok(not crashes, "hostile_rows_crash_nothing", crashes[:3], len(crashes))


def sample_of(first):
    """As many units as a sample may have, whose hashes begin with as many zeros as there can be."""
    units = {f"{0:016x}{first + i:016x}": "1" for i in range(1 << 16)}
    return sealed([rows[0], json.dumps({"key": "canary/canary.checkout", "shares": {"halvings": 63, "units": units}}).encode()])


rows = alone.splitlines()
refused(Command("merge", file_of("sample-a.agg", sample_of(0)), file_of("sample-b.agg", sample_of(1 << 16))),
        "units that cannot be so many", "samples_that_cannot_be_halved_any_more")

crashes, passed = [], 0
for number in range(ROUNDS):
    damaged = bytearray(alone)
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randrange(len(damaged))
        damaged[at] ^= 1 << rng.randrange(8)
    path = file_of("damaged.agg", bytes(damaged))
    done = Command("merge", path) if number % 2 else decide(directory, "--from", path)
    passed += done.status == 0
    if done.status not in (0, 1, 2) or done.status and not done.err:
        crashes.append((number, done.status, done.err))
ok(not crashes and passed == 0, "flipped_bits_are_noticed", crashes[:3], passed)
finish()
