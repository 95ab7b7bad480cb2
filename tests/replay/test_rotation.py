#!/usr/bin/env python3
"""Watching a log's `path` while rotation renames, copies, truncates, compresses and removes its files, hundreds of
times in each way: every line is counted once.

Runs: beside: it waits.
"""
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import time

from lab import FFREPLAY, PROJECT, SCRATCH, canary, equal, finish, ok, project, skip
from watching import PATIENCE, Watch

BLOCK = """\
stages: [{name: first, percent: 20%%, hold: 10d, min_samples: 20}, {name: full, percent: 100%%}]
guards: [{metric: error_rate, max: 100%%, action: rollback}]
state: running
stage: first
since: %s
"""
BASE = PROJECT.replace("    id: request\n", "")  # nothing but the watch itself tells lines apart
SINCE = time.time() - 3600


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Service:
    """Writes unique lines to a log that it opens anew when it is told to, as services do."""

    def __init__(self, name):
        self.folder = os.path.join(SCRATCH, name)
        os.makedirs(self.folder)
        self.log = os.path.join(self.folder, "access.log")
        self.written = self.failed = 0
        self.ends = {}  # how many lines had been written when a turn began
        self.random = random.Random(name)
        self.reopen()

    def reopen(self):
        self.file = open(self.log, "ab", buffering=0)

    def line(self):
        self.written += 1
        status = 503 if self.random.random() < 0.1 else 200
        self.failed += status == 503
        return json.dumps({"ts": int(SINCE * 1000) + 1000 + self.written, "request": f"r{self.written}",
                           "user_id": f"u{self.written % 997}", "geo": {"country": "NO"}, "status": status,
                           "request_time": 0.1}).encode() + b"\n"

    def write(self, most=12, torn=False):
        text = b"".join(self.line() for _ in range(self.random.randrange(most)))
        if not torn:
            self.file.write(text)
            return
        cut = self.random.randrange(len(text) + 1)  # half a line stands there for a while
        self.file.write(text[:cut])
        time.sleep(0.001)
        self.file.write(text[cut:])


class Rotated(Watch):
    def __init__(self, directory, *arguments, **environment):
        super().__init__(directory, "--json", *arguments, env={**os.environ, **environment})

    def lines(self):
        look = self.look()
        return (look["input"]["lines"], look["input"]["used"]) if look else None

    def sees(self, service):
        """All that was written, and after another look still no more."""
        if not self.until(lambda: self.lines() == (service.written,) * 2):
            return False
        before = os.path.getsize(self.out)
        self.until(lambda: os.path.getsize(self.out) > before)
        return self.lines() == (service.written,) * 2


def directory_of(service, pattern="access.log*", keys=""):
    base = BASE.replace("    format: ndjson\n", f"    format: ndjson\n    path: {service.folder}/{pattern}\n{keys}")
    return project(os.path.basename(service.folder) + "-flags", canary(BLOCK % stamp(SINCE)), base=base)


# ------------------------------------------------------------------------------------ styles of rotation


def numbered(service, turn):
    """access.log.1, .2 and so on; the service opens its log again at once."""
    for number in range(turn, 0, -1):
        for end in ("", ".gz"):
            name = f"{service.log}.{number}{end}"
            if os.path.exists(name):
                os.rename(name, f"{service.log}.{number + 1}{end}")
    os.rename(service.log, service.log + ".1")
    service.reopen()


def dated(service, turn):
    os.rename(service.log, f"{service.log}-{turn:08}")
    service.reopen()


def late(service, turn):
    """The service goes on with the old file for a while, as before it is signalled."""
    os.rename(service.log, f"{service.log}-{turn:08}")
    service.write()
    if turn % 3 == 0:
        time.sleep(0.003)
        service.write()
    service.reopen()


