"""The REST gateway through its public door: shapes, status codes and headers of docs/spec/06-rest-contract.md, the one
error envelope, the limits, and what a client may not say of itself."""
import json
import re
import unittest
import uuid

from stack import Stack

NOBODY = "00000000-0000-0000-0000-000000000000"
DNS = {"personaType": "dns", "resolvers": ["127.0.0.1:5353"]}
HTTP = {"personaType": "http", "userAgent": "gateway test"}
PATTERN = {"type": "prefix", "constant": "shop", "variableLength": 3, "tlds": [".test"]}
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


class GatewayTest(unittest.TestCase):
    """A gateway before a domainflowd without the lab; nothing here needs a domain to resolve."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(with_lab=False, with_gateway=True)
        cls.enterClassContext(cls.stack)
        cls.number = 0

    @classmethod
    def name(cls, what):
        cls.number += 1
        return f"{what} {cls.number}"

    def call(self, method, path, body=None, *, status=200, **more):
        """The answer, after its status and what holds for every answer were checked."""
        answer = self.stack.gateway.call(method, path, body, **more)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer}")
        self.assertRegex(answer.headers.get("x-request-id", ""), r"^[\w.:-]{1,64}$")
        self.assertEqual(answer.headers.get("x-content-type-options"), "nosniff")
        if status >= 400:
            self.check_envelope(answer, path)
        elif status == 204:
            self.assertEqual(answer.body, "")
        return answer

    def check_envelope(self, answer, path):
        self.assertEqual(answer.headers["content-type"], "application/json; charset=utf-8")
        self.assertEqual(set(answer.body), {"success", "error", "requestId"})
        self.assertIs(answer.body["success"], False)
        self.assertEqual(answer.body["requestId"], answer.headers["x-request-id"])
        error = answer.body["error"]
        self.assertLessEqual({"code", "message", "details", "timestamp", "path"}, set(error))
        self.assertEqual(error["path"], path.split("?")[0])
        self.assertRegex(error["timestamp"], TIME)
        for detail in error["details"]:
            self.assertEqual(set(detail), {"field", "code", "message", "context"})
        self.assertNotRegex(json.dumps(answer.body), r"(?i)postgres|sql|/tmp|stack trace|\.c:\d|goroutine|127\.0\.0\.1")

    def refused(self, method, path, body=None, *, status, code, field=None, **more):
        """The error of a refusal with that code, naming that field."""
        error = self.call(method, path, body, status=status, **more).body["error"]
        self.assertEqual(error["code"], code, error)
        if field is not None:
            self.assertIn(field, [detail["field"] for detail in error["details"]], error)
        return error

    def create_campaign(self, **more):
        body = {"name": self.name("Campaign"), "configuration": {"maxDomains": 20, "patternConfig": PATTERN}, **more}
        return self.call("POST", "/api/v2/campaigns", body, status=201).body

    def create_persona(self, details=None, **more):
        details = details or DNS
        body = {"name": self.name("Persona"), "personaType": details["personaType"], "configDetails": details, **more}
        return self.call("POST", "/api/v2/personas", body, status=201).body

    def create_set(self, **more):
        body = {"name": self.name("Set"), "rules": [{"pattern": "telecom"}], **more}
        return self.call("POST", "/api/v2/keyword-sets", body, status=201).body


class Campaigns(GatewayTest):
    def test_create_answers_201_with_the_campaign_and_where_it_is(self):
        answer = self.call("POST", "/api/v2/campaigns", {
            "name": self.name("Telecom"), "mode": "full_sequence",
            "configuration": {"maxDomains": 20, "patternConfig": {**PATTERN, "projectionEstimate": {"totalCombinations": 35152}}}},
            status=201)
        campaign = answer.body
        self.assertEqual(answer.headers["location"], f"/api/v2/campaigns/{campaign['id']}")
        self.assertEqual(set(campaign), {"id", "userId", "name", "description", "status", "mode", "configuration", "currentPhase",
                                         "progress", "createdAt", "updatedAt", "lastSequence", "version"})
        self.assertRegex(campaign["id"], UUID)
        self.assertRegex(campaign["createdAt"], TIME)
        self.assertEqual((campaign["status"], campaign["mode"], campaign["currentPhase"]), ("draft", "full_sequence", "generation"))
        self.assertEqual(campaign["progress"], {"totalDomains": 0, "processedDomains": 0, "successfulDomains": 0,
                                                "failedDomains": 0, "percentComplete": 0})
        pattern = campaign["configuration"]["patternConfig"]
        self.assertLessEqual({"type", "constant", "prefixVariableLength", "suffixVariableLength", "charset", "targetDomains",
                              "tlds", "keywordSetIds", "personaIds", "crawlDepth", "offsetStart", "reuseOffsets",
                              "totalCombinations", "configHash", "projectionEstimate"}, set(pattern))
        self.assertEqual(pattern["totalCombinations"], 36 ** 3)
        self.assertEqual(self.call("GET", answer.headers["location"]).body, campaign)

    def test_create_takes_the_pattern_at_top_level_too(self):
        body = {"name": self.name("Top"), "configuration": {"maxDomains": 20}, "patternConfig": PATTERN}
        self.assertEqual(self.call("POST", "/api/v2/campaigns", body, status=201).body["configuration"]["patternConfig"]["constant"],
                         "shop")

    def test_create_names_every_wrong_value(self):
        error = self.refused("POST", "/api/v2/campaigns", {
            "mode": "step_by_step", "configuration": {"patternConfig": {"type": "prefix", "variableLength": 3, "tlds": [".ok", "no!"]}}},
            status=422, code="VALIDATION_ERROR", field="configuration.patternConfig.tlds[1]")
        codes = {detail["field"]: detail["code"] for detail in error["details"]}
        self.assertEqual(codes["name"], "REQUIRED_FIELD")
        self.assertEqual(codes["configuration.patternConfig.tlds[1]"], "VALIDATION_ERROR")

    def test_a_wrong_type_is_400_and_a_wrong_value_422(self):
        for body, status, field in [
                ({"name": 5}, 400, "name"), ({"name": None}, 400, "name"), ({"name": ["x"]}, 400, "name"),
                ({"name": "x", "mode": 1}, 400, "mode"), ({"name": "x", "mode": "auto"}, 422, "mode"),
                ({"name": "x", "mode": "CAMPAIGN_MODE_FULL_SEQUENCE"}, 422, "mode"),
                ({"name": "x", "nonsense": 1}, 422, "nonsense"), ({"name": "x" * 256}, 422, "name"),
                ({"name": "x", "configuration": {"maxDomains": 0}}, 422, "configuration.maxDomains"),
                ({"name": "x", "configuration": {"patternConfig": {**PATTERN, "speling": 1}}}, 422,
                 "configuration.patternConfig.speling"),
                ({"name": "x", "scoringProfileId": "x"}, 422, "scoringProfileId"), ({"name": "x", "scoringProfileId": 1}, 400, "scoringProfileId")]:
            with self.subTest(body=body):
                code = "BAD_REQUEST" if status == 400 else "VALIDATION_ERROR"
                self.refused("POST", "/api/v2/campaigns", body, status=status, code=code, field=field)

    def test_what_is_not_json_is_400(self):
        deep = b'{"name":"x","configuration":' + b"[" * 40 + b"]" * 40 + b"}"
        for raw in [b"{", b"[]", b'"x"', b"nul", b"{'name':1}", b'{"name":"a","name":"b"}', b'{"name":"x"} x', b'{"name":"\xff"}',
                    b'{"name":"\\ud800"}', b'{"name":NaN}', b'{"configuration":{"a":1,"a":2}}', deep, b"\xef\xbb\xbf{}"]:
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
        for query in ["limit=0", "limit=1001", "limit=x", "limit=", "limit=1.5", "offset=-1", "status=asleep", "status=DRAFT",
                      "sort=size", "dir=up", "nonsense=1", "limit=1&limit=2", "pageToken=x", "limit=%zz"]:
            with self.subTest(query=query):
                self.refused("GET", f"/api/v2/campaigns?{query}", status=400, code="BAD_REQUEST")
        self.call("GET", "/api/v2/campaigns?limit=1000&offset=0")

    def test_update_changes_name_and_description_only(self):
        campaign = self.create_campaign()
        path = f"/api/v2/campaigns/{campaign['id']}"
        changed = self.call("PUT", path, {"description": "new"}).body
        self.assertEqual((changed["name"], changed["description"]), (campaign["name"], "new"))
        self.refused("PUT", path, {"configuration": {"maxDomains": 5}}, status=422, code="VALIDATION_ERROR", field="configuration")
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
        self.assertEqual((answer.body["name"], answer.body["duplicatedFrom"]), (campaign["name"] + " (Copy)", campaign["id"]))
        named = self.call("POST", f"/api/v2/campaigns/{campaign['id']}/duplicate", {"name": "Mine"}, status=201)
        self.assertEqual(named.body["name"], "Mine")

    def test_mode(self):
        campaign = self.create_campaign()["id"]
        path = f"/api/v2/campaigns/{campaign}/mode"
        body = self.call("PUT", path, {"mode": "full_sequence"}).body
        self.assertEqual((set(body), body["mode"], body["campaignId"]), ({"mode", "campaignId", "updatedAt"}, "full_sequence", campaign))
        self.refused("PUT", path, {"mode": "auto"}, status=400, code="BAD_REQUEST", field="mode")
        self.refused("PUT", path, {}, status=400, code="BAD_REQUEST", field="mode")

    def test_state_is_read_and_archived(self):
        campaign = self.create_campaign()["id"]
        path = f"/api/v2/campaigns/{campaign}/state"
        state = self.call("GET", path).body
        self.assertEqual(set(state), {"campaignId", "currentState", "mode", "configuration", "version", "createdAt", "updatedAt"})
        self.refused("PUT", path, {"currentState": "archived", "version": state["version"] + 1}, status=409, code="CONFLICT")
        self.refused("PUT", path, {"currentState": "running", "version": state["version"]}, status=422, code="VALIDATION_ERROR")
        self.assertEqual(self.call("PUT", path, {"currentState": "archived", "version": state["version"]}).body["currentState"],
                         "archived")
        self.refused("PUT", f"/api/v2/campaigns/{campaign}", {"name": "x"}, status=409, code="INVALID_STATE")

    def test_enriched_progress_and_configs(self):
        campaign = self.create_campaign()["id"]
        enriched = self.call("GET", f"/api/v2/campaigns/{campaign}/enriched").body
        self.assertEqual(set(enriched), {"campaign", "state", "phaseExecutions"})
        progress = self.call("GET", f"/api/v2/campaigns/{campaign}/progress").body
        self.assertEqual(set(progress), {"campaignId", "overall", "phases", "timeline"})
        self.assertEqual(list(progress["phases"]), ["generation", "dns", "http", "analysis", "leads"])
        self.assertEqual(set(progress["overall"]), {"status", "percentComplete", "totalDomains", "processedDomains",
                                                    "successfulDomains", "failedDomains"})
        configs = self.call("GET", f"/api/v2/campaigns/{campaign}/configs").body
        self.assertEqual((configs["campaignId"], list(configs["configs"])), (campaign, ["generation"]))

    def test_every_route_of_a_campaign_knows_bad_and_unknown_ids(self):
        for method, rest in [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/duplicate"), ("GET", "/enriched"), ("PUT", "/mode"),
                             ("GET", "/state"), ("POST", "/stop"), ("POST", "/restart"), ("GET", "/progress"), ("GET", "/status"),
                             ("GET", "/phases/dns/status"), ("POST", "/phases/dns/configure"), ("POST", "/phases/dns/start"),
                             ("POST", "/phases/dns/pause"), ("POST", "/phases/dns/resume"), ("POST", "/phases/dns/stop"),
                             ("POST", "/phases/analysis/restart"), ("GET", "/configs"), ("GET", "/phase-executions"),
                             ("GET", "/phase-executions/dns"), ("GET", "/domains"), ("GET", "/funnel"), ("GET", "/rejection-summary")]:
            body = {"mode": "full_sequence"} if rest == "/mode" else {"configuration": {}} if rest.endswith("configure") else \
                None if method in ("GET", "DELETE") else {}
            with self.subTest(method=method, rest=rest):
                self.refused(method, f"/api/v2/campaigns/{NOBODY}{rest}", body, status=404, code="NOT_FOUND")
                self.refused(method, f"/api/v2/campaigns/not-a-uuid{rest}", body, status=400, code="BAD_REQUEST", field="campaignId")


class Phases(GatewayTest):
    def test_status_is_a_snapshot_that_is_never_stored(self):
        campaign = self.create_campaign()["id"]
        answer = self.call("GET", f"/api/v2/campaigns/{campaign}/status")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        snapshot = answer.body
        self.assertEqual([(p["phase"], p["key"]) for p in snapshot["phases"]],
                         [(name, name) for name in ("generation", "dns", "http", "analysis", "leads")])
        self.assertEqual(snapshot["overallProgress"], snapshot["overallProgressPercentage"])
        self.assertIsNone(snapshot["controlPhase"])
        self.assertIsNone(snapshot["errorMessage"])
        self.assertIsNone(snapshot["phases"][0]["errorDetails"])
        self.assertIsNone(snapshot["phases"][0]["errorMessage"])
        self.assertNotIn("startedAt", snapshot["phases"][0])

    def test_phase_status_has_its_shape(self):
        campaign = self.create_campaign()["id"]
        state = self.call("GET", f"/api/v2/campaigns/{campaign}/phases/generation/status").body
        self.assertLessEqual({"phase", "status", "configuration", "runtimeControls", "progress", "errors", "lastSequence"}, set(state))
        self.assertEqual(state["runtimeControls"], {"canPause": False, "canResume": False, "canStop": False, "canRestart": False})
        self.assertEqual(set(state["progress"]), {"totalItems", "processedItems", "successfulItems", "failedItems", "percentComplete"})

    def test_an_unknown_phase_is_400(self):
        campaign = self.create_campaign()["id"]
        for word in ["nonsense", "DNS", "PHASE_DNS", "2", "unspecified", "dns%20"]:
            self.refused("GET", f"/api/v2/campaigns/{campaign}/phases/{word}/status", status=400, code="BAD_REQUEST", field="phase")

    def test_configure_merges_personas_and_sets(self):
        campaign, persona, words = self.create_campaign()["id"], self.create_persona(HTTP)["id"], self.create_set()["id"]
        path = f"/api/v2/campaigns/{campaign}/phases/http/configure"
        state = self.call("POST", path, {"configuration": {}, "personaIds": {"httpPersonaId": persona}, "keywordSetIds": [words]}).body
        self.assertEqual(state["configuration"]["personaIds"], [persona])
        self.assertEqual(state["configuration"]["keywordSetIds"], [words])
        self.refused("POST", path, {"configuration": {"personaIds": [NOBODY]}}, status=422, code="VALIDATION_ERROR")
        self.refused("POST", path, {"personaIds": {"httpPersonaId": "x"}}, status=400, code="BAD_REQUEST",
                     field="personaIds.httpPersonaId")
        self.refused("POST", path, {"personaIds": [persona]}, status=400, code="BAD_REQUEST", field="personaIds")
        self.refused("POST", path, {"configuration": "x"}, status=400, code="BAD_REQUEST")

    def test_conflicts_carry_what_clients_decide_by(self):
        campaign = self.create_campaign()["id"]
        phases = f"/api/v2/campaigns/{campaign}/phases"
        error = self.refused("POST", f"{phases}/dns/start", status=409, code="RERUN_PRECONDITION_FAILED")
        self.assertEqual({name: error[name] for name in ("current_state", "attempted_action", "reason", "blocking_phase")},
                         {"current_state": "not_started", "attempted_action": "start", "reason": "predecessor_incomplete",
                          "blocking_phase": "generation"})
        error = self.refused("POST", f"{phases}/generation/start", {"expectedState": "paused"}, status=409,
                             code="EXPECTED_STATE_MISMATCH")
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
        error = self.refused("POST", f"/api/v2/campaigns/{full}/phases/generation/start", status=409, code="PHASE_CONFIG_MISSING")
        self.assertEqual(error["missingPhases"], ["dns", "http"])

    def test_expected_state_in_query_or_body(self):
        phases = f"/api/v2/campaigns/{self.create_campaign()['id']}/phases/generation"
        for word in ("asleep", "", "PHASE_STATUS_PAUSED"):
            self.refused("POST", f"{phases}/pause?expected_state={word}", status=400, code="BAD_REQUEST")
            self.refused("POST", f"{phases}/start", {"expectedState": word}, status=400, code="BAD_REQUEST", field="expectedState")
        error = self.refused("POST", f"{phases}/resume?expected_state=running", status=409, code="EXPECTED_STATE_MISMATCH")
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
        self.assertLessEqual({"id", "campaignId", "phaseType", "status", "startedAt", "completedAt", "progressPercentage",
                              "totalItems", "processedItems", "successfulItems", "failedItems", "configuration", "errorDetails",
                              "metrics", "createdAt", "updatedAt"}, set(run))
        self.assertEqual((run["phaseType"], run["status"], run["progressPercentage"], run["processedItems"]),
                         ("generation", "completed", 100, 20))
        funnel = self.call("GET", f"{path}/funnel").body
        self.assertEqual(funnel, {"generated": 20, "dnsValid": 0, "httpValid": 0, "keywordHits": 0, "analyzed": 0,
                                  "highPotential": 0, "leads": 0})
        summary = self.call("GET", f"{path}/rejection-summary").body
        self.assertEqual((summary["counts"]["pending"], summary["totals"]["total"], summary["balanced"]), (20, 20, True))
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
            self.refused("POST", path, status=400, code="BAD_REQUEST", headers=[("X-Idempotency-Key", value) for value in bad])
        self.refused("POST", path, status=409, code="RERUN_PRECONDITION_FAILED", headers=[("X-Idempotency-Key", "x" * 64)])


class Catalog(GatewayTest):
    def test_personas_from_creation_to_removal(self):
        answer = self.call("POST", "/api/v2/personas", {"name": self.name("P"), "personaType": "dns", "configDetails": DNS}, status=201)
        persona = answer.body
        path = answer.headers["location"]
        self.assertEqual(path, f"/api/v2/personas/{persona['id']}")
        self.assertEqual(set(persona), {"id", "name", "personaType", "description", "isEnabled", "configDetails", "createdAt",
                                        "updatedAt"})
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
        self.refused("POST", "/api/v2/personas", {"name": persona["name"], "personaType": "dns", "configDetails": DNS},
                     status=409, code="CONFLICT")
        self.refused("POST", "/api/v2/personas", {"name": "x", "personaType": "smtp"}, status=422, code="VALIDATION_ERROR",
                     field="personaType")
        self.refused("POST", "/api/v2/personas", {"name": "x", "personaType": "dns", "configDetails": {**DNS, "resolvers": [5]}},
                     status=400, code="BAD_REQUEST")
        self.refused("POST", "/api/v2/personas", {"name": "x", "personaType": "dns", "configDetails": DNS, "isDisabled": True},
                     status=422, code="VALIDATION_ERROR", field="isDisabled")
        self.refused("GET", "/api/v2/personas/x", status=400, code="BAD_REQUEST", field="personaId")

    def test_a_persona_in_use_stays(self):
        persona = self.create_persona(HTTP)
        self.create_campaign(configuration={"maxDomains": 20, "patternConfig": {
            **PATTERN, "personaIds": [persona["id"]], "keywordSetIds": [self.create_set()["id"]]}})
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
        self.assertEqual(int(answer.headers["x-total-count"]), int(self.stack.sql_value("SELECT count(*) FROM personas")))
        for query in ("isEnabled=1", "isEnabled=", "personaType=smtp", "onlyEnabled=true", "limit=1001"):
            self.refused("GET", f"/api/v2/personas?{query}", status=400, code="BAD_REQUEST")

    def test_a_persona_is_tried_out(self):
        persona = self.create_persona(DNS | {"queryTimeoutSeconds": 1})
        body = self.call("POST", f"/api/v2/personas/{persona['id']}/test", {"target": "nothing.test"}).body
        self.assertEqual(set(body), {"personaId", "personaType", "personaName", "success", "testPassed", "message", "testResults",
                                     "timestamp"})
        self.assertEqual((body["personaId"], body["personaType"], body["testPassed"]), (persona["id"], "dns", False))
        self.assertEqual(body["testResults"]["target"], "nothing.test")
        self.refused("POST", f"/api/v2/personas/{NOBODY}/test", status=404, code="NOT_FOUND")
        self.refused("POST", f"/api/v2/personas/{persona['id']}/test", {"target": "not a host"}, status=422, code="VALIDATION_ERROR",
                     field="target")

    def test_pages_are_searched_for_keywords(self):
        words = self.create_set()["id"]
        items = [{"url": "http://127.0.0.1:1/", "keywordSetId": words}, {"url": "http://127.0.0.1:1/", "keywordSetId": NOBODY}]
        results = self.call("POST", "/api/v2/extract/keywords", {"items": items}).body["results"]
        self.assertEqual([one["url"] for one in results], [one["url"] for one in items])
        for one in results:
            self.assertLessEqual({"url", "keywordSetIdUsed", "finalURL", "statusCode", "matches", "error"}, set(one))
            self.assertEqual(one["matches"], [])
        self.refused("POST", "/api/v2/extract/keywords", {"items": [items[0]] * 51}, status=422, code="VALIDATION_ERROR")
        self.refused("POST", "/api/v2/extract/keywords", {"items": []}, status=400, code="BAD_REQUEST", field="items")
        self.refused("POST", "/api/v2/extract/keywords", {"items": {}}, status=400, code="BAD_REQUEST", field="items")

    def test_keyword_sets_from_creation_to_removal(self):
        body = {"name": self.name("S"), "description": "d", "isEnabled": False,
                "rules": [{"pattern": "5G", "ruleType": "string", "isCaseSensitive": True, "category": "net", "contextChars": 0,
                           "weight": 2.5}, {"pattern": "telecom"}]}
        answer = self.call("POST", "/api/v2/keyword-sets", body, status=201)
        made, path = answer.body, answer.headers["location"]
        self.assertEqual(path, f"/api/v2/keyword-sets/{made['id']}")
        self.assertEqual(set(made), {"id", "name", "description", "isEnabled", "rules", "ruleCount", "createdAt", "updatedAt"})
        self.assertEqual((made["isEnabled"], made["ruleCount"]), (False, 2))
        rule = made["rules"][0]
        self.assertEqual({name: rule[name] for name in ("pattern", "ruleType", "isCaseSensitive", "category", "contextChars", "weight")},
                         body["rules"][0])
        self.assertEqual((made["rules"][1]["contextChars"], made["rules"][1]["weight"]), (40, 1))
        self.assertEqual(self.call("GET", path).body, made)
        rules = self.call("GET", f"{path}/rules")
        self.assertEqual((rules.body, rules.headers["x-total-count"]), (made["rules"], "2"))
        found = self.call("GET", f"/api/v2/keyword-rules?keyword_set_id={made['id']}&rule_type=string&category=net&is_case_sensitive=true&pattern=5g")
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
        self.refused("POST", "/api/v2/keyword-sets", {"name": "x", "rules": [{"pattern": "a"}, {"pattern": "b", "weight": 101}]},
                     status=422, code="VALIDATION_ERROR", field="rules[1].weight")
        self.refused("POST", "/api/v2/keyword-sets", {"name": "x", "rules": [{"pattern": "b", "weight": "1"}]},
                     status=400, code="BAD_REQUEST", field="rules[0].weight")
        self.refused("POST", "/api/v2/keyword-sets", {"name": "x", "rules": [{"pattern": "b", "ruleType": "glob"}]},
                     status=422, code="VALIDATION_ERROR", field="rules[0].ruleType")

    def test_sets_with_rules_when_asked(self):
        made = self.create_set()
        find = lambda query: next(one for one in self.call("GET", f"/api/v2/keyword-sets?limit=1000{query}").body
                                  if one["id"] == made["id"])
        self.assertEqual(find("&includeRules=true")["rules"], made["rules"])
        self.assertEqual((find("")["rules"], find("")["ruleCount"]), ([], 1))


class Discovery(GatewayTest):
    def test_preview_lineage_and_offset(self):
        pattern = {"patternType": "prefix", "prefixVariableLength": 2, "characterSet": "abc", "constantString": self.name("x").replace(" ", "-"),
                   "tlds": [".test"]}
        answer = self.call("POST", "/api/v2/discovery/preview", {**pattern, "sampleSize": 3})
        self.assertEqual((set(answer.body), answer.body["success"]), ({"success", "requestId", "data"}, True))
        self.assertEqual(answer.body["requestId"], answer.headers["x-request-id"])
        data = answer.body["data"]
        self.assertEqual(set(data), {"configHash", "totalCombinations", "nextOffset", "remaining", "exhaustionWarning", "sampleDomains",
                                     "priorCampaigns"})
        self.assertEqual((data["totalCombinations"], data["nextOffset"], data["exhaustionWarning"]), (9, 0, True))
        self.assertEqual(data["sampleDomains"], [f"{start}{pattern['constantString']}.test" for start in ("aa", "ab", "ac")])
        self.assertEqual(self.call("POST", "/api/v2/campaigns/domain-generation/pattern-offset", pattern).body,
                         {"currentOffset": 0, "hasState": False})
        huge = self.call("POST", "/api/v2/discovery/preview", {"patternType": "prefix", "prefixVariableLength": 13, "constantString": "q"})
        self.assertEqual(huge.body["data"]["totalCombinationsText"], "9223372036854775807")
        lineage = self.call("GET", f"/api/v2/campaigns/{self.create_campaign()['id']}/discovery-lineage").body["data"]
        self.assertEqual(lineage, {"configHash": None, "thisCampaign": {"offsetStart": None, "offsetEnd": None}, "priorCampaigns": []})

    def test_mistakes(self):
        for body, status, field in [({}, 422, "patternType"), ({"patternType": "prefix", "prefixVariableLength": 65}, 422, None),
                                    ({"patternType": "prefix", "sampleSize": 51, "variableLength": 2}, 422, "sampleSize"),
                                    ({"patternType": 1}, 400, "patternType"), ({"tlds": ".com"}, 400, "tlds")]:
            with self.subTest(body=body):
                code = "BAD_REQUEST" if status == 400 else "VALIDATION_ERROR"
                self.refused("POST", "/api/v2/discovery/preview", body, status=status, code=code, field=field)
        self.refused("GET", f"/api/v2/campaigns/{NOBODY}/discovery-lineage", status=404, code="NOT_FOUND")


class Domains(GatewayTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.stack.gateway.call("POST", "/api/v2/campaigns", {
            "name": "Domains", "configuration": {"maxDomains": 20, "patternConfig": {**PATTERN, "reuseOffsets": True}}})
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
        self.assertEqual(page["aggregates"], {
            "dns": {"pending": 20, "ok": 0, "error": 0, "timeout": 0}, "http": {"pending": 20, "ok": 0, "error": 0, "timeout": 0},
            "lead": {"pending": 20, "match": 0, "noMatch": 0, "error": 0, "timeout": 0}})
        info = page["pageInfo"]
        self.assertEqual(set(info), {"startCursor", "endCursor", "hasNextPage", "sortBy", "sortOrder", "first", "current", "total"})
        self.assertEqual((info["hasNextPage"], info["sortBy"], info["sortOrder"], info["current"]), (True, "offset", "ASC", 2))
        item = page["items"][0]
        self.assertLessEqual({"id", "domain", "offset", "createdAt", "dnsStatus", "dnsReason", "httpStatus", "httpReason", "leadStatus",
                              "rejectionReason", "domainScore", "leadScore", "isParked", "parkedConfidence", "warnings", "bucket",
                              "isStaleScore"}, set(item))
        self.assertEqual((item["domain"], item["offset"], item["dnsStatus"], item["rejectionReason"], item["domainScore"]),
                         ("aaashop.test", 0, "pending", "pending", None))

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
        for query, count in [("dnsStatus=pending", 20), ("dnsStatus=ok", 0), ("httpStatus=timeout", 0), ("leadStatus=no_match", 0),
                             ("rejectionReason=pending,parked", 20), ("rejectionReason=parked", 0), ("dnsReason=nxdomain", 0),
                             ("httpReason=TIMEOUT", 0), ("minScore=0.5", 0), ("notParked=true", 20), ("hasContact=true", 0),
                             ("keyword=tele", 0), ("warnings=has", 0), ("search=AAASHOP", 1), ("limit=5&offset=18", 20)]:
            with self.subTest(query=query):
                self.assertEqual(self.call("GET", f"{self.path}?{query}").body["total"], count)
        for sort in ("offset", "domain", "createdAt", "richness_score", "microcrawl_gain", "keywords_unique", "domain_score", "lead_score"):
            self.assertEqual(self.call("GET", f"{self.path}?sort={sort}").body["pageInfo"]["sortBy"], sort)

    def test_download_has_every_row_that_passes(self):
        answer = self.call("GET", f"{self.path}/export")
        self.assertTrue(answer.headers["content-type"].startswith("text/csv"))
        self.assertIn("attachment", answer.headers["content-disposition"])
        lines = answer.body.split("\r\n")
        self.assertEqual(lines[0], "domain,dnsStatus,httpStatus,leadStatus,rejectionReason,domainScore,richness,keywordsUnique,top3,title")
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
        for query in ("limit=0", "limit=1001", "first=0", "first=1001", "offset=-1", "first=5&limit=5", "first=5&offset=0", "after=garbage",
                      "dnsStatus=OK", "httpStatus=", "leadStatus=lead", "rejectionReason=parked,,", "minScore=101", "minScore=-1", "minScore=NaN",
                      "notParked=yes", "hasContact=1", "warnings=some", "bucket=best", "sort=size", "dir=ASC", "cursor=x", "pageToken=x"):
            with self.subTest(query=query):
                self.refused("GET", f"{self.path}?{query}", status=400, code="BAD_REQUEST")


class Door(GatewayTest):
    def test_health_and_ping(self):
        for prefix in ("", "/api/v2"):
            for page in ("/health", "/health/ready", "/health/live"):
                body = self.call("GET", prefix + page).body
                self.assertEqual((set(body), body["status"]), ({"status", "version", "uptime", "timestamp"}, "ok"))
            self.assertEqual(self.call("GET", prefix + "/ping").body["message"], "pong")
        self.assertIn("/health/ready", self.call("GET", "/").body)
        self.refused("POST", "/ping", status=405, code="METHOD_NOT_ALLOWED")

    def test_ops_port(self):
        gateway = self.stack.gateway
        self.assertEqual([gateway.get(path)[0] for path in ("/livez", "/readyz", "/metrics", "/api/v2/campaigns")], [200, 200, 200, 404])
        self.call("GET", f"/api/v2/campaigns/{NOBODY}/funnel", status=404)
        count = 'gateway_http_request_duration_seconds_count{method="GET",route="/api/v2/campaigns/{campaign_id}/funnel",status="404"}'
        self.assertGreaterEqual(gateway.metrics()[count], 1)
        self.assertNotIn(NOBODY, gateway.get("/metrics")[1])
        self.refused("GET", "/metrics", status=404, code="NOT_FOUND")

    def test_unknown_paths_and_methods(self):
        for path in ("/nope", "/api", "/api/v2", "/api/v2/", "/api/v2/campaigns/", "/api//v2/campaigns", "/api/v2/campaigns/a/b/c",
                     "/api/v2/../v2/campaigns", "/API/v2/campaigns", "/api/v2/campaigns/x%2Fy/z"):
            self.refused("GET", path, status=404, code="NOT_FOUND")
        for method, path, allowed in [("DELETE", "/api/v2/campaigns", "GET, POST"), ("PATCH", f"/api/v2/campaigns/{NOBODY}", "DELETE, GET, PUT"),
                                      ("GET", f"/api/v2/campaigns/{NOBODY}/phases/dns/start", "POST")]:
            answer = self.call(method, path, status=405)
            self.assertEqual((answer.headers["allow"], answer.body["error"]["code"]), (allowed, "METHOD_NOT_ALLOWED"))

    def test_only_json_is_read(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx", "", "json",
                     "multipart/form-data; boundary=x"):
            self.refused("POST", "/api/v2/campaigns", raw=b'{"name":"x"}', headers=[("Content-Type", kind)], status=415,
                         code="UNSUPPORTED_MEDIA_TYPE")
        packed = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
        self.refused("POST", "/api/v2/campaigns", raw=b"\x1f\x8b", headers=packed, status=415, code="UNSUPPORTED_MEDIA_TYPE")
        for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"):
            self.refused("POST", "/api/v2/campaigns", raw=b"{}", headers=[("Content-Type", kind)], status=422, code="VALIDATION_ERROR")
        self.refused("GET", "/api/v2/campaigns", {"x": 1}, status=400, code="BAD_REQUEST")

    def test_body_limit(self):
        def body(size):
            start, end = b'{"nonsense":"', b'"}'
            return start + b"x" * (size - len(start) - len(end)) + end
        limit = 1 << 20
        for size, status, code in ((limit - 1, 422, "VALIDATION_ERROR"), (limit, 422, "VALIDATION_ERROR"),
                                   (limit + 1, 413, "PAYLOAD_TOO_LARGE")):
            self.refused("POST", "/api/v2/campaigns", raw=body(size), status=status, code=code)

    def test_url_limit(self):
        start = "/api/v2/campaigns?search="
        for size, status, code in ((8191, 400, "BAD_REQUEST"), (8192, 400, "BAD_REQUEST"), (8193, 414, "URI_TOO_LONG")):
            self.refused("GET", start + "x" * (size - len(start)), status=status, code=code)  # search itself takes 512

    def test_header_limit(self):
        fixed = [("Host", "127.0.0.1"), ("X-Filler", "")]
        used = sum(len(name) + len(value) + 4 for name, value in fixed)
        for size, status in ((16383, 200), (16384, 200), (16385, 431)):
            headers = [fixed[0], ("X-Filler", "x" * (size - used))]
            self.call("GET", "/api/v2/ping", status=status, headers=headers)

    def test_json_depth_limit(self):
        for depth, code, status in ((31, "VALIDATION_ERROR", 422), (32, "VALIDATION_ERROR", 422), (33, "BAD_REQUEST", 400)):
            inner = b"[" * (depth - 1) + b"]" * (depth - 1)
            self.refused("POST", "/api/v2/campaigns", raw=b'{"nonsense":' + inner + b"}", status=status, code=code)

    def test_request_id_is_echoed_when_it_can_be_logged(self):
        for given in ("abc-1.2:3_4", "x" * 64):
            self.assertEqual(self.call("GET", "/ping", headers=[("X-Request-Id", given)]).headers["x-request-id"], given)
        for given in ("x" * 65, "has space", "a,b", "<script>", ""):
            self.assertNotEqual(self.call("GET", "/ping", headers=[("X-Request-Id", given)]).headers["x-request-id"], given)
        self.call("GET", "/api/v2/campaigns", headers=[("X-Request-Id", "follow-me")])
        self.stack.wait_until(lambda: '"request_id":"follow-me"' in self.stack.instances[0].log.read_text(), 10, "the id in domainflowd's log")
        self.assertIn('"request_id":"follow-me"', self.stack.gateway.log.read_text())

    def test_other_hosts_are_refused(self):
        for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:8080", ""):
            self.assertIn(self.stack.gateway.call("GET", "/api/v2/campaigns", headers=[("Host", host)]).status, (400, 403), host)
        for host in ("localhost", "localhost:1", "127.0.0.1", "[::1]:8080"):
            self.call("GET", "/api/v2/campaigns", headers=[("Host", host)])

    def test_pages_of_other_origins_change_nothing(self):
        campaign = self.create_campaign()["id"]
        for headers in ([("Origin", "https://evil.example")], [("Origin", "null")], [("Sec-Fetch-Site", "cross-site")]):
            self.refused("POST", f"/api/v2/campaigns/{campaign}/duplicate", status=403, code="FORBIDDEN", headers=headers)
            answer = self.call("GET", f"/api/v2/campaigns/{campaign}", headers=headers)
            self.assertNotIn("access-control-allow-origin", answer.headers)
            self.assertIn("Origin", answer.headers["vary"])
        self.assertEqual(self.stack.sql_value(f"SELECT count(*) FROM campaigns WHERE duplicated_from = '{campaign}'"), "0")


class Origins(GatewayTest):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(with_lab=False, with_gateway=True, gateway_settings={"ALLOWED_ORIGINS": "https://app.example, http://localhost:5173"})
        cls.enterClassContext(cls.stack)
        cls.number = 0

    def test_allowed_origins_may_read_and_change(self):
        for origin in ("https://app.example", "http://localhost:5173"):
            answer = self.call("POST", "/api/v2/campaigns", {"name": self.name("C")}, status=201, headers=[("Origin", origin)])
            self.assertEqual(answer.headers["access-control-allow-origin"], origin)
            self.assertEqual(answer.headers["access-control-allow-credentials"], "true")
            for name in ("X-Request-Id", "X-Cache", "X-Domains-Sort-Version", "X-Idempotent-Replay"):
                self.assertIn(name, answer.headers["access-control-expose-headers"])

    def test_preflight(self):
        ask = [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "content-type,x-idempotency-key")]
        answer = self.call("OPTIONS", "/api/v2/campaigns", status=204, headers=[("Origin", "https://app.example"), *ask])
        for name in ("Content-Type", "Authorization", "X-Requested-With", "X-Request-Id", "X-Idempotency-Key", "Last-Event-ID", "Cache-Control"):
            self.assertIn(name, answer.headers["access-control-allow-headers"])
        self.assertIn("PUT", answer.headers["access-control-allow-methods"])
        answer = self.call("OPTIONS", "/api/v2/campaigns", status=204, headers=[("Origin", "https://app.example.evil"), *ask])
        self.assertFalse([name for name in answer.headers if name.startswith("access-control")])


# What a client may try to say about itself, about its request's method, or to domainflowd directly. None of it counts.
SMUGGLED = [
    [(name, value)] for name in ("Grpc-Metadata-Principal", "grpc-metadata-principal", "GRPC-METADATA-ROLE", "Grpc-Metadata-Workspace",
                                 "Grpc_Metadata_Principal", "Grpc-Metadata-X-Request-Id", "Grpc-Metadata-Authorization",
                                 "Grpc-Metadata-X-Idempotency-Key", "X-Principal", "X-User", "X-User-Id", "X-Remote-User", "Remote-User",
                                 "X-Workspace", "X-Role", "Principal", "Workspace", "Role", "X-Auth-User", "X-Client-Cert",
                                 "X-SSL-Client-Cert", "X-Forwarded-Client-Cert")
    for value in ("admin",)
] + [
    [("X-Forwarded-For", "10.0.0.1")], [("x-forwarded-for", "10.0.0.1"), ("X-Forwarded-For", "10.0.0.2")], [("X_Forwarded_For", "10.0.0.1")],
    [("X-Forwarded-Host", "evil.example")], [("X-Forwarded-User", "admin")], [("X-Forwarded-Proto", "https")], [("X-Real-Ip", "10.0.0.1")],
    [("Forwarded", "for=10.0.0.1;host=evil.example")], [("Authorization", "Bearer forged")], [("Authorization", "Basic YWRtaW46eA==")],
    [("authorization", "a"), ("Authorization", "b")], [("Cookie", "domainflow_session=forged; principal=admin")],
    [("Grpc-Timeout", "1n")], [("grpc-timeout", "99999999H")], [("Grpc-Encoding", "gzip")], [("Grpc-Metadata-Trace-Bin", "AAEC")],
    [("X-HTTP-Method-Override", "DELETE")], [("X-Http-Method", "DELETE"), ("X-Method-Override", "DELETE")], [("Te", "trailers")],
    [("User-Agent", "grpc-c/29.0.0 (admin)"), ("Via", "1.1 trusted")],
]


class Smuggling(GatewayTest):
    def test_nobody_becomes_somebody_by_header(self):
        self.assertGreaterEqual(len(SMUGGLED), 40)
        campaign = self.create_campaign()
        path = f"/api/v2/campaigns/{campaign['id']}"
        plain = self.call("GET", path)
        for number, headers in enumerate(SMUGGLED):
            with self.subTest(headers=headers):
                mark = f"smuggled-{number}"
                answer = self.call("GET", path, headers=[("X-Request-Id", mark), *headers])
                self.assertEqual(answer.body, plain.body)
                self.assertEqual(set(answer.headers), set(plain.headers))
                posted = self.call("POST", f"{path}/duplicate", status=201, headers=headers)
                self.assertEqual(posted.body["userId"], campaign["userId"])
                self.assertNotIn("x-idempotent-replay", posted.headers)
                self.check_log(mark)
        self.assertEqual(self.stack.sql_value(f"SELECT count(*) FROM campaigns WHERE id = '{campaign['id']}'"), "1")

    def check_log(self, mark):
        """Both programs saw the caller there is, under the request's own id."""
        def lines(log):
            return [json.loads(line) for line in log.read_text().splitlines() if f'"{mark}"' in line]
        server = self.stack.instances[0].log
        self.stack.wait_until(lambda: lines(server), 10, f"{mark} in the log")
        self.assertEqual({line["principal"] for line in lines(server)}, {"local"})
        self.assertEqual([line["peer"] for line in lines(self.stack.gateway.log)], ["127.0.0.1"])

    def test_a_form_or_an_override_is_no_other_method(self):
        campaign = self.create_campaign()["id"]
        form = [("Content-Type", "application/x-www-form-urlencoded")]
        self.call("POST", f"/api/v2/campaigns/{campaign}", raw=b"", status=405, headers=form)
        self.call("POST", f"/api/v2/campaigns/{campaign}", raw=b"", status=405, headers=[*form, ("X-HTTP-Method-Override", "DELETE")])
        self.call("GET", f"/api/v2/campaigns/{campaign}", headers=[("X-HTTP-Method-Override", "DELETE")])
        self.call("GET", f"/api/v2/campaigns/{campaign}")


class Outage(unittest.TestCase):
    def test_without_domainflowd_everything_is_503_and_comes_back(self):
        with Stack(with_lab=False, with_gateway=True) as stack:
            self.assertEqual(stack.gateway.call("GET", "/api/v2/campaigns").status, 200)
            stack.stop()
            answer = stack.gateway.call("GET", "/api/v2/campaigns")
            self.assertEqual((answer.status, answer.body["error"]["code"]), (503, "SERVICE_UNAVAILABLE"))
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
            self.assertNotIn("127.0.0.1", json.dumps(answer.body))
            self.assertEqual(stack.gateway.call("GET", "/health/ready").status, 503)
            self.assertEqual(stack.gateway.call("GET", "/health/live").status, 200)
            self.assertEqual([stack.gateway.get(path)[0] for path in ("/livez", "/readyz")], [200, 503])
            stack.restart()
            stack.wait_until(lambda: stack.gateway.get("/readyz")[0] == 200, 30, "the gateway to find domainflowd again")
            self.assertEqual(stack.gateway.call("GET", "/api/v2/campaigns").status, 200)


if __name__ == "__main__":
    unittest.main()
