"""What every request to the REST gateway meets, whatever it wants: limits, origins, hosts, and what a client may not
say of itself. And a gateway whose domainflowd is away."""

import contextlib
import http.client
import json
import signal
import unittest

from gateway_base import NOBODY, GatewayTest
from stack import Stack


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
        self.assertEqual(
            [gateway.get(path)[0] for path in ("/livez", "/readyz", "/metrics", "/api/v2/campaigns")],
            [200, 200, 200, 404],
        )
        self.call("GET", f"/api/v2/campaigns/{NOBODY}/funnel", status=404)
        route = "/api/v2/campaigns/{campaign_id}/funnel"
        count = f'gateway_http_request_duration_seconds_count{{method="GET",route="{route}",status="404"}}'
        self.assertGreaterEqual(gateway.metrics()[count], 1)
        self.assertNotIn(NOBODY, gateway.get("/metrics")[1])
        self.refused("GET", "/metrics", status=404, code="NOT_FOUND")

    def test_unknown_paths_and_methods(self):
        for path in (
            "/nope",
            "/api",
            "/api/v2",
            "/api/v2/",
            "/api/v2/campaigns/",
            "/api//v2/campaigns",
            "/api/v2/campaigns/a/b/c",
            "/api/v2/../v2/campaigns",
            "/API/v2/campaigns",
            "/api/v2/campaigns/x%2Fy/z",
        ):
            self.refused("GET", path, status=404, code="NOT_FOUND")
        for method, path, allowed in [
            ("DELETE", "/api/v2/campaigns", "GET, POST"),
            ("PATCH", f"/api/v2/campaigns/{NOBODY}", "DELETE, GET, PUT"),
            ("GET", f"/api/v2/campaigns/{NOBODY}/phases/dns/start", "POST"),
        ]:
            answer = self.call(method, path, status=405)
            self.assertEqual((answer.headers["allow"], answer.body["error"]["code"]), (allowed, "METHOD_NOT_ALLOWED"))

    def test_only_json_is_read(self):
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "application/jsonx",
            "",
            "json",
            "multipart/form-data; boundary=x",
        ):
            self.refused(
                "POST",
                "/api/v2/campaigns",
                raw=b'{"name":"x"}',
                headers=[("Content-Type", kind)],
                status=415,
                code="UNSUPPORTED_MEDIA_TYPE",
            )
        packed = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
        self.refused(
            "POST", "/api/v2/campaigns", raw=b"\x1f\x8b", headers=packed, status=415, code="UNSUPPORTED_MEDIA_TYPE"
        )
        for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"):
            self.refused(
                "POST",
                "/api/v2/campaigns",
                raw=b"{}",
                headers=[("Content-Type", kind)],
                status=422,
                code="VALIDATION_ERROR",
            )
        self.refused("GET", "/api/v2/campaigns", {"x": 1}, status=400, code="BAD_REQUEST")

    def test_bytes_that_are_no_text_are_400(self):
        for path in (
            "/api/v2/campaigns?search=%ff",
            "/api/v2/campaigns/%ff",
            f"/api/v2/campaigns/{NOBODY}/domains/a%ffb/keywords",
            f"/api/v2/campaigns/{NOBODY}/domains/export?search=%ff",
            "/api/v2/campaigns/%ff/domains/export",
            "/api/v2/personas/%ff",
            "/api/v2/keyword-rules?pattern=%c3%28",
            "/api/v2/sse/campaigns/%ff",
            "/api/v2/campaigns?search=%00",
        ):
            self.refused("GET", path, status=400, code="BAD_REQUEST")

    def test_a_body_of_broken_chunks_is_400(self):
        headers = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"), ("Content-Length", "9")]
        self.refused("POST", "/api/v2/campaigns", raw=b"zz\r\n{}\r\n", headers=headers, status=400, code="BAD_REQUEST")

    def test_what_only_sends_takes_no_body(self):
        for path in ("/api/v2/sse/events", f"/api/v2/sse/campaigns/{NOBODY}", f"/api/v2/campaigns/{NOBODY}/domains/export"):
            self.refused("GET", path, {}, status=400, code="BAD_REQUEST")

    def test_body_limit(self):
        def body(size):
            start, end = b'{"nonsense":"', b'"}'
            return start + b"x" * (size - len(start) - len(end)) + end

        limit = 1 << 20
        for size, status, code in (
            (limit - 1, 422, "VALIDATION_ERROR"),
            (limit, 422, "VALIDATION_ERROR"),
            (limit + 1, 413, "PAYLOAD_TOO_LARGE"),
        ):
            self.refused("POST", "/api/v2/campaigns", raw=body(size), status=status, code=code)

    def test_a_body_without_a_length_has_the_same_limit(self):
        headers = [("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")]
        for size, status, code in ((2, 422, "VALIDATION_ERROR"), ((1 << 20) + 1, 413, "PAYLOAD_TOO_LARGE")):
            body = b"{" + b" " * (size - 2) + b"}"
            raw = f"{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
            self.refused("POST", "/api/v2/campaigns", raw=raw, headers=headers, status=status, code=code)

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
        for depth, code, status in (
            (31, "VALIDATION_ERROR", 422),
            (32, "VALIDATION_ERROR", 422),
            (33, "BAD_REQUEST", 400),
        ):
            inner = b"[" * (depth - 1) + b"]" * (depth - 1)
            self.refused("POST", "/api/v2/campaigns", raw=b'{"nonsense":' + inner + b"}", status=status, code=code)

    def test_request_id_is_echoed_when_it_can_be_logged(self):
        for given in ("abc-1.2:3_4", "x" * 64):
            self.assertEqual(
                self.call("GET", "/ping", headers=[("X-Request-Id", given)]).headers["x-request-id"], given
            )
        for given in ("x" * 65, "has space", "a,b", "<script>", ""):
            self.assertNotEqual(
                self.call("GET", "/ping", headers=[("X-Request-Id", given)]).headers["x-request-id"], given
            )
        self.call("GET", "/api/v2/campaigns", headers=[("X-Request-Id", "follow-me")])
        self.stack.wait_until(
            lambda: '"request_id":"follow-me"' in self.stack.instances[0].log.read_text(),
            10,
            "the id in domainflowd's log",
        )
        self.assertIn('"request_id":"follow-me"', self.stack.gateway.log.read_text())

    def test_other_hosts_are_refused(self):
        for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:8080", ""):
            self.assertIn(
                self.stack.gateway.call("GET", "/api/v2/campaigns", headers=[("Host", host)]).status, (400, 403), host
            )
        for host in ("localhost", "localhost:1", "127.0.0.1", "[::1]:8080"):
            self.call("GET", "/api/v2/campaigns", headers=[("Host", host)])

    def test_pages_of_other_origins_change_nothing(self):
        campaign = self.create_campaign()["id"]
        for headers in ([("Origin", "https://evil.example")], [("Origin", "null")], [("Sec-Fetch-Site", "cross-site")]):
            self.refused(
                "POST", f"/api/v2/campaigns/{campaign}/duplicate", status=403, code="FORBIDDEN", headers=headers
            )
            answer = self.call("GET", f"/api/v2/campaigns/{campaign}", headers=headers)
            self.assertNotIn("access-control-allow-origin", answer.headers)
            self.assertIn("Origin", answer.headers["vary"])
        self.assertEqual(
            self.stack.sql_value(f"SELECT count(*) FROM campaigns WHERE duplicated_from = '{campaign}'"), "0"
        )


