#!/usr/bin/env bash
# What action.yml runs: the audit with annotations, how many findings there are, and SARIF where it was asked for.
set -euo pipefail

read -r -a paths <<<"${PGWRIGHT_PATHS:-.}"
read -r -a arguments <<<"${PGWRIGHT_ARGUMENTS:-}"
format=github
if [ "${PGWRIGHT_ANNOTATIONS:-true}" != true ]; then
    format=concise
fi

report=$(mktemp)
trap 'rm -f "$report"' EXIT

status=0
pgwright check "${arguments[@]}" --format "$format" --output-file "$report" "${paths[@]}" || status=$?
cat "$report"
if [ "$status" -gt 1 ]; then
    exit "$status"
fi
if [ -n "${PGWRIGHT_SARIF:-}" ]; then
    pgwright check "${arguments[@]}" --format sarif --exit-zero --output-file "$PGWRIGHT_SARIF" "${paths[@]}"
fi
# One line each, in either format; what follows them is a summary.
echo "findings=$(grep -cE "^::|: (note|warning|error)\[" "$report" || true)" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$status"
