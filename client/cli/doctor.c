/* doctor.c: whether everything a campaign needs is there: from this program to the server, and from the server on. */
#include "cli.h"
#include "command.h"
#include "output.h"
#include "pb.h"
#include "pb_value.h"

#include "grpc/health/v1/health.grpc-c.client.h"

#include "base/arena.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define OWN_CHECKS        6
#define SERVER_CHECKS_MAX 32
#define CLOCK_SKEW_MS_MAX 5000

#define STATE(name) DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_##name

typedef Domainflow__V2__DependencyCheck PbCheck;

static const struct column columns[] = {
	{ "CHECK", "name", COLUMN_TEXT, 0 },
	{ "STATE", "state", COLUMN_TEXT, 0 },
	{ "VERSION", "version", COLUMN_TEXT, 24 },
	{ "LATENCY MS", "latency_ms", COLUMN_NUMBER, 0 },
	{ "SKEW MS", "clock_skew_ms", COLUMN_NUMBER, 0 },
	{ "DETAIL", "detail", COLUMN_TEXT, 0 },
};

struct visit {
	struct cli *cli;
	PbCheck *checks[OWN_CHECKS + SERVER_CHECKS_MAX];
	size_t count;
	int32_t schema_needed;
};

/* One more line; what is not said stays empty. The arena of a command is larger than any visit. */
static PbCheck *check_add(struct visit *v, const char *name, Domainflow__V2__DependencyState state, const char *detail)
{
	PbCheck *check = (PbCheck *)pb_make(v->cli->arena, &domainflow__v2__dependency_check__descriptor);

	if (!check)
		return NULL;
	check->name = pb_borrow(name);
	check->state = state;
	check->detail = pb_borrow(detail);
	v->checks[v->count++] = check;
	return check;
}

static struct status settings_check(struct visit *v)
{
	const struct config *c = &v->cli->config;
	const char *source = c->source[OPTION_SERVER] ? c->source[OPTION_SERVER] : "the default";
	const char *file = c->path ? c->path : "no file";
	const char *detail = arena_printf(v->cli->arena, "%s; the server %s is from %s", file, v->cli->server, source);

	return check_add(v, "settings", STATE(OK), detail) ? STATUS_OK_VALUE : status_out_of_memory();
}

