#!/usr/bin/env python3
"""Watching logs that grow: appended lines, files that are replaced or cut, definitions that change
under it; what is applied is applied whole, also by a run that is killed.

Runs: beside: it waits.
"""
import json
import os
import signal
import subprocess
import time

from ledger import entries, put_aside
from lab import FFREPLAY, SCRATCH, canary, decide, equal, finish, ok, project
from watching import Watch

BLOCK = """\
stages:
  - {name: first, percent: 20%, min_samples: 20}
  - {name: full, percent: 100%, min_samples: 20}
guards:
  - {metric: error_rate, max: 10%, action: rollback}
"""
_serial = 0


def stamp(ms):
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000))
    return f"{seconds}.{ms % 1000:03}Z"


def now():
    return int(time.time() * 1000)


def running(name, block=BLOCK, since=None):
    return project(name, canary(f"{block}state: running\nstage: first\n"
                                f"since: {stamp(since or now() - 60000)}\n"))


def lines(count, status=200, ahead=0):
    """Of as many users, of the last seconds."""
    global _serial
    made = []
    for _ in range(count):
        _serial += 1
        made.append(json.dumps({"ts": now() - 2000 + ahead, "request": f"r{_serial}",
                                "user_id": f"u{_serial}", "geo": {"country": "NO"},
                                "status": status, "request_time": 0.1}) + "\n")
    return "".join(made)


def append(path, text):
    with open(path, "a") as file:
        file.write(text)


def used(watch):
    looks = watch.looks()
    return looks[-1]["input"]["used"] if looks else -1


def path_of(name):
    return os.path.join(SCRATCH, name)


# ------------------------------------------------------------- growing, rotated, cut; not there yet

log = path_of("grown.log")
directory = running("grown")
watch = Watch(directory, log, "--json")
ok(watch.until(lambda: watch.looks()), "a_log_that_is_not_there_is_waited_for", watch.errors())
equal(watch.looks()[-1]["input"]["lines"], 0, "and_is_empty_until_then")
append(log, lines(100))
ok(watch.until(lambda: used(watch) == 100), "what_is_appended_is_read", used(watch))
half = lines(1)
append(log, half[:40])
seen = len(watch.looks())
ok(watch.until(lambda: len(watch.looks()) > seen + 1), "it_looks_on")
equal(used(watch), 100, "a_half_written_line_waits")
append(log, half[40:] + lines(9))
ok(watch.until(lambda: used(watch) == 110), "and_is_read_once_and_whole", used(watch))
equal(watch.looks()[-1]["input"]["bad"]["unparsable"], 0, "not_in_two_halves")
os.rename(log, log + ".1")
append(log + ".1", lines(5))
append(log, lines(20))
ok(watch.until(lambda: used(watch) == 135), "a_log_that_is_replaced_is_followed", used(watch))
append(log + ".1", lines(5))
ok(watch.until(lambda: used(watch) == 140), "and_the_old_one_until_its_writer_has_noticed", used(watch))
by_now = watch.looks()[-1]
decided = decide(directory, log, log + ".1", "--json", "--now", stamp(now())).json
equal([decided[part] for part in ("criteria", "health", "build")] + [decided["input"]["digest"]],
      [by_now[part] for part in ("criteria", "health", "build")] + [by_now["input"]["digest"]],
      "what_is_seen_is_what_decide_sees")
os.truncate(log, 0)
seen = len(watch.looks())
watch.until(lambda: len(watch.looks()) > seen + 1)
append(log, lines(3))
ok(watch.until(lambda: used(watch) == 143), "one_that_is_cut_begins_again", used(watch))
append(log, lines(4, ahead=5000))
ok(watch.until(lambda: used(watch) == 147), "a_clock_that_is_ahead_is_waited_for", used(watch))
with open(os.path.join(directory, "flags.yaml"), "a") as file:
    file.write("# a comment\n")
seen = len(watch.looks())
ok(watch.until(lambda: len(watch.looks()) > seen + 1 and used(watch) == 127),
   "when_definitions_change_all_is_read_again_but_what_was_cut", used(watch))
equal(watch.stop(), 0, "a_signal_ends_it")
ok("interrupted; canary.checkout was at" in watch.errors(), "and_says_where_it_was", watch.errors())

# ---------------------------------------------------------------------------------- apply, to an end

