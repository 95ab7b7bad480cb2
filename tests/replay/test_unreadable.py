#!/usr/bin/env python3
"""A value that a metric cannot read spoils that metric, in the group that has it, and nothing else."""
import json
import os
import subprocess

import lab
from lab import FFREPLAY, SCRATCH, START, canary, decide, equal, exposed, finish, ok, project, requests, write

COUNT = 4000
lines = requests(COUNT, users=800)


def in_canary(line):
    return exposed(line["user_id"], "canary.checkout", 20)


def block(*criteria, more="", hold="1h"):
    return f"stages: [{{name: first, percent: 20%, hold: {hold}, min_samples: 50}}, {{name: full, percent: 100%}}]\n" + \
        "guards:\n" + "".join(f"  - {{{each}}}\n" for each in criteria) + more + \
        "\nstate: running\nstage: first\nsince: 2026-11-20T10:00:00Z\n"


ERRORS = "metric: error_rate, max: 5%, action: rollback"
LATENCY = "metric: latency_p95, max: 500ms, action: pause"


def spoilt(field, value, some, which=in_canary):
    """The lines, with the first `some` of those lines that fail in this field."""
    changed, left = [], some
    for line in lines:
        line = dict(line)
        if left and which(line):
            left -= 1
            line[field] = value
        changed.append(line)
    return changed


def found(result, metric):
    return next(each for each in result.json["criteria"] if each["metric"] == metric)


# ------------------------------------------------------------------- what fails writes what is unreadable
directory = project("failures", canary(block(ERRORS, LATENCY)))
failing = [dict(line, status=502, request_time="0.004, 0.012") if in_canary(line) and i % 4 == 0 else line
           for i, line in enumerate(lines)]
failures = sum(line["status"] == 502 for line in failing)
log = write("failing.ndjson", failing)
result = decide(directory, log, "--json")
equal((result.json["verdict"], result.json["rule"]), ("rollback", "guard"), "the_failing_canary_is_rolled_back")
equal((found(result, "latency_p95")["verdict"], found(result, "latency_p95")["unreadable"]), ("NODATA", failures),
      "its_latency_is_no_data_and_says_how_much")
canary_lines = sum(map(in_canary, lines))
equal((found(result, "error_rate")["canary"]["n"], result.json["input"]["used"], result.json["input"]["bad"]),
      (canary_lines, COUNT, {"unparsable": 0, "no_time": 0}), "every_line_counts_for_all_else")
equal(result.json["health"]["srm"]["observed"],
      decide(directory, write("sound.ndjson", lines), "--json").json["health"]["srm"]["observed"],
      "and_for_the_shares_of_units")
shown = next(number for number, line in enumerate(failing, 1) if line["status"] == 502)
page = decide(directory, log)
ok(f"latency_p95: {failures} of {canary_lines} canary samples ('request_time' is '0.004, 0.012' at {log}:{shown})" in
   " ".join(page.out.split()), "the_page_names_one_with_its_place", page.out)

# --------------------------------------------------------------------------------------------- by group
# So few that they are hardly anything of all lines; of one group, they are too much.
for name, some, which, group in (("canary", 30, in_canary, "in the canary"),
                                 ("control", 60, lambda line: not in_canary(line), "in control")):
    result = decide(directory, write("few.ndjson", spoilt("request_time", "slow", some, which)), "--json")
    number = next(i for i, line in enumerate(lines, 1) if which(line))
    equal((result.json["verdict"], result.json["rule"], found(result, "latency_p95")["verdict"],
           found(result, "latency_p95")[name]["unreadable"], found(result, "error_rate")["verdict"]),
          ("hold", "nodata", "NODATA", some, "PASS"), f"too_much_of_the_{name}_holds")
    [reason] = result.json["reasons"]
    for part in ("latency_p95", group, f"{some} of ", "--max-bad 1%", "'request_time' is 'slow' at",
                 f"few.ndjson:{number}", "'where'"):
        ok(part in reason, f"the_reason_for_{name}_says_{part.strip()}", reason)
sound = decide(directory, write("one.ndjson", spoilt("request_time", "slow", 5)), "--json")
equal((sound.json["verdict"], found(sound, "latency_p95")["unreadable"], found(sound, "latency_p95")["canary"]["n"]),
      ("advance", 5, canary_lines - 5), "a_few_are_counted_and_spoil_nothing")
equal(decide(directory, os.path.join(SCRATCH, "one.ndjson"), "--json", "--max-bad", "0").json["verdict"], "hold",
      "unless_none_are_allowed")
equal(decide(directory, os.path.join(SCRATCH, "few.ndjson"), "--json", "--max-bad", "50%").json["verdict"], "advance",
      "more_may_be_allowed")

