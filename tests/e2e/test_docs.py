"""docs/operations.md names every setting and every metric there is, docs/cli.md every command, and no other;
docs/dependencies.md every Go module.
`python3 tests/e2e/test_docs.py write` brings the tables up to date."""
import re
import subprocess
import sys
import unittest

from stack import BIN, PHASES, ROOT, Stack

NAMES = 200
PAGES = {"settings": "operations.md", "metrics": "operations.md", "gateway settings": "operations.md",
         "gateway metrics": "operations.md", "commands": "cli.md"}


def section(name):
    """The page with the table of that name, and where between its markers the table begins and ends."""
    page = ROOT / "docs" / PAGES[name]
    text = page.read_text()
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    return page, text.index(begin) + len(begin), text.index(end)


def written(name):
    page, begin, end = section(name)
    return page.read_text()[begin:end]


def commands_table():
    return subprocess.run([BIN / "dfctl", "man", "markdown"], capture_output=True, text=True, check=True).stdout


def settings_table():
    return subprocess.run([BIN / "domainflowd", "settings"], capture_output=True, text=True, check=True).stdout


def gateway_settings_table():
    return subprocess.run([BIN / "domainflow-gateway", "settings"], capture_output=True, text=True, check=True).stdout


def run_campaign(stack):
    """A campaign that is watched to its end; its id."""
    campaign = stack.create_campaign(NAMES)
    watcher = stack.watch_start(campaign)
    stack.start_generation(campaign)
    watcher.read(lambda message: message["type"].endswith("CAMPAIGN_COMPLETED"))
    return campaign


def gateway_metrics_table(stack):
    """Our own of a gateway that was asked something; Go's and the process's are as everywhere."""
    stack.gateway.call("GET", "/api/v2/campaigns")
    return metrics_rows(stack.gateway, "gateway_")


def metrics_table(stack):
    """Of an instance with every role, after a campaign."""
    return metrics_rows(stack.instances[0])


def metrics_rows(instance, prefix=""):
    text = instance.get("/metrics")[1]
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.M))
    rows = [f"| `{name}` | {kind} | {helps[name]} |" for name, kind in sorted(kinds.items()) if name.startswith(prefix)]
    return "\n".join(["| metric | kind | meaning |", "|---|---|---|", *rows]) + "\n"


class Commands(unittest.TestCase):
    maxDiff = None

    def test_every_command_is_described(self):
        self.assertEqual(written("commands"), commands_table())


class Dependencies(unittest.TestCase):
    def test_every_module_of_the_gateway_is_described_at_its_version(self):
        modules = re.findall(r"^\t(\S+) v(\S+)$", (ROOT / "gateway" / "go.mod").read_text(), re.M)  # no `// indirect`
        self.assertGreater(len(modules), 5)
        text = (ROOT / "docs" / "dependencies.md").read_text()
        for module, version in modules:
            dated = re.match(r"0\.0\.0-(\d{4})(\d\d)", version)
            version = "-".join(dated.groups()) if dated else version
            self.assertRegex(text, rf"`{re.escape(module)}`[ |]+{re.escape(version)}\b", module)


class Operations(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(with_gateway=True)
        cls.enterClassContext(cls.stack)
        cls.campaign = run_campaign(cls.stack)

    def test_every_setting_is_described(self):
        self.assertEqual(written("settings"), settings_table())
        self.assertEqual(written("gateway settings"), gateway_settings_table())

    def test_every_metric_is_described(self):
        table = metrics_table(self.stack)
        self.assertEqual(written("metrics"), table)
        self.assertNotIn("campaign_id", self.stack.instances[0].get("/metrics")[1])
        self.assertEqual(written("gateway metrics"), gateway_metrics_table(self.stack))

    def test_metrics_count_what_happened(self):
        where = f"FROM domains WHERE campaign_id = '{self.campaign}' GROUP BY 1"
        instance = self.stack.instances[0]
        self.stack.wait_until(lambda: instance.metrics()["worker_batches_in_flight"] == 0, 10, "the last batch to be counted")
        metrics = instance.metrics()
        for phase in PHASES:
            self.assertEqual(metrics[f'campaign_phase_update_total{{phase="{phase}",status="completed"}}'], 1)
            self.assertEqual(metrics[f'campaign_phase_duration_seconds_count{{phase="{phase}"}}'], 1)
            done = self.stack.sql_value("SELECT count(*) FROM phase_batches WHERE state = 'done' AND "
                                        f"campaign_id = '{self.campaign}' AND phase = '{phase}'")
            self.assertEqual(metrics[f'worker_batches_total{{phase="{phase}",result="committed"}}'], int(done))
        for status, count in self.stack.sql_counts(f"SELECT dns_status, count(*) {where}").items():
            self.assertEqual(metrics[f'dns_validation_outcomes_total{{status="{status}"}}'], count)
        fetched = self.stack.sql_counts(f"SELECT http_status, count(*) {where}")
        fetched.pop("pending", None)
        for status, count in fetched.items():
            self.assertEqual(metrics[f'http_validation_fetch_outcomes_total{{status="{status}"}}'], count)
        self.assertEqual(metrics["domain_relevance_score_count"], fetched["ok"])


def write():
    with Stack(with_gateway=True) as stack:
        run_campaign(stack)
        tables = {"settings": settings_table(), "metrics": metrics_table(stack), "commands": commands_table(),
                  "gateway settings": gateway_settings_table(), "gateway metrics": gateway_metrics_table(stack)}
    for name, table in tables.items():
        page, begin, end = section(name)
        text = page.read_text()
        page.write_text(text[:begin] + table + text[end:])


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        write()
    else:
        unittest.main()
