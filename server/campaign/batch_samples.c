/* One small reading of the batch's range tells what became of its domains, whatever the phase. */
#include "campaign/batch_samples.h"

#include "base/clock.h"
#include "base/log.h"
#include "campaign/ledger.h"
#include "campaign/substep.h"
#include "events/sample_pace.h"
#include "events/samples.h"
#include "model/domain.h"
#include "phase/phase.h"
#include "store/sample_store.h"
#include "store/tx.h"

#include <string.h>

#define GENERATED_MAX 5
/* Steps of single domains that are worth making: what a campaign's bucket holds at most. The rest only counts. */
#define STEPS_MAX (2 * SAMPLE_CAMPAIGN_PER_S)

/* A batch, what was read of it, and where it goes. */
struct telling {
	struct samples *samples;
	enum sample_level level;
	const struct phase_job *job;
	const struct batch_effect *effect;
	int64_t took_ms, at_ms;
	struct domain_sample *domains;
	size_t count;
	int64_t parked, microcrawled;
};

/* Takes the payload. */
static void say(const struct telling *t, enum sample_type type, json_t *payload)
{
	struct sample sample = {
		.type = type, .campaign_id = t->job->batch.campaign_id, .at_ms = t->at_ms, .payload = payload
	};

	samples_say(t->samples, &sample);
}

static json_t *id_json(const struct telling *t, const struct domain_sample *d)
{
	struct uuid id = domain_id(&t->job->batch.campaign_id, d->offset);
	char text[UUID_TEXT_SIZE];

	uuid_to_text(&id, text);
	return json_string(text);
}

/* --- what every phase tells -------------------------------------------------------------------------------------- */

static void say_generated(const struct telling *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->count; i++)
		json_array_append_new(list, json_pack("{s:o, s:s, s:I}", "id", id_json(t, &t->domains[i]), "domain",
						      t->domains[i].name, "offset", (json_int_t)t->domains[i].offset));
	say(t, SAMPLE_GENERATED, json_pack("{s:i, s:o}", "count", (int)t->effect->outcome.processed, "sample", list));
}

static void say_validated(const struct telling *t)
{
	const struct domain_sample *d = &t->domains[t->count - 1];

	say(t, SAMPLE_VALIDATED,
	    json_pack("{s:o, s:s, s:s, s:s, s:s?, s:s?, s:s, s:s}", "id", id_json(t, d), "domain", d->name, "dnsStatus",
		      d->dns_status, "httpStatus", d->http_status, "dnsReason", d->dns_reason, "httpReason",
		      d->http_reason, "leadStatus", d->lead_status, "rejectionReason", d->rejection));
}

static void say_delta(const struct telling *t)
{
	json_t *items = json_array(), *payload;

	for (size_t i = 0; i < t->count && i < SAMPLE_ITEMS_MAX; i++) {
		const struct domain_sample *d = &t->domains[i];

		json_array_append_new(items,
				      json_pack("{s:o, s:s, s:s, s:s, s:s, s:s}", "id", id_json(t, d), "domain",
						d->name, "dnsStatus", d->dns_status, "httpStatus", d->http_status,
						"leadStatus", d->lead_status, "rejectionReason", d->rejection));
	}
	payload = json_pack("{s:s, s:i, s:o}", "phase", phase_to_text(t->job->batch.phase), "count",
			    (int)t->effect->outcome.processed, "items", items);
	if (t->count > SAMPLE_ITEMS_MAX && payload)
		json_object_set_new(payload, "truncated", json_true());
	say(t, SAMPLE_STATUS_DELTA, payload);
}

/* --- steps of extraction and analysis ----------------------------------------------------------------------------- */

