"""What people do to a published file in place, by root and by its owner, does nothing to who reads it.

Each command runs against a process that reads all bytes of what it serves. The two that map a file because
they were told to show what would happen otherwise.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
from tap import finish, ok, skip  # noqa: E402

BUILD = os.environ.get("BUILD", os.path.join(HERE, "..", "..", "build"))
FFC = os.environ.get("FFC", os.path.join(BUILD, "ffc"))
LIBRARY = os.path.join(BUILD, "libfflag.so")
PATIENCE = 120  # seconds
AUTO, COPY, MAP = 0, 1, 2
MODES = ["AUTO", "COPY", "MAP"]
NOBODY = 65534

COMMANDS = [  # what it is, the command, what the reader says then
    ("cp", "cp {other} {file}", "serves second"),
    ("cat >", "cat {other} > {file}", "serves second"),
    (": >", ": > {file}", "rejected"),
    ("truncate", "truncate -s 5000 {file}", "rejected"),
    ("dd", "dd if={other} of={file} 2>/dev/null", "serves second"),
    ("dd in the midst", "dd if=/dev/zero of={file} bs=512 seek=2 count=8 conv=notrunc 2>/dev/null", "rejected"),
]


def result(name, problem):
    ok(not problem, name, problem)


class Reader:
    def __init__(self, path, mode):
        self.lines, self.unfinished = [], b""
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "reader.py"), LIBRARY, path, str(mode)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.set_blocking(self.process.stdout.fileno(), False)

    def read(self):
        try:
            while said := os.read(self.process.stdout.fileno(), 1 << 16):
                *lines, self.unfinished = (self.unfinished + said).split(b"\n")
                self.lines += [line.decode() for line in lines]
        except BlockingIOError:
            pass

    def waits_for(self, start, count=1):
        """None once so many lines begin so; else what happened instead."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            ended = self.process.poll()
            self.read()
            if sum(line.startswith(start) for line in self.lines) >= count:
                return None
            if ended is not None:
                return "it ended with %d, after:\n%s" % (ended, "\n".join(self.lines))
            time.sleep(0.005)
        return "expected '%s', and it said:\n%s" % (start, "\n".join(self.lines))

    def ends_well(self):
        self.process.stdin.close()
        status = self.process.wait(PATIENCE)
        self.read()
        if status != 0:
            return "it ended with %d, after:\n%s" % (status, "\n".join(self.lines))
        return "it read bytes that nobody verified" if "changed" in self.lines else None


class World:
    def __init__(self, folder):
        self.folder = folder
        self.snapshots = {}
        os.chmod(folder, 0o755)
        for size in ("small", "large"):
            for value in ("first", "second"):
                self.snapshots[size, value] = self.build(size, value)

    def build(self, size, value):
        path = os.path.join(self.folder, "%s-%s" % (size, value))
        os.mkdir(path)
        with open(os.path.join(path, "flags.yaml"), "w", encoding="utf-8") as out:
            out.write("project: {name: writers, environments: [production], bucket_by: user_id}\n"
                      "attributes: {user_id: string}\n"
                      "flags:\n  generation: {type: string, value: %s}\n" % value)
            # As long as a page or two at the least, so that what is cut is felt.
            for i in range(200):
                out.write("  flag-%d: {percent: %d%%}\n" % (i, i % 99 + 1))
            if size == "large":
                out.write("  listed: {rules: [{if: {user_id: {in_file: users.txt}}}]}\n")
        if size == "large":
            with open(os.path.join(path, "users.txt"), "w", encoding="utf-8") as out:
                out.writelines("user-%050d\n" % i for i in range(250000))
        snapshot = path + ".ffs"
        subprocess.run([FFC, "build", "-C", path, "-e", "production", "-o", snapshot], check=True, capture_output=True)
        return snapshot

    def publish(self, size, mode, owner):
        """A fresh file of that size, mode and owner, and a reader's path to it."""
        place = tempfile.mkdtemp(dir=self.folder)
        os.chmod(place, 0o755)
        path = os.path.join(place, "flags.ffs")
        shutil.copyfile(self.snapshots[size, "first"], path)
        os.chmod(path, mode)
        if os.geteuid() == 0:
            os.chown(path, owner, owner)
        return path


def run(world, command, path, size, user):
    text = command.format(file=path, other=world.snapshots[size, "second"])
    who = {"user": user, "group": user, "extra_groups": []} if user and os.geteuid() == 0 else {}
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, **who)
    return "'%s' failed: %s" % (text, done.stderr) if done.returncode else None


def survives(world, what, size, load_mode, mode, user, command, expected, before=None):
    path = world.publish(size, mode, user or 0)
    reader = Reader(path, load_mode)
    problem = reader.waits_for("serves first")
    if not problem and before:
        problem = run(world, before, path, size, user) or reader.waits_for("reads elsewhere", 2)
    problem = problem or run(world, command, path, size, user) or reader.waits_for(expected)
    problem = reader.ends_well() or problem
    result("%s, %s, FFLAG_LOAD_%s: %s" % (what, size, MODES[load_mode], expected), problem)
    shutil.rmtree(os.path.dirname(path))


def by_root(world):
    if os.geteuid() != 0:
        print("ok - root writes in place # SKIP not root")
        return
    for name, command, expected in COMMANDS:
        survives(world, "root: " + name, "small", AUTO, 0o444, None, command, expected)
        survives(world, "root: " + name, "large", COPY, 0o444, None, command, expected)


def by_owner(world):
    for name, command, expected in COMMANDS:
        survives(world, "owner: chmod u+w; " + name, "small", AUTO, 0o444, NOBODY, "chmod u+w {file}; " + command,
                 expected)
        survives(world, "owner: " + name, "large", AUTO, 0o644, NOBODY, command, expected)
        survives(world, "owner: chmod u+w, seen, then " + name, "large", AUTO, 0o444, NOBODY, command, expected,
                 before="chmod u+w {file}")


def mapped(world):
    """What the others are spared, so that these tests can fail."""
    path = world.publish("small", 0o644, 0)
    reader = Reader(path, MAP)
    problem = reader.waits_for("serves first") or run(world, ": > {file}", path, "small", None)
    if not problem:
        status = reader.process.wait(PATIENCE)
        problem = None if status == -signal.SIGBUS else "it ended with %d" % status
    result("a reader that was told to map the file is killed by a cut", problem)
    path = world.publish("small", 0o644, 0)
    reader = Reader(path, MAP)
    problem = reader.waits_for("serves first") or run(world, COMMANDS[-1][1], path, "small", None)
    result("and reads what is written into it", problem or reader.waits_for("changed"))
    reader.process.kill()


def main():
    with open(LIBRARY, "rb") as library:
        sanitized = re.search(b"__(asan|tsan|ubsan)_", library.read())
    if sanitized:
        skip("files written in place", "a sanitizer is linked in")
        return finish()
    folder = tempfile.mkdtemp()
    try:
        world = World(folder)
        large = os.path.getsize(world.snapshots["large", "first"])
        result("the large snapshot is larger than what is always copied",
               None if large > 16 << 20 else "it has %d bytes" % large)
        by_root(world)
        by_owner(world)
        mapped(world)
    finally:
        shutil.rmtree(folder)
    return finish()


sys.exit(main())
