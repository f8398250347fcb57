/* phase/generation/generation_phase.h: names of the pattern become domains, offset by offset.
 *
 * Batches are slots, not offsets: a batch asks for so many more names. Which offsets they get is decided in `store`
 * under the lock of the pattern's offset state, which all campaigns with the same pattern share. `work` prepares names
 * from where the state was last seen, so that the lock is held for the insert only; when another campaign was faster,
 * `store` makes them again. Any thread. */
#ifndef PHASE_GENERATION_PHASE_H
#define PHASE_GENERATION_PHASE_H

#include "phase/phase.h"

extern const struct phase_ops generation_phase;

#endif
