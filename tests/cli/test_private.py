#!/usr/bin/env python3
"""Private attributes: their values stand hashed in snapshots, and no output has them."""
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import xxhash

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
FFREPLAY = os.environ.get("FFREPLAY", f"{TOP}/build/ffreplay")
DEFINITIONS = """project: {name: shop, environments: [live], bucket_by: user_id}
attributes:
  user_id: {type: string, private: true}
  account: {type: number, private: true}
  emails: {type: strings, private: true}
  team: string
segments: {early: {if: {user_id: {in_file: lists/early.txt}}}}
logs: {web: {format: ndjson, time: time, unit: user, context: {user_id: user, account: account}, fields: {who: user}}}
metrics: {lines: {kind: rate, log: web}}
flags:
  listed:
    users: {on: [alice-secret, bob-secret]}
    rules:
      - {if: {segment: early}, serve: on}
      - {if: {account: [424242, 434343]}, serve: on}
      - {if: {emails: {has_all: [ada@secret, "BOB@secret"], ignore_case: true}}, serve: on}
      - {if: {team: [red-team, blue-team]}, serve: on}
  share: {percent: 50%}
  either:
    bucket_by: [account, user_id]
    users: {on: [carol-secret, '454545']}
    percent: 20%
tests:
  - {flag: listed, context: {user_id: dora-secret, account: 464646, team: red-team}, expect: on}
"""
SECRETS = ["alice-secret", "bob-secret", "carol-secret", "early-secret", "424242", "434343", "454545", "ada@secret",
           "bob@secret", "BOB@secret"]


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, cwd=directory, check=False, **more)


def digest(attribute, value, project="shop"):
    word = lambda name: xxhash.xxh3_64_intdigest(name.encode()).to_bytes(8, "little")
    hashed = hashlib.blake2s(value.encode(), digest_size=15, salt=word(project), person=word(attribute))
    return base64.urlsafe_b64encode(hashed.digest()).decode()


def serves(flag, context):
    return json.loads(run(FFC, "eval", flag, "-s", "live.ffs", "--json", "-c", json.dumps(context)).stdout)["variant"]


def shown(secrets, text):
    return [secret for secret in secrets if secret in text]


directory = tempfile.mkdtemp(prefix="ffc-private-")
os.makedirs(f"{directory}/flags/lists")
with open(f"{directory}/flags/a.yaml", "w", encoding="utf-8") as file:
    file.write(DEFINITIONS)
with open(f"{directory}/flags/lists/early.txt", "w", encoding="utf-8") as file:
    file.writelines(f"early-secret-{i}\n" for i in range(1000))

built = run(FFC, "build", "-e", "live", "-o", "live.ffs")
with open(f"{directory}/live.ffs", "rb") as file:
    snapshot = file.read()
found = [secret for secret in SECRETS if secret.encode() in snapshot]
ok(built.returncode == 0 and not found and b"red-team" in snapshot, "no value stands in a snapshot",
   f"{found} {built.stderr}")
expected = [digest("user_id", "alice-secret"), digest("user_id", "early-secret-999"), digest("account", "424242"),
            digest("emails", "bob@secret"), digest("account", "carol-secret")]
found = [text for text in expected if text.encode() not in snapshot]
ok(not found, "the digests are those that hashlib makes", found)

answers = {flag: [serves(flag, context) for context in contexts] for flag, contexts in {
    "listed": [{"user_id": "alice-secret"}, {"user_id": "early-secret-7"}, {"account": 434343},
               {"emails": ["x", "ADA@secret", "bob@SECRET"]}, {"emails": ["ada@secret"]}, {"user_id": "early-secret"}],
    "either": [{"user_id": "carol-secret"}, {"account": 454545}]}.items()}
ok(answers == {"listed": ["on"] * 4 + ["off"] * 2, "either": ["on"] * 2}, "and evaluations find them", answers)

