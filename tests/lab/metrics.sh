#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What Prometheus reads is well-formed, and says what was sent.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs promtool jq taskset
lab_up
config_example lab.yaml
director_start

scrape() { on director curl -gsS --max-time 5 http://127.0.0.1:9107/metrics; }
# value NAME LABEL=VALUE...: the sum over the samples that have these labels.
value() { scrape | python3 "$LAB_LIB/metric.py" "$@"; }

step "promtool has no objections"
spread=$(ask_times 12 "http://$VIP/" | tally)
scrape >"$LAB/metrics.txt"
promtool check metrics <"$LAB/metrics.txt" || fail "promtool objects"
note "$(grep -c '^# TYPE' "$LAB/metrics.txt") metrics, $(grep -vc '^#' "$LAB/metrics.txt") samples"

step "Connections are those that were made, per service and per real server"
expect_equal "of web" "$(value pinion_service_connections_total service=web)" 12
made() { value pinion_server_connections_total service=web "server=10.0.0.1$1:80"; }
expect_equal "of its servers" "$(made 1) server1, $(made 2) server2, $(made 3) server3" "$spread"
expect_equal "of web6" "$(value pinion_service_connections_total service=web6)" 0

step "Packets and bytes are those that were sent"
on client python3 "$LAB_LIB/udp_probe.py" "$VIP" 53 1 900 1 | tail -n 1 | sed 's/^/   /'
# Datagrams 0 to 899, as digits, each with 28 bytes of IP and UDP header.
expect_equal "packets of dns" "$(value pinion_service_packets_total service=dns)" 900
expect_equal "bytes of dns" "$(value pinion_service_bytes_total service=dns)" \
  $((900 * 28 + 10 + 90 * 2 + 800 * 3))

step "Packets by verdict are all packets"
# packets_at_rest: "packets metric".
packets_at_rest() {
  local scraped
  scraped=$(at_rest scrape)
  echo "${scraped%% *} $(python3 "$LAB_LIB/metric.py" pinion_packets_total <<<"${scraped#* }")"
}
before=$(packets_at_rest)
on client ping -q -c 20 -i 0.02 "$VIP" >/dev/null
within 3 "20 pings to the virtual IP are left to the stack" \
  test "$(value pinion_packets_total verdict=pass_other_protocol)" -ge 20
after=$(packets_at_rest)
expect_equal "packets since" $((${after#* } - ${before#* })) $((${after% *} - ${before% *}))

step "The machine it runs on"
expect_equal "XDP mode" "$(value pinion_interface_xdp_info interface=eth0 "mode=$XDP")" 1
expect_at_least "table capacity" "$(value pinion_connection_table_capacity family=ipv4)" 1048576
expect_equal "reloads" "$(value pinion_reloads_total result=success)" 0
works "a reload" ctl reload
expect_equal "reloads" "$(value pinion_reloads_total result=success)" 1
expect_equal "usable servers of web" "$(value pinion_service_usable_servers service=web)" 3
