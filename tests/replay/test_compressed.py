#!/usr/bin/env python3
"""Compressed logs give the same bytes as plain ones; damaged ones give no verdict at all."""
import gzip
import json
import os
import random
import shutil
import struct
import subprocess
import zlib

from lab import SCRATCH, canary, decide, equal, finish, ok, project, requests, skip, write

BLOCK = """\
stages: [{name: first, percent: 20%, min_samples: 10}, {name: full, percent: 100%}]
guards:
  - {metric: error_rate, max: 5%, action: rollback}
  - {metric: latency_p95, max: 500ms, action: pause}
state: running
stage: first
since: 2026-11-20T10:00:00Z
"""
directory = project("compressed", canary(BLOCK))
plain_path = write("plain.ndjson", requests(30000))
with open(plain_path, "rb") as file:
    plain = file.read()
reference = decide(directory, plain_path, "--json").out
ok(json.loads(reference)["input"]["used"] == 30000, "the_plain_log_is_read")


if not shutil.which("zstd"):
    skip("compressed_logs", "no zstd")
    finish()


def zstd(data, *options):
    return subprocess.run(["zstd", "-c", "-q", *options], input=data, capture_output=True,
                          check=True).stdout


def file_of(name, data):
    path = os.path.join(SCRATCH, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def same(name, data):
    for way, result in (("file", decide(directory, file_of("log", data), "--json")),
                        ("stdin", decide(directory, "-", "--json", stdin=data))):
        ok(result.status == 0 and result.out == reference and not result.err, f"{name}_from_a_{way}",
           result.status, result.out, result.err)


half = plain.index(b"\n", len(plain) // 2) + 1
middle = len(plain) // 2  # within a line
same("gzip", gzip.compress(plain))
same("gzip_stored", gzip.compress(plain, 0))
same("gzip_of_two_files", gzip.compress(plain[:half]) + gzip.compress(plain[half:]))
same("gzip_members_within_a_line", gzip.compress(plain[:middle]) + gzip.compress(plain[middle:]))
same("gzip_with_an_empty_member", gzip.compress(b"") + gzip.compress(plain) + gzip.compress(b""))


def member(data, header=b"\x1f\x8b\x08\0\0\0\0\0\0\xff", level=6, strategy=zlib.Z_DEFAULT_STRATEGY):
    raw = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
    return header + raw.compress(data) + raw.flush() + struct.pack("<II", zlib.crc32(data), len(data))


named = b"\x1f\x8b\x08\x1e\x01\x02\x03\x04\x00\x03\x05\x00extra" + b"n" * 300 + b"\0a comment\0"
named += struct.pack("<H", zlib.crc32(named) & 0xffff)
same("gzip_with_all_that_a_header_may_have", member(plain, named))
for words, strategy in (("of_fixed_codes", zlib.Z_FIXED), ("of_codes_alone", zlib.Z_HUFFMAN_ONLY),
                        ("of_runs", zlib.Z_RLE)):
    same(f"gzip_{words}", member(plain, strategy=strategy))
same("gzip_of_a_thousand_members", b"".join(member(plain[i * len(plain) // 1000:(i + 1) * len(plain) // 1000])
                                            for i in range(1000)))


def messages(pack, data, most):
    """As the OpenTelemetry collector writes what it compresses: a size, and a stream, for each request."""
    out = b""
    for begin in range(0, len(data), most):
        packed = pack(data[begin:begin + most].rstrip(b"\n"))
        out += len(packed).to_bytes(4, "big") + packed
    return out


def in_lines(pack, data, count):
    lines = data.splitlines(keepends=True)
    return b"".join(messages(pack, b"".join(lines[i:i + count]), 1 << 40) for i in range(0, len(lines), count))


same("zstd_messages", in_lines(zstd, plain, 1000))
same("gzip_messages", in_lines(gzip.compress, plain, 500))
same("one_message", messages(zstd, plain, 1 << 40))
framed = in_lines(zstd, plain, 5000)
size = int.from_bytes(framed[:4], "big")
for name, broken in (("without_their_end", framed[:-7]), ("without_a_size", framed[:4 + size + 2]),
                     ("of_a_wrong_size", (size - 3).to_bytes(4, "big") + framed[4:]),
                     ("with_rubbish_between", framed[:4 + size] + b"\0\0\0\x07rubbish" + framed[4 + size:])):
    result = decide(directory, file_of("log", broken), "--json")
    ok(result.status == 2 and not result.out and ("damaged" in result.err or "truncated" in result.err),
       f"messages_{name}_give_no_verdict", result.status, result.out, result.err)
same("gzip_filled_up_with_zeros", gzip.compress(plain) + bytes(1000))
same("zstd", zstd(plain))
same("zstd_with_a_checksum", zstd(plain, "--check", "-19"))
same("zstd_frames", zstd(plain[:middle]) + zstd(plain[middle:]))
same("zstd_after_a_frame_to_skip", b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + zstd(plain))
parts = [file_of("part.gz", gzip.compress(plain[:half])), file_of("part.zst", zstd(plain[half:]))]
equal(decide(directory, *parts, "--json").out, reference, "one_part_in_each")
blank = decide(directory, file_of("blank", zstd(b"\n" * (8 << 20)) + zstd(plain)), "--json")
equal(blank.out, reference, "what_unpacks_to_much_more_than_it_was")


def refused(name, data, *words):
    result = decide(directory, file_of("bad", data), "--json", "--exit-code")
    ok(result.status == 2 and not result.out and "cannot read" in result.err and
       all(word in result.err for word in words), f"{name}_is_refused", result.status, result.out,
       result.err)


rng = random.Random(3)
for name, packed in (("gzip", gzip.compress(plain)), ("zstd", zstd(plain, "--check"))):
    for cut in [8, len(packed) - 1] + [rng.randrange(8, len(packed)) for _ in range(6)]:
        refused(f"{name}_cut_after_{cut}", packed[:cut], "it is truncated")
    for _ in range(6):
        place = rng.randrange(40, len(packed))
        damaged = packed[:place] + bytes([packed[place] ^ 0x55]) + packed[place + 1:]
        refused(f"{name}_damaged_at_{place}", damaged)
    refused(f"{name}_and_then_text", packed + b"more\n", "damaged")
refused("gzip_with_another_checksum", member(plain)[:-8] + struct.pack("<II", 1, len(plain)), "checksum")
refused("gzip_of_another_size", member(plain)[:-4] + struct.pack("<I", len(plain) + 1), "checksum")
refused("gzip_and_then_more_after_zeros", gzip.compress(plain) + bytes(9) + gzip.compress(plain),
        "something else follows")
refused("xz", b"\xfd7zXZ\0abc\n", "xz -dc")
refused("bzip2", b"BZh91AY", "bzip2 -dc")
finish()
