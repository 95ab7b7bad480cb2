#!/bin/bash
# Signatures on the command line, against the real minisign; LONG=1 adds keys with a password.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh
FFC=$(realpath "$FFC")
cd "$scratch" || exit 2

mkdir project
cat >project/flags.yaml <<'END'
project: {name: shop, environments: [live, test], bucket_by: user}
attributes: {user: string}
flags:
  new: {percent: 25%}
END
if ! command -v minisign >/dev/null; then
    skip "signatures" "no minisign"
    finish
fi
for key in ours theirs; do
    minisign -GWf -p $key.pub -s $key.key >/dev/null || exit 2
done
public=$(tail -n 1 ours.pub)
id=$(printf '%016X' "0x$(head -n 1 ours.pub | sed 's/.* //')") # minisign leaves zeros out
build() { "$FFC" build -C project "$@" >/dev/null; }
verify() { "$FFC" verify "$@" >verified; }
says() { grep -qF -- "$1" verified || { cat verified; false; }; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
size() { stat -c %s "$1"; }
bytes() { hex <"$1"; }

build -e live -o plain.ffs
build -e live -o signed.ffs --sign ours.key
ok 'build --sign signs' verify signed.ffs --key ours.pub
ok 'verify says which key' says "signed by    key $id"
ok 'a key may be given as itself' verify signed.ffs --key "$public"
ok 'one of several keys will do' verify signed.ffs --key theirs.pub --key ours.pub
ok 'without a key the signature is named, and not checked' verify signed.ffs
ok 'and it says so' says 'not checked'
exits 'another key is refused' 1 verify signed.ffs --key theirs.pub
ok 'and why' says 'which is not trusted'
exits 'an unsigned snapshot is refused' 1 verify plain.ffs --key ours.pub
ok 'and why not' says 'not trusted: it is not signed'
ok 'without a key it is sound' verify plain.ffs
ok 'and signed by nobody' says 'signed by    nobody'
exits 'what is no key is refused' 2 verify signed.ffs --key flags.yaml
"$FFC" verify signed.ffs --key ours.pub --json >verified
json() {
    /usr/bin/python3 -c 'import json; d = json.load(open("verified")); print(eval("'"$1"'"))'
}
is 'JSON says it, too' "$(json "d['sound'], d['signature']['key'], d['signature']['checked']")" \
    "(True, '$id', True)"
is 'the comment says what is signed' "$(json "d['signature']['comment']")" \
    "$(json "'project:shop\\\\tenvironment:live\\\\tbuild:' + d['build'] + '\\\\thashed'")"
is 'the signature follows the snapshot' "$(head -c "$(size plain.ffs)" signed.ffs | hex)" \
    "$(bytes plain.ffs)"
build -e live -o again.ffs --sign ours.key
is 'the same is signed the same' "$(bytes again.ffs)" "$(bytes signed.ffs)"
build --all -o all --sign ours.key
ok 'build --all signs all' verify all/test.ffs --key ours.pub
ok 'a pipe is signed, too' sh -c "'$FFC' build -C project -e live -o - --sign ours.key 2>/dev/null | '$FFC' verify - --key ours.pub"

build -e live -o hurried.ffs --sign ours.key
theirs_id=$(printf '%016X' "0x$(head -n 1 theirs.pub | sed 's/.* //')")
changed="hurried.ffs: warning: it was signed by key $id, and now is by key $theirs_id"
is 'another key is warned of, and both are named' "$(build -e live -o hurried.ffs --sign theirs.key 2>&1)" "$changed
help: services that trust only the old key keep what they have"
ok 'and signs' verify hurried.ffs --key theirs.pub
is 'the same key is not' "$(build -e live -o hurried.ffs --sign theirs.key 2>&1)" ""
build -e live -o hurried.ffs --sign ours.key 2>/dev/null
is 'nor is it silent in an emergency' "$("$FFC" rollback new -C project -e live --reason x --by me --build hurried.ffs \
    --sign theirs.key 2>&1 >/dev/null | head -1)" "$changed"
ok 'which is published' verify hurried.ffs --key theirs.pub
rm -r project/overrides project/ledger

# minisign's own files
ok 'sign --detach' "$FFC" sign signed.ffs --detach out.ffs
ok 'minisign accepts the signature' minisign -Vm out.ffs -p ours.pub
is 'what is left is the unsigned snapshot' "$(bytes out.ffs)" "$(bytes plain.ffs)"
exits 'minisign refuses it with another key' 1 minisign -Vm out.ffs -p theirs.pub
cp plain.ffs by-hand.ffs
minisign -Sm by-hand.ffs -s ours.key -t 'approved by two' >/dev/null
ok 'sign --attach takes a signature of minisign' "$FFC" sign by-hand.ffs --attach by-hand.ffs.minisig
ok 'which holds' verify by-hand.ffs --key ours.pub
ok 'with its comment' says 'approved by two'
"$FFC" sign by-hand.ffs --detach by-hand-out.ffs
ok 'and which comes off as it was' minisign -Vm by-hand-out.ffs -p ours.pub
minisign -Sm plain.ffs -s ours.key -l -x legacy.minisig >/dev/null 2>&1
exits 'a signature of the old kind is refused' 2 "$FFC" sign plain.ffs --attach legacy.minisig -o no.ffs
exits 'what is no signature is refused' 2 "$FFC" sign plain.ffs --attach ours.pub -o no.ffs
ok 'and nothing is written' test ! -e no.ffs
build -e test -o other.ffs
"$FFC" sign other.ffs --attach by-hand.ffs.minisig
exits 'a signature of something else does not hold' 1 verify other.ffs --key ours.pub
ok 'and it says that' says 'not made over these bytes'

# signing later
"$FFC" sign plain.ffs --key ours.key -o later.ffs
is 'sign --key makes what build --sign makes' "$(bytes later.ffs)" "$(bytes signed.ffs)"
"$FFC" sign later.ffs --key theirs.key
ok 'signing again replaces the signature' verify later.ffs --key theirs.pub
exits 'the first one is gone' 1 verify later.ffs --key ours.pub
is 'it is published, mode and all' "$(stat -c %a later.ffs)" 444
exits 'an unsigned snapshot has nothing to detach' 2 "$FFC" sign plain.ffs --detach no.ffs
echo rubbish >rubbish.ffs
exits 'rubbish is not signed' 1 "$FFC" sign rubbish.ffs --key ours.key
is 'and stays as it was' "$(cat rubbish.ffs)" rubbish
for usage in '' '--key ours.key --attach x' '--detach no.ffs -o x' '--detach -'; do
    # shellcheck disable=SC2086 # words
    exits "sign ${usage:-alone} is a usage error" 2 "$FFC" sign signed.ffs $usage
done
exits 'stdin needs -o' 2 "$FFC" sign - --key ours.key

# generations
build -e live -o seven.ffs --generation 7 --sign ours.key
ok 'build --generation' verify seven.ffs --key ours.pub
ok 'verify says it' says 'generation   7'
is 'the build is the same' "$(grep -o 'build .*' verified | tr -s ' ')" \
    "$("$FFC" verify plain.ffs | grep -o 'build .*' | tr -s ' ')"
for bad in 0 -1 1x '' 18446744073709551616; do
    exits "a generation is not '$bad'" 2 build -e live -o no.ffs --generation="$bad"
done

# secret keys
exits 'a public key does not sign' 2 build -e live -o no.ffs --sign ours.pub
exits 'an absent key does not sign' 2 build -e live -o no.ffs --sign absent.key
# change AT BYTES: the secret key with other bytes there.
change() {
    head -n 1 ours.key
    tail -n 1 ours.key | base64 -d >bytes
    printf '%b' "$2" | dd of=bytes bs=1 seek="$1" conv=notrunc 2>/dev/null
    base64 -w 0 bytes
}
change 118 '\0377\0377' >damaged.key # in the half that follows from the other
exits 'a damaged key does not sign' 2 build -e live -o no.ffs --sign damaged.key
change 2 'Sc' >encrypted.key
setsid -w "$FFC" build -C project -e live -o no.ffs --sign encrypted.key >/dev/null 2>refused </dev/null
ok 'without a terminal there is nobody to ask' grep -q 'no terminal to ask for its password' refused
ok 'nothing of all that was written' test ! -e no.ffs

build -e live -o again.ffs --sign ours.key --generation 7
"$FFC" dump again.ffs >dumped
ok 'dump says by which key' grep -qx "signed by key $id, not checked" dumped
ok 'and which generation' grep -qx 'generation 7' dumped
ok 'as JSON, too' sh -c '"$1" dump --json again.ffs | grep -q "\"generation\":7,\"signed_by\":\"$2\""' - "$FFC" "$id"
ok 'and null where nobody signed' sh -c '"$1" dump --json plain.ffs | grep -q "\"generation\":0,\"signed_by\":null"' - "$FFC"
build -e live -o again.ffs --sign ours.key 2>warned
ok 'signing anew says nothing' test ! -s warned
build -e live -o again.ffs 2>warned
ok 'a build that is not signed any more warns' grep -q "^again.ffs: warning: it was signed by key $id" warned
ok 'and says what to do' grep -q '^help: give --sign' warned
build -e live -o again.ffs 2>warned
ok 'once' test ! -s warned

if ! has_terminals; then
    skip 'keys with a password' 'there are no pseudo-terminals'
elif [ -n "${LONG:-}" ]; then
    # typed PASSWORD COMMAND…: types the password whenever it is asked for; prints what is shown.
    typed() {
        /usr/bin/python3 -c 'import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown, asked = b"", 0
try:
    while more := os.read(terminal, 1024):
        shown += more
        if shown.lower().count(b"password") > asked and shown.rstrip(b" ").endswith(b":"):
            asked = shown.lower().count(b"password")
            os.write(terminal, sys.argv[1].encode() + b"\n")
except OSError:
    pass
os.write(1, shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))' "$@" >typed
    }
    typed secret minisign -Gf -p locked.pub -s locked.key
    typed secret "$FFC" build -C project -e live -o locked.ffs --sign locked.key
    ok 'a password is asked for' verify locked.ffs --key locked.pub
    ok 'and not shown' sh -c '! grep -q secret typed'
    exits 'a wrong one is refused' 2 typed wrong "$FFC" build -C project -e live -o no.ffs --sign locked.key
    ok 'and it says so' grep -q 'the password is wrong' typed
else
    skip 'keys with a password' 'seconds and a GiB of memory; set LONG=1'
fi
finish