class Origins(GatewayTest):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(
            with_lab=False,
            with_gateway=True,
            gateway_settings={"ALLOWED_ORIGINS": "https://app.example, http://localhost:5173"},
        )
        cls.enterClassContext(cls.stack)
        cls.number = 0

    def test_allowed_origins_may_read_and_change(self):
        for origin in ("https://app.example", "http://localhost:5173"):
            answer = self.call(
                "POST", "/api/v2/campaigns", {"name": self.name("C")}, status=201, headers=[("Origin", origin)]
            )
            self.assertEqual(answer.headers["access-control-allow-origin"], origin)
            self.assertEqual(answer.headers["access-control-allow-credentials"], "true")
            for name in ("X-Request-Id", "X-Cache", "X-Domains-Sort-Version", "X-Idempotent-Replay"):
                self.assertIn(name, answer.headers["access-control-expose-headers"])

    def test_preflight(self):
        ask = [
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "content-type,x-idempotency-key"),
        ]
        answer = self.call(
            "OPTIONS", "/api/v2/campaigns", status=204, headers=[("Origin", "https://app.example"), *ask]
        )
        for name in (
            "Content-Type",
            "Authorization",
            "X-Requested-With",
            "X-Request-Id",
            "X-Idempotency-Key",
            "Last-Event-ID",
            "Cache-Control",
        ):
            self.assertIn(name, answer.headers["access-control-allow-headers"])
        self.assertIn("PUT", answer.headers["access-control-allow-methods"])
        answer = self.call(
            "OPTIONS", "/api/v2/campaigns", status=204, headers=[("Origin", "https://app.example.evil"), *ask]
        )
        self.assertFalse([name for name in answer.headers if name.startswith("access-control")])


