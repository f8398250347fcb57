"""Campaigns and phases through the REST gateway: shapes, status codes and headers of
docs/spec/06-rest-contract.md."""

import unittest
import uuid

from gateway_base import HTTP, NOBODY, PATTERN, TIME, UUID, GatewayTest


class Campaigns(GatewayTest):
    def test_create_answers_201_with_the_campaign_and_where_it_is(self):
        answer = self.call(
            "POST",
            "/api/v2/campaigns",
            {
                "name": self.name("Telecom"),
                "mode": "full_sequence",
                "configuration": {
                    "maxDomains": 20,
                    "patternConfig": {**PATTERN, "projectionEstimate": {"totalCombinations": 35152}},
                },
            },
            status=201,
        )
        campaign = answer.body
        self.assertEqual(answer.headers["location"], f"/api/v2/campaigns/{campaign['id']}")
        self.assertEqual(
            set(campaign),
            {
                "id",
                "userId",
                "name",
                "description",
                "status",
                "mode",
                "configuration",
                "currentPhase",
                "progress",
                "createdAt",
                "updatedAt",
                "lastSequence",
                "version",
            },
        )
        self.assertRegex(campaign["id"], UUID)
        self.assertRegex(campaign["createdAt"], TIME)
        self.assertEqual(
            (campaign["status"], campaign["mode"], campaign["currentPhase"]), ("draft", "full_sequence", "generation")
        )
        self.assertEqual(
            campaign["progress"],
            {
                "totalDomains": 0,
                "processedDomains": 0,
                "successfulDomains": 0,
                "failedDomains": 0,
                "percentComplete": 0,
            },
        )
        pattern = campaign["configuration"]["patternConfig"]
        self.assertLessEqual(
            {
                "type",
                "constant",
                "prefixVariableLength",
                "suffixVariableLength",
                "charset",
                "targetDomains",
                "tlds",
                "keywordSetIds",
                "personaIds",
                "crawlDepth",
                "offsetStart",
                "reuseOffsets",
                "totalCombinations",
                "configHash",
                "projectionEstimate",
            },
            set(pattern),
        )
        self.assertEqual(pattern["totalCombinations"], 36**3)
        self.assertEqual(self.call("GET", answer.headers["location"]).body, campaign)

    def test_create_takes_the_pattern_at_top_level_too(self):
        body = {"name": self.name("Top"), "configuration": {"maxDomains": 20}, "patternConfig": PATTERN}
        self.assertEqual(
            self.call("POST", "/api/v2/campaigns", body, status=201).body["configuration"]["patternConfig"]["constant"],
            "shop",
        )

    def test_create_names_every_wrong_value(self):
        error = self.refused(
            "POST",
            "/api/v2/campaigns",
            {
                "mode": "step_by_step",
                "configuration": {"patternConfig": {"type": "prefix", "variableLength": 3, "tlds": [".ok", "no!"]}},
            },
            status=422,
            code="VALIDATION_ERROR",
            field="configuration.patternConfig.tlds[1]",
        )
        codes = {detail["field"]: detail["code"] for detail in error["details"]}
        self.assertEqual(codes["name"], "REQUIRED_FIELD")
        self.assertEqual(codes["configuration.patternConfig.tlds[1]"], "VALIDATION_ERROR")

    def test_a_wrong_type_is_400_and_a_wrong_value_422(self):
        for body, status, field in [
            ({"name": 5}, 400, "name"),
            ({"name": None}, 400, "name"),
            ({"name": ["x"]}, 400, "name"),
            ({"name": "x", "mode": 1}, 400, "mode"),
            ({"name": "x", "mode": "auto"}, 422, "mode"),
            ({"name": "x", "mode": "CAMPAIGN_MODE_FULL_SEQUENCE"}, 422, "mode"),
            ({"name": "x", "nonsense": 1}, 422, "nonsense"),
            ({"name": "x" * 256}, 422, "name"),
            ({"name": "x", "configuration": {"maxDomains": 0}}, 422, "configuration.maxDomains"),
            (
                {"name": "x", "configuration": {"patternConfig": {**PATTERN, "speling": 1}}},
                422,
                "configuration.patternConfig.speling",
            ),
            ({"name": "x", "scoringProfileId": "x"}, 422, "scoringProfileId"),
            ({"name": "x", "scoringProfileId": 1}, 400, "scoringProfileId"),
        ]:
            with self.subTest(body=body):
                code = "BAD_REQUEST" if status == 400 else "VALIDATION_ERROR"
                self.refused("POST", "/api/v2/campaigns", body, status=status, code=code, field=field)

    def test_what_is_not_json_is_400(self):
        deep = b'{"name":"x","configuration":' + b"[" * 40 + b"]" * 40 + b"}"
        for raw in [
            b"{",
            b"[]",
            b'"x"',
            b"nul",
            b"{'name':1}",
            b'{"name":"a","name":"b"}',
            b'{"name":"x"} x',
            b'{"name":"\xff"}',
            b'{"name":"\\ud800"}',
            b'{"name":NaN}',
            b'{"configuration":{"a":1,"a":2}}',
            deep,
            b"\xef\xbb\xbf{}",
        ]:
            with self.subTest(raw=raw):
                self.refused("POST", "/api/v2/campaigns", raw=raw, status=400, code="BAD_REQUEST")

    def test_list_pages_filters_and_counts(self):
        mine = self.name("Needle")
        made = [self.create_campaign(name=f"{mine} {letter}")["id"] for letter in "abc"]
        search = f"/api/v2/campaigns?search={mine.replace(' ', '%20')}"
        answer = self.call("GET", search)
        self.assertEqual([one["id"] for one in answer.body], made[::-1])
        self.assertEqual(answer.headers["x-total-count"], "3")
        answer = self.call("GET", search + "&sort=name&dir=asc&limit=1&offset=1&status=draft")
        self.assertEqual([one["id"] for one in answer.body], [made[1]])
        self.assertEqual(answer.headers["x-total-count"], "3")

    def test_list_refuses_bad_parameters(self):
        for query in [
            "limit=0",
            "limit=1001",
            "limit=x",
            "limit=",
            "limit=1.5",
            "offset=-1",
            "status=asleep",
            "status=DRAFT",
            "sort=size",
            "dir=up",
            "nonsense=1",
            "limit=1&limit=2",
            "pageToken=x",
            "limit=%zz",
        ]:
            with self.subTest(query=query):
                self.refused("GET", f"/api/v2/campaigns?{query}", status=400, code="BAD_REQUEST")
        self.call("GET", "/api/v2/campaigns?limit=1000&offset=0")

    def test_update_changes_name_and_description_only(self):
        campaign = self.create_campaign()
        path = f"/api/v2/campaigns/{campaign['id']}"
        changed = self.call("PUT", path, {"description": "new"}).body
        self.assertEqual((changed["name"], changed["description"]), (campaign["name"], "new"))
        self.refused(
            "PUT",
            path,
            {"configuration": {"maxDomains": 5}},
            status=422,
            code="VALIDATION_ERROR",
            field="configuration",
        )
        self.refused("PUT", path, {"name": ""}, status=422, code="VALIDATION_ERROR", field="name")
        self.refused("PUT", path, {"campaignId": NOBODY}, status=422, code="VALIDATION_ERROR", field="campaignId")

    def test_delete_answers_204_and_then_404(self):
        path = f"/api/v2/campaigns/{self.create_campaign()['id']}"
        self.call("DELETE", path, status=204)
        self.refused("DELETE", path, status=404, code="NOT_FOUND")
        self.refused("GET", path, status=404, code="NOT_FOUND")

    def test_duplicate_answers_201(self):
        campaign = self.create_campaign()
        answer = self.call("POST", f"/api/v2/campaigns/{campaign['id']}/duplicate", status=201)
        self.assertEqual(answer.headers["location"], f"/api/v2/campaigns/{answer.body['id']}")
        self.assertEqual(
            (answer.body["name"], answer.body["duplicatedFrom"]), (campaign["name"] + " (Copy)", campaign["id"])
        )
        named = self.call("POST", f"/api/v2/campaigns/{campaign['id']}/duplicate", {"name": "Mine"}, status=201)
        self.assertEqual(named.body["name"], "Mine")

    def test_mode(self):
        campaign = self.create_campaign()["id"]
        path = f"/api/v2/campaigns/{campaign}/mode"
        body = self.call("PUT", path, {"mode": "full_sequence"}).body
        self.assertEqual(
            (set(body), body["mode"], body["campaignId"]),
            ({"mode", "campaignId", "updatedAt"}, "full_sequence", campaign),
        )
        self.refused("PUT", path, {"mode": "auto"}, status=400, code="BAD_REQUEST", field="mode")
        self.refused("PUT", path, {}, status=400, code="BAD_REQUEST", field="mode")

    def test_state_is_read_and_archived(self):
        campaign = self.create_campaign()["id"]
        path = f"/api/v2/campaigns/{campaign}/state"
        state = self.call("GET", path).body
        self.assertEqual(
            set(state), {"campaignId", "currentState", "mode", "configuration", "version", "createdAt", "updatedAt"}
        )
        self.refused(
            "PUT", path, {"currentState": "archived", "version": state["version"] + 1}, status=409, code="CONFLICT"
        )
        self.refused(
            "PUT", path, {"currentState": "running", "version": state["version"]}, status=422, code="VALIDATION_ERROR"
        )
        self.assertEqual(
            self.call("PUT", path, {"currentState": "archived", "version": state["version"]}).body["currentState"],
            "archived",
        )
        self.refused("PUT", f"/api/v2/campaigns/{campaign}", {"name": "x"}, status=409, code="INVALID_STATE")

    def test_enriched_progress_and_configs(self):
        campaign = self.create_campaign()["id"]
        enriched = self.call("GET", f"/api/v2/campaigns/{campaign}/enriched").body
        self.assertEqual(set(enriched), {"campaign", "state", "phaseExecutions"})
        progress = self.call("GET", f"/api/v2/campaigns/{campaign}/progress").body
        self.assertEqual(set(progress), {"campaignId", "overall", "phases", "timeline"})
        self.assertEqual(list(progress["phases"]), ["generation", "dns", "http", "analysis", "leads"])
        self.assertEqual(
            set(progress["overall"]),
            {"status", "percentComplete", "totalDomains", "processedDomains", "successfulDomains", "failedDomains"},
        )
        configs = self.call("GET", f"/api/v2/campaigns/{campaign}/configs").body
        self.assertEqual((configs["campaignId"], list(configs["configs"])), (campaign, ["generation"]))

    def test_every_route_of_a_campaign_knows_bad_and_unknown_ids(self):
        for method, rest in [
            ("GET", ""),
            ("PUT", ""),
            ("DELETE", ""),
            ("POST", "/duplicate"),
            ("GET", "/enriched"),
            ("PUT", "/mode"),
            ("GET", "/state"),
            ("POST", "/stop"),
            ("POST", "/restart"),
            ("GET", "/progress"),
            ("GET", "/status"),
            ("GET", "/phases/dns/status"),
            ("POST", "/phases/dns/configure"),
            ("POST", "/phases/dns/start"),
            ("POST", "/phases/dns/pause"),
            ("POST", "/phases/dns/resume"),
            ("POST", "/phases/dns/stop"),
            ("POST", "/phases/analysis/restart"),
            ("GET", "/configs"),
            ("GET", "/phase-executions"),
            ("GET", "/phase-executions/dns"),
            ("GET", "/domains"),
            ("GET", "/funnel"),
            ("GET", "/rejection-summary"),
        ]:
            body = (
                {"mode": "full_sequence"}
                if rest == "/mode"
                else (
                    {"configuration": {}} if rest.endswith("configure") else None if method in ("GET", "DELETE") else {}
                )
            )
            with self.subTest(method=method, rest=rest):
                self.refused(method, f"/api/v2/campaigns/{NOBODY}{rest}", body, status=404, code="NOT_FOUND")
                self.refused(
                    method,
                    f"/api/v2/campaigns/not-a-uuid{rest}",
                    body,
                    status=400,
                    code="BAD_REQUEST",
                    field="campaignId",
                )


