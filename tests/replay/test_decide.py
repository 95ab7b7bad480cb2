#!/usr/bin/env python3
"""Every branch of the verdict on small generated logs: JSON and text against golden files.

UPDATE=1 records what is printed; read it before committing it."""
import re

import lab
from golden import golden
from lab import START, canary, decide, equal, finish, ok, project, requests, write

STAGES = """\
stages:
  - {name: first, percent: 20%, hold: 1h, min_samples: 100}
  - {name: second, percent: 50%, hold: 1h}
  - {name: full, percent: 100%}
"""
GUARDS = """\
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: latency_p95, max: 500ms, action: pause}
  - {metric: success_rate, min: 90%, action: alert}
  - {metric: slowest, max: 2s, action: investigate}
"""
RUNNING = "state: running\nstage: first\nsince: 2026-11-20T10:00:00Z\n"

well = write("well.ndjson", requests(2000))
failing = write("failing.ndjson", requests(2000, canary_errors=0.3))
slow = write("slow.ndjson", requests(2000, canary_latency=0.6))
alarming = write("alarming.ndjson", requests(2000, canary_errors=0.15))
in_canary = next(f"u{i}" for i in range(100) if lab.exposed(f"u{i}", "canary.checkout", 20))
worst = write("worst.ndjson", requests(2000) + [dict(requests(1, seed=9)[0], user_id=in_canary,
              request_time=2.5, ts=START + 5000, request="worst")])
ahead = write("ahead.ndjson", requests(400, length=600 * 1000) +
              [dict(line, request=f"ahead{i}", ts=START + 10**12 + i)
               for i, line in enumerate(requests(3, seed=8))])
short = write("short.ndjson", requests(400, length=600 * 1000))
few = write("few.ndjson", requests(200))
elsewhere = write("elsewhere.ndjson", requests(500, start=START - 3 * 3600 * 1000))


def hash_of(line):
    return lab.bucket(line["user_id"], "lost") % 256


def logged(lines, variant):
    """The same lines, saying who was in which variant, and about which flag: `variant` of the
    line's number, or None for the right one."""
    for i, line in enumerate(lines):
        right = "on" if lab.exposed(line["user_id"], "canary.checkout", 20) else "off"
        line["feature_flag"] = {"key": "canary.checkout", "variant": variant(i) or right}
    return lines


SAYS_VARIANT = "    flag: feature_flag.key\n    variant: feature_flag.variant\n"


def with_variant(base):
    return base.replace("    unit: user_id\n", "    unit: user_id\n" + SAYS_VARIANT)


named = write("named.ndjson", logged(requests(1000), lambda i: None))
unknown = write("unknown.ndjson",
                logged(requests(1000), lambda i: "purple" if i % 100 == 7 else None))
switching = write("switching.ndjson", logged(requests(1000), lambda i: "on" if i % 5 == 0 else "off"))
lost = write("lost.ndjson", [line for line in requests(6000, users=3000) if
             not (lab.exposed(line["user_id"], "canary.checkout", 20) and hash_of(line) < 64)])

