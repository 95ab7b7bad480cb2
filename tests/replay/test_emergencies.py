#!/usr/bin/env python3
"""A rollback that is applied is an emergency: it publishes its change and nothing else, whatever was
made of other definitions since they were read."""
import json
import os
import shutil
import subprocess
import time

import lab
from ledger import entries, is_whole, put_aside
from lab import (FFREPLAY, SCRATCH, Result, canary, decide, equal, finish, ok, project, requests, skip, write)
from watching import Watch

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
BLOCK = """\
stages:
  - {name: first, percent: 20%, hold: 1h, min_samples: 20}
  - {name: full, percent: 100%}
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: latency_p95, max: 500ms, action: pause}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
SECOND = canary(BLOCK).split("\n", 1)[1].replace("canary.checkout", "canary.second")
THEME = "  theme: {type: string, variants: {light: l, dark: d}, default: light, serve: light}\n"
FLAGS = canary(BLOCK) + THEME + "  basket: {requires: {canary.checkout: on}, serve: on}\n"
NOW = "2026-11-20T11:59:56.400Z"
failing = write("failing.ndjson", requests(2000, canary_errors=0.3))
well = write("well.ndjson", requests(2000))
slow = write("slow.ndjson", requests(2000, canary_latency=0.6))


def ffc(*arguments):
    return Result(subprocess.run([FFC, *arguments], capture_output=True))


def build(directory, live, *options, environment="production"):
    result = ffc("build", "-C", directory, "-e", environment, "-o", live, *options)
    assert result.status == 0, result.err


def published(name, flags=FLAGS):
    """A project, and its snapshot of production."""
    directory, live = project(name, flags), os.path.join(SCRATCH, name + ".ffs")
    if os.path.exists(live):
        os.remove(live)
    build(directory, live)
    return directory, live


def answers(live, at="2100-01-01T00:00:00Z"):
    """What everybody is served, why, and by which rule."""
    who = "".join(json.dumps({"user_id": f"u{i}"}) + "\n" for i in range(60)).encode()
    lines = subprocess.run([FFC, "eval", "--all", "-s", live, "--at", at, "--contexts", "-", "--json"], input=who,
                           check=True, capture_output=True).stdout.decode().splitlines()
    return [json.loads(line) for line in lines]


def of(live, flag):
    return {(line["variant"], line["reason"]) for line in answers(live) if line["flag"] == flag}


def put(directory, text, name="team.yaml"):
    with open(os.path.join(directory, name), "w") as file:
        file.write(text)


def read(directory, name="flags.yaml"):
    with open(os.path.join(directory, name)) as file:
        return file.read()


def edit(directory, old, new):
    text = read(directory)
    assert text.count(old) == 1, old
    put(directory, text.replace(old, new), "flags.yaml")


OFF, LIGHT = {("off", "STATIC")}, {("light", "STATIC")}
BROKEN = "flags:\n  theirs: {serve: onn}\n"

# Its change and nothing else, as the definitions with it would have it.
directory, live = published("only")
equal(of(live, "canary.checkout") == OFF, False, "the_canary_is_served")
copy = shutil.copytree(directory, directory + "-copy")
edit(directory, "serve: light", "serve: dark")
result = decide(directory, failing, "--apply", "--build", live, "--exit-code")
equal((result.status, of(live, "canary.checkout"), of(live, "theme")), (20, OFF, LIGHT), "other_edits_are_not_published")
equal(result.err.count("note: other edits are not published: 'theme' differs in the definitions"), 1, "and_are_named_once")
ok("was not patched" not in result.err, "without_a_compile", result.err)
equal((entries(directory)[0]["verdict"], put_aside(directory)), ("rollback", []), "with_the_ledger's_entry")
ok("state: rolled_back" in read(directory), "and_the_state")
recompiled = os.path.join(SCRATCH, "recompiled.ffs")
decide(copy, failing, "--apply")
build(copy, recompiled)
for at in ("2026-11-20T09:00:00Z", "2026-11-20T11:00:00Z", NOW, "2100-01-01T00:00:00Z"):
    equal(answers(live, at), answers(recompiled, at), f"it_answers_as_a_build_does_at_{at}")
equal(ffc("verify", live).status, 0, "and_is_sound")
directory, live = published("alone")
result = decide(directory, failing, "--apply", "--build", live)
ok("not published" not in result.err, "without_other_edits_none_is_named", result.err)

# What is no emergency is compiled, and has all edits.
for name, log, changed in (("advance", well, "stage: full"), ("pause", slow, "state: paused")):
    directory, live = published(name)
    edit(directory, "serve: light", "serve: dark")
    decide(directory, log, "--apply", "--build", live)
    ok(changed in read(directory) and of(live, "theme") == {("dark", "STATIC")}, f"{name}_publishes_the_definitions")


class During:
    """A run that has read the definitions, and waits for its log."""

    def __init__(self, directory, live, flag="canary.checkout"):
        self.run = subprocess.Popen([FFREPLAY, "decide", flag, "-", "-C", directory, "-e", "production", "--apply",
                                     "--build", live], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
        with open(failing, "rb") as log:
            self.log = log.read()
        # More than a pipe holds: once it is written, reading has begun.
        self.run.stdin.write(self.log[:-100])

    def goes_on(self):
        out, err = self.run.communicate(self.log[-100:])
        return self.run.returncode, err.decode()


# An error that somebody makes meanwhile is in nobody's way.
for name, text in (("a_flag_of_others", BROKEN), ("what_cannot_be_parsed", "flags: {a: [\n"),
                   ("a_test_that_fails", "tests:\n  - {flag: nothing, expect: on}\n")):
    directory, live = published("broken")
    run = During(directory, live)
    put(directory, text)
    status, err = run.goes_on()
    equal((status, of(live, "canary.checkout")), (0, OFF), f"{name}_stops_no_rollback")
    ok("note: the definitions have " in err and "nothing else in them can be built" in err, f"{name}_is_said", err)
    equal((entries(directory)[0]["verdict"], "state: rolled_back" in read(directory)), ("rollback", True),
          f"{name}_is_left_as_it_is")
directory, live = published("own")
run = During(directory, live)
put(directory, read(directory) + "  more: [\n", "flags.yaml")
status, err = run.goes_on()
equal((status, of(live, "canary.checkout"), put_aside(directory)), (0, OFF, []), "an_error_in_its_own_file_neither")
ok("the canary could not be edited" in err and len(os.listdir(os.path.join(directory, "overrides"))) == 1,
   "an_override_holds_it_back", err)
equal((entries(directory)[0]["verdict"], entries(directory)[0]["instead_of"]), ("override", "canary rollback"),
      "and_the_ledger_has_it")
directory, live = published("moved")
run = During(directory, live)
edit(directory, "serve: light", "serve: dark")
equal((run.goes_on()[0], of(live, "canary.checkout"), of(live, "theme")), (0, OFF, LIGHT), "an_edit_of_its_own_file")
directory, live = published("elsewhere")
with open(live, "rb") as file:
    before = file.read()
run = During(directory, live)
edit(directory, "stage: first", "stage: full")
status, err = run.goes_on()
with open(live, "rb") as file:
    equal((status, file.read() == before, entries(directory)), (2, True, []), "a_canary_that_stands_elsewhere_is_left")
ok("was changed during the decision" in err, "which_is_said", err)

# Several at once, and what else is decided.
flags = FLAGS + SECOND
directory, live = published("several", flags)
edit(directory, "serve: light", "serve: dark")
decide(directory, failing, "--all", "--apply", "--build", live, flag=None)
equal((of(live, "canary.checkout"), of(live, "theme")), (OFF, LIGHT), "of_all")
ok(is_whole(directory) and len(entries(directory)) >= 1, "the_ledger_is_whole")

# Files that cannot be patched are compiled, and it is said.
for name, words in (("missing", "there is no such file yet"), ("damaged", "instead of patched")):
    directory, live = published(name)
    os.remove(live)
    if name == "damaged":
        with open(live, "wb") as file:
            file.write(b"\x89FFS\r\n\x1a\n, and no more of it")
    edit(directory, "serve: light", "serve: dark")
    result = decide(directory, failing, "--apply", "--build", live)
    ok(result.status == 0 and words in result.err, f"{name}_is_said", result.err)
    equal((of(live, "canary.checkout"), of(live, "theme")), (OFF, {("dark", "STATIC")}), f"{name}_is_compiled")
key = os.path.join(SCRATCH, "key")
if shutil.which("minisign") and not subprocess.run(["minisign", "-GWf", "-p", key + ".pub", "-s", key],
                                                   capture_output=True).returncode:
    directory, live = published("signed")
    build(directory, live, "--sign", key, "--generation", "7")
    edit(directory, "serve: light", "serve: dark")
    result = decide(directory, failing, "--apply", "--build", live, "--sign", key)
    text = ffc("verify", live, "--key", key + ".pub").out
    ok("generation   7" in text and "signed by    key" in text, "signed_of_its_generation", text, result.err)
    equal((of(live, "canary.checkout"), of(live, "theme")), (OFF, LIGHT), "and_nothing_else")
else:
    skip("signed_of_its_generation", "minisign is not there")

# Under a watch, whose definitions broke before there was harm.
served = 0


def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}Z"


def append(log, count, status):
    global served
    with open(log, "a") as file:
        for _ in range(count):
            served += 1
            file.write(json.dumps({"ts": int(time.time() * 1000) - 2000, "request": f"r{served}",
                                   "user_id": f"u{served}", "geo": {"country": "NO"}, "status": status,
                                   "request_time": 0.1}) + "\n")


class Published(Watch):
    """A watch that applies and publishes, of a project that is published."""

    def __init__(self, name, flag="canary.checkout"):
        since = stamp(int(time.time() * 1000) - 60000)
        directory, self.live = published(name, FLAGS.replace("since: 2026-11-20T10:00:00Z", f"since: {since}"))
        self.log = os.path.join(SCRATCH, f"{name}.log")
        append(self.log, 100, 200)
        super().__init__(directory, self.log, "--apply", "--build", self.live, "--exit-code", flag=flag)
        # It publishes the definitions when it starts, and prints the first verdict after that.
        assert self.until(self.text), self.errors()

    def breaks(self, text=BROKEN, name="team.yaml"):
        put(self.directory, text, name)
        return self.until(lambda: "stay in force" in self.errors())


watch = Published("watched")
edit(watch.directory, "serve: light", "serve: dark")
append(watch.log, 300, 500)
equal((watch.ends(), of(watch.live, "canary.checkout"), of(watch.live, "theme")), (20, OFF, LIGHT),
      "a_watch_publishes_nothing_else")
ok("note: other edits are not published: 'theme' differs" in watch.errors(), "a_watch_names_them", watch.errors())
watch = Published("watched-broken")
ok(watch.breaks(), "definitions_that_break_under_a_watch", watch.errors())
append(watch.log, 300, 500)
equal((watch.ends(), of(watch.live, "canary.checkout")), (20, OFF), "stop_no_rollback_by_it")
equal((entries(watch.directory)[0]["verdict"], "state: rolled_back" in read(watch.directory)), ("rollback", True),
      "which_is_written")
ok("note: the definitions have 1 error" in watch.errors(), "and_said", watch.errors())
watch = Published("watched-own")
ok(watch.breaks(read(watch.directory) + "  more: [\n", "flags.yaml"), "its_own_file_that_breaks", watch.errors())
append(watch.log, 300, 500)
equal((watch.ends(), of(watch.live, "canary.checkout")), (20, OFF), "stops_none_either")
equal(entries(watch.directory)[0]["instead_of"], "canary rollback", "an_override_holds_it_back_then")
watch = Published("watched-all", "--all")
ok(watch.breaks(), "under_a_watch_of_all", watch.errors())
append(watch.log, 300, 500)
ok(watch.until(lambda: of(watch.live, "canary.checkout") == OFF), "it_is_out", watch.errors())
time.sleep(2.5)
watch.stop()
equal([entry["verdict"] for entry in entries(watch.directory)], ["rollback"], "once_however_often_it_looks")

# What a person does that is no emergency publishes all edits, and says which.
directory, live = published("by-hand")
edit(directory, "serve: light", "serve: dark")
result = ffc("canary", "advance", "canary.checkout", "-C", directory, "-e", "production", "--reason", "x", "--build", live)
ok("note: other edits are published, too: 'theme' differs from what was served" in result.err,
   "an_advance_names_what_it_publishes", result.err)
result = ffc("canary", "pause", "canary.checkout", "-C", directory, "-e", "production", "--reason", "x", "--build", live)
ok(result.status == 0 and "published, too" not in result.err, "and_only_that", result.err)
finish()
