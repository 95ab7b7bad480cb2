#!/usr/bin/env python3
"""Every text that the programs read, as other editors save it: with a byte order mark, with CRLF, with blanks at
the ends of its lines, and with all of them. What comes of it is the same.

The options are those that `--help` of every command lists: a new one that takes a file fails here until it is known
what is in it. So is a log's format.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tap import finish, ok, skip

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "replay"))
import formats

BUILD = os.environ.get("BUILD", f"{TOP}/build")
FFC, FFREPLAY = os.environ.get("FFC", f"{BUILD}/ffc"), os.environ.get("FFREPLAY", f"{BUILD}/ffreplay")
SCRATCH = tempfile.mkdtemp()
NOW = "2026-11-20T12:00:00Z"

MARK = b"\xef\xbb\xbf"
# Before a text, and at the end of each of its lines.
FORMS = {"a byte order mark": (MARK, b""), "CRLF": (b"", b"\r"), "trailing blanks": (b"", b" \t "), "all of them": (MARK, b"  \r")}
# Lines at whose end a blank is content: a signed comment, and a part of a line that goes on.
KEPT = re.compile(rb"trusted comment: |\S+ std\w+ P ")


def saved(text, form, tabs=True):
    mark, end = FORMS[form]
    lines = [line + (end.strip(b" \t") if KEPT.match(line) else end if tabs else end.replace(b"\t", b""))
             for line in text.split(b"\n")[:-1]]
    return mark + b"".join(line + b"\n" for line in lines)


class Place:
    """A project and all that lies beside it, of which one file, `path`, is written in another form."""

    def __init__(self, path, form, tabs=True):
        self.path, self.form, self.tabs, self.found = path, form, tabs, False
        self.at = tempfile.mkdtemp(dir=SCRATCH)

    def write(self, path, text):
        """Whatever is written after it, too, is in that form where it is `path`."""
        data = text if isinstance(text, bytes) else text.encode()
        if path == self.path:
            self.found, data = True, saved(data, self.form, self.tabs)
        os.makedirs(os.path.dirname(f"{self.at}/{path}"), exist_ok=True)
        with open(f"{self.at}/{path}", "wb") as file:
            file.write(data)
        return data

    def run(self, program, *arguments, stdin=b"", **environment):
        run = subprocess.run([program, *arguments], cwd=self.at, input=stdin, capture_output=True, timeout=240,
                             env={"PATH": os.environ["PATH"], "HOME": f"{self.at}/home", "NO_COLOR": "1",
                                  "LC_ALL": "C.UTF-8", **environment})
        return run.returncode, run.stdout.decode(), run.stderr.decode()


PROJECT = """\
project: {name: lab, environments: [live], bucket_by: user}
attributes:
  user: string
  country: string
logs:
  l: {format: ndjson, time: ts, unit: user, context: {user: user}, fields: {status: status}}
metrics:
  errors: {kind: proportion, of: {status: 500}, better: lower}
segments:
  vip: {if: {user: {in_file: lists/vip.txt}}}
flags:
  a:
    description: |
      Two lines
      of text
    rules:
      - {name: vips, if: {segment: vip}, serve: on}
  c:
    canary:
      stages: [{percent: 5%, min_samples: 10}, {percent: 100%}]
      state: running
      since: 2026-11-20T10:00:00Z
      guards: [{metric: errors, max: 50%}]