static void say_progress(const struct telling *t, const char *phase, const char *sub_step)
{
	const struct phase_state state = { .status = PHASE_STATUS_IN_PROGRESS, .progress = t->effect->progress };
	const struct phase_outcome *o = &t->effect->outcome;
	struct substep step = {
		.campaign_id = t->job->batch.campaign_id,
		.event_type = "phase_progress",
		.phase = phase,
		.sub_step = sub_step,
		.status = "running",
		.progress = phase_percent(&state),
		.took_ms = t->took_ms,
		.at_ms = t->at_ms,
		.metadata = json_pack("{s:i, s:i, s:i, s:i}", "batch", (int)t->job->batch.batch_number, "processed",
				      (int)o->processed, "successful", (int)o->successful, "failed", (int)o->failed),
	};

	substep_say(t->samples, &step);
}

/* The steps a page went through, in their order, and the extraction phase each belongs to. */
static const struct {
	const char *phase, *sub_step;
} page_steps[] = {
	{ "extraction", "content_parse" },
	{ "keyword_processing", "keyword_extract" },
	{ "aggregation", "feature_build" },
	{ "aggregation", "richness_compute" },
};

static struct substep step_of(const struct telling *t, const struct domain_sample *d, const char *event_type)
{
	return (struct substep){
		.campaign_id = t->job->batch.campaign_id,
		.domain_id = domain_id(&t->job->batch.campaign_id, d->offset),
		.event_type = event_type,
		.at_ms = t->at_ms,
	};
}

static void say_failed_site(const struct telling *t, const struct domain_sample *d)
{
	bool was_read = d->http_reason && strcmp(d->http_reason, "CONTENT_MISMATCH") == 0;
	struct substep step = step_of(t, d, "substep_end");

	step.phase = "extraction";
	step.sub_step = was_read ? "content_parse" : "http_fetch";
	step.status = "failed";
	step.message = d->http_reason;
	step.metadata = json_pack("{s:s, s:i}", "domain", d->name, "httpStatusCode", (int)d->http_code);
	substep_say(t->samples, &step);
}

static void say_read_site(const struct telling *t, const struct domain_sample *d)
{
	struct substep fetch = step_of(t, d, "substep_end"), update = step_of(t, d, "domain_update");

	fetch.is_full = update.is_full = true;
	fetch.phase = "extraction";
	fetch.sub_step = "http_fetch";
	fetch.status = update.status = "completed";
	fetch.took_ms = d->took_ms;
	substep_say(t->samples, &fetch);
	for (size_t i = 0; i < ARRAY_LEN(page_steps); i++) {
		struct substep step = step_of(t, d, "substep_end");

		step.is_full = true;
		step.phase = page_steps[i].phase;
		step.sub_step = page_steps[i].sub_step;
		step.status = "completed";
		substep_say(t->samples, &step);
	}
	update.phase = "persistence";
	update.metadata =
		json_pack("{s:s, s:i, s:i, s:f, s:b}", "domain", d->name, "httpStatusCode", (int)d->http_code,
			  "keywords", (int)d->keywords_unique, "richness", d->richness, "parked", (int)d->is_parked);
	substep_say(t->samples, &update);
}

static void say_batch_step(const struct telling *t, const char *phase, const char *sub_step)
{
	struct substep step = {
		.campaign_id = t->job->batch.campaign_id,
		.event_type = "substep_end",
		.phase = phase,
		.sub_step = sub_step,
		.status = "completed",
		.at_ms = t->at_ms,
		.is_full = true,
		.metadata = json_pack("{s:i, s:i}", "batch", (int)t->job->batch.batch_number, "domains",
				      (int)t->effect->outcome.successful),
	};

	substep_say(t->samples, &step);
}

static void say_sites(const struct telling *t)
{
	size_t failed = 0, steps = 0, unsaid_failed = 0, unsaid_read = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct domain_sample *d = &t->domains[i];
		bool is_ok = strcmp(d->http_status, "ok") == 0;

		if (!is_ok && failed++ < STEPS_MAX) {
			say_failed_site(t, d);
		} else if (!is_ok) {
			unsaid_failed++;
		} else if (t->level == SAMPLE_FULL && steps < STEPS_MAX) {
			say_read_site(t, d);
			steps += ARRAY_LEN(page_steps) + 2;
		} else if (t->level == SAMPLE_FULL) {
			unsaid_read++;
		}
	}
	samples_unsaid(t->samples, "substep_end", unsaid_failed + unsaid_read * (ARRAY_LEN(page_steps) + 1));
	samples_unsaid(t->samples, "domain_update", unsaid_read);
}

