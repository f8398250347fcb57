/* extract/scan.h: finding the next byte that matters, sixteen at a time where the processor can. Any thread. */
#ifndef EXTRACT_SCAN_H
#define EXTRACT_SCAN_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <stdbool.h>

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

/* The first byte in [p, end) that ends a tag name (white space, '/', '>') or, with `equals`, an attribute name (also
 * '='); or end. */
static inline const char *scan_for_name_end(const char *p, const char *end, bool equals)
{
#ifdef __SSE2__
	const __m128i space = _mm_set1_epi8(' '), slash = _mm_set1_epi8('/'), greater = _mm_set1_epi8('>'),
		      equal = _mm_set1_epi8(equals ? '=' : '>'), tab = _mm_set1_epi8('\t'), lf = _mm_set1_epi8('\n'),
		      ff = _mm_set1_epi8('\f'), cr = _mm_set1_epi8('\r');

	for (; end - p >= 16; p += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i white =
			_mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, space), _mm_cmpeq_epi8(bytes, tab)),
				     _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, ff)),
						  _mm_cmpeq_epi8(bytes, cr)));
		__m128i marks = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, slash), _mm_cmpeq_epi8(bytes, greater)),
					     _mm_cmpeq_epi8(bytes, equal));
		int found = _mm_movemask_epi8(_mm_or_si128(white, marks));

		if (found)
			return p + __builtin_ctz((unsigned)found);
	}
#endif
	for (; p < end; p++)
		if (*p == ' ' || *p == '/' || *p == '>' || (*p >= '\t' && *p <= '\r' && *p != '\v') ||
		    (equals && *p == '='))
			break;
	return p;
}

#endif
