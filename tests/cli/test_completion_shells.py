#!/usr/bin/env python3
"""What bash, zsh and fish insert at a tab, they then read as one word that is a name of the project, whatever
it is made of, and run nothing of it."""
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from lab import FFREPLAY, SCRATCH, finish, ok

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
FAR = 30  # seconds: a shell that does not answer has failed

FLAGS = ["checkout", "pay $(touch HACKED) now", "ns:flag one", "ns:other", "moon 🎉 two",
         "x&touch HACKED;y|d<e>f#g!h~i{j}k^l%", "~home", "#first", "!!", "$HOME", "über"]
OWNERS = ["web team", "it's", 'the "best"', "`touch HACKED`", "$(touch HACKED)", "back\\slash"]
DEFINITIONS = """\
project: {name: shop, environments: [staging, "production"], bucket_by: user_id}
attributes: {user_id: string}
segments:
  "few $(touch HACKED)": {if: {user_id: [u1]}}
rollouts: {"slow one": {stages: [{name: all, percent: 100%}]}}
flags:
"""


def make_project():
    shutil.rmtree("project", ignore_errors=True)
    os.makedirs("project/flags")
    with open("project/flags/a.yaml", "w", encoding="utf-8") as file:
        file.write(DEFINITIONS)
        for i, name in enumerate(FLAGS):
            owner = OWNERS[i % len(OWNERS)].replace("\\", "\\\\").replace('"', '\\"')
            file.write(f'  "{name}": {{owner: "{owner}"}}\n')
        file.write('  broken: {environments: {nowhere: {}}, percnt: 3}\n')


# What is typed after the program; what it is then called with.
ROWS = [
    ("show chec\t", ["show", "checkout"]),
    ("show pa\t", ["show", FLAGS[1]]),
    ("show ns:f\t", ["show", "ns:flag one"]),
    ("show n\tf\t", ["show", "ns:flag one"]),
    ("show 'ns:f\t", ["show", "ns:flag one"]),
    ('show "pa\t', ["show", FLAGS[1]]),
    ("show moon\t", ["show", FLAGS[4]]),
    ("show x\t", ["show", FLAGS[5]]),
    ("show \\~\t", ["show", "~home"]),
    ("show \\#\t", ["show", "#first"]),
    ("show '$\t", ["show", "$HOME"]),
    ("show \\$\t", ["show", "$HOME"]),
    ("show über\t", ["show", "über"]),
    ("show checkout -e st\t", ["show", "checkout", "-e", "staging"]),
    ("show checkout --environment=st\t", ["show", "checkout", "--environment=staging"]),
    ("show checkout -est\t", ["show", "checkout", "-estaging"]),
    ("new lamp --template sl\t", ["new", "lamp", "--template", "slow one"]),
    ("list --owner it\t", ["list", "--owner", "it's"]),
    ("list --owner \\`\t", ["list", "--owner", "`touch HACKED`"]),
    ("list --owner=\\$\t", ["list", "--owner=$(touch HACKED)"]),
    ("list --owner the\t", ["list", "--owner", 'the "best"']),
    ("list --owner back\t", ["list", "--owner", "back\\slash"]),
    ("rollback --segment few\t", ["rollback", "--segment", "few $(touch HACKED)"]),
    ("test --format ju\t", ["test", "--format", "junit"]),
    ("test --min-c\t9%", ["test", "--min-coverage", "9%"]),
    ("canary sta\t", ["canary", "sta"]),  # start, status
    ("canary star\tmoon\t", ["canary", "start", FLAGS[4]]),
    ("check dat\t", ["check", "data.log"]),
]
REPLAY_ROWS = [
    ("decide moon\tdata.l\t", ["decide", FLAGS[4], "data.log"]),
    ("metrics --flag pa\t--format pro\t", ["metrics", "--flag", FLAGS[1], "--format", "prometheus"]),
]

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             "bind 'set bell-style none'; bind 'set enable-bracketed-paste off'\n"
             "source <(ffc completion bash); source <(ffreplay completion bash)\n"
             "ffc() { printf '%s\\0' \"$@\" >ARGS.part; mv ARGS.part ARGS; }\n"
             "ffreplay() { ffc \"$@\"; }\n"),
    "zsh": (["zsh", "-f", "-i"],
            "unsetopt beep; autoload -U compinit; compinit -u -D\n"
            "source <(ffc completion zsh); source <(ffreplay completion zsh)\n"
            "ffc() { printf '%s\\0' \"$@\" >ARGS.part; mv ARGS.part ARGS; }\n"
            "ffreplay() { ffc \"$@\"; }\n"),
    "fish": (["fish", "--no-config", "-i"],
             "ffc completion fish | source; ffreplay completion fish | source\n"
             "function ffc; printf '%s\\0' $argv >ARGS.part; mv ARGS.part ARGS; end\n"
             "function ffreplay; ffc $argv; end\n"),
}


class Shell:
    def __init__(self, name):
        bin_dir = os.path.abspath("bin")
        environment = dict(os.environ, HOME=os.path.abspath("home"), TERM="dumb" if name == "bash" else "vt100",
                           LC_ALL="C.UTF-8", HISTFILE="", PATH=bin_dir + ":" + os.environ["PATH"])
        command, setup = SHELLS[name]
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir("project")
            os.execvpe(command[0], command, environment)
        with open(f"setup.{name}", "w", encoding="utf-8") as file:
            file.write(setup)
        self.send(f"source {os.path.abspath(f'setup.{name}')}; touch READY\r")
        self.wait("READY")

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait(self, name):
        """Until the file is there; what the shell prints meanwhile is read."""
        path, end = os.path.join("project", name), time.monotonic() + FAR
        while not os.path.exists(path) and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.01)[0]:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    return False
        return os.path.exists(path)

    def typed(self, line):
        """The arguments of the command that it becomes."""
        self.seen = b""
        pieces = line.split("\t")
        for i, piece in enumerate(pieces):
            self.send(piece + ("\t" if i + 1 < len(pieces) else ""))
        self.send("\r")
        if not self.wait("ARGS"):
            self.send("\x03")
            return None
        with open("project/ARGS", encoding="utf-8") as file:
            words = file.read().split("\0")[:-1]
        os.remove("project/ARGS")
        return words

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def try_shell(name):
    make_project()
    open("project/data.log", "w").close()
    shell = Shell(name)
    for program, rows in (("ffc", ROWS), ("ffreplay", REPLAY_ROWS)):
        for typed, expected in rows:
            got = shell.typed(f"{program} {typed}")
            ok(got == expected, f"{name}: {program} {typed!r}".replace("#", "\\#"), f"got {got}",
               f"expected {expected}", repr(shell.seen[-600:]))
    shell.close()
    ok(not os.path.exists("project/HACKED"), f"{name}_ran_nothing_of_a_name")


os.chdir(SCRATCH)
os.makedirs("bin")
os.makedirs("home")
os.symlink(os.path.abspath(FFC), "bin/ffc")
os.symlink(os.path.abspath(FFREPLAY), "bin/ffreplay")
try:
    os.openpty()
    terminals = True
except OSError:
    terminals = False
for each in SHELLS:
    if terminals and shutil.which(each):
        try_shell(each)
    else:
        ok(True, f"{each} # SKIP there is no {each if terminals else 'terminal'}")
finish()
