#!/usr/bin/env python3
"""What the programs say of themselves fits 80 columns; excerpts fit the terminal, with the caret in its place."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = {"ffc": os.environ.get("FFC", f"{TOP}/build/ffc"),
            "ffreplay": os.environ.get("FFREPLAY", f"{TOP}/build/ffreplay")}
WIDTH = 80


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def said(program, *arguments):
    done = subprocess.run([PROGRAMS[program], *arguments], capture_output=True, text=True, cwd="/")
    return done.stdout + done.stderr


def fits(text, name):
    wide = [f"{columns(line)}: {line}" for line in text.splitlines() if columns(line) > WIDTH]
    ok(text and not wide, name, *wide)


# --------------------------------------------------------------------------------- help, explanations, usage

for program in PROGRAMS:
    text = said(program, "--help")
    fits(text, f"{program}_help")
    fits(said(program, "--version"), f"{program}_version")
    commands = re.findall(r"^  ([a-z]+) ", text[text.index("Commands:"):], re.M)
    ok(len(commands) >= 8, f"{program}_has_commands", commands)
    for command in commands:
        page = said(program, command, "--help")
        fits(page, f"{program}_{command}_help")
        # Wrapping loses no option, and begins what says something of each in one column.
        options = re.findall(r"^  (?:-[A-Za-z], |    )--([a-z-]+)", page[page.index("Options:"):], re.M)
        ok("help" in options and len(options) == len(set(options)), f"{program}_{command}_has_its_options", options)
        fits(said(program, command, "--no-such-option"), f"{program}_{command}_usage_error")
    fits(said(program, "no-such-command"), f"{program}_usage_error")
codes = re.findall(r"^(FF\d{4}) ", said("ffc", "explain", "--all"), re.M)
ok(len(codes) > 130, "there_are_codes", len(codes))
fits(said("ffc", "explain", "--all"), "explain_all")
fits(said("ffc", "explain", "--operators"), "explain_operators")
for code in codes:
    fits(said("ffc", "explain", code), f"explain_{code}")

# An example that is wrapped is the same YAML.
try:
    import yaml
except ImportError:
    yaml = None
if yaml:
    markdown = said("ffc", "explain", "--all", "--markdown")
    for section in re.split(r"^## ", markdown, flags=re.M)[1:]:
        code = section[:6]
        blocks = re.findall(r"```yaml\n(.*?)\n```", section, re.S)
        page = said("ffc", "explain", code)
        shown = re.search(r"For example:\n\n(.*)\n\nInstead:\n\n(.*)\n", page, re.S).groups()
        for block, text in zip(blocks, shown):
            if max(map(len, block.splitlines())) <= WIDTH - 4:
                continue
            load = lambda t: yaml.load(t, yaml.BaseLoader)
            ok(load(block) == load("\n".join(line[4:] for line in text.splitlines())), f"{code}_example_is_as_written", text)
else:
    print("# no yaml module: wrapped examples are not parsed")


# ------------------------------------------------------------------------------------------------- terminals

def on_terminal(width, *command, cwd=None):
    """What it writes to a terminal of that width; None: there are no pseudo-terminals."""
    try:
        master, slave = pty.openpty()
    except OSError:
        return None
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    child = subprocess.Popen(command, cwd=cwd, stdout=slave, stderr=slave, stdin=subprocess.DEVNULL,
                             env=dict(os.environ, NO_COLOR="1"))
    os.close(slave)
    out = b""
    while True:
        try:
            got = os.read(master, 65536)
        except OSError:
            break
        if not got:
            break
        out += got
    child.wait()
    os.close(master)
    return out.decode().replace("\r\n", "\n")


def excerpt(text):
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if re.match(r" *\d+ \| ", line))
    return lines[at], lines[at + 1]


with tempfile.TemporaryDirectory() as scratch:
    for place, wide in (("begin", ""), ("end", "é, " * 60), ("wide", "漢字, " * 40)):
        path = os.path.join(scratch, "flags.yaml")
        with open(path, "w") as file:
            file.write("project: {name: p, environments: [prod]}\n"
                       f"flags: {{a: {{description: \"{wide}\", serv: on, tags: [{'tag, ' * 40}tag]}}}}\n")
        check = PROGRAMS["ffc"], "check", "-C", scratch
        piped = subprocess.run(check, capture_output=True, text=True).stderr
        for width in (40, 80, 120, 0):
            text = on_terminal(width, *check)
            if text is None:
                ok(True, f"excerpt_{place}_{width} # SKIP no pseudo-terminal")
                continue
            line, mark = excerpt(text)
            seen = 0
            for c in line:
                if seen == columns(mark[:mark.index("^")]):
                    break
                seen += columns(c)
            start = next(i for i in range(len(line)) if columns(line[:i]) == columns(mark[:mark.index("^")]))
            ok(line[start:].startswith("serv"), f"the_caret_is_below_what_it_shows_{place}_{width}", line, mark)
            ok(columns(line) <= (width or 110) and columns(mark) <= (width or 110), f"excerpt_{place}_fits_{width}",
               columns(line), line, mark)
        ok(excerpt(piped) == excerpt(on_terminal(0, *check) or piped), f"without_a_width_it_is_as_piped_{place}", piped)


# ------------------------------------------------------------------------------------------------- sentences

def unfolded(text):
    """Each sentence on a line again."""
    return re.sub(r"\n {6}(?! *\|)(?=\S)", " ", text)


def sentences(text):
    return [line for line in text.splitlines() if not re.match(r" *\d* \| ", line)]


with tempfile.TemporaryDirectory() as scratch:
    name = "n" * 128
    with open(os.path.join(scratch, "flags.yaml"), "w") as file:
        file.write("project: {name: p, environments: [prod]}\n"
                   "attributes: {country: string}\n"
                   f"flags: {{a: {{serve: on, rules: []}}, {name}: {{serve: '{'v' * 10000}'}}, {name}: {{serve: on}},\n"
                   "  c: {serve: on, canary: {stages: [{percent: 150%}]}, split: {on: 10%}, iff: {country: DE}},\n"
                   f"  d: {{canary: {{bucket_by: country, stages: [{{name: {name}, percent: 5%}}], stage: {name[:-1]}}}}}}}\n")
    runs = {"ffc_check": ("ffc", "check"),
            "ffc_rollback": ("ffc", "rollback", "--lift", name[1:], "--reason", "x"),
            "ffc_eval": ("ffc", "eval", "a" * 100, "-c", "{}"),
            "ffc_build": ("ffc", "build", "--generation", "none", "-o", "x"),
            "ffreplay_decide": ("ffreplay", "decide", "no-such-canary"),
            "ffreplay_plan": ("ffreplay", "plan", "a", "--traffic", "many", "--power", "1", "--mde", "x")}
    for what, (program, *arguments) in runs.items():
        command = [PROGRAMS[program], *arguments]
        piped = subprocess.run(command, capture_output=True, text=True, cwd=scratch).stderr
        ok(piped and unfolded(piped) == piped, f"{what}_is_a_sentence_a_line_where_there_is_no_terminal", piped)
        exported = subprocess.run(command, capture_output=True, text=True, cwd=scratch, env=dict(os.environ, COLUMNS="50"))
        ok(exported.stderr == piped, f"{what}_is_so_with_columns_exported", exported.stderr)
        for width in (40, 60, 80, 200):
            shown = on_terminal(width, *command, cwd=scratch)
            if shown is None:
                ok(True, f"{what}_{width} # SKIP no pseudo-terminal")
                continue
            wide = [line for line in sentences(shown) if line.endswith(" ") or columns(line) > width and " " in line.strip()]
            ok(not wide, f"{what}_fits_{width}", *wide)
            ok(sentences(unfolded(shown)) == sentences(piped), f"{what}_says_the_same_at_{width}",
               unfolded(shown), piped)
        narrow = on_terminal(200, "env", "COLUMNS=50", *command, cwd=scratch)
        ok(narrow in (None, on_terminal(50, *command, cwd=scratch)), f"{what}_takes_an_exported_width", narrow)
    said_of_it = sentences(subprocess.run([PROGRAMS["ffc"], "check"], capture_output=True, text=True, cwd=scratch).stderr)
    ok(max(map(len, said_of_it)) < 250, "long_names_are_cut", *said_of_it)
    ok(any(re.search("'n{32}…n{31}'", line) for line in said_of_it), "in_their_middle", *said_of_it)
sys.exit(finish())
