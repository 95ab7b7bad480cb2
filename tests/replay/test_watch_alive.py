#!/usr/bin/env python3
"""Whoever runs a watch: its status file, systemd's notifications, and that one watch acts on a canary.

Runs: beside: it waits.
"""
import calendar
import json
import os
import signal
import socket
import stat
import subprocess
import time

from lab import FFREPLAY, SCRATCH, equal, finish, ok, project, requests, write
from ledger import entries
from watching import PATIENCE, Watch, until

HOUR = 3600 * 1000


def now():
    return int(time.time() * 1000)


def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms // 1000))


def definitions(name, flags=("canary.checkout",), more="", guard="{metric: error_rate, max: 5%}"):
    body = "".join(
        f"  {flag}:\n    owner: payments\n    canary:\n      state: running\n      stage: first\n"
        f"      since: {stamp(now() - HOUR)}\n"
        "      stages: [{name: first, percent: 20%, hold: 1d, min_samples: 50}, {name: full, percent: 100%}]\n"
        f"      guards: [{guard}]\n{more}" for flag in flags)
    return project(name, "flags:\n" + body)


def log(name, **traffic):
    return write(name, requests(4000, start=now() - HOUR, length=HOUR - 1000, **traffic))


class Run(Watch):
    def __init__(self, directory, path, *more, flag="canary.checkout", env=None):
        super().__init__(directory, path, *more, flag=flag, env={**os.environ, **(env or {})})


def status_of(path):
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


sound = log("sound.ndjson")

# ------------------------------------------------------------------------------------- status file

status = os.path.join(SCRATCH, "status.json")
directory = definitions("status")
began = time.time()
watch = Run(directory, sound, "--status-file", status)
ok(until(lambda: (status_of(status) or {}).get("looks", 0) >= 3), "a status file is written at each look", watch.said())
found = status_of(status)
equal((found["process"], found["environment"], found["interval"], found["status"], found["over"], found["problem"]),
      (watch.process.pid, "production", 1, 0, False, None), "it says who watches what")
looked = calendar.timegm(time.strptime(found["time"], "%Y-%m-%dT%H:%M:%SZ"))
ok(int(began) <= looked <= time.time(), "and when it looked", began, found)
equal([(one["flag"], one["state"], one["stage"], one["verdict"], one["rule"]) for one in found["canaries"]],
      [("canary.checkout", "running", "first", "hold", "hold-time")], "and what it thinks")
ok(found["canaries"][0]["reason"], "and why", found)
with open(sound, "a") as file:
    file.write("rubbish\n" * 400)
ok(until(lambda: status_of(status)["problem"] == "too many lines of a log are bad"), "that there is no verdict", status_of(status))
equal((status_of(status)["status"], status_of(status)["canaries"][0]["verdict"]), (2, None), "as the exit status will be")
equal((watch.stop(signal.SIGTERM), status_of(status)["over"], status_of(status)["status"]), (2, True, 2), "and it says that it is over")
sound = log("sound.ndjson")
place = os.path.join(directory, "below")
watch = Run(directory, sound, "--status-file", os.path.join(place, "status.json"))
ok(until(lambda: "the watch goes on" in watch.said()), "a status file that cannot be written is said", watch.said())
os.mkdir(place)
ok(until(lambda: (status_of(os.path.join(place, "status.json")) or {}).get("looks", 0) >= 4),
   "and written once it can be, also within the project", watch.said())
equal((watch.said().count("the watch goes on"), watch.stop(signal.SIGINT)), (1, 0), "it is said once")
ok(not os.path.exists(os.path.join(directory, "ledger")), "a watch that only looks leaves nothing in the project")
equal(stat.S_IMODE(os.stat(status).st_mode) & 0o444, 0o444, "others can read it")

# ----------------------------------------------------------------------------------------- systemd


def receiver(name):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.settimeout(PATIENCE)
    server.bind("\0" + name[1:] if name.startswith("@") else name)
    return server


