/* base/check.h: the checks that every named thing of ours has. Pure; any thread. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define CHECK_NAME_CHARS        255
#define CHECK_DESCRIPTION_CHARS 2000

/* One line, 1..CHECK_NAME_CHARS characters after trimming. *out is the trimmed copy in the arena of `violations`; what
 * is wrong becomes a violation at `field`. The status is only ever about memory. */
struct status check_name(struct violations *violations, const char *field, const char *text,
			 const char **out) MUST_CHECK;

/* At most chars_max characters; line breaks and tabs are fine, other control characters are not. Not trimmed. */
struct status check_prose(struct violations *violations, const char *field, const char *text, size_t chars_max,
			  const char **out) MUST_CHECK;

/* Code points of well-formed UTF-8. */
size_t check_length(const char *text);

#endif
