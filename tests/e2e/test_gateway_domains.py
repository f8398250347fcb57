"""Discovery, domains and their download through the REST gateway."""

import unittest

from gateway_base import NOBODY, PATTERN, GatewayTest


class Discovery(GatewayTest):
    def test_preview_lineage_and_offset(self):
        pattern = {
            "patternType": "prefix",
            "prefixVariableLength": 2,
            "characterSet": "abc",
            "constantString": self.name("x").replace(" ", "-"),
            "tlds": [".test"],
        }
        answer = self.call("POST", "/api/v2/discovery/preview", {**pattern, "sampleSize": 3})
        self.assertEqual((set(answer.body), answer.body["success"]), ({"success", "requestId", "data"}, True))
        self.assertEqual(answer.body["requestId"], answer.headers["x-request-id"])
        data = answer.body["data"]
        self.assertEqual(
            set(data),
            {
                "configHash",
                "totalCombinations",
                "nextOffset",
                "remaining",
                "exhaustionWarning",
                "sampleDomains",
                "priorCampaigns",
            },
        )
        self.assertEqual((data["totalCombinations"], data["nextOffset"], data["exhaustionWarning"]), (9, 0, True))
        self.assertEqual(
            data["sampleDomains"], [f"{start}{pattern['constantString']}.test" for start in ("aa", "ab", "ac")]
        )
        self.assertEqual(
            self.call("POST", "/api/v2/campaigns/domain-generation/pattern-offset", pattern).body,
            {"currentOffset": 0, "hasState": False},
        )
        huge = self.call(
            "POST",
            "/api/v2/discovery/preview",
            {"patternType": "prefix", "prefixVariableLength": 13, "constantString": "q"},
        )
        self.assertEqual(huge.body["data"]["totalCombinationsText"], "9223372036854775807")
        lineage = self.call("GET", f"/api/v2/campaigns/{self.create_campaign()['id']}/discovery-lineage").body["data"]
        self.assertEqual(
            lineage,
            {"configHash": None, "thisCampaign": {"offsetStart": None, "offsetEnd": None}, "priorCampaigns": []},
        )

    def test_mistakes(self):
        for body, status, field in [
            ({}, 422, "patternType"),
            ({"patternType": "prefix", "prefixVariableLength": 65}, 422, None),
            ({"patternType": "prefix", "sampleSize": 51, "variableLength": 2}, 422, "sampleSize"),
            ({"patternType": 1}, 400, "patternType"),
            ({"tlds": ".com"}, 400, "tlds"),
        ]:
            with self.subTest(body=body):
                code = "BAD_REQUEST" if status == 400 else "VALIDATION_ERROR"
                self.refused("POST", "/api/v2/discovery/preview", body, status=status, code=code, field=field)
        self.refused("GET", f"/api/v2/campaigns/{NOBODY}/discovery-lineage", status=404, code="NOT_FOUND")


