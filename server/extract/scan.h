/* extract/scan.h: finding the next byte that matters, sixteen at a time where the processor can. Any thread. */
#ifndef EXTRACT_SCAN_H
#define EXTRACT_SCAN_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The first a or b in [p, end), or end. */
static inline const char *scan_for_two(const char *p, const char *end, char a, char b)
{
#ifdef __SSE2__
	const __m128i all_a = _mm_set1_epi8(a), all_b = _mm_set1_epi8(b);

	for (; end - p >= 16; p += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
		int found = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, all_a), _mm_cmpeq_epi8(bytes, all_b)));

		if (found)
			return p + __builtin_ctz((unsigned)found);
	}
#endif
	while (p < end && *p != a && *p != b)
		p++;
	return p;
}

#endif
