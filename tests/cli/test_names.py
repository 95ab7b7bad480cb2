#!/usr/bin/env python3
"""A mistyped name of a flag, an environment and whatever else a command line names is an error, with what may have
been meant; it never selects nothing in silence."""
import os
import subprocess
import sys
import tempfile

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = {"ffc": os.environ.get("FFC", f"{TOP}/build/ffc"),
            "ffreplay": os.environ.get("FFREPLAY", f"{TOP}/build/ffreplay")}


DEFINITIONS = """\
project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, country: string}
logs: {requests: {format: ndjson}}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}, log: requests}}
segments: {germans: {if: {country: {eq: DE}}}}
flags:
  checkout:
    tags: [payment]
    owner: web
    kind: canary
    canary:
      state: running
      since: 2026-11-20T10:00:00Z
      stage: small
      stages: [{name: small, percent: 5%}, {name: large, percent: 50%}]
      guards: [{metric: errors, max_increase: 10%}]
  banner: {serve: on, tags: [web], owner: growth, kind: ops}
tests: [{name: banners are on, flag: banner, environment: staging, context: {user_id: u1}, expect: {variant: on}}]
"""
LOG = '{"time":"2026-11-20T10:00:00Z","user_id":"u1","status":200}\n'

# What is typed, and the name that was meant: None where all there is are listed.
NAMES = """
ffc build -e prodction -o x.ffs                             production
ffc test -e prodction                                       production
ffc test baner                                              banner
ffc list -e prodction                                       production
ffc list chekout                                            checkout
ffc list --tag paymet                                       payment
ffc list --owner grwth                                      growth
ffc list --kind opps                                        ops
ffc eval -e prodction checkout -c {}                        production
ffc eval -e staging chekout -c {}                           checkout
ffc trace -e prodction checkout -c {}                       production
ffc trace -e staging chekout -c {}                          checkout
ffc trace -e staging checkout --stage smal -c {}            small
ffc trace -e staging checkout --state runing -c {}          running
ffc canary status -e prodction                              production
ffc canary status chekout                                   checkout
ffc canary pause chekout --reason x                         checkout
ffc canary pause checkout -e prodction --reason x           production
ffc canary advance checkout --to lage --reason x            large
ffc canary advance checkout --from smal --reason x          small
ffc canary paus checkout --reason x                         pause
ffc experiment start chekout --reason x                     checkout
ffc experiment conclud checkout --reason x                  conclude
ffc rollback --list -e prodction                            production
ffc rollback chekout --reason x                             checkout
ffc rollback checkout -e prodction --reason x               production
ffc rollback --tag paymet --reason x                        payment
ffc rollback --kind ops-x --reason x                        ops
ffc rollback --all --segment germns --reason x              germans
ffc rollback checkout --serve onn --reason x                on
ffc rollback --lift rollback-20261120t100000z-000 --reason x    rollback-20261120t100000z-0000
ffc rollback --lift rollback-20261120t100000z-0000 -e prodction --reason x  production
ffc build --lable x -o x.ffs                                label
ffreplay decide chekout log -e production                   checkout
ffreplay decide checkout log -e prodction                   production
ffreplay decide --all log -e prodction                      production
ffreplay watch chekout log -e production                    checkout
ffreplay watch checkout log -e prodction                    production
ffreplay backtest chekout log -e production                 checkout
ffreplay backtest checkout log -e prodction                 production
ffreplay health chekout log -e production                   checkout
ffreplay health checkout log -e prodction                   production
ffreplay plan chekout log -e production                     checkout
ffreplay plan checkout log -e prodction                     production
ffreplay plan checkout log -e production --baseline erors=1%    errors
ffreplay metrics log --metric erors                         errors
ffreplay metrics log --flag chekout -e production           checkout
ffreplay metrics log --flag checkout -e prodction           production
ffreplay metrics reqests=log                                requests
ffreplay history chekout                                    checkout
ffreplay history -e prodction                               production
"""

with tempfile.TemporaryDirectory() as scratch:
    os.makedirs(os.path.join(scratch, "flags", "overrides"))
    for name, text in (("flags/shop.yaml", DEFINITIONS), ("log", LOG), ("flags/overrides/one.yaml",
                       "overrides: [{id: rollback-20261120t100000z-0000, flags: [banner], serve: default, reason: x, by: y}]\n")):
        with open(os.path.join(scratch, name), "w") as file:
            file.write(text)

    def run(*command):
        return subprocess.run([PROGRAMS[command[0]], *command[1:]], capture_output=True, text=True, cwd=scratch,
                              stdin=subprocess.DEVNULL, timeout=240)

    sound = run("ffc", "check")
    ok(sound.returncode == 0, "the_definitions_are_sound", sound.stderr)
    before = {place: os.listdir(os.path.join(scratch, place)) for place in (".", "flags", "flags/overrides")}
    for line in NAMES.strip().splitlines():
        *command, meant = line.split()
        done = run(*command)
        said = done.stderr.replace("'--", "'")
        suggested = f"did you mean '{meant}'?" in said or "--from" in command and f"it is in '{meant}'" in said
        # eval has an answer for each flag, and that is an error for one that there is not.
        ok(done.returncode in (1, 2) and suggested and (done.stdout == "" or command[1] == "eval"),
           " ".join(command), done.returncode, done.stdout, done.stderr)
    ok(before == {place: os.listdir(os.path.join(scratch, place)) for place in before}, "and_nothing_is_written")

    # What is like no name gets those there are.
    for command, listed in ((["ffc", "list", "-e", "mars"], "there is 'staging', 'production'"),
                            (["ffc", "list", "--tag", "mars"], "there is 'web', 'payment'"),
                            (["ffc", "rollback", "--tag", "mars", "--reason", "x"], "there is 'web', 'payment'"),
                            (["ffc", "test", "mars"], "there is 'banners are on', 'banner', 'checkout'"),
                            (["ffc", "trace", "checkout", "-e", "staging", "--stage", "mars", "-c", "{}"],
                             "there is 'small', 'large'"),
                            (["ffreplay", "metrics", "mars=log"], "there is 'requests'")):
        done = run(*command)
        ok(done.returncode in (1, 2) and listed in done.stderr, " ".join(command), done.returncode, done.stderr)

    # What is named right does select.
    for environment, listed in (("production", True), ("staging", True)):
        done = run("ffc", "rollback", "--list", "-e", environment)
        ok(done.returncode == 0 and ("0000" in done.stdout) == listed, f"lists_for_{environment}", done.stdout, done.stderr)
    with open(os.path.join(scratch, "flags/overrides/one.yaml"), "w") as file:
        file.write("overrides: [{id: one, flags: [banner], environments: [staging], serve: default, reason: x, by: y}]\n")
    for environment, listed in (("production", False), ("staging", True)):
        done = run("ffc", "rollback", "--list", "-e", environment)
        ok(done.returncode == 0 and ("one" in done.stdout) == listed, f"lists_what_is_only_for_{environment}",
           done.stdout, done.stderr)
    ok("there is no override in production" in run("ffc", "rollback", "--list", "-e", "production").stdout,
       "and_says_where_there_is_none")
    done = run("ffc", "rollback", "--status", "-e", "staging")
    ok(done.returncode == 2 and "leave out -e" in done.stderr, "the_steps_are_of_all_environments", done.stderr)
sys.exit(finish())
