#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the guest: requests are spread over the web servers, by a director that is killed meanwhile,
# adopts what it finds, and in the end leaves nothing behind. The lab's stories say it in detail;
# this one is for another kernel, on a machine that computes slowly.
set -euo pipefail
source "$(dirname "$0")/../lab/lib/lab.sh"
needs taskset jq
note "Linux $(uname -r)"
lab_up
config_example lab.yaml
director_start

step "It forwards"
expect_equal "XDP" "$(ctl_json status | jq -r '.interfaces[0].xdp')" "$XDP"
spread="3 server1, 3 server2, 6 server3"
expect_spread "$VIP" 12 "$spread"
expect_spread "[$VIP6]" 12 "$spread"
probe=$(on client taskset -c "$LAB_CPU" \
  python3 "$LAB_LIB/udp_probe.py" "$VIP" 53 12 60 1 | tail -n 1)
expect_equal "datagrams of 12 flows" "${probe%: *}" "sent 60, answered 60, moved 0"
expect_tally "who answered them" "${probe#*: }" "4 server1, 4 server2, 4 server3"

step "kill -9, while connections are open"
hold_connections "$VIP" 80 20
director_crash
hold_use "20 open connections go on without the daemon"
expect_equal "new connections without it" "$(ask_times 4 "http://$VIP/" | wc -l)" 4

step "The next start adopts"
director_start
expect_equal "status says adopted" "$(ctl_json status | jq .adopted)" true
hold_use "20 open connections go on"
expect_spread "$VIP" 12 "$spread"

step "The end"
director_stop
refused "the VIP is gone" ask "http://$VIP/"
expect_equal "pinned maps" "$(on director find /sys/fs/bpf/pinion -type f 2>/dev/null | wc -l)" 0
