#!/usr/bin/env python3
"""Bad lines, bad files, and criteria that are not decided by: errors, never a verdict."""
import json
import os
import re

import lab
from lab import SCRATCH, START, canary, decide, equal, finish, ok, project, requests, write

BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: latency_p95, max: 500ms, action: pause}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
directory = project("input", canary(BLOCK))
good = [json.dumps(line) for line in requests(1000)]
path = os.path.join(SCRATCH, "bad.ndjson")


def with_bad(*bad):
    return write("bad.ndjson", good[:500] + list(bad) + good[500:])


def counted(name, cause, place, *bad):
    result = decide(directory, with_bad(*bad), "--json")
    ok(result.status == 0 and result.json["input"]["bad"][cause] == len(bad), f"{name}_is_counted",
       result.status, result.out, result.err)
    ok(result.err.startswith(f"{path}:501:{place}: bad line: "), f"{name}_is_shown_with_its_place",
       result.err)
    equal(result.err.count("bad line"), 1, f"{name}_is_shown_once")
    equal(result.json["input"]["lines"], 1000 + len(bad), f"{name}_counts_as_a_line")
    equal(result.json["input"]["used"], 1000, f"{name}_is_not_used")


counted("text", "unparsable", 1, "GET / HTTP/1.1", "another")
counted("cut_json", "unparsable", 1, good[0][:50])
counted("nan_token", "unparsable", 36, '{"ts":1795168800000,"x":1,"status":NaN}')
counted("an_array", "unparsable", 1, "[1]")
counted("no_time", "no_time", 1, '{"user_id":"u1","status":200}', '{"ts":null,"status":200}')
counted("a_time_that_is_none", "no_time", 9, '{"ts": "yesterday","status":200}')

user = next(line["user_id"] for line in requests(1000))
result = decide(directory, with_bad('{"ts":1795168800000,"user_id":"%s","request_time":"\\u001b[2J1"}' % user))
ok("\x1b" not in result.out + result.err and "'<1B>[2J1'" in result.out, "a_log_cannot_move_the_cursor",
   result.out, result.err)

# What means nothing is no data, not a bad number.
for nothing in ('null', '""', '"-"'):
    line = '{"ts":1795168800000,"user_id":"u1","request":"%s","request_time":%s,"status":200}' \
        % (len(nothing), nothing)
    result = decide(directory, with_bad(line), "--json").json
    equal(("unreadable" in result["criteria"][1], result["input"]["used"]), (False, 1001),
          f"{nothing}_is_absent")
    equal(sum(result["criteria"][0][group]["n"] for group in ("canary", "control")) -
          sum(result["criteria"][1][group]["n"] for group in ("canary", "control")), 1,
          f"{nothing}_is_not_measured")

quoted = [json.dumps(dict(line, status=str(line["status"]), request_time=str(line["request_time"]),
                          ts=str(line["ts"]))) for line in requests(1000)]
as_numbers = decide(directory, write("numbers.ndjson", good), "--json").json["criteria"]
equal(decide(directory, write("quoted.ndjson", quoted), "--json").json["criteria"], as_numbers,
      "quoted_numbers_are_numbers")

# More than --max-bad: no verdict, status 2, whatever else was asked.
many = with_bad(*["rubbish"] * 11)
for options in ([], ["--json"], ["--exit-code"], ["--apply"]):
    result = decide(directory, many, *options)
    equal((result.status, result.out), (2, ""), f"too_many_bad_lines_give_no_verdict_{options}")
ok("11 of 1011 lines of log 'requests' are bad" in result.err and "more than 1%" in result.err,
   "and_say_how_many", result.err)
equal(decide(directory, many, "--max-bad", "2%").status, 0, "max_bad_may_be_raised")
equal(decide(directory, with_bad("rubbish"), "--max-bad", "0").status, 2, "and_lowered_to_none")
equal(decide(directory, with_bad(*["rubbish"] * 10), "--max-bad", "1%").status, 0,
      "just_under_the_limit_is_fine")
cut_off = "\n".join(good)[:-20]
with open(os.path.join(SCRATCH, "cut.ndjson"), "w") as file:
    file.write(cut_off)
result = decide(directory, os.path.join(SCRATCH, "cut.ndjson"), "--json")
equal((result.json["input"]["bad"]["unparsable"], result.json["input"]["left_out"],
       result.json["input"]["lines"]), (0, {"incomplete": 1}, 1000),
      "a_last_line_cut_short_is_left_out_and_not_bad")
ok("cut.ndjson:1000: note: the last line is incomplete" in result.err, "which_is_said", result.err)
equal(decide(directory, os.path.join(SCRATCH, "cut.ndjson"), "--max-bad", "0").status, 0,
      "so_a_log_that_grows_can_be_read")
with open(os.path.join(SCRATCH, "cut.ndjson"), "a") as file:
    file.write("\n")
equal(decide(directory, os.path.join(SCRATCH, "cut.ndjson"), "--json").json["input"]["bad"]["unparsable"],
      1, "with_a_line_end_it_is_bad")

# Files.
empty = write("empty.ndjson", [])
result = decide(directory, empty)
equal((result.status, result.out), (2, ""), "an_empty_log_has_no_now")
result = decide(directory, empty, "--now", "2026-11-20T12:00:00Z", "--json")
equal((result.status, result.json["verdict"], result.json["rule"]), (0, "hold", "nodata"),
      "an_empty_log_with_now_holds")
