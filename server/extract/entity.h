/* extract/entity.h: character references of HTML (WHATWG, 13.2.5.72 ff). Pure, any thread. */
#ifndef EXTRACT_ENTITY_H
#define EXTRACT_ENTITY_H

#include <stddef.h>
#include <stdint.h>

#define ENTITY_NAME_MAX 32 /* longest name, its semicolon included */

/* The longest known name that starts `name` ("notit;" → "not"). Returns its length and sets *out to static
 * UTF-8 text; 0 when none fits. */
size_t entity_find(const char *name, size_t n, const char **out);

/* What a numeric reference stands for: U+FFFD for nonsense, windows-1252 for 0x80..0x9F. */
uint32_t entity_code_point(uint32_t number);

#endif
