"""The phases of campaigns: their rates, what they cost, and the memory they take."""
import subprocess
import time
from contextlib import contextmanager

from measure import BIN, MemoryLog, Missing, cpu_seconds, find, median, memory_mb, need, number, run
from stack import PHASES

LARGE = ("generation", "dns", "analysis", "leads")  # of campaigns whose pages are made up
CORPUS = "/usr/share/doc/postgresql-doc-15/html"


def measure_phases(bench):
    """Generation, dns, analysis and leads of large campaigns whose pages are made up; the last campaign."""
    runs, flat, bulk, campaign = {phase: [] for phase in LARGE}, [], [], None
    for _ in range(bench.args.rounds):
        if campaign:
            bench.delete(campaign)
        campaign = bench.campaign(bench.args.domains)
        with MemoryLog(bench.domainflowd) as memory:
            for phase in LARGE:
                if phase == "analysis":
                    bench.make_up_pages(campaign)
                runs[phase].append(bench.phase(campaign, phase))
        bulk.append(bench.bulk_rate(campaign, "last_validated_at", runs["dns"][-1].start))
        flat += flatness(memory, {phase: runs[phase][-1] for phase in LARGE})
    copy = copy_rate(bench, campaign)
    bench.phase_row("generation, stored", runs["generation"], "domains", "≥ 0.7 × COPY; 200k/s",
                    lambda rate: f"{rate / copy:.2f} × COPY ({number(copy)} rows/s)")
    lost = bench.stack.sql_value(f"SELECT count(*) FROM domains WHERE campaign_id = '{campaign}' AND dns_status = 'pending'")
    bench.phase_row("dns, A and AAAA, stored", runs["dns"], "domains", "60k/s; none left over",
                    dns_yardstick(bench, campaign, bench.stack.lab["resolvers"][0], f"; {lost} left over"), bulk)
    bench.phase_row("analysis, first run", runs["analysis"], "domains", "150k/s", "–")
    bench.phase_row("leads", runs["leads"], "domains", "150k/s", "–")
    first, most = min(part[1] for part in flat[:len(LARGE)]), max(part[2] for part in flat)
    growth = max((part[3] / part[1] - 1) * 100 for part in flat)
    bench.report.row(f"memory, {number(bench.args.domains)} domains",
                     f"{first:.0f} MB at 10 %, {most:.0f} MB at most; within a phase at most {growth:+.1f} % from 10 % to 100 %",
                     "≤ 5 %, < 300 MB", f"peak of the process {memory_mb(bench.domainflowd, 'VmHWM'):.0f} MB")
    hot_row(bench)
    return campaign


def flatness(memory, runs):
    """Of each phase that took long enough: name, memory at 10 %, at most, at 100 %."""
    found = []
    for phase, ran in runs.items():
        seen = memory.between(ran.start + ran.seconds * 0.1, ran.end)
        if seen:
            found.append((phase, seen[0], max(seen), seen[-1]))
    return found


def copy_rate(bench, campaign):
    """Rows a second of COPY of a campaign's names into an empty table with the same columns and indexes."""
    sql, rates = bench.stack.sql, []
    file = bench.stack.postgres.data / "rows.copy"
    count = int(bench.stack.sql_value(f"SELECT total_domains FROM campaign_counters WHERE campaign_id = '{campaign}'"))
    sql(f"COPY (SELECT campaign_id, offset_index, domain_name FROM domains WHERE campaign_id = '{campaign}' "
        f"ORDER BY offset_index) TO '{file}' (FORMAT binary)")
    for _ in range(bench.args.rounds):
        sql("DROP TABLE IF EXISTS yardstick")
        sql("CREATE TABLE yardstick (LIKE domains INCLUDING ALL) WITH (fillfactor = 55)")
        sql("CHECKPOINT")
        start = time.monotonic()
        sql(f"COPY yardstick (campaign_id, offset_index, domain_name) FROM '{file}' (FORMAT binary)")
        rates.append(count / (time.monotonic() - start))
    sql("DROP TABLE yardstick")
    file.unlink()
    return median(rates)


def dns_yardstick(bench, campaign, resolver, more=""):
    """Our rate beside dnsperf's on the same names and resolver."""
    names = [row[0] for row in bench.stack.sql(
        f"SELECT domain_name FROM domains WHERE campaign_id = '{campaign}' LIMIT 20000")]
    queries = bench.folder / "queries"
    queries.write_text("".join(f"{name} {kind}\n" for name in names for kind in ("A", "AAAA")))
    host, port = resolver.split(":")
    try:
        text = run(need("dnsperf", "dnsperf"), "-s", host, "-p", port, "-d", queries, "-n", 1, "-q", 500, "-t", 1)
        rate = find(r"Queries per second:\s+([\d.]+)", text)
    except Missing as error:
        return str(error)
    return lambda ours: f"{2 * ours / rate:.2f} × dnsperf ({number(rate)} queries/s){more}"


def hot_row(bench):
    time.sleep(1)  # statistics are sent within this
    tables = bench.stack.sql("SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname IN "
                             "('domains', 'domain_extraction_features') ORDER BY relname DESC")
    bench.report.row("updates that stay heap-only", ", ".join(f"{name} {100 * int(hot) / max(1, int(all_)):.0f} %"
                                                              for name, all_, hot in tables), "HOT", "–")


