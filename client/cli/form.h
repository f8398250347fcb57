/* cli/form.h: reading the members of a document given with -f, every mistake named by its path. One thread. */
#ifndef CLI_FORM_H
#define CLI_FORM_H

#include "options.h"

#include "base/json_fields.h"

struct cli;

#define FORM_TEXT_BYTES_MAX 65536

/* Lives on the stack of one command. */
struct form {
	struct cli *cli;
	json_t *document;
	struct violations violations;
	struct json_input input;
	struct json_fields fields; /* of the document itself */
};

/* Reads -f; without it the document is empty when is_optional, else a usage error. Call form_done in any case. */
struct status form_open(struct form *f, struct cli *cli, bool is_optional) MUST_CHECK;
/* After the getters: unknown members are mistakes too. */
struct status form_check(struct form *f) MUST_CHECK;
void form_done(struct form *f);

/* The value of an option when it was given, else the member's, else NULL. */
const char *form_text(struct form *f, enum option_id option, const char *member);
/* A member that must be there. */
const char *form_required_text(struct form *f, enum option_id option, const char *member);
/* A member (or, when given, the option) that holds one of the option's words; 0 when absent. */
int form_choice(struct form *f, enum option_id option, const char *member);
/* An object as compact JSON text; NULL when absent. */
const char *form_json(struct form *f, const char *member);

#endif
