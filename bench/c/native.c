/*
 * native: libxml2, xmlsec1 and OpenSSL at the work of the bench module, in one
 * process that lives as long as the run.
 *
 * usage: native DIR, where DIR holds answer.xml, template.xml (an assertion
 * whose signature is still empty), token.bin, signedinfo.bin, signature.bin,
 * key.pem and cert.pem; with the prefix ec- those of P-256.
 *
 * It reads lines "NAME MICROSECONDS" and answers each with "WALL CPU COUNT",
 * nanoseconds in all and how often the work was done, or "error WHAT". The
 * name c14n-out writes the canonical form to DIR/canonical.xml instead.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

struct octets {
	unsigned char *data;
	size_t size;
};

static const char *dir;

static char *path(const char *prefix, const char *name) {
	static char buf[4096];
	snprintf(buf, sizeof buf, "%s/%s%s", dir, prefix, name);
	return buf;
}

static struct octets load(const char *prefix, const char *name) {
	struct octets o = {0};
	FILE *f = fopen(path(prefix, name), "rb");
	if (f == NULL) {
		perror(name);
		exit(1);
	}
	fseek(f, 0, SEEK_END);
	o.size = (size_t)ftell(f);
	rewind(f);
	o.data = malloc(o.size + 1);
	if (fread(o.data, 1, o.size, f) != o.size) {
		perror(name);
		exit(1);
	}
	o.data[o.size] = 0;
	fclose(f);
	return o;
}

/* One signer: RSA-2048 or P-256. */
struct signer {
	struct octets answer, template, token, signedinfo, signature, der;
	EVP_PKEY *priv, *pub;
	xmlSecKeyPtr sign_key, verify_key;
};

static struct signer rsa, ec;
static xmlDocPtr answer_doc;

static void load_signer(struct signer *s, const char *prefix) {
	s->answer = load(prefix, "answer.xml");
	s->template = load(prefix, "template.xml");
	s->token = load(prefix, "token.bin");
	s->signedinfo = load(prefix, "signedinfo.bin");
	s->signature = load(prefix, "signature.bin");
	struct octets key = load(prefix, "key.pem"), cert = load(prefix, "cert.pem");

	BIO *b = BIO_new_mem_buf(key.data, (int)key.size);
	s->priv = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
	BIO_free(b);
	b = BIO_new_mem_buf(cert.data, (int)cert.size);
	X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);
	BIO_free(b);
	s->pub = X509_get_pubkey(x);
	X509_free(x);
	s->sign_key = xmlSecCryptoAppKeyLoadMemory(key.data, (xmlSecSize)key.size, xmlSecKeyDataFormatPem, NULL, NULL, NULL);
	if (s->sign_key != NULL)
		xmlSecCryptoAppKeyCertLoadMemory(s->sign_key, cert.data, (xmlSecSize)cert.size, xmlSecKeyDataFormatPem);
	s->verify_key = xmlSecCryptoAppKeyLoadMemory(cert.data, (xmlSecSize)cert.size, xmlSecKeyDataFormatCertPem, NULL, NULL, NULL);
	if (s->priv == NULL || s->pub == NULL || s->sign_key == NULL || s->verify_key == NULL) {
		fprintf(stderr, "native: keys of %s do not load\n", prefix);
		exit(1);
	}
}

static const int parse_options = XML_PARSE_NONET;

static xmlDocPtr parse(struct octets o) {
	return xmlReadMemory((const char *)o.data, (int)o.size, "in", NULL, parse_options);
}

static int do_parse(void) {
	xmlDocPtr doc = parse(rsa.answer);
	xmlFreeDoc(doc);
	return doc != NULL;
}

static int canonical(xmlDocPtr doc, const char *out) {
	xmlChar *c = NULL;
	int n = xmlC14NDocDumpMemory(doc, NULL, XML_C14N_EXCLUSIVE_1_0, NULL, 0, &c);
	if (n > 0 && out != NULL) {
		FILE *f = fopen(out, "wb");
		if (f == NULL || fwrite(c, 1, (size_t)n, f) != (size_t)n)
			n = -1;
		if (f != NULL)
			fclose(f);
	}
	xmlFree(c);
	return n > 0;
}

static int do_c14n(void) { return canonical(answer_doc, NULL); }

static int do_both(void) {
	xmlDocPtr doc = parse(rsa.answer);
	int ok = doc != NULL && canonical(doc, NULL);
	xmlFreeDoc(doc);
	return ok;
}

static const xmlChar *ids[] = {BAD_CAST "ID", NULL};

static int verify(struct signer *s) {
	int ok = 0;
	xmlDocPtr doc = parse(s->answer);
	if (doc == NULL)
		return 0;
	xmlSecAddIDs(doc, xmlDocGetRootElement(doc), ids);
	xmlNodePtr node = xmlSecFindNode(xmlDocGetRootElement(doc), xmlSecNodeSignature, xmlSecDSigNs);
	xmlSecDSigCtxPtr ctx = xmlSecDSigCtxCreate(NULL);
	if (node != NULL && ctx != NULL) {
		ctx->signKey = xmlSecKeyDuplicate(s->verify_key);
		ok = xmlSecDSigCtxVerify(ctx, node) >= 0 && ctx->status == xmlSecDSigStatusSucceeded;
	}
	if (ctx != NULL)
		xmlSecDSigCtxDestroy(ctx);
	xmlFreeDoc(doc);
	return ok;
}

