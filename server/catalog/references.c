#include "catalog/references.h"

#include "base/arena.h"
#include "store/keyword_store.h"
#include "store/persona_store.h"

static struct status add_violation(struct violations *violations, const char *field, size_t i, const char *message)
{
	const char *path = arena_printf(violations->arena, "%s[%zu]", field, i);

	if (!path)
		return status_out_of_memory();
	violations_add(violations, path, "VALIDATION_ERROR", "%s", message);
	return STATUS_OK_VALUE;
}

/* What is wrong with it, NULL when nothing is. */
static const char *persona_fault(const struct persona *persona, enum persona_type type)
{
	if (!persona)
		return "there is no such persona";
	if (!persona->is_enabled)
		return "this persona is disabled";
	if (type == PERSONA_TYPE_DNS && persona->type != type)
		return "this is no dns persona";
	if (type == PERSONA_TYPE_HTTP && persona->type != type)
		return "this is no http persona";
	return NULL;
}

struct status references_check_personas(struct store_tx *tx, const char *workspace, const struct uuid *ids,
					size_t count, enum persona_type type, const char *field,
					struct violations *violations, enum persona_type *out_types)
{
	struct persona *found = NULL;
	size_t found_count = 0;

	if (count == 0)
		return STATUS_OK_VALUE;
	TRY(store_persona_reference(tx, ids, count, workspace, violations->arena, &found, &found_count));
	for (size_t i = 0; i < count; i++) {
		const struct persona *persona = NULL;
		const char *fault;
		for (size_t j = 0; j < found_count && !persona; j++)
			if (uuid_equal(&found[j].id, &ids[i]))
				persona = &found[j];
		fault = persona_fault(persona, type);
		if (fault)
			TRY(add_violation(violations, field, i, fault));
		if (out_types)
			out_types[i] = persona && !fault ? persona->type : PERSONA_TYPE_COUNT;
	}
	return STATUS_OK_VALUE;
}

struct status references_check_keyword_sets(struct store_tx *tx, const char *workspace, const struct uuid *ids,
					    size_t count, const char *field, struct violations *violations,
					    int64_t *out_rules)
{
	struct keyword_set *found = NULL;
	size_t found_count = 0;
	int64_t rules = 0;

	if (count > 0)
		TRY(store_keyword_set_reference(tx, ids, count, workspace, violations->arena, &found, &found_count));
	for (size_t i = 0; i < count; i++) {
		size_t j = 0;
		while (j < found_count && !uuid_equal(&found[j].id, &ids[i]))
			j++;
		if (j == found_count)
			TRY(add_violation(violations, field, i, "there is no such keyword set"));
		else if (found[j].is_enabled)
			rules += found[j].rule_count;
	}
	if (out_rules)
		*out_rules = rules;
	return STATUS_OK_VALUE;
}
