"""Files of aggregates that somebody has changed, and sealed again. LONG=1 tries more of them; HOSTILE=N: so many."""
import json
import os
import struct

import xxhash

ROUNDS = int(os.environ.get("HOSTILE", "500" if os.environ.get("LONG") else "50"))

NAMES = ["", "0", "-1", "99999999999999999999", "9223372036854775807", "-9223372036854775807", "count", "x" * 300]
VALUES = [0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, 2**63 - 2, -2**63, -2**63 + 1, -2**53, 1e308, "", "1", "-0", "1e5", "nan",
          "9" * 38, "9" * 5000, "0." + "1" * 2000, "f" * 32, "z" * 32, None, True, [], {}, [1, 2, 3], [[1]],
          {"a": {"a": {"a": {}}}}]


def sealed(rows):
    """The rows as a file, with the end that fits them."""
    low = high = 0
    for row in rows:
        own = xxhash.xxh3_128_intdigest(row)
        words = [low, high, own & (1 << 64) - 1, own >> 64]
        both = xxhash.xxh3_128_intdigest(struct.pack("<4Q", *words))
        low, high = both & (1 << 64) - 1, both >> 64
    end = f'{{"key":"~end","checksum":"{high:016x}{low:016x}","rows":{len(rows)}}}'
    return b"".join(row + b"\n" for row in [*rows, end.encode()])


def hostile(value, rng):
    """A part of a row that somebody has changed."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.8:
        changed = value.copy()
        at = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if rng.random() < 0.1:
            del changed[at]
        elif isinstance(value, dict) and rng.random() < 0.1:
            changed[rng.choice(NAMES)] = changed.pop(at)
        else:
            changed[at] = hostile(changed[at], rng)
        return changed
    return rng.choice(VALUES)


def hostile_row(line, rng):
    row = json.loads(line)
    key = row.pop("key")
    row = hostile(row, rng)
    return json.dumps({"key": key, **(row if isinstance(row, dict) else {"count": row})}).encode()
