/* ServerService over the wire. */
#include "api_fixture.h"

#include "domainflow/v2/server_service.grpc-c.client.h"

#include "store/migrate.h"
#include "store/query.h"
#include "store/tx.h"

#include <stdlib.h>
#include <string.h>

#define STATE(name) DOMAINFLOW__V2__DEPENDENCY_STATE__DEPENDENCY_STATE_##name

static Domainflow__V2__CheckDependenciesResponse *ask(void)
{
	Domainflow__V2__CheckDependenciesRequest in = DOMAINFLOW__V2__CHECK_DEPENDENCIES_REQUEST__INIT;
	Domainflow__V2__CheckDependenciesResponse *out = NULL;
	struct df_call call = api_call(NULL);

	expect_ok(domainflow_v2_server_check_dependencies(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->n_dependencies, 3);
	return out;
}

static void each_dependency_says_how_it_is(void **state)
{
	Domainflow__V2__CheckDependenciesResponse *answer = ask();
	const Domainflow__V2__DependencyCheck *database = answer->dependencies[0], *schema = answer->dependencies[1],
					      *redis = answer->dependencies[2];

	(void)state;
	assert_string_equal(database->name, "postgresql");
	assert_int_equal(database->state, STATE(OK));
	assert_true(atof(database->version) >= 15);
	assert_int_equal(database->clock_case, DOMAINFLOW__V2__DEPENDENCY_CHECK__CLOCK_CLOCK_SKEW_MS);
	assert_true(database->clock_skew_ms < 1000 && database->clock_skew_ms > -1000);
	assert_string_equal(schema->name, "schema");
	assert_int_equal(schema->state, STATE(OK));
	assert_int_equal(atoi(schema->version), migrations_embedded.count);
	assert_int_equal(answer->schema_version_needed, migrations_embedded.count);
	assert_string_equal(redis->name, "redis");
	assert_int_equal(redis->state, STATE(DEGRADED)); /* this server has none */
	assert_string_equal(redis->version, "");
}

static void script(const char *sql)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_single(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
}

static void a_schema_that_is_not_ours_has_failed(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{ "UPDATE schema_migrations SET version = version + 1", "newer" },
		{ "UPDATE schema_migrations SET version = version - 2", "older" },
		{ "UPDATE schema_migrations SET version = version + 1, dirty = true", "not finished" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const Domainflow__V2__DependencyCheck *schema;

		script(cases[i].sql);
		schema = ask()->dependencies[1];
		assert_int_equal(schema->state, STATE(FAILED));
		if (!strstr(schema->detail, cases[i].says))
			fail_msg("%s", schema->detail);
	}
	script("UPDATE schema_migrations SET dirty = false");
	assert_int_equal(ask()->dependencies[1]->state, STATE(OK));
}

static void instances_say_whether_they_are_alive(void **state)
{
	Domainflow__V2__ListInstancesRequest in = DOMAINFLOW__V2__LIST_INSTANCES_REQUEST__INIT;
	Domainflow__V2__ListInstancesResponse *out = NULL;
	struct df_call call = api_call(NULL);

	(void)state;
	expect_ok(domainflow_v2_server_list_instances(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->n_instances, 0);
	script("INSERT INTO instances (id, roles, address, version, heartbeat_at) VALUES"
	       " ('0190f3a0-0000-7000-8000-000000000001', 'worker', '127.0.0.1:1', '1.0', now() - interval '1 minute'),"
	       " ('0190f3a0-0000-7000-8000-000000000002', 'api,jobs', 'unix:/x', '1.1', now())");
	expect_ok(domainflow_v2_server_list_instances(api_fixture.connection, &call, &in, &out));
	assert_int_equal(out->n_instances, 2);
	assert_string_equal(out->instances[0]->id, "0190f3a0-0000-7000-8000-000000000002");
	assert_true(out->instances[0]->is_alive);
	assert_int_equal(out->instances[0]->n_roles, 2);
	assert_string_equal(out->instances[0]->roles[1], "jobs");
	assert_string_equal(out->instances[0]->address, "unix:/x");
	assert_false(out->instances[1]->is_alive);
	assert_string_equal(out->instances[1]->version, "1.0");
	assert_non_null(out->instances[1]->heartbeat_at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(each_dependency_says_how_it_is),
		API_TEST(a_schema_that_is_not_ours_has_failed),
		API_TEST(instances_say_whether_they_are_alive),
	};

	return cmocka_run_group_tests(tests, api_fixture_open, api_fixture_close);
}