for name, argument in (("missing", "/nonexistent/log"), ("a_directory", SCRATCH)):
    result = decide(directory, argument)
    ok(result.status == 2 and "cannot read" in result.err and not result.out, f"{name}_is_an_error",
       result.err)
long_line = write("long.ndjson", good + ['{"ts":"' + "x" * (40 << 20) + '"}'])
result = decide(directory, long_line, "--json")
ok(result.status == 0 and result.json["input"]["used"] == 1000, "a_line_of_40_MiB_is_only_bad",
   result.err)

# Times.
for name, ts in (("seconds", lambda ms: ms / 1000), ("microseconds", lambda ms: ms * 1000),
                 ("nanoseconds", lambda ms: ms * 10**6 + 999999)):
    lines = [json.dumps(dict(line, ts=ts(line["ts"]))) for line in requests(1000)]
    equal(decide(directory, write("times.ndjson", lines), "--json").json["criteria"], as_numbers,
          f"times_in_{name}")

# --now in the middle: what comes after it is not used.
result = decide(directory, write("whole.ndjson", good), "--now", "2026-11-20T11:00:00Z", "--json").json
equal((result["input"]["used"], result["input"]["left_out"]), (501, {"after_now": 499}),
      "lines_after_now_are_left_out")

# Command lines.
for name, arguments, status, said in (
        ("no_log", [], 2, "at least one log"),
        ("a_window_of_nothing", [path, "--window", "0s"], 2, "--window"),
        ("a_lateness_of_rubbish", [path, "--lateness", "soon"], 2, "--lateness"),
        ("a_max_bad_of_rubbish", [path, "--max-bad", "120%"], 2, "--max-bad")):
    result = decide(directory, *arguments)
    ok(result.status == status and said in result.err and not result.out, name, result.err)
result = decide(directory, path, flag="canary.chekout")
ok(result.status == 2 and "did you mean 'canary.checkout'?" in result.err, "a_misspelt_flag",
   result.err)
result = decide(directory, path, environment="nowhere")
ok(result.status == 2 and "no environment is called 'nowhere'" in result.err, "an_unknown_environment",
   result.err)
result = decide(directory, "request=" + path)
two_logs = project("two-logs", canary(BLOCK), base=lab.PROJECT.replace(
    "metrics:", "  payments: {format: ndjson, time: ts, context: {user_id: u}}\n\nmetrics:").replace(
        "better:", "log: requests, better:"))
result = decide(two_logs, "request=" + path)
ok(result.status == 2 and "did you mean 'requests'?" in result.err, "a_misspelt_log", result.err)
write("whole.ndjson", good)
result = decide(two_logs, f"requests={SCRATCH}/whole.ndjson", "--json")
equal(result.json["input"]["used"], 1000, "a_named_log_is_read")

# Flags without a canary.
others = project("others", "flags:\n  plain: {percent: 10%}\n  test:\n    variants: {a: true, b: false}\n"
                 "    default: b\n    experiment:\n      split: {a: 50%, b: 50%}\n      control: b\n")
result = decide(others, path, flag="plain")
ok(result.status == 2 and "no canary in environment 'production'" in result.err, "no_canary",
   result.err)
result = decide(others, path, flag="test")
ok(result.status == 2 and "it is an experiment" in result.err, "an_experiment", result.err)
result = decide(others, path, "--all", flag=None)
ok(result.status == 0 and "no canary is running" in result.out, "all_of_none", result.out, result.err)

# Without a `logs:` section, the lines have OpenTelemetry's names.
exposures = [json.dumps({"time": START + i * 1000, "feature_flag.key": "canary.checkout",
                         "feature_flag.result.variant": "on" if i % 3 == 0 else "off",
                         "feature_flag.context.id": f"u{i % 50}", "status": 500 if i == 3 else 200})
             for i in range(900)]
exposures += [json.dumps({"time": START, "feature_flag": {"key": "another", "result": {"variant": "x"}}})]
base = lab.PROJECT[:lab.PROJECT.index("logs:")] + "metrics:\n" \
    "  error_rate: {kind: proportion, of: {status: {gte: 500}}}\n" \
    "  latency_p95: {kind: proportion, per: unit, of: {status: {gte: 500}}}\n"
default_log = project("default-log", canary(BLOCK.replace("500ms", "5%")), base=base)
result = decide(default_log, write("exposures.ndjson", exposures), "--json")
ok(result.status == 0, "a_project_without_logs_reads_exposures", result.err)
equal([criterion["canary"] for criterion in result.json["criteria"]],
      [{"n": 300, "estimate": 1 / 300}, {"n": 50, "estimate": 1 / 50}], "and_measures_them")
equal(result.json["input"]["left_out"], {"other_flag": 1}, "and_knows_whose_they_are")

windows = BLOCK.replace("max: 5%,", "max: 5%, over: 7d,")
result = decide(project("windows", canary(windows)), path)
ok(result.status == 1 and "give a longer --window" in result.err, "too_many_windows", result.err)
result = decide(project("broken", canary(BLOCK) + "  oops: {percentt: 5%}\n"), path)
ok(result.status == 1 and "percentt" in result.err and not result.out, "definitions_with_errors",
   result.err)
finish()
