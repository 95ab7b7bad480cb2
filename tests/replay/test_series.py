#!/usr/bin/env python3
"""Time series that others aggregated: Prometheus' range queries, Kayenta's metric set pairs."""
import json
import os

import lab
from golden import golden
from lab import SCRATCH, START, canary, decide, equal, finish, ok, project, write

HEAD = lab.PROJECT[:lab.PROJECT.index("logs:")]
BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards:
  - {metric: errors, max: 5%, action: rollback}
  - {metric: slowest, max: 900ms, action: pause}
  - {metric: high, max: 25%, for: 2, min_samples: 2, action: pause}
  - {metric: newest, max: 900ms, action: alert}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
METRICS = """\
metrics:
  errors: {kind: mean, value: value, where: {NAME: error_rate}, better: lower}
  slowest: {kind: max, value: value, where: {NAME: latency}, unit: ms, better: lower}
  high: {kind: proportion, of: {value: {gt: 500}}, where: {NAME: latency}, better: lower}
  newest: {kind: last, value: value, where: {NAME: latency}, unit: ms, better: lower}

"""
STEP = 15


def described(name, log, block=BLOCK, field="metric_name", more=""):
    metrics = METRICS.replace("NAME", field) + more
    return project(name, canary(block), base=f"{HEAD}logs:\n  seen:\n{log}\n{metrics}")


def series(count=40, error=0.01, latency=200.0):
    return {"error_rate": [error * (1 + i % 3) / 2 for i in range(count)],
            "latency": [latency + 10 * (i % 7) for i in range(count)]}


SIDES = {"on": series(latency=300.0), "off": series(error=0.02)}


def mean(numbers):
    return sum(numbers) / len(numbers)


# --------------------------------------------------------------------------------------- Prometheus
def answer(sides=SIDES, names=("error_rate", "latency"), **more):
    result = [{"metric": {"metric_name": name, "track": side, "job": "shop"},
               "values": [[START / 1000 + i * STEP, repr(number)] for i, number in enumerate(sides[side][name])]}
              for name in names for side in sides]
    return {"status": "success", "data": {"resultType": "matrix", "result": result, **more}}


def dumped(value, **form):
    return json.dumps(value, **form).encode()


LOG = "    format: prometheus\n    variant: track\n"
prometheus = described("prometheus", LOG)
result = decide(prometheus, "-", "--json", stdin=dumped(answer()))
ok(result.status == 0 and not result.err, "prometheus_is_read", result.status, result.err)
golden("prometheus", "json", result.out)
criteria = result.json["criteria"]
for group, side in (("canary", "on"), ("control", "off")):
    equal(criteria[0][group]["n"], 40, f"prometheus_points_of_{group}")
    ok(abs(criteria[0][group]["estimate"] - mean(SIDES[side]["error_rate"])) < 1e-15,
       f"prometheus_mean_of_{group}", criteria[0])
    equal(criteria[1][group]["estimate"], max(SIDES[side]["latency"]), f"prometheus_max_of_{group}")
equal((result.json["input"]["lines"], result.json["input"]["used"]), (160, 160), "prometheus_counts_points")
reference = result.json


def verdict_of(result):
    verdict = result.json
    verdict["input"].pop("digest")
    return verdict


for name, data in (("indented", dumped(answer(), indent=2)), ("with_line_ends", b"\n\n" + dumped(answer()) + b"\r\n"),
                   ("as_promtool_prints_it", dumped(answer()["data"]["result"])),
                   ("as_two_documents", dumped(answer(names=["latency"]), indent=1) + b"\n" +
                    dumped(answer(names=["error_rate"]))),
                   ("as_documents_in_a_line", dumped(answer(names=["latency"])) +
                    dumped(answer(names=["error_rate"])))):
    got = decide(prometheus, "-", "--json", stdin=data)
    ok(got.status == 0, f"prometheus_{name}_is_read", got.err)
    equal(dict(verdict_of(got)), {**reference, "input": {key: value for key, value in
          reference["input"].items() if key != "digest"}}, f"prometheus_{name}")
files = [write(f"{name}.json", [dumped(answer(names=[name])).decode()]) for name in ("latency", "error_rate")]
equal(decide(prometheus, *files, "--json").out, decide(prometheus, *reversed(files), "--json").out,
      "prometheus_files_in_any_order")

# NaN is no data; an infinity cannot be read, and is not quietly left away.
with_nan = answer()
for each in with_nan["data"]["result"]:
    each["values"] += [[START / 1000 + 4000, "NaN"]]
result = decide(prometheus, "-", "--json", stdin=dumped(with_nan))
equal([(each["canary"]["n"], "unreadable" in each) for each in result.json["criteria"][:2]],
      [(40, False), (40, False)], "prometheus_nan_is_no_data")
