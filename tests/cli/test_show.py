#!/usr/bin/env python3
"""`ffc show` and `ffc list`: how a flag stands now, in words and numbers, for people, programs and Prometheus."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok, skip

if not shutil.which("git"):
    print("ok 1 - how flags stand # SKIP there is no git\n1..1")
    sys.exit()

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
BUILD = os.environ.get("BUILD", f"{TOP}/build")
SCRATCH = tempfile.mkdtemp(prefix="ffc-show-")
PROJECT = """project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, country: string}
metrics: {errors: {kind: proportion, of: {status: 500}}}
logs: {web: {format: ndjson, time: ts, unit: user_id, fields: {status: status}}}
flags:
  checkout:
    description: Checkout on one page
    owner: web
    tags: [money]
    metadata: {jira: SHOP-881}
    expires: 2090-01-31T00:00:00Z
    environments:
      staging: {serve: on}
      production:
        rules:
          - {name: nordic, if: {country: ["NO", SE]}, percent: 35%}
          - {percent: 10%}
  pay:
    canary:
      stages: [{name: early, percent: 5%}, {name: full, percent: 100%}]
      guards: [{metric: errors, max: 1%}]
      state: running
      since: 2026-11-20T10:00:00Z
  ramp: {percent: {from: 0%, to: 80%, start: 2027-01-01T00:00:00Z, end: 2027-01-31T00:00:00Z}}
  steps: {percent: {from: 10%, step: 10%, every: 1d, start: 2027-01-01T00:00:00Z, to: 50%}}
  held: {percent: 40%}
  some: {percent: 40%}
  base: {serve: off}
  needs: {requires: {base: on}, percent: 30%}
  size: {type: integer, value: 20}
  gone: {percent: 40%, enabled: false}
  test:
    type: string
    variants: {a: x, b: y}
    default: a
    experiment: {control: a, split: {a: 50%, b: 50%}, traffic: 60%, state: running, primary: errors}
overrides:
  - {id: inc-12, flags: [held], serve: off, by: op1, reason: elevated errors, until: 2090-01-01T00:00:00Z, environments: [production]}
  - {id: later, flags: [checkout], serve: off, from: 2090-01-01T00:00:00Z, reason: planned, by: op1}
  - {id: part, flags: [some], if: {country: "NO"}, serve: off, reason: one country, by: op1}
tests:
  - {name: Norway gets it, flag: checkout, environment: production, context: {user_id: u1, country: DE}, expect: {rule: null}}
