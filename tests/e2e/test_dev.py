"""./dev on its own: what it says when it can not go on."""
import os
import socket
import subprocess
import unittest

from stack import ROOT

SERVICES = "set -euo pipefail; ROOT=$PWD; source tests/dev/common.sh; source tests/dev/services.sh; "


class Dev(unittest.TestCase):
    def ports(self, **environment):
        return subprocess.run(["bash", "-c", SERVICES + "ports_are_ours /nonexistent"], cwd=ROOT, capture_output=True,
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

    def test_a_wrong_command_shows_the_right_ones(self):
        done = subprocess.run([ROOT / "dev", "frobnicate"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("usage: ./dev COMMAND", done.stderr)
        self.assertIn("unknown command 'frobnicate'", done.stderr)


if __name__ == "__main__":
    unittest.main()
