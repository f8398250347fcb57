/* phase/generation/pattern_input.h: a pattern as a person or program wrote it, checked field by field.
 *
 * Two bodies describe a pattern with different member names: patternConfig of a campaign and the configuration of the
 * generation phase. Both read their members into a pattern_input and come here. Pure; any thread. */
#ifndef PHASE_GENERATION_PATTERN_INPUT_H
#define PHASE_GENERATION_PATTERN_INPUT_H

#include "phase/generation/pattern.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct json_fields;

#define PATTERN_VARIABLE_MAX    64
#define PATTERN_CHARSET_DEFAULT "abcdefghijklmnopqrstuvwxyz0123456789"

/* How the members are called, for reading and for violations. */
struct pattern_names {
	const char *type, *constant, *prefix_length, *suffix_length, *charset, *tlds;
};

/* NULL or -1: absent. */
struct pattern_input {
	const char *type; /* also `variable` and `<x>_variable` */
	const char *constant, *charset;
	int64_t prefix_length, suffix_length, variable_length;
	const char *const *tlds;
	size_t tld_count;
	const char *tld_name; /* the member that held them all, when it was not names.tlds */
};

/* Reads the members that `names` lists, and variableLength. Wrong values become violations of `f`. */
void pattern_input_read(struct json_fields *f, const struct pattern_names *names, struct pattern_input *out);

/* Fills what is absent from `defaults`; lengths only when none at all was given. */
void pattern_input_default(struct pattern_input *input, const struct pattern *defaults);

/* Resolves type and lengths, applies defaults, checks everything. True and *out when there was nothing to complain
 * about; otherwise every mistake is a violation of `f`. */
bool pattern_input_resolve(struct json_fields *f, const struct pattern_names *names, const struct pattern_input *input,
			   struct pattern *out);

#endif
