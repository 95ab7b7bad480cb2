#!/usr/bin/env python3
"""Situations that other tools are known to decide wrongly, and what ffreplay decides.

docs/peers.md shows the same cases: UPDATE=1 writes its table from them."""
import json
import os

import lab
from lab import START, TOP, canary, decide, equal, finish, ok, project, requests, write

STAGES = """\
stages:
  - {name: first, percent: 20%, hold: 1h, min_samples: 100}
  - {name: second, percent: 50%, hold: 1h}
"""
RUNNING = "state: running\nstage: first\nsince: 2026-11-20T10:00:00Z\n"
MINUTE = 60 * 1000


def guards(*items):
    return "guards:\n" + "".join(f"  - {{{item}}}\n" for item in items)


ERRORS = "metric: error_rate, max: 5%, action: rollback"
NEVER = "metric: never, max: 900, action: rollback"
BETTER = "advance_when:\n  - {metric: error_rate, max_increase: {abs: 0.01%}}\n"

well = write("peers-well.ndjson", requests(2000))
few = write("peers-few.ndjson", requests(60))
failing = write("peers-failing.ndjson", requests(2000, canary_errors=0.3, canary_latency=0.6))


def spiked(bad_minutes):
    """All well, but for every canary request of these minutes."""
    for line in requests(20000, errors=0, canary_errors=0):
        minute = (line["ts"] - START) // MINUTE
        if minute in bad_minutes and lab.exposed(line["user_id"], "canary.checkout", 20):
            line["status"] = 503
        yield line


# The three newest minutes that are complete in the end are 115 to 117.
spikes = write("peers-spikes.ndjson", spiked({20, 115, 117}))
row_of_spikes = write("peers-row.ndjson", spiked({115, 116, 117}))


def pairs(name, control, experiment):
    scope = {"startTimeMillis": START, "stepMillis": MINUTE}
    document = [{"name": "seen", "id": "1", "tags": {},
                 "values": {"control": control, "experiment": experiment},
                 "scopes": {"control": scope, "experiment": scope}}]
    return write(name, [json.dumps(document)])


def kayenta(limit):
    metric = "metrics:\n  seen: {kind: mean, value: value, where: {name: seen}, better: lower}\n\n"
    head = lab.PROJECT[:lab.PROJECT.index("logs:")] + "logs:\n  pairs: {format: kayenta}\n" + metric
    stages = "stages:\n  - {name: first, percent: 20%, min_samples: 5}\n  - {name: all, percent: 100%}\n"
    return project("peers-kayenta", canary(
        stages + guards(f"metric: seen, max: {limit}, action: rollback") + RUNNING), base=head)


def requested(block):
    return project("peers-requests", canary(block))


