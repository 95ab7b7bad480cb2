#!/bin/bash
# Runs the test programs and prints the total as its last line. Every test writes TAP on stdout.
# Usage: tests/run.sh BUILD [NAME…]; a name is a path below tests/ without its ending, or a folder.
set -u
cd "$(dirname "$0")/.." || exit 2
[ -x "${1:-}/ffc" ] || { echo "tests/run.sh: there is no build in '${1:-}': tests/run.sh BUILD [NAME…]" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift

logs=$build/tests/logs
mkdir -p "$logs"
export FFC="$build/ffc" FFREPLAY="$build/ffreplay" BUILD="$build"
export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8 NO_COLOR=1
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

# With VALGRIND=1 the compiled tests run under it. A child has what only other threads of its parent held,
# and cannot free it, so what is lost by the test that forks at any time is not looked at. One thread runs
# at a time there: without turns, one that waits for nothing keeps all others from theirs.
valgrind=()
[ -z "${VALGRIND:-}" ] ||
    valgrind=(valgrind -q --fair-sched=yes --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite
        --suppressions=tests/valgrind.supp)

# A test is a compiled tests/unit/test_*.c, or an executable test_*.sh or test_*.py in any folder.
all_tests() {
    local source
    for source in tests/unit/test_*.c; do
        [ -e "$source" ] && echo "${source%.c}"
    done
    find tests -name 'test_*.sh' -o -name 'test_*.py' | sort
}

wanted() {
    [ $# -gt 1 ] || return 0
    local test=$1 name
    shift
    for name in "$@"; do
        case $test in tests/"$name" | tests/"$name".* | tests/"$name"/*) return 0 ;; esac
    done
    return 1
}

passed=0 failed=0 skipped=0
for test in $(all_tests); do
    wanted "$test" "$@" || continue
    log=$logs/$(echo "${test#tests/}" | tr / -).log
    case $test in
    *.sh) command=(bash "$test") ;;
    *.py) command=(/usr/bin/python3 "$test") ;;
    */test_fork) command=("${valgrind[@]/full/no}" "$build/tests/${test##*/}") ;;
    *) command=("${valgrind[@]}" "$build/tests/${test##*/}") ;;
    esac
    start=$SECONDS
    "${command[@]}" >"$log" 2>"$log.err" </dev/null
    status=$?
    sed -i 's/^not ok \(.*# SKIP\)/ok \1/' "$log" # cmocka's way of skipping
    ok=$(grep -c '^ok ' "$log")
    bad=$(grep -c '^not ok ' "$log")
    skip=$(grep -ci '^ok .*# skip' "$log")
    ok=$((ok - skip))
    # A test that died, or that ran nothing, has failed, whatever it printed before.
    if [ $status -ne 0 ] && [ "$bad" -eq 0 ] || [ $((ok + bad + skip)) -eq 0 ]; then
        bad=$((bad + 1))
        echo "not ok - $test ended with status $status" >>"$log"
    fi
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    printf '%-44s %5d passed %3d failed  %4ds\n' "$test" "$ok" "$bad" $((SECONDS - start))
    grep -i '^ok .*# skip' "$log" | sed 's/^/    /'
    if [ "$bad" -gt 0 ]; then
        sed 's/^/    /' "$log" | grep -A 30 'not ok' | head -120
        sed 's/^/    /' "$log.err" | tail -60
    fi
done

if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ] && [ $passed -gt 0 ]
