#!/usr/bin/env python3
"""Whatever stands in definitions, arguments, paths, logs, ledgers and snapshots, nothing but line
breaks reaches a terminal raw, nobody can add a line, and what is for programs can be read."""
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree

if not shutil.which("git"):
    print("ok 1 - foreign text # SKIP there is no git\n1..1")
    sys.exit()

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "replay"))
import lab
from lab import FFREPLAY, SCRATCH, finish, ok

FFC = os.environ.get("FFC", os.path.join(lab.TOP, "build", "ffc"))

# A title, a colour and a cleared screen, by C0 and by C1; a line of its own; tabs; separators and
# directions of Unicode; what is special to CSV, JSON, Prometheus, GitHub, YAML and printf.
TEXT = ("\x1b]0;title\x07\x1b[31mred\x1b[2J\x9b2J\x7f\nINJECTED\r\nINJECTED\t\u2028INJECTED\x85\u202eltr\u2066"
        "\u200f\ufeff\"'`\\,;{}[]#%s%n: ")
BYTES = TEXT.encode() + b"\xff\xc3"
PATH = BYTES.replace(b"/", b"")
QUOTED = json.dumps(TEXT)  # as in the double quotes of YAML
NAME = json.dumps("\x1b[31m\x9b2J\u202e")

# ----------------------------------------------------------------------------------------- asking

UNSAFE = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def faults(raw, tabs=False, lines=False):
    """What of it a terminal should not be given; but tabs, or lines that others began."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return [f"not UTF-8: {error}"]
    found = [f"{unicodedata.name(c, hex(ord(c)))} in {text[max(0, text.index(c) - 60):][:90]!r}"
             for c in set(UNSAFE.findall(text)) if not (tabs and c == "\t")]
    if lines:
        return found
    return found + [f"added a line: {line!r}" for line in text.split("\n") if line.startswith("INJECTED")]


class Ran:
    def __init__(self, program, arguments, cwd, stdin):
        self.command = [os.path.basename(program), *arguments]
        process = subprocess.Popen([program, *arguments], cwd=cwd, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # A watch goes on until it is told to end.
        watches = "watch" in self.command
        try:
            self.out, self.err = process.communicate(stdin, timeout=1 if watches else 60)
        except subprocess.TimeoutExpired:
            process.terminate()
            self.out, self.err = process.communicate()
        self.status = process.returncode

    def clean(self, tabs=False, lines=False):
        return faults(self.out, tabs, lines) + faults(self.err)

    def why(self):
        return [self.command, self.status, self.out[-2000:], self.err[-2000:]]


HOME = os.path.join(os.fsencode(SCRATCH), PATH)
FLAGS = os.path.join(HOME, b"flags")


def run(program, *arguments, cwd=HOME, stdin=b""):
    return Ran(program, arguments, cwd, stdin)


def is_clean(name, ran, statuses=(0,), lines=False):
    """A case that is refused before it prints what it is about shows nothing: the status is held, too."""
    found = ran.clean(lines=lines)
    return ok(not found and ran.status in statuses, name, *found, *ran.why())


def read_lines(raw):
    return [json.loads(line) for line in raw.decode().splitlines()]


def is_json(name, ran, statuses=(0,)):
    is_clean(name, ran, statuses)
    try:
        documents = read_lines(ran.out)
        return ok(documents, f"{name}_parses", *ran.why()) and documents
    except ValueError as error:
        ok(False, f"{name}_parses", error, *ran.why())
        return None


# ---------------------------------------------------------------------------------------- project

PROJECT = """\
project: {name: lab, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, city: string}
logs:
  requests:
    format: ndjson
    time: ts
    unit: user_id
    id: request
    context: {user_id: user_id, city: city}
    fields: {status: status, latency: latency, page: page}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
  latency_mean: {kind: mean, value: latency, unit: ms, better: lower}
