#include "net/client/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/client/client_layout.h"
#include "net/client/libnats_error.h"
#include "net/client/nkey.h"
#include "wire/redact.h"

enum { URLS_MAX = 64 };

static bool is_tls(const char *url)
{
	return strncmp(url, "tls://", 6) == 0;
}

/* Those in a text, and others as far as there is room. */
static natsStatus set_servers(natsOptions *options, const char *servers, char *const *others, int others_len)
{
	const char *urls[URLS_MAX];
	int count = 0;
	char *rest = NULL, *copy = strdup(servers);

	if (!copy)
		return NATS_NO_MEMORY;
	char *url = strtok_r(copy, ", ", &rest);
	for (; url && count < URLS_MAX; url = strtok_r(NULL, ", ", &rest))
		urls[count++] = url;
	bool is_secure = count > 0 && is_tls(urls[0]);
	for (int i = 0; i < others_len && count > 0 && count < URLS_MAX; i++)
		urls[count++] = others[i];
	natsStatus status =
	    count > 0 && !url ? natsOptions_SetServers(options, urls, count) : NATS_INVALID_ARG;
	if (status == NATS_OK && is_secure)
		status = natsOptions_SetSecure(options, true);
	free(copy);
	return status;
}

static natsStatus set_identity(natsOptions *options, const struct net_client_target_options *from,
			       struct net__user_jwt *identity)
{
	natsStatus status = NATS_OK;

	if (from->user)
		status = natsOptions_SetUserInfo(options, from->user, from->password ? from->password : "");
	if (status == NATS_OK && from->token)
		status = natsOptions_SetToken(options, from->token);
	if (status == NATS_OK && from->creds)
		status = natsOptions_SetUserCredentialsFromFiles(options, from->creds, NULL);
	if (status == NATS_OK && identity)
		status = net__user_jwt_set(identity, options);
	return status;
}

static natsStatus set_tls(natsOptions *options, const struct net_client_target_options *from)
{
	natsStatus status = NATS_OK;

	if (from->tlsca)
		status = natsOptions_LoadCATrustedCertificates(options, from->tlsca);
	if (status == NATS_OK && from->tlscert)
		status = natsOptions_LoadCertificatesChain(options, from->tlscert,
							   from->tlskey ? from->tlskey : "");
	if (status == NATS_OK && (from->tlsca || from->tlscert))
		status = natsOptions_SetSecure(options, true);
	return status;
}

static natsStatus set_all(natsOptions *options, const struct net_client_target_options *from,
			  struct net__user_jwt *identity)
{
	natsStatus status = set_servers(options, from->servers, NULL, 0);

	if (status == NATS_OK)
		status = set_identity(options, from, identity);
	if (status == NATS_OK)
		status = set_tls(options, from);
	if (status == NATS_OK)
		status = natsOptions_SetTimeout(options, from->timeout_ms);
	if (status == NATS_OK && from->inbox_prefix)
		status = natsOptions_SetCustomInboxPrefix(options, from->inbox_prefix);
	return status;
}

static int set_nkey(natsOptions *options, const char *path, struct wire_fault *fault)
{
	char public_key[NET__NKEY_TEXT];

	int error = net__nkey_public(path, public_key, fault);
	if (!error && natsOptions_SetNKeyFromSeed(options, public_key, path) != NATS_OK)
		error = wire_fault_set(fault, -EINVAL, "libnats does not accept the seed in %s", path);
	return error ? -EINVAL : 0;
}

/* Owned; NULL when out of memory. */
static char *describe_servers(const char *servers)
{
	size_t size = 2 * strlen(servers) + 64; /* *** may be longer than what it hides */
	char *text = malloc(size);

	if (text)
		wire_redact_urls(servers, text, size);
	return text;
}

/* The configured URLs first. libnats gives the others the user of the first one. */
void net__client_target_learn(struct net_client_target *target, natsConnection *nats)
{
	char **found = NULL;
	int count = 0;

	if (natsConnection_GetDiscoveredServers(nats, &found, &count) != NATS_OK)
		return;
	pthread_mutex_lock(&target->lock);
	if (count > 0)
		(void)set_servers(target->options, target->urls, found, count);
	pthread_mutex_unlock(&target->lock);
	for (int i = 0; i < count; i++)
		free(found[i]);
	free(found);
}

const char *net_client_target_servers(const struct net_client_target *target)
{
	return target->servers;
}

int net_client_target_open(struct net_client_target **target, const struct net_client_target_options *options,
			   struct wire_fault *fault)
{
	struct net_client_target *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	pthread_mutex_init(&opened->lock, NULL);
	opened->urls = strdup(options->servers);
	opened->servers = describe_servers(options->servers);
	opened->inbox_prefix = strdup(options->inbox_prefix ? options->inbox_prefix : "_INBOX");
	int error =
	    options->jwt ? net__user_jwt_open(&opened->identity, options->jwt, options->seed, fault) : 0;
	bool is_ready = opened->urls && opened->servers && opened->inbox_prefix && !error;
	natsStatus status = is_ready ? natsOptions_Create(&opened->options) : NATS_NO_MEMORY;
	if (status == NATS_OK)
		status = set_all(opened->options, options, opened->identity);
	if (status != NATS_OK && !error)
		error = wire_fault_set(fault, status == NATS_NO_MEMORY ? -ENOMEM : -EINVAL, "%s",
				       net__libnats_error(status));
	else if (options->nkey && !error)
		error = set_nkey(opened->options, options->nkey, fault);
	if (error) {
		net_client_target_close(opened);
		return error;
	}
	*target = opened;
	return 0;
}

void net_client_target_close(struct net_client_target *target)
{
	if (!target)
		return;
	natsOptions_Destroy(target->options);
	net__user_jwt_close(target->identity);
	pthread_mutex_destroy(&target->lock);
	free(target->urls);
	free(target->inbox_prefix);
	free(target->servers);
	free(target);
}
