#!/usr/bin/env python3
"""What all five systems of flags/ say over their logs, they say over aggregates of shards of them, byte for byte:
by unit and by time, of one, three and sixteen shards, merged in any order and grouping.

Runs: first."""
import json
import os
import random
import re
import shutil
import subprocess

import lab
from hostile_rows import sealed
from lab import FFREPLAY, SCRATCH, Result, equal, finish, ok
from systems import CANARIES, EXPERIMENTS, START, system_logs

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))
SEED = int(os.environ.get("SEED", "1"))
rng = random.Random(SEED)
print(f"# SEED={SEED}")
SYSTEMS = os.path.join(SCRATCH, "flags")
shutil.copytree(os.path.join(lab.TOP, "flags"), SYSTEMS)
for flag in CANARIES:
    subprocess.run([FFC, "canary", "start", flag, "-C", SYSTEMS, "-e", "production", "--actor", "amira", "--at",
                    "2026-11-20T09:00:00Z", "--reason", "it is time"], check=True, capture_output=True)


def run(*arguments):
    return Result(subprocess.run([FFREPLAY, *arguments], capture_output=True))


def of(directory):
    return ["-C", directory, "-e", "production"]


def shards_of(lines, count, time, unit):
    """By the unit, or by the time."""
    if count == 1:
        return [lines]
    shards = [[] for _ in range(count)]
    if unit:
        for line in lines:
            shards[hash_of(str(line.get(unit))) % count].append(line)
    else:
        for number, line in enumerate(sorted(lines, key=lambda line: line[time])):
            shards[number * count // len(lines)].append(line)
    return shards


def hash_of(text):
    number = 7
    for character in text:
        number = (number * 31 + ord(character)) % 1000003
    return number


def merged(files, name):
    """In a random order, and grouping."""
    files = list(files)
    for step in range(len(files)):
        if len(files) == 1:
            break
        rng.shuffle(files)
        some = rng.randint(2, len(files))
        path = os.path.join(SCRATCH, f"{name}-merged-{step}.agg")
        done = run("merge", *files[:some], "-o", path)
        if done.status:
            ok(False, f"{name}_is_merged", done.err)
            return None
        files = [path, *files[some:]]
    return files[0]


def aggregated(directory, flags, logs, count, by, name, *options):
    """`logs`: by name, (lines, the field of the time, that of the unit)."""
    files, dealt = [], {log: shards_of(lines, count, time, unit if by == "unit" else None)
                        for log, (lines, time, unit) in logs.items()}
    for number in range(count):
        given = [f"{log}=" + lab.write(f"{name}-{log}-{number}.ndjson", [json.dumps(line) for line in shards[number]])
                 for log, shards in dealt.items()]
        path = os.path.join(SCRATCH, f"{name}-{number}.agg")
        done = run("aggregate", *flags, *given, "--units", *of(directory), *options, "-o", path)
        if done.status:
            ok(False, f"{name}_is_aggregated", done.err)
            return None
        files.append(path)
    return merged(files, name)


def respelt(file, name):
    """Some rows with other spaces and their fields in another order, which is what JSON leaves open."""
    def shuffled(value):
        if isinstance(value, list):
            return [shuffled(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {key: shuffled(value[key]) for key in rng.sample(list(value), len(value))}

    rows = [row if place == 0 or rng.random() < 0.5 else json.dumps(shuffled(json.loads(row)), ensure_ascii=False).encode()
            for place, row in enumerate(open(file, "rb").read().splitlines()[:-1])]
    path = os.path.join(SCRATCH, name)
    with open(path, "wb") as out:
        out.write(sealed(rows))
    return path


def unplaced(page):
    """Without how it is made again, and which files it was made of."""
    return re.sub(r'<tr><th scope="row">log</th>.*\n', "", re.sub(r"ffreplay (report|decide|health|analyze) [^<]*", "", page))


class Questions:
    """What is asked of the logs once, and of each form of their aggregates."""

    def __init__(self, directory, logs, questions):
        self.directory, self.questions = directory, questions
        self.answers = [self.ask(question, logs) for question in questions]
        refused = [(question, answer[1]) for question, answer in zip(questions, self.answers) if answer[0] in (1, 2)]
        ok(not refused, "the_logs_answer", refused[:2])

    def ask(self, question, given):
        files = [(at, os.path.join(SCRATCH, f"written{at}")) for at, word in enumerate(question) if word == "FILE"]
        asked = list(question)
        for at, path in files:
            asked[at] = path
            if os.path.exists(path):
                os.unlink(path)
        done = run(*asked, *given, *of(self.directory))
        written = [unplaced(open(path, errors="replace").read()) for _, path in files if os.path.exists(path)]
        out = re.sub(r", \d+ kB", "", done.out)
        return done.status, done.err if done.status in (1, 2) else "", out, written

    def compare(self, file, name):
        differ = []
        for question, answer in zip(self.questions, self.answers):
            found = self.ask(question, ["--from", file]) if file else None
            if found is None or (found[0], found[2:]) != (answer[0], answer[2:]):
                differ.append((question, found and found[1]))
        ok(not differ, name, len(differ), differ[:3])


FORMS = [("unit", 16), ("time", 16), ("unit", 3), ("time", 3), ("time", 1)]
METHODS = [["--method", method] for method in ("fixed", "bayesian")]


def experiment_questions(flag, by):
    asked = [["--json"], [], ["--format", "markdown"], ["--units", "FILE"], ["--cuped", "--json"]]
    asked += [[*method, "--json"] for method in METHODS] + [["--by", field, "--json"] for field in by]
    asked += [["--stratify", field] for field in by[:1]] + [["--report", "FILE"]]
    return [["analyze", flag, *options] for options in asked]


# ---------------------------------------------------------------------------------- the five systems
LOGS = system_logs(random.Random(SEED), scale=0.15)
for log, (lines, time, unit) in LOGS.items():
    by = [field for field in ("country", "plan", "region") if field in lines[0]]
    canaries = [flag for flag, own in CANARIES.items() if own == log]
    experiments = [flag for flag, own in EXPERIMENTS.items() if own == log]
    asked = [question for flag in experiments for question in experiment_questions(flag, by)]
    for flag in canaries:
        asked += [["decide", flag, "--json"], ["decide", flag], ["health", flag, "--json"], ["health", flag],
                  ["metrics", "--flag", flag, "--format", "csv"], ["metrics", "--flag", flag, "--json"],
                  ["decide", flag, "--report", "FILE"], ["health", flag, "--report", "FILE"]]
    asked += [["report", flag, "-o", "FILE"] for flag in canaries + experiments]
    questions = Questions(SYSTEMS, [f"{log}=" + lab.write(f"{log}.ndjson", [json.dumps(line) for line in lines])], asked)
    for kind, count in FORMS:
        options = [word for field in by for word in ("--by", field)] + ["--over-time"]
        file = aggregated(SYSTEMS, canaries + experiments, {log: (lines, time, unit)}, count, kind,
                          f"{log}-{count}-{kind}", *options)
        questions.compare(file, f"{log}_in_{count}_by_{kind}_says_the_same")

# ------------------------------------------------------------------- exposures and outcomes apart, several arms
DEFINITIONS = """\
project: {name: lab, environments: [production], bucket_by: user_id}
attributes: {user_id: string, country: string}
logs:
  exposures: {format: ndjson, time: t, unit: user_id, flag: flag, variant: variant, context: {country: country}}
  outcomes: {format: ndjson, time: t, unit: user_id}
metrics:
  bought: {kind: proportion, of: {event: buy}, per: unit, log: outcomes, better: higher}
  spent: {kind: mean, value: amount, per: unit, agg: sum, winsorize: 99%, log: outcomes, better: higher}
  capped: {kind: mean, value: amount, per: unit, agg: sum, cap: 20, log: outcomes, better: higher}
  dearest: {kind: mean, value: amount, per: unit, agg: max, log: outcomes, better: higher}
  latest: {kind: mean, value: amount, per: unit, agg: last, log: outcomes, better: higher}
  usual: {kind: mean, value: amount, per: unit, agg: mean, log: outcomes, better: higher}
  often: {kind: mean, value: amount, per: unit, agg: count, log: outcomes, better: higher}
  middle: {kind: quantile, q: 0.5, value: amount, per: unit, agg: sum, log: outcomes}
  slow: {kind: quantile, q: 0.9, value: amount, log: outcomes, better: lower}
  price: {kind: mean, value: amount, log: outcomes}
  share: {kind: ratio, numerator: clicks, denominator: views, log: outcomes, better: higher}
  errors: {kind: proportion, of: {status: 500}, log: outcomes, better: lower}
  seen: {kind: proportion, of: {country: SE}, log: exposures}
flags:
  button:
    owner: lab
    type: string
    variants: {blue: blue, green: green, "a/b %": red, plum: plum}
    default: blue
    experiment:
      split: {blue: 40%, green: 20%, "a/b %": 20%, plum: 20%}
      control: blue
      primary: bought
      metrics: [spent, capped, dearest, latest, usual, often, middle, slow, price, share]
      guards: [{metric: errors, max_increase: 30%, action: alert}]
      METHOD
      state: running
"""
DAY = 86400


def shop(name, method, count=700, days=5):
    directory = os.path.join(SCRATCH, name)
    os.makedirs(directory)
    with open(os.path.join(directory, "flags.yaml"), "w", encoding="utf-8") as file:
        file.write(DEFINITIONS.replace("METHOD", method))
    exposures, outcomes = [], []
    for i in range(count):
        arm = rng.choices(["blue", "green", "a/b %", "plum", "none"], [40, 20, 20, 20, 1])[0]
        at, user = START + int(rng.random() * days * DAY), f"u{i}"
        for _ in range(rng.choice([1, 1, 3])):
            exposures.append({"t": at + rng.choice([0, 0, 60, 3600]), "user_id": user, "flag": "button",
                              "variant": arm if rng.random() > 0.02 else "blue",
                              "country": rng.choice(["SE", "NO", "<DE>", "ü", None])})
        for _ in range(rng.choice([0, 1, 2, 6])):
            outcomes.append({"t": at + rng.randint(-DAY, DAY), "user_id": user, "event": rng.choice(["buy", "see"]),
                             "amount": rng.choice([1, 2, 7.25, 0.1, 1e-9, -3, 250, "much"]), "clicks": rng.randint(0, 3),
                             "views": rng.randint(0, 9), "status": rng.choice([200, 200, 500])})
    outcomes += [{"t": START + i, "user_id": f"never{i}", "event": "buy"} for i in range(40)]
    outcomes += [{"t": START, "event": "buy"}, {"t": START + 5, "user_id": "u1"}]
    exposures += [{"t": START, "flag": "button", "variant": "blue"}, {"t": START, "user_id": "u2", "flag": "x"}]
    return directory, {"exposures": (exposures, "t", "user_id"), "outcomes": (outcomes, "t", "user_id")}


def shop_holds(name, method, forms, more=()):
    directory, logs = shop(name, method)
    given = [f"{log}=" + lab.write(f"{name}-{log}.ndjson", [json.dumps(line) for line in lines])
             for log, (lines, _, _) in logs.items()]
    questions = Questions(directory, given, [*experiment_questions("button", ["country"]), *more])
    for kind, count in forms:
        file = aggregated(directory, ["button"], logs, count, kind, f"{name}-{count}-{kind}", "--by", "country",
                          "--metric", "price")
        questions.compare(file, f"{name}_in_{count}_by_{kind}_says_the_same")
    questions.compare(respelt(file, f"{name}-respelt.agg"), f"{name}_written_otherwise_says_the_same")
    again = os.path.join(SCRATCH, f"{name}-again.agg")
    done = run("merge", os.path.join(SCRATCH, f"{name}-respelt.agg"), "-o", again)
    ok(done.status == 0 and open(again, "rb").read() == open(file, "rb").read(), f"{name}_is_written_as_usual_again", done.err)
    return directory, logs


directory, logs = shop_holds("sequential", "cuped: true", FORMS, [
    ["analyze", "button", "--control", "plum", "--json"], ["analyze", "button", "--metric", "price", "--metric", "spent"],
    ["analyze", "button", "--prior", "flat", "--method", "bayesian"], ["analyze", "button", "--exit-code"]])
shop_holds("grouped", "method: group_sequential\n      looks: 4\n      min_samples: 400", FORMS[:2])
shop_holds("stratified", "stratify: country\n      zone: Europe/Stockholm\n      method: fixed", FORMS[1:2])

# ------------------------------------------------------------------------------------ what is not there is said
for verb, options in (("decide", ["--report"]), ("health", ["--report"]), ("report", ["-o"])):
    flag, log = next(iter(CANARIES.items()))
    lines, time, unit = LOGS[log]
    still = aggregated(SYSTEMS, [flag], {log: (lines, time, unit)}, 1, "time", "still")
    done = run(verb, flag, "--from", still, *options, os.path.join(SCRATCH, "still.html"), *of(SYSTEMS))
    ok(done.status == 2 and "aggregate the logs with --over-time" in done.err, f"a_page_of_{verb}_needs_times", done.err)
some = aggregated(SYSTEMS, [flag], {log: (lines, time, unit)}, 1, "time", "timed", "--over-time")
path = os.path.join(SCRATCH, "all.html")
done = run("report", "--all", "--from", some, "-o", path, *of(SYSTEMS))
page = open(path).read()
ok(done.status == 0 and page.count("not in the aggregates") == len(CANARIES) + len(EXPERIMENTS) - 1,
   "an_index_says_which_flags_are_not_there", done.err, page.count("not in the aggregates"))
whole = aggregated(directory, ["button"], logs, 1, "time", "bare")


def refused(what, name, *arguments):
    done = run("analyze", "button", *of(directory), *arguments)
    ok(done.status == 2 and all(word in " ".join(done.err.split()) for word in what), name, done.err)


refused(["units' values of 'country'", "aggregate the logs with --by country"], "fields_that_were_not_kept",
        "--from", whole, "--by", "country")
plain = os.path.join(SCRATCH, "plain.agg")
run("aggregate", "button", "exposures=" + lab.write("e.ndjson", [json.dumps(logs["exposures"][0][0])]), *of(directory),
    "-o", plain)
refused(["do not tell who was exposed to 'button'", "--units"], "aggregates_without_units", "--from", plain, "--metric",
        "seen")
refused(["aggregates are of all their lines"], "a_time_besides", "--from", whole, "--to", "2026-11-21T00:00:00Z")
refused(["cannot be read twice", "write it to a file"], "a_pipe", "--from", "-")
refused(["no-such.agg: No such file"], "no_file", "--from", os.path.join(SCRATCH, "no-such.agg"))
some = aggregated(directory, ["button"], logs, 1, "time", "some", "--by", "country")
done = run("merge", whole, some)
ok(done.status == 2 and "--by, --metric and --to" in " ".join(done.err.split()), "parts_that_keep_different_things", done.err)

# Whole weeks: what is left out has to be left out of every part.
directory, logs = shop("weeks", "whole_weeks: true")
for lines, time, _ in logs.values():
    for line in lines:
        line[time] = START + (line[time] - START) * 4
given = [f"{log}=" + lab.write(f"weeks-{log}.ndjson", [json.dumps(line) for line in lines])
         for log, (lines, _, _) in logs.items()]
questions = Questions(directory, given, [["analyze", "button", "--json"], ["analyze", "button"]])
file = aggregated(directory, ["button"], logs, 3, "time", "weeks-all")
done = run("analyze", "button", *of(directory), "--from", file)
words = done.err.split()
ok(done.status == 2 and "--to" in words, "weeks_have_to_be_cut", done.err)
questions.compare(aggregated(directory, ["button"], logs, 3, "time", "weeks", "--to", words[words.index("--to") + 1]),
                  "and_then_say_the_same")
finish()
