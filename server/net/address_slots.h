/* net/address_slots.h: how many work on one address at once, whatever number of sites lives there. Pure bookkeeping.
 *
 * Threads: one. Ports do not count: a machine is one machine. Memory: an entry for each address somebody works on. */
#ifndef NET_ADDRESS_SLOTS_H
#define NET_ADDRESS_SLOTS_H

#include "base/compiler.h"
#include "net/address.h"
#include "net/rate_limit.h"

struct address_slots;

/* per_address_max 0: no limit. NULL: out of memory. */
struct address_slots *address_slots_create(unsigned per_address_max) MUST_CHECK;
void address_slots_destroy(struct address_slots *s); /* accepts NULL; nobody waits any more */

/* True when w has a slot now. Else it waits in order, until a leave returns it. */
bool address_slots_enter(struct address_slots *s, const struct net_address *a, struct gate_waiter *w);
/* Gives a slot back. The waiter that now has it, or NULL. */
struct gate_waiter *address_slots_leave(struct address_slots *s, const struct net_address *a);
/* Takes a waiter out of the queue. */
void address_slots_forget(struct address_slots *s, const struct net_address *a, struct gate_waiter *w);

#endif
