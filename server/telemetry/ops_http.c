#include "telemetry/ops_http.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTION_MEMORY_BYTES 8192 /* request line and headers */

struct ops_http {
	struct MHD_Daemon *daemon;
	struct metrics *metrics;
	struct health *health;
};

static unsigned write_metrics(struct ops_http *ops, struct buffer *out)
{
	return metrics_write(ops->metrics, out) ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static unsigned write_live(struct ops_http *ops, struct buffer *out)
{
	(void)ops;
	buffer_text(out, "{\"status\":\"ok\"}");
	return MHD_HTTP_OK;
}

static unsigned write_ready(struct ops_http *ops, struct buffer *out)
{
	return health_write(ops->health, out) == HEALTH_UNAVAILABLE ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
}

static const struct page {
	const char *path, *type;
	unsigned (*write)(struct ops_http *ops, struct buffer *out);
} pages[] = {
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", write_metrics },
	{ "/livez", "application/json", write_live },
	{ "/readyz", "application/json", write_ready },
};

/* Takes the bytes of `body`. */
static enum MHD_Result reply(struct MHD_Connection *connection, unsigned code, const char *type, struct buffer *body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		buffer_done(body);
		return MHD_NO; /* closes the connection */
	}
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_bytes, void **seen)
{
	struct ops_http *ops = arg;
	unsigned code = MHD_HTTP_NOT_FOUND;
	struct buffer body;

	(void)version;
	(void)upload;
	/* Called once with the headers and again for a body, which is not read but discarded. */
	if (!*seen) {
		*seen = ops;
		return MHD_YES;
	}
	if (*upload_bytes) {
		*upload_bytes = 0;
		return MHD_YES;
	}
	buffer_init(&body, OPS_METRICS_BYTES_MAX);
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		if (strcmp(url, pages[i].path) != 0)
			continue;
		if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
			code = MHD_HTTP_METHOD_NOT_ALLOWED;
			break;
		}
		code = pages[i].write(ops, &body);
		return reply(connection, code, pages[i].type, &body);
	}
	buffer_printf(&body, "{\"status\":\"%s\"}", code == MHD_HTTP_NOT_FOUND ? "not_found" : "method_not_allowed");
	return reply(connection, code, "application/json", &body);
}

static struct status resolve(const char *address, struct addrinfo **out)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
					.ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(address, ':');
	char host[64];
	size_t n = colon ? (size_t)(colon - address) : 0;

	if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
		address++;
		n -= 2;
	}
	if (!colon || n == 0 || n >= sizeof host)
		return status_make(STATUS_INVALID_ARGUMENT, "ADDRESS_INVALID",
				   "OPS_ADDRESS must be host:port, not '%.60s'", address);
	memcpy(host, address, n);
	host[n] = '\0';
	if (getaddrinfo(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, colon + 1, &hints, out) != 0)
		return status_make(STATUS_INVALID_ARGUMENT, "ADDRESS_INVALID",
				   "OPS_ADDRESS needs a numeric host and port, not '%.60s'", address);
	return STATUS_OK_VALUE;
}

struct status ops_http_open(const char *address, struct metrics *metrics, struct health *health, struct ops_http **out)
{
	struct addrinfo *where = NULL;
	struct ops_http *ops;
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO;

	TRY(resolve(address, &where));
	ops = calloc(1, sizeof *ops);
	if (!ops) {
		freeaddrinfo(where);
		return status_out_of_memory();
	}
	ops->metrics = metrics;
	ops->health = health;
	if (where->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	ops->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, answer, ops, MHD_OPTION_SOCK_ADDR, where->ai_addr, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)OPS_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)OPS_IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_END);
	freeaddrinfo(where);
	if (!ops->daemon) {
		int error = errno;

		free(ops);
		return status_make(STATUS_UNAVAILABLE, "ADDRESS_IN_USE", "OPS_ADDRESS %.60s: %s", address,
				   strerror(error));
	}
	*out = ops;
	return STATUS_OK_VALUE;
}

void ops_http_close(struct ops_http *ops)
{
	if (!ops)
		return;
	MHD_stop_daemon(ops->daemon);
	free(ops);
}

uint16_t ops_http_port(const struct ops_http *ops)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(ops->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}
