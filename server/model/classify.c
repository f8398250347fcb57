#include "model/classify.h"

#include <math.h>

/* The least richness of a class and, by going on, of every richer one. */
static double least_of(const struct classify_limits *limits, enum bucket bucket)
{
	const double least[] = {
		[BUCKET_HIGH_POTENTIAL] = nextafter(limits->high_potential, INFINITY),
		[BUCKET_EMERGING] = limits->emerging,
		[BUCKET_AT_RISK] = limits->at_risk,
		[BUCKET_LEAD_CANDIDATE] = limits->lead_candidate,
		[BUCKET_LOW_VALUE] = -INFINITY,
	};
	double result = INFINITY;

	for (unsigned i = 0; i <= (unsigned)bucket; i++)
		result = fmin(result, least[i]);
	return result;
}

struct bucket_range classify_bucket_range(const struct classify_limits *limits, enum bucket bucket)
{
	return (struct bucket_range){
		.least = least_of(limits, bucket),
		.below = bucket == BUCKET_HIGH_POTENTIAL ? INFINITY : least_of(limits, (enum bucket)((int)bucket - 1)),
	};
}

enum bucket classify_richness(const struct classify_limits *limits, double richness)
{
	for (int i = 0; i < BUCKET_LOW_VALUE; i++)
		if (richness >= least_of(limits, (enum bucket)i))
			return (enum bucket)i;
	return BUCKET_LOW_VALUE;
}

unsigned classify_warnings(const struct classify_limits *limits, double stuffing_penalty, double repetition_index,
			   double anchor_share)
{
	/* comparisons with NaN are false */
	return (stuffing_penalty > limits->stuffing ? 1u << WARNING_STUFFING : 0) |
	       (repetition_index > limits->repetition ? 1u << WARNING_REPETITION : 0) |
	       (anchor_share > limits->anchor_share ? 1u << WARNING_ANCHOR : 0);
}
