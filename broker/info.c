#include "broker/info.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/auth.h"
#include "broker/connection.h"
#include "net/address.h"
#include "wire/info.h"

void broker__client_send_info(struct broker_client *client)
{
	const struct broker *broker = client->loop->broker;
	char host[NET_HOST_TEXT];
	int port = broker->port;
	snprintf(host, sizeof host, "%s", broker->host);
	if (broker->options.client_advertise)
		net_address_split(broker->options.client_advertise, broker->port, host, &port);
	const struct wire_info info = {
	    .server_id = broker->server_id,
	    .server_name = broker->options.server_name ? broker->options.server_name : broker->server_id,
	    .version = BROKER_VERSION,
	    .go = "tapedeck",
	    .host = host,
	    .port = port,
	    .cluster = broker->options.cluster_name,
	    .headers = !broker->options.no_header_support,
	    .auth_required = broker__auth_is_required(&broker->options) && !broker->options.no_auth_user,
	    .tls_required = broker->tls && !broker->options.allow_non_tls,
	    .tls_verify = broker->tls && broker->options.tls.verify,
	    .tls_available = broker->tls && broker->options.allow_non_tls,
	    .max_payload = broker->options.max_payload,
	    .client_id = client->cid,
	    .client_ip = client->ip,
	    .lame_duck = broker->is_lame,
	};
	size_t len;
	char *line = wire_info_write(&info, &len);
	if (line)
		broker__client_send(client, wire_slice(line, len));
	else
		broker__client_cut(client, "Write Error");
	free(line);
}
