/* PersonaService. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/mutation.h"
#include "api/paging.h"
#include "api/probe_api.h"
#include "api/resource.h"
#include "base/clock.h"
#include "catalog/persona.h"
#include "rpc/call.h"
#include "store/tx.h"

#include "domainflow/v2/persona_service.grpc-c.server.h"

typedef Domainflow__V2__Persona PbPersona;
typedef Domainflow__V2__CreatePersonaRequest PbCreateRequest;
typedef Domainflow__V2__CreatePersonaResponse PbCreateResponse;
typedef Domainflow__V2__GetPersonaRequest PbGetRequest;
typedef Domainflow__V2__GetPersonaResponse PbGetResponse;
typedef Domainflow__V2__ListPersonasRequest PbListRequest;
typedef Domainflow__V2__ListPersonasResponse PbListResponse;
typedef Domainflow__V2__UpdatePersonaRequest PbUpdateRequest;
typedef Domainflow__V2__UpdatePersonaResponse PbUpdateResponse;
typedef Domainflow__V2__DeletePersonaRequest PbDeleteRequest;
typedef Domainflow__V2__DeletePersonaResponse PbDeleteResponse;

static PbPersona *persona_pb(struct arena *arena, const struct persona *persona)
{
	PbPersona *pb = PB_NEW(arena, PbPersona, domainflow__v2__persona);

	if (!pb)
		return NULL;
	pb->id = pb_uuid(arena, &persona->id);
	pb->name = pb_text(persona->name);
	pb->persona_type = (Domainflow__V2__PersonaType)((int)persona->type + 1); /* convert.c asserts the order */
	pb->description = pb_text(persona->description);
	pb->is_enabled = persona->is_enabled;
	pb->config_details = pb_text(persona->config_details);
	pb->created_at = pb_time(arena, persona->created_at_ms);
	pb->updated_at = pb_time(arena, persona->updated_at_ms);
	return pb;
}

static struct status create_body(struct mutation *m, ProtobufCMessage **out)
{
	PbCreateResponse *answer = PB_NEW(m->arena, PbCreateResponse, domainflow__v2__create_persona_response);
	const PbCreateRequest *in = (const PbCreateRequest *)m->request;
	struct persona_create request = { .name = in->name,
					  .description = in->description,
					  .is_disabled = in->enabled_choice_case ? !in->is_enabled : in->is_disabled,
					  .config_details = in->config_details };
	struct persona persona;
	int type = 0;

