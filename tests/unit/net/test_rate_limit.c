#include "net/address_slots.h"
#include "net/rate_limit.h"
#include "net/timer_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_bucket_gives_its_burst_and_then_its_rate(void **state)
{
	struct rate_bucket b;

	(void)state;
	rate_bucket_init(&b, 10, 3, 1000);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(rate_bucket_take(&b, 1, 1000), 0);
	assert_int_equal(rate_bucket_take(&b, 1, 1000), 100);
	assert_int_equal(rate_bucket_take(&b, 1, 1099), 1);
	assert_int_equal(rate_bucket_take(&b, 1, 1100), 0);
	assert_int_equal(rate_bucket_take(&b, 3, 1100), 300);
	assert_int_equal(rate_bucket_take(&b, 1, 100000), 0); /* long idle: full again, no more */
	assert_int_equal(rate_bucket_take(&b, 2, 100000), 0);
	assert_true(rate_bucket_take(&b, 1, 100000) > 0);
	assert_true(rate_bucket_take(&b, 1, 50) > 0); /* a clock that goes back gives nothing */
}

static void over_a_minute_the_rate_is_exact(void **state)
{
	static const double rates[] = { 0.5, 3, 10, 333, 5000 };

	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		struct rate_bucket b;
		int64_t now = 0, taken = 0;

		rate_bucket_init(&b, rates[i], 1, 0);
		while (now < 60000) {
			int64_t wait = rate_bucket_take(&b, 1, now);

			taken += wait == 0;
			now += wait;
		}
		assert_true((double)taken >= rates[i] * 60 * 0.99 && (double)taken <= rates[i] * 60 * 1.01 + 1);
	}
}

static void rate_zero_is_unlimited(void **state)
{
	struct rate_bucket b;

	(void)state;
	rate_bucket_init(&b, 0, 0, 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(rate_bucket_take(&b, 100, 0), 0);
}

static void a_gate_keeps_order_places_and_rate(void **state)
{
	struct rate_bucket b;
	struct gate g;
	struct gate_waiter w[4];
	int64_t wait;

	(void)state;
	rate_bucket_init(&b, 10, 2, 0);
	gate_init(&g, rate_source_of(&b), 2);
	for (unsigned i = 0; i < 4; i++)
		gate_enter(&g, &w[i]);
	assert_ptr_equal(gate_next(&g, 0, &wait), &w[0]);
	assert_ptr_equal(gate_next(&g, 0, &wait), &w[1]);
	assert_null(gate_next(&g, 0, &wait));
	assert_int_equal(wait, 0); /* no place: time does not help */
	gate_leave(&g);
	assert_null(gate_next(&g, 0, &wait));
	assert_int_equal(wait, 100); /* a place, no token */
	gate_forget(&g, &w[2]);
	gate_forget(&g, &w[2]);
	assert_ptr_equal(gate_next(&g, 100, &wait), &w[3]);
	assert_int_equal(g.waiting, 0);
	assert_null(gate_next(&g, 1000, &wait));
	assert_int_equal(wait, 0);
}

static void one_address_is_worked_on_by_few(void **state)
{
	struct address_slots *s = address_slots_create(2), *open = address_slots_create(0);
	struct gate_waiter w[5];
	struct net_address a, same, other;

	(void)state;
	assert_true(net_address_parse("192.0.2.1:80", 1, &a));
	assert_true(net_address_parse("192.0.2.1:443", 1, &same));
	assert_true(net_address_parse("2001:db8::1", 1, &other));
	assert_true(address_slots_enter(s, &a, &w[0]));
	assert_true(address_slots_enter(s, &same, &w[1]));
	assert_false(address_slots_enter(s, &a, &w[2]));
	assert_false(address_slots_enter(s, &a, &w[3]));
	assert_true(address_slots_enter(s, &other, &w[4]));
	address_slots_forget(s, &a, &w[2]);
	assert_ptr_equal(address_slots_leave(s, &a), &w[3]);
	assert_null(address_slots_leave(s, &a));
	assert_null(address_slots_leave(s, &a));
	assert_true(address_slots_enter(s, &a, &w[0]));
	for (unsigned i = 0; i < 5; i++)
		assert_true(address_slots_enter(open, &a, &w[i]));
	address_slots_destroy(s);
	address_slots_destroy(open);
}

static int64_t fired_last;
static unsigned fired;

static void on_fire(struct timer *t)
{
	assert_true(t->at_ms >= fired_last);
	fired_last = t->at_ms;
	fired++;
}

static void timers_fire_in_order_and_only_when_due(void **state)
{
	struct timer timers[200] = { 0 };
	struct timer_heap h;

	(void)state;
	timer_heap_init(&h);
	assert_true(timer_heap_reserve(&h, 200));
	for (unsigned i = 0; i < 200; i++) {
		timers[i].fire = on_fire;
		timer_heap_set(&h, &timers[i], (i * 7919) % 1000);
	}
	for (unsigned i = 0; i < 200; i += 2)
		timer_heap_set(&h, &timers[i], (i * 104729) % 1000); /* moved */
	for (unsigned i = 0; i < 200; i += 5)
		timer_heap_clear(&h, &timers[i]);
	timer_heap_clear(&h, &timers[0]);
	assert_int_equal(h.count, 160);
	timer_heap_run(&h, 500);
	assert_true(fired > 0 && fired < 160);
	assert_true(timer_heap_wait(&h, 500, 10000) > 0);
	timer_heap_run(&h, 1000);
	assert_int_equal(fired, 160);
	assert_int_equal(timer_heap_wait(&h, 0, 77), 77);
	timer_heap_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_gives_its_burst_and_then_its_rate),
		cmocka_unit_test(over_a_minute_the_rate_is_exact),
		cmocka_unit_test(rate_zero_is_unlimited),
		cmocka_unit_test(a_gate_keeps_order_places_and_rate),
		cmocka_unit_test(one_address_is_worked_on_by_few),
		cmocka_unit_test(timers_fire_in_order_and_only_when_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
