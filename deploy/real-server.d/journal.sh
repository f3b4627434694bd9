# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Running, recording and undoing commands. Each method has a journal with lines "undo COMMAND", in
# the order in which the commands they undo ran, and "setup OPTIONS", of which the last one counts.
# It is in /run, because a boot removes what was set up, or in /var/lib if every boot sets it up
# again.

# unfit WHY FIX: a problem that only the operator can fix.
unfit() {
  [[ $VERB == check ]] || die "$1: $2"
  complain "$1" "$2"
}

# already WHAT [UNDO]: nothing to do. If another method has done it, this method now needs it, too,
# and records the same undo.
already() {
  local key
  [[ $VERB == setup ]] || return 0
  echo "  already done: $1"
  if [[ -n ${2:-} ]]; then
    key=$(undo_key "$2")
    ! find_undo "$key" || record "$REPLY" "$key"
  fi
}

# mend WHY UNDO COMMAND...
mend() {
  local why=$1 undo=$2
  shift 2
  if [[ $VERB == check ]]; then
    complain "$why" "$(as_typed "$@")"
    return
  fi
  record "undo $undo" "$(undo_key "$undo")"
  run "$@" || die "'$*' failed: $ERROR"
}

run() {
  echo "+ $(as_typed "$@")"
  ERROR=$("$@" 2>&1)
}

# The command, quoted for a shell.
as_typed() {
  local word line=
  for word in "$@"; do
    [[ $word =~ ^[][A-Za-z0-9_./:=%@,+-]+$ ]] || word="'$word'"
    line+="${line:+ }$word"
  done
  echo "$line"
}

# The file of a sysctl, in REPLY. As for sysctl(8), a dot within a name is written '/'.
path_of() {
  REPLY=${1//\//:}
  REPLY=${REPLY//.//}
  REPLY=/proc/sys/${REPLY//:/.}
}

sysctl() { # -w KEY=VALUE
  path_of "${2%%=*}"
  echo "${2#*=}" >"$REPLY"
}

# /sys/class/net would not do: it may show another network namespace.
is_device() { [[ -d /proc/sys/net/ipv4/conf/$1 ]]; }

# is_on INTERFACE ADDRESS/LENGTH
is_on() { [[ $(ip -o address show dev "$1" to "${2%/*}" 2>/dev/null) == *"/${2#*/} "* ]]; }

# Sets JOURNAL; MARK, the number of lines that it has; and OTHERS, the journals of other methods.
find_journal() {
  local directories=("$VOLATILE" "$LASTING") directory file
  [[ -z $STATE ]] || directories=("$STATE")
  JOURNAL=${directories[0]}/$METHOD MARK=0 OTHERS=()
  for directory in "${directories[@]}"; do
    for file in "$directory"/*; do
      if [[ ${file##*/} == "$METHOD" ]]; then
        JOURNAL=$file MARK=$(wc -l <"$file")
      elif [[ -f $file ]]; then
        OTHERS+=("$file")
      fi
    done
  done
}

last_setup() { # JOURNAL
  [[ ! -f $1 ]] || sed -n 's/^setup //p' "$1" | tail -n 1
}

record_setup() {
  local line
  line=$(options)
  mkdir -p "${JOURNAL%/*}"
  [[ $(last_setup "$JOURNAL") == "${line# }" ]] || echo "setup$line" >>"$JOURNAL"
}

# The beginning of every line that undoes the same thing. Only the first such line is kept: it
# restores the state before any setup.
undo_key() { # UNDO
  case $1 in
    sysctl\ *) echo "undo ${1%%=*}=" ;;
    *\ route\ del\ local\ *) echo "undo $1" ;;
    *\ route\ *) echo "undo ${1%% route *} route " ;;
    *) echo "undo $1" ;;
  esac
}

record() { # LINE KEY
  mkdir -p "${JOURNAL%/*}"
  if [[ ! -f $JOURNAL ]] || [[ $'\n'$(<"$JOURNAL") != *$'\n'"$2"* ]]; then
    echo "$1" >>"$JOURNAL"
  fi
}

# find_undo KEY: finds a line that begins with KEY in another method's journal; the line is in
# REPLY.
find_undo() {
  local file
  for file in "${OTHERS[@]}"; do
    while read -r REPLY; do
      [[ $REPLY != "$1"* ]] || return 0
    done <"$file"
  done
  return 1
}

# Whether the undo command still has something to undo.
stands() {
  case "$*" in
    sysctl*) path_of "${3%%=*}" && [[ -e $REPLY && $(<"$REPLY") != "${3#*=}" ]] ;;
    "ip address del "*) is_on "$6" "$4" ;;
    "ip address add "*) is_device "$6" && ! is_on "$6" "$4" ;;
    "ip link set dev "*" off") has_program "$5" && is_ours "$5" ;;
    "ip link "*) is_device "$5" ;;
    "ip "*" route del local "*) has_local_route "$2" "$6" ;;
    "ip "*" route del "*) [[ -n $(ip "$2" route show "${@:5}" 2>/dev/null) ]] ;;
    "ip "*" fou del "*) has_fou "$2" "$6" ;;
    "nft delete table "*) nft list table "${@:4}" &>/dev/null ;;
  esac
}

# take_back FROM: runs the undo commands behind line FROM of the journal, last one first. Those that
# fail stay in it.
take_back() {
  local lines kept=() words i
  mapfile -t lines <"$JOURNAL"
  for ((i = ${#lines[@]} - 1; i >= $1; i--)); do
    [[ ${lines[i]} == undo\ * ]] || continue
    read -ra words <<<"${lines[i]#undo }"
    if find_undo "${lines[i]}"; then
      echo "  kept, because another method needs it: ${words[*]}"
    elif stands "${words[@]}" && ! run "${words[@]}"; then
      echo "$NAME: '${words[*]}' failed: $ERROR" >&2
      kept=("${lines[i]}" "${kept[@]}")
    fi
  done
  kept=("${lines[@]:0:$1}" "${kept[@]}")
  if ((${#kept[@]} > 0)); then
    printf '%s\n' "${kept[@]}" >"$JOURNAL"
  else
    rm -f "$JOURNAL"
    rmdir "${JOURNAL%/*}" 2>/dev/null || true
  fi
  ((${#kept[@]} == $1))
}

# Undoes what a setup that fails has done. What an earlier setup has done stays.
roll_back() {
  local status=$?
  trap - EXIT
  trap '' INT TERM
  if [[ -f $JOURNAL ]] && (($(wc -l <"$JOURNAL") > MARK)); then
    echo "$NAME: undoing what this setup has done"
    take_back "$MARK" || true
  fi
  exit "$status"
}
