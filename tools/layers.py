#!/usr/bin/env python3
"""Whether each folder of sources uses only what docs/architecture.md says that it may, and each
file shows others only what they use.

Reads the table there, whose rows are `folder` | what it is | the folders it uses, and looks at
includes, and at the symbols of the objects that were built. Prints findings as path:line: text.
Usage: tools/layers.py [BUILD]
"""
import os
import re
import subprocess
import sys

BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"
TABLE = "docs/architecture.md"
ROOTS = ("include", "runtime", "compiler", "tools")


def read_table():
    """Folder to (line, the folders it may use)."""
    rows = {}
    for number, line in enumerate(open(TABLE, encoding="utf-8"), 1):
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != 5 or not cells[1].startswith("`"):
            continue
        names = [name.rstrip("/") for name in re.findall(r"`([a-z/_]+/)`", cells[1])]
        uses = {name.rstrip("/") for name in re.findall(r"`([a-z/_]+/)`", cells[3])}
        for name in names:
            rows[name] = (number, uses)
    return rows


def report_cycles(rows):
    """Folders that use one another."""
    done, path = set(), []

    def visit(folder):
        if folder in path:
            cycle = " → ".join(path[path.index(folder):] + [folder])
            print(f"{TABLE}:{rows[folder][0]}: folders that use one another: {cycle}")
            return
        if folder in done or folder not in rows:
            return
        path.append(folder)
        for used in sorted(rows[folder][1]):
            visit(used)
        path.pop()
        done.add(folder)

    for folder in rows:
        visit(folder)


def sources():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h", "*.cc", "*.def"],
        check=True, capture_output=True, text=True).stdout.split()
    return [path for path in listed if path.startswith(ROOTS) and os.path.exists(path)]


def folder_of(path, rows):
    """That of the table which holds the path, or the path's own."""
    folder = os.path.dirname(path)
    while folder and folder not in rows:
        folder = os.path.dirname(folder)
    return folder or os.path.dirname(path)


def resolve(path, name):
    for base in (os.path.dirname(path), "include", "."):
        found = os.path.normpath(os.path.join(base, name))
        if os.path.exists(found):
            return found
    return None  # generated, below the build


def check_includes(rows, files):
    for path in files:
        own = folder_of(path, rows)
        if own not in rows:
            print(f"{path}:1: {TABLE} has no row for '{own}/'")
            continue
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            match = re.match(r' *# *include "([^"]+)"', line)
            found = match and resolve(path, match[1])
            used = found and folder_of(found, rows)
            if used and used != own and used not in rows[own][1]:
                print(f"{path}:{number}: '{own}' may not include '{found}'")


def symbols(objects):
    """Of each object: the symbols that it defines, and those that it takes from elsewhere."""
    found = {path: ([], []) for path in objects}
    if not objects:
        return found
    listed = subprocess.run(["nm", "-A", *objects], check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        path, symbol = line.split(":", 1)
        *_, kind, name = symbol.split()
        defined, taken = found[path]
        if kind == "U":
            taken.append(name)
        elif kind in "BDRTVW":
            defined.append(name)
    return found


def object_of(path):
    """Where it was built, or None."""
    stem, ending = os.path.splitext(path)
    built = (f"{BUILD}/{kind}/{stem}.o" for kind in ("obj", "pic") if ending in (".c", ".cc"))
    return next(filter(os.path.exists, built), None)


def check_symbols(rows, files):
    built = {path: found for path in files if (found := object_of(path))}
    found = symbols(built.values())
    owners = {}
    for path, made in built.items():
        for name in found[made][0]:
            owners.setdefault(name, set()).add(folder_of(path, rows))
    for path, made in built.items():
        own = folder_of(path, rows)
        for name in found[made][1]:
            # A name that several programs define, each for itself, is nobody's.
            used = owners.get(name, set())
            if len(used) == 1 and own in rows and not used <= rows[own][1] | {own}:
                print(f"{path}:1: '{own}' may not call '{name}' of '{next(iter(used))}'")


def words_of_tests():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "tests/*.c", "tests/*.h", "tests/*.cc"],
        check=True, capture_output=True, text=True).stdout.split()
    words = set()
    for path in filter(os.path.exists, listed):
        words.update(re.findall(r"\w+", open(path, encoding="utf-8").read()))
    return words


def check_visible(files):
    """What no other file uses is static. A library's interface is for programs that are not here."""
    built = {path: found for path in files
             if path.startswith(("compiler/", "tools/")) and (found := object_of(path))}
    found = symbols(built.values())
    taken = {name for _, names in found.values() for name in names} | words_of_tests() | {"main"}
    for path, made in built.items():
        for name in found[made][0]:
            if name not in taken and re.fullmatch(r"[a-z]\w*", name):
                print(f"{path}:1: no other file uses '{name}': make it static")


def main():
    rows, files = read_table(), sources()
    for folder, (number, uses) in rows.items():
        for used in uses - rows.keys():
            print(f"{TABLE}:{number}: '{folder}' uses '{used}', which has no row")
    report_cycles(rows)
    check_includes(rows, files)
    check_symbols(rows, files)
    check_visible(files)


main()
