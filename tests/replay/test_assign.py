#!/usr/bin/env python3
"""Who is in the canary, who is control, and who is left out: every way a flag can decide, every type of
attribute, each line at its own time. `ffc eval`, line by line, says who is in the canary."""
import json
import os
import random
import subprocess

from lab import START, TOP, canary, decide, equal, finish, ok, project, requests, write

FFC = os.environ.get("FFC", os.path.join(TOP, "build", "ffc"))

PROJECT = """\
project: {name: lab, environments: [production], bucket_by: account}
attributes:
  account: number
  user_id: string
  country: string
  staff: boolean
  app: version
  joined: time
  address: ip
  groups: strings
segments:
  wanted: {if: {any: [{country: [NO, SE]}, {groups: {has: beta}}, {app: {gte: 2.1.0}}]}}
layers:
  pages: {bucket_by: user_id}
holdouts:
  q4: {percent: 10%}
logs:
  requests:
    format: ndjson
    time: {from: when, unit: s}
    context:
      account: who.account
      user_id: who.user
      country: geo.country
      staff: staff
      app: client.version
      joined: who.joined
      address: address
      groups: groups
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}}
overrides:
  - {flags: [canary.page], serve: default, from: 2026-11-20T10:30:00Z, until: 2026-11-20T10:40:00Z,
     if: {country: NO}, reason: freeze}
"""
FLAGS = """\
flags:
  other:
    bucket_by: user_id
    percent: 70%
  canary.page:
    requires: {other: on}
    holdout: q4
    layer: {name: pages, from: 10%, to: 100%}
    users: {on: ["7", "8"], off: ["9"]}
    rules:
      - {name: staff, if: {staff: true}, serve: on}
      - {name: old, if: {joined: {before: 2020-01-01T00:00:00Z}}, serve: off}
      - {name: lan, if: {address: {in: [10.0.0.0/8]}}, serve: off}
    canary:
      stages: [{name: some, percent: 40%, if: {segment: wanted}}, {name: full, percent: 100%}]
      guards: [{metric: error_rate, max: 50%}]
      state: running
      stage: some
      since: 2026-11-20T10:00:00Z
"""

rng = random.Random(3)


def line(i):
    who = {"account": rng.randrange(200), "user": f"u{rng.randrange(300)}",
           "joined": rng.choice(["2019-05-01T00:00:00Z", "2024-05-01T00:00:00+02:00", 1735689600000])}
    out = {
        "when": START / 1000 + i * 3,
        "who": who,
        "geo": {"country": rng.choice(["NO", "SE", "US", "DE"])},
        "staff": rng.random() < 0.05,
        "client": {"version": rng.choice(["1.0", "v2.0.9", "2.1.0-rc.1", "2.1.0", "3.4"])},
        "address": rng.choice(["10.1.2.3", "::ffff:10.9.9.9", "192.0.2.7", "2001:db8::1"]),
        "groups": rng.choice([[], ["beta"], ["alpha", "beta"], "beta"]),
        "status": 200,
    }
    if rng.random() < 0.2:
        out["who"]["account"] = rng.choice([1.5, None, str(rng.randrange(200)), 2**60])
    for key in ("who", "geo", "staff", "client", "address", "groups"):
        if rng.random() < 0.03:
            del out[key]
    return out


def context(entry):
    """The line's context as `ffc eval` reads it."""
    who = entry.get("who", {})
    account = who.get("account")
    out = {"account": float(account) if isinstance(account, str) else account,
           "user_id": who.get("user"), "country": entry.get("geo", {}).get("country"),
           "staff": entry.get("staff"), "app": entry.get("client", {}).get("version"),
           "joined": who.get("joined"), "address": entry.get("address")}
    if out["joined"] == 1735689600000:
        out["joined"] = "2025-01-01T00:00:00Z"
    if isinstance(entry.get("groups"), list):
        out["groups"] = entry["groups"]
    if isinstance(out["account"], float) and out["account"].is_integer():
        out["account"] = int(out["account"])
    return {name: value for name, value in out.items() if value is not None}


def evaluate(directory, entry):
    at = int(round(entry["when"] * 1000)) - START
    time = f"2026-11-20T{10 + at // 3600000:02}:{at // 60000 % 60:02}:{at // 1000 % 60:02}Z"
    done = subprocess.run([FFC, "eval", "canary.page", "-C", directory, "-e", "production", "--json",
                           "--at", time, "-c", json.dumps(context(entry))], capture_output=True)
    return json.loads(done.stdout)


lines = [line(i) for i in range(1200)]
directory = project("assign", FLAGS, base=PROJECT)
everybody = project("everybody", FLAGS.replace("percent: 40%", "percent: 100%"), base=PROJECT)
path = write("assign.ndjson", lines)
result = decide(directory, path, "--json", flag="canary.page")
ok(result.status == 0, "it_is_decided", result.err)


