"""WatchCampaign as its subscribers see it."""
import json
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
        for phase in percent:
            self.assertLessEqual(sum(m["phaseUpdate"]["phase"] == phase for m in updates), 101)

    def test_resuming_goes_on_behind_the_last_event_seen(self):
        campaign = self.campaign(50)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        last = self.stored(campaign)
        messages = self.stack.watch(campaign, after=3, until=lambda m: m.get("eventNumber") == last)
        self.assertEqual([m["eventNumber"] for m in messages if m["eventNumber"]], list(range(4, last + 1)))

    def test_a_stream_that_goes_on_begins_with_a_keep_alive(self):
        campaign = self.campaign(10)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        first = self.stack.watch(campaign, after=1, until=lambda m: True)[0]
        self.assertEqual(first["type"], "EVENT_TYPE_KEEP_ALIVE")
        self.assertEqual(first["lastEvent"], self.stored(campaign))
        self.assertEqual(first["lastSequence"], int(self.stack.sql_value(
            f"SELECT last_sequence FROM campaigns WHERE id = '{campaign}'")))
        self.assertTrue(first["occurredAt"])

    def test_a_position_in_the_future_gets_a_resync_with_a_snapshot(self):
        campaign = self.campaign(10)
        first = self.stack.watch(campaign, after=1000000, until=lambda m: True)[0]
        self.assertEqual((first["type"], first["resyncReason"]), ("EVENT_TYPE_RESYNC", "RESYNC_REASON_UNKNOWN_ID"))
        self.assertEqual(first["snapshot"]["campaignId"], campaign)

    def test_a_position_that_is_no_longer_kept_gets_a_resync(self):
        campaign = self.campaign(10)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        self.stack.sql(f"DELETE FROM campaign_events WHERE campaign_id = '{campaign}' AND event_number <= 5")
        first = self.stack.watch(campaign, after=4, until=lambda m: True)[0]
        self.assertEqual((first["type"], first["resyncReason"]), ("EVENT_TYPE_RESYNC", "RESYNC_REASON_BUFFER_EXCEEDED"))
        last = self.stored(campaign)
        self.assertEqual((first["snapshot"]["campaignId"], first["lastSequence"] > 0), (campaign, True))
        for after in (0, 5):  # 0 asks for whatever is kept
            messages = self.stack.watch(campaign, after=after, until=lambda m: m.get("eventNumber") == last)
            self.assertEqual([m["eventNumber"] for m in messages if m["eventNumber"]], list(range(6, last + 1)))

    def test_a_filter_lets_only_its_types_through(self):
        campaign = self.campaign(10)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        watcher = self.stack.watch_start(campaign, after=0, types=["EVENT_TYPE_PHASE_COMPLETED", "EVENT_TYPE_CAMPAIGN_COMPLETED"])
        types = [m["type"] for m in watcher.read(until=lambda m: m["type"] == "EVENT_TYPE_CAMPAIGN_COMPLETED")]
        self.assertEqual(types, ["EVENT_TYPE_KEEP_ALIVE"] + 5 * ["EVENT_TYPE_PHASE_COMPLETED"] + ["EVENT_TYPE_CAMPAIGN_COMPLETED"])
        watcher = self.stack.watch_start(campaign, after=0, types=["EVENT_TYPE_PHASE_UPDATE", "EVENT_TYPE_CAMPAIGN_COMPLETED"])
        types = [m["type"] for m in watcher.read(until=lambda m: m["type"] == "EVENT_TYPE_CAMPAIGN_COMPLETED")]
        self.assertEqual(types.count("EVENT_TYPE_PHASE_STARTED"), 5)  # a transition is an update of its phase
        self.assertEqual(types.count("EVENT_TYPE_PHASE_COMPLETED"), 5)
        self.assertNotIn("EVENT_TYPE_ANALYSIS_COMPLETED", types)
        for wrong in ({"types": [0]}, {"types": [999]}, {"detail": 9}):
            with self.assertRaises(CallFailed) as caught:
                self.stack.grpcurl("EventService/WatchCampaign", {"campaignId": campaign, **wrong})
            self.assertEqual(caught.exception.code, "InvalidArgument")

    def test_statistics_tell_who_listens(self):
        campaign, other = self.campaign(10), self.campaign(10)
        watchers = [self.stack.watch_start(c) for c in (campaign, campaign, other)] + [self.stack.watch_all_start()]
        for w in watchers:
            w.next()
        stats = self.stack.grpcurl("EventService/GetStreamStats")
        self.assertEqual({c: stats["connectionsByCampaign"].get(c) for c in (campaign, other)}, {campaign: 2, other: 1})
        self.assertGreaterEqual(stats["totalConnections"], 4)
        self.assertEqual(stats["maxConnections"], 1000)
        self.assertGreaterEqual(int(stats["eventsSent"]), 4)
        for w in watchers:
            w.end()
        self.stack.wait_until(lambda: campaign not in self.stack.grpcurl("EventService/GetStreamStats").get(
            "connectionsByCampaign", {}), 10, "streams that were left to be forgotten")

    def test_one_stream_tells_of_all_campaigns_old_and_new(self):
        old = self.campaign(60)
        self.stack.start_generation(old)
        self.stack.wait_campaign(old)
        before = self.stored(old)
        watcher = self.stack.watch_all_start(instance=1)
        self.assertEqual(watcher.next()["event"]["type"], "EVENT_TYPE_KEEP_ALIVE")
        self.stack.grpcurl("CampaignService/SetCampaignMode", {"campaignId": old, "mode": "CAMPAIGN_MODE_STEP_BY_STEP"})
        new = [self.campaign(60), self.campaign(60)]
        for campaign in new:
            self.stack.start_generation(campaign)
        for campaign in new:
            self.stack.wait_campaign(campaign)
        ends = {**{c: self.stored(c) for c in new}, old: before + 1}

        def has_all(_):
            seen = {(m["event"]["campaignId"], m["event"]["eventNumber"]) for m in watcher.found}
            return all((c, n) in seen for c, n in ends.items())
        watcher.read(until=has_all)
        for campaign, first in [(old, before + 1), *((c, 1) for c in new)]:
            numbers = [m["event"]["eventNumber"] for m in watcher.found
                       if m["event"]["campaignId"] == campaign and m["event"]["eventNumber"]]
            self.assertEqual(numbers, list(range(first, ends[campaign] + 1)))

    def test_a_reconnect_to_all_campaigns_begins_with_a_resync(self):
        watcher = self.stack.watch_all_start(isReconnect=True)
        first = watcher.read(until=lambda m: True)[0]["event"]
        self.assertEqual((first["type"], first["resyncReason"], first["campaignId"]),
                         ("EVENT_TYPE_RESYNC", "RESYNC_REASON_RECONNECTED", ""))

    def test_changes_of_keyword_sets_are_told_to_those_who_watch_all(self):
        watchers = [self.stack.watch_all_start(instance=i, types=["EVENT_TYPE_KEYWORD_SET_CREATED", "EVENT_TYPE_KEYWORD_SET_UPDATED",
                                                                  "EVENT_TYPE_KEYWORD_SET_DELETED"]) for i in (0, 1)]
        for w in watchers:
            w.next()
        name = self.stack.grpcurl("KeywordSetService/GetKeywordSet",
                                  {"keywordSetId": (added := self.stack.create_keyword_set())})["keywordSet"]["name"]
        self.stack.grpcurl("KeywordSetService/UpdateKeywordSet", {"keywordSetId": added, "name": name + " II"})
        self.stack.grpcurl("KeywordSetService/DeleteKeywordSet", {"keywordSetId": added})
        for w in watchers:
            about = [m["event"] for m in w.read(until=lambda m: m["event"]["type"] == "EVENT_TYPE_KEYWORD_SET_DELETED")]
            self.assertEqual([(m["type"], json.loads(m["details"])) for m in about],
                             [("EVENT_TYPE_KEYWORD_SET_CREATED", {"id": added, "name": name}),
                              ("EVENT_TYPE_KEYWORD_SET_UPDATED", {"id": added, "name": name + " II"}),
                              ("EVENT_TYPE_KEYWORD_SET_DELETED", {"id": added, "name": name + " II"})])

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