static int do_verify(void) { return verify(&rsa); }
static int do_verify_ec(void) { return verify(&ec); }

static int sign(struct signer *s) {
	int ok = 0;
	xmlDocPtr doc = parse(s->template);
	if (doc == NULL)
		return 0;
	xmlSecAddIDs(doc, xmlDocGetRootElement(doc), ids);
	xmlNodePtr node = xmlSecFindNode(xmlDocGetRootElement(doc), xmlSecNodeSignature, xmlSecDSigNs);
	xmlSecDSigCtxPtr ctx = xmlSecDSigCtxCreate(NULL);
	if (node != NULL && ctx != NULL) {
		ctx->signKey = xmlSecKeyDuplicate(s->sign_key);
		ok = xmlSecDSigCtxSign(ctx, node) >= 0;
	}
	if (ok) {
		xmlChar *out = NULL;
		int n = 0;
		xmlDocDumpMemory(doc, &out, &n);
		ok = n > 0;
		xmlFree(out);
	}
	if (ctx != NULL)
		xmlSecDSigCtxDestroy(ctx);
	xmlFreeDoc(doc);
	return ok;
}

static int do_sign(void) { return sign(&rsa); }
static int do_sign_ec(void) { return sign(&ec); }

/* The floors: hashes of token and SignedInfo, and one signature operation. */
static void hashes(struct signer *s, unsigned char sum[32]) {
	SHA256(s->token.data, s->token.size, sum);
	SHA256(s->signedinfo.data, s->signedinfo.size, sum);
}

static int floor_verify(struct signer *s) {
	unsigned char sum[32];
	hashes(s, sum);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(s->pub, NULL);
	int ok = EVP_PKEY_verify_init(c) > 0;
	if (EVP_PKEY_base_id(s->pub) == EVP_PKEY_RSA)
		ok = ok && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) > 0;
	ok = ok && EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) > 0;
	ok = ok && EVP_PKEY_verify(c, s->signature.data, s->signature.size, sum, sizeof sum) == 1;
	EVP_PKEY_CTX_free(c);
	return ok;
}

static int floor_sign(struct signer *s) {
	unsigned char sum[32], out[512];
	size_t n = sizeof out;
	hashes(s, sum);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(s->priv, NULL);
	int ok = EVP_PKEY_sign_init(c) > 0;
	if (EVP_PKEY_base_id(s->priv) == EVP_PKEY_RSA)
		ok = ok && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) > 0;
	ok = ok && EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) > 0;
	ok = ok && EVP_PKEY_sign(c, out, &n, sum, sizeof sum) > 0;
	EVP_PKEY_CTX_free(c);
	return ok;
}

static int do_floor_verify(void) { return floor_verify(&rsa); }
static int do_floor_verify_ec(void) { return floor_verify(&ec); }
static int do_floor_sign(void) { return floor_sign(&rsa); }
static int do_floor_sign_ec(void) { return floor_sign(&ec); }

static int do_c14n_out(void) { return canonical(answer_doc, path("", "canonical.xml")); }

static const struct {
	const char *name;
	int (*work)(void);
} works[] = {
	{"parse", do_parse},
	{"c14n", do_c14n},
	{"both", do_both},
	{"verify", do_verify},
	{"verify-ec", do_verify_ec},
	{"sign", do_sign},
	{"sign-ec", do_sign_ec},
	{"floor-verify", do_floor_verify},
	{"floor-verify-ec", do_floor_verify_ec},
	{"floor-sign", do_floor_sign},
	{"floor-sign-ec", do_floor_sign_ec},
	{"c14n-out", do_c14n_out},
};

static int64_t now(clockid_t id) {
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void answer(const char *name, int64_t limit) {
	for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
		if (strcmp(works[i].name, name) != 0)
			continue;
		int64_t wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID), n = 0;
		do {
			if (!works[i].work()) {
				printf("error %s\n", name);
				return;
			}
			n++;
		} while (now(CLOCK_MONOTONIC) - wall < limit);
		printf("%lld %lld %lld\n", (long long)(now(CLOCK_MONOTONIC) - wall),
		       (long long)(now(CLOCK_PROCESS_CPUTIME_ID) - cpu), (long long)n);
		return;
	}
	printf("error no work of that name: %s\n", name);
}

int main(int argc, char **argv) {
	if (argc != 2) {
		fprintf(stderr, "usage: native DIR\n");
		return 2;
	}
	dir = argv[1];
	xmlInitParser();
	if (xmlSecInit() < 0 || xmlSecCryptoAppInit(NULL) < 0 || xmlSecCryptoInit() < 0) {
		fprintf(stderr, "native: xmlsec does not start\n");
		return 1;
	}
	load_signer(&rsa, "");
	load_signer(&ec, "ec-");
	answer_doc = parse(rsa.answer);
	/* A line for the report, then a ready process. */
	printf("libxml2 %s, xmlsec1 %s, %s\n", LIBXML_DOTTED_VERSION, XMLSEC_VERSION, OpenSSL_version(OPENSSL_VERSION));
	fflush(stdout);
	char line[128], name[64];
	long long us;
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (sscanf(line, "%63s %lld", name, &us) != 2)
			printf("error not understood\n");
		else
			answer(name, us * 1000);
		fflush(stdout);
	}
	return 0;
}