/* --- by phase ------------------------------------------------------------------------------------------------------
 */

static void tell_http(const struct telling *t)
{
	const struct phase_progress *p = &t->effect->progress;
	const struct phase_outcome *o = &t->effect->outcome;

	say(t, SAMPLE_HTTP_ENRICHMENT,
	    json_pack("{s:i, s:i, s:i, s:I, s:I, s:i}", "batch", (int)t->job->batch.batch_number, "processed",
		      (int)o->processed, "ok", (int)o->successful, "parked", (json_int_t)t->parked, "microcrawled",
		      (json_int_t)t->microcrawled, "keywordHits", (int)o->deltas.keyword_hits));
	say(t, SAMPLE_FEATURES,
	    json_pack("{s:i, s:i, s:i}", "ready", (int)p->successful, "error", (int)p->failed, "pending",
		      (int)(p->total - p->processed)));
	say_progress(t, "extraction", NULL);
	say_sites(t);
	if (t->level == SAMPLE_FULL) {
		say_batch_step(t, "persistence", "feature_upsert");
		say_batch_step(t, "persistence", "keyword_upsert");
	}
}

static void tell(const struct telling *t)
{
	enum phase phase = t->job->batch.phase;

	if (phase == PHASE_GENERATION) {
		say_generated(t);
		return;
	}
	if (phase == PHASE_ANALYSIS) {
		say_progress(t, "analysis", "score_calculation");
		if (t->level == SAMPLE_FULL)
			say_batch_step(t, "analysis", "score_calculation");
		return;
	}
	if (t->count > 0) {
		say_validated(t);
		say_delta(t);
	}
	if (phase == PHASE_HTTP)
		tell_http(t);
}

/* Names that were just made are the last the campaign has. */
static struct domain_range range_of(const struct phase_job *job, const struct phase_outcome *outcome)
{
	struct domain_range range = { job->batch.campaign_id, job->batch.first_offset, job->batch.last_offset };

	if (job->batch.phase == PHASE_GENERATION) {
		range.last = outcome->last_offset;
		range.first = range.last - outcome->processed + 1;
	}
	return range;
}

static struct status read_batch(const struct phase_env *env, struct telling *t)
{
	struct domain_range range = range_of(t->job, &t->effect->outcome);
	enum phase phase = t->job->batch.phase;
	AUTO(store_tx) struct store_tx *tx = NULL;

	if (phase == PHASE_ANALYSIS)
		return STATUS_OK_VALUE;
	TRY(store_single(env->pool, 0, &tx));
	TRY(store_domain_samples(tx, &range, phase, phase == PHASE_GENERATION ? GENERATED_MAX : SAMPLE_ITEMS_MAX + 1,
				 t->job->arena, &t->domains, &t->count));
	if (phase == PHASE_HTTP)
		TRY(store_feature_batch_counts(tx, &range, &t->parked, &t->microcrawled));
	return store_commit(&tx);
}

void batch_samples_say(const struct phase_env *env, const struct phase_job *job, const struct batch_effect *effect,
		       int64_t took_ms)
{
	struct telling t = { .samples = env->samples,
			     .level = samples_wanted(env->samples),
			     .job = job,
			     .effect = effect,
			     .took_ms = took_ms };
	struct status st;

	if (t.level == SAMPLE_NONE || effect->outcome.processed == 0)
		return;
	t.at_ms = clock_wall_ms();
	st = read_batch(env, &t);
	if (status_ok(st))
		tell(&t);
	else
		LOG_DEBUG("samples_not_read", LOG_STR("reason", st.reason));
}
