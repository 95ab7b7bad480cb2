#!/bin/bash
# The manual pages of the library: each function is on one, as the header declares it, and what they show
# compiles.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh

declared() { grep -o '^ *fflag_[a-z_]*;' runtime/fflag.map | tr -d ' ;' | sort; }
named() { sed -n -e '/^\.Nd/q' -e 's/^\.Nm \([a-z_]*\).*/\1/p' "$1"; }
# The prototypes of a page or the header, in one form: words without blanks.
shown() {
    awk '/^\.Sh / { on = $2 == "SYNOPSIS" }
         !on { next }
         /^\.Ft / { type = substr($0, 5) }
         /^\.Fn / { line = substr($0, 5); name = line; sub(/ .*/, "", name); sub(/[^ ]* */, "", line)
                    gsub(/" "/, ",", line); gsub(/"/, "", line); print type " " name "(" line ")" }
         /^\.Fo / { name = $2; line = "" }
         /^\.Fa "/ { if (name != "") { sub(/^\.Fa "/, ""); sub(/"$/, ""); line = line (line ? "," : "") $0 } }
         /^\.Fc/ { print type " " name "(" line ")"; name = "" }' "$1" | tr -d ' '
}
header() {
    gcc -E -P -Iinclude include/fflag.h | tr '\n' ' ' | tr ';' '\n' |
        sed -nE 's/__attribute__ *\(\([^)]*("[^"]*"\))?\)\)//g; s/^.*(\{|\}) *//; /fflag_[a-z_]*\(/p' |
        grep -v typedef | sed 's/_Bool/bool/g' | tr -d ' '
}
example() { awk '/^\.Sh / { on = $2 == "EXAMPLES" } on && /^\.Ed/ { exit } on && code; /^\.Bd/ { code = on }' "$1" | sed 's/\\e/\\/g'; }

pages=(docs/man/fflag*.3)
is "every function is on one page" \
    "$(for page in "${pages[@]}"; do named "$page"; done | grep -vx 'fflag\|fflag_signatures' | sort)" "$(declared)"
is "as the header declares it" "$(for page in "${pages[@]}"; do shown "$page"; done | sort)" "$(header | sort)"
for page in "${pages[@]}"; do
    example "$page" >"$scratch/example.c"
    ok "the example of $page compiles" \
        gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude -fsyntax-only "$scratch/example.c"
    ok "and is one" grep -q 'fflag_[a-z_]*(' "$scratch/example.c"
    for section in DESCRIPTION 'SEE ALSO'; do ok "$page has $section" grep -qx ".Sh $section" "$page"; done
    case $page in *fflag.3 | *signatures.3) ;; *)
        for section in 'RETURN VALUES' THREADS COST; do ok "$page has $section" grep -qx ".Sh $section" "$page"; done
        ;;
    esac
done
for page in "${pages[@]}"; do named "$page"; done | sort >"$scratch/named"
is "every page that is referred to is there" \
    "$(sed -n 's/^\.Xr \(fflag[a-z_]*\) 3.*/\1/p' "${pages[@]}" | sort -u | comm -23 - "$scratch/named")" ""

# Lines of more than 80 columns.
wide() {
    local line
    while IFS= read -r line; do
        [ "$(wc -L <<<"$line")" -le 80 ] || echo "$line"
    done < <(grep -E '.{79}' "$1")
}
# Each page fits 80 columns, as every renderer that is here shows it.
render() {
    case $1 in
    mandoc) mandoc -T utf8 -O width=78 "$2" ;;
    man) MANWIDTH=80 man -l "$2" ;;
    nroff) nroff "-$3" -rLL=78n "$2" ;;
    esac 2>"$scratch/render.err"
}
for renderer in mandoc man nroff; do
    if ! command -v "$renderer" >/dev/null; then
        skip "pages fit 80 columns, by $renderer" "no $renderer"
        continue
    fi
    # man is there without what it renders by, on small machines.
    if [ "$(render "$renderer" docs/man/ffc.1 man | wc -l)" -eq 0 ]; then
        skip "pages fit 80 columns, by $renderer" "$renderer renders nothing here"
        continue
    fi
    for page in docs/man/*; do
        macros="man"
        grep -q '^\.Dd' "$page" && macros="mdoc"
        render "$renderer" "$page" "$macros" | sed $'s/.\b//g; s/\033\\[[0-9;]*m//g' | expand >"$scratch/page.txt"
        is "$page has text, by $renderer" "$(test "$(wc -l <"$scratch/page.txt")" -gt 20 && echo yes)" yes
        is "$page fits 80 columns, by $renderer" "$(wide "$scratch/page.txt")" ""
    done
done
finish
