/* base/clock.h: the two clocks. Any thread. Pure rooms take times as parameters instead of calling these. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Never goes back; for durations and deadlines. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
/* Milliseconds since 1970-01-01 UTC; may jump. */
int64_t clock_wall_ms(void);

#define CLOCK_TEXT_SIZE 25
/* RFC 3339 UTC with milliseconds: 2025-01-31T12:00:00.123Z */
void clock_to_text(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);

#endif
