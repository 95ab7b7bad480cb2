#!/usr/bin/env python3
"""The ledger as a page; what is wrong with one that somebody touched, and closing that."""
import json
import os
import re
import subprocess

import lab
from ledger import files, hash_of
from lab import HOUR, START, Result, canary, decide, equal, finish, ok, project, requests, write

directory = project("history", canary("""\
stages: [{name: first, percent: 20%}, {name: second, percent: 50%}, {name: full, percent: 100%}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
guards: [{metric: error_rate, max_increase: 20%, action: rollback}]
"""))
ledger = os.path.join(directory, "ledger")


def history(*arguments):
    command = [lab.FFREPLAY, "history", "-C", directory, *arguments]
    return Result(subprocess.run(command, capture_output=True))


empty = history()
equal((empty.status, empty.out), (0, f"{ledger}: there is no ledger yet\n"), "no_ledger_yet")
for arguments, words in ((["canary.chekout"], "no flag is called 'canary.chekout'; did you mean 'canary.checkout'?"),
                         (["canary.chekout", "--last", "3"], "no flag is called 'canary.chekout'"),
                         (["-e", "prodution"], "no environment")):
    slip = history(*arguments)
    ok(slip.status != 0 and not slip.out and words in slip.err, f"a_slip_is_not_that_there_is_none_{len(arguments)}",
       slip.status, slip.err)
for name in ("nowhere", "bare"):
    place = os.path.join(lab.SCRATCH, name)
    if name == "bare":
        os.makedirs(place)
    for arguments in (["--verify"], []):
        slip = Result(subprocess.run([lab.FFREPLAY, "history", *arguments, "-C", place], capture_output=True))
        ok(slip.status == 2 and not slip.out and place in slip.err, f"{name}_has_no_history_{len(arguments)}",
           slip.status, slip.err)

steps = [requests(2000), requests(2000, percent=50, start=START + 2 * HOUR, seed=2),
         requests(2000, percent=100, start=START + 4 * HOUR, seed=3)]
for i, lines in enumerate(steps):
    decide(directory, write(f"step{i}.ndjson", lines), "--apply", "--actor", "ci")
whole = history()
equal(whole.status, 0, "a_whole_ledger")
equal(whole.out, """\
2026-11-20T11:59:56.400Z  advance  canary.checkout in production
    to stage 'second' after 1h 59m in stage 'first', by ci (all-passed)
    0 of 1 criteria passed, 1 is undecided, and none is against it
2026-11-20T13:59:56.400Z  advance  canary.checkout in production
    to stage 'full' after 2h in stage 'second', by ci (all-passed)
    0 of 1 criteria passed, 1 is undecided, and none is against it
2026-11-20T15:59:56.400Z  complete  canary.checkout in production
    after 2h in stage 'full', by ci (all-passed)
    0 of 1 criteria passed, and none is against it

3 changes, 0 rollbacks
""", "is_a_page")
equal(re.sub(r"\033\[\d+m", "", history("--color", "always").out), whole.out,
      "in_colour_it_says_the_same")
written = files(directory)
text = "".join(written[name].decode() for name in sorted(written))
equal(history("--json").out, text, "json_is_the_ledger_itself")
equal(history("canary.checkout", "-e", "production", "--json").out, text, "narrowed_to_what_is_there")
equal(history("-e", "staging").out, "no change in the ledger fits\n", "narrowed_to_staging")
equal(history("-e", "staging", "--json").out, "", "narrowed_to_staging_as_json")
names = sorted(written)
tip = hash_of(written[names[2]])
equal(history("--verify").out,
      f"{ledger}: 3 entries, and all that they follow exist\ntip {tip}\n  ledger/{names[2]}\n", "verified")


# ---------------------------------------------------------------------------- what somebody touched


def put(contents, where=None):
    """The ledger is these files alone."""
    folder = where or ledger
    for name in files(os.path.dirname(folder)):
        os.remove(os.path.join(folder, name))
    for name, raw in contents.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(raw)


def without(*gone):
    return {name: raw for name, raw in written.items() if name not in gone}


first, second, third = names
raw = written[second]
changed = raw.replace(b'"ci"', b'"me"')
elsewhen = "20261120T135957Z-" + second.split("-")[1]
TOUCHED = {
    # what there is, and the break: in which file, in which words, and the hash that names it
    "changed": ({**written, second: changed}, second, "this entry was changed", hash_of(changed)),
    "missing": (without(second), third, "which this one follows, is missing", hash_of(raw)),
    "missing_at_the_beginning": (without(first), second, "is missing", hash_of(written[first])),
    "renamed_to_another_time": ({**without(second), elsewhen: raw}, elsewhen, "another time than its name", hash_of(raw)),
    "renamed_to_anything": ({**without(second), "x.json": raw}, "x.json", "no entry has such a name", hash_of(raw)),
    "not_even_text": ({**written, second: b"\0\xff\n"}, second, "this entry was changed", hash_of(b"\0\xff\n")),
    "empty": ({**written, second: b""}, second, "this entry was changed", hash_of(b"")),
    "cut_short": ({**written, second: raw[:-1]}, second, "this entry was changed", hash_of(raw[:-1])),
    "half": ({**written, third: written[third][:300]}, third, "this entry was changed", hash_of(written[third][:300])),
}