out = run(FFC, "dump", "live.ffs").stdout + run(FFC, "dump", "--json", "live.ffs").stdout
ok(not shown(SECRETS, out) and digest("account", "424242") in out and "attribute user_id: string, private" in out
   and '"name":"user_id","type":"string","private":true' in out and '"attribute":"account or user_id"' in out,
   "dump has digests, and says what is private", out)

who = {"user_id": "eve-secret", "account": 474747, "emails": ["eve@secret"], "team": "green"}
own = SECRETS + ["eve-secret", "474747", "eve@secret"]
traces = {flag: [run(FFC, "trace", flag, "-e", "live", "-c", json.dumps(who), *more).stdout
                 for more in ([], ["--json"], ["--show-private"])] for flag in ("listed", "share", "either")}
plain = "".join(text + of_json for text, of_json, _ in traces.values())
ok(not shown(own, plain) and "account in 2 private values" in plain and "(private) is at" in plain and "green" in plain,
   "trace hides values and what they are compared with",
   plain)
asked = "".join(all_of_it for _, _, all_of_it in traces.values())
ok({"eve-secret", "474747", "eve@secret", "424242"} <= set(shown(own, asked)), "but shows them if asked", asked)

with open(f"{directory}/flags/a.yaml", "w", encoding="utf-8") as file:
    file.write(DEFINITIONS.replace("expect: on", "expect: off"))
hidden = run(FFC, "test")
hidden = hidden.stdout + run(FFC, "test", "--json").stdout
ok(not shown(["dora-secret", "464646"], hidden) and "red-team" in hidden
   and "(private)" in hidden and "ffc trace" not in hidden, "a failing test hides its context", hidden)
asked = run(FFC, "test", "--show-private").stdout
ok("dora-secret" in asked and "ffc trace" in asked, "but shows it, and the command to trace it, if asked", asked)

twice = DEFINITIONS.replace("on: [alice-secret, bob-secret]", "on: [alice-secret], off: [alice-secret]")
with open(f"{directory}/flags/a.yaml", "w", encoding="utf-8") as file:
    file.write(twice)
out = "".join(run(FFC, "check", "--format", form).stderr + run(FFC, "check", "--format", form).stdout
              for form in ("text", "json", "sarif", "github"))
ok("FF0329" in out and not shown(SECRETS, out), "a diagnostic about listed users names none", out)
with open(f"{directory}/flags/a.yaml", "w", encoding="utf-8") as file:
    file.write(DEFINITIONS)

with open(f"{directory}/web.ndjson", "w", encoding="utf-8") as file:
    for i in range(50):
        file.write(json.dumps({"time": f"2026-11-20T10:00:{i:02d}Z", "user": f"user-secret-{i % 5}",
                               "account": "no number"}) + "\n")
for field in ("user", "who", "account"):
    refused = run(FFREPLAY, "metrics", "web.ndjson", "--by", field)
    ok(refused.returncode == 2 and "private" in refused.stderr
       and not shown(["user-secret"], refused.stderr + refused.stdout), f"metrics by {field} are refused", refused.stderr + refused.stdout)
asked = run(FFREPLAY, "metrics", "web.ndjson", "--by", "user", "--show-private")
ok(asked.returncode == 0 and "user-secret-3" in asked.stdout, "but not if asked", asked.stderr)

run(FFC, "rollback", "share", "-e", "live", "--segment", "early", "--reason", "r", "--build", "live.ffs")
with open(f"{directory}/live.ffs", "rb") as file:
    snapshot = file.read()
answer = json.loads(run(FFC, "eval", "share", "-s", "live.ffs", "--json", "-c", '{"user_id": "early-secret-8"}').stdout)
ok(answer["reason"] == "OVERRIDE" and b"early-secret" not in snapshot,
   "an emergency for a private segment is patched in, hashed", answer)

level = run(FFC, "build", "-e", "live", "-o", "old.ffs", "--format-level", "1")
ok(level.returncode == 1 and re.search("listed|either", level.stderr), "level 1 of the format has no such flags",
   level.stderr)
shutil.rmtree(directory)
sys.exit(finish())
