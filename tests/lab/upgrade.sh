#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From the last release to this build, under traffic by direct routing, NAT and full NAT: no
# connection and no packet is lost, and each real server's count of connections is right afterwards,
# even if the new daemon is killed amid it.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq nginx sha256sum
readonly RELEASE=$BUILD/tests/lab/last_release/piniond
[[ -x $RELEASE ]] || skip "there is no $RELEASE: git does not have the last release here"
lab_open
lab_bridge br1
lab_host client br0 10.0.0.1/24 fd00::1/64
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_wire director eth1 br1 "$(lab_mac)" 192.168.5.1/24 fd00:5::1/64
for i in 1 2; do
  lab_host "server$i" br1 "192.168.5.1$i/24" "fd00:5::1$i/64"
  on "server$i" ip route add default via 192.168.5.1
  on "server$i" ip route add default via fd00:5::1
  server_web "server$i" 8080
  server_udp "server$i" 5353 "192.168.5.1$i"
done
for i in 3 4; do
  lab_host "server$i" br0 "10.0.0.1$i/24" "fd00::1$i/64"
  server_vip "server$i" "$VIP" "$VIP6"
  server_web "server$i"
  server_udp "server$i" 53 "$VIP"
done
lab_mounts

NEAR="{address: 10.0.0.13}, {address: 10.0.0.14}"
NEAR6='{address: "fd00::13"}, {address: "fd00::14"}'
BEHIND="{address: 192.168.5.11, port: 8080}, {address: 192.168.5.12, port: 8080}"
BEHIND6='{address: "fd00:5::11", port: 8080}, {address: "fd00:5::12", port: 8080}'
configure() { # ON-STOP [INTERFACES]
  INTERFACES=${2:-eth0, eth1} write_config "on_stop: $1" <<YAML
  local_addresses:
    - {address: 192.168.5.200, interface: eth1}
    - {address: "fd00:5::200", interface: eth1}
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - {name: web, vip: $VIP, port: 80, scheduler: rr, servers: [$NEAR]}
  - {name: web6, vip: "$VIP6", port: 80, scheduler: rr, servers: [$NEAR6]}
  - {name: nat, vip: $VIP, port: 81, scheduler: rr, forward: nat, servers: [$BEHIND]}
  - {name: full, vip: $VIP, port: 82, scheduler: rr, forward: fullnat, servers: [$BEHIND]}
  - {name: nat6, vip: "$VIP6", port: 81, scheduler: rr, forward: nat, servers: [$BEHIND6]}
  - {name: full6, vip: "$VIP6", port: 82, scheduler: rr, forward: fullnat, servers: [$BEHIND6]}
  - {name: echo, vip: $VIP, port: 53, protocol: udp, scheduler: rr, servers: [$NEAR]}
  - name: echonat
    vip: $VIP
    port: 54
    protocol: udp
    scheduler: rr
    forward: nat
    servers: [${BEHIND//8080/5353}]
YAML
}

# What the daemon has counted of a service, and what is in the table.
counted_of() { ctl_json server list "$1" | jq '[.servers[] | .active + .inactive] | add'; }
agree() {
  local service
  for service in web web6 nat nat6 full full6 echo echonat; do
    (($(counted_of "$service") == $(connection_count --service "$service"))) || return 1
  done
}
dropped() { verdicts | awk '/^drop_/ && $2' | paste -sd ' '; }
adopted() { ctl_json status | jq .adopted; }
pinned() { on director find /sys/fs/bpf/pinion | sort | paste -sd ' '; }

# Traffic that only ends when it is told to, or has all it asked for.
head -c 60000000 /dev/urandom >"$LAB/server1/files/random"
cp "$LAB/server1/files/random" "$LAB/server2/files/random"
SUM=$(sha256sum <"$LAB/server1/files/random")
traffic_starts() {
  rm -f "$LAB/enough" "$LAB"/{new,download,probe,probe-nat}.log
  background client download.log \
    sh -c "curl -gsS --limit-rate 4M 'http://$VIP:81/random' | sha256sum"
  download=$!
  background client probe.log python3 "$LAB_LIB/udp_probe.py" "$VIP" 53 10 300 12
  probe=$!
  background client probe-nat.log python3 "$LAB_LIB/udp_probe.py" "$VIP" 54 10 300 12
  probe_nat=$!
  # shellcheck disable=SC2016  # They are that shell's.
  background client new.log sh -c 'until [ -e "$1/enough" ]; do
      for at in "$2:80" "$2:81" "$2:82" "[$3]:80" "[$3]:81" "[$3]:82"; do
        curl -gsS --max-time 10 "http://$at/" || echo "LOST: $at"
      done
    done' traffic "$LAB" "$VIP" "$VIP6"
  new=$!
}
traffic_was_whole() {
  within 60 "the download has ended" process_gone "$download"
  within 30 "the datagrams have ended" process_gone "$probe"
  within 30 "those by NAT, too" process_gone "$probe_nat"
  : >"$LAB/enough"
  within 15 "no more connections are made" process_gone "$new"
  expect_equal "the download's checksum" "$(cat "$LAB/download.log")" "$SUM"
  expect_match "the datagrams" "$(tail -n 1 "$LAB/probe.log")" "sent 3600, answered 3600, moved 0.*"
  expect_match "those by NAT" "$(tail -n 1 "$LAB/probe-nat.log")" \
    "sent 3600, answered 3600, moved 0.*"
  expect_equal "new connections that were lost" "$(grep -v '^server' "$LAB/new.log" || true)" ""
  expect_at_least "new connections" "$(wc -l <"$LAB/new.log")" 50
}

configure keep
PINIOND=$RELEASE
director_start
hold_connections "$VIP,$VIP6" 80,81,82 10
traffic_starts

step "The last release is killed, and the new one is started, and killed amid it, again and again"
director_crash
PINIOND=$BUILD/piniond
for moment in 0.1 0.3 0.5; do
  director_launch
  sleep "$moment"
  director_crash
done
director_launch
works "it replaces what is pinned" on director timeout 10 sh -c \
  'until ls /sys/fs/bpf/pinion/default | grep -qE "^(next|former)_"; do :; done'
director_crash
for moment in 0.2 0.4 0.6 0.8; do
  director_launch
  sleep "$moment"
  director_crash
done
hold_use "60 open connections go on"
director_start
expect_equal "status says adopted" "$(adopted)" true
expect_match "its log" "$(cat "$LAB/piniond.log")" "upgrading the data plane in place.*"
hold_use "60 open connections go on"

step "Nothing was lost, and all is counted"
traffic_was_whole
expect_equal "dropped" "$(dropped)" ""
within 30 "each service's counts are those of the table" agree
expect_at_least "connections by NAT" "$(counted_of nat)" 20
within 5 "nothing of the upgrade is left" on director sh -c \
  '! ls /sys/fs/bpf/pinion/default | grep -E "^(next|former)_"'

step "The last release refuses, and disturbs nothing"
before=$(pinned)
director_crash
output=$(on director timeout 10 "$RELEASE" --config "$LAB/pinion.yaml" 2>&1) && fail "it started"
expect_match "what it says" "$output" "the data plane in place has layout .*, this daemon 6"
expect_equal "below bpffs" "$(pinned)" "$before"
director_start
hold_use "60 open connections go on"
within 30 "each service's counts are those of the table" agree
hold_end

step "From the last release again: it was stopped with on_stop: keep"
configure withdraw
works "reload" ctl reload
director_stop
configure keep
PINIOND=$RELEASE
director_start
hold_connections "$VIP,$VIP6" 80,81,82 10
traffic_starts
director_stop

step "A start of the new one that fails leaves it to the last release"
before=$(pinned)
configure keep "eth0, eth1, eth7"
output=$(on director timeout 10 "$BUILD/piniond" --config "$LAB/pinion.yaml" 2>&1) &&
  fail "it started"
expect_match "what it says" "$output" ".*eth7.*"
expect_equal "below bpffs" "$(pinned)" "$before"
configure keep
director_start
expect_equal "status says adopted" "$(adopted)" true
hold_use "60 open connections go on"
director_stop

step "A start that fails when the new program is on an interface leaves it to the new one"
lab_wire director eth2 br0 "$(lab_mac)"
ip -n "$(namespace director)" link set eth2 xdpgeneric obj "$BUILD/tests/lab/pass.bpf.o" sec xdp
PINIOND=$BUILD/piniond
configure keep "eth0, eth1, eth2"
output=$(on director timeout 10 "$PINIOND" --config "$LAB/pinion.yaml" 2>&1) && fail "it started"
expect_match "what it says" "$output" "eth2.*another XDP program is there.*"
hold_use "60 open connections go on"
configure keep

step "The new one starts, and is killed when it serves"
director_start
expect_equal "status says adopted" "$(adopted)" true
hold_use "60 open connections go on"
director_crash
hold_use "without a daemon"
director_start
hold_use "with the next one"
traffic_was_whole
expect_equal "dropped" "$(dropped)" ""
within 30 "each service's counts are those of the table" agree
hold_end
within 30 "and when they have ended" agree
