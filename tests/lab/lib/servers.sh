# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Real servers as direct routing wants them, each running nginx (a real web server, with files,
# uploads, keep-alive and its own ideas of when to close) and a UDP service.

# real_server HOST VERB METHOD [OPTION]...: what an operator does there, with a state of its own.
real_server() { on "$1" "$SOURCE/deploy/real-server" "${@:2}" --state "$LAB/$1.state"; }

# server_vip HOST VIP...: takes packets for the VIPs, and never answers ARP or ND for them.
server_vip() {
  local host=$1 vip options=()
  for vip in "${@:2}"; do options+=(--vip "$vip"); done
  real_server "$host" setup dr "${options[@]}" >>"$LAB/$host.real-server.log"
}

# server_web HOST [PORT]...: nginx; "/" answers the host's name, "/big" 1 GiB of zeroes.
server_web() {
  local host=$1 home=$LAB/$1 port listen=
  for port in "${@:2}"; do
    listen+="listen $port backlog=4096; listen [::]:$port backlog=4096; "
  done
  mkdir -p "$home/temp" "$home/files"
  truncate -s 1G "$home/files/big"
  cat >"$home/nginx.conf" <<CONF
user www-data;
worker_processes 1;
worker_rlimit_nofile 16384;
pid $home/nginx.pid;
error_log $home.nginx.log;
events { worker_connections 8192; }
http {
  access_log off;
  default_type text/plain;
  keepalive_timeout 600;
  keepalive_requests 1000000;
  client_max_body_size 0;
  client_body_temp_path $home/temp;
  proxy_temp_path $home/temp;
  fastcgi_temp_path $home/temp;
  uwsgi_temp_path $home/temp;
  scgi_temp_path $home/temp;
  server {
    ${listen:-listen 80 backlog=4096; listen [::]:80 backlog=4096;}
    root $home/files;
    location = / { return 200 "$host\n"; }
  }
}
CONF
  # It must not start where the one that the machine may run has its files, so -e and -c say all.
  on "$host" sysctl -qw net.core.somaxconn=4096
  on "$host" nginx -e "$home.nginx.log" -c "$home/nginx.conf"
}

# server_udp HOST PORT VIP...: answers each datagram with "<host> <datagram>".
server_udp() {
  local host=$1 port=$2
  shift 2
  background "$host" "$host.udp.log" python3 "$LAB_LIB/udp_echo.py" "$host" "$port" "$@"
}

# ask URL: what the client reads there.
ask() { on client curl -gsS --connect-timeout 5 --max-time 10 "$1"; }

# ask_times COUNT URL: COUNT answers, one connection each. All from one CPU, so that one cursor has
# all their turns, unless another CPU is just taking packets off the director's wire.
ask_times() {
  local i
  for ((i = 0; i < $1; i++)); do
    taskset -c "$LAB_CPU" nsenter "--net=/run/netns/$(namespace client)" -- curl -gsS --max-time 10 "$2"
  done
}

# spread_like TALLY WANTED: the same servers, each as often, give or take one for each CPU beyond
# the first. Each CPU has a cursor of its own; and however many successive turns one has given, each
# server's share of them is less than one turn off.
spread_like() {
  awk -v got="$1" -v wanted="$2" -v slack="$(($(nproc --all) - 1))" 'BEGIN {
    servers = split(wanted, want, ", ")
    if (split(got, have, ", ") != servers) exit 1
    for (i = 1; i <= servers; i++) {
      split(want[i], w, " ")
      split(have[i], h, " ")
      if (h[2] != w[2] || h[1] - w[1] > slack || w[1] - h[1] > slack) exit 1
    }
  }'
}

# expect_tally WHAT TALLY WANTED
expect_tally() {
  spread_like "$2" "$3" || fail "$1: expected '$3', got '$2'"
  note "$1: $2"
}

# expect_spread VIP COUNT TALLY: COUNT requests are answered by the servers so often.
expect_spread() {
  expect_tally "$2 requests to http://$1/" "$(ask_times "$2" "http://$1/" | tally)" "$3"
}

# spreads VIP TALLY: 12 requests are answered by the servers so often.
spreads() { spread_like "$(ask_times 12 "http://$1/" | tally)" "$2"; }

# hold_connections VIP[,VIP]... PORT[,PORT]... COUNT [HOLDER]: COUNT connections to each, that stay
# open until hold_end.
hold_connections() {
  coproc HOLD { on client python3 "$LAB_LIB/${4:-hold.py}" "${@:1:3}" 2>&1; }
  hold_answer "connections are open"
}

# hold_use WHAT: one more request on each; none may have been lost, none moved.
hold_use() {
  echo >&"${HOLD[1]}"
  hold_answer "$1"
}

hold_answer() {
  local answer
  read -r -t 60 answer <&"${HOLD[0]}" || fail "$1: no answer from hold.py"
  [[ $answer == ok* ]] || fail "$1: $answer"
  note "$1: ${answer#ok }"
}

hold_end() {
  local holder=$HOLD_PID
  local input=${HOLD[1]}
  exec {input}>&-
  within 10 "the open connections are closed" process_gone "$holder"
}
