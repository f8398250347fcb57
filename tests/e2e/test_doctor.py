"""dfctl's way to a server: mutual TLS, what doctor finds wrong, requests that are too large."""
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from stack import BIN, CALL_SECONDS, Stack

NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
CERTIFICATES = f"""
set -e
openssl req -x509 {NEW_KEY} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem
openssl req -x509 {NEW_KEY} -days 2 -subj /CN=stranger -keyout other.key -out other.pem
printf 'subjectAltName=DNS:server.test' > server.ext
printf 'subjectAltName=DNS:me.test' > me.ext
for name in server me; do
    openssl req {NEW_KEY} -subj /CN=$name.test -keyout $name.key -out $name.csr
    openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $name.ext -out $name.pem
done
"""


class Doctor(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(with_lab=False)
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()
        cls.folder = Path(tempfile.mkdtemp(dir=cls.stack.folder))
        subprocess.run(["sh", "-c", CERTIFICATES], cwd=cls.folder, check=True, capture_output=True)
        cls.plain = cls.stack.instances[0]
        cls.secure = cls.stack.add_instance()
        cls.secure.stop()
        cls.secure.start(**{f"GRPC_TLS_{name}": str(cls.folder / file) for name, file in
                            (("CERT", "server.pem"), ("KEY", "server.key"), ("CLIENT_CA", "ca.pem"))})

    def dfctl(self, *arguments, code=0, data=None, instance=None):
        environment = {**os.environ, "DOMAINFLOW_SERVER": (instance or self.plain).grpc, "XDG_CONFIG_HOME": str(self.folder)}
        done = subprocess.run([BIN / "dfctl", *map(str, arguments)], input=data, capture_output=True, text=True,
                              timeout=CALL_SECONDS, env=environment)
        self.assertEqual(done.returncode, code, f"dfctl {arguments}: {done.stderr}{done.stdout}")
        return done.stdout, done.stderr

    def secure_dfctl(self, *arguments, ca="ca.pem", name="server.test", certificate="me", code=0):
        options = ["--tls-ca", self.folder / ca, "--tls-server-name", name, "--timeout", "5s"]
        if certificate:
            options += ["--tls-cert", self.folder / f"{certificate}.pem", "--tls-key", self.folder / f"{certificate}.key"]
        return self.dfctl(*options, *arguments, code=code, instance=self.secure)

    def visit(self, *arguments, **more):
        """State by check."""
        found = json.loads(self.dfctl("doctor", "-o", "json", *arguments, **more)[0])["dependencies"]
        return {check["name"]: check for check in found}

    def test_everything_is_checked_and_timed(self):
        checks = self.visit()
        self.assertEqual({name: check["state"] for name, check in checks.items()},
                         dict.fromkeys(("settings", "tls", "server", "clock", "health", "postgresql", "schema", "redis"), "ok"))
        for name in ("server", "postgresql", "redis"):
            self.assertRegex(checks[name]["version"], r"^\d+\.\d+")
            self.assertGreater(checks[name]["latencyMs"], 0)
        self.assertIn("DOMAINFLOW_SERVER", checks["settings"]["detail"])
        self.assertIsNotNone(checks["clock"]["clockSkewMs"])
        self.assertEqual(self.dfctl("doctor")[0].split()[:2], ["CHECK", "STATE"])

    def test_a_schema_of_another_version_ends_with_one(self):
        self.stack.sql("UPDATE schema_migrations SET version = version + 1")
        self.addCleanup(self.stack.sql, "UPDATE schema_migrations SET version = version - 1")
        self.assertEqual(self.visit(code=1)["schema"]["state"], "failed")
        self.assertIn("(CHECK_FAILED)", self.dfctl("doctor", code=1)[1])

    def test_no_redis_is_worth_knowing_and_no_failure(self):
        self.plain.stop()
        self.plain.start(REDIS_URL="")
        self.addCleanup(self.plain.start, REDIS_URL=self.stack.redis.url())
        self.addCleanup(self.plain.stop)
        self.assertEqual(self.visit()["redis"]["state"], "degraded")

    def test_a_server_that_is_not_there_ends_with_five(self):
        checks = self.visit("--server", f"unix:{self.folder}/none", code=5)
        self.assertEqual(checks["server"]["state"], "failed")
        self.assertIn("no such socket", checks["server"]["detail"])
        self.assertNotIn("postgresql", checks)

    def test_the_instances_of_the_installation_are_listed(self):
        found = json.loads(self.dfctl("instances", "-o", "json")[0])["instances"]
        self.assertLessEqual({self.plain.grpc, self.secure.grpc}, {one["address"] for one in found if one["isAlive"]})

    def test_mutual_tls_works_and_everything_less_is_refused(self):
        self.secure_dfctl("campaign", "list")
        self.assertIn("ok", self.secure_dfctl("doctor")[0])
        self.assertIn("--tls-ca", self.secure_dfctl("campaign", "list", ca="other.pem", code=5)[1])
        self.assertIn("--tls-server-name", self.secure_dfctl("campaign", "list", name="elsewhere.test", code=5)[1])
        self.secure_dfctl("campaign", "list", certificate=None, code=5)
        self.secure_dfctl("campaign", "list", certificate="other", code=5)
        self.dfctl("campaign", "list", "--timeout", "5s", code=5, instance=self.secure)

    def test_tls_from_the_file_of_settings(self):
        config = self.folder / "tls.config"
        config.write_text("tls-ca = ca.pem\ntls-cert = me.pem\ntls-key = me.key\ntls-server-name = server.test\n")
        self.dfctl("campaign", "list", "--config", config, instance=self.secure)

    def test_mistakes_in_tls_settings_end_with_two(self):
        ca = self.folder / "ca.pem"
        self.assertIn("go together", self.dfctl("campaign", "list", "--tls-ca", ca, "--tls-cert", ca, code=2)[1])
        self.assertIn("/nonexistent", self.dfctl("campaign", "list", "--tls-ca", "/nonexistent", code=2)[1])
        self.assertIn("needs --tls-ca", self.dfctl("campaign", "list", "--tls-server-name", "x", code=2)[1])

    def test_a_request_that_is_too_large_is_the_callers_mistake(self):
        rules = [f"{number:05}" * 60 for number in range(5000)]
        err = self.dfctl("keyword-set", "create", "-f", "-", data=json.dumps({"name": "big", "rules": rules}), code=2)[1]
        self.assertRegex(err, r"the request has \d+ bytes, the server takes at most 1048576 \(REQUEST_TOO_LARGE\)")


if __name__ == "__main__":
    unittest.main()
