"""`domainflowd migrate` and golang-migrate's own program (pinned in tests/dev/build.sh) take turns with one schema."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from stack import BIN, ROOT, CallFailed, Stack

MIGRATE = ROOT / ".cache" / "bin" / "migrate"
MIGRATIONS = ROOT / "migrations"
LATEST = len(list(MIGRATIONS.glob("*.up.sql")))
WAIT_SECONDS = 60
BROKEN = LATEST + 1


class Run:
    """A migrator at work; ended when the test is over."""

    def __init__(self, test, command, env):
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
        test.addCleanup(self._end)

    def _end(self):
        self.process.kill()
        self.process.communicate()

    def is_running(self):
        return self.process.poll() is None

    def finish(self):
        """Exit code and all it said."""
        text = self.process.communicate(timeout=WAIT_SECONDS)[0]
        return self.process.returncode, text.strip()


class Interop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = cls.enterClassContext(Stack(instances=0, with_lab=False))
        cls.postgres = cls.stack.postgres

    def setUp(self):
        self.database = re.sub(r"\W", "_", self._testMethodName)[:60]
        self.postgres.psql(f"CREATE DATABASE {self.database}", "postgres")
        self.stack.extra["DATABASE_URL"] = self.postgres.url(self.database)

    def sql(self, statement):
        return self.postgres.psql(statement, self.database)

    def start_ours(self, *words, **settings):
        return Run(self, [BIN / "domainflowd", "migrate", *words], {**os.environ, **self.stack.settings(), **settings})

    def start_theirs(self, *words, path=MIGRATIONS):
        url = f"postgres:///{self.database}?host={self.postgres.sockets}&user=domainflow&sslmode=disable"
        return Run(self, [MIGRATE, "-path", path, "-database", url, *words], os.environ)

    def ours(self, *words, code=0):
        ended, text = self.start_ours(*words).finish()
        self.assertEqual(ended, code, text)
        return text

    def theirs(self, *words, code=0, **more):
        ended, text = self.start_theirs(*words, **more).finish()
        self.assertEqual(ended, code, text)
        return text

    def assert_version(self, version, is_dirty=False):
        """Both read the same out of the books."""
        mark = " (dirty)" if is_dirty else ""
        self.assertEqual(self.ours("status"), f"version {version}{mark}, {LATEST} known, {max(0, LATEST - version)} pending")
        self.assertEqual(self.theirs("version"), f"{version}{mark}") if version else \
            self.assertIn("no migration", self.theirs("version", code=1))

    def schema(self):
        """The schema and the books, as pg_dump writes them."""
        url = self.postgres.url(self.database)
        text = self.stack.run(self.postgres.bin / "pg_dump", "-s", "-d", url) + self.sql("TABLE schema_migrations")
        return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.M)  # a number of pg_dump's own, another one each time

    def broken(self):
        """A folder of the migrations and one more, which fails half-way."""
        folder = Path(tempfile.mkdtemp(dir=self.stack.folder)) / "migrations"
        shutil.copytree(MIGRATIONS, folder)
        (folder / f"{BROKEN:06}_broken.up.sql").write_text("CREATE TABLE half (x int); SELECT 1 / 0;")
        (folder / f"{BROKEN:06}_broken.down.sql").write_text("DROP TABLE half;")
        return folder

    def block(self):
        """Holds the first migration up: whoever runs it waits, inside its lock, for the end of this transaction. Returns
        the function that ends it."""
        session = subprocess.Popen([self.postgres.bin / "psql", "-XAtq", "-d", self.postgres.url(self.database)], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(session.wait)
        self.addCleanup(session.kill)
        session.stdin.write("BEGIN; CREATE TABLE campaigns (x int); SELECT 'holds';\n")
        session.stdin.flush()
        self.assertEqual(session.stdout.readline(), "holds\n")

        def release():
            session.stdin.write("ROLLBACK;\n")
            session.stdin.close()
            session.wait(WAIT_SECONDS)
            session.stdout.close()
        return release

    def wait_sql(self, question, what):
        self.stack.wait_until(lambda: self.sql(f"SELECT count(*) FROM {question}") != "0", WAIT_SECONDS, what)

    def wait_for_the_blocked(self):
        self.wait_sql("pg_locks WHERE locktype = 'transactionid' AND NOT granted", "a migrator in its first migration")

    def test_a_schema_of_theirs_is_ours(self):
        self.theirs("up")
        self.assert_version(LATEST)
        self.ours("check")
        self.assertEqual(self.theirs("up"), "no change")
        self.ours("up")
        theirs = self.schema()
        instance = self.stack.add_instance()
        self.addCleanup(instance.stop)
        number = self.stack.instances.index(instance)
        self.assertEqual(self.stack.grpcurl("CampaignService/ListCampaigns", instance=number)["campaigns"], [])
        self.theirs("down", "-all")
        self.ours("up")
        self.assertEqual(self.schema(), theirs)

    def test_steps_of_both_in_turn(self):
        self.assert_version(0)
        self.ours("up")
        self.assert_version(LATEST)
        whole = self.schema()
        self.theirs("down", "2")
        self.assert_version(LATEST - 2)
        self.ours("check", code=3)
        self.ours("up", "1")
        self.assert_version(LATEST - 1)
        self.theirs("up", "1")
        self.assert_version(LATEST)
        self.ours("down", "3")
        self.assert_version(LATEST - 3)
        self.theirs("goto", str(LATEST))
        self.assertEqual(self.schema(), whole)
        self.theirs("down", "-all")
        self.assert_version(0)
        self.ours("up")
        self.ours("down", str(LATEST))
        self.assert_version(0)
        self.theirs("up", str(LATEST - 1))
        self.ours("up")
        self.assertEqual(self.schema(), whole)

    def test_what_they_left_unfinished_we_refuse(self):
        self.ours("up")
        self.assertIn("division by zero", self.theirs("up", path=self.broken(), code=1))
        self.assert_version(BROKEN, is_dirty=True)
        for words in (("up",), ("down", "1")):
            self.assertIn("SCHEMA_DIRTY", self.ours(*words, code=1))
        self.assertIn("SCHEMA_DIRTY", self.ours("check", code=3))
        instance = len(self.stack.instances)
        with self.assertRaises(CallFailed) as caught:
            self.stack.add_instance()
        self.stack.instances.pop(instance)  # it ended by itself, as it should
        self.assertIn("migrate force", caught.exception.output)
        self.ours("force", str(LATEST))
        self.assert_version(LATEST)
        self.assertEqual(self.theirs("up"), "no change")

    def test_what_we_left_unfinished_they_refuse(self):
        self.sql("CREATE TABLE campaigns (x int)")
        self.assertIn("000001_campaigns.up.sql", self.ours("up", code=1))
        self.assert_version(1, is_dirty=True)
        for words in (("up",), ("down", "1")):
            self.assertIn("Dirty database version 1", self.theirs(*words, code=1))
        self.sql("DROP TABLE campaigns")
        self.theirs("force", "--", "-1")
        self.assert_version(0)
        self.ours("up")
        self.sql("DROP TABLE campaigns CASCADE")
        self.assertIn("000001_campaigns.down.sql", self.ours("down", str(LATEST), code=1))
        self.assertEqual(self.sql("TABLE schema_migrations"), "-1|t")  # as they write it, on the way to nothing
        self.assertIn("Dirty database version -1", self.theirs("up", code=1))
        self.theirs("force", "--", "-1")
        self.assert_version(0)

    def test_a_newer_schema_of_theirs_is_refused(self):
        folder = self.broken()
        (folder / f"{BROKEN:06}_broken.up.sql").write_text("CREATE TABLE half (x int);")
        self.theirs("up", path=folder)
        self.assert_version(BROKEN)
        self.assertIn("SCHEMA_NEWER", self.ours("check", code=3))
        self.assertIn("SCHEMA_NEWER", self.ours("up", code=1))
        self.theirs("down", "1", path=folder)
        self.ours("check")

    def test_we_wait_for_them(self):
        release = self.block()
        theirs = self.start_theirs("up")
        self.wait_for_the_blocked()
        self.assertIn("MIGRATOR_BUSY", self.start_ours("up", DB_MIGRATE_TIMEOUT="1s").finish()[1])
        ours = self.start_ours("up")
        self.wait_sql("pg_stat_activity WHERE application_name = 'domainflowd migrate' AND query LIKE '%pg_try_advisory_lock%'",
                      "our migrator to ask for the lock")
        self.assertTrue(theirs.is_running() and ours.is_running())
        release()
        self.assertEqual([theirs.finish()[0], ours.finish()[0]], [0, 0])
        self.assert_version(LATEST)

    def test_they_wait_for_us(self):
        release = self.block()
        ours = self.start_ours("up")
        self.wait_for_the_blocked()
        theirs = self.start_theirs("-lock-timeout", str(WAIT_SECONDS), "up")
        self.wait_sql("pg_locks WHERE locktype = 'advisory' AND NOT granted", "golang-migrate to wait for the lock")
        self.assertTrue(theirs.is_running() and ours.is_running())
        release()
        self.assertEqual([ours.finish()[0], theirs.finish()[0]], [0, 0])
        self.assert_version(LATEST)

    def test_many_at_once_end_with_one_schema(self):
        for words, end in (("up",), LATEST), (("down", str(LATEST)), 0):
            runs = [start(*words) for start in (self.start_theirs, self.start_ours) * 3]
            ended = [run.finish() for run in runs]
            if end:
                self.assertEqual([code for code, _ in ended], [0] * 6, ended)
            self.assert_version(end)

    def test_a_killed_migrator_leaves_its_mark_and_no_lock(self):
        # theirs is one message that the server finishes by itself, ours a transaction that is never committed
        for killed, other, applied in ((self.start_theirs, self.ours, "1"), (self.start_ours, self.theirs, "0")):
            release = self.block()
            run = killed("up")
            self.wait_for_the_blocked()
            run.process.kill()
            run.process.wait()
            release()
            self.assertIn("version 1", other("up", code=1).replace("migration 1", "version 1"))
            self.assertEqual(self.sql("TABLE schema_migrations"), "1|t")
            self.assertEqual(self.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'campaigns'"), applied)
            self.ours("force", applied)
            other("up")
            self.assert_version(LATEST)
            other("down", str(LATEST))


if __name__ == "__main__":
    unittest.main()
