#!/usr/bin/env bash
# Runs a command that must be refused as bad usage: exit code 2 and something on stderr.
set -u
errors=$("$@" 2>&1 >/dev/null </dev/null)
status=$?
printf '%s\n' "$errors"
if [ "$status" != 2 ] || [ -z "$errors" ]; then
  echo "error: expected exit code 2 and a message, found $status: $*" >&2
  exit 1
fi
