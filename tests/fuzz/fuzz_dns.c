/* fuzz_dns.c: any bytes as a DNS answer to an A and an AAAA question. A verdict is consistent, whatever they say. */
#include "fuzz.h"

#include "net/dns_answer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };

	for (size_t i = 0; i < 2; i++) {
		struct dns_answer answer;

		dns_answer_judge(data, size, types[i], &answer);
		if (answer.address_count > DNS_ADDRESSES_MAX)
			abort();
		if ((answer.reason == DNS_REASON_NONE) != (answer.address_count > 0))
			abort();
		for (unsigned j = 0; j < answer.address_count; j++)
			if (answer.addresses[j].family != (types[i] == DNS_TYPE_A ? 4 : 6))
				abort();
	}
	return 0;
}
