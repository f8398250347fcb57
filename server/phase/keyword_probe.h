/* phase/keyword_probe.h: pages fetched and searched for the rules of keyword sets, for a caller who waits.
 * Threads: any; each call works on its caller's thread. Results live in the arena. */
#ifndef PHASE_KEYWORD_PROBE_H
#define PHASE_KEYWORD_PROBE_H

#include "base/status.h"
#include "base/uuid.h"
#include "extract/keywords.h"
#include "phase/probe.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct store_pool;

#define KEYWORD_PROBE_ITEMS_MAX   50
#define KEYWORD_PROBE_MATCHES_MAX 100               /* of one page */
#define KEYWORD_PROBE_TEXT_BYTES  (2 * 1024 * 1024) /* of all texts and contexts together */

/* Look for the rules of that set at that URL. Zero ids: the first enabled persona by name; without an enabled dns
 * persona the system's resolvers. */
struct keyword_probe {
	const char *url;
	struct uuid keyword_set_id, http_persona_id, dns_persona_id;
};

struct keyword_probe_match {
	const char *pattern, *text, *category; /* the rule's, as found, the rule's */
	const char *contexts[KEYWORD_CONTEXTS_MAX];
	size_t context_count;
};

struct keyword_probe_result {
	const struct persona *http; /* which was used; NULL when none could be */
	const char *final_url;      /* "" when nothing was fetched */
	unsigned code;              /* 0 when nothing answered */
	struct keyword_probe_match *matches;
	size_t match_count;
	bool is_cut;       /* there were more than fit */
	const char *error; /* "REASON: a sentence"; NULL when the page was read */
};

/* out: one result for each probe. What is wrong with one of them is in its result; a failure is the installation's. */
struct status keyword_probe_run(struct probes *probes, struct store_pool *pool, const char *workspace,
				const struct keyword_probe *items, size_t count, const struct probe_limits *limits,
				struct arena *arena, struct keyword_probe_result *out) MUST_CHECK;

#endif
