#include "rpc/listen.h"

#include "base/arena.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

struct opening {
	struct rpc_listener *listeners;
	size_t count;
	bool has_tls, reuse_port;
};

static struct status listen_failed(const char *address, const char *what)
{
	if (errno == EADDRINUSE)
		return status_make(STATUS_UNAVAILABLE, "LISTEN_FAILED", "GRPC_ADDRESS %s is taken by another program",
				   address);
	return status_make(STATUS_UNAVAILABLE, "LISTEN_FAILED", "GRPC_ADDRESS %s: %s: %s", address, what,
			   strerror(errno));
}

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)address;

		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	}
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static int bound_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = { .v6 = { 0 } };
	socklen_t bytes = sizeof address;

	if (getsockname(fd, &address.any, &bytes) != 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

/* Options that accepted sockets inherit are set here, once. */
static int open_socket(const struct addrinfo *info, bool reuse_port)
{
	int on = 1, fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (reuse_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static struct status open_tcp(struct opening *o, const char *address)
{
	const char *colon = strrchr(address, ':');
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found;
	char host[256];
	size_t opened = 0, n = colon ? (size_t)(colon - address) : 0;

	if (!colon || n >= sizeof host)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_ADDRESS",
				   "GRPC_ADDRESS %s is not host:port or unix:/path", address);
	memcpy(host, address, n);
	host[n] = '\0';
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		memmove(host, host + 1, n - 1);
	}
	int error = getaddrinfo(n ? host : NULL, colon + 1, &hints, &found);
	if (error)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_ADDRESS", "GRPC_ADDRESS %s: %s", address,
				   gai_strerror(error));
	struct status st = listen_failed(address, "bind");
	for (const struct addrinfo *info = found; info && o->count < RPC_LISTENERS_MAX; info = info->ai_next) {
		if (!o->has_tls && !is_loopback(info->ai_addr)) {
			st = status_make(STATUS_FAILED_PRECONDITION, "TLS_REQUIRED",
					 "GRPC_ADDRESS %s is not loopback: set GRPC_TLS_CERT, GRPC_TLS_KEY and "
					 "GRPC_TLS_CLIENT_CA",
					 address);
			opened = 0;
			break;
		}
		int fd = open_socket(info, o->reuse_port);
		if (fd < 0) {
			st = listen_failed(address, "bind");
			continue;
		}
		o->listeners[o->count++] = (struct rpc_listener){ .fd = fd, .port = bound_port(fd) };
		opened++;
	}
	freeaddrinfo(found);
	return opened ? STATUS_OK_VALUE : st;
}

/* A socket file whose server died is in the way; one that answers belongs to somebody. */
static void remove_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static struct status open_unix(struct opening *o, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct rpc_listener *listener = &o->listeners[o->count];

	if (path[0] != '/' || strlen(path) >= sizeof address.sun_path)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_ADDRESS",
				   "GRPC_ADDRESS unix:%s: the path must be absolute and short", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	remove_stale(&address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return listen_failed(path, "socket");
	/* Owner and group may connect: the gateway shares the group. */
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0660) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		struct status st = listen_failed(path, "bind");

		close(fd);
		return st;
	}
	*listener = (struct rpc_listener){ .fd = fd };
	memcpy(listener->path, path, strlen(path) + 1);
	o->count++;
	return STATUS_OK_VALUE;
}

static struct status open_one(struct opening *o, const char *address)
{
	if (o->count == RPC_LISTENERS_MAX)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_ADDRESS", "GRPC_ADDRESS has more than %d addresses",
				   RPC_LISTENERS_MAX);
	if (strncmp(address, "unix:", 5) == 0)
		return open_unix(o, address + 5);
	return open_tcp(o, address);
}

struct status rpc_listeners_open(const char *addresses, bool has_tls, bool reuse_port,
				 struct rpc_listener out[RPC_LISTENERS_MAX], size_t *out_count)
{
	struct opening o = { .listeners = out, .has_tls = has_tls, .reuse_port = reuse_port };
	struct status st = STATUS_OK_VALUE;
	char *list = strdup(addresses), *rest = NULL;

	if (!list)
		return status_out_of_memory();
	for (char *item = strtok_r(list, ", ", &rest); item && status_ok(st); item = strtok_r(NULL, ", ", &rest))
		st = open_one(&o, item);
	free(list);
	if (status_ok(st) && o.count == 0)
		st = status_make(STATUS_INVALID_ARGUMENT, "BAD_ADDRESS", "GRPC_ADDRESS is empty");
	if (!status_ok(st)) {
		rpc_listeners_close(out, o.count);
		return st;
	}
	*out_count = o.count;
	return STATUS_OK_VALUE;
}

void rpc_listeners_close(struct rpc_listener *listeners, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (listeners[i].path[0])
			unlink(listeners[i].path);
		close(listeners[i].fd);
	}
}
