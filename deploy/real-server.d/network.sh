# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What dr and nat require: VIPs for which this machine accepts packets and which it never announces;
# and a default route through the director.

require_dr() { require_vips; }

require_vips() {
  local vip
  ! has_family 4 || require_quiet_arp
  ! has_family 6 ||
    require_sysctl net.ipv6.conf.lo.disable_ipv6 0 0 "there can be no IPv6 address on lo"
  for vip in ${GIVEN[vip]}; do require_vip "$vip"; done
}

# require_sysctl KEY VALUE ACCEPTED-VALUES WHY
require_sysctl() {
  local value
  path_of "$1"
  [[ -r $REPLY ]] || return 0
  value=$(<"$REPLY")
  if [[ " $3 " == *" $value "* ]]; then
    already "$1=$value" "sysctl -w $1=$value"
  else
    mend "$1 is $value: $4" "sysctl -w $1=$value" sysctl -w "$1=$2"
  fi
}

# The kernel uses the greater of the interface's value and that of "all".
require_quiet_arp() {
  local directory name
  require_sysctl net.ipv4.conf.all.arp_ignore 1 "1 2" "this machine would answer ARP for the VIP"
  for directory in /proc/sys/net/ipv4/conf/*; do
    name=${directory##*/}
    if [[ $name != all && $name != default && $(<"$directory/arp_ignore") -gt 2 ]]; then
      require_sysctl "net.ipv4.conf.${name//.//}.arp_ignore" 1 "0 1 2" \
        "this machine would answer ARP on $name for wrong addresses"
    fi
  done
  require_sysctl net.ipv4.conf.all.arp_announce 2 2 "this machine would send ARP from the VIP"
}

# The VIP is on lo, and on no interface on which others could ask for it.
require_vip() {
  local vip=$1 length=32 option=() found="" interface address attributes
  if [[ $vip == */* ]]; then
    require_prefix "$vip"
    return
  fi
  ! is_ipv6 "$vip" || length=128 option=(nodad)
  while read -r _ interface _ address attributes; do
    if [[ $address == */$length ]] && is_silent "$interface"; then
      found=$interface
    else
      take_away "$interface" "$address" "${attributes%%\\*}"
    fi
  done < <(ip -o address show to "$vip")
  if [[ -n $found ]]; then
    already "$vip on $found" "ip address del $vip/$length dev lo"
  else
    mend "$vip is not on lo: this machine would not accept packets for it" \
      "ip address del $vip/$length dev lo" ip address add "$vip/$length" dev lo "${option[@]}"
  fi
}

# A local route makes all addresses of a prefix this machine's own, without an address for each.
# With arp_ignore=1, neither ARP nor neighbour discovery answers for them.
require_prefix() { # PREFIX
  local family=4 route
  ! is_ipv6 "$1" || family=6
  refuse_prefix_of_others "$family" "$1" || return 0
  route=(local "$1" dev lo table local)
  if has_local_route "-$family" "$1"; then
    already "$1 on lo" "ip -$family route del ${route[*]}"
  else
    mend "$1 is not local: this machine would not accept packets for it" \
      "ip -$family route del ${route[*]}" ip "-$family" route add "${route[@]}"
  fi
}

has_local_route() { # -4|-6 PREFIX
  [[ -n $(ip "$1" route show table local type local to exact "$2" dev lo 2>/dev/null) ]]
}

# No other host can have an address of a local prefix.
refuse_prefix_of_others() { # FAMILY PREFIX
  local interface address gateway
  while read -r _ interface _ address _; do
    is_silent "$interface" && continue
    unfit "$address on $interface is in $2, all of which would be this machine's own" \
      "choose a prefix without it"
    return 1
  done < <(ip -o address show to "$2")
  for gateway in $(ip -o "-$1" route show | grep -o 'via [^ ]*' | sort -u | cut -d ' ' -f 2); do
    contains "$2" "$gateway" || continue
    unfit "the gateway $gateway is in $2, all of which would be this machine's own" \
      "choose a prefix without it"
    return 1
  done
}

