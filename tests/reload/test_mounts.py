"""Reload where mounts are in the way: bind mounts, overlays, a file system that comes and goes.

Runs in a mount namespace of its own; skips, saying so, where the machine allows none.
"""

import os
import shutil
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
PATIENCE = 120  # seconds; what is expected comes within one or two


def result(name, problem):
    ok(not problem, name, problem)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def unmount(path):
    """At once, although a snapshot of it may be mapped."""
    subprocess.run(["umount", "-l", path], check=True, capture_output=True)


class Follower:
    def __init__(self, path):
        self.lines = []
        self.unfinished = b""
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "follower.py"), LIBRARY, path],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)

    def read(self):
        """Takes what was said so far, whole lines only."""
        try:
            while said := os.read(self.process.stdout.fileno(), 1 << 16):
                *lines, self.unfinished = (self.unfinished + said).split(b"\n")
                self.lines += [line.decode() for line in lines]
        except BlockingIOError:
            pass

    def waits_for(self, start):
        """None once a line begins so; else what was said instead."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            self.read()
            if any(line.startswith(start) for line in self.lines):
                return None
            time.sleep(0.01)
        return "expected '%s', and it said:\n%s" % (start, "\n".join(self.lines))

    def settles(self):
        """Time for three looks at the file, so that what must not happen would have happened."""
        time.sleep(0.5)
        self.read()

    def ends(self):
        self.process.stdin.close()
        return None if self.process.wait(PATIENCE) == 0 else "it ended with %s" % self.process.returncode


class World:
    """A directory of snapshots, by name, and a place to publish them in."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="ffc-mounts-")
        mount("-t", "tmpfs", "tmpfs", self.top)
        os.mkdir(self.path("flags"))
        for name in ("one", "two", "three"):
            with open(self.path("flags/flags.yaml"), "w", encoding="utf-8") as file:
                file.write("project: {name: p, environments: [e]}\n"
                           "flags: {generation: {type: string, value: %s}}\n" % name)
            subprocess.run([FFC, "build", "-C", self.path("flags"), "-e", "e", "-o", self.path(name)],
                           check=True, capture_output=True)

    def path(self, name):
        return os.path.join(self.top, name)

    def publish(self, name, to):
        temporary = self.path(to) + ".new"
        shutil.copy(self.path(name), temporary)
        os.rename(temporary, self.path(to))

    def directory(self, *names):
        for name in names:
            os.makedirs(self.path(name))

    def gone(self):
        subprocess.run(["umount", "-R", "-l", self.top], check=True, capture_output=True)
        os.rmdir(self.top)


def scenario(name):
    def run(function):
        world = World()
        problem = "it did not come to an end"
        try:
            problem = function(world)
        except subprocess.CalledProcessError as error:
            if error.cmd[0] != "mount":
                raise
            skip(name, "%s: %s" % (" ".join(error.cmd), error.stderr.decode().strip()))
            problem = "skipped"
        finally:
            world.gone()
        if problem != "skipped":
            result(name, problem)
    return run


def main():
    @scenario("a directory that is mounted is followed")
    def directory_bind(world):
        world.directory("host", "inside")
        world.publish("one", "host/live")
        mount("--bind", world.path("host"), world.path("inside"))
        follower = Follower(world.path("inside/live"))
        problem = follower.waits_for("serves one")
        world.publish("two", "host/live")
        return problem or follower.waits_for("serves two") or follower.ends()

    @scenario("a single file that is mounted keeps what it was, and that is said")
    def file_bind(world):
        world.directory("host", "inside")
        world.publish("one", "host/live")
        open(world.path("inside/live"), "w").close()
        mount("--bind", world.path("host/live"), world.path("inside/live"))
        follower = Follower(world.path("inside/live"))
        problem = follower.waits_for("serves one") or follower.waits_for("watch")
        world.publish("two", "host/live")
        follower.settles()
        if "serves two" in follower.lines:
            problem = "what was replaced outside cannot be seen inside"
        unmount(world.path("inside/live"))
        world.publish("three", "inside/live")
        return problem or follower.waits_for("serves three") or follower.ends()

    @scenario("a change through an overlay is seen, also after one below it")
    def overlay_lower(world):
        world.directory("lower", "upper", "work", "merged")
        world.publish("one", "lower/live")
        mount("-t", "overlay", "overlay", "-o", "lowerdir=%s,upperdir=%s,workdir=%s" % tuple(
            world.path(name) for name in ("lower", "upper", "work")), world.path("merged"))
        follower = Follower(world.path("merged/live"))
        problem = follower.waits_for("serves one")
        world.publish("two", "lower/live")
        # An overlay may keep the entry it knows; a change through it is always seen.
        follower.settles()
        world.publish("three", "merged/live")
        return problem or follower.waits_for("serves three") or follower.ends()

    @scenario("the last good snapshot outlives its file system, and the next one is found")
    def remount(world):
        world.directory("disk")
        mount("-t", "tmpfs", "tmpfs", world.path("disk"))
        world.publish("one", "disk/live")
        follower = Follower(world.path("disk/live"))
        problem = follower.waits_for("serves one")
        unmount(world.path("disk"))
        follower.settles()
        if [line for line in follower.lines if line.startswith("serves")] != ["serves one"]:
            problem = "it served something else without a file:\n" + "\n".join(follower.lines)
        mount("-t", "tmpfs", "tmpfs", world.path("disk"))
        world.publish("two", "disk/live")
        return problem or follower.waits_for("serves two") or follower.ends()

    @scenario("a mount over the directory is noticed")
    def mount_over(world):
        world.directory("plain", "other")
        world.publish("one", "plain/live")
        world.publish("two", "other/live")
        follower = Follower(world.path("plain/live"))
        problem = follower.waits_for("serves one")
        mount("--bind", world.path("other"), world.path("plain"))
        problem = problem or follower.waits_for("serves two")
        world.publish("three", "other/live")
        return problem or follower.waits_for("serves three") or follower.ends()

    @scenario("a directory that is moved away is not followed there")
    def moved(world):
        world.directory("live", "next")
        world.publish("one", "live/live")
        world.publish("two", "next/live")
        follower = Follower(world.path("live/live"))
        problem = follower.waits_for("serves one")
        os.rename(world.path("live"), world.path("old"))
        os.rename(world.path("next"), world.path("live"))
        problem = problem or follower.waits_for("serves two")
        world.publish("one", "old/live")
        follower.settles()
        if follower.lines[-1] != "serves two":
            problem = "it follows the directory that was moved away:\n" + "\n".join(follower.lines)
        world.publish("three", "live/live")
        return problem or follower.waits_for("serves three") or follower.ends()

    return finish()


if __name__ == "__main__":
    if "address" in BUILD or "thread" in BUILD:
        print("ok 1 - reload across mounts # SKIP a sanitized library needs a sanitized host")
        sys.exit(0)
    if os.environ.get("FFC_OWN_MOUNTS") != "1":
        unshare = ["unshare", "--mount"] + ([] if os.getuid() == 0 else ["--user", "--map-root-user"])
        if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode != 0:
            print("ok 1 - reload across mounts # SKIP the machine allows no mount namespace")
            sys.exit(0)
        os.environ["FFC_OWN_MOUNTS"] = "1"
        os.execvp(unshare[0], [*unshare, sys.executable, os.path.abspath(__file__)])
    sys.exit(main())