for kind, name in (("a path", os.path.join(SCRATCH, "notify.socket")), ("an abstract socket", f"@ffc-{os.getpid()}")):
    server = receiver(name)
    directory = definitions("notify", more="      hooks: {on_alert: [sh, -c, 'env >told']}\n",
                            guard="{metric: error_rate, max: 5%, action: alert}")
    watch = Run(directory, log("failing.ndjson", canary_errors=0.3), "--apply", "--run-steps",
                  env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "60000000"})
    said = [server.recv(4096).decode() for _ in range(3)]
    equal(said[0].split("\n")[:2], ["READY=1", "WATCHDOG=1"], f"{kind}: it is ready once it watches")
    ok(any("WATCHDOG=1" in one and "STATUS=canary.checkout: hold in first" in one for one in said[1:]),
       "it beats at each look, and says what it thinks", said)
    ok(until(lambda: os.path.exists(os.path.join(directory, "told")) and
             "PATH" in open(os.path.join(directory, "told")).read()), "a hook runs meanwhile", watch.said())
    ok("NOTIFY_SOCKET" not in open(os.path.join(directory, "told")).read(), "which cannot speak for it")
    equal(watch.stop(signal.SIGTERM), 0, "it ends")
    server.settimeout(1)
    last = ""
    try:
        while True:
            last = server.recv(4096).decode()
    except (TimeoutError, BlockingIOError):
        pass
    equal(last, "STOPPING=1", "and says so")
    ok("warning" not in watch.said(), "without a warning", watch.said())
watch = Run(definitions("short"), sound, env={"WATCHDOG_USEC": "1500000", "NOTIFY_SOCKET": "/nonexistent/socket"})
ok(until(lambda: "WatchdogSec is 1s, and looks are 1s apart" in watch.said()), "a watchdog that is too short is said", watch.said())
ok(until(lambda: "cannot reach $NOTIFY_SOCKET, '/nonexistent/socket': No such file" in watch.said()), "and a socket that is gone", watch.said())
equal(watch.stop(signal.SIGTERM), 0, "which stops nothing")

# ------------------------------------------------------------------------------------------ one watch

directory = definitions("one")
subprocess.run(["git", "init", "-q", directory], check=False)
first = Run(directory, sound, "--apply", "--actor", "amira")
ok(until(lambda: "hold-time" in first.said()), "one watch acts on a canary", first.said())
second = Run(directory, sound, "--apply")
equal(second.ends(), 2, "a second one is refused")
ok(f"'canary.checkout' in production is watched already: process {first.process.pid} on {socket.gethostname()}, by amira, since 2"
   in second.said() and "help:" in second.said(), "and says who acts on it", second.said())
looks = Run(directory, sound)
ok(until(lambda: "hold-time" in looks.said()), "one that only looks may", looks.said())
equal(looks.stop(signal.SIGTERM), 0, "any time")
every = Run(directory, sound, "--apply", flag="--all")
equal(every.ends(), 2, "so is one of all canaries, where nothing is left to it")
ok("another watch acts on every canary of production" in every.said(), "which it says", every.said())
done = subprocess.run([FFREPLAY, "decide", "canary.checkout", sound, "-C", directory, "-e", "production", "--apply"], capture_output=True)
equal(done.returncode, 0, "a decision is no watch, and is not refused")
changes = subprocess.run(["git", "-C", directory, "status", "--porcelain", "-uall"], capture_output=True, text=True).stdout
ok(".local" not in changes, "git does not see the lock", changes)
first.stop(signal.SIGKILL)
again = Run(directory, sound, "--apply")
ok(until(lambda: "hold-time" in again.said()), "the lock dies with its process, however that ended", again.said())
again.stop(signal.SIGTERM)
equal([name for name in os.listdir(os.path.join(directory, "ledger", ".local")) if name.startswith("watch-")], [],
      "and an orderly end leaves none")

directory = definitions("several", ("canary.checkout", "canary.search"))
first = Run(directory, sound, "--apply", "--actor", "amira")
ok(until(lambda: "hold-time" in first.said()), "one canary of two has a watch")
every = Run(directory, sound, "--apply", flag="--all")
ok(until(lambda: "canary.search hold" in every.said()), "one of all takes the other", every.said())
ok("note: 'canary.checkout' is left to the watch that acts on it: process" in every.said() and "canary.checkout hold" not in every.said(),
   "and says what it leaves", every.said())
with open(os.path.join(directory, "flags.yaml"), "a") as file:
    file.write("  banner: {serve: on}\n")
time.sleep(2.5)
equal(every.said().count("is left to"), 1, "once, also when definitions change")
first.stop(signal.SIGKILL)
ok(until(lambda: "canary.checkout hold" in every.said()), "and takes it over when that watch is gone", every.said())
late = Run(directory, sound, "--apply")
equal(late.ends(), 2, "which it then holds")
equal(every.stop(signal.SIGTERM), 0, "to its end")
equal(entries(directory), [], "nothing was decided twice")
finish()
