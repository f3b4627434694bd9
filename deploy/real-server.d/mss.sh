# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# --mss: the largest segment that this machine's SYN/ACK asks clients for (RFC 9293, 3.7.1), so that
# packets still fit with the encapsulation headers. nftables sets it, because there are many routes
# to clients, and others manage them.

readonly TABLE=pinion-real-server

require_mss() {
  local vip family size
  command -v nft >/dev/null || die "--mss needs the program nft (Debian package nftables)"
  if ((EUID != 0)); then
    echo "$NAME: cannot check --mss: only root sees the rules of nftables" >&2
    return
  fi
  if nft list chain inet "$TABLE" output &>/dev/null; then
    already "nftables table $TABLE" "nft delete table inet $TABLE"
  else
    mend "there is no nftables table for --mss" "nft delete table inet $TABLE" \
      nft "table inet $TABLE { chain output { type filter hook output priority mangle; }; }"
  fi
  for vip in ${GIVEN[vip]}; do
    family=ip
    ! is_ipv6 "$vip" || family=ip6
    size=$(segment_size "$family")
    require_rule "$vip $size" "$family saddr $vip tcp option maxseg size > $size \
tcp option maxseg size set $size"
  done
}

require_rule() { # COMMENT RULE
  if [[ $(nft list chain inet "$TABLE" output 2>/dev/null) == *"comment \"$1\""* ]]; then
    already "segments to ${1% *} limited to ${1#* } bytes"
  else
    mend "clients of ${1% *} are told to send more than ${1#* } bytes a segment" \
      "nft delete table inet $TABLE" nft "add rule inet $TABLE output $2 comment \"$1\""
  fi
}

# The MTU less all headers, the client's own IP and TCP headers included.
segment_size() { # ip|ip6
  local headers=40
  [[ $1 == ip ]] || headers=60
  if [[ ${GIVEN[mss]} == auto ]]; then
    echo "$(($(least_mtu) - $(most_encapsulation_bytes) - headers))"
  else
    echo "${GIVEN[mss]}"
  fi
}

# A path has the MTU of its narrowest part; this machine knows that of its own interfaces.
least_mtu() {
  local interface interfaces=${GIVEN[interface]} mtu least=1500
  [[ -n $interfaces ]] ||
    interfaces=$({ ip -4 route show default && ip -6 route show default; } 2>/dev/null |
      grep -o 'dev [^ ]*' | cut -d ' ' -f 2) || true
  for interface in $interfaces; do
    mtu=$(ip -o link show dev "$interface" | grep -o 'mtu [0-9]*')
    ((${mtu#mtu } >= least)) || least=${mtu#mtu }
  done
  echo "$least"
}

# The encapsulation headers. GUE is UDP (8 bytes) and a header of 4 bytes.
most_encapsulation_bytes() {
  local bytes=20 tunnel
  [[ ${GIVEN[outer]:-ipv6} != *ipv6* ]] || bytes=40
  case ${GIVEN[type]:-gue} in
    ipip) tunnel=0 ;;
    gre) tunnel=4 ;;
    gue) tunnel=12 ;;
  esac
  echo $((bytes + tunnel))
}
