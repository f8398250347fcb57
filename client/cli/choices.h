/* cli/choices.h: the words a value may be: most of them are an enum's of the contract. Pure; any thread. */
#ifndef CLI_CHOICES_H
#define CLI_CHOICES_H

#include "pb_value.h"

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct buffer;

struct choices {
	const ProtobufCEnumDescriptor *type; /* NULL: none of an enum */
	const char *more;                    /* words besides, separated by single spaces; NULL */
	bool is_list;                        /* several may be given, separated by commas */
};

/* choices_none holds no words: anything goes. choices_file neither: it is the name of a file. */
extern const struct choices choices_none, choices_file, choices_format, choices_shell, choices_phase, choices_until,
	choices_mode, choices_campaign_status, choices_dns_status, choices_http_status, choices_lead_status,
	choices_rejection_reason, choices_domain_sort, choices_persona_type, choices_event_types, choices_event_detail,
	choices_warnings, choices_bucket, choices_direction, choices_pattern;

/* What an argument called so in a command's line may be: PHASE, MODE, SHELL; choices_none for all others. */
const struct choices *choices_of_argument(const char *metavar);

bool choices_are_words(const struct choices *c);
/* Word i of all; false past the last one. */
bool choices_word(const struct choices *c, size_t i, char out[PB_ENUM_TEXT_SIZE]);
/* The enum's value of a word, 0 for a word besides and for NULL, -1 for anything else. */
int choices_value(const struct choices *c, const char *word);
/* INVALID_ARGUMENT / USAGE when `text` (or an element of the list it is) is no such word: names a near one, else all.
 * `what` is the value's name for people. Anything is OK where there are no words. */
struct status choices_check(const struct choices *c, const char *what, const char *text) MUST_CHECK;
/* Appends "a, b or c". */
void choices_text(const struct choices *c, struct buffer *out);

#endif