# ------------------------------------------------------------------------------------------- every kind
KINDS = {
    "mean": ("{kind: mean, value: latency, better: lower}", "max: 900"),
    "ratio": ("{kind: ratio, numerator: latency, denominator: status, better: lower}", "max: 900"),
    "quantile": ("{kind: quantile, q: 0.5, value: latency, better: lower}", "max: 900"),
    "greatest": ("{kind: max, value: latency, better: lower}", "max: 900"),
    "least": ("{kind: min, value: latency, better: lower}", "max: 900"),
    "latest": ("{kind: last, value: latency, better: lower}", "max: 900"),
    "share": ("{kind: proportion, of: {latency: {gt: 900}}, better: lower}", "max: 90%"),
    "none_of": ("{kind: proportion, of: {not: {latency: {lte: 900}}}, better: lower}", "max: 90%"),
    "some": ("{kind: proportion, of: {user_id: zz}, where: {latency: {gte: 0}}, better: lower}", "max: 90%"),
    "equal": ("{kind: proportion, of: {latency: {in: [1, 2]}}, better: lower}", "max: 90%"),
    "fast": ("{kind: rate, where: {latency: {gt: 900}}, better: lower}", "max: 900"),
    "each": ("{kind: mean, value: latency, per: unit, agg: max, better: lower}", "max: 900"),
    "counted": ("{kind: mean, value: latency, per: unit, agg: count, better: lower}", "max: 900"),
    "hit": ("{kind: proportion, of: {latency: {gt: 900}}, per: unit, better: lower}", "max: 90%"),
}
base = lab.PROJECT.replace("    id: request\n", "") + "".join(f"  {name}: {of}\n" for name, (of, _) in KINDS.items()) + "\n"
base = base.replace("  never: {kind: max, value: no_such_field, better: lower}\n\n",
                    "  never: {kind: max, value: no_such_field, better: lower}\n")
for bounded in (False, True):
    wanted = [f"metric: {name}, {bound}" if not bounded else f"metric: {name}, max_increase: 900%"
              for name, (_, bound) in KINDS.items() if not bounded or name not in ("greatest", "least", "latest")]
    directory = project(f"kinds{bounded}", canary(block(*wanted)), base=base)
    for value in ("OK", "NaN", "0.1, 0.2", True, [0.1], {"a": 1}):
        result = decide(directory, write("kind.ndjson", spoilt("request_time", value, 40)), "--json", "--threads", "2")
        equal({each["metric"]: (each["verdict"], each["unreadable"]) for each in result.json["criteria"]},
              {each.split()[1].strip(","): ("NODATA", 40) for each in wanted},
              f"every_kind_cannot_read_{json.dumps(value)}{'_to_compare' if bounded else ''}")
over = project("over", canary(block("metric: mean, max: 900, over: 10m", "metric: mean, max: 900, for: 3, min_samples: 1",
                                    "metric: error_rate, max: 90%, over: 10m")), base=base)
late = list(reversed(spoilt("request_time", "slow", 3, lambda line: in_canary(line) and line["ts"] > START + 2 * lab.HOUR - 100000)))
result = decide(over, write("over.ndjson", late), "--json")
equal([each["verdict"] for each in result.json["criteria"]], ["NODATA", "NODATA", "PASS"],
      "windows_are_judged_by_what_can_be_read_of_them")
newest = max((line for line in lines if in_canary(line)), key=lambda line: line["ts"])
last = [dict(line, request_time="slow") if line is newest else line for line in lines]
directory = project("newest", canary(block("metric: latest, max: 900", "metric: mean, max: 900")), base=base)
result = decide(directory, write("newest.ndjson", last), "--json")
equal([each["verdict"] for each in result.json["criteria"]], ["NODATA", "PASS"], "the_latest_value_is_not_the_one_before")
huge = decide(directory, write("huge.ndjson", spoilt("request_time", 1e306, 40)), "--json")
equal([each["unreadable"] for each in huge.json["criteria"]], [40, 40], "what_the_scale_takes_beyond_all_numbers_is_none")

# ------------------------------------------------------------------------------------ where comes first
directory = project("where", canary(block("metric: spent, max: 100")),
                    base=lab.PROJECT + "  spent: {kind: mean, value: value, where: {event: purchase}, better: higher}\n\n")
events = [dict(line, event=["purchase", "signup"][i % 2], value=[12.5, "gold"][i % 2]) for i, line in enumerate(lines)]
result = decide(directory, write("events.ndjson", events), "--json")
equal((result.json["verdict"], found(result, "spent").get("unreadable")), ("advance", None),
      "what_where_leaves_out_spoils_nothing")
directory = project("beside", canary(block("metric: part, max: 100%")), base=lab.PROJECT +
                    "  part: {kind: proportion, of: {status: {gte: 500}}, where: {event: purchase, value: {lt: 99}}, better: lower}\n\n")
result = decide(directory, write("events.ndjson", events), "--json")
equal(found(result, "part").get("unreadable"), None, "what_one_test_leaves_out_another_cannot_spoil")

# ----------------------------------------------------------------------------------- numbers as numbers
directory = project("numbers", canary(block(ERRORS)))
half = [dict(line, status="OK" if i % 2 else 200) for i, line in enumerate(lines)]
result = decide(directory, write("half.ndjson", half), "--json")
equal((result.json["verdict"], found(result, "error_rate")["verdict"]), ("hold", "NODATA"),
      "a_text_is_no_number_in_any_order")
