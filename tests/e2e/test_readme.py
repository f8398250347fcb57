"""The README's lines, run as they stand there, and its links."""
import os
import re
import subprocess
import unittest

from stack import BIN, GRPCURL, ROOT, Stack

README = (ROOT / "README.md").read_text()


class Readme(unittest.TestCase):
    def blocks(self):
        return re.findall(r"<!-- tested -->\n```sh\n(.*?)```", README, re.S)

    def test_every_tested_line_works(self):
        blocks = self.blocks()
        self.assertEqual(len(blocks), 3)
        with Stack(with_lab=False, with_gateway=True) as stack:
            path = f"{BIN}:{GRPCURL.parent}:{os.environ['PATH']}"
            for block in blocks:
                script = "set -e\n" + block.replace("127.0.0.1:8090", stack.instances[0].grpc).replace(
                    "127.0.0.1:8080", stack.gateway.rest)
                done = subprocess.run(["bash", "-c", script], cwd=ROOT, env={**os.environ, "PATH": path},
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, f"{block}\n{done.stdout}\n{done.stderr}")

    def test_it_names_the_two_commands(self):
        self.assertIn("./dev demo", README)
        self.assertIn("./dev test", README)

    def test_links_lead_somewhere(self):
        for target in re.findall(r"\]\((?!http)([^)#]+)", README):
            self.assertTrue((ROOT / target).exists(), target)


if __name__ == "__main__":
    unittest.main()
