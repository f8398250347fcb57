"""The running lab: every program answers as the rule says."""
import http.client
import os
import shutil
import socket
import ssl
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))

from labkit import expect, pages, rule, servers  # noqa: E402

PATTERN = {"type": "prefix", "prefixVariableLength": 4, "charset": "abcdefghijklmnopqrstuvwxyz", "constant": "shop",
           "tlds": [".site.test", ".shop.test"]}
NAMES = 3000
SILENCE_SECONDS = 0.15
DNS_ANSWERS = {"NXDOMAIN": 3, "SERVFAIL": 2, "REFUSED": 5, "NOANSWER": 0, "TIMEOUT": None}
TLS_FAULTS = {"tls_broken", "tls_expired", "tls_expired_http", "tls_wrong_host", "tls_unknown_ca"}
HTTP_ONLY = {"page_http_only"} | {name for name, (_, on_https, _) in servers.FAULTS.items() if not on_https}


class Lab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        base = os.environ.get("TEST_RUN_DIR")
        if base:
            Path(base).mkdir(parents=True, exist_ok=True)
        cls.folder = Path(tempfile.mkdtemp(prefix="a lab-", dir=base))  # with a space, as a checkout may have
        cls.folder.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.addClassCleanup(servers.down, cls.folder)
        cls.state = servers.up(cls.folder, (0, 0))
        cls.ports = [int(resolver.split(":")[1]) for resolver in cls.state["resolvers"]]
        cls.pools = pages.load(cls.folder / "pages.json")

    def fetch(self, name, secure, path="/", seconds=10):
        """Status, headers and body of one request, on the address the rule gives."""
        where = rule.address(*rule.classify(name))
        client = socket.create_connection((where, self.state["https_port" if secure else "http_port"]), seconds)
        if secure:
            context = ssl.create_default_context(cafile=self.state["ca_file"])
            client = context.wrap_socket(client, server_hostname=name)
        connection = http.client.HTTPConnection(name)
        connection.sock = client
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            client.close()

    @staticmethod
    def name_of(class_name):
        return next(n for n in expect.generate_names(PATTERN) if rule.classify(n)[0].name == class_name)

    def test_dns_answers_by_the_rule_on_every_port(self):
        for i, name in enumerate(expect.take_names(PATTERN, NAMES)):
            site, page = rule.classify(name)
            wanted = rule.address(site, page) if site.dns == "ok" else DNS_ANSWERS[site.dns]
            seconds = SILENCE_SECONDS if wanted is None else 2
            if site.name == "page_lied_about":
                wanted = "forged"  # what comes first, and what a careful client does not believe
            self.assertEqual(servers.ask(name, 1, self.ports[i % 2], seconds), wanted, name)

    def test_ipv6_addresses_are_absent_or_silent(self):
        self.assertEqual(servers.ask(self.name_of("page"), 28, self.ports[0]), 0)
        self.assertIsNone(servers.ask(self.name_of("page_aaaa_silent"), 28, self.ports[0], SILENCE_SECONDS))

    def test_case_does_not_matter(self):
        name = self.name_of("page")
        self.assertEqual(servers.ask(name.upper(), 1, self.ports[0]), rule.address(*rule.classify(name)))

    def test_fixed_names_and_strangers(self):
        self.assertEqual(servers.ask("elsewhere.site.test", 1, self.ports[0]), "127.1.1.1")
        self.assertEqual(servers.ask("nowhere.site.test", 1, self.ports[0]), 3)
        self.assertEqual(servers.ask("example.com", 1, self.ports[0]), 5)

    def test_every_page_class_shows_its_page(self):
        for site in rule.CLASSES:
            if site.http != "ok" or site.name in ("endless_body", "gzip_bomb", "redirect_away", "redirect_chain"):
                continue
            with self.subTest(site=site.name):
                name = self.name_of(site.name)
                shown = self.pools[site.pages][rule.classify(name)[1]]
                status, headers, body = self.fetch(name, secure=site.name not in HTTP_ONLY | TLS_FAULTS)
                self.assertEqual((status, headers.get_content_type()), (200, shown.content_type))
                self.assertEqual(body, shown.read())

    def test_redirects_lead_where_they_say(self):
        for class_name, path, place in (("redirect_chain", "/", "/a"), ("redirect_chain", "/a", "/b"),
                                        ("redirect_chain", "/b", "/c"), ("redirect_loop", "/", "/"),
                                        ("redirect_away", "/", "https://elsewhere.site.test/"),
                                        ("redirect_nowhere", "/", "https://nowhere.site.test/"),
                                        ("redirect_private", "/", "http://127.2.0.1/"), ("redirect_many", "/7", "/8")):
            status, headers, _ = self.fetch(self.name_of(class_name), True, path)
            self.assertTrue(300 <= status < 400 and headers["Location"] == place, (class_name, status, headers["Location"]))
        name = self.name_of("redirect_chain")
        self.assertEqual(self.fetch(name, True, "/c")[2], self.pools["rich"][rule.classify(name)[1]].read())

    def test_status_classes(self):
        for site in rule.CLASSES:
            if site.name.startswith("status_"):
                self.assertEqual(self.fetch(self.name_of(site.name), True)[0], int(site.name[7:]))

    def test_certificates_that_must_be_refused(self):
        for class_name in TLS_FAULTS:
            with self.subTest(site=class_name), self.assertRaises((ssl.SSLError, ConnectionError)):
                self.fetch(self.name_of(class_name), True)

    def test_plain_http_is_refused_where_the_rule_says_so(self):
        for class_name in ("refused", "tls_broken", "tls_expired", "tls_wrong_host", "tls_unknown_ca"):
            with self.subTest(site=class_name), self.assertRaises(ConnectionRefusedError):
                self.fetch(self.name_of(class_name), False)

    def test_https_is_refused_where_only_http_answers(self):
        for class_name in HTTP_ONLY | {"refused"}:
            with self.subTest(site=class_name), self.assertRaises(ConnectionRefusedError):
                self.fetch(self.name_of(class_name), True)

    def test_resets(self):
        for secure in (True, False):
            with self.assertRaises(ConnectionResetError):
                self.fetch(self.name_of("reset"), secure)

    def test_silent_sites_stay_silent(self):
        for class_name in ("mute", "stall", "drip", "endless_chunk"):
            with self.subTest(site=class_name), self.assertRaises((TimeoutError, ValueError, http.client.HTTPException)):
                self.fetch(self.name_of(class_name), False, seconds=0.3)

    def test_up_twice_is_up_once(self):
        self.assertEqual(servers.up(self.folder), self.state)


if __name__ == "__main__":
    unittest.main()
