# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What a story is told with: steps, expectations, what it needs, and how it ends.

readonly SKIPPED=77  # What CTest takes as "skipped" (SKIP_RETURN_CODE).

step() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

skip() {
  printf 'SKIPPED: %s\n' "$*"
  exit "$SKIPPED"
}

# needs WORD...: what this machine must have; a word is a program's name or "root".
needs() {
  local word
  for word in "$@"; do
    if [[ $word == root ]]; then
      ((EUID == 0)) || skip "needs root, to make network namespaces"
    elif ! command -v "$word" >/dev/null; then
      skip "needs the program '$word'; 'sudo deploy/packages lab test' installs it"
    fi
  done
}

# expect_equal WHAT GOT WANTED
expect_equal() {
  [[ $2 == "$3" ]] || fail "$1: expected '$3', got '$2'"
  note "$1: $2"
}

# expect_match WHAT TEXT REGEX: an extended regular expression, which some line must match.
expect_match() {
  local match
  match=$(grep -oE -m 1 -- "$3" <<<"$2" | head -n 1) || true
  [[ -n $match ]] || fail "$1: expected something like '$3', got '$2'"
  note "$1: $match"
}

# expect_at_least WHAT GOT LEAST, integers.
expect_at_least() {
  (($2 >= $3)) || fail "$1: expected at least $3, got $2"
  note "$1: $2"
}

# works WHAT COMMAND...
works() {
  local what=$1 output
  shift
  output=$("$@" 2>&1) || fail "$what: '$*' failed: $output"
  note "$what"
}

# refused WHAT COMMAND...: it must fail.
refused() {
  local what=$1 output
  shift
  if output=$("$@" 2>&1); then
    fail "$what: '$*' succeeded: $output"
  fi
  note "$what"
}

# within SECONDS WHAT COMMAND...: it must succeed before that time is over, and is tried until then.
within() {
  local seconds=$1 what=$2 started=${EPOCHREALTIME/./} elapsed
  shift 2
  until "$@" >/dev/null 2>&1; do
    elapsed=$((${EPOCHREALTIME/./} - started))
    ((elapsed < seconds * 1000000)) || fail "$what: not within $seconds s ('$*')"
    sleep 0.05
  done
  elapsed=$((${EPOCHREALTIME/./} - started))
  note "$what, after $((elapsed / 1000)) ms"
}

# tally: lines -> "2 server1, 3 server2".
tally() {
  sort | uniq -c | awk '{ printf "%s%d %s", separator, $1, $2; separator = ", " } END { print "" }'
}
