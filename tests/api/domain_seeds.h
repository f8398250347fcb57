/* tests/api/domain_seeds.h: a campaign of made-up domains that a test knows everything about: every status, score, gap
 * and threshold occurs, and what a list must show is computed from the seeds alone. */
#ifndef TESTS_API_DOMAIN_SEEDS_H
#define TESTS_API_DOMAIN_SEEDS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEED_UNKNOWN (-1.0) /* a number that is null or missing */

struct seed {
	int64_t offset;
	char name[40];
	int64_t created_us; /* after a fixed day */
	const char *dns_status, *http_status, *lead_status, *rejection, *dns_reason, *http_reason;
	double domain_score, lead_score; /* or SEED_UNKNOWN */
	int parked;                      /* 1, 0 or -1: null */
	const char *state;               /* of the feature row; NULL: none */
	double richness, gain, stuffing, repetition, anchor;
	int keywords;
	const char *contact;      /* JSON of exp_has_contact, NULL: missing */
	const char *surfaces[3];  /* of keyword rows */
	const char *top_surfaces; /* JSON list for http_keywords, NULL: null */
};

struct seeds {
	char campaign[40];
	struct seed *seed;
	size_t count;
};

/* Makes a campaign through the API and its domains in the database, counters included. With gaps, offsets have gaps. */
void seeds_make(struct seeds *seeds, struct arena *arena, size_t count, bool with_gaps);

/* A page was read, and the domain shows what it held. */
bool seed_has_page(const struct seed *seed);

#endif