def pack(path, how="gzip"):
    """As the programs do: beside the file, which is removed once it is whole."""
    if how == "gzip":
        with open(path, "rb") as plain, open(path + ".gz", "wb") as packed:
            text = gzip.compress(plain.read(), 1)
            packed.write(text[:len(text) // 2])
            packed.flush()
            time.sleep(0.002)
            packed.write(text[len(text) // 2:])
        os.unlink(path)
    else:
        subprocess.run(["zstd", "-q", "--rm", path], check=True)


def packed_at_once(service, turn):
    dated(service, turn)
    pack(f"{service.log}-{turn:08}")


def packed_next_time(service, turn):
    dated(service, turn)
    before = f"{service.log}-{turn - 1:08}"
    if os.path.exists(before):
        pack(before, "zstd" if turn % 4 == 0 and shutil.which("zstd") else "gzip")


def copied(service, turn):
    """copytruncate: nothing is written between the copy and the cut, or it would be lost to everybody."""
    with open(service.log, "rb") as log, open(f"{service.log}-{turn:08}", "wb") as copy:
        text = log.read()
        copy.write(text[:len(text) // 3])
        copy.flush()
        time.sleep(0.001)
        copy.write(text[len(text) // 3:])
    if turn % 3 == 0:
        time.sleep(0.003)
    os.truncate(service.log, 0)


def copied_and_packed(service, turn):
    copied(service, turn)
    pack(f"{service.log}-{turn:08}")


def removed_in_time(service, turn):
    """Those that were read are removed: no more than forty are kept."""
    service.ends[turn] = service.written
    dated(service, turn)
    old = f"{service.log}-{turn - 40:08}"
    if os.path.exists(old):
        watch.until(lambda: (watch.lines() or (0,))[0] >= service.ends[turn - 40])
        os.unlink(old)


STYLES = os.environ.get("STYLES", "").split()
for style, turns in ((numbered, 60), (dated, 120), (late, 120), (packed_at_once, 100), (packed_next_time, 100),
                     (copied, 300), (copied_and_packed, 100), (removed_in_time, 120)):
    name = style.__name__
    if STYLES and name not in STYLES:  # to try some of them
        continue
    service = Service(name)
    service.write()
    watch = Rotated(directory_of(service))
    watch.until(lambda: watch.look())
    for turn in range(1, turns + 1):
        service.write(torn=turn % 7 == 0)
        style(service, turn)
        service.write(most=3)
        if turn % 100 == 0:
            watch.until(lambda: watch.lines() == (service.written,) * 2)
    ok(watch.sees(service), f"{name}: {turns} rotations, every line once", watch.lines(), service.written,
       watch.errors()[-1500:])
    look = watch.look()
    canary_side, control = (look["criteria"][0][side] for side in ("canary", "control"))
    equal(round(canary_side["n"] * canary_side["estimate"] + control["n"] * control["estimate"]), service.failed,
          f"{name}: and every failure")
    equal(watch.errors(), "", f"{name}: nothing is lost, and nothing said")
    if style is not removed_in_time:
        # Killed in the middle, and started again: what is there is all there was.
        watch.stop(signal.SIGKILL)
        watch = Rotated(directory_of(service))
        ok(watch.sees(service), f"{name}: killed, and started again", watch.lines(), service.written, watch.errors())
        service.write()
        style(service, turns + 1)
        service.write()
        ok(watch.sees(service), f"{name}: and goes on", watch.lines(), service.written, watch.errors())
        # Definitions that change have it read again.
        with open(os.path.join(SCRATCH, f"{name}-flags", "flags.yaml"), "a") as file:
            file.write("# a comment\n")
        service.write()
        ok(watch.sees(service), f"{name}: read again", watch.lines(), service.written, watch.errors())
    watch.stop()
    shutil.rmtree(service.folder)

# A watch that is slow has half of a log's first line, and finds the copy of the whole log next.
preload = os.path.join(SCRATCH, "slow_glob.so")
built = subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", preload,
                        os.path.join(os.path.dirname(os.path.abspath(__file__)), "slow_glob.c"), "-ldl"], capture_output=True)
loaded = subprocess.run([FFREPLAY, "--version"], env={**os.environ, "LD_PRELOAD": preload}, capture_output=True)
if built.returncode or loaded.returncode:
    skip("a copy of a log of which only half a line was read", "nothing can be preloaded into this build")
else:
    service = Service("slow")
    watch = Rotated(directory_of(service), LD_PRELOAD=preload)
    watch.until(lambda: watch.look())
    for turn in range(40):
        line = service.line()
        service.file.write(line[:10])
        time.sleep(0.022 + 0.016 * service.random.random())
        service.file.write(line[10:])
        shutil.copyfile(service.log, f"{service.log}-{turn:08}")
        time.sleep(0.06)
        os.truncate(service.log, 0)
        time.sleep(0.06)
    ok(watch.sees(service), "a copy of a log of which only half a line was read", watch.lines(), service.written,
       watch.errors()[-1500:])
    watch.stop()

# -------------------------------------------------------------------------------------- what is lost, and what is not

# Nobody reads what a copy would have had where the path does not match it: the watch says when that was.
service = Service("uncopied")
watch = Rotated(directory_of(service, "access.log"))
service.write(most=40)
watch.until(lambda: watch.lines() == (service.written,) * 2)
seen = service.written
with open(service.log, "rb") as log, open(service.folder + "/copy", "wb") as copy:
    copy.write(log.read())
os.truncate(service.log, 0)
service.write(most=40)
watch.until(lambda: watch.lines() == (service.written,) * 2)
equal(watch.lines(), (service.written,) * 2, "a log that is truncated begins again")
named = Rotated(directory_of(service, "access.log"), service.log)
named.until(lambda: named.lines())
os.truncate(service.log, 0)
ok(named.until(lambda: "was truncated between" in named.errors() and "'path' that matches its copies" in
               " ".join(named.errors().split())), "what may be lost of a log that is named is said", named.errors())
named.stop()
ok(watch.process.poll() is None, "and a watch goes on", watch.errors())
watch.stop()

# What begins alike, is another log all the same: a file is a copy only if it begins with all that was read of another.
folder = os.path.join(SCRATCH, "alike")
os.makedirs(folder)
HEAD = "ts,user_id,country,status\n"
csv = BASE.replace("    format: ndjson\n", f"    format: csv\n    path: {folder}/*.csv\n").replace("geo.country", "country") \
    .replace("{from: request_time, scale: 1000}", "status")


def row(number):
    return f"{int(SINCE * 1000) + 1000 + number},u{number},NO,200\n"


with open(f"{folder}/a.csv", "w") as file:
    file.write(HEAD)
watch = Rotated(project("alike-flags", canary(BLOCK % stamp(SINCE)), base=csv))
watch.until(lambda: watch.look())
for number, name in enumerate("bcde"):
    with open(f"{folder}/{name}.csv", "w") as file:
        file.write(HEAD + row(number))
ok(watch.until(lambda: watch.lines() == (4, 4)), "the same header", watch.lines(), watch.errors())
with open(f"{folder}/a.csv", "a") as file:
    file.write(row(10) + row(11))
with open(f"{folder}/f.csv", "w") as file:
    file.write(HEAD + row(0) + row(20))
ok(watch.until(lambda: watch.lines() == (7, 7)), "a copy that goes on is read from there", watch.lines(), watch.errors())
with open(f"{folder}/g.csv", "w") as file:
    file.write(HEAD + row(1) + row(21)[:5])
    file.flush()
    time.sleep(1.5)
    file.write(row(21)[5:])
ok(watch.until(lambda: watch.lines() == (8, 8)), "half a line waits", watch.lines(), watch.errors())
watch.stop()

# A compressed file that is not whole is waited for; one that never gets whole ends a watch, as it would end decide.
service = Service("halves")
service.write(most=200)
directory = directory_of(service)
text = gzip.compress(b"".join(service.line() for _ in range(50)))
with open(service.log + ".1.gz", "wb") as file:
    file.write(text[:60])
watch = Rotated(directory)
ok(watch.until(lambda: watch.lines() == (service.written - 50,) * 2), "half a compressed file is waited for", watch.errors())
with open(service.log + ".1.gz", "ab") as file:
    file.write(text[60:])
ok(watch.sees(service), "and read once it is whole", watch.lines(), watch.errors())
watch.stop()
with open(service.log + ".1.gz", "wb") as file:
    file.write(text[:60])
os.utime(service.log + ".1.gz", (SINCE, SINCE))
watch = Rotated(directory)
equal(watch.process.wait(PATIENCE), 2, "one that was left so is an error")
ok("access.log.1.gz" in watch.errors() and "truncated" in watch.errors(), "which names it", watch.errors())

# Logs below the project's directory: that they grow is no change of definitions.
service = Service("below")
directory = directory_of(service)
os.rename(service.folder, os.path.join(directory, "logs"))
service.log = os.path.join(directory, "logs", "access.log")
with open(os.path.join(directory, "project.yaml")) as file:
    text = file.read()
with open(os.path.join(directory, "project.yaml"), "w") as file:
    file.write(text.replace(service.folder, "logs"))
watch = Rotated(directory)
for _ in range(5):
    service.write()
    time.sleep(0.3)
ok(watch.sees(service), "a relative path is below the project", watch.lines(), service.written, watch.errors())
ok(len(os.listdir(f"/proc/{watch.process.pid}/fd")) < 12, "of which nothing is left open")
watch.stop()

# Other owners' files, and directories.
service = Service("odd")
os.makedirs(service.log + ".d")
service.write(most=50)
watch = Rotated(directory_of(service))
ok(watch.sees(service), "a directory at the path is none of its files", watch.errors())
os.mkfifo(service.log + ".fifo")
equal(watch.process.wait(PATIENCE), 2, "a pipe ends it")
ok("not a regular file" in watch.errors(), "with its reason", watch.errors())
nowhere = Rotated(project("nowhere", canary(BLOCK % stamp(SINCE))))
equal(nowhere.process.wait(PATIENCE), 2, "a log without a path needs a file")
ok("a log whose definition has a 'path'" in nowhere.errors(), "which is said", nowhere.errors())

finish()
