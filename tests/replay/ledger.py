"""The ledger of a project as its tests read it, by a code of their own."""
import hashlib
import json
import os


def files(directory):
    """Names to bytes."""
    folder = os.path.join(directory, "ledger")
    if not os.path.isdir(folder):
        return {}
    names = [name for name in os.listdir(folder) if not name.startswith(".")]
    return {name: open(os.path.join(folder, name), "rb").read() for name in names}


def put_aside(directory):
    """Names of what a run has put aside."""
    folder = os.path.join(directory, "ledger", ".local")
    if not os.path.isdir(folder):
        return []
    return sorted(name for name in os.listdir(folder) if name.endswith(".json") and name[0] != ".")


def hash_of(raw):
    return hashlib.blake2b(raw, digest_size=32).hexdigest()


def entries(directory):
    """What it holds, those that were there before first; AssertionError where it is not whole."""
    found = files(directory)
    by_hash = {hash_of(raw): (name, json.loads(raw)) for name, raw in found.items()}
    assert len(by_hash) == len(found), "an entry is there twice"
    for digest, (name, entry) in by_hash.items():
        time = entry["time"].split(".")[0].rstrip("Z").replace("-", "").replace(":", "")
        assert name == f"{time}Z-{digest[:12]}.json", f"{name} is not the name of {digest}"
        assert all(parent in by_hash for parent in entry["parents"]), f"{name}: a parent is missing"
    done, order = set(), []
    while len(order) < len(by_hash):
        free = sorted((name, digest) for digest, (name, entry) in by_hash.items()
                      if digest not in done and all(parent in done for parent in entry["parents"]))
        done.add(free[0][1])
        order.append(by_hash[free[0][1]][1])
    return order


def is_whole(directory):
    try:
        entries(directory)
    except AssertionError:
        return False
    return True