"""
LIST = "# those who pay\nu1\n\n  u2\nu3\n"
CONTEXTS = '{"user": "u1"}\n\n{"user": "u2"}\n{"user": "u9"}\n'
POLICY = "guards:\n  - {metric: errors, max: 1%, action: rollback}\nadvance_when: []\n"
GIT = "[core]\n\teditor = vi\n[user]\n\tname = Jo Doe # not me\n\temail = jo@example.org\n"
LOG = [json.dumps({"ts": f"2026-11-20T10:{i % 60:02}:00Z", "user": f"u{i}", "status": 500 if i % 7 == 0 else 200})
       for i in range(200)]


def names_in(folder):
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


def lay_out(place):
    place.write("flags/project.yaml", PROJECT)
    place.write("flags/lists/vip.txt", LIST)
    place.write("contexts", CONTEXTS)
    place.write("one", '{"user": "u1"}\n')
    place.write("policy.yaml", POLICY)
    place.write("log", "\n".join(LOG) + "\n")
    place.write("home/.gitconfig", GIT)


# ------------------------------------------------------------------------------ what comes of them


def built(place):
    lay_out(place)
    checked = place.run(FFC, "check", "-C", "flags", "--now", NOW)
    asked = place.run(FFC, "eval", "a", "-C", "flags", "-e", "live", "--contexts", "-", stdin=CONTEXTS.encode())
    return checked, asked, place.run(FFC, "list", "-C", "flags", "--json", "--now", NOW)


def edited(place):
    """An edit is of the file as it is."""
    lay_out(place)
    paused = place.run(FFC, "canary", "pause", "c", "-C", "flags", "-e", "live", "--reason", "x", "--at", NOW)
    return paused, place.run(FFC, "list", "-C", "flags", "--json", "--now", NOW)


def named_in_a_hurry(place):
    """Definitions that cannot be compiled, of which the project's name is known all the same: another's snapshot is
    not touched."""
    lay_out(place)
    place.run(FFC, "build", "-C", "flags", "-e", "live", "-o", "live.ffs")
    outcomes = []
    for text in (PROJECT.replace("lab", "other"), PROJECT):
        place.write("flags/project.yaml", text + "  broken: {serve: [\n")
        status, out, err = place.run(FFC, "rollback", "a", "-C", "flags", "-e", "live", "--build", "live.ffs", "--reason", "x",
                                     "--at", NOW)
        outcomes.append((status, re.sub("z-[0-9a-f]{4}", "z", out), re.findall(r"FF\d+|project '\w+'", err)))
    return outcomes


def contexts(place):
    lay_out(place)
    place.run(FFC, "build", "-C", "flags", "-e", "live", "-o", "live.ffs")
    given = open(f"{place.at}/contexts", "rb").read()
    one = ["a", "-C", "flags", "-e", "live"]
    return (place.run(FFC, "eval", *one, "--contexts", "contexts"), place.run(FFC, "eval", *one, "--contexts", "-", stdin=given),
            place.run(FFC, "diff", "flags", "live.ffs", "-e", "live", "--contexts", "contexts"))


def one_context(place):
    lay_out(place)
    given = open(f"{place.at}/one", "rb").read()
    one = ["a", "-C", "flags", "-e", "live", "--at", NOW, "-c", "-"]
    return place.run(FFC, "eval", *one, stdin=given), place.run(FFC, "trace", *one, stdin=given)


def git_user(place):
    lay_out(place)
    place.run(FFC, "canary", "pause", "c", "-C", "flags", "-e", "live", "--reason", "x", "--at", NOW)
    entries = [json.load(open(f"{place.at}/flags/ledger/{name}")) for name in names_in(f"{place.at}/flags/ledger")]
    return [entry["actor"] for entry in entries]


def ledger(place):
    """Entries as git checks them out, and the next one, which names them; and the file of lines that it was once."""
    lay_out(place)
    now = "2026-11-20T11:0{}:00Z"
    for minute, verb in enumerate(("pause", "resume")):
        place.run(FFC, "canary", verb, "c", "-C", "flags", "-e", "live", "--reason", "x", "--at", now.format(minute))
    names = names_in(f"{place.at}/flags/ledger")
    for name in names:
        if place.path == "flags/ledger":
            place.found = True
            text = open(f"{place.at}/flags/ledger/{name}", "rb").read()
            open(f"{place.at}/flags/ledger/{name}", "wb").write(saved(text, place.form))
    verified = place.run(FFREPLAY, "history", "-C", "flags", "--verify")
    place.run(FFC, "canary", "pause", "c", "-C", "flags", "-e", "live", "--reason", "x", "--at", now.format(3))
    return names, verified, place.run(FFREPLAY, "history", "-C", "flags", "--json")


def old_ledger(place):
    lay_out(place)
    line = {"format_version": 1, "time": "2026-11-20T10:30:00Z", "actor": "jo", "flag": "c", "environment": "live",
            "from": {"state": "running"}, "to": {"state": "paused"}, "verdict": "pause", "rule": "manual", "reason": "x",
            "evidence": [], "digests": {}}
    place.write("flags/ledger.jsonl", json.dumps(line, separators=(",", ":")) + "\n")
    place.run(FFC, "canary", "pause", "c", "-C", "flags", "-e", "live", "--reason", "x", "--at", NOW)
    return place.run(FFREPLAY, "history", "-C", "flags", "--verify"), place.run(FFREPLAY, "history", "-C", "flags", "--json")


def policy(place):
    lay_out(place)
    return place.run(FFREPLAY, "backtest", "c", "log", "-C", "flags", "-e", "live", "--policy", "policy.yaml", "--json")


def counters(place):
    lay_out(place)
    place.write("counters", 'fflag_evaluations_total{flag="a",variant="on"} 12\nfflag_evaluations_total{flag="c",variant="on"} 0\n')
    return place.run(FFC, "stale", "-C", "flags", "--counters", "counters", "--at", NOW, "--json")


def evidence(place):
    lay_out(place)
    place.write("flags/x.yaml", "flags:\n  x: {experiment: {split: {on: 50%, off: 50%}, control: off, primary: errors, state: running}}\n")
    _, analysis, _ = place.run(FFREPLAY, "analyze", "x", "log", "-C", "flags", "-e", "live", "--json")
    place.write("evidence", json.dumps(json.loads(analysis), indent=1) + "\n")
    status, out, err = place.run(FFC, "experiment", "conclude", "x", "-C", "flags", "-e", "live", "--evidence", "evidence",
                                 "--reason", "x", "--at", NOW)
    return status, out, err


def allowed(place):
    lay_out(place)
    place.write("flags/project.yaml", PROJECT.replace("format: ndjson", "format: ndjson, command: [printf, '%s', '{}']"))
    place.write("allow", json.dumps({f"{os.path.realpath(place.at)}/flags": [["printf", "%s", "{}"]]}, indent=1) + "\n")
    os.chmod(f"{place.at}/allow", 0o644)
    return place.run(FFREPLAY, "metrics", "-C", "flags", "--allow-list", "allow")


def counted_log(place):
    lay_out(place)
    place.run(FFC, "build", "-C", "flags", "-e", "live", "-o", "live.ffs")
    return place.run(FFC, "diff", "flags", "flags", "-e", "live", "--log", "l=log")


def keys(place):
    lay_out(place)
    for name in ("test.key", "test.pub"):
        place.write(name, open(f"{SCRATCH}/{name}", "rb").read())
    signed = place.run(FFC, "build", "-C", "flags", "-e", "live", "-o", "live.ffs", "--sign", "test.key")
    verified = place.run(FFC, "verify", "live.ffs", "--key", "test.pub")
    place.run(FFC, "sign", "live.ffs", "--detach", "plain.ffs")
    place.write("signature", open(f"{place.at}/plain.ffs.minisig", "rb").read())
    attached = place.run(FFC, "sign", "plain.ffs", "--attach", "signature")
    return signed, verified, attached, place.run(FFC, "verify", "plain.ffs", "--key", "test.pub")


CASES = [
    # what: its file, what comes of it
    ("definitions", "flags/project.yaml", built),
    ("definitions that are edited", "flags/project.yaml", edited),
    ("definitions that do not compile", "flags/project.yaml", named_in_a_hurry),
    ("a list", "flags/lists/vip.txt", built),
    ("contexts", "contexts", contexts),
    ("a context", "one", one_context),
    ("git's configuration", "home/.gitconfig", git_user),
    ("the ledger", "flags/ledger", ledger),
    ("a ledger of lines", "flags/ledger.jsonl", old_ledger),
    ("a policy", "policy.yaml", policy),
    ("an allow-list", "allow", allowed),
    ("a log that contexts are taken from", "log", counted_log),
    ("counters", "counters", counters),
    ("evidence of an experiment", "evidence", evidence),
    ("a secret key", "test.key", keys),
    ("a public key", "test.pub", keys),
    ("a signature", "signature", keys),
]

# ------------------------------------------------------------------------------------------- logs

SERIES = {"status": "success", "data": {"resultType": "matrix", "result": [
    {"metric": {"track": side}, "values": [[1795168800 + i * 15, "0.5"] for i in range(40)]} for side in ("on", "off")]}}
PAIRS = [{"name": "m", "scopes": {"control": {"startTimeMillis": 1795168800000, "stepMillis": 60000},
                                  "experiment": {"startTimeMillis": 1795168800000, "stepMillis": 60000}},
          "values": {"control": [0.5] * 20, "experiment": [0.25] * 20}}]
OTLP = {"resourceLogs": [{"scopeLogs": [{"logRecords": [
    {"timeUnixNano": str((1795168800000 + i * 1000) * 1000000), "attributes": [
        {"key": "user", "value": {"stringValue": f"u{i}"}}, {"key": "status", "value": {"intValue": "500" if i % 7 == 0 else "200"}}]}
    for i in range(50)]}]}]}
GOFF = [{"kind": "feature", "contextKind": "user", "userKey": f"u{i}", "creationDate": 1795168800 + i, "key": "c",
         "variation": "on", "value": True, "default": False, "source": "SERVER"} for i in range(50)]
ROWS = [["ts", "user", "plan", "status"]] + [
    [f"2026-11-20T10:{i % 60:02}:00Z", f"u{i}", "a plan", "500" if i % 7 == 0 else "200"] for i in range(50)]
NAMED = "time: ts, unit: user, "


def in_lines(values):
    return "".join(json.dumps(value) + "\n" for value in values)


# format: the keys of its log, the field that a metric is of, its text
LOGS = {
    "csv": (f"format: csv, {NAMED}", "status", "".join(",".join(row) + "\n" for row in ROWS)),
    "tsv": (f"format: tsv, {NAMED}", "status", "".join("\t".join(row) + "\n" for row in ROWS)),
    "prometheus": ("format: prometheus, variant: track, ", "value", json.dumps(SERIES, indent=1) + "\n"),
    "kayenta": ("format: kayenta, ", "value", json.dumps(PAIRS, indent=1) + "\n"),
    "otlp": ("format: otlp, unit: user, ", "status", in_lines([OTLP])),
    "go-feature-flag": ("format: go-feature-flag, ", "variation", in_lines(GOFF)),
    "ndjson": (f"format: ndjson, {NAMED}", "status", "\n".join(LOG) + "\n"),
    **{form.name: (form.log.replace("\n", ", ") + ", ", form.fields["status"], "\n".join(form.lines(formats.requests(60, agents=formats.TAME))) + "\n")
       for form in formats.FORMATS + formats.WRAPPED if form.name != "ndjson"},
}


def measured(name):
    keys_of, field, text = LOGS[name]

    def measure(place):
        place.write("flags/a.yaml", f"""\
