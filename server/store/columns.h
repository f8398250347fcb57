/* store/columns.h: from an array of structs to the arrays, one a column, that bulk statements take.
 *
 * Inside a function with `struct arena *arena` and `bool is_short = false`:
 *   COLUMN(int64_t, offsets, rows, count, offset);     // int64_t *offsets, offsets[i] = rows[i].offset
 * is_short is set when memory is; check it once, after the last column. */
#ifndef STORE_COLUMNS_H
#define STORE_COLUMNS_H

#include "base/arena.h"

#define COLUMN(type, name, items, count, value) \
	type *name = arena_array(arena, (count) + 1, sizeof(type)); \
	is_short |= !name; \
	for (size_t i = 0; name && i < (count); i++) \
	name[i] = (items)[i].value

#endif
