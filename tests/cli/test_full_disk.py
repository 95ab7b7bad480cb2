#!/usr/bin/env python3
"""A disk that fills up, page by page: what was good stays so, the error says what lacks, and once there is room the same
command does its work. In a small tmpfs of a mount namespace of our own."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from tap import finish, ok

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", f"{TOP}/build")
FFC, FFREPLAY = (os.environ.get(key, f"{BUILD}/{name}") for key, name in (("FFC", "ffc"), ("FFREPLAY", "ffreplay")))
if "IN_NAMESPACE" not in os.environ:
    how = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    if not shutil.which("unshare") or subprocess.run([*how, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False).returncode:
        print("ok 1 - a disk that fills up # SKIP no file system can be mounted here\n1..1")
        sys.exit()
    sys.exit(subprocess.run([*how, sys.executable, *sys.argv], env=dict(os.environ, IN_NAMESPACE="1"), check=False).returncode)

SCRATCH = tempfile.mkdtemp(prefix="ffc-full-")
DISK = f"{SCRATCH}/disk"
PAGE, PAGES = 4096, 200
SHOP = """project: {name: shop, environments: [production], bucket_by: user_id, archive: archive}
attributes: {user_id: string}
logs: {requests: {format: ndjson, time: ts, unit: user_id, context: {user_id: user_id}, fields: {status: status}}}
metrics: {error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}}
flags:
  ramp: {owner: web, percent: %s}
  pay:
    owner: web
    canary:
      stages: [{name: first, percent: 20%%, hold: 10m, min_samples: 20}, {name: full, percent: 100%%}]
      guards: [{metric: error_rate, max: 5%%, action: rollback}]
      state: running
      stage: first
      since: 2026-11-20T10:00:00Z
