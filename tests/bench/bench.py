#!/usr/bin/env python3
"""The product's figures, measured through the product: PostgreSQL (durable), Redis, the lab, domainflowd and its gateway on
this machine.

  bench.py [--write FILE] [--rounds 3] [--domains 200000] [--sites 10000] [--only GROUP]...

Each figure is the median of the rounds and stands beside its goal and beside a yardstick from the same minute: the same
rows by COPY, the same names by dnsperf, the same pages by wrk, the same call by a bare server. Processor time is that of
domainflowd and PostgreSQL together; it changes little on a busy machine, while rates do. What could not be measured says
why. With --only nothing is written.
"""
import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from stack import Stack  # noqa: E402
from calls import measure_grpc, measure_rest  # noqa: E402
from campaigns import Bench  # noqa: E402
from measure import number  # noqa: E402
from pipeline import measure_extraction, measure_pages, measure_phases  # noqa: E402
from report import Report, replace_part  # noqa: E402
from sse_latency import CLIENTS, measure_browsers  # noqa: E402
from streams import measure_events  # noqa: E402

GROUPS = ("pipeline", "calls", "events")


def measure_pipeline(bench):
    bench.report.group("Pipeline")
    campaign = bench.report.attempt("pipeline", measure_phases, bench)
    bench.report.attempt("http", measure_pages, bench)
    bench.report.attempt("extraction alone", measure_extraction, bench)
    return campaign


def measure_calls(bench, campaign):
    if not campaign:
        campaign = bench.campaign(1000)
        for phase in ("generation", "dns"):
            bench.phase(campaign, phase)
    bench.report.group("Calls")
    rates = bench.report.attempt("over gRPC", measure_grpc, bench, campaign) or {}
    bench.report.attempt("over REST", measure_rest, bench, campaign, rates)


def measure_streams(bench):
    bench.report.group("Events")
    bench.stack.add_instance()
    bench.report.attempt("change → subscriber elsewhere", measure_events, bench, "change → subscriber elsewhere", "p99 < 50 ms")
    bench.report.attempt("change → a browser", measure_browsers, bench, 1, "p99 < 200 ms")
    bench.report.attempt("change → browsers", measure_browsers, bench, CLIENTS, "p99 < 200 ms")
    bench.stack.redis.stop()
    bench.report.attempt("the same without Redis", measure_events, bench, "the same without Redis", "< 1.2 s")
    bench.report.attempt("browsers without Redis", measure_browsers, bench, CLIENTS, "p99 < 1.2 s", ", no Redis")


def measure(args):
    """The report of a run."""
    report = Report("default", "The figures")
    with Stack(instances=1, throwaway=False, with_gateway=True, settings={"GRPC_REFLECTION": "true"}) as stack:
        bench, campaign = Bench(stack, report, args), None
        if "pipeline" in args.only:
            campaign = measure_pipeline(bench)
        if "calls" in args.only:
            measure_calls(bench, campaign)
        if "events" in args.only:
            measure_streams(bench)
    return report


def main():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures there, between its markers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--domains", type=int, default=200000, help="of campaigns whose pages are made up")
    parser.add_argument("--sites", type=int, default=10000, help="of campaigns whose pages are fetched")
    parser.add_argument("--only", action="append", choices=GROUPS, help="one group of figures; may be given again")
    args = parser.parse_args()
    is_whole, args.only = not args.only, args.only or GROUPS
    report = measure(args)
    text = report.markdown(f"{args.rounds} rounds, medians; campaigns of {number(args.domains)} domains, {number(args.sites)} "
                           "for http.")
    print(text)
    if args.write and is_whole:
        args.write.write_text(replace_part(args.write.read_text(), report.part, text))


if __name__ == "__main__":
    main()
