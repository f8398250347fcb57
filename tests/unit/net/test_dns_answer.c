/* What a message says, message by message. */
#include "net/dns_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A message about "a.b" under construction; the name is at offset 12. */
struct message {
	uint8_t bytes[20000];
	size_t n;
	unsigned answers;
};

static void put16(struct message *m, unsigned v)
{
	m->bytes[m->n++] = (uint8_t)(v >> 8);
	m->bytes[m->n++] = (uint8_t)v;
}

static void begin(struct message *m, unsigned rcode)
{
	memset(m, 0, sizeof *m);
	m->bytes[2] = 0x81;
	m->bytes[3] = (uint8_t)(0x80 | rcode);
	m->bytes[5] = 1;
	m->n = 12;
	memcpy(m->bytes + m->n, "\001a\001b", 5);
	m->n += 5;
	put16(m, 1);
	put16(m, 1);
}

/* owner: "\001x\001y" style, or a pointer when NULL. */
static void record(struct message *m, const char *owner, unsigned type, const void *data, size_t n)
{
	if (owner) {
		memcpy(m->bytes + m->n, owner, strlen(owner) + 1);
		m->n += strlen(owner) + 1;
	} else {
		put16(m, 0xc000 | 12);
	}
	put16(m, type);
	put16(m, 1);
	put16(m, 0);
	put16(m, 60);
	put16(m, (unsigned)n);
	memcpy(m->bytes + m->n, data, n);
	m->n += n;
	m->answers++;
	m->bytes[6] = (uint8_t)(m->answers >> 8);
	m->bytes[7] = (uint8_t)m->answers;
}

static struct dns_answer judged(const struct message *m)
{
	struct dns_answer a;

	dns_answer_judge(m->bytes, m->n, DNS_TYPE_A, &a);
	return a;
}

static void every_code_has_its_reason(void **state)
{
	static const struct {
		unsigned rcode;
		enum dns_reason reason;
		bool may_retry;
	} cases[] = {
		{ 0, DNS_REASON_NOANSWER, false }, { 1, DNS_REASON_ERROR, false },  { 2, DNS_REASON_SERVFAIL, true },
		{ 3, DNS_REASON_NXDOMAIN, false }, { 4, DNS_REASON_ERROR, false },  { 5, DNS_REASON_REFUSED, true },
		{ 9, DNS_REASON_ERROR, false },    { 15, DNS_REASON_ERROR, false },
	};
	struct message m;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(&m, cases[i].rcode);
		assert_int_equal(judged(&m).reason, cases[i].reason);
		assert_int_equal(judged(&m).may_retry, cases[i].may_retry);
	}
}

static void only_records_of_the_name_and_its_aliases_count(void **state)
{
	struct message m;
	struct dns_answer a;

	(void)state;
	begin(&m, 0);
	record(&m, "\005other", 1, "\1\2\3\4", 4);
	assert_int_equal(judged(&m).reason, DNS_REASON_NOANSWER);
	record(&m, "\001C", 1, "\5\6\7\10", 4); /* before its alias, in another case */
	record(&m, NULL, 5, "\001c", 3);
	a = judged(&m);
	assert_int_equal(a.reason, DNS_REASON_NONE);
	assert_int_equal(a.address_count, 1);
	assert_int_equal(a.addresses[0].bytes[0], 5);
}

static void chain(struct message *m, unsigned hops)
{
	begin(m, 0);
	record(m, NULL, 5, "\0010", 3);
	for (unsigned i = 1; i < hops; i++) {
		char owner[4] = { 1, (char)('0' + i - 1) }, target[4] = { 1, (char)('0' + i) };

		record(m, owner, 5, target, 3);
	}
	char last[4] = { 1, (char)('0' + hops - 1) };

	record(m, last, 1, "\1\2\3\4", 4);
}

static void eight_aliases_are_followed_and_not_nine(void **state)
{
	struct message m;

	(void)state;
	chain(&m, DNS_CHAIN_MAX);
	assert_int_equal(judged(&m).reason, DNS_REASON_NONE);
	chain(&m, DNS_CHAIN_MAX + 1);
	assert_int_equal(judged(&m).reason, DNS_REASON_ERROR);
	assert_false(judged(&m).may_retry);
}

static void five_hundred_addresses_give_sixteen(void **state)
{
	struct message m;

	(void)state;
	begin(&m, 0);
	for (unsigned i = 0; i < 500; i++)
		record(&m, NULL, 1, (uint8_t[]){ 10, 0, (uint8_t)(i >> 8), (uint8_t)i }, 4);
	assert_int_equal(judged(&m).address_count, DNS_ADDRESSES_MAX);
	assert_int_equal(judged(&m).addresses[15].bytes[3], 15);
}

static void every_cut_of_a_message_is_judged(void **state)
{
	struct message m;
	size_t whole;

	(void)state;
	chain(&m, 3);
	whole = m.n;
	for (m.n = 0; m.n < whole; m.n++) {
		assert_int_equal(judged(&m).reason, DNS_REASON_ERROR);
		assert_true(judged(&m).may_retry);
	}
	assert_int_equal(judged(&m).reason, DNS_REASON_NONE);
}

static void lies_about_lengths_and_pointers_are_errors(void **state)
{
	struct message m;

	(void)state;
	begin(&m, 0);
	record(&m, NULL, 1, "\1\2\3", 3);
	assert_int_equal(judged(&m).reason, DNS_REASON_ERROR);
	begin(&m, 0);
	record(&m, NULL, 5, "\xc0\xff", 2); /* forwards */
	assert_int_equal(judged(&m).reason, DNS_REASON_ERROR);
	begin(&m, 0);
	record(&m, NULL, 5, "\xc0\x0c", 2); /* an alias of itself */
	assert_int_equal(judged(&m).reason, DNS_REASON_ERROR);
	begin(&m, 0);
	m.bytes[2] = 0x01; /* a question, not an answer */
	assert_int_equal(judged(&m).reason, DNS_REASON_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_reason),
		cmocka_unit_test(only_records_of_the_name_and_its_aliases_count),
		cmocka_unit_test(eight_aliases_are_followed_and_not_nine),
		cmocka_unit_test(five_hundred_addresses_give_sixteen),
		cmocka_unit_test(every_cut_of_a_message_is_judged),
		cmocka_unit_test(lies_about_lengths_and_pointers_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
