/* The ops port over a real socket. */
#include "base/clock.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"
#include "telemetry/ops_http.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct metrics *metrics;
	struct health *health;
	struct ops_http *ops;
	enum health_state database, redis;
};

static enum health_state read_state(void *arg)
{
	return *(enum health_state *)arg;
}

static int open_world(void **state)
{
	static const struct metric_spec spec = { .kind = METRIC_COUNTER, .name = "seen_total", .help = "Seen." };
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->metrics = metrics_create();
	w->health = health_create();
	assert_true(health_add(w->health, "database", read_state, &w->database));
	assert_true(health_add(w->health, "redis", read_state, &w->redis));
	health_serving(w->health, true);
	metric_add(metric_plain(metrics_family(w->metrics, &spec)), 5);
	assert_true(status_ok(ops_http_open("127.0.0.1:0", w->metrics, w->health, &w->ops)));
	*state = w;
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;

	ops_http_close(w->ops);
	health_destroy(w->health);
	metrics_destroy(w->metrics);
	free(w);
	return 0;
}

/* The whole answer. Static memory. */
static const char *ask(const struct world *w, const char *request_line)
{
	static char answer[8192];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(ops_http_port(w->ops)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char request[256];
	size_t used = 0;
	ssize_t n;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", request_line);
	assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	while ((n = read(fd, answer + used, sizeof answer - 1 - used)) > 0)
		used += (size_t)n;
	answer[used] = '\0';
	close(fd);
	return answer;
}

static void expect(const char *answer, const char *first, const char *part)
{
	if (strncmp(answer, first, strlen(first)) != 0 || !strstr(answer, part))
		fail_msg("wanted '%s' and '%s', got: %s", first, part, answer);
}

static void metrics_are_served(void **state)
{
	expect(ask(*state, "GET /metrics"), "HTTP/1.1 200", "\nseen_total 5\n");
}

static void readiness_follows_the_worst_dependency(void **state)
{
	struct world *w = *state;

	expect(ask(w, "GET /readyz"), "HTTP/1.1 200",
	       "{\"status\":\"ok\",\"checks\":{\"database\":\"ok\",\"redis\":\"ok\"}}");
	w->redis = HEALTH_DEGRADED;
	expect(ask(w, "GET /readyz"), "HTTP/1.1 200",
	       "{\"status\":\"degraded\",\"checks\":{\"database\":\"ok\",\"redis\":\"degraded\"}}");
	w->database = HEALTH_UNAVAILABLE;
	expect(ask(w, "GET /readyz"), "HTTP/1.1 503", "\"status\":\"unavailable\"");
	expect(ask(w, "GET /livez"), "HTTP/1.1 200", "ok");
}

static void draining_is_not_ready(void **state)
{
	struct world *w = *state;

	health_serving(w->health, false);
	expect(ask(w, "GET /readyz"), "HTTP/1.1 503", "\"status\":\"unavailable\"");
	assert_int_equal(health_state(w->health), HEALTH_UNAVAILABLE);
}

static void removed_checks_are_not_asked(void **state)
{
	struct world *w = *state;

	w->database = HEALTH_UNAVAILABLE;
	health_remove(w->health, "database");
	expect(ask(w, "GET /readyz"), "HTTP/1.1 200", "{\"status\":\"ok\",\"checks\":{\"redis\":\"ok\"}}");
}

static void other_requests_are_refused(void **state)
{
	expect(ask(*state, "GET /"), "HTTP/1.1 404", "not_found");
	expect(ask(*state, "GET /metrics/../livez"), "HTTP/1.1 404", "not_found");
	expect(ask(*state, "DELETE /metrics"), "HTTP/1.1 405", "method_not_allowed");
}

static void bad_addresses_are_errors(void **state)
{
	static const char *const bad[] = { "", "8091", "nowhere.example:1", "127.0.0.1", "127.0.0.1:http", ":1" };
	struct world *w = *state;
	struct ops_http *ops = NULL;
	char taken[64];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(ops_http_open(bad[i], w->metrics, w->health, &ops).code, STATUS_INVALID_ARGUMENT);
	snprintf(taken, sizeof taken, "127.0.0.1:%u", ops_http_port(w->ops));
	assert_int_equal(ops_http_open(taken, w->metrics, w->health, &ops).code, STATUS_UNAVAILABLE);
	assert_null(ops);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(metrics_are_served, open_world, close_world),
		cmocka_unit_test_setup_teardown(readiness_follows_the_worst_dependency, open_world, close_world),
		cmocka_unit_test_setup_teardown(draining_is_not_ready, open_world, close_world),
		cmocka_unit_test_setup_teardown(removed_checks_are_not_asked, open_world, close_world),
		cmocka_unit_test_setup_teardown(other_requests_are_refused, open_world, close_world),
		cmocka_unit_test_setup_teardown(bad_addresses_are_errors, open_world, close_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
