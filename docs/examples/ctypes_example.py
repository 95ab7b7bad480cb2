"""From Python, without an extension: ctypes on libfflag's C interface.

    python3 ctypes_example.py libfflag.so production.ffs

A call through ctypes costs some 300 ns; the evaluation behind it does not matter beside that.
"""

import ctypes
import sys
import time

lib = ctypes.CDLL(sys.argv[1])
store = ctypes.c_void_p()


class Context(ctypes.Structure):
    """struct fflag_context, whose fields are private: only its size counts here."""

    _fields_ = [("opaque", ctypes.c_uint64 * (2 + 3 + 128 * 3))]


lib.fflag_error_text.restype = ctypes.c_char_p
lib.fflag_string.restype = ctypes.c_char_p
lib.fflag_bool.restype = ctypes.c_bool
lib.fflag_acquire.restype = ctypes.c_void_p
lib.fflag_release.argtypes = [ctypes.c_void_p]
lib.fflag_string.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
lib.fflag_bool.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_bool]
lib.fflag_flag.argtypes = lib.fflag_attribute.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
lib.fflag_set_string.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_size_t]
lib.fflag_flag.restype = lib.fflag_attribute.restype = ctypes.c_uint32

error = lib.fflag_open(ctypes.byref(store), sys.argv[2].encode(), None)
if error:
    sys.exit("cannot open the snapshot: " + lib.fflag_error_text(error).decode())
greeting = lib.fflag_flag(store, b"greeting")
shutdown = lib.fflag_flag(store, b"shutdown")
plan = lib.fflag_attribute(store, b"plan")

stop = False
while not stop:
    who = Context()
    lib.fflag_context_init(ctypes.byref(who))
    lib.fflag_set_string(ctypes.byref(who), plan, b"premium", 7)
    view = lib.fflag_acquire(store)
    # c_char_p copies the text, so it outlives the view.
    print("python:", lib.fflag_string(view, greeting, ctypes.byref(who), b"hi", None).decode(), flush=True)
    stop = lib.fflag_bool(view, shutdown, ctypes.byref(who), False)
    lib.fflag_release(view)
    time.sleep(0.02)
lib.fflag_close(store)
