/* docs/spec/07-events.md §3 and §5: how often samples are said, and what becomes of those that are not. */
#include "events/sample_pace.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 1000000

static struct sample sample_of(enum sample_type type, int campaign, json_t *payload)
{
	struct sample sample = { .type = type, .payload = payload };

	sample.campaign_id.bytes[0] = (uint8_t)(campaign + 1);
	return sample;
}

static struct sample delta_of(int items, const char *phase)
{
	json_t *list = json_array();

	for (int i = 0; i < items; i++)
		json_array_append_new(list, json_pack("{s:i}", "id", i));
	return sample_of(SAMPLE_STATUS_DELTA, 0,
			 json_pack("{s:s, s:i, s:o}", "phase", phase, "count", items, "items", list));
}

static json_int_t count_of(const struct sample *sample)
{
	return json_integer_value(json_object_get(sample->payload, "count"));
}

/* Says so many a second for a while; how many came out. */
static int flow(enum sample_type type, int per_s, int seconds)
{
	struct sample_pace *pace = sample_pace_create();
	struct sample out;
	int said = 0;

	for (int i = 0; i < per_s * seconds; i++) {
		int64_t now_ms = T0 + (int64_t)i * 1000 / per_s;
		struct sample s = sample_of(type, 0, json_pack("{s:i, s:[]}", "count", 1, "items"));

		while (sample_pace_due(pace, now_ms, &out)) {
			said++;
			sample_done(&out);
		}
		if (sample_pace_take(pace, &s, now_ms) == SAMPLE_NOW) {
			said++;
			sample_done(&s);
		}
	}
	sample_pace_destroy(pace);
	return said;
}

static void each_type_keeps_its_pace(void **state)
{
	(void)state;
	assert_int_equal(flow(SAMPLE_GENERATED, 50, 10), 10);
	assert_int_equal(flow(SAMPLE_VALIDATED, 50, 10), 10);
	assert_int_equal(flow(SAMPLE_STATUS_DELTA, 50, 10), 20);
	assert_int_equal(flow(SAMPLE_FEATURES, 50, 20), 4);
	assert_int_equal(flow(SAMPLE_HTTP_ENRICHMENT, 50, 2), 100);
}

static void deltas_that_wait_are_put_together(void **state)
{
	struct sample_pace *pace = sample_pace_create();
	struct sample first = delta_of(3, "dns"), second = delta_of(150, "dns"), third = delta_of(60, "http"), out;

	(void)state;
	assert_int_equal(sample_pace_take(pace, &first, T0), SAMPLE_NOW);
	sample_done(&first);
	assert_int_equal(sample_pace_take(pace, &second, T0 + 10), SAMPLE_LATER);
	assert_int_equal(sample_pace_take(pace, &third, T0 + 20), SAMPLE_MERGED);
	assert_int_equal(sample_pace_next_ms(pace), T0 + 500);
	assert_false(sample_pace_due(pace, T0 + 499, &out));
	assert_true(sample_pace_due(pace, T0 + 500, &out));
	assert_int_equal(count_of(&out), 210);
	assert_int_equal(json_array_size(json_object_get(out.payload, "items")), SAMPLE_ITEMS_MAX);
	assert_true(json_is_true(json_object_get(out.payload, "truncated")));
	assert_string_equal(json_string_value(json_object_get(out.payload, "phase")), "http");
	sample_done(&out);
	assert_false(sample_pace_due(pace, T0 + 2000, &out));
	assert_int_equal(sample_pace_next_ms(pace), INT64_MAX);
	sample_pace_destroy(pace);
}

