/* sse_clients.c: many browsers on one event stream, in one thread.
 *
 *   sse_clients <ip:port> <path> <clients>
 *
 * Each connects, reads, and comes back with its last id when the stream breaks. A line on standard input is answered by
 * a line of JSON about the time since the line before: how many are greeted, by which event all of them have come, the
 * delays of stored events in milliseconds from their own timestamp, how long the way back took, and what must not
 * happen: an id that skips or repeats, a resync, an answer other than 200. Ends with its input. */
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048 /* what is longer is cut; only the beginning of a line matters here */
#define CONNECTING_MAX 500  /* at once: the backlog of a listener is not what is measured */
#define RETRY_MS       100
#define SAMPLES_MAX    4000000
#define STAMP          "\"timestamp\":\""

struct client {
	char line[LINE_MAX_BYTES];
	size_t length;
	int64_t lost_ms, retry_ms; /* 0: never lost; when to try again */
	int fd;                    /* -1: not connected */
	int last, pending_id;
	bool is_begun, is_greeted; /* sent its request; got its first event */
	bool has_id;               /* `last` is of an event it got */
};

struct samples {
	float *values;
	size_t count;
};

static struct client *clients;
static int client_count, connecting, greeted, epoll_fd;
static struct sockaddr_in server;
static const char *host, *path;
static struct samples delays, ways_back;
static long gaps, doubles, resyncs, refused;

static void add(struct samples *samples, int64_t value)
{
	if (samples->count < SAMPLES_MAX)
		samples->values[samples->count++] = (float)value;
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void print_samples(const char *name, struct samples *samples)
{
	size_t n = samples->count;

	qsort(samples->values, n, sizeof *samples->values, by_size);
	printf(", \"%s\": {\"count\": %zu, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}", name, n,
	       n ? (double)samples->values[n / 2] : 0, n ? (double)samples->values[n * 99 / 100] : 0,
	       n ? (double)samples->values[n - 1] : 0);
}

static void report(bool begins_anew)
{
	int least = clients[0].last;

	for (int i = 1; i < client_count; i++)
		if (clients[i].last < least)
			least = clients[i].last;
	printf("{\"greeted\": %d, \"last\": %d, \"gaps\": %ld, \"doubles\": %ld, \"resyncs\": %ld, \"refused\": %ld",
	       greeted, least, gaps, doubles, resyncs, refused);
	print_samples("delays", &delays);
	print_samples("back", &ways_back);
	printf("}\n");
	fflush(stdout);
	if (begins_anew) {
		gaps = doubles = resyncs = refused = 0;
		delays.count = ways_back.count = 0;
	}
}

/* Milliseconds since 1970 of 2025-01-31T12:00:00.123Z; the last text is remembered, for it comes many times. */
static int64_t stamp_ms(const char *text)
{
	static char known[CLOCK_TEXT_SIZE];
	static int64_t known_ms;
	struct tm tm = { 0 };
	const char *rest;

	if (strncmp(text, known, CLOCK_TEXT_SIZE - 1) != 0) {
		rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
		known_ms = rest ? (int64_t)timegm(&tm) * 1000 + (*rest == '.' ? strtol(rest + 1, NULL, 10) : 0) : 0;
		snprintf(known, sizeof known, "%s", text);
	}
	return known_ms;
}

static void client_lose(struct client *c)
{
	int64_t now_ms = clock_monotonic_ms();

	close(c->fd);
	c->fd = -1;
	connecting -= c->is_begun && !c->is_greeted;
	greeted -= c->is_greeted;
	if (c->is_greeted)
		c->lost_ms = now_ms;
	c->is_begun = c->is_greeted = false;
	c->retry_ms = now_ms + RETRY_MS;
}

static void client_greeted(struct client *c)
{
	c->is_greeted = true;
	greeted++;
	connecting--;
	if (c->lost_ms)
		add(&ways_back, clock_monotonic_ms() - c->lost_ms);
}

static void client_id(struct client *c, int id)
{
	gaps += id > c->last + 1;
	doubles += id <= c->last;
	c->last = id;
	c->has_id = true;
}

static void client_line(struct client *c)
{
	const char *line = c->line, *stamp;

	if (strncmp(line, "HTTP/1.", 7) == 0 && strncmp(line + 8, " 200", 4) != 0)
		refused++;
	else if (strncmp(line, "id: ", 4) == 0)
		c->pending_id = (int)strtol(line + 4, NULL, 10);
	else if (strcmp(line, "event: resync") == 0)
		resyncs++;
	else if (strcmp(line, "event: keep_alive") == 0 && !c->is_greeted)
		client_greeted(c);
	else if (strncmp(line, "data: ", 6) == 0 && c->pending_id) {
		client_id(c, c->pending_id);
		c->pending_id = 0;
		stamp = strstr(line, STAMP);
		if (stamp)
			add(&delays, clock_wall_ms() - stamp_ms(stamp + strlen(STAMP)));
	}
}

static void client_bytes(struct client *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			c->line[c->length] = '\0';
			c->length = 0;
			client_line(c);
		} else if (bytes[i] != '\r' && c->length < LINE_MAX_BYTES - 1) {
			c->line[c->length++] = bytes[i];
		}
	}
}

