#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds SCTP associations open, as hold.py does with HTTP connections: sctp_hold.py VIP PORT COUNT.

Each round sends sctp_echo.py some messages that take several packets, and compares what comes back.
"""

import os
import socket

import hold
import sctp_echo

MESSAGES, SIZE = 10, 8000


def own_address(vip, family):
    """The one that the kernel would send from: an association of one address has no other way."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((vip, 9))
        return probe.getsockname()[0]


class Association(hold.Held):
    def __init__(self, vip, port):
        family = socket.AF_INET6 if ":" in vip else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
        self.socket.settimeout(hold.TIMEOUT_S)
        self.socket.bind((own_address(vip, family), 0))
        self.socket.connect((vip, port))
        self.name = "%s:%d" % self.socket.getsockname()[:2]
        self.server = None
        self.lost = None

    def request(self):
        for _ in range(MESSAGES):
            message = os.urandom(SIZE)
            sctp_echo.send(self.socket, message)
            name, _, answer = sctp_echo.receive(self.socket).partition(b" ")
            if answer != message:
                raise OSError("answers something else")
            server = name.decode()
            if self.server not in (None, server):
                raise OSError(f"was on {self.server}, is on {server}")
            self.server = server


if __name__ == "__main__":
    hold.hold(Association)
