"""A campaign made, run and read over REST alone, against the lab's rule; and the gateway's own life:
drain, TLS upstream."""

import csv
import io
import signal
import subprocess
import threading
import unittest

from stack import BIN, PATTERN, PHASES, Stack

NAMES = 300


class Run(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(with_gateway=True)
        cls.enterClassContext(cls.stack)
        personas = [cls.stack.create_persona(kind) for kind in ("dns", "http")]
        configuration = {
            "maxDomains": NAMES,
            "patternConfig": {
                **PATTERN,
                "targetDomains": NAMES,
                "personaIds": personas,
                "keywordSetIds": [cls.stack.create_keyword_set()],
            },
        }
        campaign = cls.call(
            "POST",
            "/api/v2/campaigns",
            {"name": "Over REST", "mode": "full_sequence", "configuration": configuration},
            201,
        )
        cls.campaign, cls.path = campaign["id"], f"/api/v2/campaigns/{campaign['id']}"
        cls.call("POST", f"{cls.path}/phases/generation/start")
        cls.stack.wait_campaign(cls.campaign)

    @classmethod
    def call(cls, method, path, body=None, status=200):
        answer = cls.stack.gateway.call(method, path, body)
        assert answer.status == status, f"{method} {path}: {answer}"
        return answer.body

    def test_status_says_completed(self):
        snapshot = self.call("GET", f"{self.path}/status")
        self.assertEqual(
            (snapshot["status"], snapshot["overallProgressPercentage"], snapshot["controlPhase"]),
            ("completed", 100, None),
        )
        for phase in snapshot["phases"]:
            self.assertEqual((phase["status"], phase["progressPercentage"]), ("completed", 100))
            self.assertLess(phase["startedAt"], phase["completedAt"])
        campaign = self.call("GET", self.path)
        self.assertNotIn("currentPhase", campaign)
        self.assertEqual(campaign["progress"]["processedDomains"], NAMES)

    def test_funnel_list_and_download_agree(self):
        funnel = self.call("GET", f"{self.path}/funnel")
        self.assertEqual(funnel, self.stack.expectation().sums(self.stack.names(NAMES))["funnel"])
        self.assertGreater(funnel["leads"], 0)
        page = self.call("GET", f"{self.path}/domains?limit=1000")
        aggregates = page["aggregates"]
        self.assertEqual(
            (aggregates["dns"]["ok"], aggregates["http"]["ok"], aggregates["lead"]["match"]),
            (funnel["dnsValid"], funnel["httpValid"], funnel["leads"]),
        )
        rows = list(
            csv.DictReader(io.StringIO(self.stack.gateway.call("GET", f"{self.path}/domains/export").body, newline=""))
        )
        self.assertEqual([row["domain"] for row in rows], [item["domain"] for item in page["items"]])
        self.assertEqual(sum(row["leadStatus"] == "match" for row in rows), funnel["leads"])
        for row, item in zip(rows, page["items"]):
            self.assertEqual(row["domainScore"], "" if item["domainScore"] is None else f"{item['domainScore']:.15g}")
            self.assertEqual(row["title"].removeprefix("'"), item.get("httpTitle", ""))
        same = subprocess.run(
            [BIN / "dfctl", "--server", self.stack.instances[0].grpc, "domain", "export", self.path.split("/")[4]],
            stdout=subprocess.PIPE,
            check=True,
        ).stdout.decode()
        self.assertEqual(list(csv.DictReader(io.StringIO(same, newline=""))), rows)
        summary = self.call("GET", f"{self.path}/rejection-summary")
        self.assertTrue(summary["balanced"])
        self.assertNotIn("auditNote", summary)
        self.assertEqual(summary["counts"]["qualified"], funnel["leads"])

    def test_features_keywords_and_breakdown_of_the_best(self):
        best = self.call("GET", f"{self.path}/domains?sort=domain_score&limit=1")["items"][0]
        features = best["features"]
        self.assertEqual(set(features), {"keywords", "richness", "microcrawl"})
        self.assertEqual(
            set(features["keywords"]), {"unique_count", "hits_total", "weight_sum", "top3", "signal_distribution"}
        )
        self.assertLessEqual(
            {
                "score",
                "version",
                "prominence_norm",
                "diversity_effective_unique",
                "diversity_norm",
                "enrichment_norm",
                "applied_bonus",
                "applied_deductions_total",
                "stuffing_penalty",
                "repetition_index",
                "anchor_share",
            },
            set(features["richness"]),
        )
        self.assertEqual(set(features["microcrawl"]), {"gain_ratio", "pages"})
        self.assertIsInstance(features["keywords"]["signal_distribution"], dict)
        path = f"{self.path}/domains/{best['domain']}"
        items = self.call("GET", f"{path}/keywords")["items"]
        self.assertEqual(
            [one["effectiveWeight"] for one in items], sorted((one["effectiveWeight"] for one in items), reverse=True)
        )
        breakdown = self.call("GET", f"{path}/score-breakdown")
        self.assertEqual(
            set(breakdown["components"]),
            {"density", "coverage", "nonParked", "contentLength", "titleKeyword", "freshness", "tfLite"},
        )
        self.assertAlmostEqual(breakdown["overallScore"], best["domainScore"] * 100, places=1)
        nobody = self.call("GET", f"{self.path}/domains/nobody.example/score-breakdown")
        self.assertEqual(
            (nobody["state"], nobody["reason"], nobody["overallScore"]), ("degraded", "domain_not_found", None)
        )
        self.assertEqual(self.stack.gateway.call("GET", f"{self.path}/domains/%20/score-breakdown").status, 400)
        self.assertEqual(self.stack.gateway.call("GET", f"{self.path}/domains//score-breakdown").status, 400)

    def test_runs_are_recorded(self):
        runs = self.call("GET", f"{self.path}/phase-executions")
        self.assertEqual([run["phaseType"] for run in runs], list(PHASES)[::-1])
        timeline = self.call("GET", f"{self.path}/progress")["timeline"]
        self.assertEqual([one["sequence"] for one in timeline], sorted(one["sequence"] for one in timeline))
        self.assertEqual(set(self.call("GET", f"{self.path}/configs")["configs"]) - set(PHASES), set())


class Life(unittest.TestCase):
    def test_a_shutdown_lets_a_request_finish(self):
        with Stack(with_lab=False, with_gateway=True) as stack:
            gateway, answers = stack.gateway, []
            lock = subprocess.Popen(
                ["psql", stack.postgres.url(), "-qAt"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            lock.stdin.write("BEGIN; LOCK TABLE campaigns; SELECT 'locked';\n")
            lock.stdin.flush()
            self.assertEqual(lock.stdout.readline().strip(), "locked")
            waiting = threading.Thread(target=lambda: answers.append(gateway.call("GET", "/api/v2/campaigns")))
            waiting.start()
            stack.wait_until(
                lambda: stack.sql_value("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0",
                30,
                "the request to wait",
            )
            gateway.signal(signal.SIGTERM)
            stack.wait_until(lambda: not self.accepts(gateway), 30, "the gateway to stop accepting")
            lock.communicate("COMMIT;\n", timeout=30)
            waiting.join(30)
            self.assertEqual(answers[0].status, 200)
            self.assertEqual(gateway.process.wait(30), 0)

    @staticmethod
    def accepts(gateway):
        try:
            return bool(gateway.call("GET", "/ping"))
        except OSError:
            return False

    def test_what_cant_be_read_ends_it_with_a_sentence(self):
        done = subprocess.run(
            [BIN / "domainflow-gateway", "--rest-deadline", "soon"], capture_output=True, text=True, timeout=30
        )
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1))
        self.assertIn("REST_DEADLINE", done.stderr)

    def test_a_taken_port_ends_it_with_a_sentence(self):
        with Stack(with_lab=False, with_gateway=True) as stack:
            done = subprocess.run(
                [
                    BIN / "domainflow-gateway",
                    "--rest-address",
                    stack.gateway.rest,
                    "--gateway-ops-address",
                    "127.0.0.1:0",
                ],
                capture_output=True,
                text=True,
                timeout=30,
            )
            self.assertEqual(done.returncode, 1)
            self.assertEqual(
                done.stderr, f"domainflow-gateway: REST_ADDRESS {stack.gateway.rest}: bind: address already in use\n"
            )

    def test_over_a_unix_socket_and_over_mutual_tls(self):
        with Stack(with_lab=False) as stack:
            socket = stack.folder / "grpc.sock"
            stack.stop()
            stack.restart(GRPC_ADDRESS=f"unix:{socket}")
            gateway = stack.add_gateway(GRPC_UPSTREAM=f"unix:{socket}")
            self.assertEqual(gateway.call("GET", "/api/v2/campaigns").status, 200)
            gateway.stop()
            stack.stop()
            files = make_certificates(stack.folder)
            port = stack.instances[0].grpc
            stack.restart(GRPC_ADDRESS=port, **files["server"])
            gateway = stack.add_gateway(GRPC_UPSTREAM=port, GRPC_UPSTREAM_NAME="domainflowd.test", **files["gateway"])
            self.assertEqual(gateway.call("GET", "/api/v2/campaigns").status, 200)


def make_certificates(folder):
    """A CA, a server and a client; the settings that use them."""

    def openssl(*arguments, data=None):
        subprocess.run(
            ["openssl", *arguments], cwd=folder, check=True, capture_output=True, text=True, input=data, timeout=60
        )

    openssl(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "2",
        "-subj",
        "/CN=test ca",
    )
    for name in ("server", "gateway"):
        openssl(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            f"/CN={name}",
        )
        (folder / f"{name}.ext").write_text("subjectAltName=DNS:domainflowd.test\n")
        openssl(
            "x509",
            "-req",
            "-in",
            f"{name}.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-out",
            f"{name}.pem",
            "-extfile",
            f"{name}.ext",
        )
    file = lambda name: str(folder / name)
    return {
        "server": {
            "GRPC_TLS_CERT": file("server.pem"),
            "GRPC_TLS_KEY": file("server.key"),
            "GRPC_TLS_CLIENT_CA": file("ca.pem"),
        },
        "gateway": {
            "GRPC_UPSTREAM_CA": file("ca.pem"),
            "GRPC_UPSTREAM_CERT": file("gateway.pem"),
            "GRPC_UPSTREAM_KEY": file("gateway.key"),
        },
    }


if __name__ == "__main__":
    unittest.main()
