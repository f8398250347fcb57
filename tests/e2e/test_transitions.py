"""Every cell of the phase transition table (01 §2.2), and the refusals around it, over the public door."""
import json
import unittest

from stack import CallFailed, Stack

STATUSES = ("not_started", "ready", "configured", "in_progress", "paused", "completed", "failed")
REFUSED = "FailedPrecondition"
#            configure      start          pause     resume         stop
TABLE = {
    "not_started": ("configured", "in_progress", REFUSED, REFUSED, REFUSED),
    "ready": ("configured", "in_progress", REFUSED, REFUSED, REFUSED),
    "configured": ("configured", "in_progress", REFUSED, REFUSED, REFUSED),
    "in_progress": (REFUSED, "in_progress", "paused", "in_progress", "failed"),
    "paused": (REFUSED, "in_progress", "paused", "in_progress", "failed"),
    "completed": ("completed", "in_progress", REFUSED, REFUSED, REFUSED),
    "failed": ("failed", "in_progress", REFUSED, REFUSED, "failed"),
}
ACTIONS = ("Configure", "Start", "Pause", "Resume", "Stop")
NO_MOVE = {("in_progress", "Start"), ("in_progress", "Resume"), ("paused", "Pause"), ("failed", "Stop"),
           ("configured", "Configure"), ("completed", "Configure"), ("failed", "Configure")}


