"""What people read: the funnel beside the query that defines it, lists of domains, and exports."""
import re
import subprocess
import time
from pathlib import Path

from calls import Target
from measure import BIN, Missing, MemoryLog, find, median, number, percentile, run

REPEATS = 11
# The funnel as docs/spec/05-insights.md §1 defines it. A name that http did not fetch has no feature row.
DEFINING = """
SELECT count(*) AS generated,
       count(*) FILTER (WHERE d.dns_status = 'ok') AS dns_valid,
       count(*) FILTER (WHERE d.http_status = 'ok') AS http_valid,
       count(*) FILTER (WHERE CASE WHEN f.domain_id IS NOT NULL THEN f.kw_unique_count > 0
                                   WHEN jsonb_typeof(d.http_keywords) = 'array' THEN jsonb_array_length(d.http_keywords) > 0
                                   ELSE false END) AS keyword_hits,
       count(*) FILTER (WHERE f.processing_state IN ('ready', 'stale')) AS analyzed,
       count(*) FILTER (WHERE f.processing_state IN ('ready', 'stale') AND f.content_richness_score > 0.8) AS high_potential,
       count(*) FILTER (WHERE d.lead_status = 'match') AS leads
  FROM domains d
  LEFT JOIN domain_extraction_features f ON f.campaign_id = d.campaign_id AND f.domain_id = d.offset_index
 WHERE d.campaign_id = '{id}'"""
EXPORTED = ("d.domain_name, d.offset_index, d.dns_status, d.http_status, d.lead_status, d.rejection_reason, d.domain_score, "
            "f.content_richness_score, f.kw_unique_count, f.kw_top3, d.http_title")


def finished_campaign(bench, count, dns=None, **pattern):
    """A campaign whose phases are all done, with pages made up."""
    campaign = bench.campaign(count, dns=dns, **pattern)
    for phase in ("generation", "dns", "analysis", "leads"):
        if phase == "analysis":
            bench.make_up_pages(campaign)
        bench.phase(campaign, phase)
    return campaign


def measure_funnel(bench, campaign, count, goal):
    """The defining query and its plan, beside GetFunnel; they must agree."""
    query = DEFINING.format(id=campaign)
    counted = [int(cell) for cell in bench.stack.sql(query)[0]]
    funnel = bench.stack.grpcurl("InsightService/GetFunnel", {"campaignId": campaign})
    told = [int(funnel[name]) for name in ("generated", "dnsValid", "httpValid", "keywordHits", "analyzed", "highPotential",
                                           "leads")]
    if counted != told:
        raise Missing(f"GetFunnel says {told}, the defining query {counted}")
    times = []
    for _ in range(REPEATS):
        text = bench.stack.postgres.psql(f"EXPLAIN (ANALYZE, TIMING OFF) {query}")
        times.append(find(r"Execution Time: ([\d.]+) ms", text))
    call = Target("GetFunnel", f"http://{bench.stack.instances[0].grpc}/domainflow.v2.InsightService/GetFunnel", "",
                  bench.pids(), b"\x0a\x24" + campaign.encode())
    call.load(bench.folder, 1)
    taken = call.load(bench.folder, 2, 200)[1]
    p99 = percentile(taken, .99)
    bench.report.row(f"the defining query, {number(count)} domains", f"median {number(median(times))} ms, at most "
                     f"{number(max(times))} ms of {REPEATS}", goal,
                     f"GetFunnel, the same counts, at 200/s: p50 {number(percentile(taken, .5))} ms, p99 {number(p99)} ms "
                     f"(goal < 2 ms); {median(times) / p99:.1f} ×")
    plan = re.sub(r"\(cost=[^)]*\) ", "", text.replace(campaign, "ID"))
    bench.report.text(f"Plan of the defining query at {number(count)} domains:\n\n```\n{plan}\n```")


def measure_lists(bench, campaign, count):
    """A page of 100 in each order, deep, filtered; whole exports."""
    text = run(BIN / "bench_lists", bench.stack.instances[0].grpc, campaign, seconds=300)
    for name, middle, most in re.findall(r"^page +(.*?) +least .* median +([\d.]+) ms +most +([\d.]+) ms$", text, re.M):
        bench.report.row(f"page of 100, {name}", f"median {number(float(middle))} ms, at most {number(float(most))} ms",
                         "< 10 ms at 1M", "–")
    bench.report.attempt("export", measure_exports, bench, campaign, count)


def measure_exports(bench, campaign, count):
    file = Path(bench.stack.postgres.data) / "export.copy"
    start = time.monotonic()
    bench.stack.sql(f"COPY (SELECT {EXPORTED} FROM domains d LEFT JOIN domain_extraction_features f ON f.campaign_id = "
                    f"d.campaign_id AND f.domain_id = d.offset_index WHERE d.campaign_id = '{campaign}' ORDER BY "
                    f"d.offset_index) TO '{file}' (FORMAT csv)")
    copy = count / (time.monotonic() - start)
    file.unlink()
    address = bench.stack.instances[0].grpc
    for what, command in (
            ("dfctl domain export", [BIN / "dfctl", "--server", address, "domain", "export", campaign]),
            ("GET …/domains/export", ["curl", "-sSf", f"http://{bench.stack.gateway.rest}/api/v2/campaigns/{campaign}/"
                                      "domains/export?format=csv"])):
        with MemoryLog(bench.domainflowd) as server, MemoryLog(bench.stack.gateway.process.pid) as gateway:
            start = time.monotonic()
            with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE) as process:
                lines = sum(block.count(b"\n") for block in iter(lambda: process.stdout.read(1 << 18), b""))
            seconds = time.monotonic() - start
        if process.returncode or lines < count:
            raise Missing(f"{what} ended with {process.returncode} after {lines} lines")
        most = [max((mb for _, mb in log.samples), default=0) for log in (server, gateway)]
        bench.report.row(f"{what}, {number(count)} rows", f"{number(count / seconds)} rows/s; domainflowd at most {most[0]:.0f} "
                         f"MB, gateway {most[1]:.0f} MB", "≥ 100k rows/s, flat memory",
                         f"{count / seconds / copy:.2f} × COPY of the same ({number(copy)} rows/s)")
