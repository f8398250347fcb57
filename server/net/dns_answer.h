/* net/dns_answer.h: what a DNS message says about a name. Pure: bytes in, verdict out; safe on any bytes.
 *
 * The caller has already matched id and question. Any thread. */
#ifndef NET_DNS_ANSWER_H
#define NET_DNS_ANSWER_H

#include "net/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_MAX      253
#define DNS_ADDRESSES_MAX 16
#define DNS_CHAIN_MAX     8    /* CNAMEs followed inside one answer */
#define DNS_RECORDS_MAX   1000 /* answer records looked at */

#define DNS_TYPE_A    1
#define DNS_TYPE_AAAA 28

/* Why a name has no address. The texts are the dns_reason column. */
#define DNS_REASONS(X) \
	X(NONE, "") \
	X(INVALID_DOMAIN, "INVALID_DOMAIN") /* not a name we would ask for     */ \
	X(NXDOMAIN, "NXDOMAIN")             /* the name does not exist         */ \
	X(NOANSWER, "NOANSWER")             /* it exists, without addresses    */ \
	X(SERVFAIL, "SERVFAIL")             /* the resolver could not find out */ \
	X(REFUSED, "REFUSED")               /* the resolver will not say       */ \
	X(TIMEOUT, "TIMEOUT")               /* nobody answered in time         */ \
	X(ERROR, "ERROR")                   /* anything else                   */ \
	X(CANCELED, "CANCELED")             /* the caller lost interest        */

enum dns_reason {
#define X(name, text) DNS_REASON_##name,
	DNS_REASONS(X)
#undef X
};

extern const char *const dns_reason_text[];

struct dns_answer {
	enum dns_reason reason; /* NONE when there is an address */
	bool may_retry;         /* another try could say something else */
	unsigned address_count;
	struct net_address addresses[DNS_ADDRESSES_MAX]; /* of the asked type, in answer order, port 0 */
};

/* type: DNS_TYPE_A or DNS_TYPE_AAAA. Follows at most DNS_CHAIN_MAX CNAMEs from the question's name. */
void dns_answer_judge(const uint8_t *message, size_t n, uint16_t type, struct dns_answer *out);

/* A host name worth asking for: labels of 1–63 letters, digits and hyphens, the last one letters only (2–63) or an
 * xn-- label, at least two labels, at most DNS_NAME_MAX bytes, no final dot. */
bool dns_name_valid(const char *name);

#endif
