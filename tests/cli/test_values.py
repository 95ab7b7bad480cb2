#!/usr/bin/env python3
"""What flags serve beside a plain variant: no variant at all, and one of thousands."""
import json
import os
import subprocess
import sys
import tempfile

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
FFREPLAY = os.environ.get("FFREPLAY", f"{TOP}/build/ffreplay")
HEAD = """project: {name: p, environments: [production], bucket_by: user_id}
attributes: {user_id: string, country: string}
"""
NONE = HEAD + """
logs: {web: {format: ndjson, time: time, flag: flag, variant: variant, unit: user_id}}
flags:
  timeout:
    type: integer
    variants: {short: 100, long: 900}
    default: none
    rules:
      - {if: {country: 'NO'}, serve: long}
      - {if: {country: DE}, serve: none}
      - {if: {country: FR}, split: {short: 20%, none: 50%, long: 30%}}
    users: {none: [alice]}
  asks: {requires: {timeout: none}, serve: on}
  plain: {serve: on}
"""


def ffc(directory, *arguments, program=FFC):
    return subprocess.run([program, *arguments], capture_output=True, text=True, cwd=directory, check=False)


def project(text):
    directory = tempfile.mkdtemp(prefix="ffc-values-")
    os.mkdir(f"{directory}/flags")
    with open(f"{directory}/flags/a.yaml", "w", encoding="utf-8") as file:
        file.write(text)
    return directory


def answer(directory, flag, context, *more):
    run = ffc(directory, "eval", flag, "--json", "-c", json.dumps(context), *(more or ("-e", "production")))
    found = json.loads(run.stdout)
    return [found[key] for key in ("value", "variant", "reason", "rule", "error")]


def no_variant():
    directory = project(NONE)
    for context, expected in [({}, ("DEFAULT", None)), ({"country": "DE"}, ("TARGETING_MATCH", "rules[1]")),
                              ({"user_id": "alice", "country": "NO"}, ("TARGETING_MATCH", "users"))]:
        got = answer(directory, "timeout", context)
        ok(got == [None, None, *expected, None], f"no value and no variant, with the reason of the rule: {expected}", got)
    shares = [answer(directory, "timeout", {"user_id": f"u{i}", "country": "FR"})[0] for i in range(60)]
    ok(15 < shares.count(None) < 45 and set(shares) == {None, 100, 900}, "a split leaves a share to the caller", shares)
    ok(answer(directory, "asks", {})[0] is True and
       answer(directory, "asks", {"country": "NO"})[2] == "PREREQUISITE_FAILED", "another flag asks for it")
    trace = ffc(directory, "trace", "timeout", "-e", "production", "-c", '{"country": "DE"}')
    ok("serve none, the default" in trace.stdout or "serve none" in trace.stdout, "a trace says so", trace.stdout)
    with open(f"{directory}/flags/t.yaml", "w", encoding="utf-8") as file:
        file.write("""tests:
  - {flag: timeout, context: {country: DE}, expect: none}
  - {flag: timeout, context: {country: DE}, expect: {value: null}}
  - {flag: timeout, context: {country: FR}, expect_share: {short: 20%, none: 50%, long: 30%}}
  - {flag: timeout, context: {country: 'NO'}, expect: none}
""")
    run = ffc(directory, "test", "--json")
    ok([t["passed"] for t in json.loads(run.stdout)["tests"]] == [True, True, True, False], "tests expect it", run.stdout)


def overridden():
    directory = project(NONE)
    ffc(directory, "build", "-e", "production", "-o", "p.ffs")
    run = ffc(directory, "rollback", "plain", "--serve", "none", "--reason", "unclear", "-e", "production",
              "--by", "ann", "--build", "p.ffs")
    got = answer(directory, "plain", {}, "-s", "p.ffs")
    ok(got[:3] == [None, None, "OVERRIDE"], "an override leaves any flag to the caller", run.stderr + str(got))
    ok(answer(directory, "plain", {})[:3] == [None, None, "OVERRIDE"], "so do the definitions")


