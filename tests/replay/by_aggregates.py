#!/usr/bin/python3
"""`ffreplay`, that takes each of its questions twice: `decide`, `health` and `analyze` are asked of the logs, and of the
merged aggregates of pieces of them. What it prints is the answer of the logs; where the other is different,
both are kept in $BY_AGGREGATES_DIFFER, and where aggregates are not possible, why, in $BY_AGGREGATES_SKIPPED.

Pieces are lines drawn at random, merged in a random order and grouping. What is no line by itself, and
logs with an `id`, is one piece."""
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.environ["BY_AGGREGATES_OF"]
VALUED = {"-C", "--directory", "-e", "--environment", "--now", "--window", "--lateness", "--settle", "--archive",
          "--threads", "--max-bad", "--stale", "--actor", "--by", "--build", "--sign", "--color", "--format",
          "--reason", "--report", "--metric", "-m", "--flag", "-f", "--top", "--from", "--to", "--since", "--units",
          "--method", "--control", "--prior", "--stratify"}
PASSED = {"-C", "--directory", "-e", "--environment", "--window", "--lateness", "--settle", "--archive",
          "--threads", "--now", "--allow-commands", "--allow-partial"}
ANALYZED = PASSED | {"--by", "--metric", "-m", "--show-private"}
NEVER = {"--apply", "--help", "-h", "--from", "--to", "--since"}
WHOLE = (".gz", ".zst", ".csv", ".tsv", ".json", ".xml")


ASKED = ("decide", "health", "analyze")


class Impossible(Exception):
    pass


def run(arguments, stdin=None):
    return subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True)


def split_command(arguments, verb):
    """Options, those that are also aggregate's, and operands."""
    options, passed, operands = [], [], []
    at = 0
    while at < len(arguments):
        word = arguments[at]
        name, _, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            operands.append(word)
            at += 1
            continue
        words = arguments[at:at + 2] if name in VALUED and not value else [word]
        options += words
        if name in (ANALYZED if verb == "analyze" else PASSED):
            passed += words
        if name == "--stratify":
            passed += ["--by", words[1]]
        at += len(words)
    return options, passed, operands


def project_text(options):
    directory = next((options[i + 1] for i, word in enumerate(options) if word in ("-C", "--directory")), ".")
    text = ""
    for folder, _, names in os.walk(directory):
        for name in names:
            if name.endswith((".yaml", ".yml")):
                with open(os.path.join(folder, name), errors="replace") as file:
                    text += file.read()
    return text


def pieces_of(logs, stdin, whole, rng, scratch):
    """Arguments of aggregate: each a list of LOGs and what goes to stdin."""
    if whole:
        return [(logs, stdin)]
    pieces = []
    for log in logs:
        name, path = log.split("=", 1) if "=" in log else (None, log)
        if path != "-" and (path.endswith(WHOLE) or not os.path.isfile(path)):
            pieces.append(([log], None))
            continue
        content = stdin if path == "-" else open(path, "rb").read()
        lines = content.splitlines(True)
        count = min(rng.randrange(1, 6), max(1, len(lines) // 50))
        drawn = [[] for _ in range(count)]
        for line in lines:
            rng.choice(drawn).append(line)
        for number, each in enumerate(drawn):
            if number % 2:
                pieces.append(([f"{name}=-" if name else "-"], b"".join(each)))
                continue
            file = os.path.join(scratch, f"piece-{len(pieces)}.log")
            with open(file, "wb") as out:
                out.write(b"".join(each))
            pieces.append(([f"{name}={file}" if name else file], None))
    return pieces


def merge(files, rng, scratch):
    while len(files) > 1:
        rng.shuffle(files)
        count = rng.randrange(2, len(files) + 1)
        merged = os.path.join(scratch, f"merged-{len(files)}-{count}.agg")
        done = run(["merge", *files[:count], "-o", merged])
        if done.returncode:
            raise Impossible(done.stderr.decode())
        files = [merged, *files[count:]]
    return files[0]


def from_pieces(verb, flags, logs, options, passed, stdin, rng, scratch):
    whole = re.search(r"^\s+id:|format: *(?!ndjson|combined|common|logfmt)", project_text(options), re.M)
    pieces = pieces_of(logs, stdin, whole, rng, scratch) if logs else [([], None)]
    for attempt in range(2):
        files = []
        for number, (arguments, piece) in enumerate(pieces):
            file = os.path.join(scratch, f"{attempt}-{number}.agg")
            done = run(["aggregate", *flags, *arguments, "--units", "-o", file, *passed], piece)
            if done.returncode:
                raise Impossible(done.stderr.decode())
            files.append(file)
        merged = merge(files, rng, scratch)
        answer = run([verb, *(f for f in flags), "--from", merged, *options])
        again = re.search(rb"aggregate every part with (--now|--to) (\S+)", answer.stderr)
        if not again or "--now" in options:
            return answer
        passed = passed + [again[1].decode(), again[2].decode()]
    return answer


def without_places(output):
    found = re.sub(rb"\s+at\s+\S+:\d+", b" at PLACE", output)
    return re.sub(rb"\s+", b" ", found) if found != output else output


def note(variable, text):
    if variable in os.environ:
        with open(os.environ[variable], "a") as file:
            file.write(text + "\n")


def compare(verb, arguments, stdin, answer):
    options, passed, operands = split_command(arguments, verb)
    if verb not in ASKED or NEVER & set(options) or not operands:
        return
    flags, logs = ([], operands) if "--all" in options else (operands[:1], operands[1:])
    if not flags:
        return
    seed = int(os.environ.get("SEED", "1")) + int(hashlib.md5(repr(arguments).encode()).hexdigest()[:6], 16)
    scratch = tempfile.mkdtemp(prefix="by-aggregates-")
    try:
        other = from_pieces(verb, flags, logs, options, passed, stdin, random.Random(seed), scratch)
    except Impossible as why:
        if answer.returncode not in (1, 2):
            note("BY_AGGREGATES_SKIPPED", f"{arguments}: {why}")
        return
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    note("BY_AGGREGATES_DONE", verb)
    if b"on a pipe, which cannot be read again" in answer.stdout:
        return  # aggregates can do without those lines
    if (without_places(other.stdout), other.returncode) != (without_places(answer.stdout), answer.returncode):
        note("BY_AGGREGATES_DIFFER", f"{arguments}\n--- logs: {answer.returncode}\n{answer.stdout.decode()}"
             f"{answer.stderr.decode()}\n--- aggregates: {other.returncode}\n{other.stdout.decode()}"
             f"{other.stderr.decode()}\n")


def main():
    verb, arguments = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    asks = verb in ASKED
    stdin = sys.stdin.buffer.read() if asks and any(a == "-" or a.endswith("=-") for a in arguments) else None
    if not asks:
        os.execv(PROGRAM, [PROGRAM, *sys.argv[1:]])
    answer = subprocess.run([PROGRAM, *sys.argv[1:]], capture_output=True,
                            **({"input": stdin} if stdin is not None else {}))
    sys.stdout.buffer.write(answer.stdout)
    sys.stderr.buffer.write(answer.stderr)
    sys.stdout.flush()
    compare(verb, arguments, stdin, answer)
    sys.exit(answer.returncode)


main()