def why(answer):
    if answer["reason"] in ("OVERRIDE", "HOLDOUT", "LAYER"):
        return answer["reason"].lower()
    if answer["reason"] == "PREREQUISITE_FAILED":
        return "prerequisite"
    return "users" if answer["rule"] == "users" else "rules"


def has_key(entry):
    account = context(entry).get("account")
    return isinstance(account, int) and abs(account) <= 2**53


expected = {}
for entry in lines[::2]:
    answer = evaluate(directory, entry)
    if answer["rule"] == "canary:some":
        group = "canary"
    elif answer["rule"] or answer["reason"] != "DEFAULT":
        group = why(answer)
    elif evaluate(everybody, entry)["rule"] != "canary:some":
        group = "not_in_audience"
    else:
        group = "control" if has_key(entry) else "no_key"
    expected[group] = expected.get(group, 0) + 1

half = decide(directory, write("half.ndjson", lines[::2]), "--json", flag="canary.page").json
got = dict(half["input"]["left_out"], canary=half["criteria"][0]["canary"]["n"],
           control=half["criteria"][0]["control"]["n"])
equal(got, expected, "every_line_is_where_ffc_eval_puts_it")
equal(set(expected), {"canary", "control", "not_in_audience", "no_key", "override", "prerequisite",
                      "users", "holdout", "layer", "rules"}, "every_way_was_taken")

# An override counts while it is active, and only for lines of that time.
override = [entry for entry in lines if 1800 <= entry["when"] - START / 1000 < 2400 and
            entry.get("geo", {}).get("country") == "NO"]
equal(result.json["input"]["left_out"]["override"], len(override), "an_override_counts_while_it_is_active")

# Disabled in the environment: nobody is in it.
disabled = project("disabled", FLAGS.replace("    requires", "    enabled: false\n    requires"),
                   base=PROJECT)
left_out = decide(disabled, path, "--json", flag="canary.page").json["input"]["left_out"]
equal(left_out, {"override": len(override), "disabled": len(lines) - len(override)}, "disabled")

# At 100 % there is no control, and a unit without a key is in the canary.
full = decide(everybody, path, "--json", flag="canary.page").json
equal(full["criteria"][0]["control"]["n"], 0, "at_100_percent_there_is_no_control")
equal(full["criteria"][0]["canary"]["n"] + sum(full["input"]["left_out"].values()), len(lines),
      "at_100_percent_everybody_else_is_in_the_canary")

# Without the field that is hashed, nothing can be worked out: said before a line is read.
unmapped = project("unmapped", FLAGS, base=PROJECT.replace("      account: who.account\n", ""))
result = decide(unmapped, path, flag="canary.page")
ok(result.status == 1 and "no context 'account', which flag 'canary.page' is bucketed by" in result.err,
   "a_context_without_the_key_is_refused", result.err)

# An empty identifier is nobody's: those lines are not one unit, nor, with an empty id, one line.
lines = requests(3000)
for entry in lines[::10]:
    entry.update(user_id="", request="")
units = project("units", canary("""
stages: [{name: some, percent: 20%}, {name: full, percent: 100%}]
guards: [{metric: failing_users, max: 50%}]
state: running
stage: some
since: 2026-11-20T10:00:00Z
"""))
logged = decide(units, write("nobody.ndjson", lines), "--json").json
without = decide(units, write("somebody.ndjson", [entry for entry in lines if entry["user_id"]]), "--json").json
equal(logged["input"]["left_out"].get("no_key"), 300, "an_empty_unit_has_no_key_and_an_empty_id_is_none")
equal(logged["criteria"], without["criteria"], "and_is_in_no_group")
# ----------------------------------------------------------------------------- a flag that was renamed

named = project("named", canary("""\
stages: [{name: some, percent: 20%}, {name: full, percent: 100%}]
guards: [{metric: error_rate, max: 50%}]
state: running
stage: some
since: 2026-11-20T10:00:00Z
"""), """\
project: {name: lab, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
logs: {requests: {format: ndjson, time: ts, unit: user_id, flag: f, variant: v}}
metrics: {error_rate: {kind: proportion, of: {status: {gte: 500}}}}

""")
lines = [dict(line, f=("canary.checkout", "checkout.new", "another")[at % 3], v="on" if at % 2 else "off")
         for at, line in enumerate(requests(600))]
path = write("named.ndjson", lines)
before = decide(named, path, "--json").json["input"]
equal([before["used"], before["left_out"]["other_flag"]], [200, 400], "a_line_is_of_the_flag_that_it_names")
done = subprocess.run([FFC, "rename", "canary.checkout", "checkout.new", "-C", named, "--reason", "a better name", "--actor", "amira",
                       "--at", "2026-11-20T10:30:00Z"], capture_output=True, text=True)
equal(done.returncode, 0, "the_flag_is_renamed")
after = decide(named, path, "--json", flag="checkout.new").json["input"]
equal([after["used"], after["left_out"]["other_flag"]], [400, 200], "lines_of_both_names_are_its")

finish()
