#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each method of forwarding with what people use: 100 MB whose checksum is known, bulk in both
# directions, and names asked for over UDP.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq nginx iperf3 sha256sum python3
lab_open
lab_bridge br1
lab_host client br0 10.0.0.1/24 fd00::1/64
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_wire director eth1 br1 "$(lab_mac)" 192.168.5.1/24 fd00:5::1/64
# One on the director's segment, one behind it.
lab_host near br0 10.0.0.11/24 fd00::11/64
lab_host far br1 192.168.5.12/24 fd00:5::12/64
on far ip route add default via 192.168.5.1
on far ip route add default via fd00:5::1
lab_mounts

# The last number of each method's VIPs.
declare -A host=([dr]=101 [ipip]=102 [gre]=103 [gue]=104 [nat]=105 [fullnat]=106 [local]=107)
METHODS=(dr ipip gre gue nat fullnat local)
vip() { echo "10.0.0.${host[$1]}"; }
vip6() { echo "fd00::${host[$1]}"; }
vips() { for method in "$@"; do vip "$method" && vip6 "$method"; done; }

# On each of them: a web server, iperf3, and a name server at these addresses.
head -c 100000000 /dev/urandom >"$LAB/random"
SUM=$(sha256sum <"$LAB/random")
serve() { # HOST ADDRESS...
  server_web "$1"
  ln "$LAB/random" "$LAB/$1/files/random"
  background "$1" "$1.iperf3.log" iperf3 -s
  background "$1" "$1.dns.log" python3 "$LAB_LIB/dns.py" serve "$1" 53 "${@:2}"
}
mapfile -t SEEN < <(vips dr ipip gre gue)
server_vip near "${SEEN[@]}"
ip -n "$(namespace near)" link set dev eth0 \
  xdpgeneric obj "$BUILD/deploy/decapsulate/decap.bpf.o" sec xdp
serve near "${SEEN[@]}"
serve far 192.168.5.12 fd00:5::12
mapfile -t OWN < <(vips local)
serve director "${OWN[@]}"

service() { # NAME VIP METHOD SERVER [TUNNEL]
  cat <<YAML
  - name: $1
    listeners:
      - {vip: "$2", port: 80}
      - {vip: "$2", port: 5201}
      - {vip: "$2", port: 53, protocol: udp}
    forward: $3
    servers: [{address: "$4"}]
YAML
  [[ -z ${5-} ]] || echo "    tunnel: {type: $5}"
}
both() { # NAME METHOD SERVER SERVER6 [TUNNEL]
  service "$1" "$(vip "$1")" "$2" "$3" "${@:5}"
  service "${1}6" "$(vip6 "$1")" "$2" "$4" "${@:5}"
}
{
  cat <<YAML
director:
  interfaces: [eth0, eth1]
  xdp: $XDP
  local_addresses:
    - {address: 192.168.5.200, interface: eth1}
    - {address: "fd00:5::200", interface: eth1}
vips:
YAML
  for address in $(vips "${METHODS[@]}"); do
    echo "  - {address: \"$address\", interface: eth0}"
  done
  echo "services:"
  both dr dr 10.0.0.11 fd00::11
  for tunnel in ipip gre gue; do both "$tunnel" tun 10.0.0.11 fd00::11 "$tunnel"; done
  both nat nat 192.168.5.12 fd00:5::12
  both fullnat fullnat 192.168.5.12 fd00:5::12
  both local local 10.0.0.2 fd00::2
} >"$LAB/pinion.yaml"
director_start

# transfers VIP
transfers() {
  local direction
  [[ $(on client curl -gsS --max-time 60 "$(url "$1")/random" | sha256sum) == "$SUM" ]] ||
    fail "100 MB from $1 have another checksum"
  note "100 MB from $1 have their checksum"
  for direction in "" -R; do
    # shellcheck disable=SC2086  # No word where there is no direction.
    expect_match "iperf3 $direction to $1" \
      "$(on client iperf3 -c "$1" -t 1 --connect-timeout 5000 $direction | grep receiver)" \
      "[1-9][0-9.]* .?bits/sec.*receiver"
  done
  expect_match "names asked of $1" "$(on client python3 "$LAB_LIB/dns.py" ask "$1" 53 60)" \
    "^answered 60: 60 $2$"
}
url() { [[ $1 == *:* ]] && echo "http://[$1]" || echo "http://$1"; }

declare -A server=([nat]=far [fullnat]=far [local]=director)
for method in "${METHODS[@]}"; do
  step "$method"
  transfers "$(vip "$method")" "${server[$method]-near}"
  transfers "$(vip6 "$method")" "${server[$method]-near}"
done

step "By each service; a port may have been drawn twice"
for method in "${METHODS[@]}"; do
  for name in "$method" "${method}6"; do
    expect_at_least "connections of $name" "$(connections_of "$name" | awk '{ print $1 }')" 50
  done
done
