# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Whether deploy/real-server does on the host "server" what it says. METHOD is the method with its
# options, as words.

# What setup may change. An address that has just been made is tentative for a moment.
standing() {
  on server ip -o address | sed 's/ tentative//'
  on server ip -o link | awk '{ print $2, $3 }'
  on server ip fou show 2>/dev/null
  on server ip -4 route
  on server ip -6 route
  on server ip -4 route show table local type local
  on server ip -6 route show table local type local
  on server ip -o link | grep -o '^[^ ]* [^ ]* .* prog/xdp' | cut -d ' ' -f 2 || true
  on server nft list ruleset 2>/dev/null || true
  on server bash -c 'cd /proc/sys/net &&
    grep . ipv[46]/conf/*/{arp_*,accept_redirects,disable_ipv6,rp_filter}' 2>/dev/null
  find "$LAB/server.state" 2>/dev/null || true
}

check() { real_server server check "${METHOD[0]}" "$@"; }
setup() { real_server server setup "${METHOD[@]}" "$@"; }

expect_right() { # WHAT
  expect_equal "$1" "$(check)" "${METHOD[0]}: no problem found"
}

expect_standing() { # STANDING
  diff <(echo "$1") <(standing) >"$LAB/difference" ||
    fail "it is not as it was: $(cat "$LAB/difference")"
  note "all is as it was"
}

# set_up: of what is not set up at all everything is wrong; then it is right, and stays so.
set_up() {
  refused "check ${METHOD[*]}" check "${METHOD[@]:1}"
  works "setup ${METHOD[*]}" setup
  expect_right "check"
  expect_equal "commands of a second setup" "$(setup | grep -c '^+')" 0
  expect_equal "wrong after it" "$(check | grep -vc 'no problem found')" 0
}

# noticed REGEX COMMAND...: check sees what the command has done, and that alone. Its fix mends
# it; done once more, setup does.
noticed() {
  local found status=0
  on server "${@:2}"
  found=$(check) || status=$?
  expect_equal "after '${*:2}', exit status" "$status" 1
  expect_equal "lines" "$(wc -l <<<"$found")" 1
  expect_match "check" "$found" "$1. Fix: .*"
  eval "on server ${found##*Fix: }" >/dev/null
  expect_right "after the fix"
  on server "${@:2}"
  works "setup" setup
  expect_right "after setup"
}

# undone STANDING: undo leaves what was there, also when there is nothing more to undo.
undone() {
  works "undo" real_server server undo "${METHOD[0]}"
  expect_standing "$1"
  expect_equal "once more" "$(real_server server undo "${METHOD[0]}")" \
    "${METHOD[0]}: nothing to undo"
  expect_standing "$1"
}

# fails STATUS REGEX COMMAND...: with that exit status, saying so, and changing nothing.
fails() {
  local output status=0 before
  before=$(standing)
  output=$("${@:3}" 2>&1) || status=$?
  expect_equal "'${*:3}', exit status" "$status" "$1"
  expect_match "says" "$output" "$2"
  expect_standing "$before"
}
