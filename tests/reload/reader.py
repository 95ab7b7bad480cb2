"""Serves a snapshot and reads all of its bytes, over and over, as a service that evaluates does.

Usage: reader.py LIBRARY SNAPSHOT LOAD_MODE. Says on stdout what the flag `generation` is, whenever that changes,
what the library logs, "reads elsewhere" when the snapshot is in other memory, and "changed" once when the bytes of
a build are others than they were. It ends when its input does.
"""

import ctypes
import os
import select
import sys
import zlib

lib = ctypes.CDLL(sys.argv[1])
LogFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_char_p)
EVENTS = {1: "loaded", 2: "rejected", 3: "watch"}


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("load_mode", ctypes.c_int), ("no_thread", ctypes.c_bool),
                ("poll_interval_ms", ctypes.c_uint32), ("log", LogFunction), ("log_user", ctypes.c_void_p)]


class Info(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("project", ctypes.c_char_p), ("environment", ctypes.c_char_p),
                ("build", ctypes.c_char * 33), ("flags", ctypes.c_uint32), ("attributes", ctypes.c_uint32),
                ("bytes", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def say(line):
    """One write a line: the watcher's thread speaks, too."""
    os.write(sys.stdout.fileno(), (line + "\n").encode())


log = LogFunction(lambda user, event, error, text: say(EVENTS[event] + " " + text.decode()))
options = Options(ctypes.sizeof(Options), int(sys.argv[3]), False, 100, log)
lib.fflag_acquire.restype = ctypes.c_void_p
lib.fflag_string.restype = ctypes.c_char_p
store = ctypes.c_void_p()
error = lib.fflag_open(ctypes.byref(store), sys.argv[2].encode(), ctypes.byref(options))
if error:
    sys.exit("error %d" % error)
flag = lib.fflag_flag(store, b"generation")
sums, said, told, place = {}, None, False, None
while not select.select([sys.stdin], [], [], 0)[0]:
    view = ctypes.c_void_p(lib.fflag_acquire(store))
    info = Info(ctypes.sizeof(Info))
    lib.fflag_view_info(view, ctypes.byref(info))
    if info.bytes != place:
        say("reads elsewhere")
        place = info.bytes
    memory = (ctypes.c_char * info.length).from_address(info.bytes)
    if sums.setdefault(info.build, zlib.crc32(memory)) != zlib.crc32(memory) and not told:
        say("changed")
        told = True
    value = lib.fflag_string(view, flag, None, b"none", None)
    lib.fflag_release(view)
    if value != said:
        say("serves " + value.decode())
        said = value
lib.fflag_close(store)
