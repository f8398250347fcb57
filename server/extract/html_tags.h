/* extract/html_tags.h: the element names that mean something to us. Any thread. */
#ifndef EXTRACT_HTML_TAGS_H
#define EXTRACT_HTML_TAGS_H

#include <stddef.h>
#include <stdint.h>

enum html_tag {
	HTML_OTHER,
	HTML_A,
	HTML_META,
	HTML_TITLE,
	HTML_SCRIPT,
	HTML_TEMPLATE,
	HTML_SVG, /* svg and math: inside, other rules hold */
	HTML_DIV,
	HTML_NAV,
	HTML_FOOTER,
	HTML_ASIDE,
	HTML_H1,
	HTML_HEADING, /* h2 … h6 */
};

#define HTML_ATTRS  1u /* its attributes are of interest                        */
#define HTML_BLOCK  2u /* separates words                                       */
#define HTML_RAW    4u /* content is skipped up to its end tag                  */
#define HTML_RCDATA 8u /* content is text with references, up to its end tag    */

#define HTML_TAG_NAME_BYTES 16

struct html_tag_info {
	char name[HTML_TAG_NAME_BYTES];
	uint8_t name_len, tag, flags;
};

/* `name` in lower case, zeroes after its n bytes (n may be larger than fits: then it is no name we know). Never NULL:
 * unknown names give an entry with tag HTML_OTHER and no flags. */
const struct html_tag_info *html_tag_find(const char name[HTML_TAG_NAME_BYTES], size_t n);

#endif
