#!/usr/bin/env python3
"""Map and reduce by a scheduler: GNU parallel sends pieces of a log over ssh to a server of our own on this machine,
each is aggregated there, and what comes back is merged; the verdict is that over the whole log, to the byte. What is
not installed is skipped; `make check-all` installs it."""
import getpass
import os
import random
import shutil
import socket
import subprocess
import tempfile

from lab import FFREPLAY, PROJECT, SCRATCH, canary, equal, finish, ok, project, requests, skip, write

SEED = int(os.environ.get("SEED", "1"))
rng = random.Random(SEED)
print(f"# SEED={SEED}")
NEEDED = {"parallel": "parallel", "ssh": "openssh-client", "ssh-keygen": "openssh-client", "/usr/sbin/sshd": "openssh-server"}
BLOCK = """\
stages: [{name: first, percent: 20%, hold: 1h, min_samples: 10}, {name: full, percent: 100%}]
guards:
  - {metric: error_rate, max: 5%, over: 5m, action: rollback}
  - {metric: latency_p95, max: 400ms, action: pause}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""


def missing():
    lacks = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    version = subprocess.run(["parallel", "--version"], capture_output=True, text=True).stdout if not lacks else ""
    if not lacks and "GNU" not in version:
        lacks = ["parallel (GNU's)"]
    return f"not installed: {', '.join(lacks)}" if lacks else None


class Server:
    """sshd as this user, on a port of its own, for a key of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ffreplay-sshd-")
        place = lambda name: os.path.join(self.folder, name)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place(name)], check=True)
        shutil.copy(place("user.pub"), place("authorized"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        with open(place("sshd_config"), "w") as file:
            file.write(f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {place('host')}\nPidFile none\n"
                       f"AuthorizedKeysFile {place('authorized')}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
                       "PasswordAuthentication no\nMaxStartups 100\nMaxSessions 100\n")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # it wants that to be there
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", place("sshd_config")],
                                        stderr=open(place("log"), "w"))
        self.ssh = (f"ssh -p {self.port} -i {place('user')} -F none -o BatchMode=yes -o StrictHostKeyChecking=no "
                    "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR")
        self.fault = None
        for _ in range(50):
            done = subprocess.run([*self.ssh.split(), f"{getpass.getuser()}@127.0.0.1", "true"], capture_output=True, text=True)
            if done.returncode == 0:
                return
            subprocess.run(["sleep", "0.2"])
        self.fault = f"sshd does not answer: {done.stderr.strip()} {open(place('log')).read()[-300:]}".replace("\n", " ")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def run(script, **more):
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True,
                          env=dict(os.environ, HOME=SCRATCH, PARALLEL_HOME=f"{SCRATCH}/parallel", **more))


def own_words(text):
    """What the programs said; a login shell of the machine may have words of its own."""
    return [line for line in text.splitlines() if "ffreplay" in line or "parallel" in line]


def decided(directory, *logs):
    done = subprocess.run([FFREPLAY, "decide", "canary.checkout", "-C", directory, "-e", "production", "--json", *logs],
                          capture_output=True, text=True)
    return done.returncode, done.stdout


