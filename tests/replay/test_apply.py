#!/usr/bin/env python3
"""--apply: the edit touches state, stage and since and no other byte; the ledger's chain holds."""
import hashlib
import json
import os
import re
import shutil
import subprocess

import ledger
import lab
from ledger import entries, is_whole, put_aside
from lab import (FFREPLAY, SCRATCH, canary, decide, equal, finish, ok, project, requests, skip, write)

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))

# Written as people write: comments, quotes, odd spacing, both block and flow style around it.
BLOCK = """\
# rolled out by payments
stages:
  - {name: first, percent: 20%, hold: 1h, min_samples: 100}   # a fifth
  - {name: second, percent: 50%, hold: 1h}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: latency_p95, max: 500ms, action: pause}
state:   running      # by hand
stage: "first"        # see above
since: 2026-11-20T10:00:00Z    # UTC
"""
well = write("well.ndjson", requests(2000))
failing = write("failing.ndjson", requests(2000, canary_errors=0.3))
slow = write("slow.ndjson", requests(2000, canary_latency=0.6))


def read(directory, name="flags.yaml"):
    with open(os.path.join(directory, name)) as file:
        return file.read()


def definitions_digest(directory):
    digest = hashlib.blake2b(digest_size=32)
    for name in sorted(n for n in os.listdir(directory) if n.endswith(".yaml")):
        with open(os.path.join(directory, name), "rb") as file:
            digest.update(name.encode() + b"\0" + file.read() + b"\0")
    return digest.hexdigest()


def applied(name, log, changes, *options):
    """Applies, and checks that the definition differs by exactly these replacements."""
    directory = project(name, canary(BLOCK))
    os.chmod(os.path.join(directory, "flags.yaml"), 0o640)
    before, digest = read(directory), definitions_digest(directory)
    result = decide(directory, log, "--apply", "--actor", "amira", "--exit-code", *options)
    expected = before
    for old, new in changes:
        assert expected.count(old) == 1, old
        expected = expected.replace(old, new)
    equal(read(directory), expected, f"{name}_changes_these_bytes_alone")
    equal(os.stat(os.path.join(directory, "flags.yaml")).st_mode & 0o777, 0o640,
          f"{name}_keeps_the_mode")
    lines = entries(directory)
    equal(len(lines), 1 if changes else 0, f"{name}_ledger_entries")
    equal(put_aside(directory), [], f"{name}_leaves_nothing_put_aside")
    if lines:
        entry = lines[0]
        equal(entry["digests"]["definitions"], digest, f"{name}_digest_is_of_what_was_decided_on")
        equal(list(entry), ["format_version", "time", "actor", "flag", "environment", "from", "to",
                            "verdict", "rule", "reason", "evidence", "digests", "look", "parents"],
              f"{name}_ledger_fields")
        equal((entry["actor"], entry["time"], entry["from"]["stage"]),
              ("amira", "2026-11-20T11:59:56.400Z", "first"), f"{name}_says_who_and_when")
    return directory, result, lines


NOW = "2026-11-20T11:59:56.400Z"
SINCE = ("2026-11-20T10:00:00Z ", NOW + " ")

directory, result, lines = applied("advance", well, [('"first" ', "second "), SINCE])
equal(lines[0]["to"], {"state": "running", "stage": "second", "since": NOW}, "advance_to")
again = decide(directory, well, "--apply", "--exit-code")
equal(again.status, 10, "the_same_log_again_holds")
equal(len(entries(directory)), 1, "and_adds_nothing_to_the_ledger")
ok("second, 50%" in again.out, "and_sees_the_new_stage", again.out)

def says_what_it_did(name, log, now):
    """What a person reads below the verdict: what was done, and where it stands written."""
    directory = project(name, canary(BLOCK))
    build = os.path.join(directory, "live.ffs")
    subprocess.run([FFC, "build", "-C", directory, "-e", "production", "-o", build], check=True, capture_output=True)
    result = decide(directory, log, "--apply", "--build", build)
    entry, = (file for file in os.listdir(os.path.join(directory, "ledger")) if file.endswith(".json"))
    line = read(directory)[:read(directory).index("canary:")].count("\n") + 1
    said = re.search(r"^applied.*", result.out, re.M | re.S)[0]
    equal(re.sub(r"flags\.yaml:\d+", "flags.yaml:LINE", said),
          f"applied   canary.checkout in production: was running in 'first', now {now} since {NOW}\n"
          f"edited    {directory}/flags.yaml:LINE\nrecorded  ledger/{entry}\npublished {build}\n",
          f"{name}_says_what_it_did")
    ok(abs(int(re.search(r"flags\.yaml:(\d+)", said)[1]) - line) <= 1, f"{name}_names_the_line", said)
    again = decide(directory, log, "--apply", "--build", build)
    equal(re.search(r"^applied.*", again.out, re.M | re.S)[0],
          f"applied   nothing: no state changes\npublished {build}, which has the definitions as they are\n",
          f"{name}_says_that_nothing_changed")


