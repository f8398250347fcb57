#include "extract/fold.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* CaseFolding.txt, status C and S, for the blocks named in the header. */
uint32_t fold_code_point(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	if (c == 0xB5)
		return 0x3BC; /* micro sign */
	if (c >= 0xC0 && c <= 0xDE)
		return c == 0xD7 ? c : c + 32;
	if (c < 0x100)
		return c;
	if (c == 0x130 || c == 0x149)
		return c; /* only full folding has these */
	if (c == 0x178)
		return 0xFF;
	if (c == 0x17F)
		return 's';
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
		return c & 1 ? c + 1 : c;
	if (c >= 0x100 && c <= 0x177 && c != 0x138)
		return c & 1 ? c : c + 1;
	if (c >= 0x391 && c <= 0x3AB && c != 0x3A2)
		return c + 32;
	if (c == 0x3C2)
		return 0x3C3; /* final sigma */
	if (c == 0x386)
		return 0x3AC;
	if (c >= 0x388 && c <= 0x38A)
		return c + 37;
	if (c == 0x38C)
		return 0x3CC;
	if (c == 0x38E || c == 0x38F)
		return c + 63;
	if (c >= 0x400 && c <= 0x40F)
		return c + 80;
	if (c >= 0x410 && c <= 0x42F)
		return c + 32;
	if (c >= 0x460 && c <= 0x481)
		return c & 1 ? c : c + 1;
	if (c >= 0x48A && c <= 0x4BF)
		return c & 1 ? c : c + 1;
	if (c == 0x1E9E)
		return 0xDF;
	if (c == 0x212A)
		return 'k';
	if (c == 0x212B)
		return 0xE5;
	return c;
}

static bool map_add(struct fold_map *map, size_t from, size_t bytes)
{
	if (map->count == map->capacity) {
		size_t capacity = map->capacity > 0 ? map->capacity * 2 : 64;
		struct fold_shift *grown = realloc(map->shifts, capacity * sizeof(*grown));

		if (!grown)
			return false;
		map->shifts = grown;
		map->capacity = capacity;
	}
	map->shifts[map->count++] = (struct fold_shift){ (uint32_t)from, (uint32_t)bytes };
	return true;
}

/* Folds the ASCII at the front; returns how long it was. Eight bytes at a time. */
static size_t fold_ascii(const char *in, size_t n, char *out)
{
	const uint64_t ones = 0x0101010101010101u;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t w, at_least_a, above_z;

		memcpy(&w, in + i, 8);
		if (w & ones * 0x80)
			break;
		at_least_a = w + ones * (0x80 - 'A');
		above_z = w + ones * (0x80 - 'Z' - 1);
		w |= ((at_least_a & ~above_z) & ones * 0x80) >> 2;
		memcpy(out + i, &w, 8);
	}
	for (; i < n && (unsigned char)in[i] < 0x80; i++)
		out[i] = (char)fold_code_point((unsigned char)in[i]);
	return i;
}

/* Copies what needs no folding: lower-case Cyrillic, and everything from U+3000 up, with the spaces between. */
static size_t copy_unfolded(const unsigned char *in, size_t n, char *out)
{
	size_t i = 0;

	while (i + 1 < n) {
		if ((in[i] == 0xD0 && in[i + 1] >= 0xB0 && in[i + 1] < 0xC0) ||
		    (in[i] == 0xD1 && in[i + 1] >= 0x80 && in[i + 1] < 0xA0)) {
			out[i] = (char)in[i];
			out[i + 1] = (char)in[i + 1];
			i += 2;
		} else if (in[i] >= 0xE3) {
			do {
				out[i] = (char)in[i];
				i++;
			} while (i < n && (in[i] & 0xC0) == 0x80);
		} else if (in[i] == ' ') {
			out[i++] = ' ';
		} else {
			break;
		}
	}
	return i;
}

bool fold_text(const char *utf8, size_t n, char *out, size_t *out_len, struct fold_map *map)
{
	size_t from = 0, to = 0;

	if (map)
		map->count = 0;
	while (from < n) {
		size_t run = fold_ascii(utf8 + from, n - from, out + to);
		uint32_t code_point = 0;
		unsigned len, folded;

		from += run;
		to += run;
		run = copy_unfolded((const unsigned char *)utf8 + from, n - from, out + to);
		from += run;
		to += run;
		if (from == n)
			break;
		len = utf8_read((const unsigned char *)utf8 + from, (const unsigned char *)utf8 + n, &code_point);
		if (len == 0) { /* not well-formed: kept as it is */
			out[to++] = utf8[from++];
			continue;
		}
		folded = utf8_write(fold_code_point(code_point), out + to);
		from += len;
		to += folded;
		if (folded != len && map && !map_add(map, to, from - to))
			return false;
	}
	*out_len = to;
	return true;
}

size_t fold_original(const struct fold_map *map, size_t folded)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (map->shifts[mid].from <= folded)
			low = mid + 1;
		else
			high = mid;
	}
	return folded + (low > 0 ? map->shifts[low - 1].bytes : 0);
}

void fold_map_done(struct fold_map *map)
{
	free(map->shifts);
	*map = (struct fold_map){ 0 };
}
