#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the director adds to the interfaces: virtual IPs and host routes. Whatever takes them away,
# they come back; what cannot be added says why, and what to do.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq
lab_up

configure() { # HOST-ROUTE...
  write_config <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
host_routes:
$(printf '  - %s\n' "$@")
services:
  - {name: web, vip: $VIP, port: 80, servers: [$POOL]}
YAML
}
on_director() { ip -n "$(namespace director)" "$@"; }
route() { on_director route show "$1" | tr -s ' ' | sed 's/ $//'; }
route6() { on_director -6 route show "$1" | tr -s ' ' | sed 's/ $//'; }
has_route() { [[ $(route "$1") == *"$2"* ]]; }
has_route6() { [[ $(route6 "$1") == *"$2"* ]]; }
has_address() { [[ -n $(on_director -o address show dev eth0 to "$1") ]]; }
# The director's own IPv6 address does not outlive a link that is down.
own_address6() { on_director address replace fd00::2/64 dev eth0 nodad; }
all_there() {
  has_address "$VIP/32" && has_address "$VIP6/128" &&
    has_route 10.77.0.7 "via 10.0.0.12" && has_route6 fd77::7 "via fd00::12"
}
kernels='{to: 10.77.0.7, via: 10.0.0.12}'
kernels6='{to: "fd77::7", via: "fd00::12"}'

step "A host route by its gateway alone: the kernel chooses the interface"
configure "$kernels" "$kernels6"
director_start
expect_equal "IPv4" "$(route 10.77.0.7)" "10.77.0.7 via 10.0.0.12 dev eth0 proto 80"
expect_match "IPv6" "$(route6 fd77::7)" "fd77::7 via fd00::12 dev eth0 proto 80 .*"

step "Deleted behind the daemon's back"
on_director route del 10.77.0.7
within 2 "the route is there again" has_route 10.77.0.7 "via 10.0.0.12"
on_director -6 route del fd77::7
within 2 "the one of IPv6 too" has_route6 fd77::7 "via fd00::12"
on_director address del "$VIP/32" dev eth0
within 2 "the virtual IP is there again" has_address "$VIP/32"

step "The interface goes down, which takes the routes along, and up"
down() { ctl_json status | jq -e '.interfaces[0].up | not'; }
on_director link set eth0 down
on_director link set eth0 up
own_address6
within 5 "all are there again" all_there
on_director link set eth0 down
within 5 "status says down" down
on_director link set eth0 up
own_address6
within 5 "all are there again" all_there

step "Replaced by somebody else's: it stays theirs, until they take it away and we reload"
on_director route replace 10.77.0.7 via 10.0.0.13 proto static
on_director route del 10.77.0.7
works "reload" ctl reload
expect_match "the route" "$(route 10.77.0.7)" ".*via 10.0.0.12 .*proto 80"

step "Another gateway, another interface: the route is exchanged, not doubled"
configure '{to: 10.77.0.7, via: 10.0.0.13, interface: eth0}' "$kernels6"
works "reload" ctl reload
expect_equal "the route" "$(route 10.77.0.7)" "10.77.0.7 via 10.0.0.13 dev eth0 proto 80"

# refused_reload WHAT REGEX: it says why, by name, and the route stays as it is.
refused_reload() {
  expect_match "$1" "$(ctl reload 2>&1 || true)" "$2"
  expect_equal "the route" "$(route 10.77.0.7)" "10.77.0.7 via 10.0.0.13 dev eth0 proto 80"
}

step "What cannot be added"
on_director route add 10.77.0.8 via 10.0.0.13
configure '{to: 10.77.0.7, via: 10.0.0.11}' '{to: 10.77.0.8, via: 10.0.0.13}'
refused_reload "somebody else's" \
  "host_routes\[1\]: .*10.77.0.8/32 via 10.0.0.13.*File exists; .*give this one another metric"
configure '{to: 10.77.0.7, via: 10.0.0.11}' '{to: 10.77.0.9, via: 172.31.0.1, interface: eth0}'
refused_reload "a gateway that is not there" \
  "host_routes\[1\]: .*unreachable; 172.31.0.1 must be in a network of eth0"
configure '{to: 10.77.0.9, via: 172.31.0.1}'
refused_reload "the same, for the kernel to choose" "host_routes\[0\]: .*unreachable; .*that are up"
configure '{to: 10.77.0.9, interface: eth7}'
refused_reload "an interface that is not there" \
  "host_routes\[0\]: there is no interface 'eth7'; there are: .*eth0"

step "The end"
director_stop
expect_equal "what is left of them" "$(on_director route show proto 80)" ""
expect_equal "what is left of IPv6" "$(on_director -6 route show proto 80)" ""
