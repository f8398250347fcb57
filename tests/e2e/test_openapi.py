"""/openapi.json against the wire: every operation and every event of a real run has the shape that the document says,
down to the last member. Go's tests compare its routes; here it is the answers."""

import socket
import threading
import unittest
import urllib.parse

import openapi
from eventstreams import EventStream
from stack import PATTERN, PHASES, Stack

NAMES = 400
NOBODY = "00000000-0000-0000-0000-000000000000"
STREAMS = {"streamCampaignEvents", "streamCampaignEventsAlias", "streamEvents"}  # read by Listener
OPS = {"getLivez", "getReadyz", "getMetrics"}  # on the port of their own

# What a run must show; others depend on chance.
EVENTS = {
    "keep_alive",
    "phaseUpdate",
    "phase_started",
    "phase_auto_started",
    "phase_paused",
    "phase_resumed",
    "phase_completed",
    "phase_configured",
    "campaign_progress",
    "mode_changed",
    "domain_generated",
    "domain_validated",
    "domain_status_delta",
    "http_enrichment",
    "domains_http_finalized",
    "extraction_phase_completed",
    "analysis_reuse_enrichment",
    "analysis_completed",
    "domain_scored",
    "extraction_substep",
    "campaign_completed",
    "resync",
    "keyword_set_created",
    "keyword_set_updated",
    "keyword_set_deleted",
}


class Listener(threading.Thread):
    """Collects the events of a stream until it is closed."""

    def __init__(self, gateway, operation, **values):
        super().__init__(daemon=True)
        self.operation, self.events = operation, []
        self.stream = EventStream(gateway.rest, operation.fill(values) + "?detail=full")
        self.start()

    def run(self):
        try:
            while True:
                self.events.append(self.stream.next())
        except (OSError, ValueError, AttributeError):
            return  # closed

    def close(self):
        self.stream.connection.sock.shutdown(socket.SHUT_RDWR)  # wakes the reader
        self.join()
        self.stream.close()

    def types(self):
        return {event.kind for event in self.events}


