#!/bin/bash
# Runs the test programs, one more at a time than there are processors (or JOBS), since most wait now and then,
# and prints the total as its last line. Every test writes TAP on stdout. A file that says 'Runs: first' is
# started before the others: it is long, and would be waited for at the end. One that says 'Runs: beside' is
# started before those, and takes no turn from another: it sleeps nearly all the time.
# Usage: tests/run.sh BUILD [NAME…]; a name is a path below tests/ without its ending, or a folder.
set -u
cd "$(dirname "$0")/.." || exit 2
[ -x "${1:-}/ffc" ] || { echo "tests/run.sh: there is no build in '${1:-}': tests/run.sh BUILD [NAME…]" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
jobs=${JOBS:-$(($(nproc) + 1))}
[ "$jobs" -ge 1 ] || { echo "tests/run.sh: JOBS is '$jobs' (expected how many tests run at a time)" >&2; exit 2; }

logs=$build/tests/logs
mkdir -p "$logs"
export FFC="$build/ffc" FFREPLAY="$build/ffreplay" BUILD="$build"
TIMEFORMAT='%U %S'
export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8 NO_COLOR=1

# With VALGRIND=1 the compiled tests run under it. A child has what only other threads of its parent held,
# and cannot free it, so what is lost by the test that forks at any time is not looked at. One thread runs
# at a time there: without turns, one that waits for nothing keeps all others from theirs.
valgrind=()
[ -z "${VALGRIND:-}" ] ||
    valgrind=(valgrind -q --fair-sched=yes --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite
        --suppressions=tests/valgrind.supp)

# A test is a compiled tests/unit/test_*.c, or an executable test_*.sh or test_*.py in any folder.
all_tests() {
    local sources
    mapfile -t sources < <(ls tests/unit/test_*.c; find tests -name 'test_*.sh' -o -name 'test_*.py' | sort)
    {
        grep -l 'Runs: beside' "${sources[@]}"
        grep -l 'Runs: first' "${sources[@]}"
        grep -LE 'Runs: (first|beside)' "${sources[@]}"
    } | sed 's/\.c$//'
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

log_of() { echo "$logs/$(echo "${1#tests/}" | tr / -).log"; }

# Runs one test; beside its log lies what is to be counted: passed, failed, skipped, seconds by the clock and
# of a processor.
run() {
    local test=$1 log command start=$SECONDS status ok bad skip options reports said
    log=$(log_of "$test")
    # What a sanitizer ends has a status of its own: 1, its usual one, is that of bad input. What it says is
    # in a file, which fails the test, whatever that makes of the status. Some run programs as another user.
    options=exitcode=99:handle_abort=1
    reports=$(mktemp -d)
    chmod 1777 "$reports"
    export ASAN_OPTIONS=detect_leaks=1:$options:log_path=$reports/asan${ASAN_OPTIONS:+:$ASAN_OPTIONS}
    # Linked beside ASan, UBSan has no file of its own: it says so on stderr, and ASan tells of the abort.
    export UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1:log_path=$reports/ubsan${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}
    export TSAN_OPTIONS=$options:log_path=$reports/tsan${TSAN_OPTIONS:+:$TSAN_OPTIONS}
    case $test in
    *.sh) command=(bash "$test") ;;
    *.py) command=(/usr/bin/python3 "$test") ;;
    */test_fork) command=("${valgrind[@]/full/no}" "$build/tests/${test##*/}") ;;
    *) command=("${valgrind[@]}" "$build/tests/${test##*/}") ;;
    esac
    { time "${command[@]}" >"$log" 2>"$log.err" </dev/null; } 2>"$log.times"
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
    for said in "$reports"/*; do
        [ -e "$said" ] || continue
        bad=$((bad + 1))
        { echo "not ok - a program that $test ran was ended by its sanitizer" && sed 's/^/# /' "$said"; } >>"$log"
    done
    rm -rf "$reports"
    echo "$ok $bad $skip $((SECONDS - start)) $(tail -n 1 "$log.times" | awk "{printf \"%.0f\", \$1 + \$2}")" >"$log.counts"
}

# What failed in a log, each with what was said of it: its beginning, and its end, where the reason is.
failures() {
    awk 'function finish(i) {
            for (i = 1; i <= n; i++)
                if (n <= 40 || i <= 10 || i > n - 30) print "    " said[i]
                else if (i == 11) printf "    # … %d lines more\n", n - 40
            n = 0
        }
        /^not ok/ { finish(); said[n = 1] = $0; next }
        n && /^ok / { finish() }
        n { said[++n] = $0 }
        END { finish() }' "$1"
}

passed=0 failed=0 skipped=0
report() {
    local test=$1 log ok bad skip seconds processor
    log=$(log_of "$test")
    read -r ok bad skip seconds processor <"$log.counts"
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    printf '%-44s %5d passed %3d failed  %4ds %4ds cpu\n' "$test" "$ok" "$bad" "$seconds" "$processor"
    grep -i '^ok .*# skip' "$log" | sed 's/^/    /'
    if [ "$bad" -gt 0 ]; then
        failures "$log" | head -200
        sed 's/^/    /' "$log.err" | tail -60
    fi
}

# Job control gives each test a process group, which can be ended whole, and signals as they are in a shell:
# without it, what runs in the background ignores SIGINT.
set -m
declare -A running=()
stop() {
    local group
    for group in "${!running[@]}"; do
        kill -TERM -- "-$group" 2>/dev/null
    done
    exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM

is_beside() { [ "$jobs" -gt 1 ] && grep -qs 'Runs: beside' "$1" "$1.c"; }

# Waits for any of those that run, and reports it.
turns=0
collect() {
    local ended
    wait -n -p ended
    is_beside "${running[$ended]}" || turns=$((turns - 1))
    report "${running[$ended]}"
    unset "running[$ended]"
}

for test in $(all_tests); do
    wanted "$test" "$@" || continue
    if ! is_beside "$test"; then
        while [ $turns -ge "$jobs" ]; do
            collect
        done
        turns=$((turns + 1))
    fi
    rm -f "$(log_of "$test")"*
    run "$test" &
    running[$!]=$test
done
while [ ${#running[@]} -gt 0 ]; do
    collect
done

if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ] && [ $passed -gt 0 ]
