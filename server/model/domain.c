#include "model/domain.h"

#include <openssl/sha.h>
#include <string.h>

struct uuid domain_id(const struct uuid *campaign_id, int64_t offset)
{
	unsigned char input[24], digest[SHA256_DIGEST_LENGTH];

	memcpy(input, campaign_id->bytes, 16);
	for (int i = 0; i < 8; i++)
		input[16 + i] = (unsigned char)((uint64_t)offset >> (56 - 8 * i));
	SHA256(input, sizeof input, digest);
	return uuid_from_bytes(digest);
}
