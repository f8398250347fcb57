"""Browsers on the gateway: how soon they see a change, what they take, and how they come back after the gateway died."""
import json
import subprocess
import time
from contextlib import contextmanager

from labkit.process import wait_until
from measure import BIN, Missing, cpu_seconds, memory_mb, number
from streams import change, start_slow_campaign, stop

COUNTS = ((100, "p99 < 100 ms"), (1000, "p99 < 1 s"), (10000, "p99 < 1 s; gateway < 400 MB"))
CHANGES, CHANGE_SECONDS = 20, 1
AWAY_CHANGES = 4  # while nobody is connected
WAIT_SECONDS = 120


class Browsers:
    """sse_clients, asked for its report."""

    def __init__(self, address, campaign, count, last):
        self.count = count
        self.process = subprocess.Popen(
            [BIN / "sse_clients", address, f"/api/v2/sse/campaigns/{campaign}", str(count), str(last)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def report(self, begins_anew=False):
        """What happened since counting began."""
        self.process.stdin.write("r\n" if begins_anew else "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def wait(self, question, what):
        """Waits until the report answers the question with yes; the report."""
        if not wait_until(lambda: question(self.report()), WAIT_SECONDS, 0.2):
            raise Missing(f"{self.count} browsers: {what}: {self.report()}")
        return self.report(begins_anew=True)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def watching(bench, gateway, campaign, count):
    browsers = Browsers(gateway.rest, campaign, count, last_event(bench, campaign))
    try:
        browsers.wait(lambda now: now["greeted"] == count, "not all were greeted")
        yield browsers
    finally:
        browsers.close()


def last_event(bench, campaign):
    return int(bench.stack.sql_value(f"SELECT max(event_number) FROM campaign_events WHERE campaign_id = '{campaign}'"))


def calls_of(metrics):
    """Calls to domainflowd by method."""
    return {name.split('grpc_method="')[1].split('"')[0]: value for name, value in metrics.items()
            if name.startswith("grpc_server_started_total")}


def measure_crowds(bench):
    """Each count has a gateway of its own, so that what others left in its memory does not count."""
    for count, goal in COUNTS:
        gateway = bench.stack.add_gateway(REST_STREAMS_MAX="20000")
        bench.report.attempt(f"commit → {number(count)} browsers", measure_count, bench, gateway, count, goal)
        gateway.stop()


def measure_count(bench, gateway, count, goal):
    campaign, bare = start_slow_campaign(bench), memory_mb(gateway.process.pid)
    with watching(bench, gateway, campaign, count) as browsers:
        connected = memory_mb(gateway.process.pid)
        cpu = cpu_seconds(gateway.process.pid)
        for i in range(CHANGES):
            change(bench, campaign, i)
            time.sleep(CHANGE_SECONDS)
        last = last_event(bench, campaign)
        report = browsers.wait(lambda now: now["last"] == last, f"event {last} did not reach all")
        cpu = cpu_seconds(gateway.process.pid) - cpu
        if report["delays"]["count"] != count * CHANGES:
            raise Missing(f"of {count * CHANGES} events came {report}")
        delays, wrong = report["delays"], report["gaps"] + report["doubles"] + report["resyncs"]
        bench.report.row(
            f"commit → {number(count)} browsers", f"p50 {number(delays['p50'])} ms, p99 {number(delays['p99'])} ms, at most "
            f"{number(delays['max'])} ms of {number(delays['count'])}; {wrong} gaps, doubles, resyncs; "
            f"{number(1e6 * cpu / delays['count'])} µs of the gateway's processor time each", goal, "–")
        bench.report.row(f"gateway's memory, {number(count)} browsers", f"{connected:.0f} MB connected "
                         f"({number(1024 * (connected - bare) / count)} kB each), {memory_mb(gateway.process.pid):.0f} MB "
                         "after the changes", "< 400 MB" if count == COUNTS[-1][0] else "–", f"{bare:.0f} MB with nobody")
        if count == COUNTS[-1][0]:
            measure_storm(bench, gateway, campaign, browsers)
    stop(bench, campaign)


def measure_storm(bench, gateway, campaign, browsers):
    """The gateway is killed, things happen, it starts again, and everybody comes back at once."""
    gateway.kill()
    browsers.wait(lambda now: now["greeted"] == 0, "some did not notice")
    for i in range(AWAY_CHANGES):
        change(bench, campaign, i)
    last, before = last_event(bench, campaign), calls_of(bench.stack.instances[0].metrics())
    start = time.monotonic()
    gateway.start()
    report = browsers.wait(lambda now: now["greeted"] == browsers.count and now["last"] == last, "not all came back")
    seconds = time.monotonic() - start
    after = calls_of(bench.stack.instances[0].metrics())
    asked = {name: int(after[name] - before.get(name, 0)) for name in after if after[name] > before.get(name, 0)}
    bench.report.row(
        f"resume storm, {number(browsers.count)} browsers", f"all back and up to date {number(seconds)} s after the gateway "
        f"was started; {report['gaps']} gaps, {report['doubles']} doubles, {report['resyncs']} resyncs; calls to domainflowd: "
        + (", ".join(f"{count} {name}" for name, count in sorted(asked.items())) or "none"),
        "≤ 20 s, no gap, no double; ≤ 5 calls", f"{memory_mb(gateway.process.pid):.0f} MB when all are back")
