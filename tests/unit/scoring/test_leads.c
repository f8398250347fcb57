#include "scoring/leads.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct leads_thresholds defaults = { .27, .24, 1024, .45, true };

/* A domain that qualifies; the cases change one thing each. */
static const struct leads_input good = { .dns_status = DNS_STATUS_OK,
					 .http_status = HTTP_STATUS_OK,
					 .has_structural_signals = true,
					 .kw_unique = 3,
					 .kw_hits_total = 9,
					 .has_score = true,
					 .score = .5,
					 .content_bytes = 9000 };

static struct leads_input with(double score, int64_t bytes)
{
	struct leads_input input = good;

	input.score = score;
	input.content_bytes = bytes;
	return input;
}

static void expect(struct leads_input input, unsigned rule, enum lead_status status, enum rejection rejection)
{
	struct leads_verdict verdict = leads_decide(&defaults, &input);

	assert_int_equal(verdict.rule, rule);
	assert_int_equal(verdict.status, status);
	assert_int_equal(verdict.rejection, rejection);
}

static void scores_and_bytes_decide_as_in_the_examples(void **state)
{
	(void)state;
	expect(with(.27, 300), 10, LEAD_STATUS_MATCH, REJECTION_QUALIFIED);
	expect(with(.26, 2000), 12, LEAD_STATUS_MATCH, REJECTION_QUALIFIED);
	expect(with(.26, 1000), 11, LEAD_STATUS_NO_MATCH, REJECTION_LOW_SCORE);
	expect(with(.2399, 9000), 13, LEAD_STATUS_NO_MATCH, REJECTION_LOW_SCORE);
	expect(with(.24, 1024), 12, LEAD_STATUS_MATCH, REJECTION_QUALIFIED);
}

static void the_parked_floor_is_inclusive(void **state)
{
	struct leads_input input = good;

	(void)state;
	input.parked_confidence = .45;
	expect(input, 6, LEAD_STATUS_NO_MATCH, REJECTION_PARKED);
	input.parked_confidence = .44;
	expect(input, 10, LEAD_STATUS_MATCH, REJECTION_QUALIFIED);
	input.parked_confidence = 0;
	input.is_parked = true;
	expect(input, 6, LEAD_STATUS_NO_MATCH, REJECTION_PARKED);
}

static void statuses_of_earlier_phases_come_first(void **state)
{
	struct leads_input input = good;

	(void)state;
	input.is_parked = true; /* would be rule 6 */
	input.http_status = HTTP_STATUS_ERROR;
	expect(input, 5, LEAD_STATUS_ERROR, REJECTION_HTTP_ERROR);
	input.http_status = HTTP_STATUS_TIMEOUT;
	expect(input, 4, LEAD_STATUS_TIMEOUT, REJECTION_HTTP_TIMEOUT);
	input.http_status = HTTP_STATUS_PENDING;
	expect(input, 3, LEAD_STATUS_PENDING, REJECTION_PENDING);
	input.dns_status = DNS_STATUS_ERROR;
	expect(input, 2, LEAD_STATUS_NO_MATCH, REJECTION_DNS_ERROR);
	input.dns_status = DNS_STATUS_TIMEOUT;
	expect(input, 1, LEAD_STATUS_NO_MATCH, REJECTION_DNS_TIMEOUT);
	input.dns_status = DNS_STATUS_PENDING;
	input.http_status = HTTP_STATUS_OK;
	expect(input, 3, LEAD_STATUS_PENDING, REJECTION_PENDING);
}

static void pages_without_structure_keywords_or_score_are_no_leads(void **state)
{
	struct leads_thresholds loose = defaults;
	struct leads_input input = good;

	(void)state;
	input.has_structural_signals = false;
	expect(input, 7, LEAD_STATUS_NO_MATCH, REJECTION_NO_KEYWORDS);
	loose.needs_structure = false;
	assert_int_equal(leads_decide(&loose, &input).rule, 10);
	input = good;
	input.kw_unique = 0;
	expect(input, 10, LEAD_STATUS_MATCH, REJECTION_QUALIFIED); /* hits remain */
	input.kw_hits_total = 0;
	expect(input, 8, LEAD_STATUS_NO_MATCH, REJECTION_NO_KEYWORDS);
	input = good;
	input.has_score = false;
	expect(input, 9, LEAD_STATUS_NO_MATCH, REJECTION_NO_KEYWORDS);
}

static void rejected_domains_keep_their_lead_score(void **state)
{
	struct leads_input input = with(.1, 10);
	struct leads_verdict verdict = leads_decide(&defaults, &input);

	(void)state;
	assert_true(verdict.has_lead_score);
	assert_true(verdict.lead_score == .1);
	input.has_score = false;
	assert_false(leads_decide(&defaults, &input).has_lead_score);
}

static void every_rule_has_a_sentence(void **state)
{
	unsigned rule;

	(void)state;
	for (rule = 1; rule <= 13; rule++)
		assert_non_null(leads_rule_text(rule));
	assert_null(leads_rule_text(0));
	assert_null(leads_rule_text(14));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_and_bytes_decide_as_in_the_examples),
		cmocka_unit_test(the_parked_floor_is_inclusive),
		cmocka_unit_test(statuses_of_earlier_phases_come_first),
		cmocka_unit_test(pages_without_structure_keywords_or_score_are_no_leads),
		cmocka_unit_test(rejected_domains_keep_their_lead_score),
		cmocka_unit_test(every_rule_has_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