def sealed(raw, time="20261120T135956Z"):
    return {f"{time}-{hash_of(raw)[:12]}.json": raw}


for name, raw_entry, words in (
        ("of_something_else", b"{}\n", "no entry of a ledger"),
        ("without_parents", raw.replace(b',"parents":', b',"orphans":'), "does not name those it follows"),
        ("with_parents_that_are_none", raw.replace(b'"parents":["', b'"parents":["x'), "does not name those it follows"),
        ("with_a_year_that_is_none", raw.replace(b'"time":"2026', b'"time":"58856'), "no entry of a ledger"),
        ("with_a_cut_string", raw[:-5] + b"\n", "no entry of a ledger")):
    odd, = sealed(raw_entry)
    TOUCHED["one_more_" + name] = ({**written, odd: raw_entry}, odd, words, hash_of(raw_entry))
for name, (contents, place, words, digest) in TOUCHED.items():
    put(contents)
    result = history("--verify")
    equal((result.status, result.out, result.err.count(": error: ")), (1, "", 1), f"{name}_is_found")
    ok(result.err.startswith(f"{ledger}/{place}: error: ") and words in result.err and digest[:12] in result.err,
       f"{name}_is_shown_where", result.err)
    result = history()
    ok(result.status == 1 and words in result.err and "complete  canary" in result.out or place == third,
       f"{name}_is_said_on_the_page_around_it", result.err, result.out)
    result = history("--acknowledge", digest[:12], "--reason", "looked at", "--actor", "amira")
    equal(result.status, 0, f"{name}_is_acknowledged")
    result = history("--verify")
    equal(result.status, 0, f"{name}_is_closed")
    ok(f"acknowledged: ledger/{place}: " in result.out and "by amira" in result.out and "looked at" in result.out,
       f"{name}_stays_in_view", result.out)
    entries_now = files(directory)
    newest, = (entry for entry in map(json.loads, (v for k, v in entries_now.items() if k not in contents)))
    ok(digest not in newest["parents"] or name.startswith(("missing", "renamed", "one_more")),
       f"{name}_is_followed_by_nothing", newest)

put({**written, "\x1b[2J.json": b"{}\n"})
ok("\x1b" not in history("--verify").err and "?[2J.json: error: no entry has such a name" in history("--verify").err,
   "a_name_moves_no_cursor")

# A lost newest one is invisible, but to who expects it.
put(without(third))
equal(history("--verify").status, 0, "a_lost_newest_one_cannot_be_seen")
result = history("--expect", tip[:12])
ok(result.status == 1 and tip[:12] in result.err, "unless_it_is_expected", result.err)
put(written)
equal(history("--verify", "--expect", tip, "--expect", hash_of(written[first])[:12]).status, 0, "those_that_are_there")
put({**written, third: written[third].replace(b'"ci"', b'"me"')})
equal(history("--expect", tip[:12]).status, 1, "one_that_was_changed_is_not_there")
for wrong in (["--expect", "12345"], ["--expect", "x" * 12], ["--acknowledge", tip], ["--reason", "x"],
              ["--acknowledge", tip, "--reason", " "], ["--acknowledge", tip, "--reason", "x", "--verify"],
              ["--acknowledge", tip, "--reason", "x", "canary.checkout"]):
    equal(history(*wrong).status, 2, f"is_no_usage_{'_'.join(wrong)[:24]}")
put(written)
result = history("--acknowledge", tip, "--reason", "x")
ok(result.status == 1 and "no break" in result.err and files(directory) == written, "only_a_break_is_acknowledged", result.err)