log = path_of("well.log")
append(log, lines(400))
directory = running("well")
watch = Watch(directory, log, "--apply", "--actor", "watcher", "--exit-code")
ok(watch.until(lambda: len(entries(directory)) == 1), "it_advances", watch.text(), watch.errors())
ok(watch.until(lambda: "in full: " in watch.text()), "and_goes_on_with_the_next_stage", watch.text())
append(log, lines(60, ahead=2000))
equal(watch.ends(), 0, "it_ends_when_the_rollout_is_complete")
written = entries(directory)
equal([(entry["verdict"], entry["to"]["stage"], entry["to"]["state"], entry["actor"])
       for entry in written],
      [("advance", "full", "running", "watcher"), ("complete", "full", "complete", "watcher")],
      "each_is_in_the_ledger")
page = watch.text()
ok(page.index("advance  canary.checkout") < page.index("complete  canary.checkout"),
   "a_page_at_each_transition", page)
equal(page.count("advance  canary.checkout"), 1, "once")
history = subprocess.run([FFREPLAY, "history", "-C", directory, "--verify"], capture_output=True)
equal(history.returncode, 0, "the_chain_holds")

log = path_of("bad.log")
append(log, lines(200))
directory = running("bad", BLOCK.replace("min_samples: 20}\n  - {name: full",
                                         "hold: 1h, min_samples: 20}\n  - {name: full"))
watch = Watch(directory, log, "--apply", "--exit-code")
ok(watch.until(lambda: "hold (hold-time)" in watch.text()), "it_holds", watch.text())
append(log, lines(300, status=503))
equal(watch.ends(), 20, "a_bad_one_is_rolled_back")
equal([entry["verdict"] for entry in entries(directory)], ["rollback"], "and_that_is_the_end")
said = [line for line in watch.text().splitlines() if "hold (hold-time)" in line]
equal(len(said), 1, "a_line_only_when_something_is_new")

directory = running("all")
watch = Watch(directory, path_of("well.log"), "--apply", flag="--all")
ok(watch.until(lambda: len(entries(directory)) == 1), "all_means_every_canary", watch.errors())
ok(watch.until(lambda: "in full: " in watch.text()), "and_goes_on", watch.text())
equal(watch.stop(signal.SIGINT), 0, "until_it_is_told_to_end")

# ----------------------------------------------------------------------------------- too many bad lines

log = path_of("spoilt.log")
append(log, lines(20) + "no line of JSON\n" * 2)
watch = Watch(running("spoilt"), log, "--json")
ok(watch.until(lambda: "2 of 22 lines of log 'requests' are bad" in watch.errors()), "too_many_bad_lines_are_said",
   watch.errors())
time.sleep(2.5)
equal((watch.errors().count("no verdict"), watch.looks()), (1, []), "when_it_begins_and_not_at_each_look")
append(log, lines(300))
ok(watch.until(lambda: used(watch) == 320), "verdicts_come_again_when_the_share_falls", watch.errors())
ok("2 of 322 lines of log 'requests' are bad (2 unparsable, 0 without a time), no longer more than 1%: verdicts again" in watch.errors(),
   "which_is_said_too", watch.errors())
os.unlink(log)
seen = len(watch.looks())
ok(watch.until(lambda: len(watch.looks()) > seen + 1) and used(watch) == 320, "a_log_that_is_deleted_still_counts",
   used(watch))
append(log, lines(5))
ok(watch.until(lambda: used(watch) == 325), "and_one_that_comes_in_its_place_is_read", used(watch))
equal(watch.stop(), 0, "and_a_signal_ends_it_then")

TRACE = "java.lang.IllegalStateException: index closed\n\tat search.Index.get(Index.java:81)\n\tat java.lang.Thread.run\n"
HELD = BLOCK.replace("min_samples: 20}\n  - {name: full", "hold: 1h, min_samples: 20}\n  - {name: full")

# A canary whose failures come with stack traces on the same stdout.
log = path_of("traces.log")
append(log, lines(200))
directory = running("traces", HELD)
watch = Watch(directory, log, "--apply", "--exit-code")
ok(watch.until(lambda: "hold (hold-time)" in watch.text()), "it_sees_before_the_traces", watch.text())
append(log, "".join(line + TRACE for line in lines(300, status=503).splitlines(True)))
equal(watch.ends(), 20, "harm_among_stack_traces_is_rolled_back")
equal([entry["verdict"] for entry in entries(directory)], ["rollback"], "and_recorded")
ok("harm that the others show still counts" in " ".join(watch.text().split()), "and_explained", watch.text())

