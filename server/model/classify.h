/* model/classify.h: what a page's numbers mean to people: warnings (05 §3) and classes of richness (05 §4).
 * The one place of both. Lists filter in SQL by the same bounds: a class is a range of richness, a warning one
 * comparison. Pure; any thread. */
#ifndef MODEL_CLASSIFY_H
#define MODEL_CLASSIFY_H

#include "model/states.h"

/* Settings of the installation. */
struct classify_limits {
	double high_potential;                     /* richness above it */
	double emerging, at_risk, lead_candidate;  /* richness from it on */
	double stuffing, repetition, anchor_share; /* a value above it warns */
};

/* Richness in least..below, below not included. Ranges of neighbours meet; where thresholds are out of order the
 * poorer class gets nothing. Not for BUCKET_OTHER. */
struct bucket_range {
	double least, below;
};

struct bucket_range classify_bucket_range(const struct classify_limits *limits, enum bucket bucket);
enum bucket classify_richness(const struct classify_limits *limits, double richness);

/* Bit `1u << WARNING_…` for each warning; NaN stands for a value that is not known. */
unsigned classify_warnings(const struct classify_limits *limits, double stuffing_penalty, double repetition_index,
			   double anchor_share);

#endif