# What is no entry spoils nothing but itself, wherever the ledger is read.
odd, = sealed(b"<<<<<<< HEAD\n")
put({**written, odd: b"<<<<<<< HEAD\n"})
log = write("more.ndjson", steps[2])
FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
for name, command in (
        ("metrics", [lab.FFREPLAY, "metrics", "--flag", "canary.checkout", "-e", "production", "--by", "stage", log]),
        ("rollback_status", [FFC, "rollback", "--status"]),
        ("canary_start", [FFC, "canary", "start", "canary.checkout", "-e", "production", "--reason", "x"]),
        ("decide", [lab.FFREPLAY, "decide", "canary.checkout", "-e", "production", "--apply", log]),
        ("rollback", [FFC, "rollback", "canary.checkout", "--reason", "x"])):
    result = Result(subprocess.run([*command, "-C", directory], capture_output=True))
    ok(result.status == 0 and result.err.count(f"warning: {ledger}/{odd}: this is no entry") == 1,
       f"{name}_leaves_out_what_is_none_and_says_so", result.status, result.err)
equal(history("--verify").status, 1, "which_verify_does_not_forgive")

# ------------------------------------------------------------------------- ledgers of older versions

old = project("old", canary("""\
stages: [{name: first, percent: 20%}, {name: second, percent: 50%}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
guards: [{metric: error_rate, max: 5%, action: rollback}]
"""))
path = os.path.join(old, "ledger.jsonl")


def line(time, previous, actor="amira"):
    return json.dumps({
        "format_version": 1, "time": f"2026-11-20T{time}:00Z", "actor": actor, "flag": "canary.checkout",
        "environment": "production", "from": {"state": "pending", "stage": "first", "since": None},
        "to": {"state": "running", "stage": "first", "since": f"2026-11-20T{time}:00Z"}, "verdict": "start",
        "rule": "manual", "reason": "release", "evidence": [], "look": None, "previous": previous},
        separators=(",", ":")).encode()


def of_old(*arguments):
    return Result(subprocess.run([lab.FFREPLAY, "history", "-C", old, *arguments], capture_output=True))


def lay(*lines, end=b"\n"):
    with open(path, "wb") as file:
        file.write(b"\n".join(lines) + end)
    for name in files(old):
        os.remove(os.path.join(old, "ledger", name))


a = line("08:00", None)
b = line("09:00", hash_of(a))
c = line("10:00", hash_of(b))
lay(a, b, c)
equal(of_old("--verify").out, f"{old}/ledger: 3 entries, and all that they follow exist\n"
      f"tip {hash_of(c)}\n  ledger.jsonl:3\n", "an_old_ledger_is_whole")
equal(of_old("--expect", hash_of(b)[:12]).status, 0, "and_its_lines_can_be_expected")
with open(path, "rb") as file:
    before = file.read()
decide(old, write("well.ndjson", requests(2000)), "--apply")
(name, entry), = files(old).items()
equal((json.loads(entry)["parents"], open(path, "rb").read()), ([hash_of(c)], before),
      "the_first_entry_follows_its_last_line_and_it_is_left_alone")
ok(of_old().out.count("start  canary.checkout") == 3 and of_old().out.index("start") < of_old().out.index("advance"),
   "they_come_first", of_old().out)
equal(of_old("--verify", "--expect", hash_of(entry)).status, 0, "all_of_it_is_whole")
ours, theirs = line("10:00", hash_of(b)), line("10:30", hash_of(b), "bo")
after = line("11:00", hash_of(theirs))
OLD = {
    # lines, their end, and the number and the words of each break
    "changed": ([a, b.replace(b"amira", b"nobod"), c], b"\n", {3: "the previous line is not the one"}),
    "dropped": ([a, c], b"\n", {2: "the previous line is not the one"}),
    "without_its_first": ([b, c], b"\n", {1: "lines before this one are missing"}),
    "begun_twice": ([a, a, b, c], b"\n", {2: "as if it were the first"}),
    "with_a_line_of_something_else": ([a, b"{}", b, c], b"\n", {2: "no line of a ledger"}),
    "cut_short": ([a, b, c], b"", {3: "cut short"}),
    "cut_in_the_middle": ([a, b, c[:100]], b"", {3: "cut short"}),
    "not_even_text": ([a, b"\0\xff", c], b"\n", {2: "no line of a ledger"}),
    "with_both_lines_of_a_merge": ([a, b, ours, theirs, after], b"\n", {4: "the previous line is not the one"}),
    "with_the_marks_of_a_conflict": (
        [a, b, b"<<<<<<< HEAD", ours, b"=======", theirs, b">>>>>>> theirs", after], b"\n",
        {3: "no line of a ledger", 5: "no line of a ledger", 7: "no line of a ledger"}),
}
for name, (lines, end, breaks) in OLD.items():
    lay(*lines, end=end)
    result = of_old("--verify")
    equal((result.status, result.err.count(": error: ")), (1, len(breaks)), f"old_{name}_is_found")
    for number, words in breaks.items():
        ok(any(shown.startswith(f"{path}:{number}: error: ") and words in shown for shown in result.err.splitlines()),
           f"old_{name}_is_shown_at_{number}", result.err)
    digests = [f"--acknowledge={hash_of(lines[number - 1])[:12]}" for number in breaks]
    equal((of_old(*digests, "--reason", "merged by hand").status, of_old("--verify").status), (0, 0),
          f"old_{name}_is_acknowledged")
    ok(of_old("--verify").out.count("acknowledged: ledger.jsonl:") == len(breaks), f"old_{name}_stays_in_view")
    with open(path, "rb") as file:
        equal(file.read(), b"\n".join(lines) + end, f"old_{name}_is_not_written")
    with open(path, "ab") as file:
        file.write(b"one more\n")
    equal(of_old("--verify").status, 1, f"old_{name}_a_new_break_is_another")

