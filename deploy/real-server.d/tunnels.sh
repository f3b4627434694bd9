# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What tun requires: devices, or a program, that decapsulate packets, and the VIPs of these packets.

# Every machine has this address anyway.
readonly ANY_ADDRESS=127.0.0.42

require_tun() {
  local interface
  if [[ ${GIVEN[decapsulate]} == kernel ]]; then
    require_tunnel_devices
  else
    for interface in ${GIVEN[interface]}; do require_program "$interface"; done
  fi
  require_vips
  [[ -z ${GIVEN[mss]} ]] || require_mss
}

require_tunnel_devices() {
  local outer
  for outer in ${GIVEN[outer]}; do
    [[ ${GIVEN[type]} != gue ]] || require_port "${outer#ipv}"
    case ${GIVEN[type]}/$outer in
      gre/ipv4) require_device pinion-gre "4 6" ip_gre gre external ;;
      gre/ipv6) require_device pinion-ip6gre "4 6" ip6_gre ip6gre external ;;
      */ipv4) require_ipv4_tunnels ;;
      */ipv6) require_device pinion-ip6tnl "4 6" ip6_tunnel ip6tnl mode any external ;;
    esac
  done
}

# sit has no option "external". Only one sit device can accept all tunnels: sit0, if it exists.
require_ipv4_tunnels() {
  local sit=pinion-sit
  ! has_family 4 || require_device pinion-ipip 4 ipip ipip external
  has_family 6 || return 0
  load sit
  ! is_device sit0 || sit=sit0
  require_device "$sit" 6 sit sit
}

# The kernel removes UDP and GUE, and passes the packet to the devices of ipip.
require_port() { # FAMILY
  load fou
  if has_fou "-$1" "${GIVEN[port]}"; then
    already "GUE on UDP port ${GIVEN[port]} of IPv$1"
  else
    mend "UDP port ${GIVEN[port]} of IPv$1 does not accept GUE" \
      "ip -$1 fou del port ${GIVEN[port]}" ip "-$1" fou add port "${GIVEN[port]}" gue
  fi
}

has_fou() { # -4|-6 PORT
  local family=
  [[ $1 == -4 ]] || family=" -6"
  grep -q "^port $2 gue$family *\$" <<<"$(ip fou show 2>/dev/null)"
}

# "external" accepts tunnels from any sender, to any address of this machine.
require_device() { # NAME FAMILIES MODULE TYPE [OPTION]...
  local family
  if is_device "$1"; then
    already "device $1" "ip link del dev $1"
  else
    load "$3"
    mend "there is no device $1: packets would not be decapsulated" \
      "ip link del dev $1" ip link add "$1" type "${@:4}"
    hint ""
    is_device "$1" || return 0
  fi
  for family in $2; do
    ! has_family "$family" || "require_ipv${family}_from" "$1"
  done
  if [[ -n $(ip -o link show dev "$1" up) ]]; then
    already "$1 up" "ip link set dev $1 down"
  else
    mend "$1 is down" "ip link set dev $1 down" ip link set dev "$1" up
  fi
}

# Clients' packets arrive through the tunnel, and no reply leaves through it. With 2, any route to
# the client is enough, whatever the value of "all" is; but not on an interface without an address.
require_ipv4_from() { # DEVICE
  local accepted="0 2"
  [[ $(</proc/sys/net/ipv4/conf/all/rp_filter) != 1 ]] || accepted=2
  require_sysctl "net.ipv4.conf.$1.rp_filter" 2 "$accepted" \
    "packets from clients would be dropped, because no route to clients uses $1"
  if is_on "$1" "$ANY_ADDRESS/32"; then
    already "$ANY_ADDRESS on $1" "ip address del $ANY_ADDRESS/32 dev $1"
  else
    mend "$1 has no address: any rp_filter would drop packets from clients" \
      "ip address del $ANY_ADDRESS/32 dev $1" ip address add "$ANY_ADDRESS/32" dev "$1" scope host
  fi
}

require_ipv6_from() { # DEVICE
  require_sysctl "net.ipv6.conf.$1.disable_ipv6" 0 0 "$1 would not accept IPv6"
}

# The program of deploy/decapsulate, for kernels without tunnel devices.
PROGRAM=$(realpath -m "$PARTS/../../lib/pinion/decap.bpf.o")
readonly PROGRAM

require_program() { # INTERFACE
  local undo="ip link set dev $1 ${GIVEN[decapsulate]} off"
  is_device "$1" || die "--interface: there is no interface '$1'"
  if has_program "$1"; then
    if is_ours "$1"; then
      already "the program on $1" "$undo"
    else
      unfit "another XDP program is on $1" "choose another interface, or detach it with '$undo'"
    fi
    return
  fi
  [[ -r ${GIVEN[object]} ]] || unfit "there is no ${GIVEN[object]}" \
    "copy it from a director's /usr/local/lib/pinion, and give its path with --object"
  mend "no program decapsulates packets on $1" "$undo" \
    ip link set dev "$1" "${GIVEN[decapsulate]}" obj "${GIVEN[object]}" sec xdp
}

has_program() { [[ $(ip -o link show dev "$1" 2>/dev/null) == *" prog/xdp "* ]]; }

# Only root sees the program's name.
is_ours() { ((EUID != 0)) || [[ $(ip -o -d link show dev "$1") == *" name decap "* ]]; }

# A module that cannot be loaded may be built into the kernel, so this alone is no failure.
load() { # MODULE
  [[ $VERB == setup && ! -d /sys/module/$1 ]] || return 0
  run modprobe "$1" ||
    hint "'modprobe $1' failed: $ERROR; the Debian package linux-image-amd64 has that module"
}
