/* scoring/leads.h: is this domain a lead, and if not, why (02 §7)? One table, first matching rule wins.
 *
 * Pure, any thread. The thresholds come from the leads phase's configuration, which checks them. */
#ifndef SCORING_LEADS_H
#define SCORING_LEADS_H

#include "model/states.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leads_thresholds {
	double match_score;
	double grace_score; /* enough when there is content */
	int64_t content_bytes_least;
	double parked_confidence_floor;
	bool needs_structure;
};

struct leads_input {
	enum dns_status dns_status;
	enum http_status http_status;
	bool is_parked;
	double parked_confidence; /* 0 when unknown */
	bool has_structural_signals;
	int64_t kw_unique, kw_hits_total; /* 0 when missing */
	bool has_score;
	double score;
	int64_t content_bytes;
};

struct leads_verdict {
	enum lead_status status;
	enum rejection rejection;
	bool has_lead_score; /* every scored domain, rejected ones too */
	double lead_score;
	unsigned rule; /* 1.. as numbered in the table */
};

struct leads_verdict leads_decide(const struct leads_thresholds *thresholds, const struct leads_input *input);

/* The sentence of a rule, for people and documentation; NULL past the last. */
const char *leads_rule_text(unsigned rule);

#endif
