/* tests/rpc/certs.h: throwaway certificates, made in memory. */
#ifndef TESTS_RPC_CERTS_H
#define TESTS_RPC_CERTS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

struct authority {
	EVP_PKEY *key;
	X509 *certificate;
};

#define PEM_BYTES 4096

/* A new authority of that name. */
void authority_init(struct authority *authority, const char *name);
void authority_done(struct authority *authority);
void authority_pem(const struct authority *authority, char out[PEM_BYTES]);
/* A key and a certificate for 127.0.0.1, good as server and as client. */
void authority_issue(const struct authority *authority, const char *name, char key[PEM_BYTES],
		     char certificate[PEM_BYTES]);

#endif
