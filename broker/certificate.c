#include "broker/certificate.h"

#include <string.h>

#include "broker/server.h"
#include "net/tls_peer.h"

static const struct broker_options *options_of(const struct broker_client *client)
{
	return &client->loop->broker->options;
}

void broker__certificate_note(struct broker_client *client)
{
	char subject[NET_TLS_SUBJECT_TEXT];
	if (options_of(client)->tls.verify && net_tls_subject(client->stream, subject))
		client->certificate = strdup(subject);
}

struct search {
	const struct broker_options *options;
	struct broker__identity *identity;
};

static bool is_user(void *context, const char *name)
{
	const struct search *search = context;
	return broker__auth_named(search->options, name, search->identity);
}

bool broker__certificate_identify(const struct broker_client *client, struct broker__identity *identity)
{
	struct search search = {options_of(client), identity};
	*identity = (struct broker__identity){0};
	return client->is_secure && net_tls_has_name(client->stream, is_user, &search);
}
