#!/usr/bin/env python3
"""How long a transition takes to browsers: from the moment it is stamped, before its commit, on one domainflowd, to clients
of a gateway in front of another.

  sse_latency.py [--changes 200]      by itself; bench.py calls measure_browsers
"""
import argparse
import datetime
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from eventstreams import Crowd  # noqa: E402
from measure import Missing, number, percentile  # noqa: E402
from stack import Stack  # noqa: E402
from labkit.process import wait_until  # noqa: E402

CLIENTS = 100
PACE_SECONDS = 0.05  # between two changes; slower than one of them takes, so that none waits for the one before
WAIT_SECONDS = 60
SLOW_DNS = {"rateLimitDps": 20, "rateLimitBurst": 1}  # a phase that is still in progress when the last change was made


def delays(stack, clients, changes):
    """Milliseconds of every transition to every client."""
    personas = [stack.create_persona("dns", **SLOW_DNS), stack.create_persona("http")]
    campaign = stack.create_campaign(5000, mode="step_by_step", personas=personas, keyword_sets=[stack.create_keyword_set()])
    stack.start_phase(campaign, "generation")
    stack.wait_phase(campaign, "generation")
    here, there = stack.add_gateway(0), stack.add_gateway(1)
    crowd = Crowd(there.rest, f"/api/v2/sse/campaigns/{campaign}", clients)
    try:
        if not wait_until(lambda: crowd.trouble or all(member.frames for member in crowd.members), WAIT_SECONDS):
            raise Missing("not everybody was greeted")
        stack.start_phase(campaign, "dns")
        due = time.monotonic()
        for turn in range(changes):
            due += PACE_SECONDS
            time.sleep(max(0, due - time.monotonic()))
            answer = here.call("POST", f"/api/v2/campaigns/{campaign}/phases/dns/{'resume' if turn % 2 else 'pause'}")
            if answer.status != 200:
                raise Missing(f"a change was answered {answer}")
        last = int(stack.sql_value(f"SELECT max(event_number) FROM campaign_events WHERE campaign_id = '{campaign}'"))
        if not wait_until(lambda: crowd.trouble or all(member.last_id == last for member in crowd.members), WAIT_SECONDS):
            raise Missing(f"not everybody read event {last}")
        stack.grpcurl("PhaseService/StopPhase", {"campaignId": campaign, "phase": "PHASE_DNS"})
    finally:
        crowd.stop()
        for gateway in (here, there):
            gateway.stop()
    return [1000 * (at - stamp(data)) for member in crowd.members for at, _, kind, data in member.frames
            if kind in ("phase_paused", "phase_resumed")]


def stamp(data):
    return datetime.datetime.fromisoformat(json.loads(data)["timestamp"]).timestamp()


def figure(stack, clients, changes=200):
    taken = delays(stack, clients, changes)
    if len(taken) < clients * changes:
        raise Missing(f"only {len(taken)} of {clients * changes} arrived")
    return f"p50 {number(percentile(taken, .5))} ms, p99 {number(percentile(taken, .99))} ms of {len(taken):,}"


def measure_browsers(bench, clients, goal, note=""):
    """A row of the report; the stack has two instances."""
    what = f"change → {clients} client{'s' if clients > 1 else ''} of a gateway elsewhere{note}"
    bench.report.row(what, figure(bench.stack, clients), goal)


def main():
    parser = argparse.ArgumentParser(prog="sse_latency", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=200)
    args = parser.parse_args()
    with Stack(instances=2, throwaway=False) as stack:
        for clients in (1, CLIENTS):
            print(f"{clients} clients: {figure(stack, clients, args.changes)}, goal p99 < 200 ms", flush=True)
        stack.redis.stop()
        print(f"{CLIENTS} clients without Redis: {figure(stack, CLIENTS, args.changes)}, goal p99 < 1.2 s", flush=True)


if __name__ == "__main__":
    main()
