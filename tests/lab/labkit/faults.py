#!/usr/bin/env python3
"""Sites that break the rules of HTTP and TLS, which nginx would never do. Started by `lab up` with a JSON list of
{"address", "port", "fault", "page"}; stands alone, because it runs as another user from the lab's own directory."""
import asyncio
import gzip
import json
import random
import resource
import socket
import struct
import sys
import time
from pathlib import Path

REQUEST_SECONDS_MAX = 20
QUIET_SECONDS = 120             # how long a silent site keeps the connection
ENDLESS_SECONDS = 60            # even "for ever" ends, should a client never hang up
ENDLESS_BYTES_FAST = 8 << 20    # sent at full speed; then a trickle, so that one site does not eat the machine
TRICKLE_SECONDS = 0.005
SLOW_SECONDS = 0.3
OK_HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"


async def send(writer, data):
    writer.write(data)
    await writer.drain()


async def send_endlessly(writer, piece):
    end, sent = time.monotonic() + ENDLESS_SECONDS, 0
    while time.monotonic() < end:
        await send(writer, piece)
        sent += len(piece)
        if sent > ENDLESS_BYTES_FAST:
            await asyncio.sleep(TRICKLE_SECONDS)


async def page_slow(writer, page):
    await asyncio.sleep(SLOW_SECONDS)
    await send(writer, OK_HTML + b"Content-Length: %d\r\n\r\n" % len(page) + page)


async def stall(writer, page):
    await send(writer, OK_HTML + b"Content-Length: 100000\r\n\r\n<html><title>Half a ")
    await asyncio.sleep(QUIET_SECONDS)


async def drip(writer, page):
    await send(writer, OK_HTML + b"Content-Length: 100000\r\n\r\n")
    for _ in range(QUIET_SECONDS):
        await send(writer, b"x")
        await asyncio.sleep(1)


async def garbage(writer, page):
    await send(writer, random.Random(7).randbytes(4096))


async def endless_body(writer, page):
    await send(writer, OK_HTML + b"\r\n")
    await send_endlessly(writer, page * (65536 // len(page)))


async def endless_headers(writer, page):
    await send(writer, OK_HTML)
    await send_endlessly(writer, (b"X-More: " + b"m" * 1000 + b"\r\n") * 32)


async def endless_trailers(writer, page):
    await send(writer, OK_HTML + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n")
    await send_endlessly(writer, (b"X-More: " + b"m" * 1000 + b"\r\n") * 32)


async def endless_chunk(writer, page):
    await send(writer, OK_HTML + b"Transfer-Encoding: chunked\r\n\r\n5;")
    await send_endlessly(writer, b"extension" * 4000)


async def gzip_bomb(writer, page):
    packed = PACKED.setdefault(len(page), gzip.compress(page, 9, mtime=0))
    await send(writer, OK_HTML + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)


PACKED = {}
ANSWERS = {f.__name__: f for f in (page_slow, stall, drip, garbage, endless_body, endless_headers, endless_trailers,
                                   endless_chunk, gzip_bomb)}


def reset(writer):
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def serve(reader, writer, fault, page):
    try:
        if fault == "reset":
            await asyncio.wait_for(reader.read(1), REQUEST_SECONDS_MAX)
            reset(writer)
        elif fault == "mute":
            await asyncio.sleep(QUIET_SECONDS)
        elif fault == "tls_broken":
            await asyncio.wait_for(reader.read(1), REQUEST_SECONDS_MAX)
            await send(writer, b"this is not a handshake\r\n" * 4)
        else:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REQUEST_SECONDS_MAX)
            if head.split(b" ", 2)[1] == b"/robots.txt":
                await send(writer, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                await ANSWERS[fault](writer, page)
    except (OSError, EOFError, IndexError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # the other side has had enough, which is what it should do
    finally:
        writer.close()


async def main(file):
    for site in json.loads(Path(file).read_text()):
        page = Path(site["page"]).read_bytes() if site["page"] else b""

        def handler(reader, writer, fault=site["fault"], page=page):
            return serve(reader, writer, fault, page)

        await asyncio.start_server(handler, site["address"], site["port"], backlog=1024)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main(sys.argv[1]))
