#!/usr/bin/env python3
"""Whatever takes a path is given what is no file to read: no command hangs, eats memory or writes there, and each
names the path in what it says.

The options are those that `--help` of every command lists, so a new one is tried, too: what its value is called
says whether it is a path, and a word that is neither among PATHS nor OTHERS fails. So do the operands of usages.

Runs: first, being long.
"""
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", f"{TOP}/build")
PROGRAMS = {"ffc": os.environ.get("FFC", f"{BUILD}/ffc"), "ffreplay": os.environ.get("FFREPLAY", f"{BUILD}/ffreplay")}
SANITIZED = bool(os.environ.get("SANITIZE"))
LONGEST = 240  # seconds: nothing waits, but a machine may be busy
MOST = 600 << 20  # bytes of memory in use

# What usages and options call a path, and what they call everything else.
PATHS = {"DIR", "FILE", "PATH", "KEY", "SIGNATURE", "OUT", "LOG", "NEW", "NAME=FILE"}
OTHERS = {"ENV", "TIME", "CODE", "FORMAT", "WHEN", "N", "K=V", "ID", "JSON", "PERCENT", "SALT", "KIND", "NAME", "WORD", "TAG",
          "STATE", "STAGE", "TEXT", "SEGMENT", "VARIANT", "D", "LIST", "RATE", "METRIC=VALUE", "HASH", "FLAG", "GLOB",
          "FILTER", "ACTION", "T", "K", "S", "OLD", "METHOD", "DEVIATION", "DURATION",
          "FIELD", "FLAG=VARIANT", "CHANGE", "ROLLOUT", "VALUE", "REVISION", "CI", "WHERE",
          "NAME=IDENTIFIER", "METRIC", "DIALECT", "COLUMN", "TABLE", "TYPE", "CLUSTER", "FIELD=COLUMN"}
NO_PATHS = {("bucket", "KEY"),  # a unit's, as an operand
            ("new", "KEY"), ("rename", "NEW")}

PROJECT = """\
project: {name: lab, environments: [live, test], bucket_by: user}
attributes: {user: string}
logs: {l: {format: ndjson, time: ts, unit: user, context: {user: user}, fields: {status: status}}}
metrics: {errors: {kind: proportion, of: {status: 500}, better: lower}}
flags:
  c:
    canary: {stages: [{percent: 5%}, {percent: 100%}], state: running, since: 2026-11-20T10:00:00Z,
             guards: [{metric: errors, max: 5%}]}
  a: {serve: on}
  x: {experiment: {split: {on: 50%, off: 50%}, control: off, primary: errors, state: running}}
"""
LINE = '{"ts": "2026-11-20T10:00:01Z", "user": "u1", "status": 200}\n'


