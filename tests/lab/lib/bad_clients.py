#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients of the control socket that a daemon meets in life: bad_clients.py SOCKET COUNT SECONDS.

A quarter each of COUNT: connect and say nothing; send a request byte by byte; ask for much, and
never read; ask properly, again and again. It says how the last kind fared, and exits 1 where one of
those was not answered with 200.
"""

import asyncio
import sys

REQUEST = b"GET /v1/status HTTP/1.1\r\nHost: pinion\r\n\r\n"
PIPELINED = 2000


async def silent(reader, writer, _):
    await reader.read()


async def slow(reader, writer, _):
    for byte in REQUEST * 100:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.1)


async def never_reads(reader, writer, _):
    writer.transport.pause_reading()
    writer.write(REQUEST * PIPELINED)
    await asyncio.sleep(3600)


async def polite(reader, writer, answers):
    while True:
        writer.write(REQUEST)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        await reader.readexactly(length)
        answers.append(head.split()[1])
        await asyncio.sleep(0.1)


async def client(path, kind, answers, broken):
    writer = None
    try:
        reader, writer = await asyncio.open_unix_connection(path)
        await kind(reader, writer, answers)
    except (OSError, EOFError) as error:
        # The bad ones may be cut off, that is the daemon's right.
        if kind is polite:
            broken.append(repr(error))
    finally:
        if writer:
            writer.transport.abort()


async def main():
    path, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    answers, broken = [], []
    kinds = (silent, slow, never_reads, polite)
    tasks = [asyncio.create_task(client(path, kinds[i % 4], answers, broken)) for i in range(count)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    wrong = [status for status in answers if status != "200"]
    print(f"clients {count}, answers {len(answers)}, wrong {len(wrong)}, broken {len(broken)}",
          *broken[:3])
    sys.exit(1 if wrong or broken or not answers else 0)


if __name__ == "__main__":
    asyncio.run(main())