# name, canary block, log, options, exit status with --exit-code
BRANCHES = [
    ("advance", STAGES + GUARDS + RUNNING, well, [], 0),
    ("hold-time", STAGES + GUARDS + RUNNING, short, [], 10),
    ("clock-ahead", STAGES + GUARDS.replace("5%", "50%") + RUNNING, ahead, [], 10),
    ("clock-ahead-by-now", STAGES + GUARDS + RUNNING.replace("first", "full"), ahead,
     ["--now", "2026-11-20T10:10:00Z"], 0),
    ("insufficient", STAGES + GUARDS + RUNNING, few, [], 10),
    ("nodata", STAGES + GUARDS + RUNNING, elsewhere, ["--now", "2026-11-20T12:00:00Z"], 10),
    ("nodata-rollback", STAGES + RUNNING +
     "guards: [{metric: never, max: 1, action: pause, on_nodata: rollback}]\n", well, [], 20),
    ("nodata-ignored", STAGES + RUNNING +
     "guards:\n  - {metric: never, max: 1, action: pause, on_nodata: ignore}\n"
     "  - {metric: error_rate, max: 5%, action: rollback}\n", well, [], 0),
    ("rollback", STAGES + GUARDS + RUNNING, failing, [], 20),
    ("rollback-by-person", STAGES + GUARDS + RUNNING + "automatic: false\n", failing, [], 20),
    ("pause", STAGES + GUARDS + RUNNING, slow, [], 11),
    ("alert", STAGES + RUNNING + GUARDS.replace("max: 5%", "max: 50%"), alarming, [], 0),
    ("investigate", STAGES + GUARDS + RUNNING, worst, [], 10),
    ("advance-when", STAGES + GUARDS + RUNNING +
     "advance_when: [{metric: latency_p95, max: 100ms}]\n", well, [], 10),
    ("approval", STAGES + GUARDS + RUNNING + "approval: [second]\n", well, [], 10),
    ("paused", STAGES + GUARDS + RUNNING.replace("running", "paused"), slow, [], 10),
    ("paused-rollback", STAGES + GUARDS + RUNNING.replace("running", "paused"), failing, [], 20),
    ("pending", STAGES + GUARDS, failing, [], 10),
    ("rolled-back", STAGES + GUARDS + RUNNING.replace("running", "rolled_back"), failing, [], 10),
    ("completed", STAGES + GUARDS + RUNNING.replace("running", "complete"), failing, [], 10),
    ("complete", STAGES + GUARDS + RUNNING.replace("first", "full"), well, [], 0),
    ("instant", STAGES + GUARDS + RUNNING + "instant: true\n", well, [], 0),
    ("timeout-pause", STAGES + RUNNING + GUARDS + "max_hold: 90m\non_timeout: pause\n"
     "advance_when: [{metric: latency_p95, max: 100ms}]\n", well, [], 11),
    ("timeout-advance", STAGES + RUNNING + GUARDS + "max_hold: 90m\non_timeout: advance\n"
     "advance_when: [{metric: latency_p95, max: 100ms}]\n", well, [], 0),
    ("no-criteria", STAGES + RUNNING, few, [], 10),
    ("over", STAGES + RUNNING + "guards: [{metric: error_rate, max: 5%, over: 10m, "
     "min_samples: 10, action: rollback}]\n", failing, [], 20),
    ("over-insufficient", STAGES + RUNNING +
     "guards: [{metric: error_rate, max: 5%, over: 10m, action: rollback}]\n", failing, [], 10),
    ("for-insufficient", STAGES + RUNNING + "guards: [{metric: error_rate, max: 5%, for: 3, "
     "min_samples: 20, action: rollback}]\n", failing, ["--window", "5m"], 10),
    ("for-too-early", STAGES + RUNNING + "guards: [{metric: error_rate, max: 5%, for: 3, "
     "min_samples: 1, action: rollback}]\n", failing,
     ["--window", "5m", "--now", "2026-11-20T10:12:00Z"], 10),
    ("over-stale", STAGES + RUNNING + "guards: [{metric: error_rate, max: 5%, over: 10m, "
     "min_samples: 10, action: rollback}]\n", well, ["--now", "2026-11-20T15:00:00Z"], 10),
    ("for", STAGES + RUNNING + "guards: [{metric: error_rate, max: 5%, for: 3, min_samples: 1, "
     "action: rollback}]\n", failing, ["--window", "5m"], 20),
    ("for-not-in-a-row", STAGES + RUNNING + "guards: [{metric: error_rate, max: 31%, "
     "for: 6, min_samples: 1, action: rollback}]\n", failing, ["--window", "5m"], 0),
]


def check(name, directory, log, options, status):
    result = decide(directory, log, "--json", "--exit-code", *options)
    ok(result.status == status, f"{name}_exits_{status}", f"exit {result.status}", result.out,
       result.err)
    golden(name, "json", result.out)
    golden(name, "txt", decide(directory, log, *options).out)


for name, block, log, options, status in BRANCHES:
    check(name, project(name, canary(block)), log, options, status)

# Silence: the canary's last lines are long ago, and what they said is not said of now.
after = ["--now", "2026-11-20T12:20:00Z"]
gone = write("gone.ndjson", [line for line in requests(2000) if line["ts"] < START + 5400 * 1000 or
             not lab.exposed(line["user_id"], "canary.checkout", 20)])
seldom = write("seldom.ndjson", requests(10))
for name, stage, log, options, rule in [
        ("silent", "first", well, after, "stale"),
        ("silent-for-less", "first", well, [*after, "--stale", "30m"], "all-passed"),
        ("just-before", "first", well, ["--now", "2026-11-20T12:09:00Z"], "all-passed"),
        ("without-canary-lines", "first", gone, [], "stale"),
        ("silent-and-paused", "first", slow, after, "guard"),
        ("silent-and-harmful", "first", failing, after, "guard"),
        ("seldom-seen", "full", seldom, ["--now", "2026-11-20T13:30:00Z"], "all-passed"),
        ("seldom-seen-and-gone", "full", seldom, ["--now", "2026-11-20T15:00:00Z"], "stale")]:
    result = decide(project(name, canary(STAGES + GUARDS + RUNNING.replace("first", stage))), log,
                    "--json", *options)
    equal(result.json["rule"], rule, f"{name}_is_{rule}")
    ok((rule == "stale") == ("has not mentioned the canary" in " ".join(result.json["reasons"])),
       f"{name}_says_so", result.json["reasons"])
