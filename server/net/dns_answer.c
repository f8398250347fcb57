#include "net/dns_answer.h"

#include <string.h>

enum { HEADER_BYTES = 12, TYPE_CNAME = 5, CLASS_IN = 1, POINTERS_MAX = 32, NAME_BYTES = 255 };

const char *const dns_reason_text[] = {
#define X(name, text) [DNS_REASON_##name] = (text),
	DNS_REASONS(X)
#undef X
};

/* A name as length-prefixed lower-case labels, without the final zero. */
struct wire_name {
	size_t n;
	uint8_t bytes[NAME_BYTES];
};

struct record {
	size_t owner; /* offset of the owner name */
	uint16_t type, class;
	size_t data;
	uint16_t data_bytes;
};

static uint16_t u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Reads the name at `at`, following pointers that go strictly backwards. Returns the offset behind the name in the
 * record, 0 when malformed. `out` may be NULL to skip only. */
static size_t read_name(const uint8_t *message, size_t n, size_t at, struct wire_name *out)
{
	size_t after = 0, length = 0;
	unsigned pointers = 0;

	for (;;) {
		uint8_t c;

		if (at >= n)
			return 0;
		c = message[at];
		if (c == 0) {
			if (out)
				out->n = length;
			return after ? after : at + 1;
		}
		if ((c & 0xc0) == 0xc0) {
			size_t target;

			if (at + 1 >= n)
				return 0;
			target = (size_t)(u16(message + at) & 0x3fff);
			if (!after)
				after = at + 2;
			if (!out)
				return after;
			if (target >= at || ++pointers > POINTERS_MAX)
				return 0;
			at = target;
			continue;
		}
		if (c > 63 || at + 1 + c > n || length + 1 + c > NAME_BYTES - 1)
			return 0;
		if (out) {
			out->bytes[length] = c;
			for (size_t i = 1; i <= c; i++)
				out->bytes[length + i] = lower(message[at + i]);
		}
		length += 1u + c;
		at += 1u + c;
	}
}

/* Reads the record at `at`; returns the offset of the next one, 0 when malformed. */
static size_t read_record(const uint8_t *message, size_t n, size_t at, struct record *out)
{
	size_t fixed = read_name(message, n, at, NULL);

	if (fixed == 0 || fixed + 10 > n)
		return 0;
	out->owner = at;
	out->type = u16(message + fixed);
	out->class = u16(message + fixed + 2);
	out->data_bytes = u16(message + fixed + 8);
	out->data = fixed + 10;
	return out->data + out->data_bytes <= n ? out->data + out->data_bytes : 0;
}

static bool same_name(const struct wire_name *a, const struct wire_name *b)
{
	return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

static void add_address(struct dns_answer *out, const uint8_t *bytes, uint8_t family)
{
	struct net_address a = { .family = family };

	if (out->address_count == DNS_ADDRESSES_MAX)
		return;
	memcpy(a.bytes, bytes, family == 4 ? 4 : 16);
	out->addresses[out->address_count++] = a;
}

/* One pass over the answer section for `name`: collects its addresses, or sets *name to its alias.
 * Returns 1 when there was an alias, 0 when not, -1 when malformed. */
static int scan(const uint8_t *message, size_t n, size_t at, unsigned count, uint16_t type, struct wire_name *name,
		struct dns_answer *out)
{
	uint16_t want_bytes = type == DNS_TYPE_A ? 4 : 16;
	struct wire_name owner, alias;
	bool has_alias = false;

	for (unsigned i = 0; i < count; i++) {
		struct record r;

		at = read_record(message, n, at, &r);
		if (at == 0)
			return -1;
		if (r.class != CLASS_IN || (r.type != type && r.type != TYPE_CNAME))
			continue;
		if (read_name(message, n, r.owner, &owner) == 0)
			return -1;
		if (!same_name(&owner, name))
			continue;
		if (r.type == type) {
			if (r.data_bytes != want_bytes)
				return -1;
			add_address(out, message + r.data, type == DNS_TYPE_A ? 4 : 6);
		} else if (!has_alias) {
			if (read_name(message, n, r.data, &alias) != r.data + r.data_bytes)
				return -1;
			has_alias = true;
		}
	}
	if (out->address_count > 0 || !has_alias)
		return 0;
	*name = alias;
	return 1;
}

static void conclude(struct dns_answer *out, enum dns_reason reason, bool may_retry)
{
	out->reason = reason;
	out->may_retry = may_retry;
	if (reason != DNS_REASON_NONE)
		out->address_count = 0;
}

static void judge_addresses(const uint8_t *message, size_t n, uint16_t type, struct dns_answer *out)
{
	unsigned count = u16(message + 6);
	struct wire_name name;
	size_t answers;

	if (u16(message + 4) != 1 || (answers = read_name(message, n, HEADER_BYTES, &name)) == 0 || answers + 4 > n) {
		conclude(out, DNS_REASON_ERROR, true);
		return;
	}
	answers += 4;
	if (count > DNS_RECORDS_MAX)
		count = DNS_RECORDS_MAX;
	for (unsigned hop = 0; hop <= DNS_CHAIN_MAX; hop++) {
		int more = scan(message, n, answers, count, type, &name, out);

		if (more < 0) {
			conclude(out, DNS_REASON_ERROR, true);
			return;
		}
		if (more == 0) {
			conclude(out, out->address_count > 0 ? DNS_REASON_NONE : DNS_REASON_NOANSWER, false);
			return;
		}
	}
	conclude(out, DNS_REASON_ERROR, false); /* a loop, or longer than anyone needs */
}

void dns_answer_judge(const uint8_t *message, size_t n, uint16_t type, struct dns_answer *out)
{
	out->address_count = 0;
	if (n < HEADER_BYTES || (message[2] & 0x80) == 0) {
		conclude(out, DNS_REASON_ERROR, true);
		return;
	}
	switch (message[3] & 0x0f) {
	case 0:
		judge_addresses(message, n, type, out);
		break;
	case 2:
		conclude(out, DNS_REASON_SERVFAIL, true);
		break;
	case 3:
		conclude(out, DNS_REASON_NXDOMAIN, false);
		break;
	case 5:
		conclude(out, DNS_REASON_REFUSED, true);
		break;
	default:
		conclude(out, DNS_REASON_ERROR, false);
		break;
	}
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool label_valid(const char *label, size_t n)
{
	if (n < 1 || n > 63)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_letter(label[i]) && label[i] != '-' && (label[i] < '0' || label[i] > '9'))
			return false;
	return true;
}

static bool top_label_valid(const char *label, size_t n)
{
	if (!label_valid(label, n) || n < 2)
		return false;
	if (n > 4 && (label[0] | 32) == 'x' && (label[1] | 32) == 'n' && label[2] == '-' && label[3] == '-')
		return true;
	for (size_t i = 0; i < n; i++)
		if (!is_letter(label[i]))
			return false;
	return true;
}

bool dns_name_valid(const char *name)
{
	unsigned labels = 0;

	if (strnlen(name, DNS_NAME_MAX + 1) > DNS_NAME_MAX)
		return false;
	for (;;) {
		size_t n = strcspn(name, ".");

		if (name[n] == '\0')
			return labels > 0 && top_label_valid(name, n);
		if (!label_valid(name, n))
			return false;
		labels++;
		name += n + 1;
	}
}
