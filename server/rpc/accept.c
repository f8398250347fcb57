/* The accept loop. It is ours because the core's own listener (1.51) stops for good when accept4 fails once for want
 * of descriptors, and because the core has no limit on connections.
 *
 * A connection is handed to the core by descriptor: in the clear with grpc_server_add_channel_from_fd, under TLS
 * through the core's acceptor for connections accepted elsewhere ("external:" address), because the public call takes
 * no credentials. From then on the core owns the descriptor. Whether it is still open is seen by its inode: the table
 * is swept when it is full and once a second. */
#include "base/clock.h"
#include "base/log.h"
#include "config/settings.h"
#include "rpc/internal.h"
#include "rpc/listen.h"
#include "work/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEEP_MS       1000
#define ACCEPTS_A_TURN 64
#define PEM_BYTES_MAX  (1 << 20)
#define EXTERNAL_NAME  "external:domainflow"
/* Descriptors left to everybody else: database, Redis, fetches, files. At least this many, and a quarter. */
#define SPARE_FDS_LEAST 32

struct connection {
	int fd;
	ino_t inode;
};

struct rpc_accept {
	struct rpc_listener listeners[RPC_LISTENERS_MAX];
	size_t listener_count;
	grpc_server *core;
	grpc_server_credentials *insecure, *tls; /* tls NULL: none */
	void *acceptor;                          /* the core's object for external connections; TLS only */
	bool is_running;
	int wake, spare; /* eventfd; a descriptor to give up when there are none left */
	pthread_t thread;
	pthread_mutex_t lock; /* connections, count */
	struct connection *connections;
	size_t count, limit;
	atomic_ullong refused;
	int64_t complained_ms;
};

/* --- TLS ------------------------------------------------------------------------------------------------------ */

static struct status read_pem(const char *path, struct buffer *out)
{
	FILE *file = fopen(path, "re");
	char chunk[4096];
	size_t n;

	buffer_init(out, PEM_BYTES_MAX);
	if (!file)
		return status_make(STATUS_FAILED_PRECONDITION, "TLS_FILE", "%s: %s", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
		buffer_append(out, chunk, n);
	fclose(file);
	if (out->failed || out->len == 0)
		return status_make(STATUS_FAILED_PRECONDITION, "TLS_FILE", "%s can't be used as a PEM file", path);
	return STATUS_OK_VALUE;
}

static struct status make_credentials(struct rpc_accept *accept, const struct settings *s)
{
	struct buffer cert, key, ca;
	struct status st;

	buffer_init(&key, 0);
	buffer_init(&ca, 0);
	st = read_pem(s->grpc_tls_cert, &cert);
	if (status_ok(st))
		st = read_pem(s->grpc_tls_key, &key);
	if (status_ok(st))
		st = read_pem(s->grpc_tls_client_ca, &ca);
	if (status_ok(st)) {
		grpc_ssl_pem_key_cert_pair pair = { .private_key = key.data, .cert_chain = cert.data };

		accept->tls = grpc_ssl_server_credentials_create_ex(
			ca.data, &pair, 1, GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, NULL);
		if (!accept->tls)
			st = status_make(STATUS_FAILED_PRECONDITION, "TLS_FILE", "the TLS files do not fit together");
	}
	if (key.data)
		explicit_bzero(key.data, key.len);
	buffer_done(&cert);
	buffer_done(&key);
	buffer_done(&ca);
	return st;
}

/* The core writes the address of its acceptor object to where this argument points. */
static void *external_copy(void *p)
{
	return p;
}

static void external_destroy(void *p)
{
	(void)p;
}

static int external_compare(void *a, void *b)
{
	return a < b ? -1 : a > b;
}

grpc_arg rpc_accept_arg(void **acceptor)
{
	static const grpc_arg_pointer_vtable calls = { external_copy, external_destroy, external_compare };

	return (grpc_arg){ .type = GRPC_ARG_POINTER,
			   .key = (char *)(uintptr_t)EXTERNAL_NAME,
			   .value.pointer = { .p = acceptor, .vtable = &calls } };
}

static struct status setup_tls(struct rpc_accept *accept, const struct settings *s, void **acceptor)
{
	int given = (*s->grpc_tls_cert != 0) + (*s->grpc_tls_key != 0) + (*s->grpc_tls_client_ca != 0);