static bool is_local(const char *address)
{
	static const char *const starts[] = { "unix:", "127.", "localhost:", "[::1]", "ipv4:127.", "ipv6:[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (strncmp(address, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static struct status encryption_check(struct visit *v)
{
	const char *const *value = v->cli->config.value;
	Domainflow__V2__DependencyState state = STATE(OK);
	const char *detail = "not encrypted, on this machine only";
	PbCheck *check;

	if (value[OPTION_TLS_CA])
		detail = value[OPTION_TLS_CERT] ? "TLS, with a certificate of our own"
						: "TLS, without a certificate of our own";
	else if (!is_local(v->cli->server))
		detail = "not encrypted, over a network", state = STATE(DEGRADED);
	check = check_add(v, "tls", state, detail);
	return check ? STATUS_OK_VALUE : status_out_of_memory();
}

/* The first call makes the connection; the second one is timed, and its middle is when the server read its clock. */
static struct status server_check(struct visit *v)
{
	PB(GetServerInfoRequest, GET_SERVER_INFO_REQUEST, request);
	Domainflow__V2__GetServerInfoResponse *answer;
	int64_t begin_us, begin_ms, took_us, theirs_ms;
	PbCheck *server, *clock;
	double skew;
	struct status st = failure_explain(CLI_CALL(v->cli, domainflow_v2_server_get_server_info, &request, &answer),
					   v->cli->server);

	begin_us = clock_monotonic_us();
	begin_ms = clock_wall_ms();
	if (status_ok(st))
		st = CLI_CALL(v->cli, domainflow_v2_server_get_server_info, &request, &answer);
	took_us = clock_monotonic_us() - begin_us;
	server = check_add(v, "server", status_ok(st) ? STATE(OK) : STATE(FAILED),
			   arena_strdup(v->cli->arena, status_ok(st) ? "" : st.detail));
	if (!server)
		return status_out_of_memory();
	TRY(st);
	server->version = answer->version;
	server->latency_case = DOMAINFLOW__V2__DEPENDENCY_CHECK__LATENCY_LATENCY_MS;
	server->latency_ms = (double)took_us / 1000;
	if (strcmp(answer->version, DFCTL_VERSION) != 0) {
		server->state = STATE(DEGRADED);
		server->detail = pb_borrow(arena_printf(v->cli->arena, "this dfctl is %s", DFCTL_VERSION));
	}
	if (!answer->server_time)
		return STATUS_OK_VALUE;
	theirs_ms = answer->server_time->seconds * 1000 + answer->server_time->nanos / 1000000;
	skew = (double)(theirs_ms - begin_ms) - server->latency_ms / 2;
	clock = check_add(v, "clock",
			  skew > CLOCK_SKEW_MS_MAX || skew < -CLOCK_SKEW_MS_MAX ? STATE(DEGRADED) : STATE(OK),
			  "the server's clock minus ours");
	if (!clock)
		return status_out_of_memory();
	clock->clock_case = DOMAINFLOW__V2__DEPENDENCY_CHECK__CLOCK_CLOCK_SKEW_MS;
	clock->clock_skew_ms = skew;
	return STATUS_OK_VALUE;
}

/* What a balancer would be told. */
static struct status health_check(struct visit *v)
{
	Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	Grpc__Health__V1__HealthCheckResponse *answer;
	struct status st = CLI_CALL(v->cli, grpc_health_v1_health_check, &request, &answer);
	bool is_serving =
		status_ok(st) && answer->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
	PbCheck *check = check_add(v, "health", is_serving ? STATE(OK) : STATE(FAILED),
				   is_serving      ? ""
				   : status_ok(st) ? "the server takes no work at the moment"
						   : arena_strdup(v->cli->arena, st.detail));

	return check ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status dependencies_check(struct visit *v)
{
	PB(CheckDependenciesRequest, CHECK_DEPENDENCIES_REQUEST, request);
	Domainflow__V2__CheckDependenciesResponse *answer;
	struct status st = CLI_CALL(v->cli, domainflow_v2_server_check_dependencies, &request, &answer);

	if (!status_ok(st))
		return check_add(v, "dependencies", STATE(FAILED), arena_strdup(v->cli->arena, st.detail))
			       ? STATUS_OK_VALUE
			       : status_out_of_memory();
	v->schema_needed = answer->schema_version_needed;
	for (size_t i = 0; i < answer->n_dependencies && i < SERVER_CHECKS_MAX; i++)
		v->checks[v->count++] = answer->dependencies[i];
	return STATUS_OK_VALUE;
}

static struct status visit_print(struct visit *v)
{
	PB(CheckDependenciesResponse, CHECK_DEPENDENCIES_RESPONSE, all);

	all.dependencies = v->checks;
	all.n_dependencies = v->count;
	all.schema_version_needed = v->schema_needed;
	return rows_print(v->cli, &all.base, "dependencies", columns, ARRAY_LEN(columns));
}

struct status show_doctor(struct cli *cli)
{
	struct visit v = { .cli = cli };
	struct status st;

	TRY(settings_check(&v));
	TRY(encryption_check(&v));
	st = server_check(&v);
	if (status_ok(st)) {
		TRY(health_check(&v));
		TRY(dependencies_check(&v));
	}
	TRY(visit_print(&v));
	TRY(st);
	for (size_t i = 0; i < v.count; i++)
		if (v.checks[i]->state == STATE(FAILED))
			return status_make(STATUS_UNKNOWN, "CHECK_FAILED", "%s: %s", v.checks[i]->name,
					   v.checks[i]->detail);
	return STATUS_OK_VALUE;
}
