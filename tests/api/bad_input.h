/* tests/api/bad_input.h: every way a request of a method can be wrong, field by field, made from its descriptor. */
#ifndef TESTS_API_BAD_INPUT_H
#define TESTS_API_BAD_INPUT_H

#include "base/buffer.h"
#include "proto/runtime/method.h"

#define BAD_INPUT_UNKNOWN_FIELD 2047 /* no message has it */

/* Objects that exist; right fields name them. */
struct bad_input_known {
	char campaign_id[64], persona_id[64], keyword_set_id[64];
};

enum bad_input_verdict {
	BAD_INPUT_NAMED,    /* INVALID_ARGUMENT with a violation of `path` */
	BAD_INPUT_REFUSED,  /* INVALID_ARGUMENT, or NOT_FOUND */
	BAD_INPUT_SURVIVED, /* anything but a failure of ours: a number may be fine here and wrong there */
};

struct bad_input {
	const struct method *method;
	const char *path; /* as a violation names it: rules[0].ruleType */
	const char *what; /* for people */
	enum bad_input_verdict verdict;
	struct buffer bytes; /* the request */
};

/* Calls `take` with each; what it gets is gone when it returns. */
void bad_input_each(const struct method *method, const struct bad_input_known *known,
		    void (*take)(void *ctx, const struct bad_input *bad), void *ctx);

#endif