says_what_it_did("said_advance", well, "running in 'second'")
says_what_it_did("said_rollback", failing, "rolled_back")

# A stage that is not what it was when it began begins anew; comments and times do not make it that.
def edited(directory, old, new):
    text = read(directory)
    assert text.count(old) == 1, f"'{old}' is there once"
    with open(os.path.join(directory, "flags.yaml"), "w") as file:
        file.write(text.replace(old, new))


later = write("later.ndjson", requests(2000, start=lab.START + 2 * lab.HOUR, percent=50, seed=2))
edited(directory, "# UTC", "# Zulu")
edited(directory, "percent: 50%, hold: 1h", "percent:   50%, hold: 90m")
edited(directory, "name: first, percent: 20%", "name: first, percent: 10%")
result = decide(directory, later, "--json")
equal(result.json["rule"], "all-passed", "what_looks_do_not_depend_on_changes_nothing")
for old, new in (("percent:   50%", "percent: 60%"), ("max: 500ms", "max: 600ms"),
                 ("owner: payments", "salt: other\n    owner: payments"),
                 ("hold: 90m}", "if: {country: NO}}")):
    edited(directory, old, new)
    result = decide(directory, later, "--json", "--exit-code")
    equal((result.status, result.json["rule"]), (10, "policy-changed"), f"'{new}'_begins_anew")
    edited(directory, new, old)
equal(len(entries(directory)), 1, "without_apply_nothing_is_written")
edited(directory, "percent:   50%", "percent: 60%")
result = decide(directory, later, "--apply", "--json")
restarted = "2026-11-20T13:59:56.400Z"
anew = entries(directory)[1]
equal(anew["to"], {"state": "running", "stage": "second", "since": restarted}, "apply_begins_it_now")
equal((anew["verdict"], anew["rule"]), ("hold", "policy-changed"),
      "with_a_line_in_the_ledger")
ok(is_whole(directory), "that_chains")
result = decide(directory, later, "--json", "--now", "2026-11-20T14:30:00Z")
equal((result.json["rule"], result.json["input"]["used"]), ("hold-time", 1),
      "then_it_is_decided_on_what_comes_after")
edited(directory, "max: 500ms", "max: 600ms")
worse_later = write("worse-later.ndjson", requests(2000, start=lab.START + 4 * lab.HOUR,
                                                   percent=60, canary_latency=0.9))
result = decide(directory, worse_later, "--apply", "--json")
equal((result.json["verdict"], result.json["rule"]), ("pause", "guard"), "guards_are_asked_first")
edited(directory, "state:   paused", "state:   running")
equal(decide(directory, well, "--json", "--now", "2026-11-20T18:00:00Z").json["rule"],
      "policy-changed", "a_pause_does_not_make_it_forgotten")

directory, result, lines = applied("rollback", failing,
                                   [("running   ", "rolled_back   "), SINCE])
equal(result.status, 20, "rollback_exits_20")
equal(lines[0]["verdict"], "rollback", "rollback_in_the_ledger")
equal(lines[0]["to"], {"state": "rolled_back", "stage": "first", "since": NOW}, "rollback_to")
ok("30.66% over 411" in lines[0]["reason"], "the_reason_has_the_numbers", lines[0])
equal(lines[0]["digests"]["input"], decide(project("same", canary(BLOCK)), failing, "--json")
      .json["input"]["digest"], "the_digest_is_the_input's")
equal(decide(directory, failing, "--apply", "--exit-code").status, 10, "rolled_back_is_final")
equal(len(entries(directory)), 1, "a_final_state_adds_nothing")

directory, result, lines = applied("pause", slow, [("running   ", "paused   ")])
equal(lines[0]["to"]["since"], "2026-11-20T10:00:00Z", "a_pause_keeps_since")
equal(decide(directory, slow, "--apply", "--exit-code").status, 10, "paused_stays_paused")
worse = decide(directory, failing, "--apply", "--exit-code")
equal(worse.status, 20, "paused_still_rolls_back")
equal(len(entries(directory)), 2, "each_change_is_a_line")
ok(is_whole(directory), "two_lines_chain")

applied("hold", well, [], "--now", "2026-11-20T10:30:00Z")

by_person = project("by-person", canary(BLOCK + "automatic: false\n"))
before = read(by_person)
result = decide(by_person, failing, "--apply", "--exit-code")
equal((result.status, read(by_person), entries(by_person)), (20, before, []),
      "automatic_false_reports_a_rollback_and_leaves_it")
