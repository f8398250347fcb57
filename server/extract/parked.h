/* extract/parked.h: does a page look like a parked domain (03 §6.1)? Pure, any thread. */
#ifndef EXTRACT_PARKED_H
#define EXTRACT_PARKED_H

#include <stdbool.h>
#include <stddef.h>

#define PARKED_POINTS_MAX 13

struct parked {
	bool is_parked;
	double confidence; /* 0..1 */
};

/* title and the first visible text as page.h bounds them; both NUL-terminated, letter case does not matter. */
struct parked parked_judge(const char *title, const char *visible);

#endif
