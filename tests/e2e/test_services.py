"""The private PostgreSQL and Redis that every other test stands on."""
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))

from labkit.process import LabError  # noqa: E402
from labkit.services import Postgres, Redis  # noqa: E402


class Services(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        base = os.environ.get("TEST_RUN_DIR")
        if base:
            Path(base).mkdir(parents=True, exist_ok=True)
        cls.folder = Path(tempfile.mkdtemp(prefix="services-", dir=base))
        cls.folder.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.shared = Postgres(cls.folder / "pg")
        cls.addClassCleanup(cls.shared.stop)

    def postgres(self):
        self.shared.start()
        return self.shared

    def test_what_was_committed_survives_a_crash(self):
        postgres = self.postgres()
        postgres.psql("CREATE TABLE t (n int)")
        postgres.psql("INSERT INTO t VALUES (7)")
        postgres.kill()
        self.assertEqual(postgres.pid(), 0)
        postgres.start()
        self.assertEqual(postgres.psql("SELECT n FROM t"), "7")

    def test_starting_twice_keeps_the_server(self):
        postgres = self.postgres()
        first = postgres.pid()
        postgres.start()
        self.assertEqual(postgres.pid(), first)

    def test_nothing_listens_on_the_network(self):
        self.assertEqual(self.postgres().psql("SHOW listen_addresses"), "")

    def test_a_failed_statement_is_an_error(self):
        with self.assertRaises(LabError):
            self.postgres().psql("SELECT nonsense")

    def test_redis_comes_back_after_a_crash(self):
        redis = Redis(self.folder / "redis")
        self.addCleanup(redis.stop)
        redis.start()
        first = redis.pid()
        redis.kill()
        self.assertEqual(redis.pid(), 0)
        redis.start()
        self.assertNotEqual(redis.pid(), first)


if __name__ == "__main__":
    unittest.main()