def logged():
    directory = project(NONE)
    with open(f"{directory}/log", "w", encoding="utf-8") as file:
        for i in range(40):
            line = {"time": f"2026-11-20T10:00:{i:02}Z", "flag": "timeout", "user_id": f"u{i}", "status": 200}
            line["variant"] = "long" if i % 4 == 0 else None
            file.write(json.dumps(line) + "\n")
    run = ffc(directory, "health", "timeout", "-e", "production", "--json", "web=log", program=FFREPLAY)
    found = json.loads(run.stdout) if run.stdout else {}
    lines = {name: counts["lines"] for name, counts in found.get("variants", {}).items()}
    ok(lines == {"short": 0, "long": 10, "none": 30}, "a line without a variant was left to the caller",
       run.stdout + run.stderr)


def described():
    metadata = {"team": "web", "tier": 2, "hot": True, "note": 'a "b"', "share": 0.5}
    links = ["https://wiki.example.com/a", "http://tickets.example.com/?id=1&x=y#z"]
    directory = project(HEAD + "flags:\n  told: {serve: on, client: true, metadata: %s, links: %s}\n"
                        "  linked: {serve: on, links: %s}\n  plain: {serve: on, metadata: {}}\n"
                        % (json.dumps(metadata), json.dumps(links), json.dumps(links[0])))
    all_of = {**metadata, "links": links}
    ffc(directory, "build", "-e", "production", "-o", "p.ffs")
    for source in (("-e", "production"), ("-s", "p.ffs")):
        run = ffc(directory, "eval", "told", "linked", "plain", "--json", "-c", "{}", *source)
        found = [json.loads(line).get("metadata") for line in run.stdout.splitlines()]
        ok(found == [all_of, {"links": links[:1]}, None], f"eval {source[0]} tells what the flag says of itself", found)
    found = {f["flag"]: f for f in map(json.loads, ffc(directory, "list", "--json").stdout.splitlines())}
    run = ffc(directory, "trace", "told", "-e", "production", "-c", "{}", "--json")
    ok(json.loads(run.stdout).get("metadata") == all_of, "trace does", run.stdout)
    ok(found["told"]["metadata"] == all_of and found["told"]["client"] is True and
       "metadata" not in found["plain"] and found["plain"]["client"] is False, "list does", found)
    found = {f["name"]: f for f in json.loads(ffc(directory, "dump", "--json", "p.ffs").stdout)["flags"]}
    ok(found["told"]["metadata"] == all_of and found["told"]["client"] is True and
       found["plain"]["client"] is False, "dump does", found)
    ffc(directory, "rollback", "plain", "--reason", "x", "-e", "production", "--by", "ann", "--build", "p.ffs")
    run = ffc(directory, "eval", "told", "--json", "-c", "{}", "-s", "p.ffs")
    ok(json.loads(run.stdout)["metadata"] == all_of, "an emergency keeps it", run.stdout)


