/* config.c - the keys of a configuration file, in one table. Source: nats-server 2.9.10, server/opts.go. */
#include "broker/config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "broker/config/authorization.h"
#include "broker/config/block.h"
#include "broker/config/parse.h"
#include "broker/config/tls.h"

static int apply_bool(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		      void *member)
{
	(void)rule;
	return broker__node_bool(node, apply->key, member, apply->fault);
}

/* Read a number, with a negative one replaced by what it stands for; 0 = the default. */
static int read_number(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		       int64_t *number)
{
	int64_t min = rule->unlimited ? INT64_MIN : 0;
	int result = broker__node_int(node, apply->key, min, rule->max, number, apply->fault);
	if (result < 0)
		return result;
	if (*number < 0)
		*number = rule->unlimited;
	if (*number != 0 && *number < rule->min)
		return broker__node_fault(node, apply->fault, "%s: %lld is below the minimum, %lld",
					  apply->key, (long long)*number, (long long)rule->min);
	return 0;
}

static int apply_u32(struct broker__apply *apply, const struct broker__rule *rule, json_t *node, void *member)
{
	int64_t number = 0;
	int result = read_number(apply, rule, node, &number);
	if (result == 0 && number != 0)
		*(uint32_t *)member = (uint32_t)number;
	return result;
}

static int apply_u64(struct broker__apply *apply, const struct broker__rule *rule, json_t *node, void *member)
{
	int64_t number = 0;
	int result = read_number(apply, rule, node, &number);
	if (result == 0 && number != 0)
		*(uint64_t *)member = (uint64_t)number;
	return result;
}

/* A limit that is not positive: no limit, which is 0 in the options. */
static int apply_max_subscriptions(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
				   void *member)
{
	int64_t number = 0;
	int result = broker__node_int(node, apply->key, INT64_MIN, rule->max, &number, apply->fault);
	if (result == 0)
		*(uint32_t *)member = number > 0 ? (uint32_t)number : 0;
	return result;
}

static int apply_port(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		      void *member)
{
	(void)rule;
	int64_t port = 0;
	int result = broker__node_int(node, apply->key, -1, 65535, &port, apply->fault);
	if (result == 0 && port != 0)
		*(int *)member = (int)port;
	return result;
}

/* Read the port of "host:port", "[v6]:port" or ":port"; *host_len is the length of the text before the last colon. */
static bool split_listen(const char *text, size_t *host_len, int *port)
{
	const char *colon = strrchr(text, ':');
	if (!colon || !colon[1])
		return false;
	bool is_bracketed = text[0] == '[' && colon > text && colon[-1] == ']';
	if (!is_bracketed && memchr(text, ':', (size_t)(colon - text)))
		return false;
	char *end;
	long number = strtol(colon + 1, &end, 10);
	*host_len = (size_t)(colon - text);
	*port = (int)number;
	return !*end && number >= -1 && number <= 65535;
}

/* listen and http: a port, or host and port. */
static int apply_listen(struct broker__apply *apply, json_t *node, char **host, int *port)
{
	const json_t *value = broker__node_value(node);
	if (json_is_integer(value))
		return apply_port(apply, NULL, node, port);
	const char *text = json_string_value(value);
	size_t host_len = 0;
	int found = 0;
	if (!text || !split_listen(text, &host_len, &found))
		return broker__node_fault(
		    node, apply->fault, "%s: expected a port or \"host:port\", found %s%s%.60s", apply->key,
		    text ? "" : broker__node_kind(node), text ? "" : " ", text ? text : "");
	bool is_bracketed = text[0] == '[';
	char *copy = strndup(text + is_bracketed, host_len - 2 * (size_t)is_bracketed);
	if (!copy)
		return wire_fault_set(apply->fault, -ENOMEM, "out of memory");
	free(*host);
	*host = host_len ? copy : NULL;
	if (!host_len)
		free(copy);
	if (found)
		*port = found;
	return 0;
}

static int apply_client_listen(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			       void *member)
{
	(void)rule;
	(void)member;
	return apply_listen(apply, node, &apply->options->host, &apply->options->port);
}

static int apply_http_listen(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			     void *member)
{
	(void)rule;
	(void)member;
	return apply_listen(apply, node, &apply->options->http_host, &apply->options->http_port);
}