with_infinity = answer()
with_infinity["data"]["result"][0]["values"][3][1] = "+Inf"
result = decide(prometheus, "-", "--json", stdin=dumped(with_infinity))
equal([(each["verdict"], each.get("unreadable")) for each in result.json["criteria"]],
      [("NODATA", 1), ("PASS", None), ("INSUFFICIENT", None), ("PASS", None)], "prometheus_infinity_is_unreadable")
# What cannot be read is judged by side, and the newest point says what is now.
for name, value in (("a_text", "abc"), ("infinity", "-Inf"), ("a_truth", True), ("an_object", {"count": "1"})):
    spoilt = answer()
    spoilt["data"]["result"][0]["values"][-1][1] = value
    result = decide(prometheus, "-", "--json", "--max-bad", "50%", stdin=dumped(spoilt)).json
    equal((result["verdict"], result["criteria"][0]["verdict"], result["criteria"][0]["canary"]["unreadable"]),
          ("hold", "NODATA", 1), f"prometheus_newest_point_that_is_{name}_advances_nothing")
longer = answer({side: series(count=400) for side in SIDES})
longer["data"]["result"][0]["values"][200][1] = "+Inf"
result = decide(prometheus, "-", "--json", stdin=dumped(longer)).json["criteria"][0]
equal((result["verdict"], result["unreadable"]), ("PASS", 1), "prometheus_one_point_of_many_is_counted")

# An answer that is not all there is.
for name, more, words in (("warnings", {"warnings": ["No StoreAPIs matched", "store-2: down\x1b[2J"]}, "No StoreAPIs matched; store-2: down?[2J"),
                          ("is_partial", {"isPartial": True}, "the answer is partial")):
    partial = dumped({**answer(), **more})
    for command in ([], ["--json"], ["--exit-code"]):
        result = decide(prometheus, "-", *command, stdin=partial)
        ok(result.status == 2 and not result.out and "the answer is partial" in result.err and words in result.err and
           "help: ask again, or take it as it is with --allow-partial" in result.err, f"prometheus_{name}_gives_no_verdict", result.err)
    result = decide(prometheus, "-", "--json", "--allow-partial", stdin=partial)
    ok(result.status == 0 and f"<stdin>:1: note: {words}" in result.err, f"prometheus_{name}_may_be_allowed", result.err)
    equal(dict(verdict_of(result))["criteria"], reference["criteria"], f"prometheus_{name}_is_read_then")
result = decide(prometheus, "-", "--json", stdin=dumped({**answer(), "infos": ["PromQL info: no counter"], "isPartial": False, "warnings": []}))
ok(result.status == 0 and "<stdin>:1: note: PromQL info: no counter" in result.err, "prometheus_an_info_is_shown", result.err)
all_nan = answer({side: {name: [float("nan")] * 40 for name in SIDES[side]} for side in SIDES})
for each in all_nan["data"]["result"]:
    each["values"] = [[time, "NaN"] for time, _ in each["values"]]
result = decide(prometheus, "-", "--json", stdin=dumped(all_nan))
equal((result.json["verdict"], result.json["rule"], result.json["criteria"][0]["verdict"]),
      ("hold", "nodata", "NODATA"), "prometheus_nothing_but_nan_passes_nothing")
other = answer({"on": SIDES["on"], "off": SIDES["off"], "purple": series()})
result = decide(prometheus, "-", "--json", stdin=dumped(other))
ok(result.json["rule"] == "unhealthy" and "purple" in result.out, "prometheus_an_unknown_variant", result.out)


def refused(directory, name, data, *words, status=2):
    result = decide(directory, "-", "--json", "--exit-code", stdin=data)
    ok(result.status == status and not result.out and all(word in result.err for word in words),
       f"{name}_is_refused", result.status, result.out, result.err)