	TRY(api_optional_state(m->arena, "personaType", (int)in->persona_type, PERSONA_TYPE_COUNT, &request.has_type,
			       &type));
	request.type = (enum persona_type)type;
	TRY(persona_create(m->tx, m->workspace, &request, m->arena, &persona));
	if (!answer)
		return status_out_of_memory();
	answer->persona = persona_pb(m->arena, &persona);
	*out = &answer->base;
	return answer->persona ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status create_persona(struct rpc_call *call, const PbCreateRequest *in, PbCreateResponse **out)
{
	struct mutation m = { .call = call, .request = &in->base, .action = "create_persona", .phase = "" };
	ProtobufCMessage *answer = NULL;

	TRY(api_about(rpc_call_arena(call), api_mutate(&m, create_body, &answer), "persona", in->name));
	*out = (PbCreateResponse *)answer;
	return STATUS_OK_VALUE;
}

static struct status get_persona(struct rpc_call *call, const PbGetRequest *in, PbGetResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	PbGetResponse *answer = PB_NEW(arena, PbGetResponse, domainflow__v2__get_persona_response);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct persona persona;
	bool has_type = false;
	struct uuid id;
	struct status st;
	int type = 0;

	TRY(api_uuid(arena, "personaId", in->persona_id, &id));
	TRY(api_optional_state(arena, "personaType", (int)in->persona_type, PERSONA_TYPE_COUNT, &has_type, &type));
	TRY(store_single(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	st = persona_get(tx, rpc_call_principal(call)->workspace, &id, arena, &persona);
	if (status_ok(st) && has_type && (int)persona.type != type)
		st = status_make(STATUS_NOT_FOUND, "PERSONA_UNKNOWN", "the persona is of the other type");
	TRY(api_about(arena, st, "persona", in->persona_id));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->persona = persona_pb(arena, &persona);
	*out = answer;
	return answer->persona ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status list_personas(struct rpc_call *call, const PbListRequest *in, PbListResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	PbListResponse *answer = PB_NEW(arena, PbListResponse, domainflow__v2__list_personas_response);
	const struct api_paging paging = API_PAGING(in);
	struct persona_query query = { 0 };
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct persona_page page;
	int type = 0;

	TRY(api_page_request(arena, &paging, &query.page));
	TRY(api_enabled_filter(arena, in->only_enabled, in->enabled_filter_case != 0, in->is_enabled, &query.enabled));
	TRY(api_optional_state(arena, "personaType", (int)in->persona_type, PERSONA_TYPE_COUNT, &query.has_type,
			       &type));
	query.type = (enum persona_type)type;
	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), &tx));
	TRY(persona_list(tx, rpc_call_principal(call)->workspace, &query, arena, &page));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->personas = arena_array(arena, page.count + 1, sizeof *answer->personas);
	if (!answer->personas)
		return status_out_of_memory();
	for (size_t i = 0; i < page.count; i++) {
		answer->personas[i] = persona_pb(arena, &page.personas[i]);
		if (!answer->personas[i])
			return status_out_of_memory();
	}
	answer->n_personas = page.count;
	answer->next_page_token = pb_text(page.next_page_token);
	answer->total_size = page.total;
	*out = answer;
	return STATUS_OK_VALUE;
}

static struct status update_body(struct mutation *m, ProtobufCMessage **out)
{
	PbUpdateResponse *answer = PB_NEW(m->arena, PbUpdateResponse, domainflow__v2__update_persona_response);
	const PbUpdateRequest *in = (const PbUpdateRequest *)m->request;
	const bool is_enabled = in->enabled_change_case && in->is_enabled;
	const struct persona_update update = {
		.name = in->name_change_case ? in->name : NULL,
		.description = in->description_change_case ? in->description : NULL,
		.config_details = in->config_change_case ? in->config_details : NULL,
		.is_enabled = in->enabled_change_case ? &is_enabled : NULL,
	};
	struct persona persona;

	TRY(persona_update(m->tx, m->workspace, &m->resource_id, &update, m->arena, &persona));
	if (!answer)
		return status_out_of_memory();
	answer->persona = persona_pb(m->arena, &persona);
	*out = &answer->base;
	return answer->persona ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status update_persona(struct rpc_call *call, const PbUpdateRequest *in, PbUpdateResponse **out)
{
	static const struct resource_change change = { "update_persona", "personaId", "persona", update_body };
	ProtobufCMessage *answer = NULL;

	TRY(api_change_resource(call, &in->base, &change, in->persona_id, &answer));
	*out = (PbUpdateResponse *)answer;
	return STATUS_OK_VALUE;
}

static struct status delete_body(struct mutation *m, ProtobufCMessage **out)
{
	PbDeleteResponse *answer = PB_NEW(m->arena, PbDeleteResponse, domainflow__v2__delete_persona_response);

	TRY(persona_delete(m->tx, m->workspace, &m->resource_id, m->arena));
	if (!answer)
		return status_out_of_memory();
	*out = &answer->base;
	return STATUS_OK_VALUE;
}

static struct status delete_persona(struct rpc_call *call, const PbDeleteRequest *in, PbDeleteResponse **out)
{
	static const struct resource_change change = { "delete_persona", "personaId", "persona", delete_body };
	ProtobufCMessage *answer = NULL;

	TRY(api_change_resource(call, &in->base, &change, in->persona_id, &answer));
	*out = (PbDeleteResponse *)answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_persona_handlers api_persona_handlers = {
	.create_persona = create_persona,
	.test_persona = api_test_persona,
	.get_persona = get_persona,
	.list_personas = list_personas,
	.update_persona = update_persona,
	.delete_persona = delete_persona,
};
