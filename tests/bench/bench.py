#!/usr/bin/env python3
"""The product's figures, measured through the product: PostgreSQL (durable), Redis, the lab, domainflowd and its gateway on
this machine.

  bench.py [--write FILE] [--rounds 3] [--domains 200000] [--sites 10000] [--whole 50000] [--only GROUP]...
  bench.py [--write FILE] --million [COUNT]      that part of the document alone

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
from browsers import measure_crowds  # noqa: E402
from calls import measure_grpc, measure_rest  # noqa: E402
from campaigns import Bench  # noqa: E402
from measure import number  # noqa: E402
from pipeline import (measure_extraction, measure_null_dns, measure_pages, measure_phases, measure_whole,  # noqa: E402
                      null_persona, null_resolver)
from reads import finished_campaign, measure_funnel, measure_lists  # noqa: E402
from report import Report, replace_part  # noqa: E402
from sse_latency import CLIENTS, measure_browsers  # noqa: E402
from streams import measure_events  # noqa: E402

GROUPS = ("pipeline", "calls", "reads", "events", "browsers")
MILLION = 1000000
FUNNELS = ((10000, "< 10 ms; 50 ms required"), (50000, "< 50 ms; 500 ms required"))
PAGES = [f"127.1.1.{page}" for page in range(1, 101)]  # of the lab's commonest site
NULL_SHARE, MADE_UP_SHARE = 20, 600  # names in a thousand that exist


def measure_pipeline(bench):
    report = bench.report
    report.group("Pipeline")
    campaign = report.attempt("pipeline", measure_phases, bench)
    report.attempt("dns, a resolver that costs nothing", measure_null_dns, bench)
    report.attempt("http", measure_pages, bench)
    report.attempt("extraction alone", measure_extraction, bench)
    if bench.args.whole:
        report.attempt("all phases", measure_whole, bench, bench.args.whole, "–")
    return campaign


def measure_calls(bench, campaign):
    if not campaign:
        campaign = bench.campaign(1000)
        for phase in ("generation", "dns"):
            bench.phase(campaign, phase)
    bench.report.group("Calls")
    rates = bench.report.attempt("over gRPC", measure_grpc, bench, campaign) or {}
    bench.report.attempt("over REST", measure_rest, bench, campaign, rates)


def measure_reads(bench):
    bench.report.group("Reads")
    for count, goal in FUNNELS:
        def funnel():
            measure_funnel(bench, finished_campaign(bench, count), count, goal)  # noqa: B023
        bench.report.attempt(f"the defining query, {number(count)} domains", funnel)


def measure_streams(bench):
    bench.report.group("Events")
    bench.stack.add_instance()
    bench.report.attempt("change → subscriber elsewhere", measure_events, bench, "change → subscriber elsewhere", "p99 < 50 ms")
    bench.report.attempt("change → a browser", measure_browsers, bench, 1, "p99 < 200 ms")
    bench.report.attempt("change → browsers", measure_browsers, bench, CLIENTS, "p99 < 200 ms")
    bench.stack.redis.stop()
    bench.report.attempt("the same without Redis", measure_events, bench, "the same without Redis", "< 1.2 s")
    bench.report.attempt("browsers without Redis", measure_browsers, bench, CLIENTS, "p99 < 1.2 s", ", no Redis")


def start_stack():
    return Stack(instances=1, throwaway=False, with_gateway=True, settings={"GRPC_REFLECTION": "true"})


def measure_default(args):
    """The report of the ordinary run."""
    report = Report("default", "The figures")
    with start_stack() as stack:
        bench, campaign = Bench(stack, report, args), None
        if "pipeline" in args.only:
            campaign = measure_pipeline(bench)
        if "calls" in args.only:
            measure_calls(bench, campaign)
        if "reads" in args.only:
            measure_reads(bench)
        if "browsers" in args.only:
            report.group("Browsers")
            report.attempt("browsers", measure_crowds, bench)
        if "events" in args.only:
            measure_streams(bench)
    return report


def measure_million(args):
    """The report of campaigns of a million domains: one that fetches what little exists, and one to be read."""
    report, pattern = Report("million", "A million domains"), {"prefixVariableLength": 5}
    with start_stack() as stack, null_resolver(NULL_SHARE, *PAGES) as few, null_resolver(MADE_UP_SHARE, *PAGES) as many:
        bench = Bench(stack, report, args)
        report.group("Pipeline", f"The resolver costs next to nothing and knows {NULL_SHARE} names in 1,000, so dns is ours "
                     "and http is few pages of the lab: the network is left out, everything else is in.")
        campaign = report.attempt("a million", measure_whole, bench, args.million, "< 60 s", null_persona(bench, few), **pattern)
        if campaign:
            bench.delete(campaign)
        report.group("Reads", f"Another campaign, in which {MADE_UP_SHARE} names in 1,000 exist and have a page that SQL made up.")
        campaign = report.attempt("a campaign to read", finished_campaign, bench, args.million, null_persona(bench, many),
                                  **pattern)
        if campaign:
            report.attempt("the defining query", measure_funnel, bench, campaign, args.million, "–")
            report.attempt("lists", measure_lists, bench, campaign, args.million)
    return report


def main():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures there, between its markers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--domains", type=int, default=200000, help="of campaigns whose pages are made up")
    parser.add_argument("--sites", type=int, default=10000, help="of campaigns whose pages are fetched")
    parser.add_argument("--whole", type=int, default=50000, help="of the campaign that runs from end to end; 0 for none")
    parser.add_argument("--million", type=int, nargs="?", const=MILLION, metavar="COUNT",
                        help="only campaigns of a million domains; less is not written")
    parser.add_argument("--only", action="append", choices=GROUPS, help="one group of figures; may be given again")
    args = parser.parse_args()
    if args.million:
        is_whole, report = args.million == MILLION, measure_million(args)
        text = report.markdown("one round.")
    else:
        is_whole, args.only = not args.only, args.only or GROUPS
        report = measure_default(args)
        text = report.markdown(f"{args.rounds} rounds, medians; campaigns of {number(args.domains)} domains, "
                               f"{number(args.sites)} for http.")
    print(text)
    if args.write and is_whole:
        args.write.write_text(replace_part(args.write.read_text(), report.part, text))


if __name__ == "__main__":
    main()