"""


def run(*arguments, cwd=SCRATCH, stdin=None):
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, input=stdin, check=False,
                          env={"PATH": os.environ["PATH"]})


def git(*arguments):
    done = run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", *arguments)
    assert done.returncode == 0, done.stderr


def write(text):
    os.makedirs(f"{SCRATCH}/flags", exist_ok=True)
    with open(f"{SCRATCH}/flags/shop.yaml", "w", encoding="utf-8") as file:
        file.write(text)


def show(flag, *more):
    return run(FFC, "show", flag, *more)


git("init", "-q", "-b", "main")
write(PROJECT.replace("35%", "20%"))
git("add", "-A")
git("commit", "-qm", "first users")
write(PROJECT.replace("35%", "20%").replace("name: shop", "name: shop  # a name"))
git("commit", "-qam", "elsewhere in the file")
write(PROJECT)
git("commit", "-qam", "more traffic, looks calm")
write("# moved down\n\n" + PROJECT)

page = show("checkout").stdout
for words in ("Checkout on one page", "release, boolean", "web", "money", "SHOP-881", "2090-01-31, in ", "production  2 rules",
              "rule nordic: on for 35% where country is NO or SE", "rule rules[1]: on for 10%", "override:later will hold it: off from 2090",
              "Tests: 1, passes; ", "Norway gets it", "no test reaches ", "more traffic, looks calm", "first users", "by ann", "flags/shop.yaml:8"):
    ok(words in page, f"show says: {words}", page)
ok("elsewhere" not in page, "commits that changed other lines are not its changes", page)
ok(max(map(len, page.splitlines())) <= 80, "fits 80 columns", page)
ok("staging" not in show("checkout", "-e", "production").stdout, "-e names one environment")
held = show("held").stdout
ok("production  " in held and "off by override:inc-12" in held and "by op1: elevated errors" in held.replace("\n", " ").replace("  ", ""),
   "an override in force stands in place of what it hides", held)
ok("ramp" in show("ramp", "--at", "2027-01-16T00:00:00Z").stdout and "40% on its way to 80%" in show("ramp", "--at", "2027-01-16T00:00:00Z").stdout,
   "a gradual percentage is as of now", show("ramp", "--at", "2027-01-16T00:00:00Z").stdout)
done = show("chekout")
ok(done.returncode == 1 and "did you mean 'checkout'" in done.stderr, "an unknown flag exits 1, with what was meant", done.stderr)
ok(run(FFC, "show").returncode == 2 and run(FFC, "show", "a", "b").returncode == 2, "one flag is named")
ok(show("checkout", "-e", "prod").returncode == 2, "an unknown environment is a usage error")

ok(json.loads(show("checkout", "--json").stdout)["environments"]["production"]["published"] is None, "what was never published is not said to be")
built = run(FFC, "build", "-e", "production", "-o", "live.ffs", "--record", "--actor", "bob")
published = json.loads(show("checkout", "--json").stdout)["environments"]["production"]["published"]
ok(published and published["build"] in built.stdout + built.stderr and f"build {published['build'][:12]}" in show("checkout").stdout and
   json.loads(show("checkout", "--json").stdout)["environments"]["staging"]["published"] is None,
   "what was published last, where it is recorded", published, built.stderr)
run(FFC, "rollback", "steps", "-e", "production", "--reason", "INC-13\x1b[31m", "--by", "bob")
found = json.loads(show("steps", "--json").stdout)
ok(found["changes"][0]["action"] == "override" and found["changes"][0]["who"] == "bob" and found["changes"][0]["environments"] == ["production"],
   "the ledger's changes are among them, newest first", found["changes"])
ok(found["changes"][1]["commit"] and found["git"] is True, "with git's", found["changes"])
ok("\x1b" not in show("steps").stdout, "a reason cannot colour a terminal")
says = {one["what"]: one["text"] for one in json.loads(show("checkout", "--json").stdout)["environments"]["production"]["says"]}
ok(says["rule nordic"] == "on for 35% where country is NO or SE" and says["default"] == "off", "rules in words, for programs", says)
os.rename(f"{SCRATCH}/.git", f"{SCRATCH}/elsewhere")
done = show("checkout")
ok(done.returncode == 0 and "git knows nothing" in done.stderr, "without a repository, only the ledger's", done.stderr)
os.rename(f"{SCRATCH}/elsewhere", f"{SCRATCH}/.git")


def listed(*more):
    done = run(FFC, "list", "--json", *more)
    return {flag["flag"]: {name: (e["percent"], e["state"], e["override"], e["served"]) for name, e in flag["environments"].items()}
            for flag in map(json.loads, done.stdout.splitlines())}


numbers = {name: environments["production"] for name, environments in listed("--at", "2027-01-03T12:00:00Z").items()}
for flag, expected in {"checkout": (None, "enabled", None, None), "pay": (5, "running", None, None), "ramp": (6.666, "enabled", None, None),
                       "held": (0, "enabled", "override:inc-12", "off"), "some": (None, "enabled", "override:part", "off"),
                       "base": (0, "enabled", None, "off"), "needs": (0, "enabled", None, "off"), "size": (0, "enabled", None, "20"),
                       "gone": (0, "disabled", None, "off"), "test": (60, "running", None, None)}.items():
    ok(numbers[flag] == expected, f"numbers of {flag}", numbers[flag], expected)
ok(listed("--at", "2027-01-03T12:00:00Z")["steps"]["staging"][0] == 30, "steps as of then", listed("--at", "2027-01-03T12:00:00Z")["steps"])
ok(listed("--at", "2027-02-03T12:00:00Z")["ramp"]["staging"] == (80, "enabled", None, None), "a ramp at its end stays")
table = run(FFC, "list", "ramp", "--at", "2027-01-16T00:00:00Z").stdout
ok("40% on its way to 80%" in table, "the table, too", table)
done = run(FFC, "list", "serach")
ok(done.returncode == 1 and "no flag is called" in done.stderr and not done.stdout, "a name that nothing has exits 1", done.stderr)

write(PROJECT.replace("name: shop,", 'name: shop,'))
text = run(FFC, "list", "--format", "prometheus").stdout
ok('ffc_flag_rollout_percent{project="shop",environment="production",flag="pay"} 5\n' in text and
   'ffc_canary_active{project="shop",environment="production",flag="pay"} 1\n' in text and
   'ffc_canary_stage{project="shop",environment="production",flag="pay"} 1\n' in text and
   'ffc_flag_enabled{project="shop",environment="production",flag="held"} 0\n' in text and
   'ffc_flag_enabled{project="shop",environment="staging",flag="held"} 1\n' in text and
   'rollout_percent{project="shop",environment="production",flag="checkout"}' not in text, "gauges for Prometheus", text)
promtool = shutil.which("promtool") or next((path for path in (f"{BUILD}/prometheus/usr/bin/promtool", f"{TOP}/build/prometheus/usr/bin/promtool")
                                             if os.path.exists(path)), None)
if promtool:
    done = run(promtool, "check", "metrics", stdin=text)
    ok(done.returncode == 0, "promtool accepts them", done.stdout + done.stderr)
else:
    skip("promtool accepts them", f"no promtool; tools/setup_prometheus.sh {BUILD}/prometheus")
sys.exit(finish())