def merged():
    """The examples of RFC 7396, as far as a value that is a mapping has them."""
    cases = [({"a": "b"}, {"a": "c"}, {"a": "c"}), ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
             ({"a": "b"}, {"a": None}, {}), ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
             ({"a": ["b"]}, {"a": "c"}, {"a": "c"}), ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
             ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
             ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}), ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
             ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}), (["a"], {"a": 1}, {"a": 1})]
    flags = "".join("  f%d: {type: json, shape: open, variants: {on: %s, off: {}}, default: off, "
                    "rules: [{serve: on, value_overrides: %s}]}\n" % (i, json.dumps(target), json.dumps(patch))
                    for i, (target, patch, _) in enumerate(cases))
    directory = project(HEAD + "flags:\n" + flags + """  asks: {serve: on, requires: {f0: on}}
  plain:
    type: json
    variants: {on: {ttl: 1, n: 1}, off: {ttl: 2, n: 2}}
    default: off
    rules: [{if: {country: SE}, serve: on, value_overrides: {n: 5}}, {if: {country: FR}, serve: on}]
    environments: {production: {variants: {on: {ttl: 7, n: 7}}}}
""")
    got = [answer(directory, f"f{i}", {})[:2] for i in range(len(cases))]
    ok(got == [[result, "on"] for *_, result in cases], "value_overrides is a merge patch", got)
    ok(answer(directory, "asks", {})[0] is True, "the variant is the one that other flags ask for")
    ok(answer(directory, "plain", {"country": "SE"})[0] == {"ttl": 7, "n": 5}, "it goes over the environment's value")
    ok(answer(directory, "plain", {"country": "FR"})[0] == {"ttl": 7, "n": 7}, "and only where its rule decides")
    ffc(directory, "build", "-e", "production", "-o", "p.ffs")
    ffc(directory, "rollback", "plain", "--serve", "on", "--reason", "x", "-e", "production", "--by", "ann", "--build", "p.ffs")
    got = answer(directory, "plain", {"country": "SE"}, "-s", "p.ffs")
    ok(got[:3] == [{"ttl": 7, "n": 7}, "on", "OVERRIDE"], "an emergency serves the variant's own value", got)


def merged_for_some():
    """`value_overrides` of a flag: whatever serves the variant."""
    directory = project(HEAD.replace("country: string", "country: string, paying: boolean")
                        .replace("[production]", "[production, staging, off, rolling]") + """segments: {nordic: {if: {country: [SE, NO]}}}
flags:
  settings:
    type: json
    variants: {a: {n: 1, deep: {x: 1, y: 1}}, b: {n: 2, deep: {x: 2, y: 2}}}
    default: a
    value_overrides:
      b:
        - {if: {country: SE}, replace: {deep: {x: 60}}}
        - {if: {segment: nordic}, replace: {n: 70}}
      a: [{if: {country: [SE, FR]}, replace: {n: 90}}]
    users: {b: [listed]}
    rules:
      - {if: {paying: true}, serve: b, value_overrides: {deep: {y: 5}}}
      - {if: {country: NO}, split: {a: 50%, b: 50%}}
    environments:
      staging: {value_overrides: {b: [{if: {}, replace: {n: 3}}]}, variants: {b: {n: 0, deep: {x: 9, y: 9}}}}
      off: {enabled: false}
      rolling: {canary: {serve: b, stages: [{name: all, percent: 100%}], state: complete}, rules: []}
  asks: {serve: on, requires: {settings: b}}
""")
    one = lambda n, x, y: {"n": n, "deep": {"x": x, "y": y}}
    cases = [({"user_id": "listed", "country": "SE"}, one(2, 60, 2), "b", "TARGETING_MATCH", "users"),
             ({"user_id": "listed", "country": "FR"}, one(2, 2, 2), "b", "TARGETING_MATCH", "users"),
             ({"paying": True, "country": "SE"}, one(2, 60, 5), "b", "TARGETING_MATCH", "rules[0]"),
             ({"paying": True, "country": "NO"}, one(70, 2, 5), "b", "TARGETING_MATCH", "rules[0]"),
             ({"paying": True}, one(2, 2, 5), "b", "TARGETING_MATCH", "rules[0]"),
             ({"country": "FR"}, one(90, 1, 1), "a", "DEFAULT", None), ({}, one(1, 1, 1), "a", "DEFAULT", None)]
    got = [answer(directory, "settings", context) for context, *_ in cases]
    ok(got == [[*wanted, None] for _, *wanted in cases], "parts of a variant's value are replaced, whatever serves it", got)
    halves = [answer(directory, "settings", {"user_id": f"u{i}", "country": "NO"}) for i in range(40)]
    ok({json.dumps(half[:3]) for half in halves} ==
       {json.dumps([one(70, 2, 2), "b", "SPLIT"]), json.dumps([one(1, 1, 1), "a", "SPLIT"])}, "by a split, too", halves)
    got = answer(directory, "settings", {"paying": True, "country": "SE"}, "-e", "staging")
    ok(got[:2] == [one(3, 9, 5), "b"], "an environment's take the place of the flag's", got)
    got = answer(directory, "settings", {"country": "FR"}, "-e", "off")
    ok(got[:3] == [one(90, 1, 1), "a", "DISABLED"], "where the flag is off", got)
    got = answer(directory, "settings", {"country": "NO"}, "-e", "rolling")
    ok(got == [one(70, 2, 2), "b", "STATIC", "canary:all", None], "by a canary", got)
    ok(answer(directory, "asks", {"paying": True, "country": "SE"})[0] is True,
       "the variant is the one that other flags ask for")
    run = ffc(directory, "trace", "settings", "-e", "production", "-c", '{"paying": true, "country": "NO"}')
    ok("no   value_overrides[0] of b" in run.stdout and
       "yes  value_overrides[1] of b" in run.stdout, "trace names the one that counts", run.stdout)
    run = ffc(directory, "show", "settings")
    ok('value_overrides[1] of b: {"n":70} where segment nordic' in run.stdout, "show tells what is replaced", run.stdout)
    ffc(directory, "build", "-e", "production", "-o", "p.ffs")
    ffc(directory, "rollback", "settings", "--reason", "x", "-e", "production", "--by", "ann", "--build", "p.ffs")
    got = answer(directory, "settings", {"country": "FR"}, "-s", "p.ffs")
    ok(got[:3] == [one(1, 1, 1), "a", "OVERRIDE"], "an emergency serves the variant's own value, likewise", got)
    ffc(directory, "rollback", "--lift", got[3].removeprefix("override:"), "--reason", "x", "-e", "production", "--by", "ann", "--build", "p.ffs")
    got = answer(directory, "settings", {"country": "FR"}, "-s", "p.ffs")
    ok(got[:3] == [one(90, 1, 1), "a", "DEFAULT"], "and is lifted", got)