# What people did, and how long a harm lasted.
by_hand = project("by-hand", canary("""\
stages: [{name: first, percent: 20%}, {name: second, percent: 50%}]
guards: [{metric: error_rate, max: 5%, action: rollback}]
"""))


def ffc(at, *arguments):
    command = [FFC, *arguments, "-C", by_hand, "--at", f"2026-11-20T{at}:00Z", "--reason", "because"]
    return Result(subprocess.run(command, check=True, capture_output=True, env=dict(os.environ, FFC_ACTOR="amira")))


ffc("10:00", "canary", "start", "canary.checkout", "-e", "production")
decide(by_hand, write("bad.ndjson", requests(2000, canary_errors=0.3)), "--apply", "--actor", "ci")
added = ffc("12:30", "rollback", "canary.checkout", "--json").json["id"]
ffc("13:00", "rollback", "--lift", added)
ffc("14:00", "canary", "start", "canary.checkout", "-e", "production")
ffc("15:00", "canary", "advance", "canary.checkout", "-e", "production")
ffc("16:00", "canary", "rollback", "canary.checkout", "-e", "production")


def of(*arguments):
    return Result(subprocess.run([lab.FFREPLAY, "history", "-C", by_hand, *arguments], capture_output=True))


page = of()
equal(page.status, 0, "what_people_did_is_in_it")
for words in ("start  canary.checkout in production\n    in stage 'first', by amira (manual)\n    because\n",
              "    recovered after 2h, by the start at 2026-11-20T14:00:00Z\n",
              "override  canary.checkout everywhere\n",
              "    recovered after 30m, by the lift at 2026-11-20T13:00:00Z\n",
              "    not recovered from in this ledger\n", "7 changes, 3 rollbacks\n"):
    ok(words in page.out, f"the_page_says_{words.split()[0]}_{words.split()[-1]}", page.out)
ok("rollback-2026" in of("-e", "staging").out, "an_override_everywhere_is_one_in_each_environment")
there = ffc("17:00", "rollback", "canary.checkout", "-e", "production", "--until", "2026-11-20T17:10:00Z", "--json").json["id"]
ffc("18:00", "rollback", "--lift", there)
page = of("-e", "production").out
ok("lift  canary.checkout in production\n" in page, "a_lift_is_of_the_environments_of_its_override", page)
ok("    for 10m, until 2026-11-20T17:10:00Z\n" in page, "what_was_over_is_not_recovered_by_a_lift", page)
ok(there not in of("-e", "staging").out, "and_neither_is_of_another_environment")
equal((of("-e", "nope").status, of("nosuch").status), (1, 1), "a_name_that_nothing_has_is_a_slip")
ok("no flag is called 'canary.chekout'; did you mean 'canary.checkout'?" in of("canary.chekout").err, "and_what_was_meant_is_said")
rollouts = [json.loads(line) for line in of("--last", "10", "--json").out.splitlines()]
equal([(r["state"], r["stage"], r["changes"], r["began"], r["recovered_after_ms"]) for r in rollouts],
      [("rolled_back", "first", 2, "2026-11-20T10:00:00Z", 7200000 + 3600),
       ("rolled_back", "second", 3, "2026-11-20T14:00:00Z", None)], "two_rollouts")
equal([c["metric"] for c in rollouts[0]["criteria"]], ["error_rate"], "with_their_metrics")
ok("HARM         error_rate max 0.05: 0.3" in of("--last", "10").out, "for_people_too", of("--last", "10").out)
equal(len(of("--last", "1", "--json").out.splitlines()), 1, "the_last_one")
equal((of("--last", "x").status, of("--last", "1", "--verify").status), (2, 2), "last_is_a_number_and_verifies_nothing")
with open(os.path.join(directory, "flags.yaml"), "a") as file:
    file.write("  broken: {oops: 1}\n")
put(written)
equal(history("--verify").status, 0, "broken_definitions_do_not_hide_history")
equal(history("a", "b").status, 2, "two_flags_are_one_too_many")
finish()
