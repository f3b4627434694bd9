#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Three web servers behind one address: requests are spread by weight, exactly; pinionctl accounts
# for each; and every packet that entered has one verdict.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs taskset jq
lab_up
config_example lab.yaml
director_start

step "The director says that it forwards, and how"
expect_match "status" "$(ctl status)" "$XDP"

step "New connections take turns by weight, 1:1:2"
wanted="10 server1, 10 server2, 20 server3"
spread=$(ask_times 40 "http://$VIP/" | tally)
spread6=$(ask_times 40 "http://[$VIP6]/" | tally)
expect_tally "40 requests to http://$VIP/" "$spread" "$wanted"
expect_tally "40 requests to http://[$VIP6]/" "$spread6" "$wanted"

step "Datagrams are answered too, each flow by one server"
probe=$(on client taskset -c "$LAB_CPU" python3 "$LAB_LIB/udp_probe.py" "$VIP" 53 12 600 1 | tail -n 1)
expect_equal "12 flows to $VIP" "${probe%: *}" "sent 600, answered 600, moved 0"
expect_tally "who answered them" "${probe#*: }" "4 server1, 4 server2, 4 server3"

step "pinionctl accounts for each connection"
expect_equal "connections of web" "$(connections_of web)" "${spread//server/10.0.0.1}"
expect_equal "connections of web6" "$(connections_of web6)" "${spread6//server/fd00::1}"

step "Each packet that came in has exactly one verdict"
before=$(at_rest verdicts_given)
ask_times 20 "http://$VIP/" >/dev/null
on client ping -q -c 5 -i 0.05 "$VIP" >/dev/null
on client ping -q -c 5 -i 0.05 -s 4000 10.0.0.2 >/dev/null
after=$(at_rest verdicts_given)
packets=$((${after% *} - ${before% *})) verdicts=$((${after#* } - ${before#* }))
expect_at_least "packets that came in" "$packets" 120
expect_equal "verdicts given" "$verdicts" "$packets"
