#!/usr/bin/env python3
"""What was served when: each line is evaluated with what was published at its time."""
import datetime
import json
import os
import random
import shutil
import subprocess

import ledger
from lab import FFREPLAY, HOUR, SCRATCH, START, equal, exposed, finish, ok, project, requests, skip, write

FFC = os.path.join(os.path.dirname(FFREPLAY), "ffc")
DAY = 24 * HOUR
BASE = """project: {name: shop, environments: [production, staging], bucket_by: user_id}
attributes: {user_id: string}
logs:
  requests: {format: ndjson, time: ts, unit: user, context: {user_id: user}, fields: {status: status}}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
"""
WEEK = [5, 10, 20, 50, 30, 100, 60]  # percent of each day: it moved, and went back


def flag(percent, name="checkout", more=""):
    return f"flags:\n  {name}: {{owner: web{more}, rules: [{{name: some, percent: {percent}%}}]}}\n"


def rewrite(directory, text):
    with open(os.path.join(directory, "flags.yaml"), "w") as file:
        file.write(text)


def record(archive, environment="production"):
    return os.path.join(archive, environment, "publications.ndjson")


def build(directory, archive, at, environment="production", live="live"):
    """Publishes, and says that it was at that time."""
    output = os.path.join(SCRATCH, f"{live}-{environment}.ffs")
    done = subprocess.run([FFC, "build", "-C", directory, "-e", environment, "-o", output,
                           "--archive", archive], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    lines = open(record(archive, environment)).read().splitlines()
    last = json.loads(lines[-1])
    last["time"] = moment(at)
    with open(record(archive, environment), "w") as file:
        file.write("\n".join(lines[:-1] + [json.dumps(last)]) + "\n")
    return last


def moment(ms):
    return datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def git(directory, *arguments):
    done = subprocess.run(["git", "-C", directory, "-c", "user.name=a", "-c", "user.email=a@b",
                           *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def metrics(directory, *arguments, flag="checkout", environment="production"):
    return subprocess.run([FFREPLAY, "metrics", "-C", directory, "--flag", flag, "-e", environment,
                           "--by", "window,variant", "--window", "24h", "--json", *arguments],
                          capture_output=True, text=True)


def days(done):
    """By day, lines of each variant."""
    result = json.loads(done.stdout)
    counts = {}
    for group in result["groups"]:
        if "window" in group["by"]:
            counts.setdefault(group["by"]["window"], {})[group["by"]["variant"]] = group["lines"]
    return counts


def assignment(done):
    return json.loads(done.stdout)["assignment"]


def truth(lines, percent_of, salt="checkout"):
    counts = {}
    for line in lines:
        day = moment(line["ts"] - line["ts"] % DAY)
        percent = percent_of(line["ts"])
        variant = "on" if percent == 100 or exposed(line["user"], salt, percent) else "off"
        counts.setdefault(day, {}).setdefault(variant, 0)
        counts[day][variant] += 1
    return counts


MIDNIGHT = START - START % DAY
RNG = random.Random(int(os.environ.get("SEED", "7")))
LINES = sorted(({"ts": MIDNIGHT + RNG.randrange(20000, 7 * DAY - 20000), "user": f"u{RNG.randrange(900)}",
                 "status": 200} for _ in range(7000)), key=lambda line: line["ts"])
LINES = [line for line in LINES if 15000 < line["ts"] % DAY < DAY - 15000]
LOG = write("week.ndjson", LINES)


def percent_of(ts):
    return WEEK[(ts - MIDNIGHT) // DAY]


def week(name, text_of=flag, repository=False):
    directory = project(name, text_of(WEEK[0]), base=BASE)
    archive = os.path.join(SCRATCH, f"{name}-archive")
    shutil.rmtree(archive, ignore_errors=True)
    if repository:
        git(SCRATCH, "init", "-q", directory)
    published = []
    for day, percent in enumerate(WEEK):
        rewrite(directory, text_of(percent))
        if repository:
            git(directory, "add", ".")
            git(directory, "commit", "-qm", f"{percent}")
        published.append(build(directory, archive, MIDNIGHT + day * DAY))
    return directory, archive, published


# -------------------------------------------------------------------------------------- the week

directory, archive, published = week("week")
TRUTH = truth(LINES, percent_of)
done = metrics(directory, LOG, "--archive", archive)
equal(days(done), TRUTH, "each day's counts are of the percentage that it had")
equal(assignment(done), {"served": len(LINES), "from_git": 0, "assumed": 0}, "all lines as served then")
equal(done.stderr, "", "without a word on stderr")

rewrite(directory, flag(77))
again = metrics(directory, LOG, "--archive", archive)
equal([days(again), assignment(again)["served"]], [TRUTH, len(LINES)],
      "an edit of today does not change the past")
now = metrics(directory, LOG)
equal(days(now), truth(LINES, lambda ts: 77), "without an archive, the definitions of today are taken")
equal(assignment(now), {"served": 0, "from_git": 0, "assumed": len(LINES)}, "which the result says")

shuffled = LINES[:]
RNG.shuffle(shuffled)
other = write("shuffled.ndjson", shuffled)
equal(metrics(directory, other, "--archive", archive).stdout, again.stdout, "shuffled lines: the same bytes")
equal([metrics(directory, LOG, "--archive", archive, "--threads", threads).stdout for threads in "13"],
      [again.stdout] * 2, "any number of threads: the same bytes")

text = subprocess.run([FFREPLAY, "metrics", "-C", directory, "--flag", "checkout", "-e", "production", LOG,
                       "--archive", archive], capture_output=True, text=True).stdout
ok(f"{len(LINES)} lines as served then" in text, "the page says it in words", text)

# before the record begins
early = [dict(line, ts=line["ts"] - 3 * DAY) for line in LINES[:400]]
done = metrics(directory, write("early.ndjson", early + LINES), "--archive", archive)
equal(assignment(done), {"served": len(LINES), "from_git": 0, "assumed": len(early)},
      "what was before the first publication is assumed")

# a transition
close = [dict(LINES[0], ts=MIDNIGHT + 2 * DAY + offset) for offset in (-10001, -10000, 0, 9999, 10000)]
path = write("close.ndjson", close)
left = lambda *options: json.loads(metrics(directory, path, "--archive", archive, *options).stdout)["input"]["left_out"]
equal(left(), {"transition": 3}, "lines so close to a publication are left out")
equal(left("--settle", "0s"), {}, "as many as --settle says")

# ------------------------------------------------------------------------------ what is not there

third, fifth = published[2]["build"], published[4]["build"]
os.unlink(os.path.join(archive, "production", f"{third}.ffs"))
damaged = os.path.join(archive, "production", f"{fifth}.ffs")
os.chmod(damaged, 0o644)
with open(damaged, "r+b") as file:
    file.seek(300)
    byte = file.read(1)
    file.seek(300)
    file.write(bytes([byte[0] ^ 1]))
done = metrics(directory, LOG, "--archive", archive)
lost = sum(1 for line in LINES if percent_of(line["ts"]) in (WEEK[2], WEEK[4]))
equal(assignment(done), {"served": len(LINES) - lost, "from_git": 0, "assumed": lost},
      "a missing and a damaged snapshot: their lines are assumed")
equal(days(done), truth(LINES, lambda ts: 77 if percent_of(ts) in (WEEK[2], WEEK[4]) else percent_of(ts)),
      "to be as the definitions say now")
ok(third[:12] in done.stderr and fifth[:12] in done.stderr and "assumed" in done.stderr,
   "each is named on stderr", done.stderr)

with open(record(archive), "a") as file:
    file.write('{"time":"2026-11-2')
done = metrics(directory, LOG, "--archive", archive)
ok("cut off" in done.stderr and done.returncode == 0, "a last line that was cut off is said", done.stderr)
last = sum(1 for line in LINES if percent_of(line["ts"]) == WEEK[6])
equal(assignment(done)["assumed"], lost + last, "and what came after the one before it is assumed")

# what an editor adds to a record is no part of it
directory, archive, published = week("edited")
text = open(record(archive)).read()
with open(record(archive), "w", newline="") as file:
    file.write("\ufeff" + text.replace("\n", "\r\n"))
done = metrics(directory, LOG, "--archive", archive)
equal([days(done), done.stderr], [TRUTH, ""], "a byte order mark and CR do not count")

# a line that is lost leaves its snapshot behind
with open(record(archive), "w") as file:
    file.write("".join(line + "\n" for i, line in enumerate(text.splitlines()) if i != 3))
done = metrics(directory, LOG, "--archive", archive)
ok(f"keeps build {published[3]['build'][:12]}, which no publication names" in done.stderr, "a lost line is noticed",
   done.stderr)
equal(days(done), truth(LINES, lambda ts: WEEK[2] if percent_of(ts) == WEEK[3] else percent_of(ts)),
      "the publication before it is taken for it")
with open(record(archive), "w") as file:
    file.write("".join(line + "\n" for line in text.splitlines()[:5]))
done = metrics(directory, LOG, "--archive", archive)
least = min(one["build"] for one in published[5:])
ok(f"keeps 2 builds that no publication names, such as {least[:12]}" in done.stderr, "so are lost lines", done.stderr)

# publications of one time, and a clock that was set back


def rerecorded(changes):
    told = [json.loads(line) | changes.get(i, {}) for i, line in enumerate(text.splitlines())]
    with open(record(archive), "w") as file:
        file.write("".join(json.dumps(one) + "\n" for one in told))
    return metrics(directory, LOG, "--archive", archive)


for first, percent in ((1, WEEK[2]), (3, WEEK[4]), (4, WEEK[5])):  # whatever their builds' order is
    done = rerecorded({first + 1: {"time": published[first]["time"]}})
    equal([days(done), done.stderr],
          [truth(LINES, lambda ts: percent if (ts - MIDNIGHT) // DAY == first else percent_of(ts)), ""],
          f"of two of one time, the one that was recorded later counts, {first}")
done = rerecorded({4: {"time": moment(MIDNIGHT + 3 * DAY - 6 * HOUR)}})
back = MIDNIGHT + 3 * DAY - 6 * HOUR
equal(days(done), truth([line for line in LINES if abs(line["ts"] - back) > 10000],
                        lambda ts: WEEK[4] if back <= ts < MIDNIGHT + 3 * DAY else
                        WEEK[3] if 3 <= (ts - MIDNIGHT) // DAY < 5 else percent_of(ts)),
      "their times say what was in force")
ok("publications.ndjson:5: warning: it is of a time 6h before that of the line above it:" in done.stderr,
   "and that they go back is said", done.stderr)
equal(rerecorded({4: {"time": moment(MIDNIGHT + 3 * DAY - 8000)}}).stderr, "", "that machines' clocks differ is not")
with open(record(archive), "w") as file:
    file.write(text)
emptied = os.path.join(archive, "production", f"{published[1]['build']}.ffs")
os.chmod(emptied, 0o644)
with open(emptied, "w"):
    pass
done = metrics(directory, LOG, "--archive", archive)
ok("it is empty" in done.stderr and assignment(done)["assumed"] > 0, "an empty snapshot is said to be", done.stderr)

# an archive of which nothing is left
with open(os.path.join(directory, "project.yaml"), "w") as file:
    file.write(BASE.replace("bucket_by: user_id}", "bucket_by: user_id, archive: gone}"))
done = metrics(directory, LOG)
ok("no publication is recorded in" in done.stderr and "gone" in done.stderr and assignment(done)["served"] == 0,
   "an archive without a record is said to be", done.stderr)

# ------------------------------------------------------------------------------------ experiments

# Nobody logged variants: who was in which arm comes from the ledger, or from what was published.
EXPERIMENT = """flags:
  button:
    owner: web
    type: string
    variants: {blue: b, green: g}
    default: blue
    experiment: {split: {blue: 50%, green: 50%}, control: blue, primary: failed, state: draft}
"""
TRIAL = BASE.replace("metrics:\n", "metrics:\n  failed: {kind: proportion, of: {status: {gte: 500}}, per: unit, better: lower}\n")
directory = project("trial", EXPERIMENT, base=TRIAL)
archive = os.path.join(SCRATCH, "trial-archive")
BEGIN, END = MIDNIGHT + 2 * DAY, MIDNIGHT + 5 * DAY


def turn(action, at, *more):
    done = subprocess.run([FFC, "experiment", action, "button", "-C", directory, "-e", "production", "--reason", "x",
                           "--at", moment(at), *more], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)


def analysis(*arguments):
    return subprocess.run([FFREPLAY, "analyze", "button", LOG, "-C", directory, "-e", "production", "--json", *arguments],
                          capture_output=True, text=True)


build(directory, archive, MIDNIGHT - DAY)
turn("start", BEGIN)
build(directory, archive, BEGIN)
running = json.loads(analysis("--from", moment(BEGIN), "--to", moment(END)).stdout)
turn("conclude", END, "--winner", "green", "--without-evidence")
build(directory, archive, END)
inside = {line["user"] for line in LINES if BEGIN <= line["ts"] < END}
ok(min(running["units"].values()) > len(inside) / 3, "both arms have units while it runs", running["units"])
for way, options in (("the ledger", ()), ("the archive", ("--archive", archive))):
    done = analysis(*options)
    after = json.loads(done.stdout)
    equal([after["units"], after["left_out"].get("crossovers", 0)], [running["units"], 0],
          f"once it is concluded, arms are those of then, by {way}")
    ok(any("was concluded at" in note for note in after["notes"]), f"and what came after is left out, by {way}", after["notes"])
by_day = days(metrics(directory, LOG, flag="button"))
for day, counts in by_day.items():
    ran = moment(BEGIN) <= day < moment(END)
    equal(set(counts), {"blue", "green"} if ran else {"green"} if day >= moment(END) else {"blue"},
          f"metrics know what {day} was served")

os.rename(os.path.join(directory, "ledger"), os.path.join(SCRATCH, "trial-ledger"))
done = analysis()
ok(done.returncode == 2 and "no unit was exposed" in done.stderr and "it is concluded" in done.stderr,
   "where nothing tells, nobody is put in the winner's arm", done.stdout, done.stderr)
done = analysis("--archive", archive)
equal(json.loads(done.stdout)["units"], running["units"], "the archive alone tells")
os.rename(os.path.join(SCRATCH, "trial-ledger"), os.path.join(directory, "ledger"))
rewrite(directory, EXPERIMENT.replace("draft", "running"))
notes = json.loads(analysis().stdout)["notes"]
ok(any("as if the experiment had always been running: the ledger says otherwise" in note for note in notes),
   "a state that was edited without the ledger is told of", notes)

# ------------------------------------------------------------------------------- begun once more

# Stopped, given other arms, and started again: two runs, each with its own arms and its own units.
SECOND = (EXPERIMENT.replace("{blue: b, green: g}", "{blue: b, green: g, red: r}")
          .replace("{blue: 50%, green: 50%}", "{blue: 20%, green: 20%, red: 60%}"))
directory = project("again", EXPERIMENT, base=TRIAL)
archive = os.path.join(SCRATCH, "again-archive")
STOP, AGAIN = MIDNIGHT + 3 * DAY, MIDNIGHT + 4 * DAY
FIRST = ("--from", moment(BEGIN), "--to", moment(STOP))


def users(begin, end):
    return {line["user"] for line in LINES if begin <= line["ts"] < end}


build(directory, archive, MIDNIGHT - DAY)
turn("start", BEGIN)
build(directory, archive, BEGIN)
first = json.loads(analysis(*FIRST, "--archive", archive).stdout)["units"]
equal([set(first), sum(first.values())], [{"blue", "green"}, len(users(BEGIN, STOP))], "the first run has all units of its day in its arms")
turn("stop", STOP)
build(directory, archive, STOP)
rewrite(directory, SECOND)
build(directory, archive, STOP + DAY // 2)
turn("start", AGAIN)
build(directory, archive, AGAIN)
SHARES = {"blue": 0.2, "green": 0.2, "red": 0.6}
by_day = days(metrics(directory, LOG, "--archive", archive, flag="button"))
for day, counts in by_day.items():
    arms = {"blue", "green"} if moment(BEGIN) <= day < moment(STOP) else set(SHARES) if day >= moment(AGAIN) else {"blue"}
    equal(set(counts), arms, f"on {day}, lines are of the arms of then")
ok(abs(by_day[moment(BEGIN)]["green"] / sum(by_day[moment(BEGIN)].values()) - 0.5) < 0.08, "and in their shares", by_day)
second = None
for way, options in (("the ledger", ()), ("the archive", ("--archive", archive)), ("--from", ("--archive", archive, "--from", moment(AGAIN)))):
    result = json.loads(analysis(*options).stdout)
    second = second or result["units"]
    equal([sum(result["units"].values()), result["units"], result["left_out"]["crossover"]], [len(users(AGAIN, MIDNIGHT + 7 * DAY)), second, 0],
          f"the second run has units of its own, and none of the first, by {way}")
    ok(any("it ran before: its units are those since it was started again, " + moment(AGAIN) in note for note in result["notes"]),
       f"which is said, by {way}", result["notes"])
ok(all(abs(second[arm] / sum(second.values()) - share) < 0.06 for arm, share in SHARES.items()), "in the arms of the second run", second)
result = json.loads(analysis(*FIRST, "--archive", archive).stdout)
equal([result["units"], any("of before it was started again" in note for note in result["notes"])], [dict(first, red=0), True],
      "the first run is as it was, and said to be before")
result = json.loads(analysis("--from", moment(BEGIN)).stdout)
ok(any("of several runs" in note for note in result["notes"]) and any("arms that are defined now" in note for note in result["notes"]),
   "several runs in one, and arms that are assumed, are told of", result["notes"])
aggregates = os.path.join(SCRATCH, "again.agg")
AGGREGATE = [FFREPLAY, "aggregate", "button", LOG, "-C", directory, "-e", "production", "--units", "--archive", archive, "-o", aggregates]
done = subprocess.run(AGGREGATE, capture_output=True, text=True)
result = subprocess.run([FFREPLAY, "analyze", "button", "-C", directory, "-e", "production", "--json", "--archive", archive, "--from", aggregates],
                        capture_output=True, text=True)
equal(json.loads(result.stdout or "{}").get("units"), second, "aggregates are of the second run, too") or print("#", done.stderr, result.stderr)
turn("conclude", MIDNIGHT + 6 * DAY, "--winner", "red", "--without-evidence")
build(directory, archive, MIDNIGHT + 6 * DAY)
result = json.loads(analysis("--archive", archive).stdout)
equal([sum(result["units"].values()), set(result["units"])], [len(users(AGAIN, MIDNIGHT + 6 * DAY)), set(SHARES)],
      "once that is concluded, its units are those of the second run alone")

# --------------------------------------------------------------------------------------------- git

if shutil.which("git"):
    directory, archive, published = week("committed", repository=True)
    ok(all(one["commit"] for one in published), "each publication has its commit", published)
    rewrite(directory, flag(77))
    shutil.copy(record(archive), os.path.join(SCRATCH, "record"))
    bare = os.path.join(SCRATCH, "bare")
    os.makedirs(os.path.join(bare, "production"))
    shutil.copy(record(archive), record(bare))
    done = metrics(directory, LOG, "--archive", bare)
    equal(days(done), TRUTH, "without snapshots, git has each day's definitions")
    equal(assignment(done), {"served": 0, "from_git": len(LINES), "assumed": 0}, "as the result says")
    ok("its commit is compiled instead" in done.stderr, "and stderr", done.stderr)

    # the ledger alone
    parents = []
    for one in published:
        entry = {"format_version": 1, "time": one["time"], "actor": "ci", "flag": None,
                 "environment": "production", "verdict": "publish", "rule": "manual",
                 "reason": "live.ffs was published", "evidence": [],
                 "publication": {key: one[key] for key in ("build", "commit", "generation")},
                 "parents": parents}
        raw = (json.dumps(entry, separators=(",", ":")) + "\n").encode()
        name = one["time"].replace("-", "").replace(":", "")
        os.makedirs(os.path.join(directory, "ledger"), exist_ok=True)
        with open(os.path.join(directory, "ledger", f"{name}-{ledger.hash_of(raw)[:12]}.json"), "wb") as file:
            file.write(raw)
        parents = [ledger.hash_of(raw)]
    done = metrics(directory, LOG)
    equal([days(done), assignment(done)["from_git"], done.stderr], [TRUTH, len(LINES), ""],
          "the ledger's entries alone tell the commits")
    done = metrics(directory, LOG, "--archive", archive)
    equal([days(done), assignment(done)["served"]], [TRUTH, len(LINES)], "together with an archive they are one")

    # a commit that git does not have
    shutil.rmtree(os.path.join(directory, ".git"))
    done = metrics(directory, LOG)
    equal([days(done), assignment(done)["assumed"]], [truth(LINES, lambda ts: 77), len(LINES)],
          "without a repository, today's definitions are assumed")
    ok("assumed" in done.stderr and "git" in done.stderr and done.stderr.count("\n") < 20,
       "which is said, and not once a publication", done.stderr)
else:
    skip("definitions from git", "there is no git")

# ---------------------------------------------------------------------------------------- a rename

directory, archive, published = week("renamed")
rewrite(directory, flag(77, name="new-checkout", more=", salt: checkout"))
done = metrics(directory, LOG, "--archive", archive, flag="new-checkout")
equal([days(done), assignment(done)["served"]], [TRUTH, len(LINES)], "a flag that was renamed is followed by its salt")
rewrite(directory, flag(77, name="new-checkout"))
done = metrics(directory, LOG, "--archive", archive, flag="new-checkout")
equal([set().union(*[day.keys() for day in days(done).values()]), assignment(done)["assumed"]], [{None}, 0],
      "another flag of that time is not taken for it: it was not there")

# --------------------------------------------------------------------------------- an override

directory = project("held", flag(50), base=BASE)
archive = os.path.join(SCRATCH, "held-archive")
build(directory, archive, MIDNIGHT)
os.makedirs(os.path.join(directory, "overrides"))
held = os.path.join(directory, "overrides", "rollback-1.yaml")
with open(held, "w") as file:
    file.write("overrides:\n  - {id: rollback-1, flags: [checkout], serve: default, reason: INC-1}\n")
build(directory, archive, MIDNIGHT + 2 * DAY)
os.unlink(held)
build(directory, archive, MIDNIGHT + 3 * DAY)
rewrite(directory, flag(77))
done = metrics(directory, LOG, "--archive", archive)
within = [line for line in LINES if 2 * DAY <= line["ts"] - MIDNIGHT < 3 * DAY]
equal(json.loads(done.stdout)["input"]["left_out"], {"override": len(within)},
      "an override that was lifted since: the lines of its time are left out")
equal(days(done), truth([line for line in LINES if not 2 * DAY <= line["ts"] - MIDNIGHT < 3 * DAY], lambda ts: 50), "and no others")

# --------------------------------------------------------------------------- two environments

TWO = "flags:\n  checkout:\n    owner: web\n    environments:\n" \
      "      production: {rules: [{percent: %d%%}]}\n      staging: {rules: [{percent: %d%%}]}\n"
directory = project("two", TWO % (10, 90), base=BASE)
archive = os.path.join(SCRATCH, "two-archive")
build(directory, archive, MIDNIGHT)
build(directory, archive, MIDNIGHT, environment="staging")
rewrite(directory, TWO % (20, 90))
build(directory, archive, MIDNIGHT + 3 * DAY)
rewrite(directory, TWO % (20, 30))
build(directory, archive, MIDNIGHT + 5 * DAY, environment="staging")
rewrite(directory, TWO % (1, 1))
at = lambda day, one, other: lambda ts: one if ts < MIDNIGHT + day * DAY else other
equal(days(metrics(directory, LOG, "--archive", archive)), truth(LINES, at(3, 10, 20)), "production has its own past")
equal(days(metrics(directory, LOG, "--archive", archive, environment="staging")), truth(LINES, at(5, 90, 30)),
      "and staging another")

# ------------------------------------------------------------------------------------- a canary

CANARY = """flags:
  checkout:
    owner: web
    canary:
      stages: [{name: first, percent: %d%%, min_samples: 10}, {name: full, percent: 100%%}]
      guards: [{metric: error_rate, max: 5%%, action: rollback}]
      state: running
      stage: first
      since: %s
"""
directory = project("canary", CANARY % (10, moment(MIDNIGHT)), base=BASE)
archive = os.path.join(SCRATCH, "canary-archive")
build(directory, archive, MIDNIGHT - HOUR)
rewrite(directory, CANARY % (40, moment(MIDNIGHT)))
build(directory, archive, MIDNIGHT + 3 * DAY)


def judge(program, *arguments):
    return subprocess.run([FFREPLAY, program, "checkout", LOG, "-C", directory, "-e", "production", *arguments],
                          capture_output=True, text=True)


def in_canary(percent_at):
    return sum(exposed(line["user"], "checkout", percent_at(line["ts"])) for line in LINES)


def sizes(result):
    return [result["criteria"][0]["canary"]["n"], result["input"]["used"]]


moved = at(3, 10, 40)
result = json.loads(judge("decide", "--json", "--archive", archive).stdout)
equal(sizes(result), [in_canary(moved), len(LINES)], "a canary's groups are those of the percentage of the time")
equal(result["assignment"], {"served": len(LINES), "from_git": 0, "assumed": 0}, "as decide says")
ok(result["health"]["healthy"] and any("another percentage" in note for note in result["health"]["notes"]),
   "units that moved with the percentage are no sample ratio mismatch", result["health"])
now = json.loads(judge("decide", "--json").stdout)
equal(sizes(now), [in_canary(lambda ts: 40), len(LINES)], "without the record, those of today's")
page = judge("decide", "--archive", archive).stdout
ok(f"assigned  {len(LINES)} lines as served then" in page, "the page says it", page)
result = json.loads(judge("health", "--archive", archive).stdout)
equal(result["assignment"]["served"], len(LINES), "health says it")
equal(result["variants"]["on"]["lines"] if "lines" in result["variants"]["on"] else result["variants"]["on"],
      in_canary(moved), "and counts by it")

# the audience of then
AUDIENCE = CANARY.replace("{name: first, percent: %d%%", "{name: first, percent: %d%%, if: {user_id: {starts_with: u1}}")
rewrite(directory, AUDIENCE % (40, moment(MIDNIGHT)))
build(directory, archive, MIDNIGHT + 5 * DAY)
result = json.loads(judge("decide", "--json", "--archive", archive).stdout)
outside = sum(1 for line in LINES if line["ts"] >= MIDNIGHT + 5 * DAY and not line["user"].startswith("u1"))
equal(result["input"]["left_out"], {"not_in_audience": outside}, "and so is its audience")

# the group of control is worked out of a snapshot as of definitions
CASES = {
    "everybody": ("", ""),
    "alternatives": (", if: {any: [{country: [NO, SE]}, {user_id: {starts_with: u2}}, {segment: nordic}]}", ""),
    "no_country": (", if: {not: {all: [{country: US}, {user_id: {ends_with: '1'}}]}}", ""),
    "rules_before": ("", "rules: [{name: early, if: {country: DE}, percent: 30%}]"),
    "lists_and_requirements": (", if: {country: {in: [NO, DE]}}", "users: {on: [u1, u2], off: [u3]}\nrequires: {other: on}"),
    "several_attributes": ("", "bucket_by: {join: [user_id, country]}"),
}
for case, (audience, more) in CASES.items():
    text = f"""flags:
  other: {{owner: web, rules: [{{percent: 70%}}]}}
  canary.checkout:
    owner: web
{"".join(f"    {line}" + chr(10) for line in more.splitlines())}    canary:
      stages: [{{name: first, percent: 20%, min_samples: 10{audience}}}, {{name: full, percent: 100%}}]
      guards: [{{metric: error_rate, max: 5%, action: rollback}}]
      state: running
      stage: first
      since: 2026-11-20T10:00:00Z
"""
    directory = project(f"case-{case}", text)
    archive = os.path.join(SCRATCH, f"case-{case}-archive")
    build(directory, archive, START - HOUR)
    path = write(f"case-{case}.ndjson", requests(3000, seed=5))
    judge_case = lambda *options: json.loads(subprocess.run(
        [FFREPLAY, "decide", "canary.checkout", path, "-C", directory, "-e", "production", "--json", *options],
        capture_output=True).stdout)
    then, today = judge_case("--archive", archive), judge_case()
    equal(then.pop("assignment")["served"], today.pop("assignment")["assumed"], f"{case}: evaluated as served")
    equal(then, today, f"{case}: the same verdict, groups and causes")
    ok(today["input"]["used"] > 100, f"{case}: of some lines", today["input"])

# a policy is played by its own stages
directory, archive = os.path.join(SCRATCH, "canary"), os.path.join(SCRATCH, "canary-archive")
played = subprocess.run([FFREPLAY, "backtest", "checkout", LOG, "-C", directory, "-e", "production", "--json"],
                        capture_output=True, text=True)
with open(os.path.join(directory, "project.yaml"), "w") as file:
    file.write(BASE.replace("bucket_by: user_id}", "bucket_by: user_id, archive: kept}"))
shutil.copytree(archive, os.path.join(directory, "kept"))
with_record = subprocess.run([FFREPLAY, "backtest", "checkout", LOG, "-C", directory, "-e", "production", "--json"],
                             capture_output=True, text=True)
equal(with_record.stdout, played.stdout, "a backtest goes by its own stages")
result = json.loads(judge("decide", "--json").stdout)
equal(result["assignment"]["served"], len(LINES), "project.archive is found without an option")

finish()