def plan(program, command, key, at):
    """The rest of a command line that comes as far as the path of option or operand `key`."""
    p, log, snapshot = f"{at}/flags", f"{at}/log", f"{at}/live.ffs"
    project = [] if key in ("directory", "DIR") else ["-C", p]
    live = ["-e", "live"]
    edit = live + project + (["--build", f"{at}/out.ffs"] if key == "sign" else [])
    rows = {
        "check": project,
        "build": project + live + ([] if key == "output" else ["-o", f"{at}/out.ffs"]),
        "eval": ["a"] + ([] if key == "snapshot" else project + live) + ([] if key == "contexts" else ["-c", '{"user": "u"}']),
        "test": project,
        "trace": ["a", "-c", '{"user": "u"}'] + project + ([] if key == "snapshot" else live),
        "dump": [],
        "verify": [] if key == "FILE" else [snapshot],
        "fmt": ["--check"] + (project if key != "FILE" else []),
        "list": project,
        "init": [],
        "sign": [f"{at}/signed.ffs"] if key == "detach" else [f"{at}/copy.ffs"],
        "canary": (["pause", "c", "--reason", "x"] + live + project
                   + (["--build", f"{at}/out.ffs"] if key == "sign" else [])),
        "experiment": (["stop", "x", "--reason", "x"] + live + project
                       + (["--build", f"{at}/out.ffs"] if key == "sign" else [])),
        "set": ["c", "enabled=false", "--reason", "x"] + edit,
        "new": ["n", "--reason", "x"] + edit,
        "remove": ["a", "--reason", "x"] + edit,
        "rename": ["a", "b", "--reason", "x"] + edit,
        "promote": ["a", "--from", "live", "--to", "test", "--reason", "x"] + edit[2 if edit[:1] == live[:1] else 0:],
        "revert": ["a", "HEAD", "--reason", "x"] + edit,
        "freeze": ["--until", "2099-01-01T00:00:00Z", "--reason", "x"] + project,
        "rollback": (["a", "--reason", "x"] + live + project + (["--build", f"{at}/out.ffs"] if key == "sign" else [])),
        "decide": ["c"] + ([] if key in ("LOG", "from") else [log]) + live + project
                  + (["--apply"] if key in ("build", "sign") else [])
                  + (["--build", f"{at}/out.ffs"] if key == "sign" else []),
        "watch": ["c"] + ([] if key == "LOG" else [log]) + live + project
                 + (["--apply"] if key in ("build", "sign") else [])
                 + (["--build", f"{at}/out.ffs"] if key == "sign" else []),
        "backtest": ["c"] + ([] if key == "LOG" else [log]) + live + project,
        "metrics": ([] if key == "LOG" else [log]) + project,
        "contexts": ([] if key == "LOG" else [log]) + project,
        "health": ["c"] + ([] if key in ("LOG", "from") else [log]) + live + project,
        "aggregate": ["c"] + ([] if key == "LOG" else [log]) + live + project
                     + ([] if key == "output" else ["-o", f"{at}/out.agg"]),
        "merge": ([] if key == "FILE" else [f"{at}/part.agg"]) + ([] if key == "output" else ["-o", f"{at}/out.agg"]),
        "plan": ["c"] + ([] if key == "LOG" else [log]) + live + project,
        "sql": ["c", "--dialect", "clickhouse", "--table", "t"] + live + project,
        "history": project,
        "analyze": ["x"] + ([] if key == "LOG" else [log]) + live + project,
        "report": ["c"] + ([] if key == "LOG" else [log]) + live + project
                  + ([] if key == "output" else ["-o", f"{at}/report.html"]),
        "show": ["a"] + project,
        "log": ["a"] + project,
        "lsp": project,
        "mcp": project,
        "stale": project,
        "gen": ["c"] + project,
        "diff": [] if key == "directory" else [p] if key == "NEW" else [p, p] + live,
    }
    if command == "sign" and key in ("FILE", "output"):
        return ([] if key == "FILE" else rows["sign"]) + ["--key", f"{at}/test.key"]
    if key == "key" and command == "verify":
        return [snapshot]
    return rows.get(command)


def help_of(program, *command):
    return subprocess.run([PROGRAMS[program], *command, "--help"], capture_output=True, text=True, check=True).stdout


def commands_of(program):
    text = help_of(program).split("Commands:\n", 1)[1]
    return re.findall(r"^  (\S+) ", text.split("\n\n")[0], re.M)


def paths_of(program, command):
    """What of a command is a path: (option or operand, its line for a command line)."""
    text = help_of(program, command)
    found, strange = [], set()
    for name, value in re.findall(r"^ +(?:-\w, )? *--([a-z-]+) ([A-Z][^ \n]*)", text, re.M):
        value = value.rstrip("…")
        if value in PATHS:
            found.append((name, [f"--{name}"], "l=" if value == "NAME=FILE" else ""))
        elif value not in OTHERS:
            strange.add(value)
    usage = re.search(r"^Usage:.*(?:\n {2,}.*)*", text, re.M).group()
    usage = re.sub(r"(?:-\w|--[a-z-]+)(?: |=)[A-Z][^\]\s|]*", "", usage).replace("OLD..NEW", "")
    for word in sorted(set(re.findall(r"\b([A-Z]+)\b", usage))):
        if word in PATHS and (command, word) not in NO_PATHS:
            found.append((word, [], ""))
        elif word not in OTHERS and (command, word) not in NO_PATHS:
            strange.add(word)
    return found, strange


