#include "net/dns_servers.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "base/random.h"
#include "net/send_window.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	CHANNELS_PER_RESOLVER = 4,
	CHANNEL_USES_MAX = 4096, /* then a new port */
	CHANNEL_SOCKETS_MAX = 4, /* one UDP, one TCP, and one of each being replaced */
	TIMEOUTS_PER_RESOLVER = 8,
	SERVERS_MAX = 1024,
	SERVER_IDLE_MS = 10000,
	SOCKET_BUFFER_BYTES = 4 << 20,
	FRESH_MS = 100,
};

struct channel_socket {
	struct channel *channel;
	int fd; /* -1: free */
};

struct channel {
	ares_channel ares;
	struct dns_server *server;
	unsigned uses, in_flight;
	bool refused; /* no socket slot was free */
	struct channel_socket sockets[CHANNEL_SOCKETS_MAX];
	struct channel *next; /* in the server's retired list */
};

struct channel_set {
	int64_t timeout_ms; /* 0: free */
	struct channel *channels[CHANNELS_PER_RESOLVER];
};

struct query_list {
	struct dns_query *head, *tail;
};

struct dns_flight {
	struct dns_query *query; /* NULL when forgotten */
	struct channel *channel;
	int64_t sent_ms;
	uint16_t type;
	bool is_fresh;
	struct dns_flight *next, *prev; /* fresh ones, oldest first */
};

struct dns_server {
	struct dns_servers *owner;
	struct net_address address;
	struct dns_server *next;
	struct channel_set sets[TIMEOUTS_PER_RESOLVER];
	unsigned set_cursor;
	struct channel *retired;
	struct dns_flight *fresh_head, *fresh_tail;
	unsigned fresh, total;
	struct send_window window;
	int64_t used_ms;
	struct query_list waiting;
};

struct dns_servers {
	int epoll_fd;
	unsigned per_resolver_max;
	bool closing;
	unsigned count;
	unsigned total; /* unanswered, all resolvers */
	struct dns_server *servers;
	struct query_list settled;
	struct rng rng;
	int64_t reaped_ms;
};

static void list_push(struct query_list *list, struct dns_query *q)
{
	q->next = NULL;
	q->prev = list->tail;
	if (list->tail)
		list->tail->next = q;
	else
		list->head = q;
	list->tail = q;
}

static void list_remove(struct query_list *list, struct dns_query *q)
{
	if (q->prev)
		q->prev->next = q->next;
	else
		list->head = q->next;
	if (q->next)
		q->next->prev = q->prev;
	else
		list->tail = q->prev;
	q->next = q->prev = NULL;
}

static void settle(struct dns_servers *s, struct dns_query *q)
{
	q->state = DNS_QUERY_SETTLED;
	q->flight = NULL;
	list_push(&s->settled, q);
}

static void settle_failed(struct dns_servers *s, struct dns_query *q)
{
	q->answer.address_count = 0;
	q->answer.reason = DNS_REASON_ERROR;
	q->answer.may_retry = true;
	settle(s, q);
}

/* --- channels ------------------------------------------------------------------------------------------------ */

