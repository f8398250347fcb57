"""Personas and keyword sets through the REST gateway."""

import unittest

from gateway_base import DNS, HTTP, NOBODY, PATTERN, GatewayTest


class Catalog(GatewayTest):
    def test_personas_from_creation_to_removal(self):
        answer = self.call(
            "POST", "/api/v2/personas", {"name": self.name("P"), "personaType": "dns", "configDetails": DNS}, status=201
        )
        persona = answer.body
        path = answer.headers["location"]
        self.assertEqual(path, f"/api/v2/personas/{persona['id']}")
        self.assertEqual(
            set(persona),
            {"id", "name", "personaType", "description", "isEnabled", "configDetails", "createdAt", "updatedAt"},
        )
        self.assertEqual((persona["personaType"], persona["isEnabled"]), ("dns", True))
        self.assertEqual(persona["configDetails"]["resolvers"], ["127.0.0.1:5353"])
        self.assertEqual(self.call("GET", path).body, persona)
        self.assertEqual(self.call("GET", f"/api/v2/personas/dns/{persona['id']}").body, persona)
        self.refused("GET", f"/api/v2/personas/http/{persona['id']}", status=404, code="NOT_FOUND")
        self.refused("GET", f"/api/v2/personas/smtp/{persona['id']}", status=404, code="NOT_FOUND")
        changed = self.call("PUT", path, {"isEnabled": False}).body
        self.assertEqual((changed["isEnabled"], changed["name"]), (False, persona["name"]))
        self.refused("PUT", path, {"personaType": "http"}, status=422, code="VALIDATION_ERROR", field="personaType")
        self.call("DELETE", path, status=204)
        self.refused("GET", path, status=404, code="NOT_FOUND")

    def test_persona_mistakes(self):
        persona = self.create_persona()
        self.refused(
            "POST",
            "/api/v2/personas",
            {"name": persona["name"], "personaType": "dns", "configDetails": DNS},
            status=409,
            code="CONFLICT",
        )
        self.refused(
            "POST",
            "/api/v2/personas",
            {"name": "x", "personaType": "smtp"},
            status=422,
            code="VALIDATION_ERROR",
            field="personaType",
        )
        self.refused(
            "POST",
            "/api/v2/personas",
            {"name": "x", "personaType": "dns", "configDetails": {**DNS, "resolvers": [5]}},
            status=400,
            code="BAD_REQUEST",
        )
        self.refused(
            "POST",
            "/api/v2/personas",
            {"name": "x", "personaType": "dns", "configDetails": DNS, "isDisabled": True},
            status=422,
            code="VALIDATION_ERROR",
            field="isDisabled",
        )
        self.refused("GET", "/api/v2/personas/x", status=400, code="BAD_REQUEST", field="personaId")

    def test_a_persona_in_use_stays(self):
        persona = self.create_persona(HTTP)
        self.create_campaign(
            configuration={
                "maxDomains": 20,
                "patternConfig": {**PATTERN, "personaIds": [persona["id"]], "keywordSetIds": [self.create_set()["id"]]},
            }
        )
        error = self.refused("DELETE", f"/api/v2/personas/{persona['id']}", status=409, code="CONFLICT")
        self.assertEqual(error["reason"], "PERSONA_IN_USE")

    def test_persona_list_filters(self):
        off = self.create_persona(isEnabled=False)["id"]
        on = self.create_persona(HTTP)["id"]
        ids = lambda query: [one["id"] for one in self.call("GET", f"/api/v2/personas?limit=1000&{query}").body]
        self.assertIn(off, ids("isEnabled=false"))
        self.assertNotIn(on, ids("isEnabled=false"))
        self.assertIn(on, ids("isEnabled=true&personaType=http"))
        self.assertNotIn(on, ids("personaType=dns"))
        answer = self.call("GET", "/api/v2/personas?limit=1")
        self.assertEqual(len(answer.body), 1)
        self.assertEqual(
            int(answer.headers["x-total-count"]), int(self.stack.sql_value("SELECT count(*) FROM personas"))
        )
        for query in ("isEnabled=1", "isEnabled=", "personaType=smtp", "onlyEnabled=true", "limit=1001"):
            self.refused("GET", f"/api/v2/personas?{query}", status=400, code="BAD_REQUEST")

    def test_a_persona_is_tried_out(self):
        persona = self.create_persona(DNS | {"queryTimeoutSeconds": 1})
        body = self.call("POST", f"/api/v2/personas/{persona['id']}/test", {"target": "nothing.test"}).body
        self.assertEqual(
            set(body),
            {"personaId", "personaType", "personaName", "success", "testPassed", "message", "testResults", "timestamp"},
        )
        self.assertEqual((body["personaId"], body["personaType"], body["testPassed"]), (persona["id"], "dns", False))
        self.assertEqual(body["testResults"]["target"], "nothing.test")
        self.refused("POST", f"/api/v2/personas/{NOBODY}/test", status=404, code="NOT_FOUND")
        self.refused(
            "POST",
            f"/api/v2/personas/{persona['id']}/test",
            {"target": "not a host"},
            status=422,
            code="VALIDATION_ERROR",
            field="target",
        )

    def test_pages_are_searched_for_keywords(self):
        words = self.create_set()["id"]
        items = [
            {"url": "http://127.0.0.1:1/", "keywordSetId": words},
            {"url": "http://127.0.0.1:1/", "keywordSetId": NOBODY},
        ]
        results = self.call("POST", "/api/v2/extract/keywords", {"items": items}).body["results"]
        self.assertEqual([one["url"] for one in results], [one["url"] for one in items])
        for one in results:
            self.assertLessEqual({"url", "keywordSetIdUsed", "finalURL", "statusCode", "matches", "error"}, set(one))
            self.assertEqual(one["matches"], [])
        self.refused(
            "POST", "/api/v2/extract/keywords", {"items": [items[0]] * 51}, status=422, code="VALIDATION_ERROR"
        )
        for empty in ({"items": []}, {}):
            self.refused(
                "POST", "/api/v2/extract/keywords", empty, status=422, code="VALIDATION_ERROR", field="items"
            )
        self.refused("POST", "/api/v2/extract/keywords", {"items": {}}, status=400, code="BAD_REQUEST", field="items")

    def test_keyword_sets_from_creation_to_removal(self):
        body = {
            "name": self.name("S"),
            "description": "d",
            "isEnabled": False,
            "rules": [
                {
                    "pattern": "5G",
                    "ruleType": "string",
                    "isCaseSensitive": True,
                    "category": "net",
                    "contextChars": 0,
                    "weight": 2.5,
                },
                {"pattern": "telecom"},
            ],
        }
        answer = self.call("POST", "/api/v2/keyword-sets", body, status=201)
        made, path = answer.body, answer.headers["location"]
        self.assertEqual(path, f"/api/v2/keyword-sets/{made['id']}")
        self.assertEqual(
            set(made), {"id", "name", "description", "isEnabled", "rules", "ruleCount", "createdAt", "updatedAt"}
        )
        self.assertEqual((made["isEnabled"], made["ruleCount"]), (False, 2))
        rule = made["rules"][0]
        self.assertEqual(
            {
                name: rule[name]
                for name in ("pattern", "ruleType", "isCaseSensitive", "category", "contextChars", "weight")
            },
            body["rules"][0],
        )
        self.assertEqual((made["rules"][1]["contextChars"], made["rules"][1]["weight"]), (40, 1))
        self.assertEqual(self.call("GET", path).body, made)
        rules = self.call("GET", f"{path}/rules")
        self.assertEqual((rules.body, rules.headers["x-total-count"]), (made["rules"], "2"))
        found = self.call(
            "GET",
            f"/api/v2/keyword-rules?keyword_set_id={made['id']}&rule_type=string&category=net"
            "&is_case_sensitive=true&pattern=5g",
        )
        self.assertEqual(found.body, [rule])
        self.refused("GET", "/api/v2/keyword-rules?rule_type=glob", status=400, code="BAD_REQUEST")
        changed = self.call("PUT", path, {"isEnabled": True}).body
        self.assertEqual((changed["isEnabled"], changed["ruleCount"]), (True, 2))
        self.refused("POST", "/api/v2/keyword-sets", {"name": body["name"]}, status=409, code="CONFLICT")
        self.call("DELETE", path, status=204)
        self.refused("GET", path, status=404, code="NOT_FOUND")

    def test_keyword_rules_are_replaced_by_a_plain_list(self):
        made = self.create_set()
        path = f"/api/v2/keyword-sets/{made['id']}"
        changed = self.call("PUT", path, {"rules": [{"pattern": "telecom"}, {"pattern": "fibre"}]}).body
        self.assertEqual([rule["pattern"] for rule in changed["rules"]], ["telecom", "fibre"])
        self.assertEqual(changed["rules"][0]["id"], made["rules"][0]["id"])
        self.assertEqual(self.call("PUT", path, {"rules": []}).body["ruleCount"], 0)

    def test_keyword_mistakes_are_named_by_rule(self):
        self.refused(
            "POST",
            "/api/v2/keyword-sets",
            {"name": "x", "rules": [{"pattern": "a"}, {"pattern": "b", "weight": 101}]},
            status=422,
            code="VALIDATION_ERROR",
            field="rules[1].weight",
        )
        self.refused(
            "POST",
            "/api/v2/keyword-sets",
            {"name": "x", "rules": [{"pattern": "b", "weight": "1"}]},
            status=400,
            code="BAD_REQUEST",
            field="rules[0].weight",
        )
        self.refused(
            "POST",
            "/api/v2/keyword-sets",
            {"name": "x", "rules": [{"pattern": "b", "ruleType": "glob"}]},
            status=422,
            code="VALIDATION_ERROR",
            field="rules[0].ruleType",
        )

    def test_sets_with_rules_when_asked(self):
        made = self.create_set()
        find = lambda query: next(
            one for one in self.call("GET", f"/api/v2/keyword-sets?limit=1000{query}").body if one["id"] == made["id"]
        )
        self.assertEqual(find("&includeRules=true")["rules"], made["rules"])
        self.assertEqual((find("")["rules"], find("")["ruleCount"]), ([], 1))


if __name__ == "__main__":
    unittest.main()