def lay_out(at, built):
    """A project, what commands beside the path need, and the paths."""
    shutil.copytree(built, at)
    os.makedirs(f"{at}/odd/directory")
    open(f"{at}/odd/empty", "w", encoding="utf-8").close()
    os.mkfifo(f"{at}/odd/fifo")
    os.symlink("nowhere", f"{at}/odd/dangling")
    with open(f"{at}/odd/sparse", "wb") as file:
        file.truncate(100 << 30)
    with open(f"{at}/odd/unreadable", "w", encoding="utf-8") as file:
        file.write("x")
    os.chmod(f"{at}/odd/unreadable", 0)
    for root, directories, files in os.walk(at):
        for name in directories + files + ["."]:
            if not os.path.islink(f"{root}/{name}"):
                os.chown(f"{root}/{name}", USER, USER)
    return {"zero": "/dev/zero", "memory": "/proc/self/mem", **{name: f"{at}/odd/{name}" for name in (
        "fifo", "directory", "dangling", "sparse", "unreadable", "empty")}}


USER = 65534 if os.geteuid() == 0 else os.geteuid()


def be_nobody():
    os.setsid()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(USER)
        os.setuid(USER)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))


def catches_sigterm(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        caught = next((line.split()[1] for line in file if line.startswith("SigCgt:")), "0")
    return int(caught, 16) >> (signal.SIGTERM - 1) & 1


class Run:
    """A command that runs: several do at a time, since some end only when they are told to."""

    def __init__(self, arguments, at, waits):
        self.waits = waits
        self.files = [tempfile.TemporaryFile(dir=SCRATCH) for _ in range(2)]
        self.process = subprocess.Popen(arguments, cwd=at, stdin=subprocess.DEVNULL, stdout=self.files[0],
                                        stderr=self.files[1], preexec_fn=be_nobody)
        self.began = time.monotonic()

    def can_be_told_to_end(self):
        """It has had time to look at its paths, and what SIGTERM does is its own doing."""
        return time.monotonic() >= self.began + 4 and catches_sigterm(self.process.pid)

    def ended(self):
        """Its exit status, both its outputs, and the most memory it had in use."""
        process = self.process
        old = signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
        signal.alarm(LONGEST)
        while self.waits and not self.can_be_told_to_end() and os.waitid(
                os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            time.sleep(0.05)
        if self.waits:
            os.kill(process.pid, signal.SIGTERM)
        _, status, usage = os.wait4(process.pid, 0)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in self.files:
            file.seek(0)
            texts.append(file.read(1 << 20).decode(errors="replace"))
            file.close()
        return process.returncode, *texts, usage.ru_maxrss << 10


AT_A_TIME = 240  # of which most have ended, and some wait for who writes to a pipe
WAITS = {("watch", "LOG"), ("watch", "build"), ("watch", "sign"), ("watch", "archive"), ("watch", "status-file"),
         ("watch", "allow-list")}  # what it accepts, it watches until it is told to end
SIGNS = {("sign", key) for key in ("FILE", "key", "output", "detach")}
FITS = {("allow-outside", "directory")}  # is what is asked for
KINDS = ("zero", "memory", "fifo", "directory", "dangling", "sparse", "unreadable", "empty")


def build():
    """What lies beside each path: a project in git, a log, snapshots, signed and not, and a key; whether there is one."""
    built, definitions = f"{SCRATCH}/built", f"{SCRATCH}/built/flags"
    os.makedirs(definitions)
    for path, text in ((f"{definitions}/a.yaml", PROJECT), (f"{built}/log", LINE * 50)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for arguments in () if not shutil.which("git") else (["init", "-q", "--template="], ["add", "flags"], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", built, *arguments], check=True, capture_output=True)
    ffc = [PROGRAMS["ffc"], "build", "-C", definitions, "-e", "live", "-o"]
    for name in ("live", "copy", "signed"):
        subprocess.run([*ffc, f"{built}/{name}.ffs"], check=True, capture_output=True)
    subprocess.run([PROGRAMS["ffreplay"], "aggregate", "c", f"{built}/log", "-C", definitions, "-e", "live",
                    "-o", f"{built}/part.agg"], check=True, capture_output=True)
    if not shutil.which("minisign"):
        return built, False
    subprocess.run(["minisign", "-GWf", "-p", f"{built}/test.pub", "-s", f"{built}/test.key"], check=True, capture_output=True)
    subprocess.run([*ffc, f"{built}/signed.ffs", "--sign", f"{built}/test.key"], check=True, capture_output=True)
    return built, True


def check_path(name, run, path):
    status, out, err, memory = run.ended()
    said = [" ".join(run.process.args), f"exit {status}, {memory >> 20} MiB", err[:1500]]
    # An empty log is one among others; what is written is named by where a link leads.
    named = path in out + err or re.search(r"(the|these) logs", err) or re.search(r"'/proc/\d+/mem'", err)
    faults = [fault for fault, found in (
        ("it does not end", status not in (0, 1, 2)), ("it takes memory", memory >= MOST),
        ("it does not name the path", status != 0 and not named)) if found]
    ok(not faults, name, *faults, *said)


def try_pipes(at, built):
    """What is not refused: a pipe to which something writes, be it later, and one that has ended."""
    lay_out(at, built)
    fifo, contexts = f"{at}/odd/fifo", '{"user": "u1"}'
    eval_line = [PROGRAMS["ffc"], "eval", "a", "-s", f"{at}/live.ffs", "--contexts"]
    metrics = [PROGRAMS["ffreplay"], "metrics", "-C", f"{at}/flags"]
    for name, line, text, expected in (("contexts", eval_line, contexts + "\n", "true"), ("a log", metrics, LINE * 50, "50")):
        with subprocess.Popen(["sh", "-c", 'sleep 1; printf %s "$1" >"$2"', "sh", text, fifo]):
            status, out, err, _ = Run([*line, fifo], at, False).ended()
        ok(status == 0 and expected in out, f"a pipe gives {name}, when something writes there", status, out, err)
    status, out, err, _ = Run(["bash", "-c", '"$@" <(printf %s "$0")', contexts + "\n", *eval_line], at, False).ended()
    ok(status == 0 and "true" in out, "so does what a shell puts in place of a command", status, out, err)
    status, out, err, _ = Run([*metrics, "/dev/null"], at, False).ended()
    ok(status == 0, "an empty device is an empty log", status, out, err)


def main():
    built, keys = build()
    begun = []
    for program in PROGRAMS:
        for command in commands_of(program):
            found, strange = paths_of(program, command)
            ok(not strange, f"{program} {command}: it is known which words are paths", strange)
            for key, option, before in found:
                if (command, key) in SIGNS and not keys:
                    ok(True, f"{program} {command} {key} # SKIP no minisign")
                    continue
                if not ok(plan(program, command, key, "") is not None, f"{program} {command} {key}: there is a command line for it"):
                    continue
                for kind in (kind for kind in KINDS if (key, kind) not in FITS):
                    name = f"{program} {command} {' '.join(option) or key}, {kind}"
                    at = f"{SCRATCH}/{len(begun)}"
                    path = lay_out(at, built)[kind]
                    line = [PROGRAMS[program], command, *plan(program, command, key, at), *option, before + path]
                    begun.append(lambda run=Run(line, at, (command, key) in WAITS), name=name, path=path:
                                 check_path(name, run, path))
                    if len(begun) > AT_A_TIME:
                        begun[-1 - AT_A_TIME]()
    for check in begun[-AT_A_TIME:]:
        check()
    try_pipes(f"{SCRATCH}/pipes", built)


SCRATCH = tempfile.mkdtemp()
os.chmod(SCRATCH, 0o755)
if os.geteuid() == 0:  # the build may lie where nobody else may look, as in /root
    PROGRAMS = {name: shutil.copy(path, f"{SCRATCH}/{name}") for name, path in PROGRAMS.items()}
try:
    main()
finally:
    shutil.rmtree(SCRATCH)
sys.exit(finish())