static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct channel *ch = data;
	struct channel_socket *slot = NULL, *unused = NULL;
	struct epoll_event ev = { 0 };

	for (size_t i = 0; i < CHANNEL_SOCKETS_MAX; i++) {
		if (ch->sockets[i].fd == fd)
			slot = &ch->sockets[i];
		else if (ch->sockets[i].fd < 0 && !unused)
			unused = &ch->sockets[i];
	}
	if (!readable && !writable) {
		if (slot) {
			epoll_ctl(ch->server->owner->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
			slot->fd = -1;
		}
		return;
	}
	ev.events = (readable ? (uint32_t)EPOLLIN : 0) | (writable ? (uint32_t)EPOLLOUT : 0);
	ev.data.ptr = slot ? slot : unused;
	if (!ev.data.ptr) {
		ch->refused = true; /* its query ends by its timeout */
		return;
	}
	if (slot) {
		epoll_ctl(ch->server->owner->epoll_fd, EPOLL_CTL_MOD, fd, &ev);
		return;
	}
	if (epoll_ctl(ch->server->owner->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0)
		unused->fd = fd;
}

static bool set_resolver(ares_channel ares, const struct net_address *a)
{
	struct ares_addr_port_node node = { .udp_port = a->port, .tcp_port = a->port };

	node.family = a->family == 4 ? AF_INET : AF_INET6;
	memcpy(&node.addr, a->bytes, a->family == 4 ? 4 : 16);
	return ares_set_servers_ports(ares, &node) == ARES_SUCCESS;
}

static struct channel *channel_open(struct dns_server *server, int64_t timeout_ms)
{
	static char hosts_nowhere[] = "b";
	struct channel *ch = calloc(1, sizeof *ch);
	struct ares_options o = { 0 };
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_DOMAINS |
		   ARES_OPT_LOOKUPS | ARES_OPT_SERVERS | ARES_OPT_SORTLIST | ARES_OPT_SOCK_STATE_CB |
		   ARES_OPT_SOCK_SNDBUF | ARES_OPT_SOCK_RCVBUF;
	struct in_addr replaced_later = { .s_addr = htonl(INADDR_LOOPBACK) };

	if (!ch)
		return NULL;
	ch->server = server;
	for (size_t i = 0; i < CHANNEL_SOCKETS_MAX; i++)
		ch->sockets[i] = (struct channel_socket){ .channel = ch, .fd = -1 };
	/* All that c-ares would look up in /etc/resolv.conf is given; set_resolver replaces the server. */
	o.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_STAYOPEN | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
	o.timeout = (int)timeout_ms;
	o.tries = 1;
	o.ndots = 1;
	o.lookups = hosts_nowhere;
	o.servers = &replaced_later;
	o.nservers = 1;
	o.sock_state_cb = on_socket_state;
	o.sock_state_cb_data = ch;
	o.socket_send_buffer_size = SOCKET_BUFFER_BYTES;
	o.socket_receive_buffer_size = SOCKET_BUFFER_BYTES;
	if (ares_init_options(&ch->ares, &o, mask) != ARES_SUCCESS) {
		free(ch);
		return NULL;
	}
	if (!set_resolver(ch->ares, &server->address)) {
		ares_destroy(ch->ares);
		free(ch);
		return NULL;
	}
	return ch;
}

static void channel_close(struct channel *ch)
{
	if (!ch)
		return;
	ares_destroy(ch->ares);
	free(ch);
}

static void channel_retire(struct channel **place)
{
	struct channel *ch = *place;

	if (!ch)
		return;
	ch->next = ch->server->retired;
	ch->server->retired = ch;
	*place = NULL;
}

static struct channel_set *set_for(struct dns_server *server, int64_t timeout_ms)
{
	struct channel_set *set = NULL;

	for (size_t i = 0; i < TIMEOUTS_PER_RESOLVER; i++) {
		if (server->sets[i].timeout_ms == timeout_ms)
			return &server->sets[i];
		if (!set && server->sets[i].timeout_ms == 0)
			set = &server->sets[i];
	}
	if (!set) {
		set = &server->sets[server->set_cursor++ % TIMEOUTS_PER_RESOLVER];
		for (size_t i = 0; i < CHANNELS_PER_RESOLVER; i++)
			channel_retire(&set->channels[i]);
	}
	set->timeout_ms = timeout_ms;
	return set;
}

/* NULL when there are no sockets or no memory. */
static struct channel *channel_for(struct dns_server *server, int64_t timeout_ms)
{
	struct channel_set *set = set_for(server, timeout_ms);
	struct channel **place = &set->channels[rng_below(&server->owner->rng, CHANNELS_PER_RESOLVER)];

	if (*place && ((*place)->uses >= CHANNEL_USES_MAX || (*place)->refused))
		channel_retire(place);
	if (!*place)
		*place = channel_open(server, timeout_ms);
	return *place;
}

/* --- flights ------------------------------------------------------------------------------------------------- */

static void flight_no_longer_fresh(struct dns_server *server, struct dns_flight *f)
{
	if (!f->is_fresh)
		return;
	if (f->prev)
		f->prev->next = f->next;
	else
		server->fresh_head = f->next;
	if (f->next)
		f->next->prev = f->prev;
	else
		server->fresh_tail = f->prev;
	f->is_fresh = false;
	server->fresh--;
}

static void judge(int status, const unsigned char *message, int n, uint16_t type, struct dns_answer *out)
{
	if (message && n > 0) {
		dns_answer_judge(message, (size_t)n, type, out);
		return;
	}
	out->address_count = 0;
	out->may_retry = status != ARES_ENOTFOUND; /* c-ares itself denies .onion (RFC 7686) */
	out->reason = status == ARES_ETIMEOUT    ? DNS_REASON_TIMEOUT
		      : status == ARES_ENOTFOUND ? DNS_REASON_NXDOMAIN
						 : DNS_REASON_ERROR;
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *message, int n)
{
	struct dns_flight *f = arg;
	struct dns_server *server = f->channel->server;
	struct dns_servers *s = server->owner;

	(void)timeouts;
	if (message)
		send_window_answered(&server->window, server->fresh);
	flight_no_longer_fresh(server, f);
	f->channel->in_flight--;
	server->total--;
	s->total--;
	if (f->query && !s->closing) {
		judge(status, message, n, f->type, &f->query->answer);
		settle(s, f->query);
	}
	free(f);
}

static void launch(struct dns_server *server, struct dns_query *q, int64_t now_ms)
{
	struct dns_servers *s = server->owner;
	struct channel *ch = channel_for(server, q->timeout_ms);
	struct dns_flight *f = ch ? malloc(sizeof *f) : NULL;

	if (!f) {
		settle_failed(s, q);
		return;
	}
	*f = (struct dns_flight){ .query = q,
				  .channel = ch,
				  .sent_ms = now_ms,
				  .type = q->type,
				  .is_fresh = true,
				  .prev = server->fresh_tail };
	if (server->fresh_tail)
		server->fresh_tail->next = f;
	else
		server->fresh_head = f;
	server->fresh_tail = f;
	server->fresh++;
	server->total++;
	s->total++;
	ch->uses++;
	ch->in_flight++;
	q->flight = f;
	q->state = DNS_QUERY_FLYING;
	server->used_ms = now_ms;
	ares_query(ch->ares, q->name, ns_c_in, q->type, on_answer, f); /* may answer, and free f, at once */
}

static bool has_room(const struct dns_server *server)
{
	return send_window_has_room(&server->window, server->fresh) && server->total < server->owner->per_resolver_max;
}

static void pump(struct dns_server *server, int64_t now_ms)
{
	while (server->waiting.head && has_room(server)) {
		struct dns_query *q = server->waiting.head;

		list_remove(&server->waiting, q);
		launch(server, q, now_ms);
	}
}

/* --- servers ------------------------------------------------------------------------------------------------- */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void library_init(void)
{
	ares_library_init(ARES_LIB_INIT_ALL);
}

struct status dns_servers_create(int epoll_fd, unsigned per_resolver_max, struct dns_servers **out)
{
	struct dns_servers *s = calloc(1, sizeof *s);
	uint64_t seed;

	if (!s)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for the DNS engine");
	pthread_once(&library_once, library_init);
	s->epoll_fd = epoll_fd;
	s->per_resolver_max = per_resolver_max;
	random_bytes(&seed, sizeof seed);
	rng_init(&s->rng, seed);
	*out = s;
	return STATUS_OK_VALUE;
}

static void server_destroy(struct dns_server *server)
{
	for (size_t i = 0; i < TIMEOUTS_PER_RESOLVER; i++)
		for (size_t j = 0; j < CHANNELS_PER_RESOLVER; j++)
			channel_close(server->sets[i].channels[j]);
	while (server->retired) {
		struct channel *ch = server->retired;

		server->retired = ch->next;
		channel_close(ch);
	}
	free(server);
}

void dns_servers_destroy(struct dns_servers *s)
{
	if (!s)
		return;
	s->closing = true;
	while (s->servers) {
		struct dns_server *server = s->servers;

		s->servers = server->next;
		server_destroy(server);
	}
	free(s);
}

static struct dns_server *server_find(struct dns_servers *s, const struct net_address *a)
{
	for (struct dns_server *server = s->servers; server; server = server->next)
		if (net_address_equal(&server->address, a))
			return server;
	return NULL;
}

static struct dns_server *server_get(struct dns_servers *s, const struct net_address *a)
{
	struct dns_server *server = server_find(s, a);

	if (server || s->count == SERVERS_MAX)
		return server;
	server = calloc(1, sizeof *server);
	if (!server)
		return NULL;
	server->owner = s;
	server->address = *a;
	send_window_init(&server->window);
	server->next = s->servers;
	s->servers = server;
	s->count++;
	return server;
}

void dns_servers_send(struct dns_servers *s, const struct net_address *to, struct dns_query *q)
{
	q->server = server_get(s, to);
	if (!q->server) {
		settle_failed(s, q);
		return;
	}
	q->state = DNS_QUERY_WAITING; /* until the next settle, which sends in order */
	list_push(&q->server->waiting, q);
}

void dns_servers_forget(struct dns_servers *s, struct dns_query *q)
{
	switch (q->state) {
	case DNS_QUERY_IDLE:
		break;
	case DNS_QUERY_WAITING:
		list_remove(&q->server->waiting, q);
		break;
	case DNS_QUERY_FLYING:
		q->flight->query = NULL;
		q->flight = NULL;
		break;
	case DNS_QUERY_SETTLED:
		list_remove(&s->settled, q);
		break;
	}
	q->state = DNS_QUERY_IDLE;
}

void dns_servers_lost(struct dns_servers *s, const struct net_address *to)
{
	struct dns_server *server = server_find(s, to);

	if (server)
		send_window_lost(&server->window);
}

void dns_servers_event(void *data, uint32_t events)
{
	struct channel_socket *slot = data;

	if (slot->fd < 0)
		return; /* closed by an earlier event of the same round */
	ares_process_fd(slot->channel->ares, events & (EPOLLIN | EPOLLERR | EPOLLHUP) ? slot->fd : ARES_SOCKET_BAD,
			events & EPOLLOUT ? slot->fd : ARES_SOCKET_BAD);
}

static void server_tick(struct dns_server *server, int64_t now_ms)
{
	struct channel **link = &server->retired;

	while (server->fresh_head && now_ms - server->fresh_head->sent_ms >= FRESH_MS)
		flight_no_longer_fresh(server, server->fresh_head);
	send_window_judge(&server->window, now_ms);
	for (size_t i = 0; i < TIMEOUTS_PER_RESOLVER; i++)
		for (size_t j = 0; j < CHANNELS_PER_RESOLVER; j++)
			if (server->sets[i].channels[j] && server->sets[i].channels[j]->in_flight > 0)
				ares_process_fd(server->sets[i].channels[j]->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	while (*link) {
		struct channel *ch = *link;

		if (ch->in_flight > 0)
			ares_process_fd(ch->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		if (ch->in_flight > 0) {
			link = &ch->next;
			continue;
		}
		*link = ch->next;
		channel_close(ch);
	}
}

static void reap_idle(struct dns_servers *s, int64_t now_ms)
{
	struct dns_server **link = &s->servers;

	while (*link) {
		struct dns_server *server = *link;

		if (server->total > 0 || server->waiting.head || now_ms - server->used_ms < SERVER_IDLE_MS) {
			link = &server->next;
			continue;
		}
		*link = server->next;
		s->count--;
		server_destroy(server);
	}
}

void dns_servers_tick(struct dns_servers *s, int64_t now_ms)
{
	for (struct dns_server *server = s->servers; server; server = server->next)
		server_tick(server, now_ms);
	if (now_ms - s->reaped_ms >= SERVER_IDLE_MS) {
		s->reaped_ms = now_ms;
		reap_idle(s, now_ms);
	}
}

void dns_servers_settle(struct dns_servers *s, int64_t now_ms)
{
	do {
		while (s->settled.head) {
			struct dns_query *q = s->settled.head;

			list_remove(&s->settled, q);
			q->state = DNS_QUERY_IDLE;
			q->done(q);
		}
		for (struct dns_server *server = s->servers; server; server = server->next)
			pump(server, now_ms);
	} while (s->settled.head);
}

bool dns_servers_busy(const struct dns_servers *s)
{
	return s->total > 0;
}