class Phases(GatewayTest):
    def test_status_is_a_snapshot_that_is_never_stored(self):
        campaign = self.create_campaign()["id"]
        answer = self.call("GET", f"/api/v2/campaigns/{campaign}/status")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        snapshot = answer.body
        self.assertEqual(
            [(p["phase"], p["key"]) for p in snapshot["phases"]],
            [(name, name) for name in ("generation", "dns", "http", "analysis", "leads")],
        )
        self.assertEqual(snapshot["overallProgress"], snapshot["overallProgressPercentage"])
        self.assertIsNone(snapshot["controlPhase"])
        self.assertIsNone(snapshot["errorMessage"])
        self.assertIsNone(snapshot["phases"][0]["errorDetails"])
        self.assertIsNone(snapshot["phases"][0]["errorMessage"])
        self.assertNotIn("startedAt", snapshot["phases"][0])

    def test_phase_status_has_its_shape(self):
        campaign = self.create_campaign()["id"]
        state = self.call("GET", f"/api/v2/campaigns/{campaign}/phases/generation/status").body
        self.assertLessEqual(
            {"phase", "status", "configuration", "runtimeControls", "progress", "errors", "lastSequence"}, set(state)
        )
        self.assertEqual(
            state["runtimeControls"], {"canPause": False, "canResume": False, "canStop": False, "canRestart": False}
        )
        self.assertEqual(
            set(state["progress"]),
            {"totalItems", "processedItems", "successfulItems", "failedItems", "percentComplete"},
        )

    def test_an_unknown_phase_is_400(self):
        campaign = self.create_campaign()["id"]
        for word in ["nonsense", "PHASE_DNS", "2", "unspecified", "dns%20", "dnsvalidation"]:
            self.refused(
                "GET",
                f"/api/v2/campaigns/{campaign}/phases/{word}/status",
                status=400,
                code="BAD_REQUEST",
                field="phase",
            )

    def test_a_phase_has_other_names(self):
        campaign = self.create_campaign()["id"]
        for word, phase in [
            ("discovery", "generation"),
            ("Domain-Generation", "generation"),
            ("DNS", "dns"),
            ("validation", "dns"),
            ("dns_validation", "dns"),
            ("extraction", "http"),
            ("http-validation", "http"),
            ("HTTP_KEYWORD_VALIDATION", "http"),
            ("Analysis", "analysis"),
            ("enrichment", "leads"),
            ("lead-enrichment", "leads"),
        ]:
            with self.subTest(word=word):
                state = self.call("GET", f"/api/v2/campaigns/{campaign}/phases/{word}/status").body
                self.assertEqual(state["phase"], phase)

    def test_configure_merges_personas_and_sets(self):
        campaign, persona, words = (
            self.create_campaign()["id"],
            self.create_persona(HTTP)["id"],
            self.create_set()["id"],
        )
        path = f"/api/v2/campaigns/{campaign}/phases/http/configure"
        state = self.call(
            "POST", path, {"configuration": {}, "personaIds": {"httpPersonaId": persona}, "keywordSetIds": [words]}
        ).body
        self.assertEqual(state["configuration"]["personaIds"], [persona])
        self.assertEqual(state["configuration"]["keywordSetIds"], [words])
        self.refused("POST", path, {"configuration": {"personaIds": [NOBODY]}}, status=422, code="VALIDATION_ERROR")
        self.refused(
            "POST",
            path,
            {"personaIds": {"httpPersonaId": "x"}},
            status=400,
            code="BAD_REQUEST",
            field="personaIds.httpPersonaId",
        )
        self.refused("POST", path, {"personaIds": [persona]}, status=400, code="BAD_REQUEST", field="personaIds")
        self.refused("POST", path, {"configuration": "x"}, status=400, code="BAD_REQUEST")

    def test_conflicts_carry_what_clients_decide_by(self):
        campaign = self.create_campaign()["id"]
        phases = f"/api/v2/campaigns/{campaign}/phases"
        error = self.refused("POST", f"{phases}/dns/start", status=409, code="RERUN_PRECONDITION_FAILED")
        self.assertEqual(
            {name: error[name] for name in ("current_state", "attempted_action", "reason", "blocking_phase")},
            {
                "current_state": "not_started",
                "attempted_action": "start",
                "reason": "predecessor_incomplete",
                "blocking_phase": "generation",
            },
        )
        error = self.refused(
            "POST",
            f"{phases}/generation/start",
            {"expectedState": "paused"},
            status=409,
            code="EXPECTED_STATE_MISMATCH",
        )
        self.assertEqual((error["expected_state"], error["current_state"]), ("paused", "configured"))
        self.assertEqual(error["message"], "Expected state 'paused' but current state is 'configured'; cannot start")
        self.refused("POST", f"{phases}/generation/pause", status=409, code="NO_CONTROL_PHASE")
        self.refused("POST", f"{phases}/generation/stop", status=409, code="INVALID_PHASE_TRANSITION")
        self.refused("POST", f"/api/v2/campaigns/{campaign}/stop", status=409, code="NO_CONTROL_PHASE")
        self.refused("POST", f"/api/v2/campaigns/{campaign}/restart", status=409, code="RERUN_PRECONDITION_FAILED")
        error = self.refused("POST", f"{phases}/analysis/restart", status=409, code="RERUN_PRECONDITION_FAILED")
        self.assertEqual(error["currentState"], error["current_state"])
        self.assertIn("requiredState", error)
        full = self.create_campaign(mode="full_sequence")["id"]
        error = self.refused(
            "POST", f"/api/v2/campaigns/{full}/phases/generation/start", status=409, code="PHASE_CONFIG_MISSING"
        )
        self.assertEqual(error["missingPhases"], ["dns", "http"])

    def test_expected_state_in_query_or_body(self):
        phases = f"/api/v2/campaigns/{self.create_campaign()['id']}/phases/generation"
        for word in ("asleep", "", "PHASE_STATUS_PAUSED"):
            self.refused("POST", f"{phases}/pause?expected_state={word}", status=400, code="BAD_REQUEST")
            self.refused(
                "POST",
                f"{phases}/start",
                {"expectedState": word},
                status=400,
                code="BAD_REQUEST",
                field="expectedState",
            )
        error = self.refused(
            "POST", f"{phases}/resume?expected_state=running", status=409, code="EXPECTED_STATE_MISMATCH"
        )
        self.assertEqual(error["expected_state"], "in_progress")  # running is read as in_progress
        self.refused("POST", f"{phases}/pause?expectedState=paused", status=409, code="EXPECTED_STATE_MISMATCH")
        self.refused("POST", f"{phases}/stop?expected_state=paused", status=400, code="BAD_REQUEST")

    def test_a_run_from_start_to_its_record(self):
        campaign = self.create_campaign()["id"]
        path = f"/api/v2/campaigns/{campaign}"
        self.refused("GET", f"{path}/phase-executions/generation", status=404, code="NOT_FOUND")
        self.assertEqual(self.call("POST", f"{path}/phases/generation/start").body["status"], "in_progress")
        self.stack.wait_phase(campaign, "generation")
        runs = self.call("GET", f"{path}/phase-executions")
        self.assertEqual(runs.headers["x-total-count"], "1")
        run = self.call("GET", f"{path}/phase-executions/generation").body
        self.assertEqual(runs.body, [run])
        self.assertLessEqual(
            {
                "id",
                "campaignId",
                "phaseType",
                "status",
                "startedAt",
                "completedAt",
                "progressPercentage",
                "totalItems",
                "processedItems",
                "successfulItems",
                "failedItems",
                "configuration",
                "errorDetails",
                "metrics",
                "createdAt",
                "updatedAt",
            },
            set(run),
        )
        self.assertEqual(
            (run["phaseType"], run["status"], run["progressPercentage"], run["processedItems"]),
            ("generation", "completed", 100, 20),
        )
        funnel = self.call("GET", f"{path}/funnel").body
        self.assertEqual(
            funnel,
            {
                "generated": 20,
                "dnsValid": 0,
                "httpValid": 0,
                "keywordHits": 0,
                "analyzed": 0,
                "highPotential": 0,
                "leads": 0,
            },
        )
        summary = self.call("GET", f"{path}/rejection-summary").body
        self.assertNotIn("auditNote", summary)
        self.assertEqual(
            (summary["counts"]["pending"], summary["totals"]["total"], summary["balanced"]), (20, 20, True)
        )
        answer = self.call("GET", f"{path}/domains")
        self.assertEqual(answer.headers["x-domains-sort-version"], "1")
        self.refused("POST", f"{path}/phases/generation/start", status=409, code="INVALID_STATE")

    def test_idempotency_key_replays_success_and_refusal(self):
        campaign = self.create_campaign()["id"]
        for header in ("X-Idempotency-Key", "idempotency-key"):
            key = [(header, str(uuid.uuid4()))]
            first = self.call("POST", f"/api/v2/campaigns/{campaign}/duplicate", status=201, headers=key)
            again = self.call("POST", f"/api/v2/campaigns/{campaign}/duplicate", status=201, headers=key)
            self.assertNotIn("x-idempotent-replay", first.headers)
            self.assertEqual((again.headers["x-idempotent-replay"], again.body), ("true", first.body))
            self.assertEqual(again.headers["location"], first.headers["location"])
        key = [("X-Idempotency-Key", "same")]
        path = f"/api/v2/campaigns/{campaign}/phases/dns/start"
        first = self.refused("POST", path, status=409, code="RERUN_PRECONDITION_FAILED", headers=key)
        again = self.call("POST", path, status=409, headers=key)
        self.assertEqual(again.headers["x-idempotent-replay"], "true")
        self.assertEqual({**again.body["error"], "timestamp": ""}, {**first, "timestamp": ""})
        for bad in ([""], ["x" * 65], ["has space"], ["a", "b"]):
            self.refused(
                "POST", path, status=400, code="BAD_REQUEST", headers=[("X-Idempotency-Key", value) for value in bad]
            )
        self.refused(
            "POST", path, status=409, code="RERUN_PRECONDITION_FAILED", headers=[("X-Idempotency-Key", "x" * 64)]
        )


if __name__ == "__main__":
    unittest.main()
