#!/usr/bin/env python3
"""`--watch`: a run again after every change of a project's files, however an editor makes it, until it is interrupted."""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
SCRATCH = tempfile.mkdtemp(prefix="ffc-watch-")
PATIENCE = 60  # seconds, for a busy machine
SETTLING = 0.06  # seconds without a change that end one
BURST = 40
QUIET = 0.5
SHOP = """project: {name: shop, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
flags:
  checkout: {serve: on, users: {off: {file: lists/held.txt}}}
tests:
  - {flag: checkout, context: {user_id: u1}, expect: off}
"""


def project(name):
    folder = f"{SCRATCH}/{name}"
    os.makedirs(f"{folder}/flags/lists")
    write(f"{folder}/flags/shop.yaml", SHOP)
    write(f"{folder}/flags/lists/held.txt", "u1\n")
    return folder


def write(path, text):
    """By one system call where the file is there, and whole where it is new: half a change would be one, too."""
    if not os.path.exists(path):
        beside = f"{SCRATCH}/new"
        with open(beside, "w") as file:
            file.write(text)
        os.rename(beside, path)
        return
    length = os.path.getsize(path)
    with open(path, "r+b", buffering=0) as file:
        file.write(text.encode().ljust(length, b"\n"))


def replace(path, text):
    """As editors write: beside it, then by a rename."""
    write(f"{path}~new", text)
    os.rename(f"{path}~new", path)


def burst(folder, turn):
    """Many files that are new, and the longest pause between two of them."""
    at, pause = time.monotonic(), 0
    for number in range(BURST):
        write(f"{folder}/n{turn}-{number}.yaml", f"flags: {{n{turn}-{number}: {{serve: on}}}}\n")
        before, at = at, time.monotonic()
        pause = max(pause, at - before)
    return pause


def count_new(text):
    """How many files were said to be."""
    return text.count(" is new") + sum(int(number) for number in re.findall(r"and (\d+) more", text))


class Watch:
    """A command that runs until it is stopped; what it said is read as it comes."""

    def __init__(self, folder, *arguments, terminal=False, stdout=None):
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm"}
        if terminal:
            self.out, child = pty.openpty()
            self.process = subprocess.Popen([FFC, *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                                            stdout=child, stderr=child, env=environment)
            os.close(child)
        else:
            self.out, child = os.pipe()
            self.process = subprocess.Popen([FFC, *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                                            stdout=stdout or child, stderr=child, env=environment)
            os.close(child)
        self.text = ""

    def read(self, until, patience=PATIENCE):
        """What came up to the end of a run, and whether that is one."""
        end = time.monotonic() + patience
        text = ""
        while not re.search(until, text):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.out], [], [], left)[0]:
                return text, False
            try:
                piece = os.read(self.out, 65536).decode()
            except OSError:
                piece = ""
            if not piece:
                return text, False
            text += piece
        return text, True

    def run(self):
        return self.read(r"; waiting for changes in .*\n")

    def stop(self, number):
        self.process.send_signal(number)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "still there"
        os.close(self.out)
        return status


def says(watch, pattern, name):
    text, ended = watch.run()
    ok(ended and re.search(pattern, text, re.S), name, text)
    return text


