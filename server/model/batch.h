/* model/batch.h: the unit of work: a run of consecutive offsets of one phase of one campaign. */
#ifndef MODEL_BATCH_H
#define MODEL_BATCH_H

#include "base/uuid.h"
#include "model/states.h"

#include <stdint.h>

struct batch {
	struct uuid campaign_id;
	enum phase phase;
	int32_t run_number;
	int32_t batch_number;
	int64_t first_offset, last_offset; /* inclusive */
	int32_t domain_count;              /* eligible domains when it was cut */
	int32_t token;                     /* fencing token of this claim */
	int32_t attempts;                  /* claims so far, this one included */
};

#endif
