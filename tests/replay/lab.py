"""What the replay tests share: projects in a temporary directory, logs from a seeded generator, TAP."""
import atexit
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import xxhash

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "cli"))
import tap  # noqa: E402
from tap import ok, skip  # noqa: E402, F401 # for whoever imports this
FFREPLAY = os.environ.get("FFREPLAY", os.path.join(TOP, "build", "ffreplay"))
SCRATCH = tempfile.mkdtemp(prefix="ffreplay-test-")
atexit.register(shutil.rmtree, SCRATCH)

START = 1795168800000  # 2026-11-20T10:00:00Z, in milliseconds
HOUR = 3600 * 1000

# ------------------------------------------------------------------------------------------- TAP


def equal(got, expected, name):
    return ok(got == expected, name, f"got      {got!r}", f"expected {expected!r}")


def finish():
    sys.exit(tap.finish())


# -------------------------------------------------------------------------------------- projects

PROJECT = """\
project:
  name: lab
  environments: [staging, production]
  bucket_by: user_id

attributes:
  user_id: string
  country: string

segments:
  nordic: {if: {country: [NO, SE]}}

logs:
  requests:
    format: ndjson
    time: ts
    unit: user_id
    id: request
    context: {user_id: user_id, country: geo.country}
    fields:
      latency: {from: request_time, scale: 1000}
      status: status

metrics:
  error_rate: {kind: proportion, of: {status: {gte: 500}}, better: lower}
  success_rate: {kind: proportion, of: {status: {lt: 500}}, better: higher}
  latency_p95: {kind: quantile, q: 0.95, value: latency, unit: ms, better: lower}
  latency_mean: {kind: mean, value: latency, unit: ms, better: lower}
  slowest: {kind: max, value: latency, unit: ms, better: lower}
  fastest: {kind: min, value: latency, unit: ms, better: lower}
  newest: {kind: last, value: latency, unit: ms, better: lower}
  errors_a_second: {kind: rate, where: {status: {gte: 500}}, better: lower}
  failing_users: {kind: proportion, of: {status: {gte: 500}}, per: unit, better: lower}
  requests_a_user: {kind: mean, value: latency, per: unit, agg: count, better: lower}
  wait_a_user: {kind: mean, value: latency, per: unit, agg: sum, unit: ms, better: lower}
  usual_wait: {kind: mean, value: latency, per: unit, agg: mean, unit: ms, better: lower}
  worst_wait: {kind: mean, value: latency, per: unit, agg: max, unit: ms, better: lower}
  last_wait: {kind: mean, value: latency, per: unit, agg: last, unit: ms, better: lower}
  slow_share: {kind: ratio, numerator: latency, denominator: status, better: lower}
  never: {kind: max, value: no_such_field, better: lower}

"""


def project(name, flags, base=PROJECT):
    """A project directory with these flags, in place of one of the same name."""
    directory = os.path.join(SCRATCH, name)
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    with open(os.path.join(directory, "project.yaml"), "w") as file:
        file.write(base)
    with open(os.path.join(directory, "flags.yaml"), "w") as file:
        file.write(flags)
    return directory


def canary(body, more=""):
    """A flag `canary.checkout` with this canary block; lines are indented as a block."""
    indented = "".join(f"      {line}\n" for line in body.strip().splitlines())
    more = "".join(f"    {line}\n" for line in more.strip().splitlines())
    return f"flags:\n  canary.checkout:\n    owner: payments\n{more}    canary:\n{indented}"


# ------------------------------------------------------------------------------------------ logs


def bucket(key, salt):
    mask = (1 << 64) - 1
    x = xxhash.xxh3_64_intdigest(key) ^ xxhash.xxh3_64_intdigest(salt)
    rotate = lambda bits: (x >> bits | x << (64 - bits)) & mask
    x ^= rotate(49) ^ rotate(24)
    x = x * 0x9FB21C651E98DF25 & mask
    x ^= x >> 28
    x = x * 0x9FB21C651E98DF25 & mask
    return x ^ x >> 28


def exposed(key, salt, percent):
    return bucket(key, salt) < int(percent * 1000) * 2**64 // 100000


def requests(count, seed=1, percent=20, salt="canary.checkout", errors=0.01, canary_errors=0.01,
             latency=0.1, canary_latency=0.1, start=START, length=2 * HOUR, users=400):
    """Request lines as dictionaries, in order of time, with the outcomes of a seeded model."""
    rng = random.Random(seed)
    lines = []
    for i in range(count):
        user = f"u{rng.randrange(users)}"
        in_canary = exposed(user, salt, percent)
        failed = rng.random() < (canary_errors if in_canary else errors)
        mean = canary_latency if in_canary else latency
        lines.append({
            "ts": start + length * i // count,
            "request": f"r{seed}-{i}",
            "user_id": user,
            "geo": {"country": rng.choice(["NO", "SE", "US", "DE"])},
            "status": 503 if failed else 200,
            "request_time": round(mean * (0.5 + rng.random()), 6),
        })
    return lines


def write(name, lines):
    path = os.path.join(SCRATCH, name)
    with open(path, "w") as file:
        for line in lines:
            file.write(line if isinstance(line, str) else json.dumps(line, separators=(",", ":")))
            file.write("\n")
    return path


# ------------------------------------------------------------------------------------------- run


def for_everybody(program):
    """A copy that other users can run, wherever the checkout lies."""
    os.chmod(SCRATCH, 0o755)
    return shutil.copy(program, os.path.join(SCRATCH, os.path.basename(program)))


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)


def decide(directory, *arguments, flag="canary.checkout", stdin=b"", environment="production"):
    flag = [flag] if flag else []
    command = [FFREPLAY, "decide", *flag, "-C", directory, "-e", environment, *arguments]
    return Result(subprocess.run(command, input=stdin, capture_output=True))