project: {{name: lab, environments: [live], bucket_by: user}}
attributes: {{user: string}}
logs: {{l: {{{keys_of}fields: {{f: {field}}}}}}}
metrics:
  each: {{kind: proportion, of: {{f: [200, on]}}, better: lower}}
  words: {{kind: proportion, of: {{f: {{present: true}}}}, better: lower}}
flags: {{c: {{serve: on}}}}
""")
        place.write("log", text)
        status, out, err = place.run(FFREPLAY, "metrics", "log", "-C", "flags", "--json")
        return status, re.sub(r'"digest":"[^"]*"', "", out), err

    return measure


def compare(what, path, outcome):
    plain = outcome(Place(None, None))
    for form in FORMS:
        place = Place(path, form, tabs=what not in ("a log: tsv", "a log: w3c"))
        got = outcome(place)
        ok(place.found and got == plain, f"{what} with {form}", "" if place.found else f"{path} is not written", got, plain)
    return plain


# What takes a text: which of the cases it is; "": a snapshot or an aggregate, which have checksums, what is written, or
# code in any language.
OPTIONS = {"--contexts FILE": "contexts", "--sign KEY": "a secret key", "sign --key KEY": "a secret key",
           "verify --key KEY": "a public key", "--attach SIGNATURE": "a signature", "--policy FILE": "a policy",
           "--log NAME=FILE": "a log that contexts are taken from", "--directory DIR": "definitions",
           "--counters FILE": "counters", "--evidence FILE": "evidence of an experiment",
           "new --file FILE": "definitions that are edited",
           "--snapshot FILE": "", "--build FILE": "", "--archive DIR": "", "--source DIR": "",
           "--allow-list FILE": "an allow-list", "--allow-outside DIR": "", "--status-file FILE": "",
           "--units FILE": "", "--report FILE": "", "--from FILE": ""}


def help_of(*command):
    return subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout


def check_options():
    cases = {what for what, _, _ in CASES}
    unknown = []
    for program in (FFC, FFREPLAY):
        for command in re.findall(r"^  (\S+) ", help_of(program).split("Commands:\n", 1)[1].split("\n\n")[0], re.M):
            for option in re.findall(r"^ +(?:-\w, )? *(--[a-z-]+ (?:DIR|FILE|KEY|SIGNATURE|LOG|NAME=FILE))\b",
                                     help_of(program, command), re.M):
                what = OPTIONS.get(f"{command} {option}", OPTIONS.get(option))
                if what is None or (what and what not in cases):
                    unknown.append(f"{command} {option}")
    ok(not unknown, "it is known of each option what the file is that it takes", *unknown)
    words = open(f"{TOP}/compiler/model/log.h", encoding="utf-8").read().split("#define LOG_FORMATS(X)", 1)[1].split("\n\n", 1)[0]
    missing = set(re.findall(r'X\(LOG_\w+, "([^"]+)"\)', words)) - set(LOGS)
    ok(len(LOGS) > 15 and not missing, "each format of logs is tried", *missing)


try:
    check_options()
    have_minisign = shutil.which("minisign")
    if have_minisign:
        subprocess.run(["minisign", "-GWf", "-p", f"{SCRATCH}/test.pub", "-s", f"{SCRATCH}/test.key"], check=True, capture_output=True)
    for what, path, outcome in CASES:
        if outcome is keys and not have_minisign:
            skip(what, "there is no minisign")
            continue
        plain = compare(what, path, outcome)
        if outcome is git_user:
            ok(plain == ["Jo Doe"], "it is git's user", plain)
    for name in LOGS:
        plain = compare(f"a log: {name}", "log", measured(name))
        ok(plain[0] == 0 and '"n":0' not in plain[1], f"a log: {name} has lines", plain)
finally:
    shutil.rmtree(SCRATCH)
sys.exit(finish())
