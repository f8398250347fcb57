/* base/random.h: unpredictable bytes from the kernel, and a small seeded generator for choices that tests replay. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* From getrandom(2); never fails (aborts if the kernel has no randomness). Any thread. */
void random_bytes(void *out, size_t n);

/* splitmix64 (Steele, Lea, Flood 2014). Not for secrets. One thread at a time. */
struct rng {
	uint64_t state;
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* Uniform in [0, bound); bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

#endif
