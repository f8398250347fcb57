"""WatchCampaign as its subscribers see it."""
import unittest

from stack import CallFailed, Stack


class Streams(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(instances=2)
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()
        cls.personas = [cls.stack.create_persona("dns"), cls.stack.create_persona("http")]
        cls.sets = [cls.stack.create_keyword_set()]

    def campaign(self, count, **more):
        return self.stack.create_campaign(count, personas=self.personas, keyword_sets=self.sets, **more)

    def stored(self, campaign):
        return int(self.stack.sql_value(f"SELECT last_event FROM campaigns WHERE id = '{campaign}'"))

    def test_a_fresh_stream_begins_with_the_snapshot(self):
        campaign = self.campaign(10)
        first = self.stack.watch(campaign, until=lambda m: True)[0]
        self.assertEqual(first["type"], "EVENT_TYPE_SNAPSHOT")
        self.assertEqual(first["snapshot"]["campaignId"], campaign)
        self.assertEqual(len(first["snapshot"]["phases"]), 5)

    def test_two_watchers_of_two_instances_see_the_same_transitions_in_the_same_order(self):
        campaign = self.campaign(400)
        one = self.stack.watch_start(campaign, after=0)
        two = self.stack.watch_start(campaign, after=0, instance=1)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        last = self.stored(campaign)
        seen = [[m for m in w.read(until=lambda m: m.get("eventNumber") == last) if m.get("eventNumber")] for w in (one, two)]
        self.assertEqual([m["eventNumber"] for m in seen[0]], list(range(1, last + 1)))
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0][-1]["type"], "EVENT_TYPE_CAMPAIGN_COMPLETED")

    def test_progress_never_goes_back_and_is_never_numbered(self):
        campaign = self.campaign(1500)
        watcher = self.stack.watch_start(campaign, after=0)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        last = self.stored(campaign)
        updates = [m for m in watcher.read(until=lambda m: m.get("eventNumber") == last)
                   if m["type"] == "EVENT_TYPE_PHASE_UPDATE"]
        self.assertTrue(updates)
        percent = {}
        for m in updates:
            phase = m["phaseUpdate"]["phase"]
            self.assertEqual((m["eventNumber"], m["sequence"]), (0, 0))
            self.assertGreaterEqual(m["phaseUpdate"]["progressPercentage"], percent.get(phase, 0) + 1)
            percent[phase] = m["phaseUpdate"]["progressPercentage"]

    def test_resuming_goes_on_behind_the_last_event_seen(self):
        campaign = self.campaign(50)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        last = self.stored(campaign)
        messages = self.stack.watch(campaign, after=3, until=lambda m: m.get("eventNumber") == last)
        self.assertEqual([m["eventNumber"] for m in messages if m["eventNumber"]], list(range(4, last + 1)))

    def test_a_position_in_the_future_gets_a_resync_with_a_snapshot(self):
        campaign = self.campaign(10)
        first = self.stack.watch(campaign, after=1000000, until=lambda m: True)[0]
        self.assertEqual(first["type"], "EVENT_TYPE_RESYNC")
        self.assertEqual(first["snapshot"]["campaignId"], campaign)

    def test_an_unknown_campaign_is_not_found(self):
        with self.assertRaises(CallFailed) as caught:
            self.stack.grpcurl("EventService/WatchCampaign", {"campaignId": "00000000-0000-7000-8000-000000000000"})
        self.assertEqual(caught.exception.code, "NotFound")

    def test_pausing_twice_yields_one_event_and_pause_is_effective(self):
        campaign = self.campaign(1500, mode="step_by_step")
        self.stack.start_generation(campaign)
        self.stack.wait_phase(campaign, "generation")
        self.stack.start_phase(campaign, "dns")
        request = {"campaignId": campaign, "phase": "PHASE_DNS"}
        self.stack.grpcurl("PhaseService/PausePhase", request)
        self.stack.grpcurl("PhaseService/PausePhase", request)
        paused = self.stack.sql_value("SELECT count(*) FROM campaign_events WHERE type = 'phase_paused' "
                                      f"AND campaign_id = '{campaign}'")
        self.assertEqual(paused, "1")
        self.stack.wait_until(lambda: self.stack.sql_value(
            f"SELECT count(*) FROM phase_batches WHERE campaign_id = '{campaign}' AND state = 'claimed'") == "0", 10,
            "workers to let go of a paused phase")
        self.stack.grpcurl("PhaseService/ResumePhase", request, instance=1)
        self.stack.wait_phase(campaign, "dns")
        self.assertEqual(self.stack.sql_value(
            f"SELECT count(*) FROM domains WHERE campaign_id = '{campaign}' AND dns_status = 'pending'"), "0")


if __name__ == "__main__":
    unittest.main()