def changes():
    folder = project("changes")
    shop = f"{folder}/flags/shop.yaml"
    watch = Watch(folder, "check", "--watch")
    first = says(watch, "no problems.*passed, .*ms; waiting for changes in 'flags'", "runs at once")
    ok("\033" not in first, "and no control of a terminal is in a file", repr(first))
    write(shop, SHOP + "  oops\n")
    says(watch, "--- 2.*Z  flags/shop.yaml changed.*error: .*--- failed", "a change that breaks it")
    replace(shop, SHOP)
    says(watch, "flags/shop.yaml changed.*no problems.*passed", "one that mends it, by a rename")
    write(f"{folder}/flags/lists/held.txt", "u2\n")
    says(watch, "flags/lists/held.txt changed", "a list")
    write(f"{folder}/flags/more.yaml", "flags: {search: {serve: on}}\n")
    says(watch, "flags/more.yaml is new", "a file that is new")
    os.rename(f"{folder}/flags/more.yaml", f"{folder}/flags/search.yaml")
    says(watch, "flags/more.yaml is now flags/search.yaml\n", "one that was renamed")
    os.mkdir(f"{folder}/flags/deep")
    write(f"{folder}/flags/deep/pay.yaml", "flags: {pay: {serve: on}}\n")
    says(watch, "flags/deep/pay.yaml is new", "one in a folder that is new")
    write(f"{folder}/flags/deep/pay.yaml", "flags: {pay: {serve: off}}\n")
    says(watch, "flags/deep/pay.yaml changed", "which is watched from then on")
    os.rename(f"{folder}/flags", f"{folder}/elsewhere")
    says(watch, "flags/search.yaml is gone.*could not run", "a project that is gone")
    os.rename(f"{folder}/elsewhere", f"{folder}/flags")
    says(watch, "is new.*passed", "and is back")
    for turn in range(60):
        pause = burst(f"{folder}/flags", turn)
        text, ended = watch.run()
        if pause < SETTLING / 2:
            break
        told = text  # this process had to wait in the midst of it
        while ended and count_new(told) < BURST:
            more, ended = watch.run()
            told += more
    ok(ended and re.search("and 37 more", text) and text.count("---") == 2, "a burst is one run", text)
    write(f"{folder}/flags/shop.yaml~", "backup")
    write(f"{folder}/flags/.shop.yaml.swp", "swap")
    write(f"{folder}/flags/4913", "")
    os.remove(f"{folder}/flags/4913")
    os.mkdir(f"{folder}/flags/ledger")
    write(f"{folder}/flags/ledger/20261130T000000Z-000000000000.json", "{}")
    text, _ = watch.read("changed|new", QUIET)
    ok(text == "", "what editors and the ledger write is no change", text)
    ok(watch.stop(signal.SIGINT) == 0, "an interrupt ends it, with the last run's status")


def statuses():
    folder = project("statuses")
    watch = Watch(folder, "test", "--watch")
    says(watch, "ok 1 .*1 passed, 0 failed.*passed", "tests run")
    write(f"{folder}/flags/lists/held.txt", "u9\n")
    says(watch, "held.txt changed.*not ok 1.*failed", "and fail by a list")
    ok(watch.stop(signal.SIGTERM) == 1, "which is the status in the end")
    done = subprocess.run([FFC, "check", "--watch", "-A", "FF9999"], cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    ok(done.returncode == 2 and "FF9999" in done.stderr, "a wrong option is no reason to wait", done.stderr)
    write(f"{folder}/flags/lists/held.txt", "u1\n")
    watch = Watch(folder, "test", "--watch", "nothing-so-called")
    says(watch, "no test and no flag.*could not run", "what is not there may come")
    replace(f"{folder}/flags/shop.yaml", SHOP.replace("checkout", "nothing-so-called"))
    says(watch, "ok 1 ", "and does")
    ok(watch.stop(signal.SIGINT) == 0, "with its own status")


def outputs():
    folder = project("outputs")
    with open(f"{folder}/flags/out.json", "w") as out:
        watch = Watch(folder, "check", "--watch", "--format", "json", stdout=out)
        says(watch, "passed", "a document is on stdout alone")
        text, _ = watch.read("changed|new", QUIET)
        ok(text == "", "and is no change where it lies in the project", text)
        watch.stop(signal.SIGINT)
    watch = Watch(folder, "check", "--watch", terminal=True)
    first = says(watch, "passed", "on a terminal")
    ok("\033[2J" not in first, "what stood there before the first run stays", repr(first))
    replace(f"{folder}/flags/shop.yaml", SHOP + "# more\n")
    text, _ = watch.run()
    ok(re.search(r"\033\[H\033\[2J2.*Z  flags/shop.yaml changed.*\033\[32mpassed", text, re.S), "and a later one begins at its top, in colour", repr(text))
    ok(watch.stop(signal.SIGINT) == 0, "until Ctrl-C")


try:
    changes()
    statuses()
    outputs()
finally:
    shutil.rmtree(SCRATCH)
sys.exit(finish())
