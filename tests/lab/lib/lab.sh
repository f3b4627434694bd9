# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The lab: a client, the director, three real servers and a switch, each in a network namespace of
# its own. Stories, deploy/quickstart and benchmarks source this file. It reads:
#   PINION_BUILD  the build directory (build/release)
#   PINION_XDP    auto, native or generic (auto)

LAB_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOURCE=$(cd "$LAB_LIB/../../.." && pwd)
BUILD=$(realpath -m "${PINION_BUILD:-$SOURCE/build/release}")
XDP=${PINION_XDP:-auto}
# A CPU that we may run on, for what must all come from one.
LAB_CPU=$(awk '/^Cpus_allowed_list/ { split($2, cpus, /[-,]/); print cpus[1] }' /proc/self/status)
readonly LAB_LIB SOURCE BUILD XDP LAB_CPU

# shellcheck source=tests/lab/lib/story.sh
source "$LAB_LIB/story.sh"
# shellcheck source=tests/lab/lib/topology.sh
source "$LAB_LIB/topology.sh"
# shellcheck source=tests/lab/lib/servers.sh
source "$LAB_LIB/servers.sh"
# shellcheck source=tests/lab/lib/director.sh
source "$LAB_LIB/director.sh"

readonly VIP=10.0.0.100 VIP6=fd00::100
# The three servers with weights 1, 1 and 2, as YAML.
export POOL="{address: 10.0.0.11}, {address: 10.0.0.12}, {address: 10.0.0.13, weight: 2}"
export POOL6='{address: "fd00::11"}, {address: "fd00::12"}, {address: "fd00::13", weight: 2}'

# lab_up [PORT]...: the usual lab, which config/examples/lab.yaml fits, with web servers at these
# ports (80). The daemon is not started.
lab_up() {
  local i
  needs root ip nsenter unshare ethtool curl nginx python3
  lab_open
  lab_host client br0 10.0.0.1/24 fd00::1/64
  lab_host director br0 10.0.0.2/24 fd00::2/64
  for i in 1 2 3; do
    lab_host "server$i" br0 "10.0.0.1$i/24" "fd00::1$i/64"
    server_vip "server$i" "$VIP" "$VIP6"
    server_web "server$i" "$@"
    server_udp "server$i" 53 "$VIP" "$VIP6"
  done
  lab_mounts
}
