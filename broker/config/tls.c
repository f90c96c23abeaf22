/* tls.c - source of keys and names: nats-server 2.9.10, server/opts.go and ciphersuites.go; min_version and handshake_first:
 * 2.11. */
#include "broker/config/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_AUTO_MS = 50 };

static int apply_flag(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		      void *member)
{
	(void)rule;
	return broker__node_bool(node, apply->key, member, apply->fault);
}

static int apply_verify_and_map(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
				void *member)
{
	struct broker_tls *tls = member;
	(void)rule;
	int result = broker__node_bool(node, apply->key, &tls->verify_and_map, apply->fault);
	tls->verify |= tls->verify_and_map;
	return result;
}

static int apply_version(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			 void *member)
{
	const char *text;
	(void)rule;
	int result = broker__node_text(node, apply->key, &text, apply->fault);
	if (result < 0)
		return result;
	if (strcmp(text, "1.2") != 0 && strcmp(text, "1.3") != 0)
		return broker__node_fault(
		    node, apply->fault, "%s: expected \"1.2\" or \"1.3\", found \"%.20s\"", apply->key, text);
	*(int *)member = text[2] == '3' ? 13 : 12;
	return 0;
}

/* true: at once. "auto" or a duration: wait so long for the client to begin, then send INFO. */
static int apply_first(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		       void *member)
{
	const json_t *value = broker__node_value(node);
	const char *text = json_string_value(value);
	int64_t *first_ms = member;
	(void)rule;
	if (json_is_boolean(value))
		*first_ms = json_is_true(value) ? BROKER_TLS_FIRST : 0;
	else if (text && strcasecmp(text, "auto") == 0)
		*first_ms = FIRST_AUTO_MS;
	else
		return broker__node_duration(node, apply->key, first_ms, apply->fault);
	return 0;
}

/* A list of names, joined by ':'; `translate` gives OpenSSL's name, or NULL for an unknown one. */
static int apply_names(struct broker__apply *apply, json_t *node, char **joined,
		       const char *(*translate)(const char *name))
{
	char text[2048] = "";
	json_t *list = json_object_get(node, "value");
	if (!json_is_array(list) || json_array_size(list) == 0)
		return broker__node_fault(node, apply->fault, "%s: expected a list of names, found %s",
					  apply->key, json_is_array(list) ? "none" : broker__node_kind(node));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *name;
		int result = broker__node_text(item, apply->key, &name, apply->fault);
		if (result < 0)
			return result;
		const char *known = translate(name);
		if (!known || strlen(text) + strlen(known) + 2 > sizeof text)
			return broker__node_fault(item, apply->fault, "%s: \"%.60s\" is unknown", apply->key,
						  name);
		strcat(strcat(text, i > 0 ? ":" : ""), known);
	}
	free(*joined);
	*joined = strdup(text);
	return *joined ? 0 : wire_fault_set(apply->fault, -ENOMEM, "out of memory");
}

/* Which suites there are is OpenSSL's to say, when the certificate is loaded. */
static const char *suite_name(const char *name)
{
	return strncmp(name, "TLS_", 4) == 0 && !strpbrk(name, ": ") ? name : NULL;
}

static const char *curve_name(const char *name)
{
	static const char *const curves[][2] = {
	    {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}};
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
		if (strcmp(curves[i][0], name) == 0)
			return curves[i][1];
	return NULL;
}

static int apply_suites(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			void *member)
{
	(void)rule;
	return apply_names(apply, node, member, suite_name);
}

static int apply_curves(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			void *member)
{
	(void)rule;
	return apply_names(apply, node, member, curve_name);
}

#define AT(member) offsetof(struct broker_tls, member)

static const struct broker__rule tls_rules[] = {
    {.keys = "cert_file", .apply = broker__apply_text, .at = AT(cert_file)},
    {.keys = "key_file", .apply = broker__apply_text, .at = AT(key_file)},
    {.keys = "ca_file", .apply = broker__apply_text, .at = AT(ca_file)},
    {.keys = "verify", .apply = apply_flag, .at = AT(verify)},
    {.keys = "verify_and_map", .apply = apply_verify_and_map},
    {.keys = "timeout", .apply = broker__apply_duration, .at = AT(timeout_ms), .min = 1},
    {.keys = "handshake_first first immediate", .apply = apply_first, .at = AT(first_ms)},
    {.keys = "min_version", .apply = apply_version, .at = AT(min_version)},
    {.keys = "cipher_suites", .apply = apply_suites, .at = AT(cipher_suites)},
    {.keys = "curve_preferences", .apply = apply_curves, .at = AT(curves)},
    {.keys = "insecure",
     .apply = broker__apply_ignored,
     .text = "it concerns connections that this server makes, and there are none"},
    {.keys = "connection_rate_limit ocsp_peer",
     .apply = broker__apply_ignored,
     .text = "there is no such limit or check here"},
    {.keys = "pinned_certs verify_cert_and_check_known_urls cert_store cert_match cert_match_by",
     .apply = broker__apply_refused,
     .text = "not served, and without it more clients could connect"},
    {0},
};

int broker__apply_tls(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		      void *member)
{
	struct broker_tls *tls = member;
	(void)rule;
	int result = broker__apply_block(apply, "tls", node, tls_rules, tls);
	if (result == 0 && !tls->cert_file)
		return broker__node_fault(node, apply->fault, "missing 'cert_file' in TLS configuration");
	if (result == 0 && !tls->key_file)
		return broker__node_fault(node, apply->fault, "missing 'key_file' in TLS configuration");
	return result;
}

struct net_tls_options broker__tls_options(const struct broker_tls *tls)
{
	return (struct net_tls_options){.is_server = true,
					.cert_file = tls->cert_file,
					.key_file = tls->key_file,
					.ca_file = tls->ca_file,
					.verify = tls->verify,
					.min_version = tls->min_version,
					.cipher_suites = tls->cipher_suites,
					.curves = tls->curves,
					.timeout_ms = tls->timeout_ms};
}

int broker__tls_check(const struct broker_tls *tls, struct wire_fault *fault)
{
	const struct net_tls_options options = broker__tls_options(tls);
	struct net_tls_context *context = NULL;
	struct wire_fault why;
	if (net_tls_context_open(&context, NULL, &options, &why) < 0)
		return wire_fault_set(fault, BROKER_ECONFIG, "TLS: %s", why.text);
	net_tls_context_release(context);
	return 0;
}
