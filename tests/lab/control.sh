#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The control socket belongs to whom the configuration says; two hundred clients at once, most of
# them bad, disturb neither the traffic nor who asks properly.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq setpriv
lab_up
readonly SOCKET=/run/pinion/control.sock
write_config 'control: {group: www-data, mode: "0660"}' <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
services:
  - {name: web, vip: $VIP, port: 80, scheduler: wrr, servers: [$POOL]}
  - {name: echo, vip: $VIP, port: 53, protocol: udp, scheduler: rr, servers: [$POOL]}
YAML
director_start

as() { on director setpriv --reuid=nobody --regid="$1" --clear-groups "$BUILD/pinionctl" "${@:2}"; }
http_status() { # METHOD PATH [BODY]
  on director curl -sS -o /dev/null -w '%{http_code}' --unix-socket "$SOCKET" -X "$1" \
    ${3+-H "Content-Type: application/json" --data-binary "$3"} "http://pinion$2"
}

step "The socket has its mode and group"
expect_equal "mode, owner and group" "$(on director stat -c '%a %U %G' "$SOCKET")" \
  "660 root www-data"
works "one of the group may ask" as www-data status
refused "nobody else may" as nogroup status
expect_match "and is told why" "$(as nogroup status 2>&1 || true)" "[Pp]ermission"

step "Exit status: done, refused, wrong usage, no daemon"
exit_status() { "$@" >/dev/null 2>&1 && echo 0 || echo $?; }
expect_equal "done" "$(exit_status ctl status)" 0
expect_equal "refused" "$(exit_status ctl service show wbe)" 1
expect_match "what it says" "$(ctl service show wbe 2>&1 || true)" \
  "no service 'wbe'.*did you mean 'web'"
expect_equal "usage" "$(exit_status ctl service shwo web)" 2
expect_equal "no daemon" "$(exit_status ctl --socket /run/pinion/nobody.sock status)" 3

step "Bad requests are refused with a reason, and bounded"
expect_equal "not JSON" "$(http_status POST /v1/services '{')" 400
expect_equal "an unknown field" "$(http_status POST /v1/services '{"nmae": "x"}')" 400
expect_equal "no such path" "$(http_status GET /v1/nothing)" 404
expect_equal "no such method" "$(http_status PUT /v1/status)" 405
head -c 3000000 /dev/zero | tr '\0' ' ' >"$LAB/large"
expect_equal "3 MB of body" "$(http_status POST /v1/services "@$LAB/large")" 413

step "A file that somebody has edited is not overwritten"
cp "$LAB/pinion.yaml" "$LAB/original.yaml"
works "a change" ctl server set web 10.0.0.11 --weight 3
sed -i 's/port: 53/port: 5353/' "$LAB/pinion.yaml"
expect_match "what it says" "$(ctl config save 2>&1 || true)" \
  "was edited since it was loaded: services\[echo\].port; make it live with 'reload', or .*--force"
sed -i 's/port: 5353/port: x/' "$LAB/pinion.yaml"
refused "a reload of a file with a mistake" ctl reload
expect_match "what it says" "$(ctl config save 2>&1 || true)" "is not good: .*port: .*--force.*"
expect_match "the file" "$(cat "$LAB/pinion.yaml")" "port: x"
works "with --force" ctl config save --force
expect_match "the file" "$(cat "$LAB/pinion.yaml")" "weight: 3"
works "without, now that it is what is live" ctl config save
cp "$LAB/original.yaml" "$LAB/pinion.yaml"
works "reload" ctl reload

step "Changes tell what is likely a mistake, by name"
expect_match "a service without servers" "$(ctl service add none --vip "$VIP" --port 81 2>&1)" \
  "warning: service 'none', servers: has no server.*"
expect_equal "the next change does not repeat it" \
  "$(ctl server set web 10.0.0.11 --weight 2 2>&1 >/dev/null)" ""
echo "  - {name: none, vip: $VIP, port: 81}" >>"$LAB/pinion.yaml"
expect_match "a reload" "$(ctl reload 2>&1)" \
  "warning: .*pinion.yaml:[0-9]+:[0-9]+: services\[2\].servers: has no server.*"
expect_match "a place that is taken" \
  "$(ctl service add other --vip "$VIP" --port 80 2>&1 || true)" \
  "service 'other': $VIP:80/tcp is service 'web' already; give one .* another VIP, port or protocol"
cp "$LAB/original.yaml" "$LAB/pinion.yaml"
works "reload" ctl reload

step "Every change is in the log, however many there are at once"
for weight in {21..40}; do ctl server set web 10.0.0.11 --weight "$weight" >/dev/null; done
expect_equal "lines" "$(grep -cE \
  'changed verb="server set" server=10.0.0.11 service=web weight=(2[1-9]|3[0-9]|40)$' \
  "$LAB/piniond.log")" 20
works "reload" ctl reload

step "200 clients at once, three of four of them bad, while datagrams flow"
background client probe.log python3 "$LAB_LIB/udp_probe.py" "$VIP" 53 10 500 8
probe=$!
background director clients.log python3 "$LAB_LIB/bad_clients.py" "$SOCKET" 200 7
clients=$!
sleep 1
slowest=0
for _ in {1..20}; do
  started=${EPOCHREALTIME/./}
  ctl status >/dev/null
  elapsed=$(((${EPOCHREALTIME/./} - started) / 1000))
  ((elapsed <= slowest)) || slowest=$elapsed
done
((slowest < 2000)) || fail "pinionctl status took $slowest ms"
note "the slowest of 20 pinionctl status took $slowest ms"
works "a change meanwhile" ctl server set web 10.0.0.13 --weight 1
within 20 "the clients have ended" process_gone "$clients"
expect_match "those who asked properly" "$(cat "$LAB/clients.log")" \
  "clients 200, answers [0-9]+, wrong 0, broken 0"
within 20 "the datagrams have ended" process_gone "$probe"
expect_match "the datagrams" "$(tail -n 1 "$LAB/probe.log")" "sent 4000, answered 4000, moved 0.*"
expect_spread "$VIP" 12 "4 server1, 4 server2, 4 server3"