# Hosts that are ahead of everybody's clock.
log = path_of("ahead.log")
append(log, lines(200))
watch = Watch(running("ahead", HELD), log, "--json")
ok(watch.until(lambda: used(watch) == 200), "it_reads_those_that_are_on_time", used(watch))
append(log, lines(1, ahead=2 * 3600 * 1000))
ok(watch.until(lambda: "notes" in watch.looks()[-1]["health"]), "one_line_that_is_ahead_is_noted", watch.text())
ok("ahead of now" in watch.looks()[-1]["health"]["notes"][0] and watch.looks()[-1]["health"]["healthy"],
   "and_left_out", watch.looks()[-1]["health"])
append(log, lines(20, ahead=2 * 3600 * 1000))
ok(watch.until(lambda: watch.looks()[-1]["rule"] == "unhealthy"), "a_host_that_is_ahead_is_unhealthy", watch.text())
equal(used(watch), 200, "and_its_lines_are_left_out")
watch.stop()

# Traces alone: nothing is passed, each change of mind is said, and the end is that of the last look.
log = path_of("blind.log")
append(log, lines(200))
directory = running("blind", HELD)
watch = Watch(directory, log, "--apply", "--exit-code")
ok(watch.until(lambda: "hold (hold-time)" in watch.text()), "it_holds_at_first", watch.text())
append(log, TRACE * 20)
ok(watch.until(lambda: "no verdict in first: too many lines" in watch.text()), "it_says_that_it_is_blind", watch.text())
ok("60 of 260 lines" in watch.errors(), "and_why", watch.errors())
time.sleep(2.5)
equal(watch.text().count("no verdict"), 1, "once")
append(log, lines(6000))
ok(watch.until(lambda: watch.text().count("hold (hold-time)") == 2), "and_that_it_sees_again", watch.text())
ok("verdicts again" in watch.errors(), "on_stderr_too", watch.errors())
append(log, TRACE * 200)
ok(watch.until(lambda: watch.text().count("no verdict") == 2), "and_blind_once_more", watch.text())
equal(watch.stop(), 2, "a_watch_that_ends_blind_has_no_verdict")
ok("canary.checkout was at no verdict (bad lines)" in watch.errors(), "and_says_so", watch.errors())
equal(entries(directory), [], "nothing_was_passed")

# ------------------------------------------------------------- definitions broken, mended, by others

log = path_of("others.log")
append(log, lines(200))
directory = running("others", BLOCK.replace("min_samples: 20}\n  - {name: full",
                                            "hold: 1h, min_samples: 20}\n  - {name: full"))
definitions = os.path.join(directory, "flags.yaml")
watch = Watch(directory, log, "--apply", "--exit-code")
watch.until(lambda: "hold-time" in watch.text())
with open(definitions) as file:
    sound = file.read()


def put(text):
    with open(definitions + ".new", "w") as file:
        file.write(text)
    os.rename(definitions + ".new", definitions)


put(sound.replace("max: 10%", "mx: 10%"))
ok(watch.until(lambda: "stay in force" in watch.errors()), "what_does_not_compile_is_reported")
ok("unknown key 'mx'" in watch.errors(), "as_ffc_does", watch.errors())
append(log, lines(500, status=503))
equal((watch.ends(), [entry["verdict"] for entry in entries(directory)]), (20, ["rollback"]),
      "a_rollback_by_the_last_good_ones_is_applied")
with open(definitions) as file:
    ok("mx: 10%" in file.read(), "what_does_not_compile_is_left_as_it_is")

log = path_of("advancing.log")
directory = running("advancing")
definitions = os.path.join(directory, "flags.yaml")
watch = Watch(directory, log, "--apply")
watch.until(lambda: "hold" in watch.text())
with open(definitions) as file:
    sound = file.read()
put(sound.replace("max: 10%", "mx: 10%"))
watch.until(lambda: "stay in force" in watch.errors())
append(log, lines(400))
ok(watch.until(lambda: "advance  canary.checkout" in watch.text()), "the_last_good_ones_stay", watch.text())
equal(entries(directory), [], "but_nothing_else_is_applied")
put(sound)
ok(watch.until(lambda: entries(directory)), "until_they_are_mended", watch.errors())
watch.stop()