static int apply_https_listen(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			      void *member)
{
	(void)rule;
	(void)member;
	return apply_listen(apply, node, &apply->options->http_host, &apply->options->https_port);
}

/* Keys that change nothing here, or were looked up before: nothing to report. */
static int apply_nothing(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			 void *member)
{
	(void)apply;
	(void)rule;
	(void)node;
	(void)member;
	return 0;
}

/* The name of the cluster is all that clients can see of it. */
static int apply_cluster(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			 void *member)
{
	json_t *name = json_object_get(json_object_get(node, "value"), "name");
	(void)rule;
	broker__apply_report(apply, node, "cluster is ignored%s: this server does not form clusters",
			     name ? " but for its name" : "");
	apply->key = "name";
	return name ? broker__node_copy(name, apply->key, member, apply->fault) : 0;
}

#define AT(member) offsetof(struct broker_options, member)

static const struct broker__rule top_rules[] = {
    {.keys = "listen", .apply = apply_client_listen},
    {.keys = "host net", .apply = broker__apply_text, .at = AT(host)},
    {.keys = "port", .apply = apply_port, .at = AT(port)},
    {.keys = "server_name", .apply = broker__apply_text, .at = AT(server_name)},
    {.keys = "http", .apply = apply_http_listen},
    {.keys = "http_port monitor_port", .apply = apply_port, .at = AT(http_port)},
    {.keys = "http_base_path", .apply = broker__apply_text, .at = AT(http_base_path)},
    {.keys = "http_allow_origin", .apply = broker__apply_text, .at = AT(http_allow_origin)},
    {.keys = "client_advertise", .apply = broker__apply_text, .at = AT(client_advertise)},
    {.keys = "debug", .apply = apply_bool, .at = AT(debug)},
    {.keys = "trace", .apply = apply_bool, .at = AT(trace)},
    {.keys = "trace_verbose", .apply = apply_bool, .at = AT(trace)},
    {.keys = "logtime", .apply = apply_bool, .at = AT(log_time)},
    {.keys = "logfile log_file", .apply = broker__apply_text, .at = AT(log_path)},
    {.keys = "pidfile pid_file", .apply = broker__apply_text, .at = AT(pid_path)},
    {.keys = "ports_file_dir", .apply = broker__apply_text, .at = AT(ports_file_dir)},
    {.keys = "authorization", .apply = broker__apply_authorization},
    {.keys = "accounts", .apply = broker__apply_accounts},
    {.keys = "system_account system", .apply = apply_nothing},
    {.keys = "no_auth_user", .apply = broker__apply_text, .at = AT(no_auth_user)},
    {.keys = "max_control_line",
     .apply = apply_u32,
     .at = AT(max_control_line),
     .min = 64,
     .max = BROKER_CONTROL_LINE_MOST},
    {.keys = "max_payload",
     .apply = apply_u32,
     .at = AT(max_payload),
     .max = 64 << 20,
     .unlimited = 64 << 20},
    {.keys = "max_pending", .apply = apply_u64, .at = AT(max_pending), .min = 1024, .max = (int64_t)1 << 50},
    {.keys = "max_pending_total",
     .apply = apply_u64,
     .at = AT(max_pending_total),
     .min = 1024,
     .max = (int64_t)1 << 50},
    {.keys = "max_connections max_conn",
     .apply = apply_u32,
     .at = AT(max_connections),
     .max = UINT32_MAX,
     .unlimited = UINT32_MAX},
    {.keys = "max_subscriptions max_subs",
     .apply = apply_max_subscriptions,
     .at = AT(max_subscriptions),
     .max = UINT32_MAX},
    {.keys = "max_subscription_tokens max_sub_tokens",
     .apply = apply_u32,
     .at = AT(max_subscription_tokens),
     .min = 1,
     .max = UINT8_MAX},
    {.keys = "max_closed_clients", .apply = apply_u32, .at = AT(max_closed_clients), .max = 1 << 20},
    {.keys = "ping_interval", .apply = broker__apply_duration, .at = AT(ping_interval_ms), .min = 1},
    {.keys = "ping_max", .apply = apply_u32, .at = AT(ping_max), .max = INT_MAX, .unlimited = INT_MAX},
    {.keys = "write_deadline", .apply = broker__apply_duration, .at = AT(write_deadline_ms), .min = 1},
    {.keys = "lame_duck_duration",
     .apply = broker__apply_duration,
     .at = AT(lame_duck_duration_ms),
     .min = 30000},
    {.keys = "lame_duck_grace_period", .apply = broker__apply_duration, .at = AT(lame_duck_grace_ms)},
    {.keys = "no_header_support", .apply = apply_bool, .at = AT(no_header_support)},

    {.keys = "tls", .apply = broker__apply_tls, .at = AT(tls)},
    {.keys = "allow_non_tls", .apply = apply_bool, .at = AT(allow_non_tls)},
    {.keys = "https", .apply = apply_https_listen},
    {.keys = "https_port", .apply = apply_port, .at = AT(https_port)},
    {.keys = "ocsp", .apply = broker__apply_ignored, .text = "OCSP stapling is not served"},
    {.keys = "operator operators roots root root_operators root_operator resolver account_resolver "
	     "accounts_resolver resolver_tls resolver_preload resolver_pinned_accounts trusted trusted_keys",
     .apply = broker__apply_refused,
     .text = "JWT authentication is not served, and without it everybody could connect; use authorization"},
    {.keys = "cluster", .apply = apply_cluster, .at = AT(cluster_name)},
    {.keys = "gateway", .apply = broker__apply_ignored, .text = "this server does not form superclusters"},
    {.keys = "leaf leafnodes", .apply = broker__apply_ignored, .text = "leaf nodes are not served"},
    {.keys = "jetstream store_dir storedir default_js_domain",
     .apply = broker__apply_ignored,
     .text = "JetStream is not served"},
    {.keys = "websocket ws", .apply = broker__apply_ignored, .text = "WebSocket is not served"},
    {.keys = "mqtt", .apply = broker__apply_ignored, .text = "MQTT is not served"},
    {.keys = "mappings maps", .apply = broker__apply_ignored, .text = "subject mapping is not served"},
    {.keys = "server_tags",
     .apply = broker__apply_ignored,
     .text = "tags place JetStream assets, which are not served"},
    {.keys = "connect_error_reports reconnect_error_reports",
     .apply = broker__apply_ignored,
     .text = "this server does not form clusters"},
    {.keys = "no_system_account no_system no_sys_acc",
     .apply = broker__apply_ignored,
     .text = "there is no system account"},
    {.keys = "syslog remote_syslog",
     .apply = broker__apply_ignored,
     .text = "lines go to stderr or log_file; use the service manager's journal"},
    {.keys = "logfile_size_limit log_size_limit",
     .apply = broker__apply_ignored,
     .text = "rotate log_file from outside and send SIGUSR1"},
    {.keys = "disable_sublist_cache no_sublist_cache max_traced_msg_len",
     .apply = broker__apply_ignored,
     .text = "there is no such limit or switch here"},
    {.keys = "prof_port", .apply = broker__apply_ignored, .text = "profiling is not served; use perf"},
    {0},
};

