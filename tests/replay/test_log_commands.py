#!/usr/bin/env python3
"""Logs that a program prints: run once, only where that is allowed, and never taken for 'no data' where it fails.

Runs: beside: it waits.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from lab import FFREPLAY, PROJECT, SCRATCH, TOP, canary, equal, finish, ok, project, requests, skip, write
from watching import Watch

FFC = os.environ.get("FFC", os.path.join(TOP, "build", "ffc"))
PATIENCE = 240  # seconds; what is never waited for takes longer
BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards: [{metric: error_rate, max: 5%, action: rollback}]
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
LINES = requests(4000)
whole = write("whole.ndjson", LINES)
MARK = os.path.join(SCRATCH, "mark")
TOOL = os.path.join(SCRATCH, "print-log")
with open(TOOL, "w") as file:  # says what it was asked for, and prints the log
    file.write(f'#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done >>{MARK}\necho run >>{MARK}\ncat {whole}\n')
os.chmod(TOOL, 0o755)


def base(command, *more):
    keys = "".join(f"    {line}\n" for line in (f"command: {json.dumps(command)}", *more))
    return PROJECT.replace("    format: ndjson\n", "    format: ndjson\n" + keys)


def lay_out(name, command, *more, block=BLOCK):
    return project(name, canary(block), base=base(command, *more))


def run(program, *arguments, directory, allowed=True, environment=("-e", "production"), **given):
    line = [FFREPLAY, program, *arguments, "-C", directory, *environment, *(["--allow-commands"] if allowed else [])]
    return subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE, **given)


def marks():
    """What was noted since the last time."""
    if not os.path.exists(MARK):
        return []
    with open(MARK) as file:
        noted = file.read().splitlines()
    os.unlink(MARK)
    return noted


# ---------------------------------------------------------------------------------- what is read

directory = lay_out("tool", [TOOL, "{from}", "--end={to}", "{job=\"a\"}", "{{.Name}}", "${from}", "{ print }", "$(id)"])
plain = project("plain", canary(BLOCK))
named = run("decide", "canary.checkout", whole, "--json", directory=plain, allowed=False)
done = run("decide", "canary.checkout", "--json", directory=directory)
equal(done.stdout, named.stdout, "decide reads what the program prints")
noted = marks()
equal([noted[0], *noted[2:]], ["2026-11-20T10:00:00Z", "{job=\"a\"}", "{{.Name}}", "${from}", "{ print }", "$(id)", "run"],
      "{from} is when the stage began, and other braces and a shell's words are left alone")
end = time.strptime(noted[1].split(".")[0].rstrip("Z"), "--end=%Y-%m-%dT%H:%M:%S")
ok(end.tm_year >= 2026 and noted[1].endswith("Z"), "{to} is now", noted)

run("decide", "canary.checkout", "--now", "2026-11-20T11:00:00Z", directory=directory)
equal(marks()[1], "--end=2026-11-20T11:00:00Z", "or --now")
equal(run("decide", "--all", "--json", directory=directory).stdout, named.stdout, "with --all, too")
marks()
equal(json.loads(run("health", "canary.checkout", directory=directory).stdout)["input"]["lines"], len(LINES), "health")
equal(marks()[0], "2026-11-20T10:00:00Z", "asks since the stage began")
done = run("metrics", "--json", "--from", "2026-11-20T10:00:00Z", "--to", "2026-11-20T23:00:00Z", directory=directory,
           environment=())
equal(json.loads(done.stdout)["input"]["lines"], len(LINES), "metrics")
equal(marks()[:2], ["2026-11-20T10:00:00Z", "--end=2026-11-20T23:00:00Z"], "asks for --from and --to")
done = run("metrics", directory=directory, environment=())
ok(done.returncode == 2 and "--since" in done.stderr and "requests=FILE" in done.stderr and not marks(),
   "without --from, {from} is not known", done.stderr)

before = lay_out("before", [TOOL, "{from}"], block=BLOCK.replace("max: 5%", "max_increase: 50%, versus: before"))
run("decide", "canary.checkout", directory=before)
equal(marks()[:1], ["2026-11-19T10:00:00Z"], "a criterion that compares with before asks for a day of that")

# A far stray line makes decide read again.
stray = write("stray.ndjson", LINES + [dict(LINES[0], ts=LINES[-1]["ts"] + 40 * 86400000, request="stray")])
twice = lay_out("twice", ["sh", "-c", f"echo run >>{MARK}; cat {stray}"])
equal(run("decide", "canary.checkout", "--json", directory=twice).stdout,
      run("decide", "canary.checkout", stray, "--json", directory=plain, allowed=False).stdout,
      "what is read again, for a line of another time, is the same")
equal(marks(), ["run"], "and run once")

trial = project("trial", "flags:\n  page:\n    owner: web\n    variants: {old: false, new: true}\n    default: old\n"
                "    rules: [{split: {old: 50%, new: 50%}}]\n", base=base([TOOL, "{from}", "{to}"]))
options = ["--metric", "error_rate", "--control", "old", "--from", "2026-11-20T10:00:00Z", "--json"]
analysed = run("analyze", "page", *options, directory=trial)
noted = marks()
equal(analysed.stdout, run("analyze", "page", whole, *options, directory=trial, allowed=False).stdout,
      "analyze, which reads a log twice")
ok(noted.count("run") == 1 and analysed.stdout, "and has it printed once", noted, analysed.stderr)

packed = write("packed.ndjson", LINES)
subprocess.run(["gzip", "-kf", packed], check=True)
equal(run("decide", "canary.checkout", "--json", directory=lay_out("packed", ["cat", packed + ".gz"])).stdout, named.stdout,
      "compressed output is unpacked")
here = lay_out("here", ["./print"])
shutil.copy(TOOL, os.path.join(here, "print"))
equal(run("decide", "canary.checkout", "--json", directory=here, cwd="/").stdout, named.stdout,
      "a program is found below the project")
marks()

# --------------------------------------------------------------------------------- who allows it

refused = run("decide", "canary.checkout", "--exit-code", directory=directory, allowed=False)
ok(refused.returncode == 2 and "--allow-commands" in refused.stderr and TOOL in refused.stderr and
   "requests=FILE" in refused.stderr and not refused.stdout and not marks(), "it is not run unasked", refused.stderr)
equal(run("decide", "canary.checkout", f"requests={whole}", "--json", directory=directory, allowed=False).stdout,
      named.stdout, "a file that is named is read instead")
run("decide", "canary.checkout", whole, directory=directory)
equal(marks(), [], "even where it might be run")

for line in (["check"], ["build", "-e", "production", "-o", os.path.join(SCRATCH, "out.ffs")], ["test"],
             ["show", "canary.checkout"], ["list"], ["log"], ["schema"], ["stale"],
             ["diff", plain, directory], ["fmt", "--check"]):
    where = [] if line[0] in ("diff", "schema") else ["-C", directory]
    result = subprocess.run([FFC, *line, *where], capture_output=True, text=True, timeout=PATIENCE)
    ok(not marks() and "unknown" not in result.stderr, f"ffc {line[0]} does not run it", result.stderr)
for program, arguments in (("plan", ["canary.checkout", whole]), ("backtest", ["canary.checkout", whole]), ("history", [])):
    line = [FFREPLAY, program, *arguments, "-C", directory] + ([] if program == "history" else ["-e", "production"])
    subprocess.run(line, capture_output=True, timeout=PATIENCE)
    equal(marks(), [], f"ffreplay {program} does not")

# -------------------------------------------------------------------------------------- failures

for name, command, more, said in (
        ("not there", ["/no/such/program"], (), "could not be started: No such file"),
        ("exit status", ["sh", "-c", f"cat {whole}; exit 7"], (), "exited with status 7"),
        ("signal", ["sh", "-c", f"cat {whole}; kill -9 $$"], (), "ended by signal 9"),
        ("time-out", ["sh", "-c", f"cat {whole}; sleep 600"], ("timeout: 1s",), "'timeout'"),
        ("no output", ["true"], (), "printed nothing"),
        ("an error that is printed", ["echo", '{"status":"error"'], (), "bad")):
    failing = lay_out("failing", command, *more)
    done = run("decide", "canary.checkout", "--exit-code", "--json", directory=failing)
    ok(done.returncode == 2 and said in done.stderr and not done.stdout,
       f"{name} is an error, and no verdict", done.returncode, done.stdout, done.stderr)
    done = run("health", "canary.checkout", "--exit-code", directory=failing)
    ok(done.returncode == 2 and said in done.stderr and not done.stdout, f"{name}, for health", done.stderr)

loud = lay_out("loud", ["sh", "-c", f"printf 'slow \\033[2Jserver\\nagain\\n' >&2; cat {whole}"])
done = run("decide", "canary.checkout", "--json", directory=loud)
ok("requests: slow <1B>[2Jserver\nrequests: again\n" in done.stderr and done.stdout == named.stdout,
   "what it says is passed on, and harms no terminal", done.stderr)

left = lay_out("left", ["sh", "-c", f"cat {whole}; (sleep 2; echo late >>{MARK}) &"])
run("decide", "canary.checkout", directory=left)
time.sleep(3)
equal(marks(), [], "what it leaves running is ended")

waiting = lay_out("waiting", ["sh", "-c", f"echo run >>{MARK}; sleep 600; echo late >>{MARK}"])
held = subprocess.Popen([FFREPLAY, "decide", "canary.checkout", "-C", waiting, "-e", "production", "--allow-commands"],
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
while not os.path.exists(MARK):
    time.sleep(0.02)
held.send_signal(signal.SIGTERM)
out, err = held.communicate(timeout=PATIENCE)
ok(held.returncode == 2 and "was cancelled" in err and not out, "a signal ends it, and the job", err)
marks()
nowhere = run("decide", "canary.checkout", directory=directory, env=dict(os.environ, TMPDIR="/no/such/place"))
ok(nowhere.returncode == 2 and "TMPDIR" in nowhere.stderr, "without a place for it", nowhere.stderr)
bad = lay_out("bad", ["sh", "-c", f"cat {whole}; echo '{{'"])
done = run("decide", "canary.checkout", directory=bad)
ok("<sh>:4001" in done.stderr, "a bad line names its program", done.stderr)

# ---------------------------------------------------------------------- the lock, and who waits for it

slow = lay_out("slow", ["sh", "-c", f"echo run >>{MARK}; while [ ! -e {SCRATCH}/go ]; do sleep 0.05; done; cat {whole}"])
line = [FFREPLAY, "decide", "canary.checkout", "-C", slow, "-e", "production", "--allow-commands", "--apply", "--json",
        "--now", "2026-11-20T12:00:00Z", "--actor", "nightly"]
deciding = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
while not os.path.exists(MARK):
    time.sleep(0.02)
rollback = subprocess.run([FFC, "canary", "rollback", "canary.checkout", "-C", slow, "-e", "production", "--reason", "fire",
                           "--actor", "me"], capture_output=True, text=True, timeout=PATIENCE)
ok(rollback.returncode == 0 and deciding.poll() is None, "a rollback does not wait for a command that is slow",
   rollback.stderr)
with open(os.path.join(SCRATCH, "go"), "w"):
    pass
out, err = deciding.communicate(timeout=PATIENCE)
ok(deciding.returncode == 0 and json.loads(out)["rule"] == "rolled-back", "which is decided on as it is by then", out, err)
equal(len(marks()), 2, "by logs that were read again")
with open(os.path.join(slow, "flags.yaml")) as file:
    ok("state: rolled_back" in file.read(), "and stays rolled back")

# ---------------------------------------------------------------------------------------- watching

SOON = BLOCK.replace("since: 2026-11-20T10:00:00Z", "since: " + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(
    time.time() - 3600))).replace("min_samples: 10", "min_samples: 10, hold: 5h")
NOW = requests(600, start=int(time.time() * 1000) - 1800000, length=600000)
printed = os.path.join(SCRATCH, "printed.ndjson")


def text_of(lines):
    return "".join(json.dumps(one) + "\n" for one in lines)


def put(text):
    with open(printed + ".new", "w") as file:
        file.write(text)
    os.rename(printed + ".new", printed)


class Watched(Watch):
    def __init__(self, directory, *arguments):
        super().__init__(directory, "--json", *arguments)

    def errors(self):
        return " ".join(super().errors().split())

    def lines(self):
        """Of each look."""
        return [look["input"]["lines"] for look in self.looks()]


put(text_of(NOW[:200]))
polled = lay_out("polled", ["sh", "-c", f"echo $0 >>{MARK}; cat {printed}", "{from}"], block=SOON)
watch = Watched(polled, "--allow-commands")
ok(watch.until(lambda: watch.lines()[-2:] == [200, 200]), "watch runs a command at each look", watch.errors())
put(text_of(NOW))
ok(watch.until(lambda: watch.lines()[-1:] == [600]), "and its output is all there is of the log", watch.lines())
os.unlink(printed)
ok(watch.until(lambda: "no verdict: a log's command failed" in watch.errors()), "that it fails is said", watch.errors())
seen = len(watch.lines())
time.sleep(2.5)
equal((watch.errors().count("error"), len(watch.lines())), (1, seen), "once, and there is no verdict meanwhile")
put(text_of(NOW[:300]))
ok(watch.until(lambda: watch.lines()[-1:] == [300]), "until it succeeds again", watch.errors())
ok("verdicts again" in watch.errors(), "which is said, too", watch.errors())
equal(watch.stop(), 0, "a signal ends it")
ok(all(one == marks_from for marks_from in [SOON.split("since: ")[1].strip()] for one in marks()),
   "it is asked for all since the stage began")

asleep = lay_out("asleep", ["sh", "-c", f"echo run >>{MARK}; sleep 600"], block=SOON)
watch = Watched(asleep, "--allow-commands")
while not os.path.exists(MARK):
    time.sleep(0.02)
equal(watch.stop(), 2, "also while the command runs")
marks()
watch = Watched(polled)
ok(watch.process.wait(PATIENCE) == 2 and "--allow-commands" in watch.errors() and not marks(), "watch runs nothing unasked",
   watch.errors())
both = project("both-logs", canary(SOON), base=base(["cat", printed]).replace(
    "metrics:\n", f"  more:\n    format: ndjson\n    time: ts\n    unit: user_id\n    context: {{user_id: user_id}}\n"
    f"    path: {SCRATCH}/more*.ndjson\nmetrics:\n", 1).replace("kind: proportion, of: {status: {gte: 500}}, better: lower}",
    "kind: proportion, log: requests, of: {status: {gte: 500}}, better: lower}\n"
    "  more_errors: {kind: proportion, log: more, of: {status: {gte: 500}}, better: lower}", 1).replace(
    "{kind: ", "{log: requests, kind: ").replace("{log: requests, kind: proportion, log:", "{kind: proportion, log:"))
with open(os.path.join(both, "flags.yaml")) as file:
    text = file.read()
with open(os.path.join(both, "flags.yaml"), "w") as file:
    file.write(text.replace("guards: [", "guards: [{metric: more_errors, max: 100%, action: alert}, "))
with open(os.path.join(SCRATCH, "more-1.ndjson"), "w") as file:
    file.write(text_of(NOW[:50]))
watch = Watched(both, "--allow-commands")
ok(watch.until(lambda: watch.lines()[-2:] == [350, 350]), "beside a log that is followed", watch.lines(), watch.errors())
with open(os.path.join(SCRATCH, "more-2.ndjson"), "w") as file:
    file.write(text_of(NOW[50:70]))
ok(watch.until(lambda: watch.lines()[-2:] == [370, 370]), "of which nothing is counted twice", watch.lines(), watch.errors())
watch.stop()

# --------------------------------------------------------------------------------------- reading

for name, keys, code in (
        ("both", ["path: x", "command: [cat, x]"], "FF0109"), ("empty", ["command: []"], "FF0144"),
        ("no program", ["command: ['']"], "FF0144"), ("a shell's", ["command: cat x"], "FF0103"),
        ("braces", ["command: [cat, '{since}']"], "FF0688"), ("in a word", ["command: [cat, 'a{From}b']"], "FF0688"),
        ("a time-out alone", ["timeout: 5s"], "FF0364"), ("a bad one", ["command: [cat, x]", "timeout: soon"], "FF0")):
    at = project("reading", canary(BLOCK), base=PROJECT.replace("    format: ndjson\n", "    format: ndjson\n" + "".join(
        f"    {key}\n" for key in keys)))
    done = subprocess.run([FFC, "check", "-C", at], capture_output=True, text=True)
    ok(done.returncode == 1 and code in done.stderr and done.stderr.count("error:") == 1, f"{name}: {code}", done.stderr)

# ---------------------------------------------------------------------- what others print, for real

# As `journalctl -o json` prints it.
JOURNAL = "".join(json.dumps({"MESSAGE": json.dumps(line), "__REALTIME_TIMESTAMP": str(line["ts"] * 1000),
                              "_HOSTNAME": "web1", "PRIORITY": "6"}) + "\n" for line in LINES)
with open(os.path.join(SCRATCH, "journal.json"), "w") as file:
    file.write(JOURNAL)
journal = lay_out("journal", ["cat", os.path.join(SCRATCH, "journal.json")], "wrap: journald")
done = run("decide", "canary.checkout", "--json", directory=journal)
ok(done.returncode == 0 and json.loads(done.stdout)["verdict"] == json.loads(named.stdout)["verdict"] and
   json.loads(done.stdout)["input"]["lines"] == len(LINES), "journalctl's JSON, unwrapped", done.stderr)

PROMETHEUS = os.path.join(TOP, "build/prometheus/usr/bin/prometheus")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def ask_prometheus():
    """A Prometheus that has scraped itself, asked by curl for a minute of its own requests."""
    at = f"127.0.0.1:{free_port()}"
    with open(os.path.join(SCRATCH, "prometheus.yml"), "w") as config:
        config.write("global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: self\n    static_configs:\n"
                     f"      - targets: ['{at}']\n        labels: {{track: canary}}\n")
    server = subprocess.Popen([PROMETHEUS, f"--config.file={SCRATCH}/prometheus.yml", f"--web.listen-address={at}",
                               f"--storage.tsdb.path={SCRATCH}/tsdb"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while '"value"' not in get(f"http://{at}/api/v1/query?query=up") and time.monotonic() < deadline:
            time.sleep(0.2)
        query = ["curl", "-fsS", "--get", f"http://{at}/api/v1/query_range", "--data-urlencode", 'query=up{job="self"}',
                 "--data-urlencode", "start={from}", "--data-urlencode", "end={to}", "-d", "step=1s"]
        text = "project: {name: p, environments: [production]}\nlogs:\n  up:\n    format: prometheus\n"
        text += "    command: %s\nmetrics:\n  up: {kind: mean, value: value, better: higher}\n"
        asked = project("prometheus", "flags: {}\n", base=text % json.dumps(query))
        done = run("metrics", "--since", "1m", "--json", directory=asked, environment=())
        ok(done.returncode == 0 and json.loads(done.stdout)["input"]["lines"] > 0, "a real Prometheus, through curl",
           done.stdout, done.stderr)
        query[3] = query[3].replace("query_range", "no_such_thing")
        asked = project("prometheus", "flags: {}\n", base=text % json.dumps(query))
        done = run("metrics", "--since", "1m", "--json", directory=asked, environment=())
        ok(done.returncode == 2 and "curl" in done.stderr and "404" in done.stderr and not done.stdout,
           "and what it refuses is an error", done.stderr)
    finally:
        server.terminate()
        server.wait()


if not os.access(PROMETHEUS, os.X_OK) or not shutil.which("curl"):
    skip("a real Prometheus, through curl", "no build/prometheus (tools/setup_prometheus.sh), or no curl")
else:
    ask_prometheus()
finish()