directory = running("by-hand")
watch = Watch(directory, path_of("no.log"))
watch.until(lambda: "hold" in watch.text())
with open(os.path.join(directory, "flags.yaml")) as file:
    sound = file.read()
definitions = os.path.join(directory, "flags.yaml")
put(sound.replace("state: running", "state: rolled_back"))
equal(watch.ends(), 0, "what_a_person_does_is_followed")
ok("rolled-back" in watch.text(), "to_its_end", watch.text())

# As git writes a tree: what is watched is not there for a moment, and the rest compiles.
log = path_of("written.log")
append(log, lines(100))
directory = running("written")
definitions = os.path.join(directory, "flags.yaml")
with open(definitions) as file:
    sound = file.read()
wanted = 100
watch = Watch(directory, log, "--json")
for text in ("", "flags:\n  canary.checkout: {owner: payments, serve: off}\n"):
    gone = None
    while not gone or time.monotonic() - gone > 4:  # so long a pause of this writer may end a watch
        if gone:
            watch.stop(signal.SIGKILL)
            watch = Watch(directory, log, "--json")
        watch.until(lambda: used(watch) == wanted)
        gone = time.monotonic()
        put(text)
        time.sleep(1.5)
        put(sound)
    append(log, lines(100))
    wanted += 100
    ok(watch.until(lambda: used(watch) == wanted), "definitions_that_are_being_written_do_not_end_it", used(watch), watch.errors())
os.remove(definitions)
equal(watch.ends(), 2, "a_flag_that_is_gone_does")
ok("no flag is called 'canary.checkout'" in watch.errors(), "which_is_said", watch.errors())

# ------------------------------------------------------------------------------------------- killed

log = path_of("killed.log")
append(log, lines(400))
for delay in (0.0, 0.004, 0.01, 0.02, 0.04):
    directory = running(f"killed-{delay}")
    watch = Watch(directory, log, "--apply")
    watch.until(lambda: watch.text() != "" or put_aside(directory))
    time.sleep(delay)
    watch.process.kill()
    watch.process.wait()
    again = Watch(directory, log, "--apply")
    ok(again.until(lambda: len(entries(directory)) == 1 and "in full" in again.text()),
       f"killed_after_{delay}_it_is_finished_by_the_next", again.text(), again.errors())
    again.stop()
    verified = subprocess.run([FFREPLAY, "history", "-C", directory, "--verify"], capture_output=True)
    with open(os.path.join(directory, "flags.yaml")) as file:
        equal((verified.returncode, len(entries(directory)), "stage: full" in file.read(),
               put_aside(directory)), (0, 1, True, []),
              "once_and_whole")

# -------------------------------------------------------------------------------------------- stdin

directory = running("stdin", BLOCK.replace("min_samples: 20}\n  - {name: full",
                                           "hold: 1h, min_samples: 20}\n  - {name: full"))
watch = Watch(directory, "-", "--json", stdin=subprocess.PIPE)
text = lines(50)
watch.process.stdin.write(text[:1000].encode())
watch.process.stdin.flush()
ok(watch.until(lambda: used(watch) == text[:1000].count("\n")), "stdin_is_followed", watch.errors())
watch.process.stdin.write(text[1000:].rstrip("\n").encode())
watch.process.stdin.close()
equal(watch.ends(), 0, "its_end_is_the_end")
equal(used(watch), 50, "a_last_line_without_line_end_counts")

# ------------------------------------------------------------------------------------------ refusals

subprocess.run(["gzip", "-kf", log], check=True)
watch = Watch(directory, log + ".gz")
equal(watch.ends(), 2, "a_compressed_file_is_refused")
ok("it is compressed" in watch.errors() and "help:" in watch.errors(), "with_the_reason")
watch = Watch(directory, SCRATCH)
equal(watch.ends(), 2, "a_directory_is_refused")
ok("not a regular file" in watch.errors(), "with_its_reason", watch.errors())
watch = Watch(project("broken", canary("stages: [{name: a}]\n")), log)
equal(watch.ends(), 1, "definitions_that_do_not_compile_at_first_end_it")
watch = Watch(directory, log, "--build", "x.ffs")
equal((watch.ends(), "--apply" in watch.errors()), (2, True), "usage")
finish()
