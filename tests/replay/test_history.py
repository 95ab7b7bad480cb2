#!/usr/bin/env python3
"""The ledger as a page, and what is wrong with one that somebody touched."""
import json
import os
import re
import subprocess

import lab
from lab import HOUR, START, Result, canary, decide, equal, finish, ok, project, requests, write

directory = project("history", canary("""\
stages: [{name: first, percent: 20%}, {name: second, percent: 50%}, {name: full, percent: 100%}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
guards: [{metric: error_rate, max_increase: 20%, action: rollback}]
"""))
ledger = os.path.join(directory, "ledger.jsonl")


def history(*arguments):
    command = [lab.FFREPLAY, "history", "-C", directory, *arguments]
    return Result(subprocess.run(command, capture_output=True))


empty = history()
equal((empty.status, empty.out), (0, f"{ledger}: there is no ledger yet\n"), "no_ledger_yet")

steps = [requests(2000), requests(2000, percent=50, start=START + 2 * HOUR, seed=2),
         requests(2000, percent=100, start=START + 4 * HOUR, seed=3)]
for i, lines in enumerate(steps):
    decide(directory, write(f"step{i}.ndjson", lines), "--apply", "--actor", "ci")
whole = history()
equal(whole.status, 0, "a_whole_ledger")
equal(whole.out, """\
2026-11-20T11:59:56.400Z  advance  canary.checkout in production
    to stage 'second' after 1h 59m in stage 'first', by ci (all-passed)
    0 of 1 criteria passed, 1 is undecided, and none stands against it
2026-11-20T13:59:56.400Z  advance  canary.checkout in production
    to stage 'full' after 2h in stage 'second', by ci (all-passed)
    0 of 1 criteria passed, 1 is undecided, and none stands against it
2026-11-20T15:59:56.400Z  complete  canary.checkout in production
    after 2h in stage 'full', by ci (all-passed)
    0 of 1 criteria passed, and none stands against it

3 changes, 0 rollbacks
""", "is_a_page")
equal(re.sub(r"\033\[\d+m", "", history("--color", "always").out), whole.out,
      "in_colour_it_says_the_same")
with open(ledger) as file:
    text = file.read()
equal(history("--json").out, text, "json_is_the_ledger_itself")
equal(history("canary.checkout", "-e", "production", "--json").out, text, "narrowed_to_what_is_there")
for narrow in (["another"], ["-e", "staging"]):
    equal(history(*narrow).out, "no change in the ledger fits\n", f"narrowed_to_{narrow[-1]}")
    equal(history(*narrow, "--json").out, "", f"narrowed_to_{narrow[-1]}_as_json")
equal(history("--verify").out, f"{ledger}: 3 lines, and each follows the one before\n", "verified")

first, second, third = text.splitlines(True)
TOUCHED = {
    "changed": (first + second.replace('"ci"', '"me"') + third, 3, "the line before is not the one"),
    "dropped": (first + third, 2, "the line before is not the one"),
    "without_its_first": (second + third, 1, "lines before this one are missing"),
    "in_another_order": (second + first + third, 1, "lines before this one are missing"),
    "begun_twice": (first + first + second + third, 2, "as if it were the first"),
    "with_a_line_of_something_else": (first + "{}\n" + second + third, 2, "no line of a ledger"),
    "cut_short": (first + second + third[:-1], 3, "cut short"),
    "not_even_text": (first + "\0\xff\n" + third, 2, "no line of a ledger"),
}
for name, (touched, line, words) in TOUCHED.items():
    with open(ledger, "w", encoding="latin-1") as file:
        file.write(touched)
    result = history("--verify")
    equal((result.status, result.out), (1, ""), f"{name}_is_found")
    ok(result.err.startswith(f"{ledger}:{line}: error: ") and words in result.err,
       f"{name}_is_shown_where", result.err)
    result = history()
    ok(result.status == 1 and words in result.err,
       f"{name}_is_said_on_the_page", result.err)

# What people did, and how long a harm lasted.
FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
by_hand = project("by-hand", canary("""\
stages: [{name: first, percent: 20%}, {name: second, percent: 50%}]
guards: [{metric: error_rate, max: 5%, action: rollback}]
"""))


def ffc(at, *arguments):
    command = [FFC, *arguments, "-C", by_hand, "--at", f"2026-11-20T{at}:00Z", "--reason", "because"]
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ, USER="amira"))


ffc("10:00", "canary", "start", "canary.checkout", "-e", "production")
decide(by_hand, write("bad.ndjson", requests(2000, canary_errors=0.3)), "--apply", "--actor", "ci")
ffc("12:30", "rollback", "canary.checkout")
ffc("13:00", "rollback", "--lift", "rollback-20261120t123000z")
ffc("14:00", "canary", "start", "canary.checkout", "-e", "production")
ffc("15:00", "canary", "advance", "canary.checkout", "-e", "production")
ffc("16:00", "canary", "rollback", "canary.checkout", "-e", "production")
ledger = os.path.join(by_hand, "ledger.jsonl")


def of(*arguments):
    return Result(subprocess.run([lab.FFREPLAY, "history", "-C", by_hand, *arguments], capture_output=True))


page = of()
equal(page.status, 0, "what_people_did_is_in_it")
for words in ("start  canary.checkout in production\n    in stage 'first', by amira (manual)\n    because\n",
              "    recovered after 2h, by the start at 2026-11-20T14:00:00Z\n",
              "override  canary.checkout everywhere\n",
              "    recovered after 30m, by the lift at 2026-11-20T13:00:00Z\n",
              "    not recovered from in this ledger\n", "7 changes, 2 rollbacks\n"):
    ok(words in page.out, f"the_page_says_{words.split()[0]}_{words.split()[-1]}", page.out)
ok("rollback-2026" in of("-e", "staging").out, "an_override_everywhere_is_one_in_each_environment")
rollouts = [json.loads(line) for line in of("--last", "10", "--json").out.splitlines()]
equal([(r["state"], r["stage"], r["changes"], r["began"], r["recovered_after_ms"]) for r in rollouts],
      [("rolled_back", "first", 2, "2026-11-20T10:00:00Z", 7200000 + 3600),
       ("rolled_back", "second", 3, "2026-11-20T14:00:00Z", None)], "two_rollouts")
equal([c["metric"] for c in rollouts[0]["criteria"]], ["error_rate"], "with_their_metrics")
ok("HARM         error_rate max 0.05: 0.3" in of("--last", "10").out, "for_people_too", of("--last", "10").out)
equal(len(of("--last", "1", "--json").out.splitlines()), 1, "the_last_one")
equal((of("--last", "x").status, of("--last", "1", "--verify").status), (2, 2), "last_is_a_number_and_verifies_nothing")
ledger = os.path.join(directory, "ledger.jsonl")

with open(os.path.join(directory, "flags.yaml"), "a") as file:
    file.write("  broken: {oops: 1}\n")
with open(ledger, "w") as file:
    file.write(text)
equal(history("--verify").status, 0, "broken_definitions_do_not_hide_history")
equal(history("a", "b").status, 2, "two_flags_are_one_too_many")
finish()