check("stale", project("stale", canary(STAGES + GUARDS + RUNNING)), well, after, 10)
check("stale-timeout", project("stale-timeout", canary(
    STAGES + GUARDS + RUNNING + "max_hold: 90m\non_timeout: pause\n")), well, after, 11)
waits = project("held-only", canary("stages: [{name: first, percent: 20%, hold: 1h}, "
                                    "{name: full, percent: 100%}]\n" + RUNNING))
equal([decide(waits, well, "--json", *options).json["rule"] for options in ([], after)],
      ["all-passed", "stale"], "a_stage_without_criteria_waits_for_the_canary_too")
result = decide(waits, well, "--stale", "soon")
ok("--stale is a duration like 10m, not 'soon'" in result.err, "stale_is_a_duration", result.err)

says = with_variant(lab.PROJECT)
check("variant-from-the-log", project("named", canary(STAGES + GUARDS + RUNNING), base=says), named,
      [], 0)
check("unknown-variant", project("unknown", canary(STAGES + GUARDS + RUNNING), base=says), unknown,
      [], 10)
check("leak", project("leak", canary(STAGES.replace("20%", "0%") + GUARDS + RUNNING), base=says),
      named, [], 10)
check("units-in-both", project("both", canary(STAGES + GUARDS + RUNNING), base=says), switching, [],
      10)
audience_logged = STAGES.replace("percent: 20%", "percent: 20%, if: {country: NO}", 1)
check("shares-not-known", project("logged-audience", canary(audience_logged + GUARDS + RUNNING),
                                  base=says), named, [], 0)
check("sample-ratio", project("lost", canary(STAGES + GUARDS + RUNNING)), lost, [], 10)
check("sample-ratio-rolls-back", project("lost-rollback", canary(
    STAGES + GUARDS + RUNNING + "on_unhealthy: rollback\n")), lost, [], 20)
check("sample-ratio-ignored", project("lost-ignored", canary(
    STAGES + GUARDS + RUNNING + "on_unhealthy: ignore\n")), lost, [], 0)
rollback_anyway = project("unhealthy", canary(STAGES + GUARDS + RUNNING + "on_unhealthy: rollback\n"),
                          base=says)
check("unhealthy-rollback", rollback_anyway, unknown, [], 20)

# Bounds: harm, a page with everything in it, what is waited for, and nobody to compare with.
COMPARES = """\
guards:
  - {metric: error_rate, max_increase: 50%, action: rollback}
  - {metric: success_rate, max_decrease: {abs: 2%}, confidence: 99%, action: pause}
  - {metric: latency_p95, max: 500ms, confidence: 95%, action: pause}
  - {metric: slowest, max: 2s, action: alert}
"""
awaited = "advance_when: [{metric: latency_mean, max_increase: 2%}]\n"
check("compare-harm", project("compare-harm", canary(STAGES + COMPARES + RUNNING)), failing, [], 20)
check("compare-undecided", project("compare-undecided", canary(STAGES + COMPARES + RUNNING)), well,
      [], 0)
check("compare-awaited", project("compare-awaited", canary(STAGES + COMPARES + RUNNING + awaited)),
      well, [], 10)
check("compare-with-nobody", project("compare-with-nobody", canary(
    STAGES + COMPARES + RUNNING.replace("first", "full"))), well, [], 0)
check("compare-before", project("compare-before", canary(STAGES + RUNNING.replace("10:00", "11:00") +
      "guards: [{metric: error_rate, max_increase: 50%, versus: before, action: rollback}]\n")),
      failing, [], 20)

# Who is left out, and why: lists, an audience, lines without a key.
audience = STAGES.replace("percent: 20%", "percent: 20%, if: {segment: nordic}", 1)
keyless = requests(1000)
for line in keyless[::50]:
    del line["user_id"]
check("left-out", project("left-out", canary(audience + GUARDS + RUNNING,
                                              "users: {on: [u1, u2], off: [u3]}")),
      write("keyless.ndjson", keyless), [], 0)

# Text goes without colour to a file, and with it when asked.
plain = decide(project("advance", canary(STAGES + GUARDS + RUNNING)), well)
colored = decide(project("advance", canary(STAGES + GUARDS + RUNNING)), well, "--color", "always")
ok("\033" not in plain.out and "\033[" in colored.out, "colours_only_when_asked")
equal(re.sub(r"\033\[\d+m", "", colored.out), plain.out, "colours_change_nothing_else")
finish()