class Domains(GatewayTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.stack.gateway.call(
            "POST",
            "/api/v2/campaigns",
            {
                "name": "Domains",
                "configuration": {"maxDomains": 20, "patternConfig": {**PATTERN, "reuseOffsets": True}},
            },
        )
        cls.campaign = answer.body["id"]
        cls.stack.start_generation(cls.campaign)
        cls.stack.wait_phase(cls.campaign, "generation")
        cls.path = f"/api/v2/campaigns/{cls.campaign}/domains"

    def test_a_page_has_its_shape(self):
        answer = self.call("GET", self.path + "?limit=2")
        self.assertEqual(answer.headers["x-domains-sort-version"], "1")
        page = answer.body
        self.assertEqual(set(page), {"campaignId", "items", "total", "aggregates", "pageInfo"})
        self.assertEqual((page["campaignId"], page["total"], len(page["items"])), (self.campaign, 20, 2))
        self.assertEqual(
            page["aggregates"],
            {
                "dns": {"pending": 20, "ok": 0, "error": 0, "timeout": 0},
                "http": {"pending": 20, "ok": 0, "error": 0, "timeout": 0},
                "lead": {"pending": 20, "match": 0, "noMatch": 0, "error": 0, "timeout": 0},
            },
        )
        info = page["pageInfo"]
        self.assertEqual(
            set(info), {"startCursor", "endCursor", "hasNextPage", "sortBy", "sortOrder", "first", "current", "total"}
        )
        self.assertEqual(
            (info["hasNextPage"], info["sortBy"], info["sortOrder"], info["current"]), (True, "offset", "ASC", 2)
        )
        item = page["items"][0]
        self.assertLessEqual(
            {
                "id",
                "domain",
                "offset",
                "createdAt",
                "dnsStatus",
                "dnsReason",
                "httpStatus",
                "httpReason",
                "leadStatus",
                "rejectionReason",
                "domainScore",
                "leadScore",
                "isParked",
                "parkedConfidence",
                "warnings",
                "bucket",
                "isStaleScore",
            },
            set(item),
        )
        self.assertEqual(
            (item["domain"], item["offset"], item["dnsStatus"], item["rejectionReason"], item["domainScore"]),
            ("aaashop.test", 0, "pending", "pending", None),
        )

    def test_cursors_walk_all_of_it(self):
        seen, after = [], ""
        while True:
            page = self.call("GET", f"{self.path}?first=7&sort=domain&dir=desc{after}").body
            seen += [item["domain"] for item in page["items"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = f"&after={page['pageInfo']['endCursor']}"
        self.assertEqual(seen, sorted(set(seen), reverse=True))
        self.assertEqual(len(seen), 20)
        self.refused("GET", f"{self.path}?first=7&sort=domain&dir=asc{after}", status=400, code="BAD_REQUEST")

    def test_every_filter_is_read(self):
        for query, count in [
            ("dnsStatus=pending", 20),
            ("dnsStatus=ok", 0),
            ("httpStatus=timeout", 0),
            ("leadStatus=no_match", 0),
            ("rejectionReason=pending,parked", 20),
            ("rejectionReason=parked", 0),
            ("dnsReason=nxdomain", 0),
            ("httpReason=TIMEOUT", 0),
            ("minScore=0.5", 0),
            ("notParked=true", 20),
            ("hasContact=true", 0),
            ("keyword=tele", 0),
            ("warnings=has", 0),
            ("search=AAASHOP", 1),
            ("limit=5&offset=18", 20),
        ]:
            with self.subTest(query=query):
                self.assertEqual(self.call("GET", f"{self.path}?{query}").body["total"], count)
        for sort in (
            "offset",
            "domain",
            "createdAt",
            "richness_score",
            "microcrawl_gain",
            "keywords_unique",
            "domain_score",
            "lead_score",
        ):
            self.assertEqual(self.call("GET", f"{self.path}?sort={sort}").body["pageInfo"]["sortBy"], sort)

    def test_download_has_every_row_that_passes(self):
        answer = self.call("GET", f"{self.path}/export")
        self.assertTrue(answer.headers["content-type"].startswith("text/csv"))
        self.assertIn("attachment", answer.headers["content-disposition"])
        lines = answer.body.split("\r\n")
        self.assertEqual(
            lines[0],
            "domain,dnsStatus,httpStatus,leadStatus,rejectionReason,domainScore,richness,keywordsUnique,top3,title",
        )
        self.assertEqual(lines[1], "aaashop.test,pending,pending,pending,pending,,,,,")
        self.assertEqual((len(lines), lines[-1]), (22, ""))
        rows = self.call("GET", f"{self.path}/export?format=json&sort=domain&dir=desc&dnsStatus=pending").body
        self.assertEqual([row["domain"] for row in rows], sorted((row["domain"] for row in rows), reverse=True))
        self.assertEqual((len(rows), rows[0]["domainScore"], rows[0]["top3"]), (20, None, []))
        self.assertEqual(self.call("GET", f"{self.path}/export?format=json&dnsStatus=ok").body, [])
        for query in ("format=xml", "limit=5", "first=5", "dnsStatus=good", "nonsense=1"):
            self.refused("GET", f"{self.path}/export?{query}", status=400, code="BAD_REQUEST")
        self.refused("GET", f"/api/v2/campaigns/{NOBODY}/domains/export", status=404, code="NOT_FOUND")
        self.refused("GET", "/api/v2/campaigns/x/domains/export", status=400, code="BAD_REQUEST", field="campaignId")
        self.refused("POST", f"{self.path}/export", status=405, code="METHOD_NOT_ALLOWED")

    def test_no_wrong_parameter_is_passed_over(self):
        for query in (
            "limit=0",
            "limit=1001",
            "first=0",
            "first=1001",
            "offset=-1",
            "first=5&limit=5",
            "first=5&offset=0",
            "after=garbage",
            "after=%00",
            "limit=0x1.8p1",
            "dnsStatus=OK",
            "httpStatus=",
            "leadStatus=lead",
            "rejectionReason=parked,,",
            "minScore=101",
            "minScore=-1",
            "minScore=NaN",
            "notParked=yes",
            "hasContact=1",
            "warnings=some",
            "bucket=best",
            "sort=size",
            "dir=ASC",
            "cursor=x",
            "pageToken=x",
        ):
            with self.subTest(query=query):
                error = self.refused("GET", f"{self.path}?{query}", status=400, code="BAD_REQUEST")
                self.assertIn(error["details"][0]["field"], query)  # as the caller wrote it


if __name__ == "__main__":
    unittest.main()
