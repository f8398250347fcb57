/* campaign/change.h: one change of a campaign's state, in one transaction, under the campaign row's lock.
 *
 *   change_open (locks, reads)  →  change_move / change_event …  →  change_save (writes, numbers the events)
 *
 * change_save must be the last statement of the transaction but for COMMIT: event numbers become visible in order
 * because they are taken under the lock that is held until then. After the commit the caller wakes the readers
 * (events/wake.h). Threads: one. Ownership: everything lives in the arena given to change_open. */
#ifndef CAMPAIGN_CHANGE_H
#define CAMPAIGN_CHANGE_H

#include "base/status.h"
#include "model/campaign.h"
#include "model/counters.h"
#include "store/state_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct phase_event;
struct store_tx;

#define CHANGE_EVENTS_MAX 48

struct campaign_change {
	struct store_tx *tx;
	struct arena *arena;
	int64_t at_ms;                /* one time for everything in this change */
	struct campaign_snapshot now; /* as it will be saved */
	struct counters deltas;
	bool is_dirty; /* the campaign row must be written */
	bool phase_dirty[PHASE_COUNT];
	bool phase_moved[PHASE_COUNT]; /* of those: they got a status */
	bool run_begins[PHASE_COUNT];
	int32_t batch_size[PHASE_COUNT];
	const char *results[PHASE_COUNT];
	struct stored_event events[CHANGE_EVENTS_MAX];
	size_t event_count;
	bool events_overflow;
	struct phase_event *samples; /* said after the commit, not stored */
};

/* workspace NULL: any. NOT_FOUND / CAMPAIGN_UNKNOWN. */
struct status change_open(struct store_tx *tx, struct arena *arena, const struct uuid *campaign_id,
			  const char *workspace, struct campaign_change *out) MUST_CHECK;

/* What goes into the event besides the statuses. Texts static or in the change's arena. */
struct change_note {
	const char *type;          /* event type: "phase_started", "phase_paused", … */
	const char *cause;         /* "user", "recovery", "system"; NULL when it has none */
	const char *error_code;    /* with FAILED */
	const char *error_message; /* with FAILED */
	const char *results;       /* with COMPLETED: JSON object */
	enum phase previous_phase; /* automatic start: whose completion caused it; PHASE_COUNT otherwise */
};

/* Moves a phase, with the side effects on its times and progress (docs/spec/01-domain-model.md §2.2), takes the next
 * sequence and adds the event. The caller has asked transition_of. */
void change_move(struct campaign_change *change, enum phase phase, enum phase_status to,
		 const struct change_note *note);

/* A stored event of its own; takes_sequence for campaign transitions. phase may be PHASE_COUNT. */
void change_event(struct campaign_change *change, const char *type, enum phase phase, const char *payload,
		  bool takes_sequence);
/* Says the transition just made a second time under another type: same phase, payload and sequence
 * (phase_auto_started). */
void change_twin(struct campaign_change *change, const char *type);

/* Writes counters, phases, executions, events and the campaign, in that order. Does nothing when nothing changed. */
struct status change_save(struct campaign_change *change) MUST_CHECK;

#endif
