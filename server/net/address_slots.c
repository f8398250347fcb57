#include "net/address_slots.h"

#include "base/random.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_SIZE = 1024 }; /* chains stay short: entries are bounded by the fetches in the engine */

struct entry {
	struct entry *next;
	struct net_address address; /* port 0 */
	struct gate gate;
};

struct address_slots {
	unsigned per_address_max;
	uint64_t seed; /* so that nobody can choose addresses of one chain */
	struct entry *table[TABLE_SIZE];
};

struct address_slots *address_slots_create(unsigned per_address_max)
{
	struct address_slots *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->per_address_max = per_address_max;
	random_bytes(&s->seed, sizeof s->seed);
	return s;
}

void address_slots_destroy(struct address_slots *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < TABLE_SIZE; i++)
		while (s->table[i]) {
			struct entry *e = s->table[i];

			s->table[i] = e->next;
			free(e);
		}
	free(s);
}

/* The link that points at the entry, or the end of its chain. */
static struct entry **find(struct address_slots *s, const struct net_address *a)
{
	struct net_address key = *a;
	struct rng mix = { .state = s->seed };
	struct entry **link;
	uint64_t half;

	key.port = 0;
	for (size_t i = 0; i < sizeof key.bytes; i += sizeof half) {
		memcpy(&half, key.bytes + i, sizeof half);
		mix.state ^= half;
		mix.state = rng_next(&mix);
	}
	link = &s->table[mix.state % TABLE_SIZE];
	while (*link && !net_address_equal(&(*link)->address, &key))
		link = &(*link)->next;
	return link;
}

bool address_slots_enter(struct address_slots *s, const struct net_address *a, struct gate_waiter *w)
{
	struct entry **link;
	int64_t wait_ms;

	if (s->per_address_max == 0)
		return true;
	link = find(s, a);
	if (!*link) {
		struct entry *e = calloc(1, sizeof *e);

		if (!e)
			return true; /* better impolite than stuck; the leave finds nothing and does nothing */
		e->address = *a;
		e->address.port = 0;
		gate_init(&e->gate, (struct rate_source){ .take = NULL }, s->per_address_max);
		*link = e;
	}
	gate_enter(&(*link)->gate, w);
	return gate_next(&(*link)->gate, 0, &wait_ms) == w;
}

static void drop_if_idle(struct entry **link)
{
	struct entry *e = *link;

	if (e->gate.active > 0 || e->gate.waiting > 0)
		return;
	*link = e->next;
	free(e);
}

struct gate_waiter *address_slots_leave(struct address_slots *s, const struct net_address *a)
{
	struct entry **link;
	struct gate_waiter *next;
	int64_t wait_ms;

	if (s->per_address_max == 0)
		return NULL;
	link = find(s, a);
	if (!*link)
		return NULL;
	gate_leave(&(*link)->gate);
	next = gate_next(&(*link)->gate, 0, &wait_ms);
	drop_if_idle(link);
	return next;
}

void address_slots_forget(struct address_slots *s, const struct net_address *a, struct gate_waiter *w)
{
	struct entry **link = find(s, a);

	if (!*link)
		return;
	gate_forget(&(*link)->gate, w);
	drop_if_idle(link);
}
