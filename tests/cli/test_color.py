#!/usr/bin/env python3
"""Colour says nothing that the text does not: it is there when asked for, or on a terminal that wants it; columns stay
aligned with wide characters, and lists fit the terminal."""
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FFC = os.environ.get("FFC", f"{TOP}/build/ffc")
SCRATCH = tempfile.mkdtemp(prefix="ffc-color-")
PAINT = re.compile(r"\x1b\[[0-9;]*m")
SHOP = """project: {name: shop, environments: [staging, production, japan], bucket_by: user_id}
attributes: {user_id: string, country: string}
flags:
  checkout:
    owner: ウェブチーム
    expires: 2020-01-01T00:00:00Z
    environments: {staging: {serve: on}, production: {percent: 20%}, japan: {percent: 5%}}
  かご: {owner: web, rules: [{name: nordic, if: {country: "NO"}, serve: on}]}
  lamp: {owner: a team with a name that is longer than any other name, enabled: false}
overrides:
  - {id: held-off-since-the-incident-of-last-tuesday, flags: [checkout], environments: [production], serve: off, reason: INC-7}
tests:
  - {flag: checkout, environment: staging, context: {user_id: u1}, expect: on}
  - {name: wrong, flag: checkout, environment: staging, context: {user_id: u1}, expect: off}
"""


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def run(*arguments, **environment):
    return subprocess.run([FFC, *arguments], cwd=SCRATCH, capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"], **environment})


def on_terminal(*arguments, width=80, **environment):
    """What a terminal of that width is sent."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    process = subprocess.Popen([FFC, *arguments], cwd=SCRATCH, stdout=child, stderr=child, stdin=subprocess.DEVNULL,
                               env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment})
    os.close(child)
    text = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    process.wait()
    os.close(parent)
    return text.decode().replace("\r\n", "\n")


os.makedirs(f"{SCRATCH}/flags")
with open(f"{SCRATCH}/flags/shop.yaml", "w", encoding="utf-8") as file:
    file.write(SHOP)
shutil.copytree(f"{SCRATCH}/flags", f"{SCRATCH}/next")
with open(f"{SCRATCH}/next/shop.yaml", "w", encoding="utf-8") as file:
    file.write(SHOP.replace("percent: 5%", "percent: 25%, salt: other"))
COMMANDS = {"list": ["list"], "test": ["test"], "show": ["show", "checkout"], "diff": ["diff", "./flags", "./next"],
            "log": ["log"], "check": ["check"]}
for name, words in COMMANDS.items():
    plain, always = run(*words), run(*words, "--color", "always")
    painted = always.stdout + always.stderr
    ok(not PAINT.search(plain.stdout + plain.stderr), f"{name}: none in a file", plain.stdout)
    if name != "log":
        ok(PAINT.search(painted), f"{name}: where it is asked for", painted)
    ok(PAINT.sub("", painted) == plain.stdout + plain.stderr, f"{name}: it adds no words, and takes none", painted, plain.stdout)
    if name == "log":
        continue
    ok(PAINT.search(on_terminal(*words)), f"{name}: on a terminal", on_terminal(*words))
    ok(not PAINT.search(on_terminal(*words, NO_COLOR="1")), f"{name}: not with NO_COLOR")
    ok(not PAINT.search(on_terminal(*words, TERM="dumb")), f"{name}: not on one that has none")
    ok(not PAINT.search(on_terminal(*words, "--color", "never")), f"{name}: not with --color never")
    ok(PAINT.search(on_terminal(*words, "--color", "always", NO_COLOR="1")), f"{name}: --color always is the last word")
    ok(PAINT.search(run(*words, CLICOLOR_FORCE="1").stdout + run(*words, CLICOLOR_FORCE="1").stderr), f"{name}: with CLICOLOR_FORCE")
ok(run("list", "--json", "--color", "always").stdout == run("list", "--json").stdout, "a document has none")
ok("\x1b[31mnot ok\x1b[0m 2 - wrong" in run("test", "--color", "always").stdout, "a test that fails is red", run("test", "--color", "always").stdout)

table = run("list").stdout.splitlines()
starts = {columns(line[:line.index(word)]) for line, word in zip(table, ("OWNER", "ウェブ", "a team", "web"))}
ok(len(table) == 4 and len(starts) == 1, "wide characters keep columns aligned", "\n".join(table), starts)
for width in (80, 100):
    table = PAINT.sub("", on_terminal("list", width=width)).splitlines()[:4]
    ok(max(map(columns, table)) <= width and table[1].startswith("checkout"), f"a table fits {width} columns", "\n".join(table))
    expiries = {columns(line) - columns(line.split()[-1]) for line in table}
    ok(len(expiries) == 1 and any("…" in line for line in table), "what is cut says so, and stays aligned", "\n".join(table))
page = PAINT.sub("", on_terminal("show", "checkout"))
ok(max(map(columns, page.splitlines())) <= 80 and re.search("^Tests: 2, 1 fails; 4 of 5|^Tests: 2, 1 fails", page, re.M) and
   "fails: wrong, in staging: variant is 'on', expected 'off'" in page, "show runs the flag's tests", page)
page = PAINT.sub("", on_terminal("diff", "./flags", "./next"))
ok(max(map(columns, page.splitlines())) <= 80 and "japan" in page, "diff fits, too", page)
shutil.rmtree(SCRATCH)
sys.exit(finish())
