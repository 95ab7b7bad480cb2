#!/usr/bin/python3
"""A snapshot that ffc really wrote, cut at every length and damaged at every byte, and the shared library."""
import ctypes
import os
import re
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build")
FFC = os.environ.get("FFC", os.path.join(BUILD, "ffc"))
LIBRARY = os.path.join(BUILD, "libfflag.so")
OK, TRUNCATED, NOT_SNAPSHOT, UNSUPPORTED, CHECKSUM = 0, 20, 21, 22, 23
HEADER = 128


def skip(why):
    print(f"1..0 # SKIP {why}")
    print(f"ok 1 - bad data # SKIP {why}")
    sys.exit(0)


def build():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "production.ffs")
        subprocess.run([FFC, "build", "-C", "flags", "-e", "production", "-o", path], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(path, "rb") as file:
            return file.read()


with open(LIBRARY, "rb") as library:
    sanitized = re.search(b"__(asan|tsan|ubsan)_", library.read())
if sanitized:
    skip("the library has a sanitizer, which python3 has not")
fflag = ctypes.CDLL(LIBRARY)
fflag.fflag_open_memory.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p,
                                    ctypes.c_size_t, ctypes.c_void_p]
fflag.fflag_close.argtypes = [ctypes.c_void_p]
fflag.fflag_close.restype = None


def load(data, length):
    store = ctypes.c_void_p()
    error = fflag.fflag_open_memory(ctypes.byref(store), data, length, None)
    if bool(store) != (error == OK):
        raise AssertionError(f"error {error} with store {store}")
    fflag.fflag_close(store)
    return error


number = 0
failed = False


def ok(wrong, name):
    global number, failed
    number += 1
    failed |= bool(wrong)
    for line in wrong[:5]:
        print(f"# {line}")
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}")


snapshot = build()
ok([] if load(snapshot, len(snapshot)) == OK else ["refused"], "accepts what ffc writes")

wrong = []
for cut in range(len(snapshot)):
    error = load(snapshot, cut)
    if error != TRUNCATED:
        wrong.append(f"cut at {cut}: {error}")
ok(wrong, "refuses it cut at every length")

wrong = []
for byte in range(HEADER):
    expected = NOT_SNAPSHOT if byte < 8 else UNSUPPORTED if byte < 10 else CHECKSUM
    for bit in range(8):
        damaged = bytearray(snapshot)
        damaged[byte] ^= 1 << bit
        error = load(bytes(damaged), len(damaged))
        if error != expected:
            wrong.append(f"header byte {byte} bit {bit}: {error}, expected {expected}")
ok(wrong, "refuses it with any bit of the header flipped")

wrong = []
for byte in range(HEADER, len(snapshot), max(1, len(snapshot) // 4000)):
    damaged = bytearray(snapshot)
    damaged[byte] ^= 1 << byte % 8
    error = load(bytes(damaged), len(damaged))
    if error != CHECKSUM:
        wrong.append(f"byte {byte}: {error}")
ok(wrong, "refuses it with any byte of the content damaged")

text = snapshot.replace(b"\r\n", b"\n", 1)
ok([] if load(text, len(text)) == NOT_SNAPSHOT else ["accepted"], "refuses a transfer as text")
print(f"1..{number}")
sys.exit(failed)
