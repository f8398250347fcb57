#include "cli/terminal.h"
#include "cli/watch_state.h"
#include "cli/watch_view.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define P(name)  DOMAINFLOW__V2__PHASE__PHASE_##name
#define PS(name) DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_##name
#define CS(name) DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_##name
#define ET(name) DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_##name

/* One phase as a server tells it; counts out of 1000. */
struct told {
	PbPhaseSummary summary;
	Domainflow__V2__PhaseProgress progress;
	Domainflow__V2__PhaseError error;
};

static void tell(struct told *t, Domainflow__V2__Phase phase, Domainflow__V2__PhaseStatus status, int32_t done)
{
	domainflow__v2__phase_summary__init(&t->summary);
	domainflow__v2__phase_progress__init(&t->progress);
	t->summary.phase = phase;
	t->summary.status = status;
	t->summary.progress_percentage = done / 10.0;
	t->summary.progress = &t->progress;
	t->progress.total_items = 1000;
	t->progress.processed_items = done;
	t->progress.successful_items = done * 3 / 4;
	t->progress.failed_items = done - done * 3 / 4;
}

static enum watch_outcome update(struct watch *w, Domainflow__V2__Phase phase, int32_t done, int64_t now_ms)
{
	PB(WatchCampaignResponse, WATCH_CAMPAIGN_RESPONSE, event);
	struct told told;

	tell(&told, phase, PS(IN_PROGRESS), done);
	event.type = ET(PHASE_UPDATE);
	event.payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_PHASE_UPDATE;
	event.phase_update = &told.summary;
	return watch_apply(w, &event, now_ms);
}

static enum watch_outcome transition_coded(struct watch *w, int32_t number, Domainflow__V2__EventType type,
					   Domainflow__V2__Phase phase, Domainflow__V2__PhaseStatus status,
					   const char *code)
{
	PB(WatchCampaignResponse, WATCH_CAMPAIGN_RESPONSE, event);
	PB(PhaseTransition, PHASE_TRANSITION, move);
	struct told told;

	tell(&told, phase, status, status == PS(COMPLETED) ? 1000 : 500);
	domainflow__v2__phase_error__init(&told.error);
	told.error.code = pb_borrow(code);
	told.error.message = pb_borrow("all resolvers are gone");
	if (status == PS(FAILED))
		told.summary.error = &told.error;
	move.phase = phase;
	move.status = status;
	move.summary = &told.summary;
	event.type = type;
	event.event_number = number;
	event.payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_TRANSITION;
	event.transition = &move;
	return watch_apply(w, &event, 0);
}

static enum watch_outcome transition(struct watch *w, int32_t number, Domainflow__V2__EventType type,
				     Domainflow__V2__Phase phase, Domainflow__V2__PhaseStatus status)
{
	return transition_coded(w, number, type, phase, status, "E_X");
}

static enum watch_outcome outcome_event(struct watch *w, int32_t number, Domainflow__V2__EventType type)
{
	PB(WatchCampaignResponse, WATCH_CAMPAIGN_RESPONSE, event);

	event.type = type;
	event.event_number = number;
	event.payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_DETAILS;
	event.details = pb_borrow("{}");
	return watch_apply(w, &event, 0);
}

