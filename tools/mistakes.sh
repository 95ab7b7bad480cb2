#!/bin/bash
# Prints docs/mistakes.md from tests/golden/mistakes/: a row a case, what `ffc` says from the record.
set -euo pipefail
cd "$(dirname "$0")/.."
cases=tests/golden/mistakes

cat <<'MARKDOWN'
# Mistakes, and what ffc says

Of the peers, Featurevisor has the linter that checks most. Each of these mistakes was put, by
itself, into a project of a hundred features. The table shows what its linter did (Featurevisor 3.1
at ca6ffff, run), and what `ffc check` reports for the same mistake in this language. Each row is a
test: the case is linked, and its `.txt` file has the full output.

| mistake | Featurevisor | `ffc check` |
| --- | --- | --- |
MARKDOWN
for path in "$cases"/*.yaml; do
    said=$(sed -nE 's/^[^ ]+:[0-9]+:[0-9]+: (error|warning): (.*) \[(FF[0-9]+)\]$/\1: \2 (\3)/p' \
        "${path%.yaml}.txt" | head -n 1)
    help=$(sed -n 's/^help: //p' "${path%.yaml}.txt" | head -n 1)
    if [ -z "$said" ]; then
        said="nothing: $(sed -n 's/^# why: //p' "$path")"
    else
        said=${said//\`/}
    fi
    [ -z "$help" ] || said="$said<br>help: $help"
    printf '| [%s](../%s) | %s | %s |\n' "$(sed -n 's/^# mistake: //p' "$path")" "$path" \
        "$(sed -n 's/^# featurevisor: //p' "$path")" "${said//|/\\|}"
done
