"""What callers ask about patterns, campaigns and personas around a run, compared with the lab's rule and with the run."""
import json
import unittest

from stack import PATTERN, CallFailed, Stack

from labkit import rule  # noqa: E402, stack adds its folder to the path

NAMES = 400


def pattern_request(**changed):
    """The stack's pattern as DiscoveryService takes it."""
    return {"patternType": PATTERN["type"], "prefixVariableLength": PATTERN["prefixVariableLength"],
            "characterSet": PATTERN["charset"], "constantString": PATTERN["constant"], "tlds": PATTERN["tlds"], **changed}


class AroundARun(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()
        cls.personas = [cls.stack.create_persona("dns"), cls.stack.create_persona("http")]
        cls.sets = [cls.stack.create_keyword_set()]
        cls.fresh = cls.preview()
        cls.campaign = cls.stack.create_campaign(NAMES, personas=cls.personas, keyword_sets=cls.sets, reuseOffsets=False)
        cls.stack.start_generation(cls.campaign)
        cls.stack.wait_campaign(cls.campaign)

    @classmethod
    def preview(cls, **changed):
        return cls.stack.grpcurl("DiscoveryService/PreviewPattern", pattern_request(**changed))["data"]

    def ask(self, method, **request):
        return self.stack.grpcurl(method, {"campaignId": self.campaign, **request})

    # patterns

    def test_a_preview_shows_what_generation_makes_next(self):
        self.assertEqual(self.fresh["nextOffset"], "0")
        self.assertEqual(self.fresh["totalCombinations"], str(26 ** 4 * 2))
        self.assertEqual(self.fresh["sampleDomains"], self.stack.names(5))
        self.assertFalse(self.fresh["exhaustionWarning"])
        now = self.preview(sampleSize=50)
        self.assertEqual(now["configHash"], self.fresh["configHash"])
        self.assertEqual(now["nextOffset"], str(NAMES))
        self.assertEqual(now["remaining"], str(26 ** 4 * 2 - NAMES))
        self.assertEqual(now["sampleDomains"], self.stack.names(NAMES + 50)[NAMES:])
        offset = self.stack.grpcurl("DiscoveryService/GetPatternOffset", pattern_request())
        self.assertEqual(offset, {"currentOffset": str(NAMES - 1), "hasState": True})
        later = self.stack.create_campaign(50, mode="step_by_step", personas=self.personas, keyword_sets=self.sets,
                                           reuseOffsets=False)
        self.stack.start_generation(later)
        self.stack.wait_phase(later, "generation")
        rows = self.stack.sql(f"SELECT domain_name FROM domains WHERE campaign_id = '{later}' ORDER BY offset_index")
        self.assertEqual([row[0] for row in rows], now["sampleDomains"])
        lineage = self.stack.grpcurl("DiscoveryService/GetDiscoveryLineage", {"campaignId": later})["data"]
        self.assertEqual(lineage["thisCampaign"], {"offsetStart": str(NAMES), "offsetEnd": str(NAMES + 49)})
        self.assertEqual([prior["id"] for prior in lineage["priorCampaigns"]], [self.campaign])
        self.assertEqual([prior["id"] for prior in self.preview()["priorCampaigns"]], [later, self.campaign])

    def test_a_prior_campaign_comes_with_what_became_of_it(self):
        prior = [p for p in self.preview()["priorCampaigns"] if p["id"] == self.campaign][0]
        funnel = self.ask("InsightService/GetFunnel")
        self.assertEqual(prior["offsetRange"], {"start": "0", "end": str(NAMES - 1)})
        self.assertEqual(prior["stats"], {"domainsGenerated": NAMES, "dnsValid": funnel["dnsValid"],
                                          "keywordMatches": funnel["keywordHits"], "leads": funnel["leads"],
                                          "completeness": "COMPLETENESS_COMPLETE"})
        self.assertEqual(self.ask("DiscoveryService/GetDiscoveryLineage")["data"]["priorCampaigns"], [])

    def test_the_same_words_are_refused_as_everywhere(self):
        with self.assertRaises(CallFailed) as caught:
            self.preview(characterSet="a!", tlds=["x"], sampleSize=51)
        self.assertEqual(caught.exception.code, "InvalidArgument")
        for field in ("characterSet", "tlds[0]", "sampleSize"):
            self.assertIn(field, str(caught.exception))

    # the campaign

    def test_progress_of_a_finished_campaign(self):
        progress = self.ask("CampaignService/GetCampaignProgress")
        counters = self.ask("CampaignService/GetCampaign")["campaign"]["progress"]
        self.assertEqual(progress["overall"], {"status": "CAMPAIGN_STATUS_COMPLETED", **counters})
        self.assertEqual(counters["totalDomains"], NAMES)
        self.assertEqual(counters["processedDomains"], NAMES)
        for phase in ("generation", "dns", "http", "analysis", "leads"):
            with self.subTest(phase=phase):
                report = progress["phases"][phase]
                self.assertEqual((report["status"], report["percentComplete"]), ("PHASE_STATUS_COMPLETED", 100))
                self.assertEqual(report["itemsProcessed"], report["itemsTotal"])
                self.assertGreaterEqual(report["duration"], 0)
        types = [entry["type"] for entry in progress["timeline"]]
        self.assertEqual(types[0], "phase_started")
        self.assertEqual(types.count("phase_completed"), 5)
        self.assertEqual(types[-1], "campaign_completed")
        numbers = [entry["sequence"] for entry in progress["timeline"]]
        self.assertEqual(numbers, sorted(numbers))

    def test_one_read_is_what_several_reads_are(self):
        whole = self.ask("CampaignService/GetEnrichedCampaign")
        self.assertEqual(whole["campaign"], self.ask("CampaignService/GetCampaign")["campaign"])
        self.assertEqual(whole["state"], self.ask("CampaignService/GetCampaignState")["state"])
        runs = self.ask("PhaseService/ListPhaseExecutions")
        self.assertEqual(whole["phaseExecutions"], runs["executions"])
        self.assertEqual(runs["totalSize"], 5)
        for run in runs["executions"]:
            one = self.ask("PhaseService/GetPhaseExecution", phase=run["phase"])["execution"]
            self.assertEqual(one, run)
            self.assertEqual(run["progressPercentage"], 100)
        configs = json.loads(self.ask("PhaseService/ListPhaseConfigs")["configs"])
        self.assertEqual(sorted(configs), ["dns", "generation", "http"])
        self.assertEqual(configs["generation"]["numDomainsToGenerate"], NAMES)

    # personas

    def name_of(self, kind):
        return next(name for name in self.stack.names(3000) if rule.classify(name)[0].name == kind)

    def test_personas_are_tried_out_on_the_lab(self):
        for kind, resolves in (("page", True), ("page_alias", True), ("nxdomain", False), ("noanswer", False)):
            with self.subTest(kind=kind):
                name = self.name_of(kind)
                answer = self.stack.grpcurl("PersonaService/TestPersona",
                                            {"personaId": self.personas[0], "target": name})
                results = json.loads(answer["testResults"])
                self.assertTrue(answer["success"])
                self.assertEqual(answer["testPassed"], resolves, answer)
                if resolves:
                    self.assertEqual(results["addresses"][0], rule.address(*rule.classify(name)))
                else:
                    self.assertEqual(results["reason"], kind.upper())
        for kind, reason in (("page", ""), ("page_http_only", ""), ("redirect_away", ""), ("status_404", "NOT_FOUND"),
                             ("redirect_private", "ERROR")):
            with self.subTest(kind=kind):
                answer = self.stack.grpcurl("PersonaService/TestPersona",
                                            {"personaId": self.personas[1], "target": self.name_of(kind)})
                results = json.loads(answer["testResults"])
                self.assertEqual((answer["testPassed"], results["reason"]), (not reason, reason), answer)

    def test_pages_are_searched_as_the_http_phase_searches_them(self):
        names = [name for name in self.stack.names(NAMES) if rule.classify(name)[0].name in ("page", "page_plain")][:20]
        names += [self.name_of(kind) for kind in ("nxdomain", "status_403")]
        items = [{"url": f"https://{name}/", "keywordSetId": self.sets[0], "httpPersonaId": self.personas[1],
                  "dnsPersonaId": self.personas[0]} for name in names]
        results = self.stack.grpcurl("KeywordSetService/ExtractKeywords", {"items": items})["results"]
        self.assertEqual([result["url"] for result in results], [item["url"] for item in items])
        self.assertTrue(results[-2]["error"].startswith("DNS_RESOLVE_ERROR"), results[-2])
        self.assertTrue(results[-1]["error"].startswith("FORBIDDEN"), results[-1])
        self.assertEqual(results[-1]["statusCode"], 403)
        found = {name: int(count) for name, count in self.stack.sql(
            "SELECT domain_name, kw_unique_count FROM domain_extraction_features"
            f" WHERE campaign_id = '{self.campaign}' AND processing_state = 'ready'")}
        for name, result in zip(names[:-2], results):
            with self.subTest(name=name):
                self.assertEqual(result["error"], "")
                self.assertEqual(result["statusCode"], 200)
                self.assertEqual(len(result["matches"]), found[name])
                for match in result["matches"]:
                    self.assertIn(match["matchedText"].lower(), match["contexts"][0].lower())


class Restarts(unittest.TestCase):
    def test_answers_of_restarts_name_what_runs_again(self):
        with Stack() as stack:
            campaign = stack.create_campaign(60)
            stack.start_generation(campaign)
            stack.wait_campaign(campaign)
            answer = stack.grpcurl("PhaseService/RestartAnalysis", {"campaignId": campaign})
            self.assertEqual(answer["campaignId"], campaign)
            self.assertEqual((answer["previousState"], answer["currentState"]),
                             ("PHASE_STATUS_COMPLETED", "PHASE_STATUS_IN_PROGRESS"))
            self.assertEqual(answer["state"]["phase"], "PHASE_ANALYSIS")
            self.assertFalse(answer["idempotent"])
            self.assertTrue(answer["message"] and answer["timestamp"])
            stack.wait_campaign(campaign)
            answer = stack.grpcurl("CampaignService/RestartCampaign", {"campaignId": campaign})
            self.assertEqual(answer["skippedPhases"], ["PHASE_GENERATION"])
            self.assertEqual(answer["phasesRestarted"], ["PHASE_DNS", "PHASE_HTTP", "PHASE_ANALYSIS", "PHASE_LEADS"])
            self.assertEqual(answer["restartErrors"], [])
            stack.wait_campaign(campaign)
            state = stack.grpcurl("CampaignService/GetCampaignState", {"campaignId": campaign})["state"]
            request = {"campaignId": campaign, "currentState": "CAMPAIGN_STATUS_ARCHIVED", "version": state["version"]}
            with self.assertRaises(CallFailed) as caught:
                stack.grpcurl("CampaignService/SetCampaignState", {**request, "version": state["version"] - 1})
            self.assertIn("VERSION_MISMATCH", str(caught.exception))
            archived = stack.grpcurl("CampaignService/SetCampaignState", request)["state"]
            self.assertEqual(archived["currentState"], "CAMPAIGN_STATUS_ARCHIVED")
            with self.assertRaises(CallFailed) as caught:
                stack.grpcurl("CampaignService/RestartCampaign", {"campaignId": campaign})
            self.assertIn("INVALID_STATE", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
