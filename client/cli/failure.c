/* failure.c: what a failure says on standard error, and the exit code it ends the program with. */
#include "cli.h"
#include "terminal.h"

#include "base/buffer.h"

#include <string.h>

enum exit_code exit_code_of(struct status st, bool is_interrupted)
{
	switch (st.code) {
	case STATUS_OK:
		return EXIT_OK;
	case STATUS_INVALID_ARGUMENT:
	case STATUS_OUT_OF_RANGE:
		return EXIT_USAGE;
	case STATUS_NOT_FOUND:
		return EXIT_UNKNOWN;
	case STATUS_FAILED_PRECONDITION:
	case STATUS_ALREADY_EXISTS:
	case STATUS_ABORTED:
		return EXIT_REFUSED;
	case STATUS_DEADLINE_EXCEEDED:
		return st.reason && strcmp(st.reason, "WAIT_TIMEOUT") == 0 ? EXIT_TIMEOUT : EXIT_NO_SERVER;
	case STATUS_UNAVAILABLE:
		return EXIT_NO_SERVER;
	case STATUS_CANCELLED:
		return is_interrupted ? EXIT_INTERRUPTED : EXIT_FAILED;
	case STATUS_RESOURCE_EXHAUSTED:
		return st.reason && strcmp(st.reason, "REQUEST_TOO_LARGE") == 0 ? EXIT_USAGE : EXIT_FAILED;
	case STATUS_UNKNOWN:
	case STATUS_PERMISSION_DENIED:
	case STATUS_UNIMPLEMENTED:
	case STATUS_INTERNAL:
	case STATUS_DATA_LOSS:
	case STATUS_UNAUTHENTICATED:
		break;
	}
	return EXIT_FAILED;
}

/* gRPC's words for what keeps it from a server, and what to do about it. */
static const struct {
	const char *part, *advice;
} reaches[] = {
	{ "Connection refused", "Connection refused; nothing listens there" },
	{ "No such file or directory", "there is no such socket" },
	{ "Permission denied", "Permission denied" },
	{ "Domain name not found", "there is no such host" },
	{ "DNS resolution failed", "the host could not be looked up" },
	{ "http1.x server", "that is a web server's port; gRPC has one of its own" },
	{ "wrong version number", "the server speaks no TLS there, leave --tls-ca out" },
	{ "certificate verify failed", "its certificate is not from an authority in --tls-ca" },
	{ "is not in peer certificate", "its certificate is for another name, --tls-server-name says which" },
	{ "Ssl handshake failed", "the TLS handshake failed; it may want a certificate, --tls-cert" },
	{ "Socket closed", "it hung up; it may want TLS, --tls-ca with --tls-cert and --tls-key" },
};

struct status failure_explain(struct status st, const char *server)
{
	if (st.code != STATUS_UNAVAILABLE || !server ||
	    (!strstr(st.detail, "failed to connect to all addresses") && !strstr(st.detail, "DNS resolution failed")))
		return st;
	for (size_t i = 0; i < ARRAY_LEN(reaches); i++)
		if (strstr(st.detail, reaches[i].part))
			return status_make(STATUS_UNAVAILABLE, "UNAVAILABLE", "no way to the server at %s: %s", server,
					   reaches[i].advice);
	return st;
}

/* "  name: value", both made harmless. */
static void detail(struct buffer *b, const char *name, const char *value)
{
	buffer_text(b, "  ");
	terminal_text(b, name);
	buffer_text(b, ": ");
	terminal_text(b, value);
	buffer_char(b, '\n');
}

/* A request id helps whoever reads the server's log; it says nothing about a mistake of the caller's. */
static bool is_servers_fault(struct status st)
{
	static const char *const ours[] = { "OUTPUT", "CHECK_FAILED", "TEST_FAILED" };
	enum status_code code = st.code;

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (st.reason && strcmp(st.reason, ours[i]) == 0)
			return false;
	return code == STATUS_INTERNAL || code == STATUS_UNKNOWN || code == STATUS_DATA_LOSS ||
	       code == STATUS_UNIMPLEMENTED;
}

void failure_print(FILE *err, struct status st, const struct df_call_report *report)
{
	AUTO(buffer) struct buffer b = { 0 };

	buffer_text(&b, "dfctl: ");
	terminal_text(&b, *st.detail ? st.detail : status_code_name(st.code));
	if (st.reason && strcmp(st.reason, "USAGE") != 0) {
		buffer_text(&b, " (");
		terminal_text(&b, st.reason);
		buffer_text(&b, ")");
	}
	buffer_char(&b, '\n');
	if (st.extra) {
		for (const struct status_field *f = st.extra->fields; f; f = f->next)
			detail(&b, *f->field ? f->field : "request", f->message);
		for (const struct status_meta *m = st.extra->metas; m; m = m->next)
			detail(&b, m->key, m->value);
	}
	if (report && *report->request_id && is_servers_fault(st))
		detail(&b, "request id", report->request_id);
	fwrite(b.data, 1, b.len, err);
}