	if (given == 0)
		return STATUS_OK_VALUE;
	if (given != 3)
		return status_make(STATUS_FAILED_PRECONDITION, "TLS_FILE",
				   "GRPC_TLS_CERT, GRPC_TLS_KEY and GRPC_TLS_CLIENT_CA belong together");
	TRY(make_credentials(accept, s));
	grpc_server_add_http2_port(accept->core, EXTERNAL_NAME, accept->tls);
	accept->acceptor = *acceptor;
	if (!accept->acceptor)
		return status_make(
			STATUS_FAILED_PRECONDITION, "TLS_FILE",
			"the TLS files do not fit together, or the gRPC core (%s) takes no connections from us",
			grpc_version_string());
	return STATUS_OK_VALUE;
}

/* TcpServerFdHandler::Handle(int listener_fd, int fd, grpc_byte_buffer *pending): a C++ object with a virtual
 * destructor (two entries in the Itanium ABI) and this one method. So since 1.20; a test with TLS guards it. */
static void hand_over_tls(struct rpc_accept *accept, int listener_fd, int fd)
{
	typedef void (*handle_fn)(void *self, int listener, int connection, grpc_byte_buffer *pending);
	union {
		void *object;
		handle_fn call;
	} method;
	void **table;

	memcpy(&table, accept->acceptor, sizeof table);
	method.object = table[2];
	method.call(accept->acceptor, listener_fd, fd, NULL);
}

/* --- the table of connections --------------------------------------------------------------------------------- */

/* Forgets what the core has closed. A number that somebody else has got since has another inode. The lock is held. */
static void sweep(struct rpc_accept *accept)
{
	size_t kept = 0;

	for (size_t i = 0; i < accept->count; i++) {
		struct stat now;

		if (fstat(accept->connections[i].fd, &now) == 0 && now.st_ino == accept->connections[i].inode)
			accept->connections[kept++] = accept->connections[i];
	}
	accept->count = kept;
}

static bool remember(struct rpc_accept *accept, int fd)
{
	struct stat now;
	bool has_room;

	if (fstat(fd, &now) != 0)
		return false;
	pthread_mutex_lock(&accept->lock);
	if (accept->count >= accept->limit)
		sweep(accept);
	has_room = accept->count < accept->limit;
	if (has_room)
		accept->connections[accept->count++] = (struct connection){ .fd = fd, .inode = now.st_ino };
	pthread_mutex_unlock(&accept->lock);
	return has_room;
}

/* --- the loop ------------------------------------------------------------------------------------------------- */

static void complain(struct rpc_accept *accept, const char *event, int error)
{
	int64_t now_ms = clock_monotonic_ms();

	atomic_fetch_add_explicit(&accept->refused, 1, memory_order_relaxed);
	if (accept->complained_ms && now_ms - accept->complained_ms < SWEEP_MS)
		return;
	accept->complained_ms = now_ms;
	LOG_WARN(event, LOG_INT("limit", accept->limit), LOG_INT("refused", atomic_load(&accept->refused)),
		 LOG_STR("error", error ? strerror(error) : ""));
}

/* Without a free descriptor the waiting connection would keep poll awake: the spare one is given up for a moment, the
 * connection taken and closed. */
static void refuse_with_spare(struct rpc_accept *accept, int listener_fd, int error)
{
	if (accept->spare >= 0) {
		close(accept->spare);
		int fd = accept4(listener_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			close(fd);
	}
	accept->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	complain(accept, "rpc_no_descriptors", error);
	if (accept->spare < 0)
		poll(NULL, 0, 10);
}

/* False when nothing waits any more. */
static bool accept_one(struct rpc_accept *accept, const struct rpc_listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			refuse_with_spare(accept, listener->fd, errno);
			return true;
		}
		return errno != EAGAIN;
	}
	if (!remember(accept, fd)) {
		close(fd);
		complain(accept, "rpc_connections_full", 0);
	} else if (accept->tls && !listener->path[0]) {
		hand_over_tls(accept, listener->fd, fd);
	} else {
		grpc_server_add_channel_from_fd(accept->core, fd, accept->insecure);
	}
	return true;
}

