"""./dev on its own: what it says when it can not go on, and how it counts tests."""
import os
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from stack import ROOT

SERVICES = "set -euo pipefail; ROOT=$PWD; source tests/dev/common.sh; source tests/dev/services.sh; "


class Dev(unittest.TestCase):
    def ports(self, before="", run="/nonexistent", **environment):
        return subprocess.run(["bash", "-c", f"{SERVICES}{before} ports_are_ours {run}"], cwd=ROOT, capture_output=True,
                              text=True, env={**os.environ, "REST_ADDRESS": "unix:none", "GATEWAY_OPS_ADDRESS": "unix:none",
                                              **environment}, timeout=30)

    def test_a_taken_port_is_said_in_one_sentence(self):
        with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as freed:
            busy, free = (f"127.0.0.1:{s.getsockname()[1]}" for s in (taken, freed))
            freed.close()
            done = self.ports(GRPC_ADDRESS=busy, OPS_ADDRESS=free)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn(f"{busy} is taken by another program", done.stderr)
            self.assertEqual(self.ports(GRPC_ADDRESS=free, OPS_ADDRESS=busy).returncode, 1)
            done = self.ports(GRPC_ADDRESS="unix:/nonexistent/socket", OPS_ADDRESS=free)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            done = self.ports(GRPC_ADDRESS=free, OPS_ADDRESS=free, REST_ADDRESS=busy)
            self.assertEqual(done.returncode, 1)
            self.assertIn("REST_ADDRESS=127.0.0.1:PORT", done.stderr)

    def test_what_runs_is_not_stopped_for_a_taken_port(self):
        runs = "program_pid() { [ $2 = domainflowd ]; };"
        with socket.create_server(("127.0.0.1", 0)) as own, socket.create_server(("127.0.0.1", 0)) as taken, \
                tempfile.TemporaryDirectory() as run:
            ours, busy = (f"127.0.0.1:{s.getsockname()[1]}" for s in (own, taken))
            Path(run, "domainflowd.env").write_text(f"GRPC_ADDRESS={ours}\nOPS_ADDRESS=unix:none\n")
            done = self.ports(runs, run, GRPC_ADDRESS=ours, OPS_ADDRESS="unix:none")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            done = self.ports(runs, run, GRPC_ADDRESS=busy, OPS_ADDRESS="unix:none")
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{busy} is taken by another program", done.stderr)

    def test_a_wrong_command_shows_the_right_ones(self):
        done = subprocess.run([ROOT / "dev", "frobnicate"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("usage: ./dev COMMAND", done.stderr)
        self.assertIn("unknown command 'frobnicate'", done.stderr)

    def sum(self, cases, *checks):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "some.xml").write_text(f"<testsuite>{cases}</testsuite>")
            Path(folder, "checks").write_text("".join(f"{check}\n" for check in checks))
            done = subprocess.run([ROOT / "tests/dev/report", "sum", folder], capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout.splitlines()

    def test_only_what_passed_is_a_success(self):
        good = '<testcase name="a"/>'
        self.assertEqual(self.sum(good, "passed build"), (0, ["2 passed, 0 failed, 0 skipped"]))
        self.assertEqual(self.sum(good, "failed build"), (1, ["failed: build", "1 passed, 1 failed, 0 skipped"]))
        self.assertEqual(self.sum(good + '<testcase name="b"><failure/></testcase>'),
                         (1, ["failed: some: b", "1 passed, 1 failed, 0 skipped"]))
        self.assertEqual(self.sum('<testcase name="b"><skipped message="no browser"/></testcase>'),
                         (1, ["skipped: some: b: no browser", "0 passed, 0 failed, 1 skipped"]))
        self.assertEqual(self.sum('<testcase name="b" status="notrun"/>'),
                         (1, ["skipped: some: b", "0 passed, 0 failed, 1 skipped"]))


if __name__ == "__main__":
    unittest.main()
