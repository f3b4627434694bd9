#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many TCP connections, of every way to use and to end one.

connections.py COUNT CONCURRENCY PORT VIP...: connection i goes to one of the VIPs in turn, from the
source port 10000 + i, which no other connection has: so a 4-tuple in a capture is one connection.
Each request of a connection must be answered, by one server. It says what failed, and exits 1 then.
"""

import asyncio
import collections
import socket
import struct
import sys

FIRST_PORT = 10000
UPLOAD = b"x" * 65536


class Connection:
    def __init__(self, reader, writer, vip):
        self.reader, self.writer = reader, writer
        self.host = f"[{vip}]" if ":" in vip else vip
        self.servers = set()

    async def request(self, head="GET / HTTP/1.1", headers="", body=b""):
        self.writer.write(f"{head}\r\nHost: {self.host}\r\n{headers}\r\n".encode() + body)
        await self.writer.drain()
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        if not head.startswith("http/1.1 200 "):
            raise OSError(f"answered '{head.splitlines()[0]}'")
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        self.servers.add((await self.reader.readexactly(length)).decode().strip())

    async def until_closed(self):
        if await self.reader.read():
            raise OSError("more than the answer")


async def server_closes_first(connection):
    await connection.request(headers="Connection: close\r\n")
    await connection.until_closed()


async def client_closes_first(connection):
    await connection.request()


async def client_lingers(connection):
    for pause in (0.05, 0.3, 0.1):
        await connection.request()
        await asyncio.sleep(pause)


async def client_half_closes(connection):
    await connection.request()
    connection.writer.write_eof()
    await connection.until_closed()


async def server_closes_client_waits(connection):
    """The client's FIN, and the last ACK before it, come long after the server's FIN."""
    await server_closes_first(connection)
    await asyncio.sleep(0.5)


async def client_uploads(connection):
    await connection.request("POST / HTTP/1.1", f"Content-Length: {len(UPLOAD)}\r\n", UPLOAD)


async def client_resets(connection):
    await connection.request()
    raw = connection.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


WAYS = (server_closes_first, client_closes_first, client_lingers, client_half_closes,
        server_closes_client_waits, client_uploads, client_resets)


async def run_one(number, port, vips):
    vip, way = vips[number % len(vips)], WAYS[number % len(WAYS)]
    local = ("::" if ":" in vip else "0.0.0.0", FIRST_PORT + number)
    reader, writer = await asyncio.open_connection(vip, port, local_addr=local)
    connection = Connection(reader, writer, vip)
    try:
        await way(connection)
    finally:
        writer.close()
    if len(connection.servers) != 1:
        raise OSError(f"answered by {sorted(connection.servers)}")
    return way.__name__, connection.servers.pop()


async def worker(numbers, port, vips, done, failed):
    for number in numbers:
        try:
            done[number] = await asyncio.wait_for(run_one(number, port, vips), 60)
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            way = WAYS[number % len(WAYS)].__name__
            failed[number] = f"port {FIRST_PORT + number}: {way}: {error!r}"


async def main():
    count, concurrency, port = (int(argument) for argument in sys.argv[1:4])
    done, failed = {}, {}
    numbers = iter(range(count))
    await asyncio.gather(*(worker(numbers, port, sys.argv[4:], done, failed)
                           for _ in range(concurrency)))
    for of in range(2):
        tally = collections.Counter(what[of] for what in done.values())
        print(", ".join(f"{count} {name}" for name, count in sorted(tally.items())))
    for text in list(failed.values())[:10]:
        print("FAILED", text)
    print(f"connections {count}, answered {len(done)}, failed {len(failed)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    asyncio.run(main())
