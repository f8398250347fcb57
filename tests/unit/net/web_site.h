/* A web server on 127.0.0.2, one thread a connection, that does what the first label of the host asks for; and the
 * certificates it needs. TLS when a context is given. Only for tests. */
#ifndef TESTS_WEB_SITE_H
#define TESTS_WEB_SITE_H

#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#define WEB_SITE_IP "127.0.0.2"

struct web_site {
	int fd;
	uint16_t port;
	SSL_CTX *tls; /* NULL: plain */
	pthread_t thread;
	atomic_bool stop;
	atomic_uint open, connections, requests;
	pthread_mutex_t lock;
	char last_request[8192];
	unsigned flaky; /* requests to the flaky host so far */
};

struct web_visit {
	struct web_site *site;
	int fd;
	SSL *ssl;
	char request[8192], path[1024], host[300], label[64];
};

static bool web_write(struct web_visit *v, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = v->ssl ? SSL_write(v->ssl, p, (int)n) : send(v->fd, p, n, MSG_NOSIGNAL);

		if (done <= 0 || atomic_load(&v->site->stop))
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static bool web_text(struct web_visit *v, const char *text)
{
	return web_write(v, text, strlen(text));
}

static bool web_answer(struct web_visit *v, unsigned status, const char *more, const char *type, const char *body)
{
	char head[2048];

	snprintf(head, sizeof head, "HTTP/1.1 %u X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n", status, type,
		 strlen(body), more);
	return web_text(v, head) && web_text(v, body);
}

/* Holds the connection until the client leaves. */
static void web_hold(struct web_visit *v)
{
	char c;

	while (!atomic_load(&v->site->stop)) {
		struct pollfd p = { .fd = v->fd, .events = POLLIN };

		if (poll(&p, 1, 50) > 0 && recv(v->fd, &c, 1, MSG_DONTWAIT) <= 0)
			return;
	}
}

static bool web_endless(struct web_visit *v, const char *head, const char *piece)
{
	if (!web_text(v, head))
		return false;
	while (web_text(v, piece))
		continue;
	return false;
}

/* 64 MiB of spaces in a few KiB. */
static bool web_bomb(struct web_visit *v)
{
	static unsigned char out[1 << 20];
	static char in[1 << 16];
	char head[256];
	z_stream z = { 0 };
	size_t n;

	memset(in, ' ', sizeof in);
	deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
	z.next_out = out;
	z.avail_out = sizeof out;
	for (unsigned i = 0; i < 1024; i++) {
		z.next_in = (unsigned char *)in;
		z.avail_in = sizeof in;
		deflate(&z, i == 1023 ? Z_FINISH : Z_NO_FLUSH);
	}
	n = sizeof out - z.avail_out;
	deflateEnd(&z);
	snprintf(head, sizeof head,
		 "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
		 n);
	return web_text(v, head) && web_write(v, out, n);
}

static bool web_robots(struct web_visit *v)
{
	if (strcmp(v->label, "shut") == 0)
		return web_answer(v, 200, "", "text/plain", "User-agent: *\nDisallow: /\n");
	if (strcmp(v->label, "partly") == 0)
		return web_answer(v, 200, "", "text/plain", "User-agent: testbot\nDisallow: /private\n");
	if (strcmp(v->label, "robots500") == 0)
		return web_answer(v, 500, "", "text/plain", "no");
	if (strcmp(v->label, "robotsaway") == 0)
		return web_answer(v, 301, "Location: http://shut.example.test/robots.txt\r\n", "text/plain", "");
	return web_answer(v, 404, "", "text/html", "<p>no such page</p>");
}

/* False closes the connection. */
static bool web_serve(struct web_visit *v)
{
	const char *label = v->label;
	unsigned n;

	if (strcmp(v->path, "/robots.txt") == 0)
		return web_robots(v);
	if (sscanf(label, "status%u", &n) == 1)
		return web_answer(v, n, n == 429 ? "Retry-After: 60\r\n" : "", "text/html", "<p>status</p>");
	if (strcmp(label, "jpeg") == 0)
		return web_answer(v, 200, "", "image/jpeg", "xxxx");
	if (strcmp(label, "latin") == 0)
		return web_answer(v, 200, "", "text/html; charset=\"ISO-8859-1\"", "<p>hello</p>");
	if (sscanf(label, "hops%u", &n) == 1) {
		char to[128];

		snprintf(to, sizeof to, "Location: http://%s%u.example.test/\r\n", n > 1 ? "hops" : "status20", n - 1);
		return web_answer(v, 302, to, "text/html", "moved");
	}
	if (strcmp(label, "relative") == 0 && strcmp(v->path, "/") == 0)
		return web_answer(v, 302, "Location: sub/../other?x=1#frag\r\n", "text/html", "moved");
	if (strcmp(label, "longaway") == 0 && strcmp(v->path, "/") == 0)
		return web_endless(v, "HTTP/1.1 302 Found\r\nLocation: /here\r\nContent-Type: text/html\r\n\r\n",
				   "<p>moved, and much to say about it</p>\n");
	if ((strcmp(label, "brokenaway") == 0 || strcmp(label, "stuckaway") == 0) && strcmp(v->path, "/") == 0) {
		web_text(v, "HTTP/1.1 302 Found\r\nLocation: /here\r\nContent-Length: 1000\r\n\r\n<p>moved");
		if (*label == 's')
			web_hold(v);
		return false;
	}
	if (strcmp(label, "nowhere") == 0)
		return web_answer(v, 302, "Location: http://unknown.example.test/\r\n", "text/html", "moved");
	if (strncmp(label, "goto-", 5) == 0) {
		char to[128], where[64];

		for (n = 0; label[5 + n] && n < sizeof where - 1; n++)
			where[n] = label[5 + n];
		where[n] = '\0';
		snprintf(to, sizeof to, "Location: %s\r\n", v->path + 1);
		return web_answer(v, 302, to, "text/html", "moved");
	}
	if (strcmp(label, "flaky") == 0) {
		pthread_mutex_lock(&v->site->lock);
		n = v->site->flaky++;
		pthread_mutex_unlock(&v->site->lock);
		if (n % 2 == 0)
			return web_answer(v, 503, "", "text/html", "later");
	}
	if (strcmp(label, "halfway") == 0) {
		web_text(v, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<p>half");
		return false;
	}
	if (strcmp(label, "empty") == 0)
		return false;
	if (strcmp(label, "reset") == 0) {
		struct linger now = { .l_onoff = 1 };

		setsockopt(v->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		return false;
	}
	if (strcmp(label, "silent") == 0) {
		web_hold(v);
		return false;
	}
	if (strcmp(label, "headers") == 0)
		return web_endless(v, "HTTP/1.1 200 OK\r\n",
				   "X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
	if (strcmp(label, "trailers") == 0)
		return web_endless(v,
				   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: "
				   "chunked\r\n\r\n1\r\nx\r\n0\r\n",
				   "X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
	if (strcmp(label, "extension") == 0)
		return web_endless(v,
				   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n1;",
				   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	if (strcmp(label, "endless") == 0)
		return web_endless(v, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
				   "<p>more and more and more</p>\n");
	if (strcmp(label, "bomb") == 0)
		return web_bomb(v);
	if (strcmp(label, "cookie") == 0)
		return web_answer(v, 200, "Set-Cookie: seen=yes\r\n", "text/html", "<p>hello</p>");
	if (strcmp(label, "garbage") == 0) {
		web_text(v, "this is not HTTP at all\r\n\r\n");
		return false;
	}
	return web_answer(v, 200, "", "text/html", "<p>hello</p>");
}

static bool web_read_request(struct web_visit *v)
{
	size_t n = 0;
	char *host;

	for (;;) {
		struct pollfd p = { .fd = v->fd, .events = POLLIN };
		ssize_t got;

		if (atomic_load(&v->site->stop) || n >= sizeof v->request - 1)
			return false;
		if ((!v->ssl || SSL_pending(v->ssl) == 0) && poll(&p, 1, 50) <= 0)
			continue;
		got = v->ssl ? SSL_read(v->ssl, v->request + n, (int)(sizeof v->request - 1 - n))
			     : recv(v->fd, v->request + n, sizeof v->request - 1 - n, 0);
		if (got <= 0)
			return false;
		n += (size_t)got;
		v->request[n] = '\0';
		if (v->request[0] == 0x16) { /* somebody speaks TLS to a plain server */
			web_text(v, "HTTP/1.1 400 Bad Request\r\n\r\n");
			return false;
		}
		if (strstr(v->request, "\r\n\r\n"))
			break;
	}
	if (sscanf(v->request, "GET %1023s HTTP/1.1", v->path) != 1)
		return false;
	host = strcasestr(v->request, "\r\nhost: ");
	if (!host || sscanf(host, "\r\n%*[Hh]ost: %299s", v->host) != 1)
		return false;
	v->label[0] = '\0';
	sscanf(v->host, "%63[^.:]", v->label);
	pthread_mutex_lock(&v->site->lock);
	memcpy(v->site->last_request, v->request, sizeof v->request);
	pthread_mutex_unlock(&v->site->lock);
	atomic_fetch_add(&v->site->requests, 1);
	return true;
}

static void *web_visit_body(void *arg)
{
	struct web_visit *v = arg;
	struct web_site *site = v->site;

	if (site->tls) {
		v->ssl = SSL_new(site->tls);
		SSL_set_fd(v->ssl, v->fd);
	}
	if (!v->ssl || SSL_accept(v->ssl) == 1)
		while (web_read_request(v) && web_serve(v))
			continue;
	if (v->ssl)
		SSL_free(v->ssl);
	close(v->fd);
	free(v);
	atomic_fetch_sub(&site->open, 1);
	return NULL;
}

static void *web_site_body(void *arg)
{
	struct web_site *site = arg;

	while (!atomic_load(&site->stop)) {
		struct pollfd p = { .fd = site->fd, .events = POLLIN };
		struct web_visit *v;
		pthread_attr_t attr;
		pthread_t thread;
		int fd;

		if (poll(&p, 1, 50) <= 0 || (fd = accept4(site->fd, NULL, NULL, SOCK_CLOEXEC)) < 0)
			continue;
		v = calloc(1, sizeof *v);
		v->site = site;
		v->fd = fd;
		atomic_fetch_add(&site->open, 1);
		atomic_fetch_add(&site->connections, 1);
		pthread_attr_init(&attr);
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		pthread_create(&thread, &attr, web_visit_body, v);
		pthread_attr_destroy(&attr);
	}
	return NULL;
}

static bool web_site_open(struct web_site *site, SSL_CTX *tls)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t n = sizeof in;

	memset(site, 0, sizeof *site);
	pthread_mutex_init(&site->lock, NULL);
	site->tls = tls;
	inet_pton(AF_INET, WEB_SITE_IP, &in.sin_addr);
	site->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (site->fd < 0 || bind(site->fd, (struct sockaddr *)&in, sizeof in) != 0 || listen(site->fd, 512) != 0 ||
	    getsockname(site->fd, (struct sockaddr *)&in, &n) != 0)
		return false;
	site->port = ntohs(in.sin_port);
	return pthread_create(&site->thread, NULL, web_site_body, site) == 0;
}

static void web_site_close(struct web_site *site)
{
	atomic_store(&site->stop, true);
	pthread_join(site->thread, NULL);
	while (atomic_load(&site->open) > 0)
		usleep(1000);
	close(site->fd);
	pthread_mutex_destroy(&site->lock);
}

/* --- certificates -------------------------------------------------------------------------------------------- */

static X509 *web_certificate(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key, long from_s,
			     long to_s)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	char san[128];

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), issuer ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), to_s);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer ? issuer : cert, cert, NULL, NULL, 0);
	snprintf(san, sizeof san, issuer ? "DNS:%s" : "critical,CA:TRUE", name);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, issuer ? NID_subject_alt_name : NID_basic_constraints, san);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	X509_sign(cert, issuer_key ? issuer_key : key, EVP_sha256());
	return cert;
}

struct web_authority {
	EVP_PKEY *key;
	X509 *cert;
	char file[64]; /* PEM of cert */
};

__attribute__((unused)) static bool web_authority_make(struct web_authority *a)
{
	FILE *file;
	int fd;

	a->key = EVP_EC_gen("P-256");
	a->cert = web_certificate(a->key, "test authority", NULL, NULL, -3600, 3600);
	snprintf(a->file, sizeof a->file, "/tmp/web_authority.XXXXXX");
	fd = mkstemp(a->file);
	if (fd < 0 || !(file = fdopen(fd, "w")))
		return false;
	PEM_write_X509(file, a->cert);
	fclose(file);
	return true;
}

__attribute__((unused)) static void web_authority_drop(struct web_authority *a)
{
	unlink(a->file);
	X509_free(a->cert);
	EVP_PKEY_free(a->key);
}

__attribute__((unused)) static SSL_CTX *web_tls(struct web_authority *a, bool expired)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = web_certificate(key, "*.example.test", a->cert, a->key, -7200, expired ? -3600 : 3600);
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	SSL_CTX_use_certificate(tls, cert);
	SSL_CTX_use_PrivateKey(tls, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	return tls;
}

#endif
