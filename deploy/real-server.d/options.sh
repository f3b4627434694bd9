# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The options of the command line and of the last setup, as associative arrays: name -> values,
# separated by spaces.

declare -A GIVEN=() WAS=()
PERSIST=false
STATE=

# parse ARRAY WORD...
parse() {
  local -n values=$1
  local value
  shift
  while (($#)); do
    case $1 in
      --persist)
        [[ $VERB == setup ]] || misused "--persist is for setup"
        PERSIST=true
        shift
        continue
        ;;
      --vip | --gateway | --interface | --type | --port | --outer | --state) ;;
      --decapsulate | --object | --mss) ;;
      *) misused "there is no option '$1'" ;;
    esac
    [[ ${2:---} != --* ]] || misused "$1 needs a value"
    value=$2
    [[ $1 != --vip ]] || value=$(without_whole_length "$2")
    if [[ $1 == --state ]]; then
      STATE=$value
    elif [[ " ${values[${1#--}]:-} " != *" $value "* ]]; then
      values[${1#--}]+="${values[${1#--}]:+ }$value"
    fi
    shift 2
  done
  [[ $PERSIST == false || -z $STATE ]] ||
    misused "--persist is for a machine, --state for a network namespace: use only one of them"
}

# A prefix with a single address is that address.
without_whole_length() { # ADDRESS[/LENGTH]
  local length=32
  ! is_ipv6 "$1" || length=128
  echo "${1%/"$length"}"
}

take_last_setup() {
  local words
  read -ra words <<<"$(last_setup "$JOURNAL")"
  parse WAS "${words[@]}"
}

# Rejects options that the method does not have, adds those of the last setup, and insists on those
# that the method needs.
complete_options() {
  local option known
  case $METHOD in
    dr) known="vip" ;;
    nat) known="gateway interface" ;;
    tun) known="vip decapsulate interface object type port outer mss" ;;
  esac
  for option in "${!GIVEN[@]}"; do
    [[ " $known " == *" $option "* ]] || misused "$METHOD has no option --$option"
  done
  for option in $known; do
    GIVEN[$option]=${GIVEN[$option]:-${WAS[$option]:-}}
  done
  [[ -n ${GIVEN[${known%% *}]} ]] || misused "$METHOD needs --${known%% *}"
  [[ $METHOD != tun ]] || complete_tunnel
  check_values
}

complete_tunnel() {
  GIVEN[decapsulate]=${GIVEN[decapsulate]:-kernel}
  if [[ ${GIVEN[decapsulate]} != kernel ]]; then
    complete_program
    return
  fi
  [[ -z ${GIVEN[object]} ]] || misused "--object is for --decapsulate xdp"
  GIVEN[type]=${GIVEN[type]:-ipip}
  if [[ ${GIVEN[type]} == gue ]]; then
    GIVEN[port]=${GIVEN[port]:-6080}
  fi
  if [[ -z ${GIVEN[outer]} ]]; then
    GIVEN[outer]=ipv4
    [[ ! -d /proc/sys/net/ipv6 ]] || GIVEN[outer]+=" ipv6"
  fi
}

# The program accepts every type of tunnel.
complete_program() {
  local option
  [[ ${GIVEN[decapsulate]} =~ ^xdp(generic)?$ ]] ||
    misused "--decapsulate is kernel, xdp or xdpgeneric"
  for option in type port outer; do
    [[ -z ${GIVEN[$option]} ]] ||
      misused "--$option is for --decapsulate kernel; ${GIVEN[decapsulate]} accepts every type \
over either IP version, GUE at port 6080"
  done
  [[ -n ${GIVEN[interface]} ]] || misused "--decapsulate ${GIVEN[decapsulate]} needs --interface"
  GIVEN[object]=$(realpath -m "${GIVEN[object]:-$PROGRAM}")
}

