"""A private PostgreSQL and a private Redis: Unix sockets only, data below one folder, never a system-wide change."""
import os
import signal
import socket
import subprocess
from pathlib import Path

from .process import LabError, give, is_ours, need, servant, spawn, stop, wait_until

START_SECONDS_MAX = 60  # PostgreSQL may have to recover first
SOCKET_BYTES_MAX = 107  # sun_path, its final NUL not counted
POSTGRES_LEAST = 15
ROLE = DATABASE = "domainflow"

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
max_connections = 200
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = lz4
max_prepared_transactions = 0
log_min_duration_statement = 2s
log_line_prefix = '%m [%p] '
"""
THROWAWAY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


def postgres_bin() -> Path:
    """The folder of the newest PostgreSQL installed."""
    found = [(int(p.parent.parent.name), p.parent) for p in Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres")]
    newest = max(found, default=(0, None))
    if newest[0] < POSTGRES_LEAST:
        raise LabError(f"PostgreSQL {POSTGRES_LEAST} or newer is missing; ./dev up installs it")
    return newest[1]


def _checked(path):
    if len(str(path).encode()) > SOCKET_BYTES_MAX:
        raise LabError(f"{path} is too long for a Unix socket; choose a shorter folder")
    return path


class Postgres:
    def __init__(self, folder: Path, throwaway=False):
        self.folder = folder.resolve()
        self.throwaway = throwaway
        self.data, self.sockets = self.folder / "data", self.folder / "socket"
        self.bin = postgres_bin()

    def url(self, database=DATABASE):
        return f"postgresql:///{database}?host={self.sockets}&user={ROLE}"

    def pid(self):
        """The postmaster's pid while it runs, otherwise 0."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0
        return pid if is_ours(pid, self.data) else 0

    def start(self):
        """Starts it, after creating cluster, role and database the first time. Returns when it answers."""
        _checked(self.sockets / ".s.PGSQL.5432")
        if not self.pid():
            if not (self.data / "PG_VERSION").exists():
                self._create()
            process = spawn(self.folder, "postgres", [self.bin / "postgres", "-D", self.data])
            wait_until(lambda: self._answers() or process.poll() is not None, START_SECONDS_MAX)
        if not wait_until(self._answers, 0 if self.pid() == 0 else START_SECONDS_MAX):
            raise LabError(f"PostgreSQL did not start; see {self.folder}/postgres.log")
        if self.psql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'", "postgres") != "1":
            self.psql(f"CREATE DATABASE {DATABASE}", "postgres")

    def _create(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(exist_ok=True)
        give(self.folder)
        done = subprocess.run([self.bin / "initdb", "-D", self.data, "-U", ROLE, "-A", "trust", "-E", "UTF8",
                               "--locale=C.UTF-8", "--no-sync"],  # nothing in it yet that could be lost
                              cwd=self.folder, capture_output=True, text=True, **servant())
        if done.returncode:
            raise LabError(f"initdb failed: {done.stderr.strip()}")
        with open(self.data / "postgresql.auto.conf", "a") as settings:
            settings.write(SETTINGS.format(sockets=self.sockets) + (THROWAWAY if self.throwaway else ""))
        os.chmod(self.sockets, 0o700)

    def _answers(self):
        return subprocess.run([self.bin / "pg_isready", "-q", "-h", self.sockets, "-d", "postgres"],
                              capture_output=True).returncode == 0

    def stop(self):
        pid = self.pid()
        if pid:
            stop([pid], self.data, first=signal.SIGINT, seconds=START_SECONDS_MAX)

    def kill(self):
        """Ends the postmaster and all its children at once, as a power cut of the process would."""
        pid = self.pid()
        if not pid:
            return
        victims = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        for victim in victims:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass
        # The next start refuses while one of them still holds the shared memory.
        wait_until(lambda: not any(is_ours(victim, self.data) for victim in victims), START_SECONDS_MAX)

    def psql(self, sql, database=DATABASE):
        """Output of one statement: rows on lines, columns divided by |."""
        done = subprocess.run([self.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", sql],
                              capture_output=True, text=True)
        if done.returncode:
            raise LabError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()


class Redis:
    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.socket = self.folder / "redis.sock"

    def url(self):
        return f"unix:{self.socket}"

    def pid(self):
        try:
            pid = int((self.folder / "redis.pid").read_text())
        except (OSError, ValueError):
            return 0
        return pid if is_ours(pid, self.folder) else 0

    def start(self):
        if self.pid():
            return
        need("redis-server")
        _checked(self.socket)
        self.folder.mkdir(parents=True, exist_ok=True)
        give(self.folder)
        process = spawn(self.folder, "redis", ["redis-server", "--port", 0, "--unixsocket", self.socket,
                                               "--unixsocketperm", 700, "--save", "", "--appendonly", "no",
                                               "--dir", self.folder])
        (self.folder / "redis.pid").write_text(str(process.pid))
        if not wait_until(self._answers, START_SECONDS_MAX):
            raise LabError(f"Redis did not start; see {self.folder}/redis.log")

    def _answers(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def stop(self):
        pid = self.pid()
        if pid:
            stop([pid], self.folder)

    def kill(self):
        pid = self.pid()
        if pid:
            stop([pid], self.folder, first=signal.SIGKILL)
