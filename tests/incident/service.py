"""A service with the snapshot open: says on stdout how many of its users have `new-search`, whenever that changes.

Usage: service.py LIBRARY SNAPSHOT USERS. It ends when its input does.
"""
import ctypes
import select
import sys

lib = ctypes.CDLL(sys.argv[1])
users = [f"u{i}".encode() for i in range(int(sys.argv[3]))]


class Context(ctypes.Structure):
    _fields_ = [("opaque", ctypes.c_uint64 * (2 + 1 + 128 * 3))]


lib.fflag_acquire.restype = ctypes.c_void_p
lib.fflag_bool.restype = ctypes.c_bool
lib.fflag_release.argtypes = [ctypes.c_void_p]
lib.fflag_bool.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_bool]
lib.fflag_flag.argtypes = lib.fflag_attribute.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
lib.fflag_set_string.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_size_t]
lib.fflag_flag.restype = lib.fflag_attribute.restype = ctypes.c_uint32

store = ctypes.c_void_p()
error = lib.fflag_open(ctypes.byref(store), sys.argv[2].encode(), None)
if error:
    sys.exit(f"error {error}")
flag, user_id = lib.fflag_flag(store, b"new-search"), lib.fflag_attribute(store, b"user_id")
said = None
while not select.select([sys.stdin], [], [], 0.01)[0]:
    view = lib.fflag_acquire(store)
    count = 0
    for user in users:
        who = Context()
        lib.fflag_context_init(ctypes.byref(who))
        lib.fflag_set_string(ctypes.byref(who), user_id, user, len(user))
        count += lib.fflag_bool(view, flag, ctypes.byref(who), False)
    lib.fflag_release(view)
    if count != said:
        print(count, flush=True)
        said = count
lib.fflag_close(store)
