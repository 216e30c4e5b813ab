#!/usr/bin/env bash
# Runs a command that must fail as a user expects: exit code 1, one line on stderr that matches PATTERN (grep -E), nothing in the
# folder of OUTPUT that was not there before. Prints the line.
#   one_error.sh PATTERN OUTPUT COMMAND...        OUTPUT may be - where nothing would be written
set -u
pattern=$1 output=$2
shift 2

listing() { if [ "$output" != - ]; then ls -A "$(dirname "$output")" 2>/dev/null; fi; }
fail() {
  printf 'error: %s\n  command: %s\n  stderr:\n%s\n' "$1" "$command" "$errors" >&2
  exit 1
}

command=$*
before=$(listing)
errors=$("$@" 2>&1 >/dev/null </dev/null)
status=$?
[ "$status" = 1 ] || fail "expected exit code 1, found $status"
[ "$(printf '%s\n' "$errors" | wc -l)" = 1 ] || fail "expected one line on stderr"
printf '%s\n' "$errors" | grep -qE -- "$pattern" || fail "expected a line that matches '$pattern'"
[ "$before" = "$(listing)" ] || fail "left in the output's folder: $(comm -13 <(printf '%s\n' "$before") <(listing) | tr '\n' ' ')"
printf '%s\n' "$errors"
