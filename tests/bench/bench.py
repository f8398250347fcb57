#!/usr/bin/env python3
"""The product's figures, measured through the product: PostgreSQL (durable), Redis, the lab and domainflowd on this machine.

  bench.py [--write FILE] [--rounds 3] [--domains 200000] [--sites 10000]

Prints one table: each figure (the median of the rounds) beside its goal and beside a yardstick from the same run: the
same rows by COPY, the same names by dnsperf, the same pages by wrk. Processor time is that of domainflowd and PostgreSQL
together; it changes little on a busy machine, while rates do. What could not be measured says why.
"""
import argparse
import datetime
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from measure import (Missing, MemoryLog, cpu_seconds, find, grpc_load, machine, median, memory_mb, need, number,  # noqa: E402
                     percentile, run)
from stack import BIN, GRPCURL, CallFailed, Stack  # noqa: E402
from labkit.process import LabError, wait_until  # noqa: E402

SETTLE_SECONDS = 0.3
EVENT_CHANGES = 60
CORPUS = "/usr/share/doc/postgresql-doc-15/html"
# Rows as http leaves them, for campaigns whose pages are not fetched: a page of 18 KB with three keywords each, written in
# small transactions and vacuumed meanwhile.
FETCHED = """
DO $$
DECLARE
  a bigint;
BEGIN
  FOR a IN SELECT generate_series(min(offset_index), max(offset_index), 1000) FROM domains WHERE campaign_id = '{id}' LOOP
    UPDATE domains SET http_status = 'ok', http_status_code = 200, http_title = 'A title', http_keywords = '["shop"]',
           is_parked = false, parked_confidence = 0
     WHERE campaign_id = '{id}' AND dns_status = 'ok' AND offset_index BETWEEN a AND a + 999;
    INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name, processing_state, kw_unique_count,
           kw_total_occurrences, content_bytes, has_structural_signals, fetched_at, feature_vector, kw_top3)
    SELECT campaign_id, offset_index, domain_name, 'ready', 3, offset_index % 20, 18000, true, now(),
           jsonb_build_object('kw_unique', 3, 'kw_hits_total', 9, 'page_title', repeat('title ', 10), 'content_snippet',
           repeat('snippet ', 30)), '["shop", "store", "cart"]'
      FROM domains WHERE campaign_id = '{id}' AND dns_status = 'ok' AND offset_index BETWEEN a AND a + 999;
    COMMIT;
  END LOOP;
END $$""", """
UPDATE campaign_counters SET http_ok = dns_ok, http_pending = http_pending - dns_ok, keyword_hits = dns_ok
 WHERE campaign_id = '{id}'""", """
UPDATE campaign_phases SET status = 'completed', total_items = 1, processed_items = 1, successful_items = 1,
       started_at = now(), completed_at = now() WHERE campaign_id = '{id}' AND phase = 'http'""", """
VACUUM ANALYZE domains, domain_extraction_features""", "CHECKPOINT"


