/* extract/fold.h: simple Unicode case folding of UTF-8 (ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic).
 *
 * Folding never makes text longer; the few characters that become shorter (U+017F, U+1E9E, U+212A, U+212B) are noted
 * in a map, so that offsets in folded text lead back to the original. Pure, any thread. */
#ifndef EXTRACT_FOLD_H
#define EXTRACT_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fold_shift {
	uint32_t from;  /* folded offset from which on … */
	uint32_t bytes; /* … so many are missing */
};

/* Zero-initialise; fold_map_done frees it. Reused between texts. */
struct fold_map {
	struct fold_shift *shifts;
	size_t count, capacity;
};

uint32_t fold_code_point(uint32_t code_point);

/* Folds n bytes of well-formed UTF-8 into `out` (room for n bytes), sets *out_len and refills the map (NULL: no map
 * wanted). False when memory for the map is short. */
bool fold_text(const char *utf8, size_t n, char *out, size_t *out_len, struct fold_map *map);

/* Where in the original the folded offset lies. */
size_t fold_original(const struct fold_map *map, size_t folded);

void fold_map_done(struct fold_map *map);

#endif
