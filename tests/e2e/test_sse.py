"""Event streams as browsers get them: gateway and domainflowd together (docs/events.md)."""
import json
import re
import shutil
import unittest

from eventstreams import Crowd, EventStream, Follower, Refused
from stack import ROOT, Stack, process

NOBODY = "00000000-0000-7000-8000-000000000000"
HEARTBEAT = {"REST_STREAMS_KEEP_ALIVE": "500ms"}
WAIT_SECONDS = 120
CROWD, CUTS, ROUNDS = 200, 10, 100


def path(campaign, query=""):
    return f"/api/v2/sse/campaigns/{campaign}{query}"


class StackCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(instances=2, with_gateway=True, gateway_settings=HEARTBEAT)
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()
        cls.personas = [cls.stack.create_persona("dns"), cls.stack.create_persona("http")]
        cls.sets = [cls.stack.create_keyword_set()]

    def campaign(self, count, **more):
        return self.stack.create_campaign(count, personas=self.personas, keyword_sets=self.sets, **more)

    def completed(self, count):
        campaign = self.campaign(count)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        return campaign

    def stored(self, campaign):
        """Number, type and sequence of a campaign's stored events."""
        return [(int(number), kind, int(sequence or 0)) for number, kind, sequence in self.stack.sql(
            f"SELECT event_number, type, sequence FROM campaign_events WHERE campaign_id = '{campaign}' ORDER BY event_number")]

    def open(self, campaign, last_id=None, query="", gateway=None):
        stream = EventStream((gateway or self.stack.gateway).rest, path(campaign, query), last_id)
        self.addCleanup(stream.close)
        return stream

    def assert_exact(self, events, stored):
        """Every stored event once, in order, each transition behind its phaseUpdate."""
        self.assertEqual([(e.number, e.kind, e.sequence) for e in events if e.number], stored)
        for before, event in zip(events, events[1:]):
            if event.number and event.kind.startswith("phase_") and event.kind != "phase_auto_started":
                self.assertEqual((before.kind, before.sequence), ("phaseUpdate", event.sequence), event)


