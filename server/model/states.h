/* model/states.h: every list of states, once. The same words stand in SQL (migrations), in logs and in JSON.
 * Values; any thread. */
#ifndef MODEL_STATES_H
#define MODEL_STATES_H

#include <stdbool.h>

#define PHASES(X) \
	X(GENERATION, "generation") /* every name the pattern yields        */ \
	X(DNS, "dns")               /* which names resolve                  */ \
	X(HTTP, "http")             /* fetch, match, extract                */ \
	X(ANALYSIS, "analysis")     /* score                                */ \
	X(LEADS, "leads")           /* decide                               */

#define PHASE_STATUSES(X) \
	X(NOT_STARTED, "not_started") /* nothing configured                 */ \
	X(READY, "ready")             /* predecessor done, no configuration */ \
	X(CONFIGURED, "configured")   /* a valid configuration is stored    */ \
	X(IN_PROGRESS, "in_progress") /* work is done or waits for a worker */ \
	X(PAUSED, "paused")           /* keeps its place                    */ \
	X(COMPLETED, "completed")     /* every eligible domain has a result */ \
	X(FAILED, "failed")           /* ended by an error or by stop       */

#define CAMPAIGN_STATUSES(X) \
	X(DRAFT, "draft")         /* no phase was ever started       */ \
	X(RUNNING, "running")     /* started, not finished           */ \
	X(PAUSED, "paused")       /* the control phase is paused     */ \
	X(COMPLETED, "completed") /* leads completed                 */ \
	X(FAILED, "failed")       /* a phase failed and nothing runs */ \
	X(CANCELLED, "cancelled") /* stopped by a user               */ \
	X(ARCHIVED, "archived")   /* read-only                       */

#define CAMPAIGN_MODES(X) \
	X(STEP_BY_STEP, "step_by_step")   /* a user starts each phase           */ \
	X(FULL_SEQUENCE, "full_sequence") /* a completed phase starts the next */

#define DNS_STATUSES(X)  X(PENDING, "pending") X(OK, "ok") X(ERROR, "error") X(TIMEOUT, "timeout")
#define HTTP_STATUSES(X) X(PENDING, "pending") X(OK, "ok") X(ERROR, "error") X(TIMEOUT, "timeout")
#define LEAD_STATUSES(X) \
	X(PENDING, "pending") X(MATCH, "match") X(NO_MATCH, "no_match") X(ERROR, "error") X(TIMEOUT, "timeout")

#define REJECTION_REASONS(X) \
	X(QUALIFIED, "qualified")       /* a lead                                 */ \
	X(LOW_SCORE, "low_score")       /* below the thresholds                   */ \
	X(NO_KEYWORDS, "no_keywords")   /* no keyword, no structure, or no score  */ \
	X(PARKED, "parked")             /* a parking page                         */ \
	X(DNS_ERROR, "dns_error")       /* does not resolve                       */ \
	X(DNS_TIMEOUT, "dns_timeout")   /* resolution timed out                   */ \
	X(HTTP_ERROR, "http_error")     /* the fetch failed                       */ \
	X(HTTP_TIMEOUT, "http_timeout") /* the fetch timed out                    */ \
	X(PENDING, "pending")           /* not decided yet                        */

/* Classes of content richness, richest first (model/classify.h). */
#define BUCKETS(X) \
	X(HIGH_POTENTIAL, "high_potential") \
	X(EMERGING, "emerging") \
	X(AT_RISK, "at_risk") \
	X(LEAD_CANDIDATE, "lead_candidate") \
	X(LOW_VALUE, "low_value") \
	X(OTHER, "other") /* no richness is known */

/* What is suspicious about a page's keywords (model/classify.h). */
#define WARNINGS(X) \
	X(STUFFING, "stuffing")     /* one keyword too many times      */ \
	X(REPETITION, "repetition") /* one keyword is most of all hits */ \
	X(ANCHOR, "anchor")         /* the keywords stand in links     */

#define PERSONA_TYPES(X) X(DNS, "dns") X(HTTP, "http")
#define RULE_TYPES(X)    X(STRING, "string") X(REGEX, "regex")

/* For each list: an enum with a trailing _COUNT, a function to its text ("?" for a value out of range) and one
 * from text (false when unknown; the value is left alone then). */
#define DECLARE_STATES(noun, PREFIX, LIST) \
	enum noun { LIST(PREFIX##_MEMBER) PREFIX##_COUNT }; \
	const char *noun##_to_text(enum noun value); \
	bool noun##_from_text(const char *text, enum noun *out);

#define PHASE_MEMBER(name, text)           PHASE_##name,
#define PHASE_STATUS_MEMBER(name, text)    PHASE_STATUS_##name,
#define CAMPAIGN_STATUS_MEMBER(name, text) CAMPAIGN_STATUS_##name,
#define CAMPAIGN_MODE_MEMBER(name, text)   CAMPAIGN_MODE_##name,
#define DNS_STATUS_MEMBER(name, text)      DNS_STATUS_##name,
#define HTTP_STATUS_MEMBER(name, text)     HTTP_STATUS_##name,
#define LEAD_STATUS_MEMBER(name, text)     LEAD_STATUS_##name,
#define REJECTION_MEMBER(name, text)       REJECTION_##name,
#define BUCKET_MEMBER(name, text)          BUCKET_##name,
#define WARNING_MEMBER(name, text)         WARNING_##name,
#define PERSONA_TYPE_MEMBER(name, text)    PERSONA_TYPE_##name,
#define RULE_TYPE_MEMBER(name, text)       RULE_TYPE_##name,

DECLARE_STATES(phase, PHASE, PHASES)
DECLARE_STATES(phase_status, PHASE_STATUS, PHASE_STATUSES)
DECLARE_STATES(campaign_status, CAMPAIGN_STATUS, CAMPAIGN_STATUSES)
DECLARE_STATES(campaign_mode, CAMPAIGN_MODE, CAMPAIGN_MODES)
DECLARE_STATES(dns_status, DNS_STATUS, DNS_STATUSES)
DECLARE_STATES(http_status, HTTP_STATUS, HTTP_STATUSES)
DECLARE_STATES(lead_status, LEAD_STATUS, LEAD_STATUSES)
DECLARE_STATES(rejection, REJECTION, REJECTION_REASONS)
DECLARE_STATES(bucket, BUCKET, BUCKETS)
DECLARE_STATES(warning, WARNING, WARNINGS)
DECLARE_STATES(persona_type, PERSONA_TYPE, PERSONA_TYPES)
DECLARE_STATES(rule_type, RULE_TYPE, RULE_TYPES)

#endif
