"""Reading server-sent events as a browser does, without one."""
import http.client
import json
import random
import re
import selectors
import socket
import threading
import time

READ_SECONDS = 60
PIECE_BYTES = 65536
RETRY_SECONDS = 0.05  # a browser waits 3 s; nobody learns anything from that here


class Event:
    """A frame: `number` is its own id, 0 when it had none; `data` the decoded envelope."""

    def __init__(self, number, kind, data):
        self.number, self.kind, self.data = number, kind, data

    @property
    def payload(self):
        return self.data["payload"]

    @property
    def sequence(self):
        return self.data.get("sequence", 0)

    def __repr__(self):
        return f"{self.number or '-'} {self.kind} {self.data.get('sequence', '')}"


class Refused(Exception):
    """The answer was not a stream."""

    def __init__(self, status, headers, text):
        super().__init__(f"HTTP {status}: {text}")
        self.status, self.headers, self.text = status, headers, text

    @property
    def envelope(self):
        return json.loads(self.text)


class EventStream:
    """One connection. next() is its next event; OSError and http.client.HTTPException when it ends."""

    def __init__(self, address, path, last_id=None, seconds=READ_SECONDS):
        self.connection = http.client.HTTPConnection(address, timeout=seconds)
        headers = {"Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()
        self.headers = {name.lower(): value for name, value in self.answer.getheaders()}
        self.retry = None
        if self.answer.status != 200:
            text = self.answer.read().decode()
            self.connection.close()
            raise Refused(self.answer.status, self.headers, text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.answer.close()
        self.connection.close()

    def next(self):
        kind, data, number = "", [], 0
        while True:
            line = self.answer.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError("the stream ended")
            line = line[:-1].decode()
            if not line and not data:
                kind, number = "", 0
                continue
            if not line:
                return Event(number, kind, json.loads("\n".join(data)))
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                kind = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                assert value.isascii() and value.isdigit(), value
                number = int(value)
            elif name == "retry":
                self.retry = int(value)

    def read(self, until):
        """Events up to and with the first for which until(event) is true."""
        found = []
        while not found or not until(found[-1]):
            found.append(self.next())
        return found


class Follower(threading.Thread):
    """A client that reconnects with its last id whenever it loses the stream, until it has read event `last` or is told
    to stop. `events` are all it got, `connects` how often it had to connect."""

    def __init__(self, address, path, *, last_id=0):
        super().__init__(daemon=True)
        self.address, self.path, self.last_id = address, path, last_id
        self.events, self.connects, self.trouble = [], 0, None
        self._is_over = threading.Event()
        self.start()

    def stop(self):
        self._is_over.set()

    def run(self):
        while not self._is_over.is_set():
            try:
                with EventStream(self.address, self.path, self.last_id) as stream:
                    self.connects += 1
                    self._follow(stream)
            except (OSError, http.client.HTTPException, Refused):
                self._is_over.wait(RETRY_SECONDS)  # the gateway is away
            except Exception as trouble:  # shown by the test
                self.trouble = trouble
                return

    def _follow(self, stream):
        while not self._is_over.is_set():
            event = stream.next()
            self.events.append(event)
            if event.number:
                self.last_id = event.number

    @property
    def numbers(self):
        return [event.number for event in self.events if event.number]


class Crowd(threading.Thread):
    """Many such clients in one thread. Each is cut off `cuts` times, at any byte of the stream, and comes back with its
    last id, as it does when the stream ends. `seed` decides where the cuts are."""

    CUT_BYTES = (50, 2000)  # between two cuts

    def __init__(self, address, path, count, *, cuts=0, last_id=None, seed=1):
        super().__init__(daemon=True)
        self.address, self.path = address, path
        self.selector, self._is_over, self.trouble = selectors.DefaultSelector(), threading.Event(), None
        luck = random.Random(seed)
        self.members = [Member(last_id, [luck.randint(*self.CUT_BYTES) for _ in range(cuts)]) for _ in range(count)]
        self._away = [(0, member) for member in self.members]  # until when, in monotonic seconds
        self.start()

    def stop(self):
        self._is_over.set()
        self.join()

    def run(self):
        try:
            while not self._is_over.is_set():
                self._come_back()
                for key, _ in self.selector.select(RETRY_SECONDS):
                    self._read(key.data)
        except Exception as trouble:  # shown by the test
            self.trouble = trouble
        finally:
            for member in self.members:
                member.leave()
            self.selector.close()

    def _come_back(self):
        now = time.monotonic()
        due = [member for at, member in self._away if at <= now]
        self._away = [(at, member) for at, member in self._away if at > now]
        for member in due:
            try:
                member.connect(self.address, self.path)
                self.selector.register(member.socket, selectors.EVENT_READ, member)
            except OSError:
                self._away.append((now + RETRY_SECONDS, member))

    def _read(self, member):
        if not member.read():
            self.selector.unregister(member.socket)
            member.leave()
            self._away.append((time.monotonic() + RETRY_SECONDS, member))


class Member:
    """One client of a crowd. `frames` are all it got: seconds since the epoch when it was read, id (0: none), type, data."""

    def __init__(self, last_id, cuts):
        self.last_id, self.cuts, self.frames, self.connects, self.socket = last_id, cuts, [], 0, None

    def connect(self, address, path):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), READ_SECONDS)
        resume = "" if self.last_id is None else f"Last-Event-ID: {self.last_id}\r\n"
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{resume}\r\n".encode())
        self.head, self.chunks, self.text, self.left = b"", b"", b"", self.cuts[0] if self.cuts else None

    def leave(self):
        if self.socket:
            self.socket.close()

    def read(self):
        """Whether the connection lives on."""
        try:
            piece = self.socket.recv(PIECE_BYTES)
        except OSError:
            return False
        if not piece:
            return False
        if not self._take(piece, time.time()):
            return False
        if self.left is not None and self.left <= 0:
            self.cuts.pop(0)
            return False
        return True

    def _take(self, piece, now):
        """False when this is no stream: then there will be one later."""
        if self.head is not None:
            self.head += piece
            head, end, piece = self.head.partition(b"\r\n\r\n")
            if not end:
                return True
            if not head.startswith(b"HTTP/1.1 200 "):
                return False
            self.head = None
            self.connects += 1
        self.chunks += piece
        while found := re.match(rb"([0-9a-fA-F]+)\r\n", self.chunks):
            start, size = found.end(), int(found.group(1), 16)
            if len(self.chunks) < start + size + 2:
                break
            self._body(self.chunks[start:start + size], now)
            self.chunks = self.chunks[start + size + 2:]
        return True

    def _body(self, text, now):
        if self.left is not None:
            text = text[:max(0, self.left)]  # the rest was lost on the way
            self.left -= len(text)
        self.text += text
        *frames, self.text = self.text.split(b"\n\n")
        for frame in frames:
            fields = dict(line.split(b": ", 1) for line in frame.split(b"\n"))
            if b"data" in fields:
                number = int(fields.get(b"id", 0))
                self.last_id = number or self.last_id
                self.frames.append((now, number, fields[b"event"].decode(), fields[b"data"]))