class Streams(StackCase):
    def test_a_run_is_followed_from_start_to_leads(self):
        campaign = self.campaign(400)
        stream = self.open(campaign)
        self.assertEqual(stream.headers["content-type"], "text/event-stream")
        self.assertEqual(stream.headers["x-accel-buffering"], "no")
        hello = stream.next()
        self.assertEqual(stream.retry, 3000)
        self.assertEqual((hello.kind, hello.number, hello.payload["status"], hello.payload["campaignId"]),
                         ("keep_alive", 0, "connected", campaign))
        first = len(self.stored(campaign))
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        stored = self.stored(campaign)
        events = stream.read(lambda e: e.number == stored[-1][0])
        self.assert_exact(events, stored[first:])
        self.assertEqual(events[-1].kind, "campaign_completed")
        percent = {}
        for event in events:
            self.assertEqual((event.data["version"], event.data["type"]), (1, event.kind))
            if event.kind == "campaign_progress":
                self.assertEqual(event.payload["overall"]["status"], "running")
            if event.kind == "phaseUpdate":
                now = event.payload["progressPercentage"]
                self.assertGreaterEqual(now, percent.get(event.payload["phase"], 0))
                percent[event.payload["phase"]] = now
        self.assertEqual(percent, dict.fromkeys(("generation", "dns", "http", "analysis", "leads"), 100))

    def test_a_client_that_comes_back_goes_on_behind_the_last_event_it_read(self):
        campaign = self.completed(30)
        stored = self.stored(campaign)
        for last_id in (0, 1, len(stored) // 2, len(stored) - 1):
            events = self.open(campaign, last_id).read(lambda e: e.number == stored[-1][0])
            self.assert_exact(events, stored[last_id:])
        by_query = self.open(campaign, query="/events?lastEventId=2").read(lambda e: e.number)
        self.assertEqual(by_query[-1].number, 3)

    def test_a_position_that_cant_be_continued_gets_one_resync(self):
        campaign = self.completed(10)
        last = self.stored(campaign)[-1]
        for last_id in (last[0] + 1, 2**31, 10**30, -1, "abc", "1.5", "7" * 10_000):
            stream = self.open(campaign, last_id)
            events = stream.read(lambda e: e.kind == "keep_alive" and e.payload["status"] == "alive")
            self.assertEqual([e.kind for e in events[:2]], ["keep_alive", "resync"], str(last_id)[:20])
            self.assertEqual([e.kind for e in events].count("resync"), 1)
            self.assertFalse([e for e in events if e.number])
            self.assertEqual(events[1].payload["reason"], "unknown_id")

    def test_filters_let_through_what_was_asked_for_and_keep_the_place(self):
        campaign = self.completed(10)
        stored = self.stored(campaign)
        transitions = [number for number, kind, _ in stored if kind.startswith("phase_") and kind != "phase_auto_started"]
        stream = self.open(campaign, 0, "?types=phaseUpdate")
        events = stream.read(lambda e: e.number == transitions[-1])
        self.assertEqual([e.number for e in events if e.kind == "phaseUpdate"], transitions)
        self.assertEqual({e.kind for e in events}, {"keep_alive", "phaseUpdate"})

    def test_samples_come_without_numbers_and_details_on_request(self):
        campaign = self.campaign(400)
        normal, full = self.open(campaign), self.open(campaign, query="?detail=full")
        for stream in (normal, full):
            stream.next()
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        last = self.stored(campaign)[-1][0]
        seen = [s.read(lambda e: e.number == last) for s in (normal, full)]
        for events in seen:
            kinds = {e.kind for e in events if not e.number}
            self.assertLessEqual({"domain_generated", "domain_validated", "domain_status_delta", "http_enrichment"}, kinds)
        steps = [{(e.payload["event_type"], e.payload["status"]) for e in events if e.kind == "extraction_substep"}
                 for events in seen]
        self.assertFalse([kind for kind, status in steps[0] if kind == "domain_update" or
                          kind.startswith("substep_") and status != "failed"])
        self.assertIn("substep_end", {kind for kind, _ in steps[1]})

    def test_failures_before_the_stream_are_envelopes(self):
        gateway = self.stack.add_gateway(**HEARTBEAT, REST_STREAMS_MAX="1")
        self.addCleanup(gateway.stop)
        campaign = self.campaign(10)
        cases = [(path(NOBODY), 404, "NOT_FOUND"), (path("nonsense"), 400, "BAD_REQUEST"),
                 (path(campaign, "?types=nonsense"), 400, "BAD_REQUEST"),
                 (path(campaign, "/nonsense"), 404, "NOT_FOUND")]
        for target, status, code in cases:
            self.assert_refused(gateway, target, status, code)
        answer = gateway.call("POST", path(campaign))
        self.assertEqual((answer.status, answer.headers["allow"]), (405, "GET"))
        with EventStream(gateway.rest, path(campaign)):
            refused = self.assert_refused(gateway, path(campaign), 503, "SERVICE_UNAVAILABLE")
            self.assertGreater(int(refused.headers["retry-after"]), 0)

    def assert_refused(self, gateway, target, status, code):
        with self.assertRaises(Refused, msg=target) as caught:
            EventStream(gateway.rest, target)
        refused = caught.exception
        self.assertEqual((refused.status, refused.envelope["error"]["code"]), (status, code), target)
        self.assertEqual(refused.envelope["requestId"], refused.headers["x-request-id"])
        return refused

    def test_a_removed_campaign_ends_its_stream(self):
        campaign = self.campaign(10)
        stream = self.open(campaign)
        stream.next()
        self.stack.grpcurl("CampaignService/DeleteCampaign", {"campaignId": campaign})
        last = stream.read(lambda e: e.kind == "error")[-1]
        self.assertEqual(last.payload["code"], "NOT_FOUND")
        with self.assertRaises(OSError):
            stream.next()

    def test_gateways_and_servers_tell_the_same_story(self):
        campaign = self.campaign(300)
        other = self.stack.add_gateway(1, **HEARTBEAT)
        self.addCleanup(other.stop)
        one, two = self.open(campaign, 0), self.open(campaign, 0, gateway=other)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        stored = self.stored(campaign)
        seen = [s.read(lambda e: e.number == stored[-1][0]) for s in (one, two)]
        for events in seen:
            self.assert_exact(events, stored)
        lifecycle = [[e.data for e in events if e.sequence or e.number] for events in seen]
        self.assertEqual(*lifecycle)

    def test_all_campaigns_come_on_one_stream(self):
        stream = EventStream(self.stack.gateway.rest, "/api/v2/sse/events")
        self.addCleanup(stream.close)
        self.assertEqual([stream.next().kind, stream.next().kind], ["keep_alive", "resync"])
        first, second = self.campaign(10), self.campaign(10)
        self.stack.create_keyword_set()
        for campaign in (first, second):
            self.stack.start_generation(campaign)
        left = {first, second}
        events = stream.read(lambda e: e.kind == "campaign_completed" and not without(left, e.data["campaignId"]))
        for campaign in (first, second):
            kinds = [e.kind for e in events if e.data.get("campaignId") == campaign and e.sequence]
            stored = [kind for _, kind, sequence in self.stored(campaign) if sequence]
            self.assertEqual([kind for kind in kinds if kind != "phaseUpdate"], stored)
        self.assertFalse([e for e in events if e.number])
        self.assertIn("keyword_set_created", {e.kind for e in events})

    def test_statistics_count_the_streams(self):
        campaign = self.campaign(10)
        self.open(campaign).next()
        self.open(campaign).next()
        answer = self.stack.gateway.call("GET", "/api/v2/sse/events/stats")
        self.assertEqual((answer.status, answer.body["connectionsByCampaign"][campaign]), (200, 2))
        self.assertGreaterEqual(answer.body["totalConnections"], 2)
        self.assertEqual(answer.body["maxConnections"], 1000)
        metrics = self.stack.gateway.metrics()
        self.assertGreaterEqual(metrics["gateway_sse_connections"], 2)


def without(names, name):
    names.discard(name)
    return names


class Interruptions(StackCase):
    def test_nothing_is_missed_or_doubled_when_servers_and_gateways_die(self):
        campaign = self.campaign(2000)
        followers = [Follower(self.stack.gateway.rest, path(campaign)) for _ in range(30)]
        self.addCleanup(lambda: [follower.stop() for follower in followers])
        self.stack.start_generation(campaign)
        self.stack.wait_phase(campaign, "generation")
        self.stack.kill(0)  # the one that the gateway is connected to; the other goes on working
        self.stack.restart(0)
        self.stack.wait_phase(campaign, "dns")
        self.stack.gateway.kill()
        self.stack.gateway.start()
        self.stack.wait_campaign(campaign)
        last = self.stored(campaign)[-1][0]
        self.stack.wait_until(lambda: all(f.last_id == last or f.trouble for f in followers), WAIT_SECONDS,
                              f"everybody to read event {last}; they are at {[f.last_id for f in followers]}")
        for follower in followers:
            self.assertIsNone(follower.trouble)
            self.assertEqual([(e.number, e.kind, e.sequence) for e in follower.events if e.number], self.stored(campaign))
            self.assertNotIn("resync", {e.kind for e in follower.events})
            self.assertGreaterEqual(follower.connects, 2)
        metrics = self.stack.gateway.metrics()
        self.assertEqual(metrics["gateway_sse_upstream_streams"], 1)
        self.assertLessEqual(metrics["gateway_sse_upstream_replays_total"], 1)  # 30 came back

    def test_a_restarted_server_is_not_noticed(self):
        campaign = self.campaign(50)
        follower = Follower(self.stack.gateway.rest, path(campaign))
        self.addCleanup(follower.stop)
        self.stack.wait_until(lambda: follower.events, WAIT_SECONDS, "the greeting")
        self.stack.stop(0)
        self.stack.restart(0)
        self.stack.start_generation(campaign)
        self.stack.wait_campaign(campaign)
        stored = self.stored(campaign)
        self.stack.wait_until(lambda: follower.last_id == stored[-1][0], WAIT_SECONDS, "the last event")
        self.assertEqual(follower.numbers, [number for number, _, _ in stored])
        self.assertEqual(follower.connects, 1)

    def test_a_stream_begins_while_the_server_is_away(self):
        campaign = self.completed(10)
        stored = self.stored(campaign)
        gateway = self.stack.add_gateway(**HEARTBEAT)
        self.addCleanup(gateway.stop)
        self.stack.stop(0)
        try:
            stream = self.open(campaign, 1, gateway=gateway)
            self.assertEqual(stream.next().kind, "keep_alive")
        finally:
            self.stack.restart(0)
        events = stream.read(lambda e: e.number == stored[-1][0])
        self.assert_exact([e for e in events if e.kind != "keep_alive"], stored[1:])


class Crowds(unittest.TestCase):
    def test_every_transition_reaches_a_crowd_once_and_in_order_however_often_it_is_cut_off(self):
        with Stack(instances=2, roles=["api,jobs"] * 2, with_gateway=True, gateway_settings=HEARTBEAT) as stack:
            personas, sets = [stack.create_persona("dns"), stack.create_persona("http")], [stack.create_keyword_set()]
            campaign = stack.create_campaign(10, mode="step_by_step", personas=personas, keyword_sets=sets)
            door = stack.add_gateway(1)  # the changes are made elsewhere
            crowd = Crowd(stack.gateway.rest, path(campaign), CROWD, cuts=CUTS, last_id=0)
            self.addCleanup(crowd.stop)
            stack.start_generation(campaign)  # nobody works on it: it is in progress until it is paused
            for number in range(ROUNDS):
                for action in ("pause", "resume"):
                    answer = door.call("POST", f"/api/v2/campaigns/{campaign}/phases/generation/{action}")
                    self.assertEqual(answer.status, 200, answer)
                if number == ROUNDS // 3:
                    stack.gateway.kill()
                    stack.gateway.start()
                if number == ROUNDS * 2 // 3:
                    stack.kill(0)
                    stack.restart(0)
            stored = [(int(number), kind) for number, kind in stack.sql(
                f"SELECT event_number, type FROM campaign_events WHERE campaign_id = '{campaign}' ORDER BY event_number")]
            self.assertGreaterEqual(len(stored), 2 * ROUNDS)
            stack.wait_until(lambda: crowd.trouble or all(m.last_id == stored[-1][0] for m in crowd.members), WAIT_SECONDS,
                             f"the crowd to read event {stored[-1][0]}")
            crowd.stop()
            self.assertIsNone(crowd.trouble)
            for member in crowd.members:
                self.assertEqual(member.cuts, [])
                self.assertGreater(member.connects, CUTS)
                self.assertEqual([(number, kind) for _, number, kind, _ in member.frames if number], stored)
                self.assertNotIn("resync", {kind for _, _, kind, _ in member.frames})
                self.assert_states(member)

    def assert_states(self, member):
        """The phaseUpdate of each transition comes before it; a second time only when the stream was cut in between."""
        updates = [data["sequence"] for data in (json.loads(text) for _, _, kind, text in member.frames if kind == "phaseUpdate")
                   if data.get("sequence")]
        transitions = [json.loads(text)["sequence"] for _, number, kind, text in member.frames
                       if number and kind != "phase_auto_started" and kind.startswith("phase_")]
        self.assertEqual(sorted(set(updates)), transitions)
        self.assertEqual(updates, sorted(updates))
        self.assertLess(len(updates) - len(transitions), member.connects)


class BehindNginx(StackCase):
    """The snippet of docs/events.md, before a gateway with a short heartbeat."""

    READ_TIMEOUT = "2s"

    def setUp(self):
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
        self.assertTrue(nginx, "nginx is not installed (tests/dev/packages.txt)")
        snippet = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / "events.md").read_text(), re.S).group(1)
        snippet = snippet.replace("127.0.0.1:8080", self.stack.gateway.rest)
        snippet = re.sub(r"proxy_read_timeout \w+;", f"proxy_read_timeout {self.READ_TIMEOUT};", snippet)
        # Buffering comes back to show that the header alone is enough.
        snippet = snippet.replace("proxy_buffering off;", "")
        self.address = f"127.0.0.1:{process.free_port()}"
        folder = self.stack.folder / "nginx"
        folder.mkdir(exist_ok=True)
        config = folder / "nginx.conf"
        config.write_text(f"""
            daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
            events {{ worker_connections 256; }}
            http {{ access_log off; gzip on; gzip_types *; client_body_temp_path {folder}/body;
              proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
              scgi_temp_path {folder}/s;
              server {{ listen {self.address}; {snippet} }} }}""")
        self.nginx = process.spawn(folder, "nginx", [nginx, "-c", config, "-p", folder], keep_user=True)
        self.addCleanup(self.nginx.wait)
        self.addCleanup(self.nginx.terminate)
        host, port = self.address.split(":")
        self.stack.wait_until(lambda: process.listens(host, int(port)), 20, "nginx")

    def test_events_pass_at_once_and_silence_does_not_end_the_stream(self):
        campaign = self.campaign(20)
        with EventStream(self.address, path(campaign), seconds=20) as stream:
            for _ in range(8):  # twice the read timeout of heartbeats, and nothing else
                self.assertEqual(stream.next().kind, "keep_alive")
            self.stack.start_generation(campaign)
            self.stack.wait_campaign(campaign)
            stored = self.stored(campaign)
            events = stream.read(lambda e: e.number == stored[-1][0])
            self.assertEqual([e.number for e in events if e.number][-1], stored[-1][0])
        with EventStream(self.address, path(campaign), 2) as again:
            self.assertEqual(again.read(lambda e: e.number)[-1].number, 3)


if __name__ == "__main__":
    unittest.main()
