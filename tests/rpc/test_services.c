/* Health and reflection, as other people's tools use them. */
#include "echo.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define PATH_CHECK        "/grpc.health.v1.Health/Check"
#define PATH_HEALTH_WATCH "/grpc.health.v1.Health/Watch"

typedef Grpc__Health__V1__HealthCheckResponse health_t;
typedef Grpc__Reflection__V1__ServerReflectionRequest request_t;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_t;

#define SERVING         GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING     GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

static struct echo echo;

static int setup(void **state)
{
	(void)state;
	echo_init(&echo);
	echo_start(&echo);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	echo_stop(&echo);
	return 0;
}

/* --- health --------------------------------------------------------------------------------------------------- */

static uint8_t *health_request(const char *service, size_t *n)
{
	Grpc__Health__V1__HealthCheckRequest request;
	uint8_t *bytes;

	grpc__health__v1__health_check_request__init(&request);
	request.service = (char *)(uintptr_t)service;
	*n = grpc__health__v1__health_check_request__get_packed_size(&request);
	bytes = malloc(*n + 1);
	assert_non_null(bytes);
	grpc__health__v1__health_check_request__pack(&request, bytes);
	return bytes;
}

static int health_state(uint8_t *bytes, size_t n)
{
	health_t *health = grpc__health__v1__health_check_response__unpack(NULL, n, bytes);
	int state;

	assert_non_null(health);
	state = (int)health->status;
	grpc__health__v1__health_check_response__free_unpacked(health, NULL);
	free(bytes);
	return state;
}

static grpc_status_code check(const char *service, int *out)
{
	struct client_call call;
	size_t n, reply_n;
	uint8_t *bytes = health_request(service, &n), *reply;
	grpc_status_code code = client_unary(&call, echo.channel, PATH_CHECK, bytes, n, NULL, &reply, &reply_n);

	free(bytes);
	if (reply)
		*out = health_state(reply, reply_n);
	client_done(&call);
	return code;
}

static void watch_health(struct client_call *call, const char *service)
{
	size_t n;
	uint8_t *bytes = health_request(service, &n);

	client_start(call, echo.channel, PATH_HEALTH_WATCH, bytes, n, true, NULL);
	free(bytes);
}

static int next_health(struct client_call *call)
{
	uint8_t *bytes;
	size_t n;

	assert_true(client_receive(call, &bytes, &n));
	return health_state(bytes, n);
}

static void check_answers_for_every_service(void **state)
{
	static const char *const known[] = { "", "domainflow.test.v1.Echo", "grpc.health.v1.Health" };
	int now = -1;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(check(known[i], &now), GRPC_STATUS_OK);
		assert_int_equal(now, SERVING);
	}
	assert_int_equal(check("no.such.Service", &now), GRPC_STATUS_NOT_FOUND);
	rpc_health_set(echo.server, "domainflow.test.v1.Echo", false);
	assert_int_equal(check("domainflow.test.v1.Echo", &now), GRPC_STATUS_OK);
	assert_int_equal(now, NOT_SERVING);
	assert_int_equal(check("", &now), GRPC_STATUS_OK);
	assert_int_equal(now, SERVING);
}

static void watch_follows_changes(void **state)
{
	struct client_call call;

	(void)state;
	watch_health(&call, "");
	assert_int_equal(next_health(&call), SERVING);
	rpc_health_set(echo.server, NULL, false);
	assert_int_equal(next_health(&call), NOT_SERVING);
	rpc_health_set(echo.server, "", true);
	assert_int_equal(next_health(&call), SERVING);
	client_done(&call);
}

static void watch_of_an_unknown_name_waits_for_it(void **state)
{
	struct client_call call;

	(void)state;
	watch_health(&call, "later.Service");
	assert_int_equal(next_health(&call), SERVICE_UNKNOWN);
	rpc_health_set(echo.server, "later.Service", true);
	assert_int_equal(next_health(&call), SERVING);
	client_done(&call);
}

static void watchers_hear_of_the_drain_first(void **state)
{
	struct client_call call;
	struct status st;
	uint8_t *bytes;
	size_t n;

	(void)state;
	watch_health(&call, "");
	assert_int_equal(next_health(&call), SERVING);
	st = rpc_server_drain(echo.server);
	assert_int_equal(st.code, STATUS_OK);
	assert_int_equal(next_health(&call), NOT_SERVING);
	assert_false(client_receive(&call, &bytes, &n));
	assert_int_equal(client_finish(&call), GRPC_STATUS_UNAVAILABLE);
	assert_true(details_contain(&call, "DRAINING"));
	client_done(&call);
}

/* --- reflection ----------------------------------------------------------------------------------------------- */

static const char *const reflection_paths[] = { "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
						"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" };

static response_t *ask(struct client_call *call, const request_t *request, bool is_first, const char *path)
{
	size_t n = grpc__reflection__v1__server_reflection_request__get_packed_size(request), reply_n;
	uint8_t *bytes = malloc(n + 1), *reply;
	response_t *response;

	assert_non_null(bytes);
	grpc__reflection__v1__server_reflection_request__pack(request, bytes);
	if (is_first)
		client_start(call, echo.channel, path, bytes, n, false, NULL);
	else
		client_send(call, bytes, n, false);
	free(bytes);
	assert_true(client_receive(call, &reply, &reply_n));
	response = grpc__reflection__v1__server_reflection_response__unpack(NULL, reply_n, reply);
	free(reply);
	assert_non_null(response);
	return response;
}

