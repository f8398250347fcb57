/* phase/keyword_specs.h: stored keyword rules as the matcher takes them. Pure; any thread. */
#ifndef PHASE_KEYWORD_SPECS_H
#define PHASE_KEYWORD_SPECS_H

#include "extract/rules.h"

#include <stddef.h>

struct keyword_rule;

/* Writes at most `count` specs and returns how many. Texts are borrowed. Regular expressions are left out: the matcher
 * takes none. */
size_t keyword_specs_of(const struct keyword_rule *rules, size_t count, struct rule_spec *out);

#endif