# What a client may try to say about itself, about its request's method, or to domainflowd directly. None of it counts.
SMUGGLED = [
    [(name, value)]
    for name in (
        "Grpc-Metadata-Principal",
        "grpc-metadata-principal",
        "GRPC-METADATA-ROLE",
        "Grpc-Metadata-Workspace",
        "Grpc_Metadata_Principal",
        "Grpc-Metadata-X-Request-Id",
        "Grpc-Metadata-Authorization",
        "Grpc-Metadata-X-Idempotency-Key",
        "X-Principal",
        "X-User",
        "X-User-Id",
        "X-Remote-User",
        "Remote-User",
        "X-Workspace",
        "X-Role",
        "Principal",
        "Workspace",
        "Role",
        "X-Auth-User",
        "X-Client-Cert",
        "X-SSL-Client-Cert",
        "X-Forwarded-Client-Cert",
    )
    for value in ("admin",)
] + [
    [("X-Forwarded-For", "10.0.0.1")],
    [("x-forwarded-for", "10.0.0.1"), ("X-Forwarded-For", "10.0.0.2")],
    [("X_Forwarded_For", "10.0.0.1")],
    [("X-Forwarded-Host", "evil.example")],
    [("X-Forwarded-User", "admin")],
    [("X-Forwarded-Proto", "https")],
    [("X-Real-Ip", "10.0.0.1")],
    [("Forwarded", "for=10.0.0.1;host=evil.example")],
    [("Authorization", "Bearer forged")],
    [("Authorization", "Basic YWRtaW46eA==")],
    [("authorization", "a"), ("Authorization", "b")],
    [("Cookie", "domainflow_session=forged; principal=admin")],
    [("Grpc-Timeout", "1n")],
    [("grpc-timeout", "99999999H")],
    [("Grpc-Encoding", "gzip")],
    [("Grpc-Metadata-Trace-Bin", "AAEC")],
    [("X-HTTP-Method-Override", "DELETE")],
    [("X-Http-Method", "DELETE"), ("X-Method-Override", "DELETE")],
    [("Te", "trailers")],
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
        self.call(
            "POST",
            f"/api/v2/campaigns/{campaign}",
            raw=b"",
            status=405,
            headers=[*form, ("X-HTTP-Method-Override", "DELETE")],
        )
        self.call("GET", f"/api/v2/campaigns/{campaign}", headers=[("X-HTTP-Method-Override", "DELETE")])
        self.call("GET", f"/api/v2/campaigns/{campaign}")


class Ending(GatewayTest):
    def test_a_request_under_way_is_answered_and_streams_end(self):
        gateway = self.stack.add_gateway(REST_DRAIN="60s")
        stream = http.client.HTTPConnection(gateway.rest, timeout=60)
        self.addCleanup(stream.close)
        stream.request("GET", "/api/v2/sse/events")
        events = stream.getresponse()
        late = http.client.HTTPConnection(gateway.rest, timeout=60)
        self.addCleanup(late.close)
        late.putrequest("POST", "/api/v2/campaigns")
        late.putheader("Content-Type", "application/json")
        late.putheader("Content-Length", "2")
        late.putheader("Expect", "100-continue")
        late.endheaders()
        self.assertIn(b"100 Continue", late.sock.recv(64))  # its handler waits for the body
        gateway.signal(signal.SIGTERM)
        self.stack.wait_until(lambda: gateway.get("/readyz")[0] == 503, 30, "the gateway to say that it ends")
        self.assertEqual(gateway.get("/livez")[0], 200)
        with contextlib.suppress(http.client.IncompleteRead):  # cut off, as browsers take it, or not
            events.read()
        late.send(b"{}")
        late_answer = late.getresponse()
        self.assertEqual((late_answer.status, json.load(late_answer)["error"]["code"]), (422, "VALIDATION_ERROR"))
        self.assertEqual(gateway.process.wait(60), 0)


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
            stack.wait_until(
                lambda: stack.gateway.get("/readyz")[0] == 200, 30, "the gateway to find domainflowd again"
            )
            self.assertEqual(stack.gateway.call("GET", "/api/v2/campaigns").status, 200)


if __name__ == "__main__":
    unittest.main()