check_values() {
  local value
  for value in ${GIVEN[vip]:-}; do check_vip "$value"; done
  for value in ${GIVEN[gateway]:-}; do check_address gateway "$value"; done
  for value in object mss decapsulate; do
    [[ ${GIVEN[$value]:-} != *" "* ]] || misused "--$value can be given only once"
  done
  [[ $METHOD != nat || ${GIVEN[interface]} != *" "* ]] || misused "nat takes only one --interface"
  [[ ${GIVEN[type]:-ipip} =~ ^(ipip|gre|gue)$ ]] || misused "--type is ipip, gre or gue"
  for value in ${GIVEN[outer]:-}; do
    [[ $value =~ ^ipv[46]$ ]] || misused "--outer is ipv4 or ipv6"
  done
  [[ ${GIVEN[mss]:-auto} =~ ^(auto|[1-9][0-9]{2,3})$ ]] ||
    misused "--mss is auto, or a number of bytes, such as 1400"
  [[ -n ${GIVEN[port]:-} ]] || return 0
  [[ ${GIVEN[type]} == gue ]] || misused "--port is for --type gue"
  if [[ ! ${GIVEN[port]} =~ ^[1-9][0-9]{0,4}$ || ${GIVEN[port]} -gt 65535 ]]; then
    misused "--port: '${GIVEN[port]}' is not a port"
  fi
}

check_address() { # OPTION ADDRESS
  if [[ $2 == */* ]] || ! ip address show to "$2" &>/dev/null; then
    misused "--$1: '$2' is not an IP address, such as 192.0.2.80 or 2001:db8::80"
  fi
}

check_vip() { # VIP
  if [[ $1 != */* ]]; then
    check_address vip "$1"
    return
  fi
  if [[ ! ${1#*/} =~ ^[1-9][0-9]*$ || $1 == *:*.* ]] || ! ip address show to "$1" &>/dev/null; then
    misused "--vip: '$1' is not a prefix, such as 192.0.2.0/28 or 2001:db8::/64"
  fi
  ! has_bits_beyond "$1" || misused "--vip: '$1' has bits beyond its length"
}

# A setup adds its VIPs to those of the last setup. All other options must stay the same.
merge_last_setup() {
  local option value
  for option in "${!WAS[@]}"; do
    if [[ $option == vip ]]; then
      for value in ${GIVEN[vip]}; do
        [[ " ${WAS[vip]} " == *" $value "* ]] || WAS[vip]+=" $value"
      done
      GIVEN[vip]=${WAS[vip]}
    elif [[ ${GIVEN[$option]} != "${WAS[$option]}" ]]; then
      die "$METHOD is set up with --$option ${WAS[$option]}: run '$NAME undo $METHOD' first"
    fi
  done
}

# The options as words, for parse.
options() {
  local option value
  for option in vip gateway decapsulate interface object type port outer mss; do
    for value in ${GIVEN[$option]:-}; do printf ' --%s %s' "$option" "$value"; done
  done
}

is_ipv6() { [[ $1 == *:* ]]; }

# leading BITS ADDRESS: the address's first bits, as numbers.
leading() {
  local width=8 head=() tail=() words word i bits
  if is_ipv6 "$2"; then
    width=16
    read -ra head <<<"$(tr : ' ' <<<"${2%%::*}")"
    [[ $2 != *::* ]] || read -ra tail <<<"$(tr : ' ' <<<"${2#*::}")"
    while ((${#head[@]} + ${#tail[@]} < 8)); do head+=(0); done
    words=("${head[@]/#/0x}" "${tail[@]/#/0x}")
  else
    read -ra words <<<"$(tr . ' ' <<<"$2")"
  fi
  for ((i = 0; i < ${#words[@]}; i++)); do
    bits=$(($1 - i * width))
    bits=$((bits < 0 ? 0 : bits > width ? width : bits))
    word=$((words[i] >> (width - bits) << (width - bits)))
    printf '%d ' "$word"
  done
}

has_bits_beyond() { [[ $(leading "${1#*/}" "${1%/*}") != "$(leading 128 "${1%/*}")" ]]; } # PREFIX

contains() { # PREFIX ADDRESS
  [[ $(leading "${1#*/}" "${1%/*}") == "$(leading "${1#*/}" "$2")" ]]
}

# has_family 4|6: whether any VIP is of it.
has_family() {
  local vip
  for vip in ${GIVEN[vip]}; do
    if is_ipv6 "$vip"; then
      [[ $1 == 4 ]] || return 0
    else
      [[ $1 == 6 ]] || return 0
    fi
  done
  return 1
}