# Loopback, dummies and tunnels: nobody sends ARP requests on them.
is_silent() { [[ $1 == lo ]] || grep -q '[<,]NOARP[,>]' <<<"$(ip -o link show dev "$1")"; }

take_away() { # INTERFACE ADDRESS ATTRIBUTES
  local why="$2 is on $1: this machine would answer for the VIP there"
  local command=(ip address del "$2" dev "$1")
  [[ $1 != lo ]] || why="$2 is on lo: every address of that network would be this machine's own"
  if [[ $VERB == setup ]] && ! is_dispensable "$@"; then
    die "$why, but others may reach this machine by it; if not, run: ${command[*]}"
  fi
  mend "$why" "ip address add $2 dev $1$(as_options "$1" "$3")" "${command[@]}"
}

# Removing the first address of a network removes the others; removing the last address of all cuts
# the machine off.
is_dispensable() { # INTERFACE ADDRESS ATTRIBUTES
  local family=-4
  ! is_ipv6 "$2" || family=-6
  (($(ip -o "$family" address show dev "$1" scope global | wc -l) > 1)) &&
    [[ $family == -6 || $2 == */32 || " $3 " == *" secondary "* ]]
}

# Those attributes printed by `ip -o address show` that `ip address add` accepts.
as_options() { # INTERFACE ATTRIBUTES
  local words i
  read -ra words <<<"$2"
  for ((i = 0; i < ${#words[@]}; i++)); do
    case ${words[i]} in
      brd | scope | metric) printf ' %s %s' "${words[i]}" "${words[i += 1]}" ;;
      noprefixroute | nodad | home) printf ' %s' "${words[i]}" ;;
      "$1" | "$1":*) printf ' label %s' "${words[i]}" ;;
    esac
  done
}

require_nat() {
  local gateway family interface
  for gateway in ${GIVEN[gateway]}; do
    family=4
    ! is_ipv6 "$gateway" || family=6
    find_interface "$family" "$gateway" || continue
    interface=$REPLY
    require_route "$family" "$gateway" "$interface"
    [[ $family == 6 ]] || refuse_redirects 4 all
    refuse_redirects "$family" "${interface//.//}"
  done
}

# The director's kernel may redirect this machine to a shorter path, which bypasses the director.
refuse_redirects() { # FAMILY INTERFACE
  require_sysctl "net.ipv$1.conf.$2.accept_redirects" 0 0 \
    "replies would bypass the director after an ICMP redirect"
}

# The interface towards a gateway, in REPLY.
find_interface() { # FAMILY GATEWAY
  local answer on=()
  [[ -z ${GIVEN[interface]} ]] || on=(oif "${GIVEN[interface]}")
  answer=$(ip -o "-$1" route get "$2" "${on[@]}" 2>&1) || answer=" via nowhere: $answer"
  if [[ $answer == *" via "* || $answer == local* ]]; then
    unfit "$2 cannot be the director: it is not a neighbour of this machine (${answer%%\\*})" \
      "use the director's address on a segment of this machine"
    return 1
  fi
  REPLY=${answer#* dev }
  REPLY=${REPLY%% *}
}

# The default route with the lowest metric wins: 0, or 1 for IPv6, which has no 0.
require_route() { # FAMILY GATEWAY INTERFACE
  local wanted="default via $2 dev $3" routes best old undo
  routes=$(ip -o "-$1" route show default)
  best=${routes%%$'\n'*}
  if [[ "$best " == "$wanted "* ]]; then
    already "$wanted"
    return
  fi
  if [[ $1 == 6 ]]; then
    wanted+=" metric 1"
    old=$(grep -m 1 " metric 1 " <<<"$routes ") || true
  else
    old=$(grep -v " metric " <<<"$routes" | head -n 1) || true
  fi
  undo="ip -$1 route del $wanted"
  [[ -z $old ]] || undo="ip -$1 route replace $(sed 's/\\//g; s/ linkdown\| dead//g' <<<"$old")"
  # shellcheck disable=SC2086  # A word is a word.
  mend "replies would bypass the director: ${best:-there is no default route}" \
    "$undo" ip "-$1" route replace $wanted
}
