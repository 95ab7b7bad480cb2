#!/usr/bin/env python3
"""What an emergency publishes: its change and nothing else, whatever is wrong with the definitions."""
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from ledger import entries
from lab import PROJECT, SCRATCH, Result, equal, finish, ok, project, skip

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
FLAGS = """\
flags:
  search: {tags: [shop], percent: 100%}
  checkout:
    tags: [shop]
    canary:
      stages: [{name: small, percent: 10%}, {name: all, percent: 100%}]
      guards: [{metric: error_rate, max: 5%}]
      state: running
      stage: all
      since: 2026-11-20T10:00:00Z
  basket: {requires: {search: on}, serve: on}
  theme: {type: string, variants: {light: l, dark: d}, default: light, serve: dark}
  plain: {}
"""


def ffc(*arguments, **more):
    return Result(subprocess.run([FFC, *arguments], capture_output=True, **more))


def published(name, flags=FLAGS):
    """A project, and its snapshot of production."""
    directory = project(name, flags)
    live = os.path.join(SCRATCH, name + ".ffs")
    if os.path.exists(live):
        os.remove(live)
    result = ffc("build", "-C", directory, "-e", "production", "-o", live)
    assert result.status == 0, result.err
    return directory, live


def rollback(directory, live, *arguments, **more):
    return ffc("rollback", *arguments, "-C", directory, "--by", "amira", "--reason", "INC-1", "--build", live, **more)


def answers(live, **context):
    result = ffc("eval", "--all", "-s", live, "-c", json.dumps({"user_id": "u1", **context}), "--json",
                 "--at", "2100-01-01T00:00:00Z")
    return {line["flag"]: (line["variant"], line["reason"]) for line in map(json.loads, result.out.splitlines())}


def labels(live):
    text = ffc("dump", live, "--json").json
    return text["labels"]