"""
DEFINITIONS = f"""\
flags:
  canary.checkout:
    owner: {QUOTED}
    description: {QUOTED}
    tags: [{NAME}]
    canary:
      stages: [{{name: first, percent: 20%}}, {{name: full, percent: 100%}}]
      state: running
      stage: first
      since: 2026-11-20T10:00:00Z
      guards: [{{metric: error_rate, max: 50%, action: rollback}},
               {{metric: latency_mean, max: 50000, action: rollback}}]
  texts:
    owner: {QUOTED}
    description: {QUOTED}
    type: string
    variants: {{plain: x, odd: {QUOTED}}}
    default: odd
    rules:
      - {{name: rule, if: {{city: [{QUOTED}, Oslo]}}, serve: plain}}
      - {{if: {{city: {{glob: {json.dumps(TEXT.replace("[", "").replace(chr(92), ""))}}}}}, serve: plain}}
  short: {{type: string, value: {NAME}}}
  config: {{type: json, value: {{odd: {QUOTED}}}}}
tests:
  - {{name: {QUOTED}, flag: texts, environment: production, context: {{city: {QUOTED}}}, expect: odd}}
"""


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def make_project():
    shutil.rmtree(HOME, ignore_errors=True)
    put(os.path.join(FLAGS, b"project.yaml"), PROJECT)
    put(os.path.join(FLAGS, PATH + b".yaml"), DEFINITIONS)


CONTEXT = json.dumps({"user_id": "u1", "city": TEXT, TEXT: 1})
ODD = ["-e", "production"]
WHY = ["--reason", BYTES, "--by", BYTES, "--at", "2026-11-20T12:00:00Z"]

# -------------------------------------------------------------------------------- every command


def commands_of(program):
    text = subprocess.run([program, "--help"], capture_output=True).stdout.decode()
    return re.findall(r"^  ([a-z]+) +\S", text.split("Commands:")[1], re.M)


def options_of(program, command):
    text = subprocess.run([program, command, "--help"], capture_output=True).stdout.decode()
    return re.findall(r"^  (?:-., |    )--([a-z-]+)", text.split("Options:")[1], re.M)


def try_every_command():
    for program in (FFC, FFREPLAY):
        name = os.path.basename(program)
        found = run(program, BYTES).clean() + run(program, b"--" + BYTES).clean()
        ok(not found, f"{name}_refuses_what_is_no_command", *found)
        for command in commands_of(program):
            found = []
            for operands in ([BYTES], [b"-" + BYTES], [b"--" + BYTES], ["canary.checkout", BYTES],
                             [BYTES, "-e", "production"], ["start", BYTES], [BYTES + b"=x"],
                             ["canary.checkout", BYTES + b"=x", "-e", "production"]):
                make_project()
                found += run(program, command, *operands).clean(tabs=command == "completion")
            ok(not found, f"{name}_{command}_with_odd_operands", *found)
            found = []
            for option in options_of(program, command):
                if option == "watch":  # it goes on until it is told to end
                    continue
                for words in ([f"--{option}", BYTES], [f"--{option}".encode() + b"=" + BYTES],
                              ["canary.checkout", f"--{option}", BYTES],
                              ["canary.checkout", "-e", "production", f"--{option}", BYTES]):
                    make_project()
                    found += [f"{words}: {fault}" for fault in run(program, command, *words).clean()]
            ok(not found, f"{name}_{command}_with_odd_options", *found)


# ------------------------------------------------------------------------------- each that works


def try_inspection():
    make_project()
    for form in ("text", "json", "sarif", "github"):
        is_clean(f"check_as_{form}", run(FFC, "check", "--format", form))
    is_clean("list", run(FFC, "list"))
    listed = is_json("list_as_json", run(FFC, "list", "--json"))
    ok(listed and listed[0]["owner"] == TEXT, "json_has_the_very_text")
    is_clean("eval", run(FFC, "eval", "--all", *ODD, "-c", CONTEXT))
    values = is_json("eval_as_json", run(FFC, "eval", "--all", *ODD, "-c", CONTEXT, "--json"))
    ok(values and {"odd": TEXT} in [value["value"] for value in values], "json_values_are_kept")
    contexts = os.path.join(HOME, PATH + b".ndjson")
    put(contexts, CONTEXT + "\n{" + TEXT.replace("\n", " ") + "\n")
    is_clean("eval_of_lines", run(FFC, "eval", "texts", *ODD, "--contexts", contexts), (1,))
    is_clean("trace", run(FFC, "trace", "texts", *ODD, "-c", CONTEXT))
    is_json("trace_as_json", run(FFC, "trace", "texts", *ODD, "-c", CONTEXT, "--json"))
    is_clean("test", run(FFC, "test"), (1,))
    is_json("test_as_json", run(FFC, "test", "--json"), (1,))
    for form in ("json", "sarif", "github"):
        is_clean(f"test_as_{form}", run(FFC, "test", "--format", form), (1,))
    is_clean("fmt_names_files", run(FFC, "fmt", "--check"), (1,))
    is_clean("fmt_diff", run(FFC, "fmt", "--diff"), (1,))
    is_clean("fmt", run(FFC, "fmt"))
    is_clean("bucket", run(FFC, "bucket", "--salt", BYTES, BYTES))
    is_json("bucket_as_json", run(FFC, "bucket", "--salt", BYTES, BYTES, "--json"))
    is_clean("init", run(FFC, "init", os.path.join(HOME, PATH + b"2")))


def try_snapshots():
    make_project()
    path = os.path.join(HOME, PATH + b".ffs")
    label = b"note=" + BYTES
    is_clean("build", run(FFC, "build", *ODD, "-o", path, "--label", label))
    is_json("build_as_json", run(FFC, "build", *ODD, "-o", path, "--label", label, "--json"))
    is_clean("verify", run(FFC, "verify", path))
    is_json("verify_as_json", run(FFC, "verify", path, "--json"))
    is_clean("dump", run(FFC, "dump", path))
    is_json("dump_as_json", run(FFC, "dump", path, "--json"))
    is_clean("eval_of_a_snapshot", run(FFC, "eval", "--all", "-s", path, "-c", CONTEXT))
    is_json("eval_of_a_snapshot_as_json", run(FFC, "eval", "--all", "-s", path, "-c", CONTEXT, "--json"))
    rollback = ["rollback", "canary.checkout", *ODD, *WHY]
    is_clean("rollback_that_is_published", run(FFC, *rollback, "--build", path))
    is_clean("list_of_overrides_in_a_file", run(FFC, "rollback", "--list", "--build", path))
    is_clean("dump_of_overrides", run(FFC, "dump", path))
    for at in range(0, os.path.getsize(path), os.path.getsize(path) // 7):
        broken = bytearray(open(path, "rb").read())
        broken[at] ^= 0x9B
        put(path + b"2", bytes(broken))
        is_clean(f"verify_of_a_broken_file_{at * 7 // len(broken)}", run(FFC, "verify", path + b"2"), (0, 1, 2))


def try_rollouts():
    make_project()
    is_clean("canary_status", run(FFC, "canary", "status"))
    is_clean("canary_pause", run(FFC, "canary", "pause", "canary.checkout", *ODD, *WHY))
    is_json("canary_resume_as_json", run(FFC, "canary", "resume", "canary.checkout", *ODD, *WHY, "--json"))
    is_clean("rollback_that_is_tried", run(FFC, "rollback", "--tag", json.loads(NAME), *WHY, "--dry-run"))
    is_clean("rollback", run(FFC, "rollback", "--tag", json.loads(NAME), *WHY))
    made = is_json("rollback_as_json", run(FFC, "rollback", "texts", *WHY, "--json"))
    is_clean("list_of_what_is_held_back", run(FFC, "list"))
    is_clean("status_of_what_is_held_back", run(FFC, "canary", "status"))
    is_clean("list_of_overrides", run(FFC, "rollback", "--list"))
    is_json("list_of_overrides_as_json", run(FFC, "rollback", "--list", "--json"))
    is_clean("status_of_steps", run(FFC, "rollback", "--status"))
    is_clean("lift", run(FFC, "rollback", "--lift", made[0]["id"], *WHY))
    is_clean("history", run(FFREPLAY, "history"))
    is_json("history_as_json", run(FFREPLAY, "history", "--json"))
    is_clean("rollouts", run(FFREPLAY, "history", "--last", "3"))
    is_json("rollouts_as_json", run(FFREPLAY, "history", "--last", "3", "--json"))
    is_clean("history_is_whole", run(FFREPLAY, "history", "--verify"))
    folder = os.path.join(FLAGS, b"ledger")
    entry = os.path.join(folder, sorted(os.listdir(folder))[0])
    os.rename(entry, os.path.join(folder, PATH + b".json"))
    is_clean("history_that_was_touched", run(FFREPLAY, "history", "--verify"), (0, 1))


GIT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": TEXT, "GIT_AUTHOR_EMAIL": "a@example.com",
       "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@example.com"}


def commit(message):
    for words in (["add", "-A"], ["commit", "-q", "--allow-empty", "-m", message]):
        subprocess.run(["git", *words], cwd=HOME, check=True, env=GIT, capture_output=True)


def try_edits():
    make_project()
    subprocess.run(["git", "init", "-q"], cwd=HOME, check=True, env=GIT)
    commit(BYTES)
    is_clean("set_that_is_tried", run(FFC, "set", "texts", b"owner=" + BYTES, *WHY, "--dry-run"))
    is_clean("set", run(FFC, "set", "texts", b"rules.rule.description=" + BYTES, "users.plain+=" + TEXT, *WHY), (0, 1))
    is_clean("set_that_is_refused", run(FFC, "set", "texts", b"serve=" + BYTES, *WHY), (1,))
    done = is_json("set_as_json", run(FFC, "set", "texts", "users.plain+=" + TEXT + "2", "tags+=" + TEXT, *WHY, "--json"), (0, 1))
    ok(done is not None, "set_as_json_is_whole")
    is_clean("set_that_is_committed", run(FFC, "set", "canary.checkout", "owner=x" + TEXT, *WHY, "--commit"), (0, 2))
    is_clean("new", run(FFC, "new", "fresh", "--like", "texts", "--owner", TEXT, "--file", "new.yaml", *WHY))
    is_clean("new_in_an_odd_file", run(FFC, "new", "fresh2", "--file", PATH + b".yaml", *WHY), (0, 1, 2))
    is_json("new_as_json", run(FFC, "new", "fresh3", "--kind", "ops", "description=" + TEXT, *WHY, "--json"))
    for command in (["rename", "texts"], ["new"]):
        ran = run(FFC, *command, BYTES, *WHY)
        is_clean(f"{command[0]}_of_what_is_no_name", ran, (1,))
        ok(b"cannot be the name" in ran.err, f"{command[0]}_of_what_is_no_name_says_so", *ran.why())
    is_clean("rename", run(FFC, "rename", "texts", "words", *WHY))
    is_clean("promote", run(FFC, "set", "words", "-e", "staging", "serve=plain", *WHY))
    is_clean("promote_back", run(FFC, "promote", "words", "--from", "staging", "--to", "production", *WHY), (0, 1))
    commit("more" + TEXT)
    is_clean("log", run(FFC, "log"))
    is_clean("log_of_one", run(FFC, "log", "words"))
    is_clean("log_as_markdown", run(FFC, "log", "--format", "markdown"))
    log = is_json("log_as_json", run(FFC, "log", "--json"))
    ok(log and any("red" in (one["reason"] or "") for one in log[0]["changes"]), "log_has_the_texts", log)
    is_clean("show", run(FFC, "show", "words"))
    is_json("show_as_json", run(FFC, "show", "words", "--json"))
    is_clean("revert", run(FFC, "revert", "words", "HEAD~1", *WHY), (0, 1))
    is_clean("revert_to_nothing", run(FFC, "revert", "words", BYTES, *WHY), (1,))
    is_clean("remove_that_is_tried", run(FFC, "remove", "words", *WHY, "--dry-run"))
    is_clean("remove", run(FFC, "remove", "words", *WHY))
    is_clean("log_of_what_is_gone", run(FFC, "log", "texts"))
    is_clean("diff", run(FFC, "diff", "HEAD"))
    is_clean("freeze", run(FFC, "freeze", "--until", "2099-01-01T00:00:00Z", *WHY))
    is_clean("freeze_that_holds", run(FFC, "set", "short", "value=x", *WHY), (1,))
    is_clean("freeze_that_is_asked_for", run(FFC, "freeze"))
    is_json("freeze_as_json", run(FFC, "freeze", "--json"))
    is_clean("history_of_edits", run(FFREPLAY, "history"))


def try_code():
    make_project()
    source = os.path.join(HOME, b"src")
    put(os.path.join(source, PATH + b".c"), b"int f = fflag_flag(store, \"odd" + BYTES.replace(b'"', b"").replace(b"\n", b" ") +
        b"\");\nint g = fflag_flag(store, \"od\x1b[31md\xc2\x9b2J\");\nint h = fflag_flag(store, \"shrot\");\n")
    for form in ("text", "json", "github"):
        ran = run(FFC, "stale", "--source", source, "--format", form)
        is_clean(f"stale_as_{form}", ran)
        ok(b"shrot" in ran.out, f"stale_as_{form}_finds_it", *ran.why())
    is_clean("stale_globs", run(FFC, "stale", BYTES), (2,))
    counters = os.path.join(HOME, PATH + b".prom")
    put(counters, b'fflag_evaluations_total{flag="' + BYTES.replace(b'"', b"").replace(b"\n", b" ") + b'"} 1\n')
    is_clean("stale_by_counters", run(FFC, "stale", "--counters", counters), (0, 2))
    header = run(FFC, "gen", "c")
    is_clean("gen", header)
    ok(b"canary_checkout" in header.out, "gen_has_the_flags", *header.why())
    path = os.path.join(HOME, PATH + b".h")
    is_clean("gen_of_a_file", run(FFC, "gen", "c", "-o", path))
    put(path, b"int")
    is_clean("gen_of_a_file_that_is_old", run(FFC, "gen", "c", "-o", path, "--check"), (1,))
    is_clean("gen_under_an_odd_prefix", run(FFC, "gen", "c", "--prefix", BYTES), (2,))
    is_clean("test_as_junit", run(FFC, "test", "--format", "junit"), (1,))
    put(os.path.join(FLAGS, b"trial.yaml"), f"""\
