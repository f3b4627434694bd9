#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends numbered datagrams at a steady rate and says what came back.

udp_probe.py VIP PORT FLOWS RATE SECONDS: RATE datagrams a second, over FLOWS source ports in turn.
It exits 0 where every datagram was answered, and each flow by one server only. Its last line:

    sent 2000, answered 2000, moved 0: 2 server1, 3 server3
"""

import collections
import select
import socket
import sys
import time


def open_flows(vip, port, count):
    family = socket.AF_INET6 if ":" in vip else socket.AF_INET
    flows = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(count)]
    for flow in flows:
        flow.connect((vip, port))
    return flows


def collect(flows, until, answers):
    """Reads what comes in before `until`; answers[flow] gets (server, number)."""
    while (rest := until - time.monotonic()) > 0:
        for flow in select.select(flows, [], [], rest)[0]:
            try:
                server, number = flow.recv(2048).decode().split()
            except ConnectionError:
                continue  # An ICMP error: the datagram stays unanswered, which is what counts.
            answers[flow].add((server, int(number)))


def main():
    vip, port = sys.argv[1], int(sys.argv[2])
    count, rate, seconds = (int(argument) for argument in sys.argv[3:6])
    flows = open_flows(vip, port, count)
    answers = {flow: set() for flow in flows}
    started = time.monotonic()
    sent = 0
    while sent < rate * seconds:
        try:
            flows[sent % count].send(str(sent).encode())
        except ConnectionError:
            pass
        sent += 1
        collect(flows, started + sent / rate, answers)
    collect(flows, time.monotonic() + 0.5, answers)

    answered = {number for heard in answers.values() for _, number in heard}
    servers = [{server for server, _ in heard} for heard in answers.values()]
    moved = sum(len(names) > 1 for names in servers)
    tally = collections.Counter(name for names in servers for name in names)
    spread = ", ".join(f"{flows} {server}" for server, flows in sorted(tally.items()))
    missing = sorted(set(range(sent)) - answered)
    if missing:
        print("unanswered:", *missing[:20])
    print(f"sent {sent}, answered {len(answered)}, moved {moved}: {spread}")
    sys.exit(0 if not missing and not moved else 1)


if __name__ == "__main__":
    main()