ok("left to a person" in result.out, "and_says_so", result.out)
equal(decide(by_person, slow, "--apply", "--exit-code").status, 11, "automatic_false_still_pauses")
ok("state:   paused" in read(by_person), "and_edits_a_pause")

# A tampered entry is found; a good one is never rewritten.
name = sorted(ledger.files(directory))[0]
path = os.path.join(directory, "ledger", name)
with open(path) as file:
    text = file.read()
with open(path, "w") as file:
    file.write(text.replace('"actor":"amira"', '"actor":"nobody"', 1))
ok(not is_whole(directory), "a_changed_entry_is_found")

# --build publishes what was edited, and leaves a file alone that has these bytes.
directory = project("build", canary(BLOCK))
live = os.path.join(SCRATCH, "live.ffs")
result = decide(directory, failing, "--apply", "--build", live)
ok(result.status == 0 and os.path.exists(live), "build_publishes", result.err)
with open(live, "rb") as file:
    published = file.read()
ok(published[:8] == b"\x89FFS\r\n\x1a\n", "what_is_published_is_a_snapshot")
inode = os.stat(live).st_ino
decide(directory, failing, "--apply", "--build", live)
equal(os.stat(live).st_ino, inode, "the_same_bytes_are_not_published_again")
equal(decide(directory, failing, "--build", live).status, 2, "build_wants_apply")
ok(decide(directory, failing, "--json").json["build"] ==
   published[48:64].hex(), "the_build_is_the_snapshot's_content_hash")

def signed_by_signed():
    """A signed snapshot is replaced by a signed one, of the same generation, or not at all."""
    directory = project("signed", canary(BLOCK))
    public, secret = os.path.join(SCRATCH, "k.pub"), os.path.join(SCRATCH, "k.key")
    subprocess.run(["minisign", "-GWf", "-p", public, "-s", secret], check=True, capture_output=True)
    signed = os.path.join(SCRATCH, "signed.ffs")
    subprocess.run([FFC, "build", "-C", directory, "-e", "production", "-o", signed, "--sign", secret,
                    "--generation", "41"], check=True, capture_output=True)
    with open(signed, "rb") as file:
        before = file.read()
    untouched = read(directory)
    result = decide(directory, failing, "--apply", "--build", signed)
    ok(result.status == 2 and "--sign" in result.err, "a_signed_snapshot_wants_the_key", result.err)
    with open(signed, "rb") as file:
        ok(file.read() == before and read(directory) == untouched, "and_nothing_is_done")
    equal(decide(directory, failing, "--apply", "--sign", secret).status, 2, "sign_wants_build")
    equal(decide(directory, failing, "--apply", "--build", signed, "--sign", public).status, 2, "sign_wants_a_secret_key")
    result = decide(directory, failing, "--apply", "--build", signed, "--sign", secret)
    verified = subprocess.run([FFC, "verify", signed, "--key", public, "--json"], capture_output=True, text=True)
    ok(result.status == 0 and verified.returncode == 0, "it_is_signed_again", result.err, verified.stdout)
    ok(json.loads(verified.stdout)["generation"] == 41, "of_the_same_generation", verified.stdout)
    with open(signed, "rb") as file:
        ok(file.read() != before, "with_what_was_decided")


if shutil.which("minisign"):
    signed_by_signed()
else:
    skip("a_signed_snapshot", "no minisign")

# A run that was killed between the edit and the ledger is finished by the next one; one that was
# killed before the edit is forgotten.
directory = project("crash", canary(BLOCK))
decide(directory, failing, "--apply")
(name, whole), = ledger.files(directory).items()
TODO = b'{"aside":"edit","file":"flags.yaml"}\n'


def leave(where, text, called=name):
    folder = os.path.join(where, "ledger", ".local")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, called), "wb") as file:
        file.write(text)


leave(directory, whole + TODO)
os.remove(os.path.join(directory, "ledger", name))
result = decide(directory, failing, "--apply")
equal((ledger.files(directory), put_aside(directory)), ({name: whole}, []), "what_was_put_aside_is_finished")
ok("finished the ledger's entry" in result.err, "which_is_said", result.err)
leave(directory, whole + TODO)
decide(directory, failing, "--apply")
equal((ledger.files(directory), put_aside(directory)), ({name: whole}, []), "what_is_there_is_not_added_again")
fresh = project("crash-early", canary(BLOCK))
leave(fresh, whole + TODO)
decide(fresh, well, "--apply", "--now", "2026-11-20T10:30:00Z")
equal((entries(fresh), put_aside(fresh)), ([], []), "an_edit_that_was_not_made_is_forgotten")
for text in (whole[:40], whole + b"rubbish\n", whole, b"rubbish\n", b"", whole.replace(b"rollback", b"advance") + TODO):
    leave(fresh, text)
    result = decide(fresh, well, "--apply", "--now", "2026-11-20T10:30:00Z")
    ok(result.status == 0 and entries(fresh) == [] and "damaged" in result.err,
       f"what_is_damaged_is_said_and_left_{len(text)}", result.err)
    equal(put_aside(fresh), [name], f"for_a_person_to_look_at_{len(text)}")