def wrk_https(bench):
    """Pages a second of the lab's nginx, each over a new https connection."""
    text = run(need("wrk", "wrk"), "-t", 1, "-c", 64, "-d", "3s", "-H", "Connection: close", "-H", "Host: x.site.test",
               f"https://127.1.1.5:{bench.stack.lab['https_port']}/")
    return find(r"Requests/sec:\s+([\d.]+)", text)


def measure_pages(bench):
    """http alone, on campaigns that are small enough for several rounds."""
    runs, bulk, wrk = [], [], []
    for _ in range(bench.args.rounds):
        campaign = bench.campaign(bench.args.sites)
        for phase in ("generation", "dns"):
            bench.phase(campaign, phase)
        runs.append(bench.phase(campaign, "http"))
        bulk.append(bench.bulk_rate(campaign, "last_http_fetched_at", runs[-1].start))
        wrk.append(wrk_https(bench))
    limit = median(wrk)
    bench.phase_row("http, https first, extracted, stored", runs, "sites", "≥ 0.6 × wrk on https",
                    lambda rate: f"{rate / limit:.2f} × wrk on https with new connections ({number(limit)}/s)", bulk)


def measure_extraction(bench):
    text = run(BIN / "bench_extract", CORPUS)
    ours, read = find(r"extract +([0-9.]+) MB/s", text), find(r"read +([0-9.]+) MB/s", text)
    bench.report.row("extraction alone, one core", f"{number(ours)} MB/s of HTML with 100 keywords; a page of 2 MB "
                     f"{number(find(r'2 MB page +([0-9.]+) ms', text))} ms", "≥ 300 MB/s; ≤ 200 ms",
                     f"{ours / read:.2f} × reading without keywords ({number(read)} MB/s)")


@contextmanager
def null_resolver(share, *addresses):
    """ip:port of a resolver that costs next to nothing: of a thousand names `share` have one of the addresses."""
    process = subprocess.Popen([BIN / "null_dns", str(share), *addresses], stdout=subprocess.PIPE, text=True)
    try:
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def null_persona(bench, resolver):
    return bench.stack.create_persona("dns", resolvers=[resolver], maxConcurrentLookups=2000)


def measure_null_dns(bench):
    """dns where the resolver does not bound it: six names in ten exist."""
    runs, bulk = [], []
    with null_resolver(600, "127.1.5.1") as resolver:
        dns = null_persona(bench, resolver)
        for _ in range(bench.args.rounds):
            campaign = bench.campaign(bench.args.domains, dns=dns)
            bench.phase(campaign, "generation")
            runs.append(bench.phase(campaign, "dns"))
            lost = bench.stack.sql_value(f"SELECT count(*) FROM domains WHERE campaign_id = '{campaign}' AND "
                                         "dns_status IN ('pending', 'timeout')")
            yardstick = dns_yardstick(bench, campaign, resolver, f"; {lost} pending or timed out")
            bench.delete(campaign)
    bench.phase_row("dns, a resolver that costs nothing", runs, "domains", "≥ 60k/s; none left over", yardstick, bulk)


def measure_whole(bench, count, goal, dns=None, **pattern):
    """A campaign from its first phase to its last by itself: seconds of each, processor time, memory of both processes."""
    campaign = bench.campaign(count, "full_sequence", dns, **pattern)
    cpu = [cpu_seconds(pid) for pid in bench.pids()]
    with MemoryLog(bench.domainflowd) as memory:
        start = time.monotonic()
        bench.stack.start_phase(campaign, "generation")
        bench.stack.wait_campaign(campaign, seconds=1200)
        seconds = time.monotonic() - start
    cpu = [cpu_seconds(pid) - before for pid, before in zip(bench.pids(), cpu)]
    runs = {phase: bench.ran(campaign, phase) for phase in PHASES}
    # a phase that fetches is measured from its first tenth on; those shorter than some samples say nothing
    flat = [part for part in flatness(memory, runs) if runs[part[0]].seconds > 2]
    found = dict(bench.stack.sql(f"SELECT 'leads', lead_match FROM campaign_counters WHERE campaign_id = '{campaign}' UNION ALL "
                                 f"SELECT 'pages', http_ok FROM campaign_counters WHERE campaign_id = '{campaign}'"))
    bench.report.row(f"{number(count)} domains, all phases", f"{number(seconds)} s: "
                     + ", ".join(f"{phase} {number(ran.seconds)}" for phase, ran in runs.items())
                     + f"; {number(int(found['pages']))} pages fetched, {number(int(found['leads']))} leads", goal,
                     f"processor time: domainflowd {number(cpu[0])} s, PostgreSQL {number(cpu[1])} s")
    bench.report.row(f"domainflowd's memory, {number(count)} domains",
                     ("; ".join(f"{phase} {first:.0f} MB at 10 %, {last:.0f} MB at 100 %" for phase, first, _, last in flat)
                      or "too quick to say") + f"; at most {max(mb for _, mb in memory.samples):.0f} MB",
                     "< 300 MB; ≤ 5 % from 10 % to 100 %", "–")
    return campaign