static void goals_are_phases_and_statuses(void **state)
{
	static const struct {
		const char *text;
		int phase, status; /* phase -1: refused */
	} cases[] = {
		{ "status=completed", 0, CS(COMPLETED) },
		{ "paused", 0, CS(PAUSED) },
		{ "phase/dns", P(DNS), 0 },
		{ "dns", P(DNS), 0 },
		{ "phase/http=paused", P(HTTP), PS(PAUSED) },
		{ "http=paused", P(HTTP), PS(PAUSED) },
		{ "phase/leads=in_progress", P(LEADS), PS(IN_PROGRESS) },
		{ "phase/leads=in-progress", P(LEADS), PS(IN_PROGRESS) },
		{ "phase/dsn=completed", -1, 0 },
		{ "phase/dns=done", -1, 0 },
		{ "status=done", -1, 0 },
		{ "colour=red", -1, 0 },
		{ "status=ready", -1, 0 },
		{ "", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct watch w = { 0 };
		struct status st = watch_goal_read(cases[i].text, &w);

		if (status_ok(st) != (cases[i].phase >= 0))
			fail_msg("%s: %s", cases[i].text, st.detail);
		if (cases[i].phase < 0)
			continue;
		assert_int_equal(w.until, cases[i].phase);
		assert_int_equal(w.until_status, cases[i].status);
	}
}

static void other_goals_than_completion_are_reached(void **state)
{
	struct watch paused = { .until = P(DNS), .until_status = PS(PAUSED) }, failed = { .until_status = CS(FAILED) };
	struct watch running = { .until_status = CS(RUNNING) },
		     missed = { .until = P(DNS), .until_status = PS(PAUSED) };

	(void)state;
	assert_int_equal(transition(&paused, 1, ET(PHASE_STARTED), P(DNS), PS(IN_PROGRESS)), WATCH_GOES_ON);
	assert_int_equal(transition(&paused, 2, ET(PHASE_PAUSED), P(DNS), PS(PAUSED)), WATCH_REACHED);
	assert_int_equal(transition(&failed, 1, ET(PHASE_FAILED), P(DNS), PS(FAILED)), WATCH_REACHED);
	assert_int_equal(transition(&running, 1, ET(PHASE_STARTED), P(DNS), PS(IN_PROGRESS)), WATCH_REACHED);
	assert_int_equal(outcome_event(&missed, 1, ET(CAMPAIGN_COMPLETED)), WATCH_OVER);
}

static void rate_and_eta_come_from_the_last_seconds(void **state)
{
	struct watch w = { 0 };
	const struct watch_phase *dns = watch_phase_of(&w, P(DNS));

	(void)state;
	update(&w, P(DNS), 0, 0); /* forgotten by then */
	update(&w, P(DNS), 500, 20000);
	update(&w, P(DNS), 600, 21000);
	update(&w, P(DNS), 700, 22000);
	assert_true(watch_rate(dns, 22000) == 100.0);
	assert_int_equal(watch_eta_s(dns, 100.0), 3);
	assert_int_equal(watch_eta_s(dns, 0), -1);
	assert_true(watch_rate(dns, 24000) == 50.0); /* nothing new: it sinks */
}

static void a_new_run_starts_a_new_rate(void **state)
{
	struct watch w = { 0 };

	(void)state;
	update(&w, P(DNS), 900, 1000);
	update(&w, P(DNS), 10, 2000);
	assert_true(watch_rate(watch_phase_of(&w, P(DNS)), 2000) == 0);
	update(&w, P(DNS), 30, 3000);
	assert_true(watch_rate(watch_phase_of(&w, P(DNS)), 3000) == 20.0);
}

static void a_stopped_campaign_is_cancelled_not_failed(void **state)
{
	struct watch w = { 0 };

	(void)state;
	assert_int_equal(transition_coded(&w, 1, ET(PHASE_FAILED), P(HTTP), PS(FAILED), "campaign_stopped"),
			 WATCH_GOES_ON);
	assert_int_equal(outcome_event(&w, 2, ET(CAMPAIGN_CANCELLED)), WATCH_CANCELLED);
}

static void completion_failure_and_cancel_decide(void **state)
{
	struct watch w = { 0 };

	(void)state;
	assert_int_equal(update(&w, P(DNS), 900, 0), WATCH_GOES_ON);
	assert_int_equal(transition(&w, 3, ET(PHASE_COMPLETED), P(DNS), PS(COMPLETED)), WATCH_GOES_ON);
	assert_int_equal(w.last_event, 3);
	assert_int_equal(outcome_event(&w, 4, ET(CAMPAIGN_CANCELLED)), WATCH_CANCELLED);
	assert_int_equal(outcome_event(&w, 5, ET(CAMPAIGN_COMPLETED)), WATCH_REACHED);
	assert_int_equal(transition(&w, 6, ET(PHASE_FAILED), P(HTTP), PS(FAILED)), WATCH_PHASE_FAILED);
	assert_string_equal(w.failure, "all resolvers are gone");
	assert_int_equal(w.status, CS(FAILED));
}

static void a_phase_can_be_the_goal(void **state)
{
	struct watch w = { .until = P(DNS) };

	(void)state;
	assert_int_equal(transition(&w, 1, ET(PHASE_COMPLETED), P(GENERATION), PS(COMPLETED)), WATCH_GOES_ON);
	assert_int_equal(transition(&w, 2, ET(PHASE_COMPLETED), P(DNS), PS(COMPLETED)), WATCH_REACHED);
}

static void a_snapshot_decides_and_gives_the_position(void **state)
{
	PB(WatchCampaignResponse, WATCH_CAMPAIGN_RESPONSE, event);
	PB(CampaignStatusSnapshot, CAMPAIGN_STATUS_SNAPSHOT, snapshot);
	static const struct {
		Domainflow__V2__CampaignStatus status;
		enum watch_outcome outcome;
	} cases[] = { { CS(RUNNING), WATCH_GOES_ON },
		      { CS(PAUSED), WATCH_GOES_ON },
		      { CS(COMPLETED), WATCH_REACHED },
		      { CS(FAILED), WATCH_PHASE_FAILED },
		      { CS(CANCELLED), WATCH_CANCELLED } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct watch w = { 0 };

		snapshot.status = cases[i].status;
		snapshot.last_event = 41;
		event.type = ET(RESYNC);
		event.payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_SNAPSHOT;
		event.snapshot = &snapshot;
		assert_int_equal(watch_apply(&w, &event, 0), cases[i].outcome);
		assert_true(w.has_position);
		assert_int_equal(w.last_event, 41);
	}
}

static void the_past_is_shown_and_decides_nothing(void **state)
{
	struct watch w = { .settled = 10 };

	(void)state;
	assert_int_equal(transition(&w, 9, ET(PHASE_FAILED), P(DNS), PS(FAILED)), WATCH_GOES_ON);
	assert_int_equal(transition(&w, 11, ET(PHASE_FAILED), P(DNS), PS(FAILED)), WATCH_PHASE_FAILED);
}

static void the_picture_has_a_line_per_phase_and_fits(void **state)
{
	struct watch w = { .name = "Sh\033[2Jops", .status = CS(RUNNING) };
	struct watch_style style = { .columns = 120, .is_utf8 = true, .now_ms = 2000 };
	struct buffer b;

	(void)state;
	update(&w, P(DNS), 100, 1000);
	update(&w, P(DNS), 255, 2000);
	buffer_init(&b, 0);
	assert_int_equal(watch_picture(&w, &style, &b), 6);
	assert_non_null(strstr(b.data, "Sh\uFFFD[2Jops  running"));
	assert_non_null(strstr(b.data, "  dns        ███████▋"));
	assert_non_null(strstr(b.data, " 25% 255/1000  155/s  ETA 5s  ok 191  failed 64\n"));
	assert_null(strchr(b.data, '\033'));
	style.notice = "connection lost";
	buffer_clear(&b);
	watch_picture(&w, &style, &b);
	assert_non_null(strstr(b.data, "%  connection lost\n  generation"));
	for (style.columns = 1; style.columns < 130; style.columns++) {
		unsigned lines = 0;

		buffer_clear(&b);
		watch_picture(&w, &style, &b);
		for (char *save = NULL, *line = strtok_r(b.data, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			lines++;
			if (terminal_width(line) > style.columns)
				fail_msg("%u columns: %s", style.columns, line);
		}
		assert_int_equal(lines, 6);
	}
	buffer_done(&b);
}

static void bars_are_ascii_where_the_locale_is(void **state)
{
	struct watch w = { .name = "x" };
	struct watch_style style = { .columns = 120 };
	struct buffer b;

	(void)state;
	update(&w, P(HTTP), 1000, 0);
	buffer_init(&b, 0);
	watch_picture(&w, &style, &b);
	assert_non_null(strstr(b.data, "  http       ############################## 100%"));
	for (const char *c = b.data; *c; c++)
		assert_true((unsigned char)*c < 0x80);
	buffer_done(&b);
}

static void lines_carry_event_phase_status_and_counts(void **state)
{
	PB(WatchCampaignResponse, WATCH_CAMPAIGN_RESPONSE, event);
	Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	struct told told;
	struct buffer b;

	(void)state;
	at.seconds = 1735689600;
	tell(&told, P(DNS), PS(IN_PROGRESS), 400);
	event.type = ET(PHASE_UPDATE);
	event.occurred_at = &at;
	event.payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_PHASE_UPDATE;
	event.phase_update = &told.summary;
	buffer_init(&b, 0);
	watch_line(&event, false, &b);
	assert_string_equal(b.data, "2025-01-01T00:00:00.000Z phase_update dns in_progress 40.00% done=400 total=1000 "
				    "ok=300 failed=100\n");
	told.summary.run_number = 2;
	buffer_clear(&b);
	watch_line(&event, false, &b);
	assert_non_null(strstr(b.data, "40.00% run=2 done=400"));
	buffer_done(&b);
}

static void progress_of_the_campaign_is_not_said_of_a_phase(void **state)
{
	PB(WatchCampaignResponse, WATCH_CAMPAIGN_RESPONSE, event);
	PB(CampaignProgressUpdate, CAMPAIGN_PROGRESS_UPDATE, progress);
	AUTO(buffer) struct buffer b = { 0 };

	(void)state;
	progress.current_phase = P(HTTP);
	progress.percent_complete = 42;
	progress.processed_domains = 30;
	progress.total_domains = 100;
	progress.successful_domains = 3;
	event.type = ET(CAMPAIGN_PROGRESS);
	event.payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_PROGRESS;
	event.progress = &progress;
	watch_line(&event, false, &b);
	assert_string_equal(b.data, "- campaign_progress campaign 42.00% decided=30 domains=100 leads=3 failed=0 "
				    "(http runs)\n");
}

static void durations_are_short(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = { { 0, "0s" }, { 59, "59s" }, { 60, "1m00s" }, { 3599, "59m59s" }, { 7620, "2h07m" } };
	char text[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		duration_text(cases[i].seconds, text);
		assert_string_equal(text, cases[i].text);
	}
}

static int start(void **state)
{
	(void)state;
	terminal_start();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goals_are_phases_and_statuses),
		cmocka_unit_test(other_goals_than_completion_are_reached),
		cmocka_unit_test(rate_and_eta_come_from_the_last_seconds),
		cmocka_unit_test(a_new_run_starts_a_new_rate),
		cmocka_unit_test(a_stopped_campaign_is_cancelled_not_failed),
		cmocka_unit_test(completion_failure_and_cancel_decide),
		cmocka_unit_test(a_phase_can_be_the_goal),
		cmocka_unit_test(a_snapshot_decides_and_gives_the_position),
		cmocka_unit_test(the_past_is_shown_and_decides_nothing),
		cmocka_unit_test(the_picture_has_a_line_per_phase_and_fits),
		cmocka_unit_test(bars_are_ascii_where_the_locale_is),
		cmocka_unit_test(lines_carry_event_phase_status_and_counts),
		cmocka_unit_test(progress_of_the_campaign_is_not_said_of_a_phase),
		cmocka_unit_test(durations_are_short),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