os.remove(os.path.join(fresh, "ledger", ".local", name))

# Two runs at once: the one that comes second sees what the first one did.
for round in range(5):
    directory = project("race", canary(BLOCK))
    command = [FFREPLAY, "decide", "canary.checkout", failing, "-C", directory, "-e", "production",
               "--apply"]
    runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(4)]
    for run in runs:
        run.wait()
    equal((len(entries(directory)), [run.returncode for run in runs]), (1, [0] * 4),
          f"of_four_runs_at_once_one_changes_something_{round}")

# --all: several canaries in one file, each decided on from one reading of the log.
many = "flags:\n" + "".join(
    canary(BLOCK).split("\n", 1)[1].replace("canary.checkout", f"canary.checkout{i}")
    for i in range(3)) + canary(BLOCK).split("\n", 1)[1].replace("canary.checkout", "canary.late") \
    .replace("state:   running", "state:   pending") + "  plain:\n    percent: 10%\n"
directory = project("all", many)
result = decide(directory, failing, "--all", "--apply", "--json", flag=None)
names = [json.loads(line)["flag"] for line in result.out.splitlines()]
equal(names, ["canary.checkout0", "canary.checkout1", "canary.checkout2"],
      "all_is_every_running_canary")
changed = [json.loads(line)["verdict"] != "hold" for line in result.out.splitlines()]
equal(len(entries(directory)), sum(changed), "all_of_them_are_applied")
ok(is_whole(directory), "all_of_them_chain", result.err)

# Keys that are not there yet are added; a mapping in braces stays one.
bare = project("bare", canary("stages:\n  - {name: first, percent: 20%}\n  - {percent: 50%}\n"
                              "guards: [{metric: error_rate, max: 5%}]\nsince: 2026-11-20T10:00:00Z\n"
                              "state: running   # bare\n"))
before = read(bare)
result = decide(bare, well, "--apply", "--exit-code")
equal(result.status, 0, "a_canary_without_a_stage_advances")
after = read(bare)
ok(all(line in after.splitlines() for line in before.splitlines() if "since:" not in line),
   "every_other_line_of_it_is_still_there", after)
equal(after.count("\n"), before.count("\n") + 1, "and_one_was_added")
equal(decide(bare, well, "--json").json["stage"],
      {"name": "stages[1]", "index": 1, "percent": 50, "since": NOW}, "the_stage_without_a_name_is_set")
flow = project("flow", "flags: {canary.checkout: {canary: {stages: [{name: a, percent: 20%}, "
               "{name: b, percent: 50%}], guards: [{metric: error_rate, max: 5%}], state: running, stage: a, "
               "since: 2026-11-20T10:00:00Z}}}\n")
result = decide(flow, well, "--apply", "--exit-code")
equal((result.status, decide(flow, well, "--json").json["stage"]["name"]), (0, "b"),
      "a_canary_in_braces_advances")

# What cannot be written is an error, and changes nothing.
if os.geteuid() != 0:
    locked = project("locked", canary(BLOCK))
    os.chmod(locked, 0o555)
    result = decide(locked, failing, "--apply")
    ok(result.status == 2 and entries(locked) == [] and "state:   running" in read(locked),
       "a_directory_that_cannot_be_written", result.err)
    os.chmod(locked, 0o755)
unwritable = project("unwritable", canary(BLOCK))
with open(os.path.join(unwritable, "ledger"), "w") as file:
    file.write("no directory")
before = read(unwritable)
result = decide(unwritable, failing, "--apply")
equal((result.status, read(unwritable)), (2, before), "without_a_ledger_nothing_is_edited")
result = decide(project("no-build", canary(BLOCK)), failing, "--apply", "--build", "/nonexistent/x.ffs")
ok(result.status == 2 and "/nonexistent/x.ffs" in result.err, "a_build_that_cannot_be_published",
   result.err)

# A block that environments share changes for both, which is said.
shared = project("shared", canary(BLOCK))
result = decide(shared, failing, "--apply")
ok("environment 'staging' has this same canary block" in result.err, "a_shared_block_is_noted",
   result.err)
finish()