for written in (" 500", "500 ", "\t500.0", "5e2", 500.0):
    result = decide(directory, write("written.ndjson", [dict(line, status=written) for line in lines]), "--json")
    equal(found(result, "error_rate")["canary"]["estimate"], 1, f"{written!r}_is_500")

# ------------------------------------------------------------------------------------- nothing is passed
for policy, expected in (("hold", ("hold", "nodata")), ("ignore", ("hold", "nodata")),
                         ("rollback", ("rollback", "on-nodata"))):
    directory = project(policy, canary(block(ERRORS, f"{LATENCY}, on_nodata: {policy}")))
    result = decide(directory, write("policy.ndjson", spoilt("request_time", "slow", 40)), "--json").json
    equal((result["verdict"], result["rule"]), expected, f"on_nodata_{policy}")
directory = project("timeout", canary(block(ERRORS, LATENCY, more="max_hold: 90m\non_timeout: advance", hold="10m")))
result = decide(directory, os.path.join(SCRATCH, "policy.ndjson"), "--json").json
equal((result["verdict"], result["rule"]), ("hold", "nodata"), "time_does_not_make_it_readable")
directory = project("alert", canary(block(ERRORS, LATENCY.replace("pause", "alert"))))
equal(decide(directory, os.path.join(SCRATCH, "policy.ndjson"), "--json").json["verdict"], "advance",
      "an_alert_holds_nothing_up")

# ------------------------------------------------------------------------- numbers that the flag goes by
base = lab.PROJECT.replace("  country: string\n", "  country: string\n  age: number\n").replace(
    "country: geo.country}", "country: geo.country, age: age}")
aged = [dict(line, age="old" if i % 50 == 0 else 40) for i, line in enumerate(lines)]
directory = project("aged", canary(block(ERRORS)), base=base)
result = decide(directory, write("aged.ndjson", aged), "--json").json
equal((result["verdict"], result["rule"], result["input"]["left_out"], result["input"]["used"]),
      ("hold", "unhealthy", {"unreadable": COUNT // 50}, COUNT - COUNT // 50), "who_cannot_be_assigned_is_in_no_group")
ok("'age' is 'old' at" in result["health"]["issues"][0], "and_the_issue_names_one", result["health"])

# ------------------------------------------------------------------------------------- the other commands
directory = project("commands", canary(block(ERRORS, LATENCY)))


def run(*arguments):
    return lab.Result(subprocess.run([FFREPLAY, *arguments, "-C", directory, "-e", "production"], capture_output=True))


measured = run("metrics", log, "--flag", "canary.checkout", "-m", "latency_p95", "--json").json["groups"]
equal([(group["by"], group["metrics"]["latency_p95"].get("unreadable"), group["metrics"]["latency_p95"]["estimate"] is None)
       for group in measured], [({}, failures, True), ({"variant": "on"}, failures, True), ({"variant": "off"}, None, False)],
      "metrics_says_it_of_each_group")
rows = run("metrics", log, "--flag", "canary.checkout", "-m", "latency_p95", "--format", "csv").out.splitlines()
equal([row.rsplit(",", 1)[1] for row in rows if "latency" in row], [str(failures), str(failures), "0"], "in_csv")
text = run("metrics", log, "--flag", "canary.checkout", "-m", "latency_p95", "--format", "prometheus").out
ok(f'ffreplay_unreadable_total{{by="variant",flag="canary.checkout",environment="production",variant="on",'
   f'metric="latency_p95"}} {failures}\n' in text, "to_prometheus", text)
text = run("metrics", log, "--flag", "canary.checkout", "-m", "latency_p95").out
ok("latency_p95: 'request_time' is '0.004, 0.012' at" in " ".join(text.split()) and "unreadable" in text, "to_people", text)
health = run("health", "canary.checkout", log).json
ok(not health["healthy"] and any("latency_p95 cannot be read in the canary" in issue for issue in health["issues"]) and
   health["metrics"]["latency_p95"]["variants"]["on"]["unreadable"] == failures, "health_says_it", health["issues"])
played = run("backtest", "canary.checkout", log, "--json")
ok(played.status == 0 and played.json["policies"][0]["ends"] == "rolled_back", "backtest_rolls_it_back", played.err)
held = run("backtest", "canary.checkout", write("slow.ndjson", spoilt("request_time", "slow", 200)), "--json").json
equal((held["policies"][0]["ends"], held["policies"][0]["open"]["rule"]), ("running", "nodata"), "backtest_holds")

# ----------------------------------------------------------------------------- whoever reads which line
large = [json.dumps(line, separators=(",", ":")) for line in failing] * 8
log = write("large.ndjson", large)
directory = project("large", canary(block(ERRORS, LATENCY)), base=lab.PROJECT.replace("    id: request\n", ""))
pages = [decide(directory, log, "--json", "--threads", threads).out for threads in "123"]
ok(pages[0] == pages[1] == pages[2] and f"{log}:{shown}" in decide(directory, log).out, "any_number_of_threads_says_the_same", pages[0][:300])
equal(decide(directory, "-", "--json", stdin="\n".join(large[::-1]).encode()).json["criteria"],
      json.loads(pages[0])["criteria"], "and_so_does_any_order")
finish()