whole = dumped(answer())
for cut in (1, len(whole) // 2, len(whole) - 1):
    refused(prometheus, f"prometheus_cut_at_{cut}", whole[:cut], "<stdin>:1", "cut short")
    refused(prometheus, f"prometheus_good_and_cut_at_{cut}", whole * 200 + whole[:cut], "cannot read")
refused(prometheus, "a_query_that_failed", dumped({"status": "error", "errorType": "bad_data",
        "error": "parse\x1b error"}), "the query has failed: parse? error")
refused(prometheus, "an_instant_query", dumped({"status": "success", "data": {"resultType": "vector", "result": [
        {"metric": {}, "value": [1, "2"]}]}}), "expected a 'matrix'", "'vector'"[1:-1])
refused(prometheus, "native_histograms", dumped([{"metric": {}, "histograms": []}]), "native histograms")
refused(prometheus, "another_document", b'{"a":1}', "not an answer from Prometheus")
refused(prometheus, "text", b"# HELP x\n", "cannot read <stdin>:1 as prometheus")
refused(prometheus, "nan_token", whole.replace(b'"0.005"', b"NaN"), "cannot read")
for name, points in (("points_that_are_none", [1, "x", {}, [], [1]]), ("no_points", [])):
    result = decide(prometheus, "-", "--json", "--max-bad", "100%",
                    stdin=dumped(answer()) + dumped([{"metric": {"track": "on"}, "values": points}]))
    equal((result.json["input"]["bad"]["no_time"], result.json["input"]["used"]), (len(points), 160), name)

# What points cannot tell is refused, with its place.
for name, log, words in (("a_unit", LOG + "    unit: instance\n", "they have no unit"),
                         ("a_context", LOG + "    context: {user_id: user}\n", "they have no context"),
                         ("no_variant", LOG.replace("    variant: track\n", ""), "the label that distinguishes")):
    refused(described("log", log), name, whole, words, "project.yaml:", "variant: LABEL", status=1)
for kind, words in (("{kind: rate}", "is a rate"), ("{kind: ratio, numerator: value, denominator: n}", "is a ratio"),
                    ("{kind: mean, value: value, per: unit}", "is per unit")):
    refused(described("kind", LOG, BLOCK + "advance_when: [{metric: odd, max: 1}]\n",
                      more=f"  odd: {kind}\n".replace("\n\n", "\n")), kind, whole, words, "not events", status=1)
for line in ("{metric: errors, max_increase: 10%, action: rollback}",
             "{metric: errors, max: 5%, confidence: 95%, action: rollback}"):
    refused(described("bound", LOG, BLOCK.replace("guards:\n", f"guards:\n  - {line}\n")), line, whole,
            "points of a time series give none", "replay the events themselves", status=1)


# ------------------------------------------------------------------------------------------ Kayenta
def pairs(sides=SIDES):
    scope = {"scopeName": "default", "startTimeIso": "2026-11-20T10:00:00Z", "startTimeMillis": START,
             "stepMillis": STEP * 1000}
    return [{"name": name, "id": f"id-{name}", "tags": {"region": "eu", "metric_name": "other"},
             "values": {"control": sides["off"][name], "experiment": sides["on"][name]},
             "scopes": {"control": scope, "experiment": scope}, "attributes": {}}
            for name in ("error_rate", "latency")]


kayenta = described("kayenta", "    format: kayenta\n", field="name")
result = decide(kayenta, "-", "--json", stdin=dumped(pairs()))
ok(result.status == 0 and not result.err, "kayenta_is_read", result.status, result.err)
golden("kayenta", "json", result.out)
equal(result.json["criteria"], reference["criteria"], "kayenta_says_what_prometheus_says")
equal((result.json["input"]["first"], result.json["input"]["last"]),
      (reference["input"]["first"], reference["input"]["last"]), "kayenta_times_go_by_step")
for name, data in (("indented", dumped(pairs(), indent=4)), ("one_by_one", b"\n".join(dumped(each) for each in pairs()))):
    equal(decide(kayenta, "-", "--json", stdin=data).json["criteria"], reference["criteria"], f"kayenta_{name}")
gaps = pairs()
for each in gaps:
    each["values"]["control"][5] = "NaN"
    each["values"]["experiment"] += [None, "NaN"]
result = decide(kayenta, "-", "--json", stdin=dumped(gaps))
equal([(each["canary"]["n"], each["control"]["n"]) for each in result.json["criteria"][:2]], [(40, 39)] * 2,
      "kayenta_gaps_are_no_data")
west = described("west", "    format: kayenta\n", field="region")
equal(decide(west, "-", "--json", stdin=dumped(pairs())).json["criteria"][0]["verdict"], "NODATA",
      "kayenta_tags_are_fields")
whole = dumped(pairs())
refused(kayenta, "kayenta_cut_short", whole[:-1], "cut short")
refused(kayenta, "kayenta_without_a_step", whole.replace(b"stepMillis", b"step"), "'stepMillis'")
refused(kayenta, "kayenta_with_a_huge_step", whole.replace(b"15000", b"9223372036854775807"), "'stepMillis'")
refused(kayenta, "kayenta_without_a_side", whole.replace(b"experiment", b"canary"), "without the values of experiment")
refused(kayenta, "kayenta_text", b"42", "not a list of metric set pairs")
later = BLOCK.replace("percent: 100%", "percent: 100%, guards: [{metric: errors, max_increase: 9%}]")
refused(described("later", LOG, later), "a_bound_of_a_later_stage", dumped(answer()), "give none", status=1)
refused(described("variant", "    format: kayenta\n    variant: x\n", field="name"), "kayenta_with_a_variant", whole,
        "they have no variant", "'control' and 'experiment'", status=1)
finish()