def many():
    count = 4096
    shares = [25] * 1696 + [24] * 2400
    directory = project(HEAD + """
flags:
  big:
    type: integer
    variants: {%s}
    default: none
    split: {%s}
  last: {requires: {big: [v4095, none]}, serve: on}
""" % (", ".join(f"v{i}: {i}" for i in range(count)),
       ", ".join(f"v{i}: {share / 1000:.3f}%" for i, share in enumerate(shares))))
    with open(f"{directory}/contexts", "w", encoding="utf-8") as file:
        for i in range(3000):
            file.write(json.dumps({"user_id": f"u{i}"}) + "\n")
    run = ffc(directory, "eval", "big", "last", "-e", "production", "--json", "--contexts", "contexts")
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    values = [a["value"] for a in answers[::2]]
    edges = [sum(shares[:i]) for i in range(count + 1)]
    buckets = [json.loads(ffc(directory, "trace", "big", "-e", "production", "--json", "-c",
                              json.dumps({"user_id": f"u{i}"})).stdout)["value"] for i in range(20)]
    ok(buckets == values[:20], "4,096 variants: the trace and the evaluation agree", (buckets, values[:20]))
    ok(len(set(values)) > 1500 and max(values) > 4000 and min(values) < 96, "they are spread over all", len(set(values)))
    ok(all((a["value"] is True) == (v == 4095) for a, v in zip(answers[1::2], values)), "another flag asks for the last")
    ok(answer(directory, "last", {})[0] is True, "and for none", edges[-1])
    run = ffc(directory, "health", "big", "-e", "production", "web=/dev/null", program=FFREPLAY)
    ok(run.returncode != 0, "health counts no units of so many", run.stderr)


no_variant()
overridden()
logged()
described()
merged()
merged_for_some()
many()
sys.exit(finish())
