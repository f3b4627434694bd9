# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The daemon in the lab's director: its configuration, its life, and the questions one asks it.

PINIOND=$BUILD/piniond
DIRECTOR_PID=

ctl() { on director "$BUILD/pinionctl" "$@"; }
ctl_json() { ctl --output json "$@"; }

# config_example NAME: makes config/examples/NAME the director's, in the XDP mode under test.
config_example() {
  sed "s/^\( *xdp:\).*/\1 $XDP/" "$SOURCE/config/examples/$1" >"$LAB/pinion.yaml"
  grep -q "^ *xdp: $XDP" "$LAB/pinion.yaml" ||
    sed -i "s/^director:.*/&\n  xdp: $XDP/" "$LAB/pinion.yaml"
}

# write_config [KEY: VALUE]...: the director's section, with these lines in it; the rest from stdin.
# Its interfaces are $INTERFACES (eth0).
write_config() {
  {
    printf 'director:\n  interfaces: [%s]\n  xdp: %s\n' "${INTERFACES:-eth0}" "$XDP"
    (($# == 0)) || printf '  %s\n' "$@"
    cat
  } >"$LAB/pinion.yaml"
}

# director_launch [ARGUMENT...]: starts the daemon, $PINIOND, and does not wait for it.
director_launch() {
  # Not a reason to skip: a build that lacks it is broken.
  [[ -x $PINIOND ]] || fail "there is no $PINIOND; 'deploy/build release' makes it"
  background director piniond.log "$PINIOND" --config "$LAB/pinion.yaml" "$@"
  DIRECTOR_PID=$!
}

director_start() {
  director_launch "$@"
  within 10 "piniond answers" director_settled
  ! process_gone "$DIRECTOR_PID" || fail "piniond ended: $(tail -n 3 "$LAB/piniond.log")"
  within 5 "it reaches every real server" director_reaches_all
}

# It answers, or never will.
director_settled() { ctl status || process_gone "$DIRECTOR_PID"; }

director_reaches_all() {
  local status
  status=$(ctl_json status)
  [[ $(number reachable_count "$status") == "$(number server_count "$status")" ]]
}

# number KEY JSON: without jq, which is not everywhere.
number() { grep -oP "\"$1\": \K[0-9]+" <<<"$2"; }

director_stop() {
  kill -TERM "$DIRECTOR_PID"
  within 10 "piniond has ended" process_gone "$DIRECTOR_PID"
}

director_crash() {
  kill -KILL "$DIRECTOR_PID"
  within 5 "piniond is dead" process_gone "$DIRECTOR_PID"
}

# The packets that came out of the wire into the director's eth0: what the switch's port has sent.
# shellcheck disable=SC2016  # $1 is awk's.
packets_seen() { on switch awk '$1 == "director:" { print $11 }' /proc/net/dev; }

# A line "name packets" for each verdict.
verdicts() { ctl_json verdicts --all | jq -r '.verdicts[] | "\(.name) \(.packets)"'; }

# counted VERDICT: so many packets.
counted() { verdicts | awk -v wanted="$1" '$1 == wanted { print $2 }'; }

# at_rest COMMAND...: "packets output": the packets seen, and what the command says at a moment when
# none came in. There may be few such on a machine that is busy with other things.
at_rest() {
  local before after output deadline=$((SECONDS + 30))
  while ((SECONDS < deadline)); do
    before=$(packets_seen)
    output=$("$@")
    after=$(packets_seen)
    if ((before == after)); then
      echo "$before $output"
      return
    fi
  done
  fail "there is no moment without a packet"
}

verdicts_given() { verdicts | awk '{ sum += $2 } END { print sum + 0 }'; }

# server_json SERVICE ADDRESS: one real server as JSON.
server_json() { ctl_json server list "$1" | jq -e ".servers[] | select(.address == \"$2\")"; }

# connections_of SERVICE: "10 10.0.0.11, 20 10.0.0.12", connections ever made to each real server.
connections_of() {
  ctl_json server list "$1" | jq -r '[.servers[] | "\(.connections) \(.address)"] | join(", ")'
}

# Connections in the table now; connection count's filters may follow.
connection_count() { ctl_json connection count "$@" | jq .count; }

process_gone() { ! kill -0 "$1" 2>/dev/null; }
