/* null_dns.c: a resolver that costs next to nothing, so that what is measured is ours.
 *
 *   null_dns <share> <address>...
 *
 * Of a thousand names `share` have an A record, one of the addresses; the others do not exist. No name has an AAAA
 * record. Prints its port on 127.0.0.1 and answers until it is killed. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH        64
#define PACKET_BYTES 512
#define HEADER_BYTES 12
#define TYPE_A       1

/* FNV-1a of the name's letters, and where its question ends; 0 when there is no such end. */
static size_t question_read(const uint8_t *packet, size_t n, uint32_t *out_hash)
{
	uint32_t hash = 2166136261u;
	size_t at = HEADER_BYTES;

	while (at < n && packet[at])
		for (size_t end = at + packet[at] + 1; at < end && at < n; at++)
			hash = (hash ^ (packet[at] | 0x20u)) * 16777619u;
	*out_hash = hash;
	return at + 5 <= n ? at + 5 : 0;
}

/* Turns a query into its answer; the answer's length. */
static size_t answer(uint8_t *packet, size_t n, uint32_t share, const struct in_addr *addresses, uint32_t count)
{
	static const uint8_t record[] = { 0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4 };
	uint32_t hash;
	size_t end = question_read(packet, n, &hash);
	int exists = end && hash % 1000 < share;
	int has_address = exists && packet[end - 3] == TYPE_A;

	if (!end)
		return 0;
	packet[2] = 0x81;
	packet[3] = exists ? 0x80 : 0x83;
	memset(packet + 6, 0, 6);
	packet[7] = (uint8_t)has_address;
	if (!has_address || end + sizeof record + 4 > PACKET_BYTES)
		return end;
	memcpy(packet + end, record, sizeof record);
	memcpy(packet + end + sizeof record, &addresses[hash / 1000 % count], 4);
	return end + sizeof record + 4;
}

int main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, from[BATCH];
	struct in_addr *addresses = argc > 2 ? calloc((size_t)argc - 2, sizeof *addresses) : NULL;
	static uint8_t packets[BATCH][PACKET_BYTES];
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	socklen_t size = sizeof here;
	int room = 8 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), n;

	if (!addresses || fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) ||
	    getsockname(fd, (struct sockaddr *)&here, &size) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room)) {
		perror("null_dns <share> <address>...");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		inet_pton(AF_INET, argv[i], &addresses[i - 2]);
	printf("%d\n", ntohs(here.sin_port));
	fflush(stdout);
	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){ packets[i], PACKET_BYTES };
			messages[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
							       .msg_namelen = sizeof from[i],
							       .msg_iov = &parts[i],
							       .msg_iovlen = 1 };
		}
		n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++)
			parts[i].iov_len = answer(packets[i], messages[i].msg_len, (uint32_t)strtoul(argv[1], NULL, 10),
						  addresses, (uint32_t)argc - 2);
		for (int sent = 0, now; sent<n; sent += now> 0 ? now : 1)
			now = sendmmsg(fd, messages + sent, (unsigned)(n - sent), 0);
	}
}
