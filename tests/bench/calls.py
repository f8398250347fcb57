"""Unary calls: over gRPC, and over REST through the gateway; rates at full load, latency at half of it."""
import subprocess
from contextlib import contextmanager

from measure import BIN, Missing, cpu_seconds, h2load, median, number, percentile

FULL_SECONDS, HALF_SECONDS = 2, 3
CLIENTS, STREAMS = 8, 8  # of gRPC; REST has as many connections as both multiplied
INFO = "domainflow.v2.ServerService/GetServerInfo"


class Target:
    """One thing h2load can ask for. `message` is gRPC's, without its frame; None for REST. `pids` are the processes whose
    time a call costs."""

    def __init__(self, name, url, goal, pids, message=None):
        self.name, self.url, self.goal, self.pids, self.message = name, url, goal, pids, message
        self.rates, self.costs, self.taken = [], [], []

    def load(self, folder, seconds, per_second=0):
        if self.message is None:
            clients = CLIENTS * STREAMS
            return h2load(folder, self.url, seconds, clients, 1, per_second, ["--h1"])
        body = folder / "request.bin"
        body.write_bytes(b"\0" + len(self.message).to_bytes(4, "big") + self.message)
        return h2load(folder, self.url, seconds, CLIENTS, STREAMS, per_second,
                      ["-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers"])

    def load_fully(self, folder):
        cpu = cpu_seconds(*self.pids)
        rate, taken = self.load(folder, FULL_SECONDS)
        self.rates.append(rate)
        self.costs.append(1e6 * (cpu_seconds(*self.pids) - cpu) / len(taken))

    def rate(self):
        return median(self.rates)

    def cost(self):
        """Microseconds of processor time a call."""
        return median(self.costs)

    def figure(self):
        return (f"{number(self.rate())} calls/s, {number(self.cost())} µs of processor time each; at half of it p50 "
                f"{number(percentile(self.taken, .5))} ms, p99 {number(percentile(self.taken, .99))} ms")


def load_targets(bench, targets):
    """Rounds in turn, so that a busy minute hits all of them; latency at half of the median rate."""
    for target in targets:
        target.load(bench.folder, 1)  # warm
    for _ in range(bench.args.rounds):
        for target in targets:
            target.load_fully(bench.folder)
    for target in targets:
        target.taken = target.load(bench.folder, HALF_SECONDS, int(target.rate() / 2))[1]


@contextmanager
def bare_server():
    """The C++ server that answers GetServerInfo with as many bytes: its address and pid."""
    program = BIN / "yardstick_grpc"
    if not program.exists():
        raise Missing(f"{program.name} is not built (./dev bench builds it)")
    process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    try:
        yield f"127.0.0.1:{int(process.stdout.readline())}", process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def measure_grpc(bench, campaign):
    """Rates of calls by their REST path, for the ratio to the gateway's."""
    request = b"\x0a\x24" + campaign.encode()
    base = f"http://{bench.stack.instances[0].grpc}"
    for method in ("PhaseService/GetCampaignStatus", "InsightService/GetFunnel"):
        bench.stack.grpcurl(method, {"campaignId": campaign})  # h2load does not see gRPC's status
    info = Target("GetServerInfo", f"{base}/{INFO}", "≥ 30k/s, p99 < 5 ms, ≥ 0.9 × C++", bench.pids(), b"")
    others = [Target("GetCampaignStatus", f"{base}/domainflow.v2.PhaseService/GetCampaignStatus", "–", bench.pids(), request),
              Target("GetFunnel", f"{base}/domainflow.v2.InsightService/GetFunnel", "p99 < 2 ms", bench.pids(), request),
              Target("ListPersonas", f"{base}/domainflow.v2.PersonaService/ListPersonas", "–", bench.pids(), b"")]

    def with_yardstick():
        with bare_server() as (address, pid):
            bare = Target("C++", f"http://{address}/{INFO}", "", [pid], b"")
            load_targets(bench, [info, bare])
        bench.report.row(info.name, info.figure(), info.goal,
                         f"{info.rate() / bare.rate():.2f} × a bare C++ server ({number(bare.rate())} calls/s, "
                         f"{number(bare.cost())} µs each; p99 {number(percentile(bare.taken, .99))} ms)")

    bench.report.attempt(info.name, with_yardstick)
    bench.report.attempt("calls that read", load_targets, bench, others)
    for target in others:
        if target.taken:
            bench.report.row(target.name, target.figure(), target.goal,
                             f"{target.rate() / info.rate():.2f} × GetServerInfo" if info.rates else "–")
    return {target.name: target.rate() for target in [info, *others] if target.rates}


def measure_rest(bench, campaign, grpc):
    """The same through the gateway, HTTP/1.1 with connections kept; nginx with a file of the lab beside it."""
    base, goal = f"http://{bench.stack.gateway.rest}/api/v2", "≥ 6k/s, p99 < 15 ms"
    pids = [bench.stack.gateway.process.pid, *bench.pids()]
    targets = [Target("GetCampaignStatus", f"{base}/campaigns/{campaign}/status", goal, pids),
               Target("GetFunnel", f"{base}/campaigns/{campaign}/funnel", goal, pids),
               Target("ListPersonas", f"{base}/personas", goal, pids)]
    nginx = Target("nginx", f"http://127.1.1.5:{bench.stack.lab['http_port']}/", "", [bench.stack.lab["pids"]["nginx"]])
    load_targets(bench, [*targets, nginx])
    for target in targets:
        path = target.url[len(base):].replace(campaign, "ID")
        ratio = f"{target.rate() / grpc[target.name]:.2f} × the same over gRPC; " if target.name in grpc else ""
        bench.report.row(f"GET {path}", target.figure(), target.goal,
                         f"{ratio}{target.rate() / nginx.rate():.2f} × nginx with a page ({number(nginx.rate())}/s)")
