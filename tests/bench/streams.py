"""How soon changes reach those who watch: subscribers over gRPC, and browsers on the gateway."""
import datetime
import json
import subprocess
import threading

from labkit.process import wait_until
from measure import Missing, number, percentile
from stack import GRPCURL

CHANGES = 60


def start_slow_campaign(bench):
    """A campaign whose dns goes on for minutes, to be paused and resumed; its id."""
    slow = bench.stack.create_persona("dns", rateLimitDps=20, rateLimitBurst=1)
    campaign = bench.campaign(5000, dns=slow)
    bench.stack.start_phase(campaign, "generation")
    bench.stack.wait_phase(campaign, "generation")
    bench.stack.start_phase(campaign, "dns")
    return campaign


def change(bench, campaign, number):
    """One stored event: the phase pauses and resumes in turn."""
    bench.stack.grpcurl(f"PhaseService/{('PausePhase', 'ResumePhase')[number % 2]}",
                        {"campaignId": campaign, "phase": "PHASE_DNS"})


def stop(bench, campaign):
    bench.stack.grpcurl("PhaseService/StopPhase", {"campaignId": campaign, "phase": "PHASE_DNS"})


def measure_events(bench, what, goal):
    """From the moment a change is stamped, before its commit, to a subscriber of the other instance."""
    campaign = start_slow_campaign(bench)
    with Subscriber(bench.stack.instances[1].grpc, campaign) as subscriber:
        subscriber.wait_first()
        for i in range(CHANGES):
            change(bench, campaign, i)
        subscriber.wait_count(CHANGES)
    taken = subscriber.delays
    stop(bench, campaign)
    bench.report.row(what, f"p50 {number(percentile(taken, .5))} ms, p99 {number(percentile(taken, .99))} ms of {len(taken)}",
                     goal)


class Subscriber:
    """A WatchCampaign whose numbered events are timed as they arrive."""

    def __init__(self, address, campaign):
        self.delays, self._first = [], threading.Event()
        self.process = subprocess.Popen(
            [GRPCURL, "-plaintext", "-d", json.dumps({"campaignId": campaign}), address,
             "domainflow.v2.EventService/WatchCampaign"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._thread.join()

    def _read(self):
        decoder, text = json.JSONDecoder(), ""
        for line in self.process.stdout:
            text += line
            if line != "}\n":
                continue  # only the end of a message begins with its brace
            now = datetime.datetime.now(datetime.timezone.utc).timestamp()
            message, at = decoder.raw_decode(text)
            text = text[at:].lstrip()
            self._first.set()
            if message.get("eventNumber"):
                stamp = message["occurredAt"].rstrip("Z")
                whole, _, part = stamp.partition(".")
                at = datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float("0." + (part or "0"))
                self.delays.append(1000 * (now - at))

    def wait_first(self):
        if not self._first.wait(30):
            raise Missing("the stream said nothing")

    def wait_count(self, count):
        if not wait_until(lambda: len(self.delays) >= count, 30, 0.05):
            raise Missing(f"only {len(self.delays)} of {count} events arrived")
