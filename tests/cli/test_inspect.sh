#!/bin/bash
# ffc verify, dump and bucket.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

mkdir flags
cat >flags/all.yaml <<'YAML'
project: {name: shop, environments: [production], bucket_by: user_id}
attributes: {user_id: string, "country": string}
flags:
  checkout: {rules: [{if: {country: ["NO", SE, DK, FI, IS, US, CA, GB, DE, FR]}, percent: 25%}]}
YAML
"$FFC" build -e production -o p.ffs >/dev/null

exits "a sound snapshot" 0 "$FFC" verify p.ffs
is "verify says what it is" "$("$FFC" verify p.ffs | sed -nE 's/ +/ /g; /^ (project|environment|flags|attributes) /p')" \
    " project shop
 environment production
 flags 1
 attributes 2"
is "verify reads stdin" "$("$FFC" verify - <p.ffs | head -1)" "-: sound"
mkdir patterns
cat >patterns/all.yaml <<'YAML'
project: {name: shop, environments: [production], bucket_by: user_id}
attributes: {user_id: string}
flags:
  a: {rules: [{if: {user_id: {matches: 'ab+'}}}]}
  b: {rules: [{if: {user_id: {matches: '.*a(b|bb)+'}}}]}
  c: {rules: [{if: {user_id: {matches: 'AB', ignore_case: true}}}]}
YAML
"$FFC" build -C patterns -e production -o patterns.ffs >/dev/null
# Four states of three classes, 2 bytes each, behind 264; and two of the three patterns are one.
is "patterns that match the same are one automaton" \
    "$("$FFC" verify patterns.ffs | sed -nE 's/ +/ /g; s/^ AUTOMATA //p')" $((2 * 264 + 2 * 4 * 3 * 2))
is "a flag with patterns needs a reader that knows them" \
    "$("$FFC" dump --json patterns.ffs | grep -o '"features":"[0-9a-f]*"' | sort -u)" \
    '"features":"0000000000000001"'
is "one without does not" "$("$FFC" dump --json p.ffs | grep -o '"features":"[0-9a-f]*"')" \
    '"features":"0000000000000000"'
head -c 300 p.ffs >short.ffs
is "a short one" "$("$FFC" verify short.ffs)" \
    "short.ffs: not sound: it has 300 of its $(stat -c %s p.ffs) bytes"
exits "is the input's fault" 1 "$FFC" verify short.ffs
cp p.ffs flipped.ffs
chmod u+w flipped.ffs
printf 'X' | dd of=flipped.ffs bs=1 seek=500 conv=notrunc status=none
is "a flipped byte" "$("$FFC" verify flipped.ffs)" \
    "flipped.ffs: not sound: the hash of the content does not match"
is "as JSON" "$("$FFC" verify --json flipped.ffs)" \
    '{"format_version":1,"file":"flipped.ffs","sound":false,"error":"CHECKSUM","message":"the hash of the content does not match"}'
echo "not a snapshot" >text.ffs
exits "something else" 1 "$FFC" verify text.ffs
exits "a file that is not there" 2 "$FFC" verify nowhere.ffs
exits "a directory" 2 "$FFC" verify flags
exits "no file" 2 "$FFC" verify
is "dump refuses a damaged file with the verifier's words" "$("$FFC" dump flipped.ffs 2>&1)" \
    "ffc dump: flipped.ffs: the hash of the content does not match"
exits "as the input's fault" 1 "$FFC" dump flipped.ffs
is "dump shows a few members of a set" "$("$FFC" dump p.ffs | grep ' in ')" \
    '     1  if      country in {"CA", "DE", "DK", "FI", "FR", "GB", "IS", "NO", … 2 more}  else 3'
is "and all of them as JSON" "$("$FFC" dump --json p.ffs | grep -o '"text":"country[^}]*}')" \
    '"text":"country in {\"CA\", \"DE\", \"DK\", \"FI\", \"FR\", \"GB\", \"IS\", \"NO\", \"SE\", \"US\"}'

is "buckets as text" "$("$FFC" bucket --salt checkout u1 'ü 2')" \
    "$(/usr/bin/python3 - <<'PY'
import xxhash
M = (1 << 64) - 1
rotr = lambda x, n: (x >> n | x << 64 - n) & M
def mix(x):
    x ^= rotr(x, 49) ^ rotr(x, 24)
    x = x * 0x9FB21C651E98DF25 & M
    x ^= x >> 28
    x = x * 0x9FB21C651E98DF25 & M
    return x ^ x >> 28
for key in ["u1", "ü 2"]:
    b = mix(xxhash.xxh3_64_intdigest(key.encode()) ^ xxhash.xxh3_64_intdigest(b"checkout"))
    millionths = b * 10**8 >> 64
    print("%016x  %20d  %10s%%  %s" % (b, b, "%d.%06d" % divmod(millionths, 10**6), key))
PY
)"
is "buckets as JSON" "$("$FFC" bucket --json --salt s a)" \
    '{"format_version":1,"salt":"s","key":"a","hex":"33d6dcaf367b5f17","bucket":"3735415586041847575","percent":20.249728}'
is "the buckets in docs/evaluation.md are these" "$("$FFC" bucket --salt checkout u1 u2)" \
    "$(awk '/^\$ ffc bucket/ { on = 1; next } on && /^```/ { exit } on' "$top/docs/evaluation.md")"
exits "an empty key has no bucket" 2 "$FFC" bucket --salt '' ''
exits "no salt" 2 "$FFC" bucket u1
exits "no key" 2 "$FFC" bucket --salt s
exits "a full disk is not silent" 2 sh -c '"$1" dump p.ffs >/dev/full' - "$FFC"
finish