static void *accept_loop(void *arg)
{
	struct rpc_accept *accept = arg;
	struct pollfd polled[RPC_LISTENERS_MAX + 1];
	size_t n = accept->listener_count;

	for (size_t i = 0; i < n; i++)
		polled[i] = (struct pollfd){ .fd = accept->listeners[i].fd, .events = POLLIN };
	polled[n] = (struct pollfd){ .fd = accept->wake, .events = POLLIN };
	while (!polled[n].revents) {
		if (poll(polled, n + 1, -1) <= 0)
			continue;
		for (size_t i = 0; i < n; i++)
			for (int turn = 0; polled[i].revents && turn < ACCEPTS_A_TURN; turn++)
				if (!accept_one(accept, &accept->listeners[i]))
					break;
	}
	return NULL;
}

/* --- life ----------------------------------------------------------------------------------------------------- */

static size_t connection_limit(int64_t wanted)
{
	struct rlimit files;
	size_t spare, most;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
		return (size_t)wanted;
	spare = files.rlim_cur / 4 > SPARE_FDS_LEAST ? files.rlim_cur / 4 : SPARE_FDS_LEAST;
	most = files.rlim_cur > spare ? files.rlim_cur - spare : 1;
	if ((size_t)wanted <= most)
		return (size_t)wanted;
	LOG_WARN("rpc_connections_limited", LOG_INT("wanted", wanted), LOG_INT("limit", most),
		 LOG_INT("nofile", files.rlim_cur));
	return most;
}

struct status rpc_accept_open(const struct settings *settings, grpc_server *core, void **acceptor,
			      struct rpc_accept **out)
{
	struct rpc_accept *accept = calloc(1, sizeof *accept);
	struct status st;

	if (!accept)
		return status_out_of_memory();
	accept->core = core;
	accept->insecure = grpc_insecure_server_credentials_create();
	accept->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	accept->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pthread_mutex_init(&accept->lock, NULL);
	atomic_init(&accept->refused, 0);
	accept->limit = connection_limit(settings->grpc_connections_max);
	accept->connections = calloc(accept->limit, sizeof *accept->connections);
	if (!accept->connections || accept->wake < 0)
		st = status_out_of_memory();
	else
		st = setup_tls(accept, settings, acceptor);
	if (status_ok(st))
		st = rpc_listeners_open(settings->grpc_address, accept->tls != NULL, settings->grpc_reuse_port,
					accept->listeners, &accept->listener_count);
	if (!status_ok(st)) {
		rpc_accept_destroy(accept);
		return st;
	}
	*out = accept;
	return STATUS_OK_VALUE;
}

struct status rpc_accept_start(struct rpc_accept *accept)
{
	struct status st = thread_start("rpc-accept", accept_loop, accept, &accept->thread);

	accept->is_running = status_ok(st);
	return st;
}

void rpc_accept_stop(struct rpc_accept *accept)
{
	uint64_t one = 1;

	if (!accept)
		return;
	if (accept->is_running) {
		while (write(accept->wake, &one, sizeof one) < 0 && errno == EINTR)
			;
		pthread_join(accept->thread, NULL);
		accept->is_running = false;
	}
	rpc_listeners_close(accept->listeners, accept->listener_count);
	accept->listener_count = 0;
}

void rpc_accept_destroy(struct rpc_accept *accept)
{
	if (!accept)
		return;
	rpc_accept_stop(accept);
	grpc_server_credentials_release(accept->insecure);
	if (accept->tls)
		grpc_server_credentials_release(accept->tls);
	if (accept->wake >= 0)
		close(accept->wake);
	if (accept->spare >= 0)
		close(accept->spare);
	pthread_mutex_destroy(&accept->lock);
	free(accept->connections);
	free(accept);
}

int rpc_accept_port(const struct rpc_accept *accept)
{
	return accept ? accept->listeners[0].port : 0;
}

struct rpc_accept_counts rpc_accept_count(struct rpc_accept *accept)
{
	struct rpc_accept_counts counts = { 0 };

	if (!accept)
		return counts;
	pthread_mutex_lock(&accept->lock);
	sweep(accept);
	counts.open = accept->count;
	pthread_mutex_unlock(&accept->lock);
	counts.refused = atomic_load(&accept->refused);
	return counts;
}
