/* extract/links.h: what an href points at (03 §6.2). Pure, any thread. */
#ifndef EXTRACT_LINKS_H
#define EXTRACT_LINKS_H

#include <stddef.h>

enum link_kind { LINK_IGNORED, LINK_INTERNAL, LINK_EXTERNAL };

/* `host`: final host of the page, no port. A leading "www." on either side and letter case do not count. Relative
 * links are internal; fragments, javascript:, mailto:, tel:, data: and other schemes are ignored. */
enum link_kind link_classify(const char *host, const char *href, size_t n);

#endif
