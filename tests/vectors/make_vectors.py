#!/usr/bin/python3
"""Prints docs/bucketing-vectors.tsv: keys, salts and the buckets they must have, in every language.

An empty key is none, and has no bucket: `-`.

The library has no part in it: XXH3 is python3-xxhash's, the rest is written out here.
Usage: tests/vectors/make_vectors.py >docs/bucketing-vectors.tsv
"""
import xxhash

MASK = (1 << 64) - 1
LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 36, 63, 64, 65, 96, 127, 128,
           129, 160, 192, 239, 240, 241, 255, 256, 257, 512, 1023, 1024, 1025, 2000]
SALTS = ["feature.new-dashboard", "feature.new-dashboard/split", "layer/checkout", "holdout/q4", ""]
WORDS = ["0", "42", "-7", "9007199254740992", "-9007199254740992", "u1", "user-1", "alice",
         "alice@example.com", "123e4567-e89b-12d3-a456-426614174000", "10.0.0.1", "2001:db8::1",
         "blåbær", "Straße", "東京", "пользователь", "🙂", "e\u0301", "\u00e9", " ", "a b", "A", "a",
         "\u00a0", "\U0010ffff",
         # Booleans; several attributes joined by a dot, a slash and nothing.
         "true", "false", "acme.42", "acme.42.true", "acme/u1", "acmeu1", "blåbær.-7"]


def rotate_right(x, n):
    return (x >> n | x << (64 - n)) & MASK


def mix(x):
    x ^= rotate_right(x, 49) ^ rotate_right(x, 24)
    x = x * 0x9FB21C651E98DF25 & MASK
    x ^= x >> 28
    x = x * 0x9FB21C651E98DF25 & MASK
    return x ^ x >> 28


def xxh3(text):
    return xxhash.xxh3_64_intdigest(text.encode())


def bucket(key, salt):
    return mix(xxh3(key) ^ xxh3(salt))


def key_of_length(length):
    return ("abcdefghijklmnopqrstuvwxyz0123456789-" * 60)[:length]


def main():
    print("# salt\tkey\tbytes of the key\tbucket, hexadecimal\tbucket, decimal")
    keys = [key_of_length(length) for length in LENGTHS]
    rows = [(SALTS[0], key) for key in keys] + [(SALTS[i % len(SALTS)], key)
                                                for i, key in enumerate(keys)]
    rows += [(salt, word) for word in WORDS for salt in SALTS[:3]]
    for salt, key in dict.fromkeys(rows):
        value = bucket(key, salt)
        print(f"{salt}\t{key}\t{len(key.encode())}\t" + (f"{value:016x}\t{value}" if key else "-\t-"))


if __name__ == "__main__":
    main()