#define REQUEST(name)  GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define RESPONSE(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

static void both_versions_list_the_services(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct client_call call;
		request_t request;
		response_t *response;
		bool has_echo = false;
		uint8_t *bytes;
		size_t n;

		grpc__reflection__v1__server_reflection_request__init(&request);
		request.message_request_case = REQUEST(LIST_SERVICES);
		request.list_services = (char *)(uintptr_t) "*";
		response = ask(&call, &request, true, reflection_paths[v]);
		assert_int_equal(response->message_response_case, RESPONSE(LIST_SERVICES_RESPONSE));
		assert_int_equal(response->list_services_response->n_service, 4);
		for (size_t i = 0; i < 4; i++)
			if (strcmp(response->list_services_response->service[i]->name, "domainflow.test.v1.Echo") == 0)
				has_echo = true;
		assert_true(has_echo);
		grpc__reflection__v1__server_reflection_response__free_unpacked(response, NULL);
		client_send(&call, NULL, 0, true);
		assert_false(client_receive(&call, &bytes, &n));
		assert_int_equal(client_finish(&call), GRPC_STATUS_OK);
		client_done(&call);
	}
}

static void files_are_found_by_name_and_symbol(void **state)
{
	static const struct {
		const char *symbol;
		bool is_known;
	} cases[] = {
		{ "grpc.health.v1.Health", true },
		{ "grpc.health.v1.Health.Check", true },
		{ "grpc.health.v1.HealthCheckRequest", true },
		{ "grpc.health.v1.HealthCheckResponse.ServingStatus", true },
		{ "grpc.health.v1.HealthCheckResponse.SERVING", true },
		{ "grpc.health.v1.HealthCheckRequest.service", true },
		{ ".grpc.health.v1.Health", true },
		{ "grpc.health.v1", false },
		{ "grpc.health.v1.Healthy", false },
		{ "", false },
	};
	struct client_call call;
	request_t request;
	response_t *response;

	(void)state;
	grpc__reflection__v1__server_reflection_request__init(&request);
	request.message_request_case = REQUEST(FILE_BY_FILENAME);
	request.file_by_filename = (char *)(uintptr_t) "grpc/health/v1/health.proto";
	response = ask(&call, &request, true, reflection_paths[0]);
	assert_int_equal(response->message_response_case, RESPONSE(FILE_DESCRIPTOR_RESPONSE));
	/* A FileDescriptorProto begins with its own name. */
	assert_memory_equal(response->file_descriptor_response->file_descriptor_proto[0].data,
			    "\x0a\x1bgrpc/health/v1/health.proto", 29);
	grpc__reflection__v1__server_reflection_response__free_unpacked(response, NULL);
	request.message_request_case = REQUEST(FILE_CONTAINING_SYMBOL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		request.file_containing_symbol = (char *)(uintptr_t)cases[i].symbol;
		response = ask(&call, &request, false, NULL);
		if (cases[i].is_known) {
			assert_int_equal(response->message_response_case, RESPONSE(FILE_DESCRIPTOR_RESPONSE));
			assert_memory_equal(response->file_descriptor_response->file_descriptor_proto[0].data,
					    "\x0a\x1bgrpc/health/v1/health.proto", 29);
		} else {
			assert_int_equal(response->message_response_case, RESPONSE(ERROR_RESPONSE));
			assert_int_equal(response->error_response->error_code, GRPC_STATUS_NOT_FOUND);
		}
		grpc__reflection__v1__server_reflection_response__free_unpacked(response, NULL);
	}
	client_done(&call);
}

static void extension_requests_get_an_answer(void **state)
{
	struct client_call call;
	request_t request;
	response_t *response;

	(void)state;
	grpc__reflection__v1__server_reflection_request__init(&request);
	request.message_request_case = REQUEST(ALL_EXTENSION_NUMBERS_OF_TYPE);
	request.all_extension_numbers_of_type = (char *)(uintptr_t) "google.protobuf.FieldOptions";
	response = ask(&call, &request, true, reflection_paths[0]);
	assert_int_equal(response->message_response_case, RESPONSE(ERROR_RESPONSE));
	grpc__reflection__v1__server_reflection_response__free_unpacked(response, NULL);
	client_done(&call);
}

static void reflection_can_be_switched_off(void **state)
{
	struct client_call call;
	uint8_t *out;
	size_t n;

	(void)state;
	echo_init(&echo);
	echo.settings.grpc_reflection = false;
	echo_start(&echo);
	assert_int_equal(client_unary(&call, echo.channel, reflection_paths[0], "", 0, NULL, &out, &n),
			 GRPC_STATUS_UNIMPLEMENTED);
	client_done(&call);
	echo_stop(&echo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(check_answers_for_every_service, setup, teardown),
		cmocka_unit_test_setup_teardown(watch_follows_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(watch_of_an_unknown_name_waits_for_it, setup, teardown),
		cmocka_unit_test_setup_teardown(watchers_hear_of_the_drain_first, setup, teardown),
		cmocka_unit_test_setup_teardown(both_versions_list_the_services, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_found_by_name_and_symbol, setup, teardown),
		cmocka_unit_test_setup_teardown(extension_requests_get_an_answer, setup, teardown),
		cmocka_unit_test(reflection_can_be_switched_off),
	};

	return cmocka_run_group_tests_name("rpc services", tests, NULL, NULL);
}
