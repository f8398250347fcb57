"""What the benchmarks measure with: processor time and memory of processes, load generators, and the report."""
import os
import re
import shutil
import statistics
import subprocess
import threading
import time
from pathlib import Path

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
    """Processor time of processes, of their children, and of the children that have ended."""
    total = 0
    for pid in pids:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            total += sum(int(n) for n in _stat(pid)[11:15])
            total += sum(int(n) for child in children for n in _stat(child)[11:13])
        except OSError:
            pass  # a child ended meanwhile
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


def grpc_load(folder, address, method, message, count, clients, per_second=0):
    """h2load on one unary method: calls a second, and the latency of each call in milliseconds."""
    body, log = folder / "request.bin", folder / "h2load.log"
    body.write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)
    log.unlink(missing_ok=True)
    pace = ["--rps", max(1, per_second // clients)] if per_second else []
    text = run(need("h2load", "nghttp2-client"), "-n", count, "-c", clients, "-m", 1 if per_second else 8, *pace, "-d", body,
               f"--log-file={log}", "-H", "content-type: application/grpc", "-H", "te: trailers",
               f"http://{address}/domainflow.v2.{method}")
    if f" {count} succeeded" not in text:
        raise Missing(f"h2load: {text[-300:]}")
    return find(r", ([\d.]+) req/s", text), [int(line.split("\t")[2]) / 1000 for line in log.read_text().splitlines()]


def machine():
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", info)
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) / 2**20
    return (f"{os.cpu_count()} cores ({model.group(1).strip() if model else os.uname().machine}), {memory:.0f} GiB, "
            f"Linux {os.uname().release}")


def number(value):
    """For people: 123,456 or 12.3 or 0.45."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
