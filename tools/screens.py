#!/usr/bin/env python3
"""Prints, as findings, where a command formats a text for its screen by a function that does not
escape it. What is printed is collected in a buffer called `out`; what %s stands for may be anything
that somebody wrote, and goes through terminal_format() (compiler/base/escape.h)."""
import glob
import re

CALL = re.compile(r'\b(buffer_format\((?:&|[a-z_]+(?:->|\.))*out,|f?printf\()((?:[^;"]|"(?:[^"\\]|\\.)*")*?);')
PRINTS_ITS_OWN = {"compiler/commands/explain.c"}  # the registry's texts, and nobody else's

for name in sorted(glob.glob("compiler/commands/**/*.c", recursive=True) + glob.glob("tools/ffreplay/**/*.c", recursive=True)):
    with open(name) as file:
        text = file.read()
    for call in [] if name in PRINTS_ITS_OWN else CALL.finditer(text):
        form = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', call[2]))
        if re.search(r"%[-.*0-9]*s", form) and not form.startswith("%*s"):
            line = text.count("\n", 0, call.start()) + 1
            print(f"{name}:{line}: '{call[1].split('(')[0]}' does not escape %s: use terminal_format()")