static void client_connect(struct client *c)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = c };

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		perror("socket");
		exit(1);
	}
	c->length = 0;
	c->pending_id = 0;
	c->is_begun = true;
	connecting++;
	if ((connect(c->fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS) ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event))
		client_lose(c);
}

/* HTTP/1.0: the same frames, without chunks cutting through their lines. */
static void client_ask(struct client *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	char request[512], last[48] = "";
	int n;

	if (c->has_id)
		snprintf(last, sizeof last, "Last-Event-ID: %d\r\n", c->last);
	n = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: %s\r\nAccept: text/event-stream\r\n%s\r\n",
		     path, host, last);
	if (send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n || epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event))
		client_lose(c);
}

static void client_ready(struct client *c, uint32_t events)
{
	static char bytes[65536];
	ssize_t n;

	if (c->fd < 0)
		return;
	if (events & EPOLLOUT) {
		client_ask(c);
		return;
	}
	n = recv(c->fd, bytes, sizeof bytes, 0);
	if (n > 0)
		client_bytes(c, bytes, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		client_lose(c);
}

static void connect_those_who_may(void)
{
	int64_t now_ms = clock_monotonic_ms();

	for (int i = 0; i < client_count && connecting < CONNECTING_MAX; i++)
		if (clients[i].fd < 0 && clients[i].retry_ms <= now_ms)
			client_connect(&clients[i]);
}

static void open_all(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct rlimit files;
	char address[64];
	char *colon;

	if (argc != 5 || !(colon = strchr(argv[1], ':')) || (size_t)(colon - argv[1]) >= sizeof address) {
		fprintf(stderr, "usage: sse_clients <ip:port> <path> <clients> <last event's id>\n");
		exit(2);
	}
	host = argv[1];
	path = argv[2];
	client_count = (int)strtol(argv[3], NULL, 10);
	snprintf(address, sizeof address, "%.*s", (int)(colon - argv[1]), argv[1]);
	server.sin_family = AF_INET;
	server.sin_port = htons((uint16_t)strtol(colon + 1, NULL, 10));
	inet_pton(AF_INET, address, &server.sin_addr);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	clients = client_count > 0 ? calloc((size_t)client_count, sizeof *clients) : NULL;
	delays.values = malloc(SAMPLES_MAX * sizeof *delays.values);
	ways_back.values = malloc(SAMPLES_MAX * sizeof *ways_back.values);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!clients || !delays.values || !ways_back.values || epoll_fd < 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event))
		exit(1);
	for (int i = 0; i < client_count; i++)
		clients[i] = (struct client){ .fd = -1, .last = (int)strtol(argv[4], NULL, 10) };
}

int main(int argc, char **argv)
{
	struct epoll_event ready[256];
	char command[64];
	int n;

	open_all(argc, argv);
	for (;;) {
		connect_those_who_may();
		n = epoll_wait(epoll_fd, ready, 256, RETRY_MS / 2);
		for (int i = 0; i < n; i++) {
			if (ready[i].data.ptr)
				client_ready(ready[i].data.ptr, ready[i].events);
			else if (read(STDIN_FILENO, command, sizeof command) <= 0)
				return 0;
			else
				report(command[0] == 'r');
		}
	}
}
