"""Opens a store on a snapshot and says on stdout what it serves, whenever that changes, and what it logs.

Usage: follower.py LIBRARY SNAPSHOT. It ends when its input does.
"""

import ctypes
import os
import select
import sys

lib = ctypes.CDLL(sys.argv[1])
LogFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_char_p)


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("load_mode", ctypes.c_int), ("no_thread", ctypes.c_bool),
                ("poll_interval_ms", ctypes.c_uint32), ("log", LogFunction), ("log_user", ctypes.c_void_p),
                ("clock", ctypes.c_void_p), ("clock_user", ctypes.c_void_p)]


EVENTS = {1: "loaded", 2: "rejected", 3: "watch"}


def say(line):
    """One write a line: the watcher's thread and this one both speak, and a reader must not see halves."""
    os.write(sys.stdout.fileno(), (line + "\n").encode())


log = LogFunction(lambda user, event, error, text: say(EVENTS[event] + " " + text.decode()))
options = Options(ctypes.sizeof(Options), 0, False, 100, log)
lib.fflag_acquire.restype = ctypes.c_void_p
lib.fflag_string.restype = ctypes.c_char_p
store = ctypes.c_void_p()
error = lib.fflag_open(ctypes.byref(store), sys.argv[2].encode(), ctypes.byref(options))
if error:
    sys.exit("error %d" % error)
flag = lib.fflag_flag(store, b"generation")
said = None
while not select.select([sys.stdin], [], [], 0.01)[0]:
    view = ctypes.c_void_p(lib.fflag_acquire(store))
    value = lib.fflag_string(view, flag, None, b"none", None)
    lib.fflag_release(view)
    if value != said:
        say("serves " + value.decode())
        said = value
lib.fflag_close(store)