class Described(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(with_gateway=True)
        cls.enterClassContext(cls.stack)
        cls.gateway = cls.stack.gateway
        cls.document = openapi.load(cls.gateway)
        cls.succeeded = set()

    def do(self, name, body=None, status=None, query="", **values):
        """Calls an operation; its answer, which is as described. Without `status` it must be a success."""
        operation = self.document.operations[name]
        path = operation.fill({key: urllib.parse.quote(value, safe="") for key, value in values.items()})
        if name in OPS:
            code, text = self.gateway.get(path)
            self.assertIn(str(code), operation.described["responses"], name)
            self.succeeded.add(name)
            return text
        answer = self.gateway.call(operation.method, path + query, body)
        operation.check(answer)
        if status is None:
            self.assertLess(answer.status, 300, f"{name}: {answer}")
            self.succeeded.add(name)
        else:
            self.assertEqual(answer.status, status, f"{name}: {answer}")
        return answer.body

    def test_every_operation_and_event_is_as_described(self):
        everywhere = Listener(self.gateway, self.document.operations["streamEvents"])
        sets, personas = self.catalog()
        campaign = self.create(personas, sets)
        streams = [
            Listener(self.gateway, self.document.operations[name], campaignId=campaign)
            for name in ("streamCampaignEvents", "streamCampaignEventsAlias")
        ]
        self.control(campaign, personas, sets)
        self.stack.wait_campaign(campaign)
        self.read(campaign)
        self.rerun(campaign)
        self.remove(sets, personas)
        self.pages()
        self.events([everywhere, *streams])
        self.assertEqual(set(self.document.operations) - self.succeeded - STREAMS, set(), "never called with success")

    def catalog(self):
        personas = [self.stack.create_persona(kind) for kind in ("dns", "http")]
        details = self.do("getPersona", personaId=personas[1])["configDetails"]
        made = self.do("createPersona", {"name": "Mine", "personaType": "http", "configDetails": details})
        self.do("updatePersona", {"description": "changed"}, personaId=made["id"])
        self.do("getDnsPersona", personaId=personas[0])
        self.do("getHttpPersona", personaId=personas[1])
        self.assertEqual(len(self.do("listPersonas", query="?personaType=http&isEnabled=true&limit=10")), 2)
        name = self.stack.names(1)[0]
        for persona in personas:
            self.do("testPersona", {"target": name}, personaId=persona)
        rules = [{"pattern": "telecom", "weight": 2.5, "contextChars": 20, "category": "trade"}, {"pattern": "voip"}]
        mine = self.do("createKeywordSet", {"name": "Mine", "rules": rules})["id"]
        self.do("updateKeywordSet", {"rules": rules[:1]}, keywordSetId=mine)
        self.do("getKeywordSet", keywordSetId=mine)
        self.do("listKeywordSets", query="?includeRules=true")
        self.do("listKeywordSets")
        self.do("listKeywordRules", query="?category=trade")
        self.do("listKeywordSetRules", keywordSetId=mine)
        lab = self.stack.create_keyword_set()
        items = [
            {"url": f"http://{name}:{self.stack.lab['http_port']}/", "keywordSetId": lab, "dnsPersonaId": personas[0]},
            {"url": "http://nobody.invalid/", "keywordSetId": NOBODY},
        ]
        self.do("extractKeywords", {"items": items})
        return [lab, mine], [*personas, made["id"]]

    def create(self, personas, sets):
        pattern = {**PATTERN, "targetDomains": NAMES, "personaIds": personas[:2], "keywordSetIds": sets[:1]}
        asked = {key: value for key, value in PATTERN.items() if key in ("prefixVariableLength", "tlds")}
        asked.update(patternType="prefix", characterSet=PATTERN["charset"], constantString=PATTERN["constant"])
        self.do("previewPattern", {**asked, "sampleSize": 3})
        body = {"name": "Described", "configuration": {"maxDomains": NAMES, "patternConfig": pattern}}
        campaign = self.do("createCampaignWithPattern", body)["id"]
        self.do("getPatternOffset", asked)
        self.do("setCampaignMode", {"mode": "full_sequence"}, campaignId=campaign)
        self.do("updateCampaign", {"description": "compared with its description"}, campaignId=campaign)
        for name in ("getCampaign", "getCampaignStatus", "getCampaignProgress", "getDiscoveryLineage"):
            self.do(name, campaignId=campaign)  # before anything has run
        return campaign

    def control(self, campaign, personas, sets):
        leads = self.do("getPhase", campaignId=campaign, phase="leads")["configuration"]
        self.do("configurePhase", {"configuration": leads}, campaignId=campaign, phase="leads")
        self.do("startPhase", {}, campaignId=campaign, phase="generation")
        self.stack.wait_phase(campaign, "dns", "in_progress")
        self.do("pausePhase", query="?expectedState=in_progress", campaignId=campaign, phase="dns")
        for name in ("getCampaignStatus", "getCampaign", "getCampaignProgress"):
            self.do(name, campaignId=campaign)
        self.do("deletePersona", status=409, personaId=personas[0])
        self.do("deleteKeywordSet", status=409, keywordSetId=sets[0])
        self.do("resumePhase", campaignId=campaign, phase="dns")

    def read(self, campaign):
        for name, operation in self.document.operations.items():
            variables = {part["name"] for part in operation.described.get("parameters", []) if part.get("in") == "path"}
            if operation.method == "GET" and variables == {"campaignId"} and name not in STREAMS:
                self.do(name, campaignId=campaign)
            if operation.method == "GET" and variables == {"campaignId", "phase"}:
                for phase in PHASES:
                    self.do(name, campaignId=campaign, phase=phase)
        self.do("listCampaigns", query="?status=completed&sort=name&dir=asc&limit=5&offset=0")
        self.do("exportCampaignDomains", query="?format=json&dnsStatus=ok", campaignId=campaign)
        everything = self.do("listDomains", query="?first=1000", campaignId=campaign)["items"]
        self.assertEqual(len(everything), NAMES)
        seen = {(one["httpStatus"], one["leadStatus"], "features" in one): one["domain"] for one in everything}
        self.assertGreater(len(seen), 3)
        for domain in [*seen.values(), "nobody.example"]:
            self.do("getScoreBreakdown", campaignId=campaign, domain=domain)
        for domain in seen.values():
            self.do("getDomain", campaignId=campaign, domain=domain)
            self.do("listDomainKeywords", campaignId=campaign, domain=domain)
        filters = "?rejectionReason=low_score,parked&minScore=10&warnings=none&bucket=emerging&sort=domain_score"
        self.do("listDomains", query=filters, campaignId=campaign)

    def rerun(self, campaign):
        self.do("restartAnalysis", campaignId=campaign)
        self.stack.wait_campaign(campaign)
        self.stack.wait_phase(campaign, "leads")
        self.do("restartCampaign", campaignId=campaign)
        self.do("stopCampaign", campaignId=campaign)
        self.do("getCampaignStatus", campaignId=campaign)
        self.do("getPhase", campaignId=campaign, phase="dns")
        self.do("getPhaseExecution", campaignId=campaign, phase="dns")
        copy = self.do("duplicateCampaign", {"name": "Copy"}, campaignId=campaign)["id"]
        self.do("setCampaignMode", {"mode": "step_by_step"}, campaignId=copy)
        self.do("startPhase", campaignId=copy, phase="generation")
        self.stack.wait_phase(copy, "generation")
        self.do("startPhase", {"expectedState": "configured"}, campaignId=copy, phase="dns")
        self.do("stopPhase", campaignId=copy, phase="dns")
        version = self.do("getCampaignState", campaignId=copy)["version"]
        self.refusals(campaign, copy, version)
        self.do("setCampaignState", {"currentState": "archived", "version": version}, campaignId=copy)
        self.do("deleteCampaign", campaignId=copy)

    def refusals(self, campaign, copy, version):
        self.do("setCampaignState", {"currentState": "archived", "version": version + 1}, 409, campaignId=copy)
        self.do("setCampaignState", {"currentState": "running", "version": version}, 422, campaignId=copy)
        self.do("createCampaignWithPattern", {"name": ""}, 422)
        self.do("createCampaignWithPattern", {"name": 5}, 400)
        self.do("getCampaign", status=404, campaignId=NOBODY)
        self.do("getCampaign", status=400, campaignId="x")
        self.do("pausePhase", status=409, campaignId=campaign, phase="leads")
        self.do("startPhase", {"expectedState": "paused"}, 409, campaignId=copy, phase="leads")
        self.do("listDomains", status=400, query="?first=0", campaignId=campaign)
        self.do("exportCampaignDomains", status=400, query="?format=xml", campaignId=campaign)
        self.do("exportCampaignDomains", status=404, campaignId=NOBODY)
        self.do("getDomain", status=404, campaignId=campaign, domain="nobody.example")
        self.do("streamCampaignEvents", status=404, campaignId=NOBODY)
        self.do("streamEvents", status=400, query="?types=nonsense")
        self.do("listKeywordSetRules", status=404, keywordSetId=NOBODY)

    def remove(self, sets, personas):
        self.do("deletePersona", personaId=personas[2])
        self.do("deleteKeywordSet", keywordSetId=sets[1])

    def pages(self):
        for name, operation in self.document.operations.items():
            if operation.method == "GET" and "{" not in operation.path and name not in STREAMS | self.succeeded:
                self.do(name)

    def events(self, listeners):
        def seen():
            return set().union(*(listener.types() for listener in listeners))

        self.stack.wait_until(lambda: EVENTS <= seen(), 30, "every kind of event")
        for listener in listeners:
            listener.close()
            schema = listener.operation.described["responses"]["200"]["content"]["text/event-stream"]["schema"]
            for event in listener.events:
                self.document.check(schema, event.data, f"{listener.operation.id} {event}")
                self.assertEqual(event.kind, event.data["type"])
        numbers = [len(listener.events) for listener in listeners]
        self.assertGreater(min(numbers), 20, numbers)


if __name__ == "__main__":
    unittest.main()