def try_all(server):
    directory = project("mapped", canary(BLOCK), "".join(l for l in PROJECT.splitlines(True) if "per: unit" not in l and
                                                        "id: request" not in l))
    lines = requests(4000)
    log = write("whole.ndjson", lines)
    host = f"-S '2/{server.ssh} {getpass.getuser()}@127.0.0.1'"
    mapped = f"{FFREPLAY} aggregate canary.checkout - -C {directory} -e production"
    reduced = os.path.join(SCRATCH, "reduced.agg")

    done = run(f"parallel --will-cite {host} --pipepart -a {log} --block 60k '{mapped}' | {FFREPLAY} merge -o {reduced}")
    ok(done.returncode == 0 and not own_words(done.stderr), "pieces_of_a_file_are_sent_over_ssh", done.stderr)
    equal(decided(directory, "--from", reduced), decided(directory, log), "the_verdict_is_that_over_the_file")
    with open(reduced) as file:
        pieces = sum(line.startswith('{"key":"input/') for line in file)
    ok(pieces > 3, "there_were_several_pieces", pieces)

    # A file a job, where it lies; the jobs end in any order.
    parts = [[] for _ in range(7)]
    for line in lines:
        rng.choice(parts).append(line)
    names = [write(f"part-{i}.ndjson", part) for i, part in enumerate(parts)]
    each = f"{FFREPLAY} aggregate canary.checkout {{}} -C {directory} -e production"
    done = run(f"printf '%s\\n' {' '.join(names)} | parallel --will-cite {host} '{each}' | {FFREPLAY} merge -o {reduced}")
    ok(done.returncode == 0 and not own_words(done.stderr), "a_file_a_job_over_ssh", done.stderr)
    equal(decided(directory, "--from", reduced), decided(directory, log), "so_is_that_of_files")

    # A command on each machine, over what it has: the first to come is the first machine.
    for number in range(2):
        write(f"of-{number}.ndjson", lines[number::2])
    there = ",".join(f"{server.ssh} {getpass.getuser()}@{name}" for name in ("127.0.0.1", "localhost"))
    each = (f"n=1; mkdir {SCRATCH}/first 2>/dev/null && n=0; "
            f"{FFREPLAY} aggregate canary.checkout {SCRATCH}/of-$n.ndjson -C {directory} -e production")
    done = run(f"parallel --will-cite -S '{there}' --nonall '{each}' | {FFREPLAY} merge -o {reduced}")
    ok(done.returncode == 0 and not own_words(done.stderr), "a_command_on_each_machine", done.stderr)
    equal(decided(directory, "--from", reduced), decided(directory, log), "so_is_that_of_machines")

    # One that fails is not silently left out: what it printed is no aggregate.
    each = f"{FFREPLAY} aggregate canary.checkout {{}} -C {directory} -e production"
    done = run(f"printf '%s\\n' {names[0]} /nowhere | parallel --will-cite {host} --halt now,fail=1 '{each}' >{SCRATCH}/some.agg")
    ok(done.returncode != 0 and "nowhere" in done.stderr, "a_job_that_fails_is_told", done.returncode, done.stderr)


def streamed():
    """As Hadoop streaming writes what mappers print: with a tab at the end of each line, for a value that is empty."""
    directory = project("streamed", canary(BLOCK), "".join(l for l in PROJECT.splitlines(True) if "per: unit" not in l and
                                                           "id: request" not in l))
    lines = requests(1000)
    parts = []
    for number in range(3):
        part = write(f"hadoop-{number}.ndjson", lines[number::3])
        parts.append(os.path.join(SCRATCH, f"part-{number}"))
        run(f"{FFREPLAY} aggregate canary.checkout - -C {directory} -e production <{part} | sed 's/$/\t/' >{parts[-1]}")
    reduced = os.path.join(SCRATCH, "streamed.agg")
    plain = run(f"cat {' '.join(parts)} | {FFREPLAY} merge -o {reduced}")
    ok(plain.returncode == 2 and "damaged" in plain.stderr, "tabs_at_the_end_are_noticed", plain.stderr)
    done = run(f"cat {' '.join(parts)} | tr -d '\\t' | {FFREPLAY} merge -o {reduced}")
    ok(done.returncode == 0, "without_tabs_it_is_whole", done.stderr)
    equal(decided(directory, "--from", reduced), decided(directory, write("hadoop.ndjson", lines)), "what_is_streamed_says_the_same")


streamed()
why = missing()
if why:
    skip("a_scheduler_maps_and_reduces", why)
else:
    server = Server()
    try:
        if server.fault:
            skip("a_scheduler_maps_and_reduces", server.fault)
        else:
            try_all(server)
    finally:
        server.stop()
finish()
