/* The signature of the proxy in a client's CONNECT. The signatures are verified here, with the public key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "tap/proxy/connect_filter.h"
#include "tests/support/tempdir.h"

/* The pair of the NATS documentation, "NKey Authentication": a user's seed; and its public key without prefix and checksum. */
#define SEED "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
static const unsigned char public_key[32] = {0xef, 0x4e, 0x44, 0x52, 0x4b, 0x72, 0xe4, 0x40, 0xf9, 0x6d, 0xae,
					     0x7b, 0xba, 0x23, 0x7c, 0x66, 0x66, 0xa4, 0x07, 0x01, 0xcb, 0x13,
					     0x65, 0xa4, 0x22, 0x44, 0xf8, 0x4e, 0x7a, 0x67, 0xda, 0xb1};
#define NONCE "jxN3QGRCGHhgzWk"

static struct net_signing_key *key;

static int open_key(void **state)
{
	struct support_tempdir dir;
	struct wire_fault fault;
	char path[300];
	(void)state;
	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "proxy.nk", path, sizeof path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("# a proxy\n" SEED "\n", file);
	fclose(file);
	if (net_signing_key_open(&key, path, &fault) < 0)
		fail_msg("%s", fault.text);
	support_tempdir_close(&dir);
	return 0;
}

static int close_key(void **state)
{
	(void)state;
	net_signing_key_close(key);
	return 0;
}

/* What is passed on of a stream that is cut into two reads; owned. */
static char *pass(const char *stream, size_t cut, const char *nonce)
{
	struct tap__connect_filter filter = {0};
	char *text = NULL;
	size_t len, stream_len = strlen(stream);
	FILE *out = open_memstream(&text, &len);
	for (int i = 0; i < 3; i++) {
		struct tap__passed passed;
		struct wire_slice part =
		    i == 0 ? wire_slice(stream, cut) : wire_slice(stream + cut, stream_len - cut);
		if (i == 2)
			tap__connect_filter_end(&filter, &passed);
		else if (part.len == 0)
			continue;
		else
			assert_int_equal(tap__connect_filter_take(&filter, key, nonce, part, &passed), 0);
		if (passed.bytes.len > 0)
			fwrite(passed.bytes.data, 1, passed.bytes.len, out);
		free(passed.memory);
	}
	tap__connect_filter_fini(&filter);
	fclose(out);
	return text;
}

/* base64url without padding. */
static void decode(const char *text, unsigned char bytes[66])
{
	char padded[89];
	snprintf(padded, sizeof padded, "%.86s==", text);
	for (char *c = padded; *c; c++)
		*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	assert_int_equal(EVP_DecodeBlock(bytes, (const unsigned char *)padded, 88), 66);
}

static void verify(const char *signature, const char *nonce)
{
	unsigned char bytes[66];
	EVP_PKEY *verifier =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, sizeof public_key);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	decode(signature, bytes);
	assert_int_equal(EVP_DigestVerifyInit(context, NULL, NULL, NULL, verifier), 1);
	assert_int_equal(EVP_DigestVerify(context, bytes, 64, (const unsigned char *)nonce, strlen(nonce)),
			 1);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(verifier);
}

/* Wherever the stream is cut, it comes out as before, signature, after. */
static void expect_signed(const char *stream, const char *before, const char *after)
{
	for (size_t cut = 0; cut <= strlen(stream); cut++) {
		char *text = pass(stream, cut, NONCE);
		size_t before_len = strlen(before);
		assert_true(strlen(text) > before_len + 86);
		assert_memory_equal(text, before, before_len);
		assert_string_equal(text + before_len + 86, after);
		verify(text + before_len, NONCE);
		free(text);
	}
}

static void expect_unchanged(const char *stream, const char *nonce)
{
	for (size_t cut = 0; cut <= strlen(stream); cut++) {
		char *text = pass(stream, cut, nonce);
		assert_string_equal(text, stream);
		free(text);
	}
}

static void the_nonce_is_signed_and_all_else_keeps_its_bytes(void **state)
{
	(void)state;
	expect_signed(
	    "CONNECT {\"user\":\"\\u0061\", \"pass\" : \"b\",\"x\":[1, 2.50]}\r\nPING\r\nPUB a 0\r\n\r\n",
	    "CONNECT {\"user\":\"\\u0061\",\"pass\" : \"b\",\"x\":[1, 2.50],\"proxy_sig\":\"",
	    "\"}\r\nPING\r\nPUB a 0\r\n\r\n");
	expect_signed("CONNECT {}\r\n", "CONNECT {\"proxy_sig\":\"", "\"}\r\n");
	expect_signed("connect\t{ }\n", "connect {\"proxy_sig\":\"", "\"}\r\n");
}

static void a_signature_that_the_client_sends_is_replaced(void **state)
{
	(void)state;
	expect_signed("CONNECT {\"proxy_sig\":\"forged\",\"a\":1,\"Proxy_Sig\":\"x\"}\r\n",
		      "CONNECT {\"a\":1,\"proxy_sig\":\"", "\"}\r\n");
}

static void without_a_nonce_all_passes_unchanged(void **state)
{
	(void)state;
	expect_unchanged("CONNECT {\"user\":\"a\"}\r\nPING\r\n", "");
}

static void a_beginning_that_is_no_connect_passes_unchanged(void **state)
{
	(void)state;
	expect_unchanged("PING\r\nCONNECT {}\r\n", NONCE);
	expect_unchanged("\x16\x03\x01\x02 TLS", NONCE);
	expect_unchanged("CONNECT\r\n", NONCE);
	expect_unchanged("CONNECT [1]\r\nPING\r\n", NONCE);
	expect_unchanged("CONNECT {\"a\":}\r\n", NONCE);
	expect_unchanged("CONNECT {\"a\":1", NONCE); /* and the end */
}

static void a_line_without_end_passes_unchanged(void **state)
{
	char *stream = malloc(TAP__CONNECT_LINE_MAX + 100);
	(void)state;
	assert_non_null(stream);
	memset(stream, 'x', TAP__CONNECT_LINE_MAX + 99);
	stream[TAP__CONNECT_LINE_MAX + 99] = '\0';
	memcpy(stream, "CONNECT {", 9);
	char *text = pass(stream, 1000, NONCE);
	assert_string_equal(text, stream);
	free(text);
	free(stream);
}

static void a_file_without_a_seed_is_refused_and_not_shown(void **state)
{
	struct support_tempdir dir;
	struct wire_fault fault;
	struct net_signing_key *none;
	char path[300];
	(void)state;
	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "proxy.nk", path, sizeof path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("SECRET" SEED, file);
	fclose(file);
	assert_true(net_signing_key_open(&none, path, &fault) < 0);
	assert_non_null(strstr(fault.text, "holds no seed"));
	assert_null(strstr(fault.text, "SECRET"));
	support_tempdir_close(&dir);
	assert_true(net_signing_key_open(&none, path, &fault) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_nonce_is_signed_and_all_else_keeps_its_bytes),
	    cmocka_unit_test(a_signature_that_the_client_sends_is_replaced),
	    cmocka_unit_test(without_a_nonce_all_passes_unchanged),
	    cmocka_unit_test(a_beginning_that_is_no_connect_passes_unchanged),
	    cmocka_unit_test(a_line_without_end_passes_unchanged),
	    cmocka_unit_test(a_file_without_a_seed_is_refused_and_not_shown),
	};
	return cmocka_run_group_tests(tests, open_key, close_key);
}