static void counts_of_names_add_up_and_the_newest_sample_stays(void **state)
{
	struct sample_pace *pace = sample_pace_create();
	struct sample out;
	json_int_t sum = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct sample s = sample_of(SAMPLE_GENERATED, 0, json_pack("{s:i, s:i}", "count", 100, "batch", i));

		if (sample_pace_take(pace, &s, T0 + i) == SAMPLE_NOW) {
			sum += count_of(&s);
			sample_done(&s);
		}
	}
	assert_true(sample_pace_due(pace, T0 + 1000, &out));
	assert_int_equal(sum + count_of(&out), 1000);
	assert_int_equal(json_integer_value(json_object_get(out.payload, "batch")), 9);
	sample_done(&out);
	sample_pace_destroy(pace);
}

static int say_substeps(struct sample_pace *pace, int campaign, int n, bool is_terminal, int64_t now_ms)
{
	int said = 0;

	for (int i = 0; i < n; i++) {
		struct sample s = sample_of(SAMPLE_SUBSTEP, campaign, json_object());

		s.is_terminal = is_terminal;
		if (sample_pace_take(pace, &s, now_ms) == SAMPLE_NOW) {
			said++;
			sample_done(&s);
		}
	}
	return said;
}

static void steps_have_a_bucket_per_campaign_and_one_for_all(void **state)
{
	struct sample_pace *pace = sample_pace_create();
	int all = 0;

	(void)state;
	assert_int_equal(say_substeps(pace, 0, 100, false, T0), 40);
	assert_int_equal(say_substeps(pace, 0, 100, false, T0), 0);
	assert_int_equal(say_substeps(pace, 0, 5, true, T0), 5); /* ends come in any case */
	assert_int_equal(say_substeps(pace, 0, 100, false, T0 + 1000), 20);
	for (int campaign = 1; campaign <= 20; campaign++)
		all += say_substeps(pace, campaign, 100, false, T0 + 60000);
	assert_int_equal(all, 200);
	sample_pace_destroy(pace);
}

static void a_campaign_that_was_silent_makes_room_for_another(void **state)
{
	struct sample_pace *pace = sample_pace_create();

	(void)state;
	for (int i = 0; i < 3 * SAMPLE_CAMPAIGNS_MAX; i++) {
		struct sample s = sample_of(SAMPLE_VALIDATED, 0, json_object());

		memcpy(s.campaign_id.bytes, &i, sizeof i);
		assert_int_equal(sample_pace_take(pace, &s, T0 + i), SAMPLE_NOW);
		sample_done(&s);
	}
	sample_pace_destroy(pace);
}

static void a_sample_travels_unchanged(void **state)
{
	struct sample sample = sample_of(SAMPLE_SUBSTEP, 6, json_pack("{s:s}", "status", "failed")), back;
	struct uuid sender = uuid_make(), from;
	char *text;

	(void)state;
	strcpy(sample.workspace, "default");
	sample.is_full = true;
	sample.at_ms = 1234567890123;
	text = sample_to_text(&sample, &sender);
	assert_non_null(text);
	assert_true(sample_from_text(text, strlen(text), &back, &from));
	assert_true(uuid_equal(&from, &sender));
	assert_true(uuid_equal(&back.campaign_id, &sample.campaign_id));
	assert_int_equal(back.type, SAMPLE_SUBSTEP);
	assert_string_equal(back.workspace, "default");
	assert_true(back.is_full && !back.is_terminal);
	assert_int_equal(back.at_ms, 1234567890123);
	assert_true(json_equal(back.payload, sample.payload));
	sample_done(&back);
	assert_false(sample_from_text(text, strlen(text) - 1, &back, &from));
	assert_false(sample_from_text("{\"type\":\"domain_generated\"}", 27, &back, &from));
	free(text);
	sample_done(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_keeps_its_pace),
		cmocka_unit_test(deltas_that_wait_are_put_together),
		cmocka_unit_test(counts_of_names_add_up_and_the_newest_sample_stays),
		cmocka_unit_test(steps_have_a_bucket_per_campaign_and_one_for_all),
		cmocka_unit_test(a_campaign_that_was_silent_makes_room_for_another),
		cmocka_unit_test(a_sample_travels_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
