"""What an operator reads in the log: one line for one failure, however many workers met it."""
import json
import unittest

from stack import Stack


class Log(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(throwaway=False)
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()

    def events(self):
        lines = self.stack.instances[0].log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def since(self, count, *names):
        return [event for event in self.events()[count:] if event["event"] in names]

    def test_a_phase_that_can_not_run_is_one_line(self):
        dns = self.stack.create_persona("dns")
        campaign = self.stack.create_campaign(3000, personas=[dns, self.stack.create_persona("http")], mode="step_by_step")
        self.stack.start_generation(campaign)
        self.stack.wait_phase(campaign, "generation")
        self.stack.dfctl("persona", "update", dns, "--disable")
        self.stack.start_phase(campaign, "dns")
        self.stack.wait_phase(campaign, "dns", "failed")
        self.stack.dfctl("persona", "update", dns, "--enable")
        self.stack.start_phase(campaign, "dns")
        self.stack.wait_phase(campaign, "dns")
        said = [event for event in self.events() if event["event"] == "phase_cannot_run" and event["campaign"] == campaign]
        self.assertEqual([(event["reason"], event["phase"]) for event in said], [("E_NO_USABLE_PERSONA", "dns")])

    def test_an_outage_of_the_database_is_said_once_and_so_is_its_end(self):
        campaign = self.stack.create_campaign(2000, personas=[self.stack.create_persona("dns", rateLimitDps=200, rateLimitBurst=10),
                                                              self.stack.create_persona("http")])
        self.stack.start_generation(campaign)
        self.stack.wait_until(lambda: self.stack.sql_value("SELECT count(*) FROM phase_batches WHERE state = 'claimed' "
                                                           f"AND campaign_id = '{campaign}' AND phase = 'dns'") != "0",
                              60, "work in dns")
        before = len(self.events())
        self.stack.kill_postgres()
        self.stack.wait_until(lambda: self.since(before, "database_lost"), 30, "the loss in the log")
        self.stack.wait_until(lambda: self.stack.instances[0].get("/readyz")[0] == 503, 30, "not ready")
        self.stack.postgres.start()
        self.stack.wait_until(lambda: self.since(before, "database_back"), 60, "the return in the log")
        self.stack.wait_phase(campaign, "dns")
        said = [e["event"] for e in self.since(before, "database_lost", "database_back", "claim_failed")]
        # A claim that was on its way when the server died may say so; nobody says it again once the loss is known.
        self.assertEqual(said[said.index("database_lost"):], ["database_lost", "database_back"])

    def test_health_checks_are_not_in_it(self):
        before = len(self.events())
        for _ in range(3):
            self.stack.grpcurl("grpc.health.v1.Health/Check")
        self.stack.grpcurl("CampaignService/ListCampaigns")
        self.assertEqual([event["method"] for event in self.since(before, "rpc")], ["ListCampaigns"])


if __name__ == "__main__":
    unittest.main()
