"""Local times of every zone of the time zone database, against Python's reading of it: at random
times of this century, at each change of the clocks and beside it; and beyond, where offsets stay.

TIMES (default 60, of each zone) and SEED can be set.
"""

import datetime
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zoneinfo

FFC = os.environ.get("FFC", "build/ffc")
TIMES = int(os.environ.get("TIMES", "60"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randint(0, 10**9)))
FIRST, LAST = 946684800, 4102444800  # of the changes that a snapshot has
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def local(zone, second):
    return (EPOCH + datetime.timedelta(seconds=second)).astimezone(zoneinfo.ZoneInfo(zone))


def changes(zone, first, last):
    """Found by halving: two that cancel each other within ten days are not."""
    offset = lambda second: local(zone, second).utcoffset()
    found = []
    for begin in range(first, last, 10 * 86400):
        low, high = begin, min(begin + 10 * 86400, last)
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        found.append(high)
    return found


def write_project(directory, zones):
    """A flag a zone, whose variant is the local weekday, hour and minute, by a search of halves."""
    flags = {}
    for number, zone in enumerate(zones):
        for day in WEEKDAYS:
            flags["z%d.%s" % (number, day)] = {"rules": [{"if": {"now": {"weekday": day, "zone": zone}}}]}
        for bit in range(11):
            step = 1 << bit
            times = [["%02d:%02d" % divmod(m, 60), "%02d:%02d" % divmod(min(m + step, 1440), 60)]
                     for m in range(step, 1440, 2 * step)]
            flags["z%d.%d" % (number, bit)] = {"rules": [
                {"if": {"any": [{"now": {"between": time, "zone": zone}} for time in times]}}]}
    with open(os.path.join(directory, "project.yaml"), "w", encoding="utf-8") as file:
        json.dump({"project": {"name": "p", "environments": ["live"]}, "flags": flags}, file)


def answers(directory, second):
    at = (EPOCH + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
    run = subprocess.run([FFC, "eval", "-s", os.path.join(directory, "live.ffs"), "--all", "--at", at, "-c", "{}", "--json"],
                         capture_output=True, text=True, check=True)
    return {answer["flag"] for answer in map(json.loads, run.stdout.splitlines()) if answer["value"]}


def told(held, number):
    days = [day for day in WEEKDAYS if "z%d.%s" % (number, day) in held]
    minute = sum(1 << bit for bit in range(11) if "z%d.%d" % (number, bit) in held)
    return days, minute


def compare(directory, zones, second):
    held = answers(directory, second)
    for number, zone in enumerate(zones):
        here = local(zone, second if second < LAST else LAST - 1) + datetime.timedelta(seconds=max(0, second - LAST + 1))
        expected = [WEEKDAYS[here.weekday()]], here.hour * 60 + here.minute
        if told(held, number) != expected:
            return "%s at %d: %s, expected %s" % (zone, second, told(held, number), expected)
    return None


def main():
    rng = random.Random(SEED)
    every = sorted(z for z in zoneinfo.available_timezones() if z not in ("localtime", "Factory"))
    some = ["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin", "America/Nuuk"]
    known = [z for z in some if z in every]
    zones = known + rng.sample([z for z in every if z not in known], min(14, len(every) - len(known)))
    directory = tempfile.mkdtemp(prefix="ffc-clock-")
    print("# SEED=%d TIMES=%d" % (SEED, TIMES))
    write_project(directory, zones)
    built = subprocess.run([FFC, "build", "-C", directory, "-e", "live", "-o", os.path.join(directory, "live.ffs")],
                           capture_output=True, text=True, check=False)
    problem = built.stderr if built.returncode else None
    seconds = [rng.randrange(FIRST, LAST) for _ in range(TIMES)] + [FIRST, LAST - 1, LAST + 86400 * 200, 0 + FIRST + 1]
    for zone in rng.sample(known, min(3, len(known))) + rng.sample(zones, 2):
        here = changes(zone, FIRST, LAST)
        for change in rng.sample(here, min(8, len(here))):
            seconds += [change - 1, change]
    for second in seconds:
        problem = problem or compare(directory, zones, second)
    if problem:
        print("not ok 1 - local times are those of the database\n# kept in %s\n# %s" % (directory, problem.replace("\n", "\n# ")))
        return 1
    print("ok 1 - local times are those of the database, at %d times in %d zones" % (len(seconds), len(zones)))
    shutil.rmtree(directory)
    return 0


sys.exit(main())
