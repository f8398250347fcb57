#include "certs.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <cmocka.h>

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *make(const char *name, EVP_PKEY *key, long serial)
{
	X509 *certificate = X509_new();

	assert_non_null(certificate);
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)name,
				   -1, -1, 0);
	return certificate;
}

static void to_pem(char out[PEM_BYTES], X509 *certificate, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	assert_non_null(bio);
	if (certificate)
		assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	if (key)
		assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_read(bio, out, PEM_BYTES - 1);
	assert_true(n > 0);
	out[n] = '\0';
	BIO_free(bio);
}

void authority_init(struct authority *authority, const char *name)
{
	authority->key = EVP_EC_gen("P-256");
	assert_non_null(authority->key);
	authority->certificate = make(name, authority->key, 1);
	X509_set_issuer_name(authority->certificate, X509_get_subject_name(authority->certificate));
	add_extension(authority->certificate, authority->certificate, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(authority->certificate, authority->key, EVP_sha256()) > 0);
}

void authority_done(struct authority *authority)
{
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
}

void authority_pem(const struct authority *authority, char out[PEM_BYTES])
{
	to_pem(out, authority->certificate, NULL);
}

void authority_issue(const struct authority *authority, const char *name, char key[PEM_BYTES],
		     char certificate[PEM_BYTES])
{
	static long serial = 2;
	EVP_PKEY *own_key = EVP_EC_gen("P-256");
	X509 *leaf;

	assert_non_null(own_key);
	leaf = make(name, own_key, serial++);
	X509_set_issuer_name(leaf, X509_get_subject_name(authority->certificate));
	add_extension(leaf, authority->certificate, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
	assert_true(X509_sign(leaf, authority->key, EVP_sha256()) > 0);
	to_pem(certificate, leaf, NULL);
	to_pem(key, NULL, own_key);
	X509_free(leaf);
	EVP_PKEY_free(own_key);
}