"""


def run(*arguments, cwd=None, **how):
    return subprocess.run(arguments, cwd=cwd or DISK, capture_output=True, text=True, check=False, timeout=240,
                          env=dict(os.environ, FFC_ACTOR="me"), **how)


def mount():
    os.makedirs(DISK, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={PAGES * PAGE},nr_inodes=0", "tmpfs", DISK], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def fill(left):
    """All but so many pages."""
    with open(f"{DISK}/filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(PAGE))
        except OSError:
            pass
        file.truncate(max(0, os.path.getsize(file.name) // PAGE - left) * PAGE)


def free():
    os.unlink(f"{DISK}/filler")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def tree(folder):
    """Everything below, but what a run puts aside for the next."""
    return {os.path.relpath(os.path.join(place, name), folder): read(os.path.join(place, name)) for place, _, names in os.walk(folder)
            for name in names if ".local" not in place}


LINES = "".join(json.dumps({"ts": f"2026-11-20T10:{m:02}:{s:02}Z", "user_id": f"u{m}-{s}", "status": 500 if s % 3 == 0 else 200}) + "\n"
                for m in range(1, 30) for s in range(60))


def begin():
    """A published project, with a ledger of its own."""
    mount()
    os.makedirs(f"{DISK}/flags")
    with open(f"{DISK}/flags/shop.yaml", "w") as file:
        file.write(SHOP % "5%")
    with open(f"{SCRATCH}/log.ndjson", "w") as file:
        file.write(LINES)
    for arguments in (["build", "-e", "production", "-o", "live.ffs"], ["set", "ramp", "10%", "-r", "begun", "--build", "live.ffs"]):
        done = run(FFC, *arguments)
        assert done.returncode == 0, done.stderr


def end():
    assert subprocess.run(["umount", DISK], check=False).returncode == 0


def is_sound():
    """What is left of a command that could not write is what another one can read."""
    record = read(f"{DISK}/flags/archive/production/publications.ndjson").decode().splitlines()
    whole = all(json.loads(line) for line in record)
    checks = [run(FFC, "check"), run(FFC, "verify", "live.ffs"), run(FFC, "log", "--json"), run(FFREPLAY, "history", "--verify")]
    return whole and all(done.returncode == 0 for done in checks) or [done.stderr + done.stdout for done in checks] + record


def entries():
    return [json.loads(read(f"{DISK}/flags/ledger/{name}")) for name in sorted(os.listdir(f"{DISK}/flags/ledger")) if name.endswith(".json")]


LOG = f"{SCRATCH}/log.ndjson"
EDIT = [FFC, "set", "ramp", "40%", "-r", "more", "--build", "live.ffs"]
COMMANDS = {
    "an edit": (EDIT, lambda: b"percent: 40%" in read(f"{DISK}/flags/shop.yaml")),
    "a build that is archived": ([FFC, "build", "-e", "production", "-o", "live.ffs"], None),
    "an emergency": ([FFC, "rollback", "pay", "-e", "production", "-r", "INC-7", "--build", "live.ffs"],
                     lambda: any(name.endswith(".yaml") for name in os.listdir(f"{DISK}/flags/overrides"))),
    "a freeze": ([FFC, "freeze", "--until", "2099-01-01T00:00:00Z", "-r", "holidays"], None),
    "a verdict that is applied": ([FFREPLAY, "decide", "pay", LOG, "-e", "production", "--apply", "--build", "live.ffs", "--now",
                                   "2026-11-20T10:30:00Z"], lambda: b"rolled_back" in read(f"{DISK}/flags/shop.yaml")),
    "an aggregate": ([FFREPLAY, "aggregate", "pay", LOG, "-e", "production", "-o", "part.agg"], lambda: os.path.exists(f"{DISK}/part.agg")),
    "a report": ([FFREPLAY, "report", "pay", LOG, "-e", "production", "-o", "page.html"], lambda: os.path.exists(f"{DISK}/page.html")),
}

for what, (command, is_done) in COMMANDS.items():
    wrong, told, refused, complete = [], [], 0, 0
    for left in (0, 1, 2, 3, 4, 5, 6, 8, 10, 14, 20, 48):
        begin()
        before, made, live = tree(f"{DISK}/flags"), len(entries()), read(f"{DISK}/live.ffs")
        if what == "a build that is archived":  # another snapshot than the one that is archived
            text = before["shop.yaml"].replace(b"owner: web, percent: 10%", b"owner: shop, percent: 12%")
            with open(f"{DISK}/flags/shop.yaml", "wb") as file:
                file.write(text)
            before["shop.yaml"] = text
        fill(left)
        done = run(*command)
        free()
        state = is_sound()
        if state is not True:
            wrong.append((left, state, done.stderr))
        if done.returncode not in (0, 20):  # 20: a rollback, with the verdict's exit code
            refused += 1
            if "No space left on device" not in done.stderr or "Traceback" in done.stderr:
                told.append((left, done.returncode, done.stderr))
            after = tree(f"{DISK}/flags")
            lost = [name for name in before if name not in after or (not after[name].startswith(before[name]) and name != "shop.yaml")]
            halves = is_done and os.path.exists(f"{DISK}/part.agg") and not read(f"{DISK}/part.agg").endswith(b"\n")
            if lost or halves:
                wrong.append((left, lost, halves))
            # With room again, the same command does its work, and the ledger has it once.
            again = run(*command)
            state = is_sound()
            if again.returncode not in (0, 20) and "nothing was changed" not in again.stderr + again.stdout and \
                    not (is_done and is_done() and state is True):
                wrong.append((left, "again", again.returncode, again.stderr, done.stderr))
            if state is not True:
                wrong.append((left, "again", state))
        else:
            complete += 1
        if is_done and not is_done():
            wrong.append((left, "not done", done.returncode, done.stderr))
        doubled = [entry["verdict"] for entry in entries()[made:] if entry["verdict"] not in ("publish", "report")]
        if len(doubled) != len(set(doubled)):
            wrong.append((left, "recorded twice", doubled))
        end()
    ok(not wrong, f"{what}: nothing good is lost", *wrong[:4])
    ok(not told, f"{what}: what lacks is said", *told[:4])
    ok(refused and complete, f"{what}: tried on both sides of what it takes", refused, complete)

# A watch that cannot act ends, as one that can do nothing for its canary: whoever started it starts another one.
begin()
now = time.time()
stamp = lambda seconds: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
text = read(f"{DISK}/flags/shop.yaml").decode().replace("2026-11-20T10:00:00Z", stamp(now - 1800))
with open(f"{DISK}/flags/shop.yaml", "w") as file:
    file.write(text)
with open(LOG, "w") as file:
    for i in range(1200):
        file.write(json.dumps({"ts": stamp(now - 1700 + i), "user_id": f"u{i}", "status": 500 if i % 3 == 0 else 200}) + "\n")
WATCH = [FFREPLAY, "watch", "pay", LOG, "-e", "production", "--apply", "--build", "live.ffs", "--interval", "1s", "--status-file", "status.json"]
fill(0)
done = run(*WATCH)
ok(done.returncode == 2 and "live.ffs" in done.stderr and "status.json" in done.stderr and done.stderr.count("No space left on device") >= 2,
   "a watch that cannot publish ends, and says why", done.returncode, done.stderr)
ok(b"state: running" in read(f"{DISK}/flags/shop.yaml") and len(entries()) == 1 and is_sound() is True, "what is published stays", is_sound())
free()
done = run(*WATCH)
ok(b"rolled_back" in read(f"{DISK}/flags/shop.yaml"), "started again with room, it rolls back", done.returncode, done.stderr)
ok([entry["verdict"] for entry in entries()].count("rollback") == 1 and is_sound() is True, "which is recorded once", entries(), is_sound())
end()
shutil.rmtree(SCRATCH, ignore_errors=True)
sys.exit(finish())