flags:
  trial:
    owner: {QUOTED}
    experiment: {{control: off, split: {{off: 50%, on: 50%}}, primary: error_rate, state: draft}}
""")
    trial = ["trial", *ODD, *WHY]
    is_clean("experiment_start", run(FFC, "experiment", "start", *trial))
    odd = os.path.join(HOME, PATH + b".json")
    put(odd, json.dumps({"format_version": 1, "flag": TEXT, "environment": TEXT, "decision": TEXT, "winner": TEXT}))
    is_clean("experiment_with_odd_evidence", run(FFC, "experiment", "conclude", *trial, "--evidence", odd), (1, 2))
    is_clean("experiment_of_an_odd_winner",
             run(FFC, "experiment", "conclude", *trial, "--winner", BYTES, "--without-evidence"), (2,))
    is_json("experiment_as_json", run(FFC, "experiment", "stop", *trial, "--json"))


def try_logs():
    make_project()
    log = os.path.join(HOME, PATH + b".ndjson")
    lines = []
    for i in range(400):
        line = {"ts": lab.START + i * 10000, "request": f"r{i}", "user_id": f"u{i}", "city": TEXT,
                "status": 200, "latency": 5, "page": TEXT if i % 2 else "/"}
        if i % 50 == 7:
            line["latency"] = TEXT
        lines.append(json.dumps(line, ensure_ascii=i % 3 == 0).encode())
    good = os.path.join(HOME, PATH + b"2.ndjson")
    put(good, b"\n".join(lines) + b"\n")
    lines[5] = b'{"ts": "' + BYTES.replace(b"\n", b" ").replace(b'"', b"") + b'"}'
    lines[9] = BYTES.replace(b"\n", b" ")
    put(log, b"\n".join(lines) + b"\n")
    canary = ["canary.checkout", *ODD, b"requests=" + log]
    cells = ["--flag", *canary, "--by", "page"]
    now = ["--now", "2026-11-20T11:10:00Z"]
    any_verdict = (0, 1, 3, 4)
    is_clean("decide", run(FFREPLAY, "decide", *canary, *now), any_verdict)
    is_json("decide_as_json", run(FFREPLAY, "decide", *canary, *now, "--json"), any_verdict)
    is_clean("metrics", run(FFREPLAY, "metrics", *cells))
    is_json("metrics_as_json", run(FFREPLAY, "metrics", *cells, "--json"))
    rows = run(FFREPLAY, "metrics", *cells, "--format", "csv")
    is_clean("metrics_as_csv", rows, lines=True)
    table = list(csv.reader(io.StringIO(rows.out.decode(), newline=""), strict=True))
    ok(len({len(row) for row in table}) == 1 and any("red" in cell for row in table for cell in row),
       "csv_has_as_many_cells_in_each_record", *rows.why())
    series = run(FFREPLAY, "metrics", *cells, "--format", "prometheus")
    is_clean("metrics_for_prometheus", series)
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
    sample = re.compile(rf'[a-z_]+\{{{label}(?:,{label})*\}} [-+.0-9e]+')
    odd = [line for line in series.out.decode().splitlines() if line[0] != "#" and not sample.fullmatch(line)]
    ok(not odd and b"red" in series.out, "prometheus_can_read_each_sample", *odd, *series.why())
    is_clean("health", run(FFREPLAY, "health", *canary, *now), (0, 1))
    is_json("health_as_json", run(FFREPLAY, "health", *canary, *now, "--json"), (0, 1))
    page = os.path.join(HOME, PATH + b".html")
    is_clean("report", run(FFREPLAY, "report", "canary.checkout", *ODD, b"requests=" + good, *now, "-o", page))
    with open(page, "rb") as file:
        written = file.read()
    root = xml.etree.ElementTree.fromstring(written)
    scripts = [element for element in root.iter() if element.tag.endswith("script")]
    unsafe = [c for c in written.decode() if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
    ok(len(scripts) == 1 and not unsafe, "a_report_has_nothing_unsafe", unsafe)
    is_clean("backtest", run(FFREPLAY, "backtest", "canary.checkout", *ODD, b"requests=" + good))
    is_clean("plan", run(FFREPLAY, "plan", "canary.checkout", *ODD, b"requests=" + good))
    is_clean("decide_that_acts", run(FFREPLAY, "decide", *canary, *now, "--apply", "--actor", BYTES), any_verdict)


BROKEN = [
    f"flags: {{{QUOTED}: {{percent: 5%}}}}\n",
    f"flags: {{a: {{{QUOTED}: 1}}}}\n",
    f"flags: {{a: {{kind: {QUOTED}, type: {QUOTED}, owner: [{QUOTED}]}}}}\n",
    f"flags: {{a: {{variants: {{{QUOTED}: 1}}, default: {QUOTED}}}}}\n",
    f"flags: {{a: {{serve: {QUOTED}, percent: {QUOTED}, bucket_by: {QUOTED}}}}}\n",
    f"flags: {{a: {{requires: {QUOTED}, rules: [{{if: {{{QUOTED}: 1}}, serve: on}}]}}}}\n",
    f"flags: {{a: {{rules: [{{if: {{user_id: {{{QUOTED}: 1, regex: {QUOTED}}}}}, serve: on}}]}}}}\n",
    f"flags: {{a: {{rules: [{{if: {{user_id: {{in_file: {QUOTED}}}}}, serve: on}}]}}}}\n",
    f"{QUOTED}: 1\n",
    f"tests: [{{name: {QUOTED}, flag: {QUOTED}, environment: {QUOTED}, expect: {QUOTED}}}]\n",
    f"metrics: {{{QUOTED}: {{kind: {QUOTED}}}}}\nlogs: {{{QUOTED}: {{format: {QUOTED}}}}}\n",
    "flags: {a: {owner: \u202eweb\u2028INJECTED \u200f, owner: b}}\n",
    "flags:\n  a: {owner: 'x\ty', \u061c: 1}\n",
    BYTES,
    b"flags: {\x9b: \xff}\n",
]


def try_mistakes():
    for i, text in enumerate(BROKEN):
        make_project()
        put(os.path.join(FLAGS, b"broken.yaml"), text)
        found = []
        for form in ("text", "json", "sarif", "github"):
            ran = run(FFC, "check", "--format", form)
            # Where the source line has tabs, so has its excerpt.
            found += ran.clean(tabs=True) if form != "text" else faults(ran.err, tabs=True)
            found += [] if ran.status in (1, 2) else [f"exits {ran.status}"]
            if form in ("json", "sarif"):
                json.loads(ran.out)
        for words in (["list"], ["fmt", "--check"], ["build", *ODD, "-o", "x.ffs"], ["rollback", "--list"]):
            ran = run(FFC, *words)
            found += faults(ran.out) + faults(ran.err, tabs=True)
        ok(not found, f"mistake_{i}", *found)


try_inspection()
try_snapshots()
try_rollouts()
try_edits()
try_code()
try_logs()
try_mistakes()
try_every_command()
finish()
