"""An instance that is asked to end, and a PostgreSQL that goes away and comes back, in the middle of a campaign."""
import base64
import json
import re
import unittest

from stack import CallFailed, Stack

NAMES = 2000


class Mid(unittest.TestCase):
    maxDiff = None

    def claimed(self, stack, campaign):
        """Batches at work, by the instance that holds them."""
        return stack.sql_counts("SELECT owner, count(*) FROM phase_batches WHERE state = 'claimed' "
                                f"AND campaign_id = '{campaign}' GROUP BY 1")

    def begin(self, stack, holders):
        """A campaign in http, with batches at work on that many instances."""
        campaign = stack.create_campaign(NAMES)
        stack.grpcurl("PhaseService/ConfigurePhase", {
            "campaignId": campaign, "phase": "PHASE_HTTP",
            "configuration": json.dumps({**self.http_configuration(stack, campaign), "batchSize": 10})})
        stack.start_generation(campaign)
        stack.wait_phase(campaign, "http", "in_progress")
        stack.wait_until(lambda: len(self.claimed(stack, campaign)) == holders, 60, "batches on every instance")
        return campaign

    @staticmethod
    def http_configuration(stack, campaign):
        return json.loads(stack.sql_value("SELECT configuration FROM campaign_phases WHERE phase = 'http' "
                                          f"AND campaign_id = '{campaign}'"))

    def check_end(self, stack, campaign):
        summary = stack.grpcurl("InsightService/GetRejectionSummary", {"campaignId": campaign}, instance=-1)
        self.assertTrue(summary["balanced"], summary)
        self.assertEqual(stack.sql_value(f"SELECT count(*) FROM domains WHERE campaign_id = '{campaign}'"), str(NAMES))
        self.assertEqual(stack.sql_value("SELECT count(*) FROM domains WHERE rejection_reason = 'pending' "
                                         f"AND campaign_id = '{campaign}'"), "0")

    def serving(self, stack, instance=0):
        return stack.grpcurl("grpc.health.v1.Health/Check", {}, instance=instance)["status"]


class Drain(Mid):
    def test_an_instance_that_ends_hands_over(self):
        with Stack(instances=2, settings={"LEASE": "60s"}) as stack:
            campaign = self.begin(stack, 2)
            address = stack.instances[0].grpc
            leaver = stack.sql_value(f"SELECT id FROM instances WHERE address = '{address}'")
            self.assertIn(leaver, self.claimed(stack, campaign))
            watcher = stack.watch_start(campaign, after=0)
            watcher.next()  # it is being served
            self.assertEqual(stack.stop(0), 0)
            # Nothing waits for a lease: what it held is free again, and nobody was ever robbed.
            self.assertNotIn(leaver, self.claimed(stack, campaign))
            self.assertEqual(stack.sql_value(f"SELECT count(*) FROM instances WHERE id = '{leaver}'"), "0")
            self.assertEqual(stack.campaign_status(campaign), "running")
            stack.wait_campaign(campaign)
            self.assertEqual(stack.sql_value("SELECT count(*) FROM phase_batches WHERE attempts > 1 "
                                             f"AND campaign_id = '{campaign}'"), "0")
            self.check_end(stack, campaign)
            self.check_stream(stack, campaign, watcher)

    def check_stream(self, stack, campaign, watcher):
        """The stream said why it ended; another instance goes on behind its last event, without a gap."""
        with self.assertRaises(CallFailed) as caught:
            watcher.read(lambda message: False)
        self.assertEqual(caught.exception.code, "Unavailable")
        details = b"".join(base64.b64decode(value) for value in re.findall(r'"@value": "(.+)"', str(caught.exception)))
        self.assertIn(b"DRAINING", details)
        seen = [m["eventNumber"] for m in watcher.found if m["eventNumber"]]
        number = str(seen[-1]).encode()
        self.assertIn(b"resume_after\x12" + bytes([len(number)]) + number, details)  # ErrorInfo.metadata
        last = int(stack.sql_value(f"SELECT last_event FROM campaigns WHERE id = '{campaign}'"))
        self.assertLess(seen[-1], last)
        rest = stack.watch(campaign, after=seen[-1], instance=1, until=lambda m: m.get("eventNumber") == last)
        seen += [m["eventNumber"] for m in rest if m["eventNumber"]]
        self.assertEqual(seen, list(range(1, last + 1)))

    def test_postgres_goes_away_and_comes_back(self):
        with Stack(throwaway=False) as stack:
            campaign = self.begin(stack, 1)
            instance = stack.instances[0]
            self.assertEqual(self.serving(stack), "SERVING")
            stack.postgres.stop()
            stack.wait_until(lambda: instance.get("/readyz")[0] == 503, 30, "readiness to be lost")
            stack.wait_until(lambda: self.serving(stack) == "NOT_SERVING", 30, "health to say so")
            self.assertEqual(instance.get("/livez")[0], 200)
            with self.assertRaises(CallFailed) as caught:
                stack.grpcurl("CampaignService/GetCampaign", {"campaignId": campaign})
            self.assertEqual(caught.exception.code, "Unavailable")
            stack.postgres.start()
            stack.wait_until(instance.is_ready, 30, "readiness to come back")
            stack.wait_until(lambda: self.serving(stack) == "SERVING", 30, "health to say so")
            stack.wait_campaign(campaign)
            self.check_end(stack, campaign)


if __name__ == "__main__":
    unittest.main()