SAMPLES = ("DOMAIN_GENERATED", "DOMAIN_VALIDATED", "DOMAIN_STATUS_DELTA", "HTTP_ENRICHMENT", "DOMAIN_FEATURES_BATCH_FINALIZED",
           "DOMAIN_SCORED", "EXTRACTION_SUBSTEP")


class Samples(unittest.TestCase):
    """What is not stored, made on one instance and told by another."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(instances=2, roles=["api", "worker,jobs"])
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()

    def told(self, **request):
        """A campaign of 300, and all that a watcher was told until everything that became of its domains was."""
        campaign = self.stack.create_campaign(300)
        watcher = self.stack.watch_start(campaign, **request)
        watcher.next()
        wait_wanted(self.stack, 1, 2 if request.get("detail") == "EVENT_DETAIL_FULL" else 1)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        expected = int(self.stack.sql_value("SELECT sum(processed_items) FROM campaign_phases WHERE phase IN ('dns', 'http', 'leads') "
                                            f"AND campaign_id = '{campaign}'"))
        is_over = lambda m: (sum(d["count"] for d in details(watcher.found, "DOMAIN_STATUS_DELTA")) == expected
                             and any(e["type"] == "EVENT_TYPE_CAMPAIGN_COMPLETED" for e in watcher.found))
        if not is_over(None):
            watcher.read(until=is_over)
        return campaign, watcher.found

    def test_everything_that_happens_to_domains_is_told(self):
        campaign, found = self.told()
        self.assertEqual({name for name in SAMPLES if details(found, name)}, set(SAMPLES))
        samples = [m for m in found if m["type"].removeprefix("EVENT_TYPE_") in SAMPLES]
        self.assertEqual({(m["campaignId"], m["eventNumber"], m["sequence"]) for m in samples}, {(campaign, 0, 0)})
        domains = {d["id"]: d for d in self.stack.grpcurl("DomainService/ListDomains", {"campaignId": campaign, "pageSize": 1000})["domains"]}
        for delta in details(found, "DOMAIN_STATUS_DELTA"):
            self.assertLessEqual(len(delta["items"]), 200)
            self.assertTrue(all(domains[item["id"]]["domain"] == item["domain"] for item in delta["items"]))
        for one in details(found, "DOMAIN_GENERATED"):
            self.assertTrue(0 < len(one["sample"]) <= 5 and one["count"] > 0)
        batches = details(found, "HTTP_ENRICHMENT")
        http = int(self.stack.sql_value(f"SELECT processed_items FROM campaign_phases WHERE campaign_id = '{campaign}' AND phase = 'http'"))
        self.assertEqual(sum(b["processed"] for b in batches), http)
        self.assertEqual(sum(b["parked"] for b in batches), int(self.stack.sql_value(
            f"SELECT count(*) FROM domain_extraction_features WHERE campaign_id = '{campaign}' AND is_parked")))
        [scored] = details(found, "DOMAIN_SCORED")
        self.assertEqual(scored["count"], int(self.stack.sql_value(
            f"SELECT processed_items FROM campaign_phases WHERE campaign_id = '{campaign}' AND phase = 'analysis'")))
        self.assertLessEqual(len(scored["sample"]), 25)
        self.assertEqual({scored["sample"][0]["components"][c] for c in ("density", "freshness")}, {"omitted"})
        self.assertEqual(scored["sample"][0]["components"]["h1_count"], "structural")

    def test_steps_come_by_the_detail_that_was_asked_for(self):
        _, found = self.told()
        steps = details(found, "EXTRACTION_SUBSTEP")
        for phase in ("extraction", "analysis"):
            self.assertEqual([s["event_type"] for s in steps if s["phase"] == phase and s["event_type"].startswith("phase_")
                              and s["event_type"] != "phase_progress"], ["phase_start", "phase_complete"])
        self.assertEqual({s["status"] for s in steps if s["event_type"] == "substep_end"}, {"failed"})
        self.assertFalse([s for s in steps if s["event_type"] == "domain_update"])
        _, found = self.told(detail="EVENT_DETAIL_FULL")
        steps = details(found, "EXTRACTION_SUBSTEP")
        self.assertIn("completed", {s["status"] for s in steps if s["event_type"] == "substep_end"})
        self.assertTrue([s for s in steps if s["event_type"] == "domain_update"])

    def test_a_filter_without_samples_costs_the_workers_nothing(self):
        campaign = self.stack.create_campaign(50)
        self.stack.wait_until(lambda: wanted(self.stack, 1) == 0, 60, "listeners of other tests to be forgotten")
        watcher = self.stack.watch_start(campaign, types=["EVENT_TYPE_CAMPAIGN_COMPLETED"])
        watcher.next()
        before = self.stack.instances[1].metrics()
        self.stack.start_generation(campaign)
        types = [m["type"] for m in watcher.read(until=lambda m: m["type"] == "EVENT_TYPE_CAMPAIGN_COMPLETED")]
        self.assertEqual(types, ["EVENT_TYPE_CAMPAIGN_COMPLETED"])
        after = self.stack.instances[1].metrics()
        published = [name for name in after if name.startswith("extraction_events_total")]
        self.assertEqual({name: after[name] for name in published}, {name: before.get(name) for name in published})


class WithoutRedis(unittest.TestCase):
    def test_transitions_reach_other_instances_by_the_poll(self):
        with Stack(instances=2, roles=["api", "worker,jobs"], with_redis=False) as stack:
            campaign = stack.create_campaign(50)
            watchers = [stack.watch_start(campaign, after=0), stack.watch_all_start()]
            for w in watchers:
                w.next()
            stack.start_generation(campaign)
            stack.wait_campaign(campaign)
            last = int(stack.sql_value(f"SELECT last_event FROM campaigns WHERE id = '{campaign}'"))
            for w in watchers:
                about = [m.get("event", m) for m in w.read(until=lambda m: m.get("event", m)["eventNumber"] == last)]
                self.assertEqual([m["eventNumber"] for m in about if m["eventNumber"]], list(range(1, last + 1)))


def details(messages, name):
    """What the messages of a type say."""
    return [json.loads(m["details"]) for m in messages if m["type"] == f"EVENT_TYPE_{name}"]


def wanted(stack, instance):
    return stack.instances[instance].metrics()["event_samples_wanted"]


def wait_wanted(stack, instance, level=1):
    """Until an instance knows that somebody listens, here or elsewhere."""
    stack.wait_until(lambda: wanted(stack, instance) >= level, 30, f"instance {instance} to know its listeners")


if __name__ == "__main__":
    unittest.main()
