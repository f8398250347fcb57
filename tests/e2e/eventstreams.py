"""Reading server-sent events as a browser does, without one."""
import http.client
import json
import threading

READ_SECONDS = 60
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
