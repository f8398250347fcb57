"""Event streams in a real browser: Chromium's own EventSource, on a page of another origin."""
import unittest

import webdriver
from stack import Stack

WAIT_SECONDS = 120
WATCH = """
const [url, types] = arguments;
window.seen = [];
window.opens = 0;
window.source = new EventSource(url);
window.source.onopen = () => { window.opens += 1; };
for (const type of types)
  window.source.addEventListener(type, event => {
    if (event.data !== undefined)
      window.seen.push({type, id: event.lastEventId, sequence: JSON.parse(event.data).sequence || 0});
  });
"""
SEEN = "return {seen: window.seen, opens: window.opens, state: window.source.readyState};"


class BrowserEvents(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.page = webdriver.Page()
        cls.addClassCleanup(cls.page.close)
        cls.stack = Stack(instances=2, with_gateway=True, gateway_settings={"ALLOWED_ORIGINS": cls.page.origin})
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()
        cls.browser = webdriver.Browser(cls.stack.folder / "browser")
        cls.addClassCleanup(cls.browser.close)
        cls.personas = [cls.stack.create_persona("dns"), cls.stack.create_persona("http")]
        cls.sets = [cls.stack.create_keyword_set()]

    def setUp(self):
        self.campaign = self.stack.create_campaign(600, personas=self.personas, keyword_sets=self.sets)
        self.before = len(self.stored())
        self.browser.go(self.page.origin)
        url = f"http://{self.stack.gateway.rest}/api/v2/sse/campaigns/{self.campaign}"
        types = ["keep_alive", "resync", "error", "phaseUpdate", "campaign_progress", *self.stored_types()]
        self.browser.run(WATCH, url, types)
        self.wait(lambda now: now["seen"], "the greeting")

    @staticmethod
    def stored_types():
        """Every stored type (docs/spec/07-events.md §4)."""
        return ["phase_started", "phase_auto_started", "phase_paused", "phase_resumed", "phase_completed", "phase_failed",
                "phase_configured", "phase_status_changed", "auto_advance_blocked", "mode_changed", "campaign_completed",
                "campaign_cancelled", "domains_http_finalized", "extraction_phase_completed", "counters_reconciled",
                "analysis_reuse_enrichment", "analysis_read_switch", "analysis_completed", "analysis_failed", "scores_stale",
                "rescore_completed"]

    def stored(self):
        return [(number, kind, int(sequence)) for number, kind, sequence in self.stack.sql(
            "SELECT event_number, type, sequence FROM campaign_events "
            f"WHERE campaign_id = '{self.campaign}' ORDER BY event_number")]

    def seen(self):
        return self.browser.run(SEEN)

    def wait(self, question, what):
        self.stack.wait_until(lambda: question(self.seen()), WAIT_SECONDS, what)

    def assert_exact(self):
        stored = self.stored()
        last = stored[-1][0]
        self.wait(lambda now: now["seen"][-1]["id"] == last, f"event {last}")
        events = self.seen()["seen"]
        told = [(e["id"], e["type"], e["sequence"]) for e in events if e["type"] in self.stored_types()]
        self.assertEqual(told, stored[self.before:])
        self.assertNotIn("resync", {e["type"] for e in events})

    def test_a_browser_follows_a_run_although_its_server_restarts(self):
        self.stack.start_generation(self.campaign)
        self.stack.wait_phase(self.campaign, "generation")
        self.stack.kill(0)
        self.stack.restart(0)
        self.stack.wait_campaign(self.campaign)
        self.assert_exact()
        self.assertEqual(self.seen()["opens"], 1)  # it did not even notice

    def test_a_browser_comes_back_by_itself_when_the_gateway_restarts(self):
        self.stack.start_generation(self.campaign)
        self.wait(lambda now: any(e["id"] for e in now["seen"]), "the first event with a number")
        self.stack.gateway.kill()
        self.stack.wait_campaign(self.campaign)
        self.stack.gateway.start()
        self.assert_exact()
        self.assertEqual(self.seen()["opens"], 2)

    def test_a_campaign_that_is_gone_ends_the_source_for_good(self):
        self.stack.grpcurl("CampaignService/DeleteCampaign", {"campaignId": self.campaign})
        self.wait(lambda now: now["seen"][-1]["type"] == "error", "the farewell")
        self.wait(lambda now: now["state"] == 2, "the browser to give up: it was answered 404")


if __name__ == "__main__":
    unittest.main()
