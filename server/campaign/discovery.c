#include "campaign/discovery.h"

#include "base/arena.h"
#include "phase/generation/generation_config.h"
#include "store/generation_store.h"
#include "store/state_store.h"

enum completeness discovery_completeness(const struct lineage_campaign *c)
{
	if (c->has_failed || c->status == CAMPAIGN_STATUS_CANCELLED)
		return COMPLETENESS_DEGRADED;
	if (c->domains == 0 || !c->is_generated)
		return COMPLETENESS_PENDING;
	return c->is_completed ? COMPLETENESS_COMPLETE : COMPLETENESS_PARTIAL;
}

/* A pattern whose state was never opened has handed nothing out. */
static struct status last_offset(struct store_tx *tx, const char *hash, int64_t *out)
{
	struct status st = store_generation_state_get(tx, hash, false, out);

	if (st.code != STATUS_NOT_FOUND)
		return st;
	*out = -1;
	return STATUS_OK_VALUE;
}

static struct status take_samples(const struct pattern *pattern, int32_t wanted, struct arena *arena,
				  struct discovery_preview *preview)
{
	struct pattern_walk walk;
	int64_t offset;
	size_t length;

	if (preview->next_offset >= preview->total)
		return STATUS_OK_VALUE;
	TRY(pattern_walk_init(&walk, pattern, preview->next_offset));
	while (preview->sample_count < (size_t)wanted && pattern_walk_next(&walk, INT64_MAX, &offset, &length)) {
		const char *name = arena_strndup(arena, walk.name, length);
		if (!name)
			return status_out_of_memory();
		preview->samples[preview->sample_count++] = name;
	}
	return STATUS_OK_VALUE;
}

struct status discovery_preview(struct store_tx *tx, const char *workspace, const json_t *object, int32_t sample_size,
				struct arena *arena, struct discovery_preview *out)
{
	struct discovery_preview preview = { .sample_count = 0 };
	struct violations violations;
	struct pattern pattern;
	int64_t last;
	bool is_good;

	violations_init(&violations, arena);
	TRY(generation_pattern_read(object, "", arena, &violations, &pattern, &is_good));
	if (sample_size < 0 || sample_size > DISCOVERY_SAMPLES_MAX)
		violations_add(&violations, "sampleSize", "VALIDATION_ERROR", "must be between 0 and %d",
			       DISCOVERY_SAMPLES_MAX);
	TRY(violations_status(&violations));
	TRY(pattern_hash(&pattern, arena, preview.config_hash));
	TRY(last_offset(tx, preview.config_hash, &last));
	preview.total = pattern_total(&pattern);
	preview.next_offset = last == INT64_MAX ? last : last + 1;
	preview.remaining = preview.total > preview.next_offset ? preview.total - preview.next_offset : 0;
	preview.exhaustion_warning = preview.remaining < DISCOVERY_LEFT_WARNING;
	TRY(take_samples(&pattern, sample_size, arena, &preview));
	TRY(store_pattern_campaigns(tx, workspace, preview.config_hash, NULL, DISCOVERY_PRIOR_MAX, arena,
				    &preview.prior, &preview.prior_count));
	*out = preview;
	return STATUS_OK_VALUE;
}

struct status discovery_lineage(struct store_tx *tx, const char *workspace, const struct uuid *campaign_id,
				struct arena *arena, struct discovery_lineage *out)
{
	struct discovery_lineage lineage = { .offset_start = -1, .offset_end = -1 };
	struct campaign_snapshot snapshot;
	const struct campaign *c = &snapshot.campaign;

	TRY(store_snapshot_get(tx, campaign_id, workspace, false, arena, &snapshot));
	if (c->discovery_config_hash && c->discovery_offset_start >= 0) {
		lineage.config_hash = c->discovery_config_hash;
		lineage.offset_start = c->discovery_offset_start;
		lineage.offset_end = c->discovery_offset_end;
		TRY(store_pattern_campaigns(tx, workspace, lineage.config_hash, campaign_id, DISCOVERY_PRIOR_MAX, arena,
					    &lineage.prior, &lineage.prior_count));
	}
	*out = lineage;
	return STATUS_OK_VALUE;
}

struct status discovery_offset(struct store_tx *tx, const json_t *object, struct arena *arena, int64_t *out_last_offset)
{
	struct violations violations;
	struct pattern pattern;
	char hash[65];
	bool is_good;

	violations_init(&violations, arena);
	TRY(generation_pattern_read(object, "", arena, &violations, &pattern, &is_good));
	TRY(violations_status(&violations));
	TRY(pattern_hash(&pattern, arena, hash));
	return last_offset(tx, hash, out_last_offset);
}
