#include "phase/keyword_specs.h"

#include "model/catalog.h"

size_t keyword_specs_of(const struct keyword_rule *rules, size_t count, struct rule_spec *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (rules[i].type == RULE_TYPE_STRING)
			out[n++] = (struct rule_spec){ .keyword_id = rules[i].id,
						       .pattern = rules[i].pattern,
						       .is_case_sensitive = rules[i].is_case_sensitive,
						       .weight = rules[i].weight,
						       .context_chars = (unsigned)rules[i].context_chars,
						       .source = KEYWORD_FROM_SET };
	return n;
}
