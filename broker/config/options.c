#include "broker/config/options.h"

#include <stdlib.h>
#include <string.h>

#include "broker/config/tls.h"
#include "net/address.h"

#define MIB (1024u * 1024u)

void broker_options_init(struct broker_options *options)
{
	*options = (struct broker_options){
	    .port = BROKER_PORT,
	    .log_time = true,
	    .tls = {.timeout_ms = 2000},
	    .max_control_line = 4096,
	    .max_payload = MIB,
	    .max_pending = 64 * MIB,
	    .max_connections = 65536,
	    .max_closed_clients = 10000,
	    .ping_interval_ms = 120000,
	    .ping_max = 2,
	    .write_deadline_ms = 10000,
	    .lame_duck_duration_ms = 120000,
	    .lame_duck_grace_ms = 10000,
	    .first_client_id = 1,
	};
}

int64_t broker_options_auth_timeout_ms(const struct broker_options *options)
{
	if (options->auth_timeout_ms > 0)
		return options->auth_timeout_ms;
	return options->tls.cert_file ? options->tls.timeout_ms + 1000 : 2000;
}

static void wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void free_subjects(char **subjects, size_t len)
{
	for (size_t i = 0; i < len; i++)
		free(subjects[i]);
	free(subjects);
}

static void permission_fini(struct broker_permission *permission)
{
	free_subjects(permission->allow, permission->allow_len);
	free_subjects(permission->deny, permission->deny_len);
}

void broker_permissions_free(struct broker_permissions *permissions)
{
	if (!permissions)
		return;
	permission_fini(&permissions->publish);
	permission_fini(&permissions->subscribe);
	free(permissions);
}

void broker_user_fini(struct broker_user *user)
{
	free(user->name);
	wipe(user->password);
	broker_permissions_free(user->permissions);
	*user = (struct broker_user){0};
}

void broker_options_fini(struct broker_options *options)
{
	char *plain[] = {options->host,
			 options->server_name,
			 options->http_host,
			 options->config_path,
			 options->pid_path,
			 options->ports_file_dir,
			 options->log_path,
			 options->username,
			 options->no_auth_user,
			 options->client_advertise,
			 options->cluster_name,
			 options->http_base_path,
			 options->http_allow_origin,
			 options->tls.cert_file,
			 options->tls.key_file,
			 options->tls.ca_file,
			 options->tls.cipher_suites,
			 options->tls.curves};
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		free(plain[i]);
	wipe(options->token);
	wipe(options->password);
	for (size_t i = 0; i < options->users_len; i++)
		broker_user_fini(&options->users[i]);
	free(options->users);
	*options = (struct broker_options){0};
}

static bool has_user(const struct broker_options *options, const char *name)
{
	for (size_t i = 0; i < options->users_len; i++)
		if (strcmp(options->users[i].name, name) == 0)
			return true;
	return false;
}

static bool is_address(const char *text)
{
	char host[NET_HOST_TEXT];
	int port;
	return net_address_split(text, BROKER_PORT, host, &port);
}

static int check_tls(const struct broker_options *options, struct wire_fault *fault)
{
	const struct broker_tls *tls = &options->tls;
	if (tls->cert_file && !tls->key_file)
		return wire_fault_set(
		    fault, BROKER_ECONFIG,
		    "TLS Server private key must be present and valid; name it with --tlskey");
	if (!tls->cert_file && (tls->key_file || tls->ca_file || tls->verify || options->is_tls_wanted))
		return wire_fault_set(
		    fault, BROKER_ECONFIG,
		    "TLS Server certificate must be present and valid; name it with --tlscert");
	if (options->https_port != 0 && !tls->cert_file)
		return wire_fault_set(fault, BROKER_ECONFIG,
				      "TLS cert and key required for HTTPS; name them with tls {...}");
	if (options->https_port != 0 && options->http_port != 0)
		return wire_fault_set(fault, BROKER_ECONFIG,
				      "can't specify both HTTP (%d) and HTTPs (%d) ports; leave one out",
				      options->http_port, options->https_port);
	return tls->cert_file ? broker__tls_check(tls, fault) : 0;
}

int broker_options_check(const struct broker_options *options, struct wire_fault *fault)
{
	if (check_tls(options, fault) < 0)
		return BROKER_ECONFIG;
	if (options->password && !options->username && !options->token && options->users_len == 0)
		return wire_fault_set(fault, BROKER_ECONFIG, "a password without a user; name the user too");
	if (options->no_auth_user && !has_user(options, options->no_auth_user))
		return wire_fault_set(fault, BROKER_ECONFIG,
				      "no_auth_user \"%s\" is not among authorization.users; add the user",
				      options->no_auth_user);
	if (options->client_advertise && !is_address(options->client_advertise))
		return wire_fault_set(fault, BROKER_ECONFIG,
				      "client_advertise \"%s\" is neither a host nor \"host:port\"",
				      options->client_advertise);
	if (options->max_payload > options->max_pending)
		return wire_fault_set(fault, BROKER_ECONFIG,
				      "max_payload (%u) cannot be higher than max_pending (%llu); "
				      "lower the first or raise the second",
				      options->max_payload, (unsigned long long)options->max_pending);
	if (options->lame_duck_grace_ms >= options->lame_duck_duration_ms)
		return wire_fault_set(fault, BROKER_ECONFIG,
				      "lame duck grace period (%lld ms) should be strictly lower than "
				      "lame duck duration (%lld ms)",
				      (long long)options->lame_duck_grace_ms,
				      (long long)options->lame_duck_duration_ms);
	return 0;
}
