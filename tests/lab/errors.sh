#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What goes wrong at a start, one thing at a time: each has its own message, names the thing and the
# remedy, ends with status 1, and leaves nothing behind.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs capsh
lab_up

configure() { # INTERFACE [LABEL]
  write_config "interfaces: [$1]" <<YAML
vips:
  - {address: $VIP/32, interface: $1${2:+, label: "$2"}}
services:
  - {name: web, vip: $VIP, port: 80, servers: [$POOL]}
YAML
  sed -i '2d' "$LAB/pinion.yaml"  # The interfaces that write_config gives.
}

left_behind() {
  on director ip -o address show dev eth0 to "$VIP/32"
  on director ip -o link show dev eth0 | grep xdp || true
  on director find /run/pinion -type s 2>/dev/null || true
  on director find /sys/fs/bpf/pinion -type f 2>/dev/null || true
}

# fails WHAT REGEX COMMAND...: a start that fails, says why, and leaves nothing behind.
fails() {
  local what=$1 regex=$2 output status=0
  shift 2
  output=$(on director timeout 10 "$@" 2>&1) || status=$?
  expect_equal "$what: exit status" "$status" 1
  expect_match "$what" "$output" "$regex"
  expect_equal "left behind" "$(left_behind)" ""
}
start=("$BUILD/piniond" --config "$LAB/pinion.yaml")

step "An unknown interface"
configure eth7
fails "eth7" "eth7.*" "${start[@]}"

step "No such file; not YAML; a mistake in it"
fails "no file" "nowhere.yaml.*No such file" "$BUILD/piniond" --config "$LAB/nowhere.yaml"
printf 'director: [eth0\n' >"$LAB/pinion.yaml"
fails "not YAML" "pinion.yaml:[0-9]+:[0-9]+.*" "${start[@]}"
configure eth0
sed -i 's/port: 80/prot: 80/' "$LAB/pinion.yaml"
fails "a misspelt key" "services\[0\].*prot.*did you mean.*" "${start[@]}"
fails "--check says so too" "services\[0\].*prot.*did you mean.*" "${start[@]}" --check

step "The virtual IP is another host's"
configure eth0
on client ip address add "$VIP/32" dev eth0
fails "$VIP answers" "${VIP}.*02:00:00:00:00:01.*" "${start[@]}"
on client ip address del "$VIP/32" dev eth0

step "Capabilities are missing"
for capability in cap_bpf,cap_sys_admin cap_net_admin; do
  named=${capability%,*}
  fails "without $capability" ".*(${named^^}|permitted).*" \
    capsh "--drop=$capability" -- -c 'exec "$@"' piniond "${start[@]}"
done

step "A bpffs that cannot be mounted"
on director umount /sys/fs/bpf 2>/dev/null || true
fails "without cap_sys_admin" "/sys/fs/bpf.*mount -t bpf.*" \
  capsh --drop=cap_sys_admin -- -c 'exec "$@"' piniond "${start[@]}"
on director mount -t bpf bpf /sys/fs/bpf

step "The address is there already: it is used, and stays when the daemon leaves"
on director ip address add "$VIP/32" dev eth0
director_start
expect_match "a new connection" "$(ask "http://$VIP/")" "server[123]"
director_stop
expect_match "the address" "$(on director ip -o address show dev eth0 to "$VIP/32")" "$VIP/32"
on director ip address del "$VIP/32" dev eth0
expect_equal "left behind" "$(left_behind)" ""

step "A second daemon"
director_start
before=$(left_behind)
second=0
output=$(on director timeout 10 "${start[@]}" 2>&1) || second=$?
expect_equal "exit status" "$second" 1
expect_match "what it says" "$output" "(already|another).*"
expect_equal "what the first one has" "$(left_behind)" "$before"
expect_match "the first one serves" "$(ask "http://$VIP/")" "server[123]"