/* Look the system account up first: `accounts` may come before it in the file. */
static const char *find_system_account(json_t *config)
{
	const char *key;
	json_t *member;
	json_object_foreach(json_object_get(config, "value"), key, member)
	{
		bool is_named = strcasecmp(key, "system_account") == 0 || strcasecmp(key, "system") == 0;
		const char *name = is_named ? json_string_value(broker__node_value(member)) : NULL;
		if (name)
			return name;
	}
	return "$SYS";
}

int broker_config_apply(json_t *config, struct broker_options *options,
			void (*ignored)(void *context, const char *line), void *context,
			struct wire_fault *fault)
{
	struct broker__apply apply = {.options = options,
				      .ignored = ignored,
				      .context = context,
				      .fault = fault,
				      .system_account = find_system_account(config)};
	return broker__apply_block(&apply, "the configuration", config, top_rules, options);
}

int broker_config_load(const char *path, struct broker_options *options,
		       void (*ignored)(void *context, const char *line), void *context,
		       struct wire_fault *fault)
{
	json_t *config = broker_config_parse_file(path, fault);
	if (!config)
		return BROKER_ECONFIG;
	int result = broker_config_apply(config, options, ignored, context, fault);
	json_decref(config);
	char *copy = result < 0 ? NULL : strdup(path);
	if (result == 0 && !copy)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (copy) {
		free(options->config_path);
		options->config_path = copy;
	}
	return result;
}
