#!/bin/bash
# operate.sh - one operation on flags, asked for by hand or by a schedule; what came of it is
# Markdown on stdout. What changes flags is committed and pushed.
#   OPERATION    see below
#   ENVIRONMENT  in this environment
#   FLAG         which; of list, a pattern or nothing; of decide, nothing for all
#   VALUE        percentage: 25%; set: any change that `ffc set` takes; canary-start, -advance,
#                -approve: a stage; experiment-conclude: a variant; lift: an override
#   REASON       why; whatever changes flags needs it
#   FLAGS        the project's folder
#   BRANCH       where to push
# All of them are texts that somebody typed: none becomes a part of a command's text.
set -euo pipefail
flags=${FLAGS:-flags}
flag=${FLAG:-} value=${VALUE:-} environment=${ENVIRONMENT:-} reason=${REASON:-}

refuse() {
    printf '**Refused:** %s\n' "$1"
    printf 'operate.sh: %s\n' "$1" >&2
    exit 2
}
for text in "$flag" "$value" "$environment"; do
    case $text in -*) refuse "a flag, a value or an environment does not begin with a dash" ;; esac
done
need() {
    [ -n "$flag" ] || refuse "'$OPERATION' needs a flag"
}

# Runs it; its output is shown as it is, whatever it holds, and its status is that of this script.
show() {
    local status=0 out
    out=$("$@" 2>&1) || status=$?
    printf '%s\n%s\n%s\n' '~~~~~~~~' "$out" '~~~~~~~~'
    return $status
}

# Somebody may have pushed meanwhile; files of the ledger are never in each other's way.
push() {
    local attempt
    for attempt in 1 2 3 4 5; do
        if git push --quiet origin "HEAD:refs/heads/$BRANCH"; then
            return 0
        fi
        echo "operate.sh: push $attempt was refused; trying again upon what is there now" >&2
        # A runner has no name for git; the commit keeps its author.
        if ! git -c user.name=ffc -c user.email=ffc@localhost pull --quiet --rebase origin "$BRANCH"; then
            git rebase --abort 2>/dev/null || continue
            printf '\n**Not pushed:** what somebody else pushed contradicts it. Try again.\n'
            return 1
        fi
    done
    printf '\n**Not pushed:** it was refused %s times.\n' "$attempt"
    return 1
}

# A rollback that was carried out is pushed even if something else about it failed.
change() {
    local before status=0
    [ -n "$reason" ] || refuse "'$OPERATION' changes flags, and needs a reason"
    before=$(git rev-parse HEAD)
    show "$@" --reason "$reason" -C "$flags" --commit || status=$?
    [ "$(git rev-parse HEAD)" = "$before" ] || push || status=2
    return $status
}

in_environment=(-C "$flags")
[ -z "$environment" ] || in_environment+=(-e "$environment")
printf '### %s%s%s\n\n' "$OPERATION" "${flag:+ \`${flag//\`/}\`}" "${environment:+ in ${environment//[^a-z0-9_.-]/}}"

case $OPERATION in
list)
    show ffc list ${flag:+"$flag"} "${in_environment[@]}"
    ;;
show)
    need
    show ffc show "$flag" "${in_environment[@]}"
    ;;
history)
    show ffreplay history ${flag:+"$flag"} -C "$flags" --last 50
    ;;
health)
    need
    show ffreplay health "$flag" "${in_environment[@]}" --allow-commands
    ;;
metrics)
    need
    show ffreplay metrics --flag "$flag" "${in_environment[@]}" --allow-commands
    ;;
results)
    need
    ffreplay analyze "$flag" "${in_environment[@]}" --allow-commands --format markdown
    ;;
set)
    need
    [ -n "$value" ] || refuse "'set' needs a value: what to change, such as users.on+=u7"
    case $value in
    # These are of the flag, whatever the environment.
    owner=* | description=* | tags=* | tags+=* | tags-=* | expires=* | metadata*) change ffc set "flag:$flag" "$value" ;;
    *) change ffc set "flag:$flag" -e "$environment" "$value" ;;
    esac
    ;;
enable)
    need
    change ffc set "flag:$flag" -e "$environment" on
    ;;
disable)
    need
    change ffc set "flag:$flag" -e "$environment" off
    ;;
percentage)
    need
    [[ $value =~ ^(100|[0-9]{1,2}(\.[0-9]{1,3})?)%?$ ]] || refuse "'percentage' needs a value such as 25%"
    change ffc set "flag:$flag" -e "$environment" "${value%\%}%"
    ;;
canary-start | canary-advance | canary-approve)
    need
    change ffc canary "${OPERATION#canary-}" "$flag" -e "$environment" ${value:+--to "$value"}
    ;;
canary-pause | canary-resume | canary-rollback | canary-complete)
    need
    change ffc canary "${OPERATION#canary-}" "$flag" -e "$environment"
    ;;
rollback)
    need
    change ffc rollback "$flag" -e "$environment"
    ;;
lift)
    [ -n "$value" ] || refuse "'lift' needs a value: the override, which 'show' names"
    change ffc rollback --lift "$value"
    ;;
experiment-start | experiment-stop)
    need
    change ffc experiment "${OPERATION#experiment-}" "$flag" -e "$environment"
    ;;
experiment-conclude)
    need
    evidence=$(mktemp)
    ffreplay analyze "$flag" "${in_environment[@]}" --allow-commands --json >"$evidence" ||
        refuse "there is no result to conclude from"
    change ffc experiment conclude "$flag" -e "$environment" ${value:+--winner "$value"} --evidence "$evidence"
    ;;
decide)
    before=$(git rev-parse HEAD) status=0
    show ffreplay decide "${flag:---all}" "${in_environment[@]}" --apply --commit --run-steps --allow-commands || status=$?
    [ "$(git rev-parse HEAD)" = "$before" ] || push || status=2
    exit $status
    ;;
*)
    refuse "there is no operation '$OPERATION'"
    ;;
esac
