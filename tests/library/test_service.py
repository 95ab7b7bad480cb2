#!/usr/bin/python3
"""A service that uses the library, built and run: what it logs, ffreplay reads as it is; what it leaves
as metrics is Prometheus text."""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from scrape import scrape

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
FFC = os.environ.get("FFC", os.path.join(BUILD, "ffc"))
FFREPLAY = os.environ.get("FFREPLAY", os.path.join(BUILD, "ffreplay"))
sys.path.insert(0, os.path.join(TOP, "tests", "cli"))
from tap import finish, ok, skip  # noqa: E402
USERS = 1000

DEFINITIONS = """\
project: {name: shop, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
metrics:
  errors: {kind: proportion, of: {feature_flag.result.reason: error}, better: lower}
flags:
  canary.checkout:
    owner: payments
    canary:
      stages:
        - {name: first, percent: 20%, hold: 1m, min_samples: 100}
        - {name: full, percent: 100%}
      guards:
        - {metric: errors, max: 5%, action: rollback}
      state: running
      stage: first
      since: 2025-11-21T00:00:00Z
"""

def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


# ------------------------------------------------------------------- the exposition format, by its book

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.e+]+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')


def read_metrics(text):
    """{(name, labels): value}; an AssertionError says what is not as the format wants it."""
    assert text.endswith("\n"), "the last line ends"
    samples, types, helps, current = {}, {}, set(), None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in helps, f"one HELP for {current}"
            helps.add(current)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and kind in ("counter", "gauge"), line
            types[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, f"a sample: {line}"
            name, labels, value = match.groups()
            assert name == current and name in types, f"{name} stands below its TYPE"
            pairs = LABEL.findall(labels or "")
            assert LABEL.sub("", labels or "") == "", f"labels: {labels}"
            assert (types[name] == "counter") == name.endswith("_total"), f"the name of {name}"
            key = name, tuple(sorted(pairs))
            assert key not in samples, f"{key} once"
            samples[key] = float(value)
    return samples


def prometheus_program(name):
    """What tools/setup_prometheus.sh unpacked. Debian's own would be a daemon that somebody runs."""
    program = os.path.join(TOP, "build/prometheus/usr/bin", name)
    return program if os.access(program, os.X_OK) else None


def main():
    directory = tempfile.mkdtemp(prefix="service-test-")
    try:
        return test(directory)
    finally:
        shutil.rmtree(directory)


def test(directory):
    def at(name):
        return os.path.join(directory, name)

    os.mkdir(at("flags"))
    with open(at("flags/flags.yaml"), "w") as file:
        file.write(DEFINITIONS)
    built = run(FFC, "build", "-C", at("flags"), "-e", "production", "-o", at("production.ffs"), "--json")
    build = json.loads(built.stdout)["build"]
    sanitize = os.environ.get("SANITIZE")
    made = run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", *([f"-fsanitize={sanitize}"] if sanitize else []),
               "-I", os.path.join(TOP, "include"), "-o", at("service"),
               os.path.join(TOP, "tests/library/service.c"), "-L", BUILD, "-lfflag", "-Wl,-rpath," + BUILD)
    ok(made.returncode == 0, "a service builds", made.stderr)
    with open(at("log.ndjson"), "w") as log:
        ran = subprocess.run([at("service"), at("production.ffs"), str(USERS), at("metrics.prom")], stdout=log)
    ok(ran.returncode == 0, "and runs")

    with open(at("log.ndjson")) as log:
        lines = [json.loads(line) for line in log]
    served = collections.Counter(line["feature_flag.result.variant"] for line in lines)
    ok(len(lines) == USERS and set(served) == {"on", "off"}, "each evaluation is a line", served)
    ok({line["feature_flag.version"] for line in lines} == {build}, "of this build")

    decided = run(FFREPLAY, "decide", "canary.checkout", at("log.ndjson"), "-C", at("flags"), "-e", "production",
                  "--json")
    ok(decided.returncode == 0, "ffreplay decides on the lines without a 'logs' section", decided.stderr)
    decision = json.loads(decided.stdout)
    criterion = decision["criteria"][0]
    ok(decision["input"]["used"] == USERS, "every line counts", decision["input"])
    ok((criterion["canary"]["n"], criterion["control"]["n"]) == (served["on"], served["off"]),
       "for the variant that was served", criterion)
    ok(decision["verdict"] == "advance", "and the verdict falls", decided.stdout)

    with open(at("metrics.prom")) as file:
        text = file.read()
    try:
        samples = read_metrics(text)
        problem = None
    except AssertionError as error:
        samples, problem = {}, error
    ok(problem is None, "the metrics are Prometheus text", problem)
    counted = {dict(labels)["variant"]: value for (name, labels), value in samples.items()
               if name == "fflag_evaluations_total"}
    ok(counted == dict(served), "they count what was served", counted)
    ok(any(name == "fflag_build_info" and ("build", build) in labels
                                  for name, labels in samples), "they name the build", text)
    promtool, prometheus = prometheus_program("promtool"), prometheus_program("prometheus")
    if promtool:
        checked = run(promtool, "check", "metrics", input=text)
        ok(checked.returncode == 0 and not checked.stderr, "promtool has nothing to say", checked.stderr)
    else:
        skip("promtool has nothing to say", "promtool is not there: make check-all unpacks it")
    if prometheus:
        scraped = scrape(prometheus, directory, "metrics.prom")
        # To Prometheus a label without a value is no label.
        expected = {(name, tuple(pair for pair in labels if pair[1])): value
                    for (name, labels), value in samples.items()}
        ok(scraped == expected, "prometheus scrapes the same values",
           sorted(set(scraped.items()) ^ set(expected.items())))
    else:
        skip("prometheus scrapes the same values", "prometheus is not there: make check-all unpacks it")
    return finish()


if __name__ == "__main__":
    sys.exit(main())
