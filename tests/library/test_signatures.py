#!/usr/bin/python3
"""The library in its two builds: with SIGNATURES=1 it checks signatures and needs libsodium; without, it
needs nothing, reads signed snapshots, and refuses keys that it could not use."""
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
FFC = os.environ.get("FFC", os.path.join(BUILD, "ffc"))
sys.path.insert(0, os.path.join(TOP, "tests", "cli"))
from tap import finish, ok, skip  # noqa: E402

GENERAL, UNSUPPORTED, UNSIGNED, UNTRUSTED = 1, 22, 27, 28

for tool in ("minisign", "readelf"):
    if not shutil.which(tool):
        skip("signatures", f"there is no {tool}")
        sys.exit(finish())


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("load_mode", ctypes.c_int), ("no_thread", ctypes.c_bool),
                ("poll_interval_ms", ctypes.c_uint32), ("log", ctypes.c_void_p), ("log_user", ctypes.c_void_p),
                ("clock", ctypes.c_void_p), ("clock_user", ctypes.c_void_p),
                ("trusted_keys", ctypes.POINTER(ctypes.c_char_p)), ("environment", ctypes.c_char_p),
                ("least_generation", ctypes.c_uint64), ("require_signature", ctypes.c_bool),
                ("refuse_older", ctypes.c_bool), ("count", ctypes.c_bool)]


def open_store(library, path, keys, required=True):
    """The error of fflag_open()."""
    names = (ctypes.c_char_p * (len(keys) + 1))(*[key.encode() for key in keys], None)
    options = Options(size=ctypes.sizeof(Options), no_thread=True, trusted_keys=names, require_signature=required)
    store = ctypes.c_void_p()
    library.fflag_open.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p, ctypes.POINTER(Options)]
    library.fflag_close.argtypes = [ctypes.c_void_p]
    error = library.fflag_open(ctypes.byref(store), path.encode(), ctypes.byref(options))
    library.fflag_close(store)
    return error


def needed(library):
    shown = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"NEEDED.*\[(\w+)", shown)) - {"libasan", "libubsan", "libtsan"}


def main():
    plain = os.path.join(BUILD, "libfflag.so")
    other = os.path.join(BUILD, "other")  # kept, so that the next run builds only what changed
    mine = "libsodium" in needed(plain)
    made = subprocess.run(["make", "-s", f"BUILD={other}", f"SIGNATURES={'' if mine else '1'}",
                           os.path.join(other, "libfflag.so." + version())], cwd=TOP, capture_output=True, text=True)
    ok(made.returncode == 0, "the library builds the other way", made.stderr)
    with_signatures, without = (plain, f"{other}/libfflag.so") if mine else (f"{other}/libfflag.so", plain)
    ok(needed(with_signatures) == {"libc", "libsodium"}, "with signatures it needs libsodium", needed(with_signatures))
    ok(needed(without) == {"libc"}, "without, nothing but libc", needed(without))
    if os.environ.get("SANITIZE"):
        skip("what each opens", "a sanitizer cannot be loaded late")
        return finish()

    directory = tempfile.mkdtemp(prefix="signatures-test-")
    try:
        compare(ctypes.CDLL(with_signatures), ctypes.CDLL(without), directory)
    finally:
        shutil.rmtree(directory)
    return finish()


def version():
    with open(os.path.join(TOP, "include/fflag.h")) as file:
        return ".".join(re.findall(r"#define FFLAG_VERSION_[A-Z]+ (\d+)", file.read()))


def compare(checks, ignores, directory):
    def at(name):
        return os.path.join(directory, name)

    with open(at("flags.yaml"), "w") as file:
        file.write("project: {name: p, environments: [live]}\nflags:\n  f: {serve: on}\n")
    for key in "ours", "theirs":
        subprocess.run(["minisign", "-GWf", "-p", at(key + ".pub"), "-s", at(key + ".key")], check=True,
                       stdout=subprocess.DEVNULL)
    build = [FFC, "build", "-C", directory, "-e", "live", "-o"]
    subprocess.run([*build, at("signed.ffs"), "--sign", at("ours.key")], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*build, at("unsigned.ffs")], check=True, stdout=subprocess.DEVNULL)
    ours, theirs = (open(at(name)).read() for name in ("ours.pub", "theirs.pub"))

    for name, path, keys, required, expected, expected_without in (
            ("a signed snapshot, no keys", "signed.ffs", [], False, 0, 0),
            ("a signed snapshot, its key", "signed.ffs", [ours], True, 0, UNSUPPORTED),
            ("a signed snapshot, one of two keys", "signed.ffs", [theirs, ours], True, 0, UNSUPPORTED),
            ("a signed snapshot, another key", "signed.ffs", [theirs], True, UNTRUSTED, UNSUPPORTED),
            ("an unsigned snapshot, a key", "unsigned.ffs", [ours], True, UNSIGNED, UNSUPPORTED),
            ("an unsigned snapshot, a key for those that are signed", "unsigned.ffs", [ours], False, 0, UNSUPPORTED),
            ("a signature demanded, no keys", "signed.ffs", [], True, GENERAL, GENERAL)):
        error = open_store(checks, at(path), keys, required)
        ok(error == expected, f"{name}: checked", f"error {error}, expected {expected}")
        error = open_store(ignores, at(path), keys, required)
        ok(error == expected_without, f"{name}: where nothing is checked",
           f"error {error}, expected {expected_without}")


if __name__ == "__main__":
    sys.exit(main())