def append(directory, text, name="flags.yaml"):
    path = os.path.join(directory, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a") as file:
        file.write(text)


def has_override(directory):
    folder = os.path.join(directory, "overrides")
    return os.path.isdir(folder) and len(os.listdir(folder)) == 1


HELD, SERVED = ("off", "OVERRIDE"), ("on", "STATIC")

# The published file, with this change and nothing else.
directory, live = published("only")
build = ffc("verify", live).out.split("build")[1].split()[0]
os.rename(os.path.join(directory, "flags.yaml"), os.path.join(directory, "moved.yaml"))
append(directory, "".join(open(os.path.join(directory, "moved.yaml")).read().replace("serve: dark", "serve: light")), "flags.yaml")
os.remove(os.path.join(directory, "moved.yaml"))
result = rollback(directory, live, "search", "-e", "production")
ok(result.status == 0 and "with this change and nothing else" in result.out, "published", result.out, result.err)
now = answers(live)
equal((now["search"], now["checkout"], now["theme"]), (HELD, SERVED, ("dark", "STATIC")), "other_edits_are_not_published")
equal(now["basket"], ("off", "PREREQUISITE_FAILED"), "what_requires_it_follows")
ok("note: other edits are not published: 'theme' differs in the definitions" in result.err, "and_are_named", result.err)
identity = next(iter(os.listdir(os.path.join(directory, "overrides"))))[:-len(".yaml")]
equal((labels(live)["base"], labels(live)["override"]), (build, identity), "labels_say_what_it_was_made_of")
equal(ffc("verify", live).status, 0, "sound")
equal(stat.S_IMODE(os.stat(live).st_mode), 0o444, "as_a_build_publishes_it")
result = rollback(directory, live, "--lift", identity)
equal((result.status, answers(live)["search"], answers(live)["theme"]), (0, SERVED, ("dark", "STATIC")), "lifted_alone")
ok("not published: 'theme' differs" in result.err, "with_the_same_note", result.err)
result = ffc("canary", "rollback", "checkout", "-C", directory, "-e", "production", "--reason", "x", "--build", live)
ok(result.status == 0 and "not published: 'theme' differs" in result.err, "and_so_a_canary", result.err)
equal("override" in labels(live), False, "and_the_label_goes")

directory, live = published("variants")
equal(rollback(directory, live, "theme", "--serve", "light").status, 0, "a_variant_without_an_environment")
equal(answers(live)["theme"], ("light", "OVERRIDE"), "is_served")
before = open(live, "rb").read()
for arguments, words in ((["theme", "--serve", "dar"], "no variant 'dar'"), (["serch"], "did you mean 'search'"),
                         (["search", "-e", "staging"], "is of environment 'production'"),
                         (["search", "--until", "2020-01-01T00:00:00Z"], "over before it begins")):
    result = rollback(directory, live, *arguments)
    ok(result.status in (1, 2) and words in result.err and open(live, "rb").read() == before,
       f"refused_{'_'.join(arguments)}", result.status, result.err)
result = rollback(directory, live, "plain")
ok(result.status == 0 and "to everybody already" in result.err, "what_holds_nobody_back_is_said", result.err)
result = rollback(directory, live, "--all", "--segment", "nordic")
equal((result.status, answers(live, country="NO")["search"], answers(live, country="US")["search"]), (0, HELD, SERVED),
      "a_segment_is_patched_in")
ok("with this change and nothing else" in result.out, "without_a_compile", result.out, result.err)

# An error anywhere else is in nobody's way.
BROKEN = {
    "a_flag_of_another_team": ("team.yaml", "flags:\n  theirs: {serve: onn}\n"),
    "yaml_that_cannot_be_parsed": ("team.yaml", "flags: {a: [\n"),
    "a_name_given_twice": ("team.yaml", "flags:\n  plain: {}\n"),
    "a_test_that_fails_to_be_one": ("team.yaml", "tests:\n  - {flag: nothing, expect: on}\n"),
    "a_test_of_the_flag": ("team.yaml", "tests:\n  - {flag: search, environment: production, expect: {rule: nope}}\n"),
    "a_merge_conflict": ("team.yaml", "<<<<<<< HEAD\nflags: {}\n=======\n"),
    "the_project_itself": ("project.yaml", "nonsense: 1\n"),
    "binary": ("team.yaml", "\x00\x01\x02"),
}
for name, (file, text) in BROKEN.items():
    directory, live = published(name)
    append(directory, text, file)
    result = rollback(directory, live, "search", "-e", "production")
    equal((result.status, answers(live)["search"], answers(live)["basket"], has_override(directory)),
          (0, HELD, ("off", "PREREQUISITE_FAILED"), True), f"{name}_stops_no_rollback")
    ok("error" in result.err and "note: the definitions have" in result.err, f"{name}_is_said", result.err)
    equal(entries(directory)[-1]["verdict"], "override", f"{name}_and_the_ledger_has_it")
    result = ffc("canary", "rollback", "checkout", "-C", directory, "-e", "production", "--reason", "x", "--build", live)
    equal((result.status, answers(live)["checkout"][0]), (0, "off"), f"{name}_nor_of_a_canary")
    ok("state: rolled_back" in open(os.path.join(directory, "flags.yaml")).read(), f"{name}_whose_state_is_edited", result.err)
    result = rollback(directory, live, "--all", "--segment", "nordic", "-e", "production")
    ok(result.status == 1 and "without --segment" in result.err, f"{name}_a_segment_is_refused", result.err)
    result = ffc("rollback", "plain", "-C", directory, "--reason", "x")
    equal(result.status, 0, f"{name}_without_a_file_the_override_is_written")
directory, live = published("green")
before = [ffc("check", "-C", directory).status, ffc("test", "-C", directory).status]
append(directory, "tests:\n  - {flag: search, environment: production, context: {user_id: u1}, expect: {variant: on, rule: 'rules[0]'}}\n")
rollback(directory, live, "--all")
equal([ffc("check", "-C", directory).status, ffc("test", "-C", directory).status, before], [0, 0, [0, 0]],
      "an_emergency_leaves_tests_green")

directory, live = published("unreadable")
append(directory, "flags: {}\n", "secret.yaml")
os.chmod(os.path.join(directory, "secret.yaml"), 0)
result = rollback(directory, live, "search", "-e", "production")
equal((result.status, answers(live)["search"], has_override(directory)), (0, HELD, True), "a_file_that_cannot_be_read")
directory, live = published("nowhere")
result = ffc("rollback", "search", "-C", os.path.join(SCRATCH, "not-there"), "-e", "production", "--reason", "x", "--build", live)
equal((result.status, answers(live)["search"]), (2, HELD), "without_the_directory_it_is_published_all_the_same")
ok("published, but not written" in result.err and "overrides:\n  - id: rollback-" in result.err, "and_what_to_write_is_shown", result.err)
result = ffc("canary", "rollback", "checkout", "-C", os.path.join(SCRATCH, "not-there"), "-e", "production", "--reason", "x", "--build", live)
equal((result.status, answers(live)["checkout"][0]), (2, "off"), "and_so_a_canary_without_it")
ok("or the next build undoes it" in result.err and "did not need it" not in result.err, "which_is_not_called_needless", result.err)


def without_root(arguments, **more):
    return Result(subprocess.run([lab.for_everybody(FFC), *arguments], capture_output=True, user=54321, group=54321,
                                 extra_groups=[], **more))


if os.getuid() == 0:
    os.chmod(SCRATCH, 0o755)
    directory, live = published("read-only")
    place = tempfile.mkdtemp(dir=SCRATCH)
    os.chown(place, 54321, 54321)
    copy = os.path.join(place, "live.ffs")
    with open(copy, "wb") as file:
        file.write(open(live, "rb").read())
    result = without_root(["rollback", "search", "-C", directory, "-e", "production", "--reason", "x", "--build", copy], env={})
    equal((result.status, answers(copy)["search"]), (2, HELD), "definitions_that_cannot_be_written")
    ok("published, but not written" in result.err, "are_said", result.err)
    ok("not published: " not in result.err, "and_this_change_is_not_called_another", result.err)
    with open(copy, "wb") as file:
        os.chmod(copy, 0o644)
        file.write(open(live, "rb").read())
    canary = ["canary", "rollback", "checkout", "-C", directory, "-e", "production", "--reason", "x"]
    result = without_root([*canary, "--build", copy], env={})
    equal((result.status, answers(copy)["checkout"][0]), (2, "off"), "nor_for_a_canary")
    ok("or the next build undoes it" in result.err and "now rolled back" not in result.out, "which_says_what_to_do", result.out, result.err)
    for what in (["rollback", "search", "-C", directory, "--reason", "x"], canary):
        result = without_root(what, env={})
        ok(result.status == 2 and result.out == "" and "nothing has changed" in result.err and "undoes" not in result.err,
           f"{what[0]}_claims_nothing_that_was_not_done", result.out, result.err)
        ok("deniedcannot" not in result.err, f"{what[0]}_and_its_errors_stand_apart", result.err)
else:
    skip("definitions_that_cannot_be_written", "needs root")

# Only what there is to lift from a file is lifted from it; else it stays as it is, and other edits are not published.
for options in ([], ["-e", "production"]):
    name = "_".join(["without_one", *options])
    directory, live = published("unlifted")
    identity = ffc("rollback", "search", "-e", "production", "-C", directory, "--reason", "x", "--json").json["id"]
    append(directory, "flags:\n  other: {serve: on}\n", "other.yaml")
    before = open(live, "rb").read()
    result = rollback(directory, live, "--lift", identity, *options)
    ok(result.status == 0 and "nothing to publish" in result.err, f"the_file_does_not_have_it_{name}", result.status, result.err)
    equal((open(live, "rb").read() == before, os.listdir(os.path.join(directory, "overrides")), entries(directory)[-1]["verdict"]),
          (True, [], "lift"), f"and_stays_as_it_is_{name}")
directory, live = published("nameless")
append(directory, "overrides:\n  - {flags: [search], serve: default, reason: by hand}\n", "by-hand.yaml")
ffc("build", "-C", directory, "-e", "production", "-o", live)
result = rollback(directory, live, "--lift", "override[0]")
ok(result.status == 0 and "lifted override[0]: 1 flag" in result.out, "an_override_without_an_id", result.out, result.err)
equal((answers(live)["search"], entries(directory)[-1]["override"]["id"]), (SERVED, "override[0]"), "is_lifted")

# What is not what somebody may have meant, is said.
directory, live = published("bounds")
result = rollback(directory, live, "search", "--at", "2099-01-01T00:00:00Z")
ok(result.status == 0 and "nothing is held back until 2099-01-01T00:00:00Z" in result.err, "one_for_later", result.err)
ok("for every environment" in result.err and "only 'production'" in result.err, "one_for_every_environment", result.err)
result = rollback(directory, live, "search", "-e", "production")
ok("every environment" not in result.err and "until" not in result.err, "and_not_of_others", result.err)

# A lift of what a broken file has takes it out of the published one, and says what is left to do.
directory, live = published("broken")
identity = rollback(directory, live, "search", "-e", "production", "--json").json["id"]
kept = rollback(directory, live, "theme", "-e", "production", "--json").json["id"]
file = os.path.join(directory, "overrides", identity + ".yaml")
for name, text in (("at_its_end", open(file).read() + "[\n"), ("all_of_it", "{[\n")):
    for arguments in ([], ["--build", live]):
        rollback(directory, live, "search", "-e", "production") if not arguments else None
        with open(file, "w") as out:
            out.write(text)
        result = ffc("rollback", "--lift", identity, "-C", directory, "--reason", "x", *arguments)
        ok(result.status == 2 and identity + ".yaml" in result.err and "do not have it" not in result.err,
           f"broken_{name}_{len(arguments)}", result.out, result.err)
        equal((identity in result.out, os.path.exists(file)), (bool(arguments) and name == "at_its_end", True),
              f"broken_{name}_{len(arguments)}_and_claims_what_is_so")
listed = ffc("rollback", "--list", "-C", directory)
ok(listed.status == 1 and kept in listed.out and "could not be read" in listed.err, "what_can_be_read_is_listed", listed.out, listed.err)

# The list says what is known from where.
directory, live = published("listed")
both = rollback(directory, live, "search", "-e", "production", "--json").json["id"]
unpublished = ffc("rollback", "theme", "-C", directory, "--reason", "x", "--json").json["id"]
elsewhere = ffc("rollback", "theme", "-C", directory, "-e", "staging", "--reason", "x", "--json").json["id"]
alone = rollback(directory, live, "theme", "-e", "production", "--json").json["id"]
os.remove(os.path.join(directory, "overrides", alone + ".yaml"))
result = ffc("rollback", "--list", "-C", directory, "--build", live)
for identity, words in ((both, f"in {live}"), (unpublished, f"not in {live}: services do not have it"),
                        (elsewhere, f"not for production, which {live} is of"),
                        (alone, f"in {live} only: the definitions do not have it")):
    ok(f"{identity}  active\n    {words}\n" in result.out, f"listed_{words.split(live)[0]}", result.out, result.err)
equal((result.status, result.err), (0, ""), "a_list_of_a_file")
result = ffc("rollback", "--list", "-C", directory, "--build", live, "--json")
equal({o["id"]: (o["published"], bool(o["file"])) for o in map(json.loads, result.out.splitlines())},
      {both: (True, True), unpublished: (False, True), elsewhere: (False, True), alone: (True, False)}, "listed_as_json")
result = ffc("rollback", "--list", "-C", directory)
ok(both in result.out and alone not in result.out and live not in result.out and "according to the definitions" in result.err,
   "without_the_file_it_says_whose_word_it_is", result.out, result.err)
result = ffc("rollback", "--list", "-C", directory, "--build", live + ".no")
ok(result.status == 2 and both in result.out and "there is no such file" in result.err,
   "without_the_file_that_is_named_the_definitions_are_listed", result.out, result.err)
result = ffc("rollback", "--lift", both, "-C", directory, "--build", live, "--reason", "fixed")
ok(result.status == 0 and "is still held back" not in result.err, "nothing_else_holds_it", result.err)
result = ffc("rollback", "--lift", elsewhere, "-C", directory, "--build", live, "--reason", "fixed")
ok(f"'theme' is still held back in production by override:{alone}" in result.err and
   f"'theme' is still held back in staging by override:{unpublished}" in result.err,
   "what_still_holds_is_asked_of_the_file_where_it_is_published", result.err)

for arguments in (["search"], ["--all"]):
    empty = tempfile.mkdtemp(dir=SCRATCH)
    result = ffc("rollback", *arguments, "-C", empty, "--reason", "x")
    ok(result.status == 2 and "no definitions can be read" in result.err and result.out == "", f"nothing_there_{arguments[0]}", result.out, result.err)
    equal(os.path.exists(os.path.join(empty, "overrides")), False, f"nothing_there_{arguments[0]}_nothing_is_added")

# What was misspelt is suggested, with definitions that have errors, too.
result = ffc("rollback", "--kind", "canry", "-C", directory, "--reason", "x")
ok(result.status == 2 and "did you mean 'canary'?" in result.err, "a_kind", result.err)
directory, live = published("misspelt")
for arguments, words in ((["--tag", "shpo"], "'shop'"), (["--kind", "opss"], "'ops'"), (["theme", "--serve", "lihgt"], "'light'")):
    result = rollback(directory, live, *arguments)
    ok(result.status in (1, 2) and f"did you mean {words}?" in result.err, f"misspelt_{arguments[-1]}", result.err)
    equal(os.path.exists(os.path.join(directory, "overrides")), False, f"misspelt_{arguments[-1]}_adds_nothing")

# What is said fits a terminal, and the way back is a whole command.
here = os.path.basename(directory)
result = Result(subprocess.run([FFC, "rollback", "--all", "-C", here, "-e", "production", "--until", "2099-01-01T00:00:00Z",
                                "--reason", "a reason of several words that is rather long", "--by", "amira"],
                               capture_output=True, cwd=os.path.dirname(directory)))
ok(result.status == 0 and max(map(len, result.out.splitlines())) <= 80, "added_fits", result.out, result.err)
listed = Result(subprocess.run([FFC, "rollback", "--list", "-C", here], capture_output=True, cwd=os.path.dirname(directory)))
ok(max(map(len, listed.out.splitlines())) <= 80, "listed_fits", listed.out)
result = rollback(directory, live, "search", "-e", "production")
ok(f" -C {directory} --build {live}" in result.out.split("to undo it:")[1], "the_way_back", result.out)

# Files that cannot be patched are compiled, and it is said.
directory, live = published("corrupt")
os.chmod(live, 0o644)
with open(live, "wb") as file:
    file.write(b"\x89FFS\r\n\x1a\n, and no more of it")
result = rollback(directory, live, "search", "-e", "production")
ok(result.status == 0 and "instead of patched" in result.err, "a_damaged_file", result.err)
equal(answers(live)["search"], HELD, "is_replaced")
directory, live = published("missing")
os.remove(live)
result = rollback(directory, live, "search", "-e", "production")
ok(result.status == 0 and "no such file yet" in result.err and answers(live)["search"] == HELD, "no_file_yet", result.err)
append(directory, "nonsense: 1\n")
os.remove(live)
result = rollback(directory, live, "theme", "-e", "production")
ok(result.status == 2 and "not published" in result.err and "do not compile" in result.err, "nothing_to_start_from", result.err)
equal(len(os.listdir(os.path.join(directory, "overrides"))), 2, "and_yet_the_override_is_written")

# A signed file stays signed, of its generation; without the key nothing is published, and the rest is done.
key = os.path.join(SCRATCH, "key")
if shutil.which("minisign") and subprocess.run(["minisign", "-GWf", "-p", key + ".pub", "-s", key], capture_output=True).returncode == 0:
    directory, live = published("signed")
    ffc("build", "-C", directory, "-e", "production", "-o", live, "--sign", key, "--generation", "7")
    before = open(live, "rb").read()
    for options, words in ((["-e", "production"], "is signed"), (["--sign", key + ".gone"], "No such file")):
        result = rollback(directory, live, "search", *options)
        ok(result.status == 2 and "not published" in result.err and words in result.err and open(live, "rb").read() == before,
           f"not_published_{words.replace(' ', '_')}", result.status, result.err)
    equal(len(os.listdir(os.path.join(directory, "overrides"))), 2, "and_the_overrides_are_written")
    result = ffc("canary", "rollback", "checkout", "-C", directory, "-e", "production", "--reason", "x", "--build", live)
    ok(result.status == 2 and "state: rolled_back" in open(os.path.join(directory, "flags.yaml")).read(), "nor_a_canary", result.err)
    equal(rollback(directory, live, "search", "--sign", key).status, 0, "with_the_key_it_is")
    text = ffc("verify", live, "--key", key + ".pub").out
    ok("generation   7" in text and "signed by    key" in text and answers(live)["search"] == HELD, "signed_of_its_generation", text)
else:
    skip("a_signed_file_stays_signed", "minisign is not there")

# What shows how a flag stands shows what is served.
directory, live = published("shown")
added = ffc("rollback", "checkout", "-C", directory, "-e", "production", "--reason", "INC-1", "--by", "amira", "--json").json["id"]
standing = {line["flag"]: line for line in map(json.loads, ffc("list", "-C", directory, "--json").out.splitlines())}
shown = standing["checkout"]["environments"]["production"]
equal((shown["standing"], shown["served"], shown["override"], shown["defined"]),
      (f"off by override:{added}", "off", f"override:{added}", "running all 100%"), "list")
equal(standing["checkout"]["environments"]["staging"]["override"], None, "list_elsewhere")
ok(f"off by override:{added}" in ffc("list", "-C", directory, "-e", "production").out, "list_for_people")
status = ffc("canary", "status", "checkout", "-C", directory, "-e", "production")
ok(f"held back by override:{added}" in status.out and "  it serves default, not the stage, since 20" in status.out
   and "  by amira: INC-1\n" in status.out and max(map(len, status.out.splitlines()[1:])) <= 80, "canary_status", status.out)
equal(ffc("canary", "status", "checkout", "-C", directory, "-e", "production", "--json").json["override"], f"override:{added}",
      "canary_status_as_json")
result = ffc("canary", "complete", "checkout", "-C", directory, "-e", "production", "--reason", "x")
ok(f"note: override:{added} takes precedence over this canary" in result.err, "whoever_goes_on_is_told", result.err)
history = subprocess.run([lab.FFREPLAY, "history", "-C", directory, "--last", "5"], capture_output=True, text=True).stdout
ok("held back since" in history and added in history, "history", history)
result = ffc("rollback", "--lift", added, "-C", directory, "--reason", "fixed")
ok("override" not in ffc("list", "-C", directory).out and "held back" not in result.err, "and_not_once_it_is_lifted")
history = subprocess.run([lab.FFREPLAY, "history", "-C", directory, "--last", "5"], capture_output=True, text=True).stdout
ok("held back" not in history, "nor_history", history)
scheduled = ffc("rollback", "checkout", "-C", directory, "-e", "production", "--reason", "x", "--from", "2098-01-01T00:00:00Z",
                "--json").json["id"]
history = subprocess.run([lab.FFREPLAY, "history", "-C", directory, "--last", "5"], capture_output=True, text=True).stdout
ok("held back" not in history, "what_is_scheduled_holds_nothing_back_yet", history)
ffc("rollback", "--lift", scheduled, "-C", directory, "--reason", "x")
ffc("canary", "rollback", "checkout", "-C", directory, "-e", "production", "--reason", "x")
later = ffc("rollback", "checkout", "-C", directory, "-e", "production", "--reason", "x", "--json").json["id"]
history = subprocess.run([lab.FFREPLAY, "history", "-C", directory, "--last", "5", "--json"], capture_output=True, text=True).stdout
equal([json.loads(line)["override"] for line in history.splitlines()], [None, later], "only_the_newest_rollout_is_held")
ffc("rollback", "--lift", later, "-C", directory, "--reason", "x")
ffc("rollback", "search", "--segment", "nordic", "-C", directory, "--reason", "x")
ok("100%, off by override:" in ffc("list", "-C", directory).out, "one_for_some_stands_beside", ffc("list", "-C", directory).out)

# Words that nobody hears stop nothing.
HOOKED = FLAGS.replace("  checkout:\n", "  checkout:\n    rollback: [{run: [touch, ran]}]\n")
for name, shell in (("a_full_disk", ">/dev/full"), ("a_closed_stdout", ">&-"), ("nobody_reads", "| true"),
                    ("nor_stderr", ">/dev/full 2>/dev/full"), ("all_closed", "<&- >&- 2>&-")):
    directory, live = published("unheard", HOOKED)
    for what in (["rollback", "checkout"], ["canary", "rollback", "checkout"]):
        directory, live = published("unheard", HOOKED)
        arguments = [FFC, *what, "-C", directory, "-e", "production", "--reason", "x", "--build", live, "--run-steps"]
        run = subprocess.run(["bash", "-c", f'set -o pipefail; "$@" {shell}', "_", *arguments], capture_output=True)
        done = (answers(live)["checkout"][0], os.path.exists(os.path.join(directory, "ran")), len(entries(directory)))
        equal(done, ("off", True, 3), f"{name}_{what[0]}_is_done_and_its_plan")
        if name in ("a_full_disk", "a_closed_stdout"):
            ok(b"it is done nevertheless" in run.stderr, f"{name}_{what[0]}_is_said_to_be_done", run.stderr)
        if shell != "| true":
            equal(run.returncode, 2, f"{name}_{what[0]}_the_exit_status_tells")

# A race with a build: what was published is not undone.
directory, live = published("race")
for i in range(3000):
    append(directory, f"flags:\n  f{i}: {{percent: 5%}}\n", f"many/{i}.yaml")
ffc("build", "-C", directory, "-e", "production", "-o", live)
for attempt in range(6):
    slow = subprocess.Popen([FFC, "build", "-C", directory, "-e", "production", "-o", live], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    result = rollback(directory, live, f"f{attempt}", "-e", "production")
    slow.wait()
    equal((result.status, answers(live)[f"f{attempt}"]), (0, HELD), f"a_build_at_the_same_time_undoes_nothing_{attempt}")

# In a time that does not depend on the definitions, for services as for whoever types.
directory, live = published("many", "".join(["flags:\n"] + [f"  f{i}: {{description: one of many, serve: on}}\n" for i in range(10000)]))
react = os.path.join(lab.TOP, "build", "demo-service") if "BUILD" not in os.environ else os.path.join(os.environ["BUILD"], "demo-service")


def reaction(flag, *command):
    run = subprocess.run([react, "react", live, flag, FFC, *command, "-C", directory, "-e", "production"], capture_output=True, text=True)
    return float(run.stdout or "inf")


patched, compiled = [], []
for i in range(25):
    # What else runs on the machine only adds to a time: the shortest are compared, and noise gets more tries.
    if i >= 5 and min(patched) < min(compiled):
        break
    patched.append(reaction(f"f{i}", "rollback", f"f{i}", "--reason", "x", "--build", live))
    path = os.path.join(directory, "flags.yaml")
    text = open(path).read()
    with open(path, "w") as file:
        file.write(text.replace(f"  f{1000 + i}: {{description: one of many, serve: on}}", f"  f{1000 + i}: {{serve: off}}"))
    compiled.append(reaction(f"f{1000 + i}", "build", "-o", live))
ok(min(patched) < min(compiled), "a_service_answers_anew_sooner_than_after_a_build", patched, compiled)
print(f"# {min(patched):.1f} ms until a service answered anew, {min(compiled):.1f} ms after a build")

# Again and again on one file.
directory, live = published("again", FLAGS + "".join(f"  f{i}: {{percent: {i}%}}\n" for i in range(100)))
size = os.path.getsize(live)
for i in range(100):
    result = rollback(directory, live, "--all")
    identity = sorted(os.listdir(os.path.join(directory, "overrides")))[-1][:-len(".yaml")]
    if i % 10:
        result = rollback(directory, live, "--lift", sorted(os.listdir(os.path.join(directory, "overrides")))[0][:-len(".yaml")])
equal((result.status, ffc("verify", live).status, answers(live)["search"]), (0, 0, HELD), "a_hundred_times")
ok(os.path.getsize(live) < 4 * size, "and_the_file_stays_small", size, os.path.getsize(live))
finish()
