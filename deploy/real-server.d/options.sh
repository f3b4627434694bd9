# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The command line's options, and those of the last setup, as associative arrays: name -> values,
# separated by blanks.

declare -A GIVEN=() WAS=()
PERSIST=false
STATE=

# parse ARRAY WORD...
parse() {
  local -n values=$1
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
      *) misused "there is no option '$1'" ;;
    esac
    [[ ${2:---} != --* ]] || misused "$1 needs a value"
    if [[ $1 == --state ]]; then
      STATE=$2
    elif [[ " ${values[${1#--}]:-} " != *" $2 "* ]]; then
      values[${1#--}]+="${values[${1#--}]:+ }$2"
    fi
    shift 2
  done
  [[ $PERSIST == false || -z $STATE ]] ||
    misused "--persist is for a machine, --state for a network namespace"
}

take_last_setup() {
  local words
  read -ra words <<<"$(last_setup "$JOURNAL")"
  parse WAS "${words[@]}"
}

# Only what the method has, and all that it needs. What is not given is as in the last setup.
complete_options() {
  local option known
  case $METHOD in
    dr) known="vip" ;;
    nat) known="gateway interface" ;;
    tun) known="vip type port outer" ;;
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
  GIVEN[type]=${GIVEN[type]:-ipip}
  if [[ ${GIVEN[type]} == gue ]]; then
    GIVEN[port]=${GIVEN[port]:-6080}
  fi
  if [[ -z ${GIVEN[outer]} ]]; then
    GIVEN[outer]=ipv4
    [[ ! -d /proc/sys/net/ipv6 ]] || GIVEN[outer]+=" ipv6"
  fi
}

check_values() {
  local value
  for value in ${GIVEN[vip]:-}; do check_address vip "$value"; done
  for value in ${GIVEN[gateway]:-}; do check_address gateway "$value"; done
  [[ ${GIVEN[interface]:-} != *" "* ]] || misused "--interface: only one"
  [[ ${GIVEN[type]:-ipip} =~ ^(ipip|gre|gue)$ ]] || misused "--type is ipip, gre or gue"
  for value in ${GIVEN[outer]:-}; do
    [[ $value =~ ^ipv[46]$ ]] || misused "--outer is ipv4 or ipv6"
  done
  [[ -n ${GIVEN[port]:-} ]] || return 0
  [[ ${GIVEN[type]} == gue ]] || misused "--port is for --type gue"
  if [[ ! ${GIVEN[port]} =~ ^[1-9][0-9]{0,4}$ || ${GIVEN[port]} -gt 65535 ]]; then
    misused "--port: '${GIVEN[port]}' is no port"
  fi
}

check_address() { # OPTION ADDRESS
  if [[ $2 == */* ]] || ! ip address show to "$2" >/dev/null 2>&1; then
    misused "--$1: '$2' is no IP address such as 192.0.2.80 or 2001:db8::80"
  fi
}

# A setup adds VIPs to those that it finds set up, and changes nothing else of them.
merge_last_setup() {
  local option value
  for option in "${!WAS[@]}"; do
    if [[ $option == vip ]]; then
      for value in ${GIVEN[vip]}; do
        [[ " ${WAS[vip]} " == *" $value "* ]] || WAS[vip]+=" $value"
      done
      GIVEN[vip]=${WAS[vip]}
    elif [[ ${GIVEN[$option]} != "${WAS[$option]}" ]]; then
      die "$METHOD is set up with --$option ${WAS[$option]}: first '$NAME undo $METHOD'"
    fi
  done
}

# The options as words, for parse.
options() {
  local option value
  for option in vip gateway interface type port outer; do
    for value in ${GIVEN[$option]:-}; do printf ' --%s %s' "$option" "$value"; done
  done
}

is_ipv6() { [[ $1 == *:* ]]; }

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
