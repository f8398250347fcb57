/* cli/resource.h: what is stored under a name and used by campaigns: personas, keyword sets. Their five methods are
 * alike, so one piece of code serves them, by the names of the fields: `name`, `description`, `is_disabled` (create),
 * `is_enabled` (update), `<member>_id`; an answer carries the resource in the field `<member>`. One thread.
 *
 * A new kind: a struct resource, declared here, and rows in command_table.c that name it. */
#ifndef CLI_RESOURCE_H
#define CLI_RESOURCE_H

#include "form.h"
#include "output.h"

#include "proto/runtime/method.h"

struct resource {
	const char *noun;    /* "keyword set" */
	const char *member;  /* "keyword_set" */
	const char *items;   /* "keyword_sets": the field of a list's answer */
	const char *unknown; /* the reason word of the server when there is none such */
	const struct method *list, *get, *create, *update, *remove;
	const struct column *list_columns, *record_columns;
	size_t list_column_count, record_column_count;
	/* Reads the members only this kind has into a request. */
	void (*fill)(struct form *f, ProtobufCMessage *request, bool is_update);
	/* What narrows a list; with `create`, the list in which a name is free or taken. NULL: nothing. */
	void (*narrow)(const struct cli *cli, const ProtobufCMessage *create, ProtobufCMessage *list);
	/* The document as a stored one would show it. NULL: it does already. */
	struct status (*unfold)(json_t *document);
	/* What comes behind the record, in tables. NULL: nothing. */
	struct status (*print_rest)(struct cli *cli, const ProtobufCMessage *resource);
};

/* The id of the first argument, which may also be a name that only one has. */
struct status resource_argument(struct cli *cli, const char **out_id) MUST_CHECK;

extern const struct resource resource_persona, resource_keyword_set;

#endif
