"""Publishing: a reader sees the old snapshot or the new one, whatever happens to the publisher."""

import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from tap import finish, ok, skip  # noqa: E402

FFC = os.environ.get("FFC", "build/ffc")
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
random.seed(SEED)
print("# SEED=%d" % SEED)
def run(*arguments, **options):
    return subprocess.run([FFC, *arguments], capture_output=True, text=True, check=False, **options)


def write_project(directory, flags, percent):
    os.makedirs(directory, exist_ok=True)
    with open(directory + "/all.yaml", "w", encoding="utf-8") as file:
        file.write("project: {name: p, environments: [production], bucket_by: u}\nattributes: {u: string}\nflags:\n")
        for i in range(flags):
            file.write("  flag.number-%d: {rules: [{if: {u: user%d}}, {percent: %s%%}]}\n" % (i, i, percent))


def strays(directory):
    return [name for name in os.listdir(directory) if name.startswith(".")]


def kills(scratch):
    """kill -9 at random moments of a build: what is served is always one of the two snapshots, whole."""
    write_project("old", 3000, 10)
    write_project("new", 3000, 20)
    target = scratch + "/run/flags.ffs"
    os.mkdir(scratch + "/run")
    builds = {}
    for name in ("old", "new"):
        assert run("build", "-C", name, "-e", "production", "-o", target).returncode == 0
        with open(target, "rb") as file:
            builds[file.read()] = name
    start = time.monotonic()
    assert run("build", "-C", "old", "-e", "production", "-o", target).returncode == 0
    lasts = time.monotonic() - start

    seen, sound = {"old": 0, "new": 0}, True
    for i in range(60):
        publisher = subprocess.Popen(
            [FFC, "build", "-C", "new" if i % 2 else "old", "-e", "production", "-o", target],
            stdout=subprocess.DEVNULL,
        )
        # Most of the interest lies in the second half, where the file is written and renamed.
        time.sleep(random.uniform(lasts * 0.3, lasts * 1.1))
        publisher.send_signal(signal.SIGKILL)
        publisher.wait()
        with open(target, "rb") as file:
            kind = builds.get(file.read())
        sound = sound and kind is not None
        if kind:
            seen[kind] += 1
    ok(sound, "kill -9 in the middle leaves a whole snapshot", seen)
    ok(run("build", "-C", "new", "-e", "production", "-o", target).returncode == 0
       and run("verify", target).returncode == 0,
       "and the next publisher is not in its way")

    for name in strays(scratch + "/run"):
        os.unlink(scratch + "/run/" + name)
    names = [".flags.ffs.ffc-abcdef", ".flags.ffs.ffc-uvwxyz", ".flags.ffs.ffc-longer-name", ".other.ffs.ffc-abcdef", ".flags.ffs.backup"]
    for name in names:
        with open(scratch + "/run/" + name, "w", encoding="utf-8"):
            pass
        if name != names[1]:
            os.utime(scratch + "/run/" + name, (0, time.time() - 2 * 3600))
    run("build", "-C", "new", "-e", "production", "-o", target)
    ok(sorted(strays(scratch + "/run")) == sorted(names[1:]),
       "what a killed run left two hours ago is removed, and nothing else", strays(scratch + "/run"))
    for name in names[1:]:
        os.unlink(scratch + "/run/" + name)
    publisher = subprocess.Popen([FFC, "build", "-C", "new", "-e", "production", "-o", target])
    time.sleep(lasts * 0.7)
    publisher.send_signal(signal.SIGTERM)
    publisher.wait()
    ok(strays(scratch + "/run") == [], "SIGTERM leaves no temporary file", strays(scratch + "/run"))


def readers(scratch):
    """A reader that opens the path again and again while others publish."""
    target = scratch + "/read.ffs"
    write_project("a", 50, 1)
    write_project("b", 50, 2)
    assert run("build", "-C", "a", "-e", "production", "-o", target).returncode == 0
    stop, bad, read = threading.Event(), [], [0]
    sizes = set()

    def follow():
        while not stop.is_set():
            with open(target, "rb") as file:
                content = file.read()
            sizes.add(content)
            read[0] += 1
            if int.from_bytes(content[16:24], "little") != len(content):
                bad.append(len(content))

    thread = threading.Thread(target=follow)
    thread.start()
    statuses = set()
    while thread.is_alive() and (not statuses or read[0] <= 10):
        publishers = [
            subprocess.Popen([FFC, "build", "-C", "ab"[i % 2], "-e", "production", "-o", target], stdout=subprocess.DEVNULL)
            for i in range(16)
        ]
        statuses |= {publisher.wait() for publisher in publishers}
    stop.set()
    thread.join()
    ok(statuses == {0}, "publishers at once all succeed", statuses)
    ok(not bad and read[0] > 10, "a reader never sees less than a file", (read[0], bad))
    ok(len(sizes) <= 2, "nor anything but the two", len(sizes))


def failures(scratch):
    write_project("small", 5, 10)
    write_project("large", 3000, 10)
    target = scratch + "/limited.ffs"
    assert run("build", "-C", "small", "-e", "production", "-o", target).returncode == 0
    with open(target, "rb") as file:
        before = file.read()

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    full = run("build", "-C", "large", "-e", "production", "-o", target, preexec_fn=limit)
    with open(target, "rb") as file:
        after = file.read()
    ok(full.returncode == 2, "a write that fails exits 2", full)
    ok("File too large" in full.stderr, "says so", full.stderr)
    ok(before == after, "leaves the old file")
    ok(strays(scratch) == [], "and no temporary file", strays(scratch))

    if os.geteuid() != 0:
        os.mkdir("locked", 0o500)
        locked = run("build", "-C", "small", "-e", "production", "-o", "locked/x.ffs")
        ok(locked.returncode == 2, "a directory that may not be written", locked)
    else:
        mounted = subprocess.run(["mount", "--bind", target, target], capture_output=True, check=False)
        if mounted.returncode:
            skip("a mounted file is explained", "mounts are not allowed here")
            return
        busy = run("build", "-C", "small", "-e", "production", "-o", target)
        subprocess.run(["umount", target], check=True)
        ok(busy.returncode == 2 and "mount its directory instead" in busy.stderr, "a mounted file is explained", busy)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        kills(scratch)
        readers(scratch)
        failures(scratch)
        os.chdir("/")
    sys.exit(finish())


main()