class Bench:
    def __init__(self, stack, args):
        self.stack, self.args, self.rows = stack, args, []
        self.folder = stack.folder / "bench"
        self.folder.mkdir()
        # nothing here may wait for a limit of ours: the lab's few silent names hold many lookups at once
        self.personas = [stack.create_persona("dns", maxConcurrentLookups=2000),
                         stack.create_persona("http", maxConcurrentFetches=256)]
        self.sets = [stack.create_keyword_set()]

    def row(self, what, figure, goal="–", yardstick="–"):
        self.rows.append((what, figure, goal, yardstick))
        print(f"  {what:<34} {figure:<58} goal {goal:<28} {yardstick}", file=sys.stderr, flush=True)

    def section(self, what, work, *args):
        """One section; what it cannot do becomes a row that says so."""
        try:
            work(*args)
        except (Missing, CallFailed, LabError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            self.row(what, f"not measured: {str(error).splitlines()[0][:120]}")

    # campaigns

    def pids(self):
        return [self.stack.instances[0].process.pid, self.stack.postgres.pid()]

    def campaign(self, count, mode="step_by_step"):
        return self.stack.create_campaign(count, mode=mode, personas=self.personas, keyword_sets=self.sets)

    def phase(self, campaign, phase):
        """Runs a phase; domains done, seconds, processor seconds, and when it began and ended."""
        time.sleep(SETTLE_SECONDS)
        cpu = cpu_seconds(*self.pids())
        self.stack.start_phase(campaign, phase)
        self.stack.wait_phase(campaign, phase)
        cpu = cpu_seconds(*self.pids()) - cpu
        done, start, end = self.stack.sql(
            "SELECT processed_items, extract(epoch FROM started_at), extract(epoch FROM completed_at) FROM campaign_phases "
            f"WHERE campaign_id = '{campaign}' AND phase = '{phase}'")[0]
        return int(done), float(end) - float(start), cpu, float(start), float(end)

    def bulk_rate(self, campaign, column, start):
        """Domains a second until 95 % of them were stored: without the few that are waited for until they are given up."""
        seconds, done = self.stack.sql(
            f"SELECT extract(epoch FROM percentile_disc(0.95) WITHIN GROUP (ORDER BY {column})) - {start}, count({column}) "
            f"FROM domains WHERE campaign_id = '{campaign}'")[0]
        return 0.95 * int(done) / float(seconds)

    def phase_row(self, what, runs, unit, goal, yardstick, bulk=()):
        """`bulk`: the bulk rates of phases with stragglers; they are what is compared with the yardstick."""
        rate = median([done / seconds for done, seconds, *_ in runs])
        cost = median([1e6 * cpu / done for done, _, cpu, *_ in runs])
        most = f"{number(median(bulk))} {unit}/s until 95 % are stored, " if bulk else ""
        self.row(what, f"{most}{number(rate)} {unit}/s{' with the last ones' if bulk else ''}, {number(cost)} µs of processor "
                 "time each", goal, yardstick(median(bulk) if bulk else rate) if callable(yardstick) else yardstick)

    def pipeline(self):
        """Generation, dns, analysis and leads of large campaigns whose pages are not fetched; memory meanwhile."""
        count, runs, flat, bulk = self.args.domains, {p: [] for p in ("generation", "dns", "analysis", "leads")}, [], []
        pid = self.stack.instances[0].process.pid
        campaign = None
        for _ in range(self.args.rounds):
            if campaign:
                self.stack.grpcurl("CampaignService/DeleteCampaign", {"campaignId": campaign})
            campaign = self.campaign(count)
            with MemoryLog(pid) as memory:
                for phase in ("generation", "dns"):
                    runs[phase].append(self.phase(campaign, phase))
                bulk.append(self.bulk_rate(campaign, "last_validated_at", runs["dns"][-1][3]))
                for statement in FETCHED:
                    self.stack.sql(statement.format(id=campaign))
                for phase in ("analysis", "leads"):
                    runs[phase].append(self.phase(campaign, phase))
            for phase in ("generation", "dns", "analysis", "leads"):
                _, seconds, _, start, end = runs[phase][-1]
                seen = memory.between(start + seconds * 0.1, end)
                if seen:
                    flat.append((phase, seen[0], max(seen), seen[-1]))
        copy = self.copy_rate(campaign, count)
        self.phase_row("generation, stored", runs["generation"], "domains", "≥ 0.7 × COPY; 200k/s",
                       lambda rate: f"{rate / copy:.2f} × COPY ({number(copy)} rows/s)")
        self.section("dnsperf", self.dns_yardstick, campaign, runs["dns"], bulk)
        self.phase_row("analysis, first run", runs["analysis"], "domains", "150k/s", "–")
        self.phase_row("leads", runs["leads"], "domains", "150k/s", "–")
        self.memory_row(flat, pid)
        self.hot_row()
        return campaign

    def copy_rate(self, campaign, count):
        """Rows a second of COPY into an empty table with the same columns and indexes."""
        file = self.stack.postgres.data / "rows.copy"
        self.stack.sql(f"COPY (SELECT campaign_id, offset_index, domain_name FROM domains WHERE campaign_id = '{campaign}' "
                       f"ORDER BY offset_index) TO '{file}' (FORMAT binary)")
        rates = []
        for _ in range(self.args.rounds):
            self.stack.sql("DROP TABLE IF EXISTS yardstick")
            self.stack.sql("CREATE TABLE yardstick (LIKE domains INCLUDING ALL) WITH (fillfactor = 55)")
            self.stack.sql("CHECKPOINT")
            start = time.monotonic()
            self.stack.sql(f"COPY yardstick (campaign_id, offset_index, domain_name) FROM '{file}' (FORMAT binary)")
            rates.append(count / (time.monotonic() - start))
        self.stack.sql("DROP TABLE yardstick")
        return median(rates)

    def dns_yardstick(self, campaign, runs, bulk):
        names = [row[0] for row in self.stack.sql(
            f"SELECT domain_name FROM domains WHERE campaign_id = '{campaign}' LIMIT 20000")]
        queries = self.folder / "queries"
        queries.write_text("".join(f"{name} {kind}\n" for name in names for kind in ("A", "AAAA")))
        host, port = self.stack.lab["resolvers"][0].split(":")
        lost = self.stack.sql_value(f"SELECT count(*) FROM domains WHERE campaign_id = '{campaign}' AND dns_status = 'pending'")
        try:
            text = run(need("dnsperf", "dnsperf"), "-s", host, "-p", port, "-d", queries, "-n", 1, "-q", 500, "-t", 1)
            rate = find(r"Queries per second:\s+([\d.]+)", text)
        except Missing as error:
            self.phase_row("dns, A and AAAA, stored", runs, "domains", "60k/s; none left over", str(error), bulk)
            return
        self.phase_row("dns, A and AAAA, stored", runs, "domains", "60k/s; none left over",
                       lambda ours: f"{2 * ours / rate:.2f} × dnsperf ({number(rate)} queries/s); {lost} left over", bulk)

    def memory_row(self, flat, pid):
        first, most = min(f[1] for f in flat[:4]), max(f[2] for f in flat)
        growth = max((last / start - 1) * 100 for _, start, _, last in flat)
        self.row(f"memory, {number(self.args.domains)} domains",
                 f"{first:.0f} MB at 10 %, {most:.0f} MB at most; within a phase at most {growth:+.1f} % from 10 % to 100 %",
                 "≤ 5 %, < 300 MB", f"peak of the process {memory_mb(pid, 'VmHWM'):.0f} MB")

    def hot_row(self):
        time.sleep(1)  # statistics are sent within this
        tables = self.stack.sql("SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname IN "
                                "('domains', 'domain_extraction_features') ORDER BY relname DESC")
        self.row("updates that stay heap-only", ", ".join(f"{name} {100 * int(hot) / max(1, int(all_)):.0f} %"
                                                          for name, all_, hot in tables), "HOT", "–")

    # pages

    def pages(self):
        runs, bulk = [], []
        for _ in range(self.args.rounds):
            campaign = self.campaign(self.args.sites)
            for phase in ("generation", "dns"):
                self.phase(campaign, phase)
            done, seconds, cpu, start, end = self.phase(campaign, "http")
            fetched = int(self.stack.sql_value("SELECT count(*) FROM domains WHERE http_status = 'ok' AND "
                                               f"campaign_id = '{campaign}'"))
            runs.append((done, seconds, cpu, start, end, fetched))
            bulk.append(self.bulk_rate(campaign, "last_http_fetched_at", start))
        try:
            address = f"https://127.1.1.5:{self.stack.lab['https_port']}/"
            text = run(need("wrk", "wrk"), "-t", 1, "-c", 64, "-d", "3s", "-H", "Connection: close", "-H",
                       "Host: x.site.test", address)
            wrk = find(r"Requests/sec:\s+([\d.]+)", text)
            yardstick = lambda rate: f"{rate / wrk:.2f} × wrk on https with new connections ({number(wrk)}/s)"  # noqa: E731
        except Missing as error:
            yardstick = str(error)
        self.phase_row("http, https first, extracted, stored", runs, "sites", "≥ 0.6 × wrk on https", yardstick, bulk)

    # calls

    def calls(self, campaign):
        request = b"\x0a\x24" + campaign.encode()
        address = self.stack.instances[0].grpc
        for method, message, goal in (
                ("ServerService/GetServerInfo", b"", "≥ 30k/s a core"), ("PhaseService/GetCampaignStatus", request, "–"),
                ("InsightService/GetFunnel", request, "p99 < 2 ms")):
            self.section(method, self.call, address, method, message, goal)

    def call(self, address, method, message, goal):
        grpc_load(self.folder, address, method, message, 500, 4)  # warm
        rates = [grpc_load(self.folder, address, method, message, 6000, 8)[0] for _ in range(self.args.rounds)]
        rate = median(rates)
        _, taken = grpc_load(self.folder, address, method, message, max(800, int(rate / 2)), 8, int(rate / 2))
        self.row(method.split("/")[1], f"{number(rate)} calls/s; at half of it p50 {number(percentile(taken, .5))} ms, "
                 f"p99 {number(percentile(taken, .99))} ms", goal, "–")

    # events

    def events(self, what, goal):
        """From the moment a change is stamped, before its commit, to a subscriber of the other instance."""
        slow = self.stack.create_persona("dns", rateLimitDps=20, rateLimitBurst=1)
        campaign = self.stack.create_campaign(5000, mode="step_by_step", personas=[slow, self.personas[1]],
                                              keyword_sets=self.sets)
        for phase in ("generation", "dns"):
            self.stack.start_phase(campaign, phase)
            if phase == "generation":
                self.stack.wait_phase(campaign, phase)
        with Subscriber(self.stack.instances[1].grpc, campaign) as subscriber:
            subscriber.wait_first()
            for _ in range(EVENT_CHANGES // 2):
                for call in ("PausePhase", "ResumePhase"):
                    self.stack.grpcurl(f"PhaseService/{call}", {"campaignId": campaign, "phase": "PHASE_DNS"})
            subscriber.wait_count(EVENT_CHANGES)
        taken = subscriber.delays
        self.stack.grpcurl("PhaseService/StopPhase", {"campaignId": campaign, "phase": "PHASE_DNS"})
        self.row(what, f"p50 {number(percentile(taken, .5))} ms, p99 {number(percentile(taken, .99))} ms of {len(taken)}", goal)

    def extraction(self):
        text = run(BIN / "bench_extract", CORPUS)
        self.row("extraction alone, one core", f"{number(find(r'extract +([0-9.]+) MB/s', text))} MB/s of HTML with 100 "
                 f"keywords; a page of 2 MB {number(find(r'2 MB page +([0-9.]+) ms', text))} ms", "≥ 300 MB/s; ≤ 200 ms",
                 f"reading without keywords {number(find(r'read +([0-9.]+) MB/s', text))} MB/s")


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
            now = time.time()
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


BOUNDS_MARK = "## What bounds each figure"


def document(bench, args, load, seconds):
    """The report: the figures of this run, and the text about them that people wrote."""
    table = ["| what | figure | goal | yardstick of the same run |", "|---|---|---|---|"]
    table += ["| " + " | ".join(row) + " |" for row in bench.rows]
    head = (f"Machine: {machine()}; PostgreSQL (durable), Redis, the lab, the load and domainflowd all on it. Load average "
            f"{load[0]:.1f} at the beginning, {os.getloadavg()[0]:.1f} at the end. {args.rounds} rounds, medians; campaigns "
            f"of {number(args.domains)} domains, {number(args.sites)} for http. {datetime.date.today()}, {seconds:.0f} s.")
    return f"# Benchmarks\n\nWritten by `./dev bench`; the text below the table is kept.\n\n{head}\n\n" + "\n".join(table) + "\n"


def measure(args):
    load, start = os.getloadavg(), time.monotonic()
    with Stack(instances=1, throwaway=False, settings={"GRPC_REFLECTION": "true"}) as stack:
        bench = Bench(stack, args)
        campaign = [None]
        bench.section("pipeline", lambda: campaign.__setitem__(0, bench.pipeline()))
        bench.section("http", bench.pages)
        if campaign[0]:
            bench.calls(campaign[0])
        stack.add_instance()
        bench.section("change → subscriber elsewhere", bench.events, "change → subscriber elsewhere", "p99 < 50 ms")
        stack.redis.stop()
        bench.section("the same without Redis", bench.events, "the same without Redis", "< 1.2 s")
        bench.section("extraction alone", bench.extraction)
    return document(bench, args, load, time.monotonic() - start)


def main():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table there")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--domains", type=int, default=200000)
    parser.add_argument("--sites", type=int, default=10000)
    args = parser.parse_args()
    text = measure(args)
    print(text)
    if args.write:
        kept = args.write.read_text() if args.write.exists() else ""
        at = kept.find(BOUNDS_MARK)
        args.write.write_text(text + ("\n" + kept[at:] if at >= 0 else ""))


if __name__ == "__main__":
    main()