class Transitions(unittest.TestCase):
    """On an instance without workers, so that a phase in progress stays where it is."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(with_lab=True, roles=["api,jobs"])
        cls.addClassCleanup(cls.stack.close)
        cls.stack.start()
        cls.personas = [cls.stack.create_persona("dns"), cls.stack.create_persona("http")]
        cls.sets = [cls.stack.create_keyword_set()]

    def campaign(self, mode="step_by_step"):
        return self.stack.create_campaign(10, mode=mode, personas=self.personas, keyword_sets=self.sets)

    def campaign_with(self, phase, status):
        """A campaign whose `phase` has the status, and whose earlier phases are completed."""
        campaign = self.campaign()
        earlier = {"dns": "('generation')", "generation": "('')"}[phase]
        self.stack.sql(f"UPDATE campaign_phases SET status = 'completed', run_number = 1 WHERE campaign_id = '{campaign}' "
                       f"AND phase::text IN {earlier}")
        self.stack.sql(f"UPDATE campaign_phases SET status = '{status}' WHERE campaign_id = '{campaign}' AND phase = '{phase}'")
        return campaign

    def act(self, action, campaign, phase="dns", headers=(), **more):
        request = {"campaignId": campaign, "phase": f"PHASE_{phase.upper()}", **more}
        if action == "Configure":
            request["configuration"] = json.dumps({"personaIds": self.personas[:1]})
        return self.stack.grpcurl(f"PhaseService/{action}Phase", request, headers=headers)

    def events(self, campaign):
        return int(self.stack.sql_value(f"SELECT count(*) FROM campaign_events WHERE campaign_id = '{campaign}'"))

    def sequence(self, campaign):
        return int(self.stack.sql_value(f"SELECT last_sequence FROM campaigns WHERE id = '{campaign}'"))

    def refusal(self, reason, action, *arguments, **more):
        with self.assertRaises(CallFailed) as caught:
            self.act(action, *arguments, **more)
        self.assertEqual(caught.exception.code, REFUSED)
        self.assertIn(reason, str(caught.exception))
        return str(caught.exception)

    def test_every_cell(self):
        for status in STATUSES:
            for action, want in zip(ACTIONS, TABLE[status]):
                with self.subTest(status=status, action=action):
                    campaign = self.campaign_with("dns", status)
                    before = self.sequence(campaign)
                    if want == REFUSED:
                        self.refusal("", action, campaign)
                        self.assertEqual(self.stack.phase_status(campaign, "dns"), status)
                        self.assertEqual(self.events(campaign), 0)
                        continue
                    state = self.act(action, campaign)["state"]
                    self.assertEqual(state["status"], f"PHASE_STATUS_{want.upper()}")
                    self.assertEqual(self.stack.phase_status(campaign, "dns"), want)
                    moved = (status, action) not in NO_MOVE
                    self.assertEqual(self.sequence(campaign) > before, moved)
                    self.assertEqual(self.events(campaign) > 0, moved)

    def test_generated_names_are_never_generated_again(self):
        campaign = self.campaign_with("generation", "completed")
        text = self.refusal("INVALID_STATE", "Start", campaign, "generation")
        self.assertIn("already generated", text)

    def test_nobody_starts_before_the_predecessor_is_done(self):
        text = self.refusal("RERUN_PRECONDITION_FAILED", "Start", self.campaign(), "dns")
        self.assertIn("predecessor_incomplete", text)
        self.assertIn("blocking_phase", text)

    def test_nobody_starts_beside_a_running_phase(self):
        campaign = self.campaign_with("dns", "in_progress")
        self.stack.sql(f"UPDATE campaign_phases SET status = 'completed' WHERE campaign_id = '{campaign}' AND phase = 'http'")
        self.assertIn("another_phase_in_progress", self.refusal("RERUN_PRECONDITION_FAILED", "Start", campaign, "http"))

    def test_a_missing_configuration_is_listed(self):
        campaign = self.campaign(mode="full_sequence")
        self.stack.sql("UPDATE campaign_phases SET configuration = NULL, status = 'not_started' "
                       f"WHERE campaign_id = '{campaign}' AND phase IN ('dns', 'http')")
        self.assertIn("dns,http", self.refusal("PHASE_CONFIG_MISSING", "Start", campaign, "generation"))

    def test_pausing_without_a_control_phase(self):
        self.refusal("NO_CONTROL_PHASE", "Pause", self.campaign(), "dns")

    def test_the_expected_state_is_checked_first_even_for_a_no_op(self):
        campaign = self.campaign_with("dns", "in_progress")
        text = self.refusal("EXPECTED_STATE_MISMATCH", "Start", campaign, expectedState="PHASE_STATUS_PAUSED")
        self.assertIn("Expected state 'paused' but current state is 'in_progress'; cannot start", text)

    def test_a_repeated_key_gives_the_first_answer_and_changes_nothing(self):
        campaign = self.campaign_with("dns", "in_progress")
        key = ["x-idempotency-key: pause-1"]
        first = self.act("Pause", campaign, headers=key)
        self.act("Resume", campaign)
        events = self.events(campaign)
        again = self.act("Pause", campaign, headers=key)
        self.assertEqual(first, again)
        self.assertEqual(self.events(campaign), events)
        self.assertEqual(self.stack.phase_status(campaign, "dns"), "in_progress")

    def test_a_refusal_is_kept_under_its_key_too(self):
        campaign = self.campaign()
        key = ["x-idempotency-key: start-1"]
        self.refusal("RERUN_PRECONDITION_FAILED", "Start", campaign, headers=key)
        self.stack.sql(f"UPDATE campaign_phases SET status = 'completed' WHERE campaign_id = '{campaign}' AND phase = 'generation'")
        self.refusal("RERUN_PRECONDITION_FAILED", "Start", campaign, headers=key)

    def test_a_key_belongs_to_its_request(self):
        campaign = self.campaign_with("dns", "in_progress")
        key = ["x-idempotency-key: once"]
        self.act("Pause", campaign, headers=key)
        self.refusal("IDEMPOTENCY_KEY_REUSED", "Pause", campaign, headers=key, expectedState="PHASE_STATUS_PAUSED")

    def test_stop_campaign_cancels_and_retry_revives(self):
        campaign = self.campaign_with("dns", "in_progress")
        answer = self.stack.grpcurl("CampaignService/StopCampaign", {"campaignId": campaign})
        self.assertEqual((answer["stoppedPhase"], answer["phaseStatus"]), ("PHASE_DNS", "PHASE_STATUS_FAILED"))
        self.assertEqual(self.stack.campaign_status(campaign), "cancelled")
        self.act("Start", campaign)
        self.assertEqual(self.stack.campaign_status(campaign), "running")

    def test_stopping_an_idle_campaign_is_refused(self):
        with self.assertRaises(CallFailed) as caught:
            self.stack.grpcurl("CampaignService/StopCampaign", {"campaignId": self.campaign()})
        self.assertIn("NO_CONTROL_PHASE", str(caught.exception))

    def test_analysis_without_features_fails_and_says_so(self):
        campaign = self.campaign()
        self.stack.sql("UPDATE campaign_phases SET status = 'completed', run_number = 1 "
                       f"WHERE campaign_id = '{campaign}' AND phase IN ('generation', 'dns', 'http')")
        text = self.refusal("E_ANALYSIS_MISSING_FEATURES", "Start", campaign, "analysis")
        self.assertIn("failed", text)  # the refusal carries the new state
        self.assertEqual(self.stack.phase_status(campaign, "analysis"), "failed")
        types = [row[0] for row in self.stack.sql(
            f"SELECT type FROM campaign_events WHERE campaign_id = '{campaign}' ORDER BY event_number")]
        self.assertEqual(types, ["phase_started", "phase_failed", "analysis_failed"])


if __name__ == "__main__":
    unittest.main()
