/* fuzz.h: what a fuzz target defines. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0; a failure is a crash, a sanitizer's report, or an abort. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
