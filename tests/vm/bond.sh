#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the guest, whose kernel has bonds: the same with VLAN devices on a bond, one of whose ports
# fails while a file is on its way.
set -euo pipefail
# shellcheck source=tests/vm/lib/vlans.sh
source "$(dirname "$0")/lib/vlans.sh"

step "A bond of two ports"
mac=$(on director cat /sys/class/net/eth0/address)  # Which all others know.
ip -n "$(namespace director)" link del eth0
lab_wire director eth1 br0 "$mac"
lab_wire director eth2 br0 "$(lab_mac)"
ip -n "$(namespace director)" link add bond0 type bond mode active-backup miimon 50
for interface in eth1 eth2; do
  wired director "$interface"
  ip -n "$(namespace director)" link set "$interface" down
  ip -n "$(namespace director)" link set "$interface" master bond0
done
ip -n "$(namespace director)" link set bond0 up
for address in 10.0.0.2/24 fd00::2/64; do
  ip -n "$(namespace director)" address add "$address" dev bond0
done
vlan director bond0 100 10.100.0.2/24 fd64::2/64
vlan director bond0 200 10.200.0.2/24 fdc8::2/64
on_device bond0
sed -i 's/interfaces: .*/interfaces: [eth1]/' "$LAB/pinion.yaml"
refusal "one of its ports" "eth1 is a port of the bond bond0.*name bond0"
on_device bond0
start
expect_equal "attached" "$(attached)" "bond0.100 bond0 $XDP, bond0.200 bond0 $XDP, bond0 bond0 $XDP"
expect_match "status" "$(ctl status)" "bond0.100.*by its parent bond0, a bond of eth1 and eth2"
serves_all

step "The active port fails while a file is on its way"
active() { on director cat /sys/class/net/bond0/bonding/active_slave; }
taken_over() { [[ $(active) != "$failed" ]]; }
failed=$(active)
background client transfer.log curl -gsS --limit-rate 256k -o "$LAB/received" http://10.100.0.100:8080/blob
transfer=$!
within 30 "it has begun" test -s "$LAB/received"
ip -n "$(namespace switch)" link set "$(port director "$failed")" down
within 10 "the other port is active" taken_over
process_gone "$transfer" && fail "the file was there too soon: the test proves nothing"
within 120 "the file has come" process_gone "$transfer"
expect_equal "its checksum" "$(sha256sum <"$LAB/received")" "$BLOB_SUM"
serves_all
director_stop
