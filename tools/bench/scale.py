#!/usr/bin/env python3
"""What `ffreplay aggregate` costs by the number of lines, which `service-log` streams to it: nothing is stored.
Prints a row of Markdown for each LINES. Usage: scale.py FFREPLAY SERVICE-LOG LINES…"""
import os
import subprocess
import sys
import tempfile

PROJECT = """\
project: {name: scale, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
logs:
  requests: {format: ndjson, time: time, context: {user_id: user_id}}
metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
  latency_p95: {kind: quantile, q: 0.95, value: latency_ms, unit: ms, better: lower}
  latency_mean: {kind: mean, value: latency_ms, unit: ms, better: lower}
flags:
  checkout:
    canary:
      serve: on
      stages: [{name: first, percent: 20%, hold: 1h}, {name: everyone, percent: 100%}]
      guards:
        - {metric: error_rate, max: 5%, action: rollback}
        - {metric: latency_p95, max: 900ms, action: pause}
      advance_when: [{metric: latency_mean, max: 900ms}]
      state: running
      stage: first
      since: 2026-01-05T00:00:00Z
"""


def finished(process):
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{process.args[:2]} exits with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def measure(ffreplay, service_log, lines, folder):
    rate, users = max(50, lines // 86400), max(100, lines // 10)
    made = subprocess.Popen([service_log, "-n", str(lines), "-d", "30d", "-r", str(rate), "--users", str(users), "--fields",
                             "time,user_id=user,status,latency_ms"], stdout=subprocess.PIPE)
    path = os.path.join(folder, f"{lines}.agg")
    # As `cat` would: counts what goes by.
    counted = subprocess.Popen(["tee", "/dev/stderr"], stdin=made.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    size = subprocess.Popen(["wc", "-c"], stdin=counted.stderr, stdout=subprocess.PIPE)
    read = subprocess.Popen([ffreplay, "aggregate", "checkout", "-", "-C", folder, "-e", "production", "--threads", "1",
                             "--now", "2026-03-01T00:00:00Z", "-o", path], stdin=counted.stdout)
    for pipe in (made.stdout, counted.stdout, counted.stderr):
        pipe.close()
    seconds, memory = finished(read)
    finished(made)
    bytes_read = int(size.communicate()[0])
    asked = subprocess.Popen([ffreplay, "decide", "checkout", "-C", folder, "-e", "production", "--from", path,
                              "--now", "2026-03-01T00:00:00Z"], stdout=subprocess.DEVNULL)
    decided, _ = finished(asked)
    print(f"| {lines:,} | {bytes_read / 1e9:.2f} GB | {seconds:.1f} s | {memory / 1024:.0f} MB | "
          f"{os.path.getsize(path) / 1e6:.1f} MB | {decided:.2f} s | {seconds / bytes_read * 1e12 / 3600:.2f} |", flush=True)


def main():
    ffreplay, service_log, *counts = sys.argv[1:]
    print("| lines | bytes | `aggregate` | most memory | its file | `decide --from` | core-hours a TB |\n"
          "| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "project.yaml"), "w") as file:
            file.write(PROJECT)
        for lines in counts:
            measure(ffreplay, service_log, int(lines), folder)


main()
