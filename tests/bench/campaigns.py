"""Campaigns to measure: created, driven phase by phase, with pages fetched or made up."""
import time

from measure import cpu_seconds, median, number

SETTLE_SECONDS = 0.3
# Rows as http leaves them, for campaigns whose pages are not fetched: a page of 18 KB with three keywords each, written in
# small transactions and vacuumed meanwhile.
MADE_UP = """
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


class Run:
    """One phase that ran: domains done, seconds, processor seconds, when it began and ended."""

    def __init__(self, done, cpu, start, end):
        self.done, self.cpu, self.start, self.end = done, cpu, start, end
        self.seconds = end - start


class Bench:
    """What all measurements share: the installation, the report, and campaigns on it."""

    def __init__(self, stack, report, args):
        self.stack, self.report, self.args = stack, report, args
        self.folder = stack.folder / "bench"
        self.folder.mkdir()
        # nothing here may wait for a limit of ours: the lab's few silent names hold many lookups at once
        self.personas = [stack.create_persona("dns", maxConcurrentLookups=2000),
                         stack.create_persona("http", maxConcurrentFetches=256)]
        self.sets = [stack.create_keyword_set()]

    @property
    def domainflowd(self):
        """The pid of the first instance."""
        return self.stack.instances[0].process.pid

    def pids(self):
        return [self.domainflowd, self.stack.postgres.pid()]

    def campaign(self, count, mode="step_by_step", dns=None, **pattern):
        """`dns`: another persona than the lab's."""
        return self.stack.create_campaign(count, mode=mode, personas=[dns or self.personas[0], self.personas[1]],
                                          keyword_sets=self.sets, **pattern)

    def delete(self, campaign):
        self.stack.grpcurl("CampaignService/DeleteCampaign", {"campaignId": campaign})

    def phase(self, campaign, phase, seconds=600):
        time.sleep(SETTLE_SECONDS)
        cpu = cpu_seconds(*self.pids())
        self.stack.start_phase(campaign, phase)
        self.stack.wait_phase(campaign, phase, seconds=seconds)
        cpu = cpu_seconds(*self.pids()) - cpu
        return self.ran(campaign, phase, cpu)

    def ran(self, campaign, phase, cpu=0):
        done, start, end = self.stack.sql(
            "SELECT processed_items, extract(epoch FROM started_at), extract(epoch FROM completed_at) FROM campaign_phases "
            f"WHERE campaign_id = '{campaign}' AND phase = '{phase}'")[0]
        return Run(int(done), cpu, float(start), float(end))

    def make_up_pages(self, campaign):
        """As if http had run and fetched a page from every name that resolves."""
        for statement in MADE_UP:
            self.stack.sql(statement.format(id=campaign))

    def bulk_rate(self, campaign, column, start):
        """Domains a second until 95 % of them were stored: without the few that are waited for until they are given up."""
        seconds, done = self.stack.sql(
            f"SELECT extract(epoch FROM percentile_disc(0.95) WITHIN GROUP (ORDER BY {column})) - {start}, count({column}) "
            f"FROM domains WHERE campaign_id = '{campaign}'")[0]
        return 0.95 * int(done) / float(seconds)

    def phase_row(self, what, runs, unit, goal, yardstick, bulk=()):
        """`bulk`: the bulk rates of phases with stragglers; they are what is compared with the yardstick. `yardstick` is a
        text, or makes one of our rate."""
        rate = median([run.done / run.seconds for run in runs])
        cost = median([1e6 * run.cpu / run.done for run in runs])
        most = f"{number(median(bulk))} {unit}/s until 95 % are stored, " if bulk else ""
        self.report.row(what, f"{most}{number(rate)} {unit}/s{' with the last ones' if bulk else ''}, {number(cost)} µs of "
                        "processor time each", goal, yardstick(median(bulk) if bulk else rate) if callable(yardstick) else yardstick)
