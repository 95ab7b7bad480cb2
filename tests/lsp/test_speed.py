#!/usr/bin/env python3
"""How long `ffc lsp` takes with 10,000 flags, in processor time beside that of `ffc check`: the edited file at once, all of
them in less than twice as much.

Runs: first, being long.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile

from client import FFC, Client, edit, finish, ok

FLAGS, EDITS = 10000, 12
TICK = os.sysconf("SC_CLK_TCK")
scratch = tempfile.mkdtemp(prefix="ffc-lsp-")
PROJECT = """project: {name: bench, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, country: string, plan: string, group: string}
segments:
  beta-testers: {if: {group: beta}}
  premium: {if: {country: [NO, SE, DK, FI, DE], plan: premium}}
"""
FLAG = """  team-{0}.feature-{1}:
    description: What it does, in one sentence
    rules:
      - {{name: beta, if: {{segment: beta-testers}}}}
      - {{name: premium, if: {{segment: premium}}, percent: 25%}}
      - {{name: everybody, percent: 10%}}
"""


def write_project(name, flags_per_file):
    root = f"{scratch}/{name}"
    os.makedirs(f"{root}/flags")
    with open(f"{root}/flags/project.yaml", "w", encoding="utf-8") as file:
        file.write(PROJECT)
    for first in range(0, FLAGS, flags_per_file):
        with open(f"{root}/flags/f{first:05}.yaml", "w", encoding="utf-8") as file:
            file.write("flags:\n" + "".join(FLAG.format(i % 17, i) for i in range(first, first + flags_per_file)))
    return root


def own_time(process):
    """Milliseconds that the server itself has run, without its children."""
    with open(f"/proc/{process.pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e6


def child_time(process):
    """Milliseconds that its children have, which have ended."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) * 1000 / TICK


def check_time(root):
    best = float("inf")
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([FFC, "check", "-C", f"{root}/flags"], capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
    return best


for files, flags_per_file in (("a file each", 1), ("100 a file", 100), ("one file", FLAGS)):
    root = write_project(f"p{flags_per_file}", flags_per_file)
    check = check_time(root)
    client = Client(root)
    name = f"flags/f{FLAGS // 2 if flags_per_file < FLAGS else 0:05}.yaml"
    text = client.open(name)
    client.settled(name, lambda said: True)
    client.request("textDocument/hover", client.at(name, 1, 4))
    own, at = 0.0, text.index("percent: 10%", len(text) // 2 if flags_per_file > 1 else 0)
    for turn in range(EDITS):  # breaks it and mends it, in turns
        begin = own_time(client.process)
        words = ("percent", "precent") if turn % 2 == 0 else ("precent", "percent")
        change, text = edit(text, at, at + 7, words[1])
        client.change(name, change)
        client.settled(name, bool if turn % 2 == 0 else lambda said: not said)
        own += own_time(client.process) - begin
    # All of it: edits of what every flag depends on, which have their answer from the whole.
    project = client.open("flags/project.yaml")
    client.settled("flags/project.yaml", lambda said: True)
    begin = own_time(client.process) + child_time(client.process)
    for turn in range(6):
        words = ("beta-testers: {if", "beta-testers: {fi") if turn % 2 == 0 else ("beta-testers: {fi", "beta-testers: {if")
        change, project = edit(project, project.index(words[0]), project.index(words[0]) + len(words[0]), words[1])
        client.change("flags/project.yaml", change)
        client.settled("flags/project.yaml", bool if turn % 2 == 0 else lambda said: not said)
    client.request("textDocument/hover", client.at(name, 0, 0))
    whole = (own_time(client.process) + child_time(client.process) - begin) / 6
    status, said = client.end()
    each = own / EDITS
    print(f"# {FLAGS} flags, {files}: the edited file takes {each:.1f} ms of the server, all files {whole:.0f} ms, `ffc check` {check:.0f} ms")
    ok(whole < 2 * check, f"{files}: so are all of them, in less than twice as much", whole, check)
    ok(each < check / 3, f"{files}: the edited file is judged in a part of the time of `ffc check`", each, check)
    ok(status == 0, f"{files}: it ends", said)
shutil.rmtree(scratch, ignore_errors=True)
sys.exit(finish())
