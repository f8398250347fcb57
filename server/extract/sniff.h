/* extract/sniff.h: whether a body is a page at all. Pure, any thread. */
#ifndef EXTRACT_SNIFF_H
#define EXTRACT_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

/* content_type: the header's value or NULL; then the first bytes decide. A known binary signature is never text,
 * whatever was declared. is_wide: the charset is UTF-16, where NUL bytes are normal. */
bool sniff_is_text(const char *content_type, const unsigned char *head, size_t n, bool is_wide, bool *out_is_html);

#endif