# situation, peer, what it decides, where that is known from, what ffreplay decides, project, log, options
CASES = [
    ("seven of ten canary points at 100, the others and control at 1", "Kayenta", "Pass",
     "spinnaker/spinnaker#6278", "rollback", "guard", lambda: kayenta(10),
     pairs("minority.json", [1] * 10, [100] * 7 + [1] * 3), []),
    ("errors 0 1 2 1 0 0, of control none", "Kayenta", "Pass",
     "spinnaker/kayenta#426", "rollback", "guard", lambda: kayenta(0.5),
     pairs("sparse.json", [0] * 6, [0, 1, 2, 1, 0, 0]), []),
    ("every value is NaN, and only what fails is defined", "Argo Rollouts", "Successful",
     "its `utils/evaluate`", "hold", "nodata", lambda: kayenta(10),
     pairs("nan.json", [1] * 10, ["NaN"] * 10), []),
    ("a metric that was never measured", "Argo Rollouts", "Successful",
     "argoproj/argo-rollouts#1329", "hold", "nodata",
     lambda: requested(STAGES + guards(NEVER) + RUNNING), well, []),
    ("neither good nor bad can be shown", "Argo Rollouts", "promoted",
     "argoproj/argo-rollouts#3850", "hold", "advance-when",
     lambda: requested(STAGES + guards(ERRORS) + BETTER + RUNNING), well, []),
    ("the same, past the longest time", "GrowthBook, safe rollouts", "ship",
     "its documentation", "hold", "timeout",
     lambda: requested(STAGES + guards(ERRORS) + BETTER + "max_hold: 90m\n" + RUNNING), well, []),
    ("no data", "Flagger", "a failed check, then rollback",
     "fluxcd/flagger#1035", "hold", "nodata",
     lambda: requested(STAGES + guards(ERRORS, NEVER) + RUNNING), well, []),
    ("fewer samples than required", "LaunchDarkly", "rollback",
     "its documentation", "hold", "insufficient",
     lambda: requested(STAGES + guards(ERRORS) + RUNNING), few, []),
    ("three bad minutes in two hours, not in a row", "Flagger",
     "rollback: failed checks add up for ever", "its `scheduler.go`", "advance", "all-passed",
     lambda: requested(STAGES + guards(ERRORS + ", for: 3, min_samples: 5") + RUNNING), spikes,
     ["--window", "1m"]),
    ("the canary's data is twenty minutes old", "Flagger", "advances",
     "fluxcd/flagger#1011", "hold", "stale",
     lambda: requested(STAGES + guards(ERRORS) + RUNNING), well, ["--now", "2026-11-20T12:20:00Z"]),
    ("harm, while waiting for approval", "Flagger", "waits",
     "fluxcd/flagger#1801", "rollback", "guard",
     lambda: requested(STAGES + guards(ERRORS) + "approval: [second]\n" + RUNNING), failing, []),
]
REFUSED = ("a metric's name has a typo", "Flagger", "proceeds", "fluxcd/flagger#892",
           "the definitions are refused")

for situation, peer, theirs, source, verdict, rule, directory, log, options in CASES:
    name = "_".join(situation.replace(",", "").split())
    result = decide(directory(), log, "--json", *options)
    if ok(result.status == 0, f"{name}_is_decided_on", result.err):
        equal((result.json["verdict"], result.json["rule"]), (verdict, rule), name)

in_a_row = decide(requested(STAGES + guards(ERRORS + ", for: 3, min_samples: 5") + RUNNING),
                  row_of_spikes, "--json", "--window", "1m").json
equal((in_a_row["verdict"], in_a_row["rule"]), ("rollback", "guard"), "three_bad_minutes_in_a_row_roll_back")

# Flagger stops at the first metric that fails; here each one is judged and shown.
both = decide(requested(STAGES + guards(ERRORS, "metric: latency_p95, max: 500ms, action: pause") +
                        RUNNING), failing, "--json").json
equal([criterion["verdict"] for criterion in both["criteria"]], ["HARM", "HARM"],
      "all_criteria_are_judged_after_the_first_in_harm")

typo = decide(requested(STAGES + guards("metric: eror_rate, max: 5%, action: rollback") + RUNNING), well)
ok(typo.status == 1 and "eror_rate" in typo.err and "error_rate" in typo.err and not typo.out,
   "a_typo_in_a_metrics_name_is_refused_and_mended", typo.status, typo.err)

# ------------------------------------------------------------------------------ the page that shows it
rows = [(situation, peer, theirs, source, f"{verdict}, by `{rule}`")
        for situation, peer, theirs, source, verdict, rule, *_ in CASES] + [REFUSED]
table = "| situation | peer | it decides | known from | ffreplay decides |\n"
table += "| --- | --- | --- | --- | --- |\n"
table += "".join("| " + " | ".join(row) + " |\n" for row in rows)
page = os.path.join(TOP, "docs", "peers.md")
with open(page) as file:
    text = file.read()
begin = text.index("| situation")
end = text.index("\n\n", begin) + 1
if os.environ.get("UPDATE"):
    text = text[:begin] + table + text[end:]
    with open(page, "w") as file:
        file.write(text)
else:
    equal(text[begin:end], table, "docs_peers_md_shows_these_cases")
finish()
