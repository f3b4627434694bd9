#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds HTTP connections open, and uses each whenever it is told to.

hold.py VIP[,VIP]... PORT[,PORT]... COUNT: opens COUNT keep-alive connections to each port of each
VIP with one request each, then for each line it reads makes one more request on each. After each
round it writes one line:

    ok 20: 5 server1, 5 server2, 10 server3
    LOST 2 of 20: 10.0.0.1:40000 timed out; ...

A connection is lost where it breaks, times out, or is answered by another server than before.
"""

import collections
import resource
import socket
import sys

TIMEOUT_S = 10


class Held:
    """One connection, and the server that answered its first request."""

    def __init__(self, vip, port):
        self.vip = vip
        self.socket = socket.create_connection((vip, port), TIMEOUT_S)
        self.name = "%s:%d" % self.socket.getsockname()[:2]
        self.server = None
        self.lost = None

    def request(self):
        host = f"[{self.vip}]" if ":" in self.vip else self.vip
        self.socket.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\n") or b"\r\n\r\n" not in answer or answer.endswith(b"\r\n"):
            piece = self.socket.recv(4096)
            if not piece:
                raise OSError("closed by the server")
            answer += piece
        server = answer.split(b"\r\n\r\n", 1)[1].decode().strip()
        if self.server not in (None, server):
            raise OSError(f"was on {self.server}, is on {server}")
        self.server = server

    def use(self):
        if self.lost is None:
            try:
                self.request()
            except OSError as error:
                self.lost = f"{self.name} {error}"


def report(connections):
    lost = [connection.lost for connection in connections if connection.lost]
    if lost:
        return f"LOST {len(lost)} of {len(connections)}: {'; '.join(lost[:5])}"
    tally = collections.Counter(connection.server for connection in connections)
    spread = ", ".join(f"{count} {server}" for server, count in sorted(tally.items()))
    return f"ok {len(connections)}: {spread}"


def hold(kind):
    vips, ports, count = sys.argv[1].split(","), sys.argv[2].split(","), int(sys.argv[3])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    connections = [
        kind(vip, int(port)) for vip in vips for port in ports for _ in range(count)
    ]
    while True:
        for connection in connections:
            connection.use()
        print(report(connections), flush=True)
        if not sys.stdin.readline():
            return


if __name__ == "__main__":
    hold(Held)
