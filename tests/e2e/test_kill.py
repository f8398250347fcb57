"""Three instances share a campaign; workers and PostgreSQL are killed in every phase. What is left must be what an
undisturbed run leaves: the same rows, exact counters, a gap-free event log, each phase completed once."""
import unittest

from stack import PHASES, Stack

NAMES = 2000
RESULT = ("offset_index, domain_name, dns_status, dns_reason, dns_ip, http_status, http_reason, http_status_code, http_title, "
          "is_parked, domain_score, lead_status, lead_score, rejection_reason")
FEATURES = ("domain_id, processing_state, content_hash, content_bytes, kw_unique_count, kw_total_occurrences, kw_weight_sum, "
            "content_richness_score, is_parked, is_stale_score")


class Kills(unittest.TestCase):
    maxDiff = None

    def fingerprint(self, stack, campaign):
        where = f"WHERE campaign_id = '{campaign}'"
        return {
            "domains": stack.sql(f"SELECT {RESULT} FROM domains {where} ORDER BY offset_index"),
            "features": stack.sql(f"SELECT {FEATURES} FROM domain_extraction_features {where} ORDER BY domain_id"),
            "keywords": stack.sql("SELECT domain_id, surface_form, occurrences, effective_weight FROM domain_extracted_keywords "
                                  f"{where} ORDER BY 1, 2, 3"),
            "counters": stack.sql("SELECT total_domains, dns_ok, dns_error, dns_timeout, http_ok, http_error, http_timeout, "
                                  f"lead_match, lead_no_match, keyword_hits, analyzed FROM campaign_counters {where}"),
        }

    def check_log(self, stack, campaign):
        events = stack.sql("SELECT event_number, type, coalesce(phase::text, '') FROM campaign_events "
                           f"WHERE campaign_id = '{campaign}' ORDER BY event_number")
        self.assertEqual([int(e[0]) for e in events], list(range(1, len(events) + 1)))
        for kind in ("phase_started", "phase_completed"):
            self.assertEqual([e[2] for e in events if e[1] == kind], list(PHASES), kind)
        self.assertEqual([e[1] for e in events].count("campaign_completed"), 1)

    def check_counters(self, stack, campaign):
        summary = stack.grpcurl("InsightService/GetRejectionSummary", {"campaignId": campaign})
        self.assertTrue(summary["balanced"], summary)

    def undisturbed(self):
        with Stack() as stack:
            campaign = stack.create_campaign(NAMES)
            stack.start_generation(campaign)
            stack.wait_campaign(campaign)
            return self.fingerprint(stack, campaign)

    def in_flight(self, stack, campaign, phase):
        return int(stack.sql_value("SELECT count(*) FROM phase_batches WHERE state = 'claimed' "
                                   f"AND campaign_id = '{campaign}' AND phase = '{phase}'"))

    def test_the_end_is_the_same_whoever_dies(self):
        want = self.undisturbed()
        kills = {}
        with Stack(instances=3, throwaway=False, settings={"LEASE": "2s"}) as stack:
            campaign = stack.create_campaign(NAMES)
            for phase in ("analysis", "leads"):  # small batches, so that there is time to be killed in
                stack.grpcurl("PhaseService/ConfigurePhase", {"campaignId": campaign, "phase": f"PHASE_{phase.upper()}",
                                                              "configuration": '{"batchSize": 2}'})
            stack.start_generation(campaign)
            for number, phase in enumerate(PHASES):
                # A kill counts only with work in flight; a phase that is over before it is seen is not waited for.
                stack.wait_until(lambda p=phase: self.in_flight(stack, campaign, p) > 0
                                 or stack.phase_status(campaign, p) == "completed", 120, f"work in {phase}")
                kills[phase] = self.in_flight(stack, campaign, phase)
                stack.kill(number % 3)
                if phase in ("dns", "http"):
                    stack.kill_postgres()
                    stack.postgres.start()
                stack.restart(number % 3)
            stack.wait_campaign(campaign, seconds=240)
            got = self.fingerprint(stack, campaign)
            self.check_log(stack, campaign)
            self.check_counters(stack, campaign)
        print(f"batches in flight at each kill: {kills}")
        self.assertGreaterEqual(sum(n > 0 for n in kills.values()), 4, kills)
        for part in want:
            self.assertEqual(got[part], want[part], part)

    def test_without_redis_everything_works(self):
        with Stack(instances=2, with_redis=False) as stack:
            campaign = stack.create_campaign(500)
            stack.start_generation(campaign)
            stack.wait_campaign(campaign)
            self.check_log(stack, campaign)
            self.check_counters(stack, campaign)
            self.assertIn("degraded", stack.instances[0].get("/readyz")[1])


if __name__ == "__main__":
    unittest.main()
