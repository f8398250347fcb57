/* phase/http/http_run.h: what the batches of an http run share on one instance. Internal to phase/http/.
 * Threads: immutable after http_run_parts_open; the policies belong to the engine. */
#ifndef PHASE_HTTP_RUN_H
#define PHASE_HTTP_RUN_H

#include "extract/features.h"
#include "phase/dns/dns_personas.h"
#include "phase/http/http_config.h"
#include "phase/http/http_lookups.h"
#include "phase/phase.h"
#include "store/feature_store.h"

struct rules;
struct shared_rate;

struct http_run {
	struct phase_run base;
	struct arena *arena;
	struct http_config config;
	struct rules *rules;
	int32_t dictionary_version;
	struct features_config features;
	struct feature_backoff backoff;
	size_t persona_count;
	struct http_policy *policies[PHASE_PERSONAS_MAX];
	struct shared_rate *rates[PHASE_PERSONAS_MAX];
	/* Hosts that redirects name are looked up as the dns phase looks names up; without a usable dns persona they
	 * cannot be resolved. */
	struct dns_personas dns;
	struct http_lookups lookups;
};

/* Fills everything but base. On failure *run can be closed. */
struct status http_run_parts_open(struct http_run *run) MUST_CHECK;
void http_run_parts_close(struct http_run *run);

#endif
