"""A campaign from its pattern to its leads, every count and every row compared with what the lab's rule says."""
import json
import unittest

from stack import Stack

NAMES = 1500


class FullCampaign(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()
        cls.campaign = cls.stack.create_campaign(NAMES)
        cls.stack.start_generation(cls.campaign)
        cls.stack.wait_campaign(cls.campaign)
        cls.expected = cls.stack.expectation()
        cls.names = cls.stack.names(NAMES)
        cls.sums = cls.expected.sums(cls.names)

    def where(self):
        return f"FROM domains WHERE campaign_id = '{self.campaign}'"

    def counts(self, column):
        return {k: v for k, v in self.stack.sql_counts(
            f"SELECT {column}, count(*) {self.where()} AND {column} IS NOT NULL GROUP BY 1").items()}

    def test_every_name_of_the_pattern_is_there_in_order(self):
        rows = self.stack.sql(f"SELECT domain_name {self.where()} ORDER BY offset_index")
        self.assertEqual([row[0] for row in rows], self.names)

    def test_dns_statuses_and_reasons(self):
        self.assertEqual(self.counts("dns_status"), self.sums["dns_status"])
        self.assertEqual(self.counts("dns_reason"), self.sums["dns_reason"])

    def test_http_statuses_and_reasons(self):
        self.assertEqual(self.counts("http_status"), self.sums["http_status"])
        self.assertEqual(self.counts("http_reason"), self.sums["http_reason"])

    def test_verdicts(self):
        self.assertEqual(self.counts("lead_status"), self.sums["lead_status"])
        self.assertEqual(self.counts("rejection_reason"), self.sums["rejection_reason"])

    def test_the_funnel_is_the_computed_one(self):
        funnel = self.stack.grpcurl("InsightService/GetFunnel", {"campaignId": self.campaign})
        self.assertEqual(funnel, self.sums["funnel"])

    def test_the_rejection_summary_balances(self):
        summary = self.stack.grpcurl("InsightService/GetRejectionSummary", {"campaignId": self.campaign})
        self.assertTrue(summary["balanced"], summary)
        self.assertEqual(summary["totals"]["total"], NAMES)
        self.assertEqual(summary["totals"]["pending"], 0)
        counts = {"lowScore": "low_score", "noKeywords": "no_keywords", "dnsError": "dns_error",
                  "dnsTimeout": "dns_timeout", "httpError": "http_error", "httpTimeout": "http_timeout"}
        for word, count in summary["counts"].items():
            self.assertEqual(count, self.sums["rejection_reason"].get(counts.get(word, word), 0), word)

    def test_each_fetched_domain_has_the_oracles_numbers(self):
        rows = self.stack.sql(
            "SELECT d.domain_name, d.domain_score, f.kw_unique_count, f.kw_total_occurrences, f.is_parked, f.content_bytes, "
            "f.h1_count, f.link_internal_count, f.link_external_count, round(f.content_richness_score::numeric, 4), d.lead_status "
            "FROM domains d JOIN domain_extraction_features f ON f.campaign_id = d.campaign_id AND f.domain_id = d.offset_index "
            f"WHERE d.campaign_id = '{self.campaign}' AND d.http_status = 'ok' AND f.processing_state = 'ready'")
        self.assertEqual(len(rows), self.sums["funnel"]["httpValid"])
        wrong = []
        for name, score, unique, hits, parked, size, h1, internal, external, richness, lead in rows:
            want = self.expected.of(name)
            got = (float(score), int(unique), int(hits), parked == "t", int(size), int(h1), int(internal), int(external), lead)
            expected = (want["score"], want["kw_unique"], want["kw_hits"], want["parked"], want["content_bytes"],
                        want["h1_count"], want["links_internal"], want["links_external"], want["lead_status"])
            if got != expected or abs(float(richness) - want["richness"]) > 0.0001:
                wrong.append((name, want["class"], got, expected, richness, want["richness"]))
        self.assertEqual(wrong, [])

    def test_counters_equal_a_recount(self):
        recount = self.stack.sql(
            "SELECT count(*), count(*) FILTER (WHERE dns_status = 'ok'), count(*) FILTER (WHERE http_status = 'ok'), "
            f"count(*) FILTER (WHERE lead_status = 'match'), count(*) FILTER (WHERE rejection_reason = 'pending') {self.where()}")
        kept = self.stack.sql("SELECT total_domains, dns_ok, http_ok, lead_match, reject_pending FROM campaign_counters "
                              f"WHERE campaign_id = '{self.campaign}'")
        self.assertEqual(kept, recount)

    def test_events_are_numbered_without_gaps_and_in_pipeline_order(self):
        events = self.stack.sql("SELECT event_number, type, coalesce(phase::text, '') FROM campaign_events "
                                f"WHERE campaign_id = '{self.campaign}' ORDER BY event_number")
        self.assertEqual([int(e[0]) for e in events], list(range(1, len(events) + 1)))
        completed = [e[2] for e in events if e[1] == "phase_completed"]
        self.assertEqual(completed, ["generation", "dns", "http", "analysis", "leads"])
        self.assertEqual(events[-1][1], "campaign_completed")
        self.assertEqual(sum(e[1] == "phase_auto_started" for e in events), 4)

    def test_an_automatic_start_says_the_same_as_its_twin(self):
        rows = self.stack.sql("SELECT s.sequence = a.sequence AND s.payload = a.payload FROM campaign_events s JOIN campaign_events a "
                              "ON a.campaign_id = s.campaign_id AND a.event_number = s.event_number + 1 "
                              f"WHERE s.campaign_id = '{self.campaign}' AND a.type = 'phase_auto_started'")
        self.assertEqual(rows, [["t"]] * 4)

    def test_the_ten_best_leads_come_best_first(self):
        answer = self.stack.grpcurl("DomainService/ListDomains",
                                    {"campaignId": self.campaign, "leadStatus": "LEAD_STATUS_MATCH",
                                     "sort": "DOMAIN_SORT_LEAD_SCORE", "pageSize": 10})
        scores = [d["leadScore"] for d in answer["domains"]]
        best = sorted((self.expected.of(n)["score"] for n in self.names if self.expected.of(n)["lead_status"] == "match"),
                      reverse=True)[:10]
        self.assertEqual(scores, best)
        counted = 'domains_list_server_sort_requests_total{sort_field="lead_score",warnings_filter="any"}'
        self.assertGreaterEqual(self.stack.instances[0].metrics()[counted], 1)

    def test_pages_by_token_list_every_domain_once(self):
        seen, token = [], ""
        while True:
            answer = self.stack.grpcurl("DomainService/ListDomains",
                                        {"campaignId": self.campaign, "pageSize": 400, "pageToken": token})
            seen += [d["domain"] for d in answer["domains"]]
            token = answer["nextPageToken"]
            if not token:
                break
        self.assertEqual(seen, self.names)

    def list_all(self, **request):
        answer = self.stack.grpcurl("DomainService/ListDomains", {"campaignId": self.campaign, "limit": 1000, **request})
        self.assertEqual(answer["total"], len(answer["domains"]))
        return answer["domains"]

    def test_classes_are_those_of_the_oracles_richness(self):
        fetched = {n: self.expected.of(n) for n in self.names if self.expected.of(n)["http_status"] == "ok"}
        seen = 0
        for bucket, least, below in (("HIGH_POTENTIAL", 0.8 + 1e-9, 2), ("EMERGING", 0.6, 0.8 + 1e-9), ("AT_RISK", 0.4, 0.6),
                                     ("LEAD_CANDIDATE", 0.2, 0.4), ("LOW_VALUE", 0, 0.2)):
            domains = self.list_all(bucket=f"DOMAIN_BUCKET_{bucket}", sort="DOMAIN_SORT_DOMAIN")
            want = sorted(n for n, e in fetched.items() if least <= e["richness"] < below)
            self.assertEqual([d["domain"] for d in domains], want, bucket)
            self.assertEqual({d["bucket"] for d in domains} - {f"DOMAIN_BUCKET_{bucket}"}, set())
            seen += len(domains)
        self.assertEqual(seen, len(fetched))

    def test_leads_are_found_by_their_keywords(self):
        leads = self.list_all(leadStatus="LEAD_STATUS_MATCH")
        top = leads[0]["features"]["keywords"]["top3"][0]
        found = self.list_all(keyword=top.upper(), leadStatus="LEAD_STATUS_MATCH")
        self.assertIn(leads[0]["domain"], [d["domain"] for d in found])
        keywords = self.stack.grpcurl("DomainService/ListDomainKeywords",
                                      {"campaignId": self.campaign, "domain": leads[0]["domain"]})["items"]
        self.assertEqual(len(keywords), leads[0]["keywordsUnique"])
        self.assertEqual(sum(k["occurrences"] for k in keywords), leads[0]["keywordHits"])
        weights = [k["effectiveWeight"] for k in keywords]
        self.assertEqual(weights, sorted(weights, reverse=True))

    def test_breakdowns_add_up_to_the_scores(self):
        names = {"density": "keywordDensityWeight", "coverage": "uniqueKeywordCoverageWeight", "nonParked": "nonParkedWeight",
                 "contentLength": "contentLengthQualityWeight", "titleKeyword": "titleKeywordWeight",
                 "freshness": "freshnessWeight", "tfLite": "tfLiteWeight"}
        for domain in self.list_all(minScore=0, sort="DOMAIN_SORT_DOMAIN_SCORE")[:20]:
            answer = self.stack.grpcurl("DomainService/GetScoreBreakdown",
                                        {"campaignId": self.campaign, "domain": domain["domain"]})
            self.assertEqual(answer["state"], "BREAKDOWN_STATE_COMPLETE")
            total = sum(answer["components"][c]["value"] * answer["weights"][w] * 100 for c, w in names.items())
            if answer["evidence"]["parkedPenaltyApplied"]:
                total *= answer["evidence"]["parkedPenaltyFactor"]
            self.assertAlmostEqual(answer["overallScore"], domain["domainScore"] * 100, 6)
            self.assertLessEqual(abs(total - answer["overallScore"]), 0.05 + 1e-9, domain["domain"])

    def test_an_export_has_every_domain_in_order(self):
        answers = self.stack.grpcurl("DomainService/ExportDomains", {"list": {"campaignId": self.campaign}})
        rows = [row for answer in answers for row in answer["rows"]]
        self.assertEqual([row["domain"] for row in rows], self.names)
        self.assertEqual({row["domain"]: row["leadStatus"].removeprefix("LEAD_STATUS_").lower() for row in rows},
                         {n: self.expected.of(n)["lead_status"] for n in self.names})

    def test_the_snapshot_says_completed(self):
        snapshot = self.stack.grpcurl("PhaseService/GetCampaignStatus", {"campaignId": self.campaign})["snapshot"]
        self.assertEqual(snapshot["status"], "CAMPAIGN_STATUS_COMPLETED")
        self.assertEqual(snapshot["overallProgressPercentage"], 100)
        self.assertEqual([p["status"] for p in snapshot["phases"]], ["PHASE_STATUS_COMPLETED"] * 5)

    def test_a_watcher_who_comes_late_replays_every_event(self):
        stored = int(self.stack.sql_value(f"SELECT last_event FROM campaigns WHERE id = '{self.campaign}'"))
        messages = self.stack.watch(self.campaign, after=0, until=lambda m: m.get("eventNumber") == stored)
        self.assertEqual([m["eventNumber"] for m in messages if m.get("eventNumber")], list(range(1, stored + 1)))

    def test_results_of_generation_name_the_offsets(self):
        metrics = json.loads(self.stack.sql_value("SELECT metrics FROM phase_executions WHERE phase = 'generation' "
                                                  f"AND campaign_id = '{self.campaign}'"))
        self.assertEqual((metrics["generated"], metrics["offsetStart"], metrics["truncated"]), (NAMES, 0, False))


if __name__ == "__main__":
    unittest.main()
