"""What the benchmarks measure with: processor time and memory of processes, load generators, and the report."""
import os
import re
import shutil
import statistics
import subprocess
import threading
import time
from pathlib import Path

BIN = Path(os.environ.get("TEST_BIN_DIR", Path(__file__).resolve().parents[2] / "build" / "release" / "bin"))
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.1


class Missing(Exception):
    """Why something could not be measured here."""


def median(values):
    return statistics.median(values)


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _stat(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def cpu_seconds(*pids):
    """Processor time of processes, of their children, and of the children that have ended. Children are found by their
    parent: the kernel's own list leaves some out while others end."""
    total = sum(int(n) for pid in pids for n in _stat(pid)[11:15])
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = _stat(folder.name)
        except OSError:
            continue  # ended meanwhile
        if int(stat[1]) in pids:
            total += sum(int(n) for n in stat[11:13])
    return total * TICK_SECONDS


def memory_mb(pid, field="VmRSS"):
    found = re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found.group(1)) / 1024


class MemoryLog:
    """Memory of a process over time, sampled in the background."""

    def __init__(self, pid):
        self.pid, self.samples, self._stop = pid, [], threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._stop.wait(SAMPLE_SECONDS):
            try:
                self.samples.append((time.time(), memory_mb(self.pid)))
            except OSError:
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def between(self, start, end):
        return [mb for at, mb in self.samples if start <= at <= end]


def need(program, package):
    found = shutil.which(program)
    if not found:
        raise Missing(f"{program} is not installed (package {package})")
    return found


def run(*command, seconds=120, **more):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=seconds, **more)
    if done.returncode:
        raise Missing(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def find(pattern, text):
    found = re.search(pattern, text)
    if not found:
        raise Missing(f"no {pattern!r} in {text[-300:]!r}")
    return float(found.group(1))


def h2load(folder, url, seconds, clients, streams, per_second=0, options=()):
    """h2load on one address: requests a second, and the latency of each in milliseconds. `per_second` paces all clients
    together. Missing when an answer was not 2xx."""
    log = folder / "h2load.log"
    log.unlink(missing_ok=True)
    pace = [f"--rps={max(1, per_second // clients)}"] if per_second else []
    text = run(need("h2load", "nghttp2-client"), "-D", seconds, "-c", clients, "-m", streams, *pace, *options,
               f"--log-file={log}", url)
    if find(r"status codes: (\d+) 2xx", text) == 0 or not re.search(r" 0 3xx, 0 4xx, 0 5xx", text) or \
            not re.search(r" 0 failed, 0 errored, 0 timeout", text):
        raise Missing(f"h2load: {text[-300:]}")
    taken = [int(line.split("\t")[2]) / 1000 for line in log.read_text().splitlines()]
    return find(r", ([\d.]+) req/s", text), taken


def _version(*command):
    """The first thing that looks like a version in what a program says of itself."""
    try:
        text = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=10)
    except OSError:
        return "?"
    found = re.search(r"\d+(\.\d+)+", text.stdout + text.stderr)
    return found.group() if found else "?"


def machine():
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", info)
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) / 2**20
    psql = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    return (f"{os.cpu_count()} cores ({model.group(1).strip() if model else os.uname().machine}), {memory:.0f} GiB, "
            f"Linux {os.uname().release}, PostgreSQL {_version(psql[-1], '-V') if psql else '?'} (durable), Redis "
            f"{_version('redis-server', '-v')}, gcc {_version('gcc', '-dumpfullversion')}, Go {_version('go', 'version')}; "
            "servers, lab and load all on it")


def number(value):
    """For people: 123,456 or 12.3 or 0.45."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
