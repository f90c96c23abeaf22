#include "broker/reading.h"

#include <assert.h>

#include "broker/clients.h"
#include "broker/turn.h"

void broker__client_pause(struct broker_client *client, enum broker__pause why)
{
	client->paused |= (unsigned)why;
	net_stream_pause(client->stream);
}

void broker__turn_wait(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	if (client->paused & BROKER__WAITING)
		return;
	assert(!(client->paused & BROKER__SERVED)); /* one link serves both queues */
	broker__client_pause(client, BROKER__WAITING);
	broker__clients_add(&loop->waiting, client, BROKER__LINK(waiting));
	broker__round_wake(loop);
}

void broker__turn_serve(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	assert(client->paused == 0 && !client->is_kept);
	client->paused |= BROKER__SERVED;
	broker__clients_add(&loop->served, client, BROKER__LINK(waiting));
	broker__round_wake(loop);
}

void broker__turn_forget(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	if (client->paused & BROKER__WAITING)
		broker__clients_remove(&loop->waiting, client, BROKER__LINK(waiting));
	else if (client->paused & BROKER__SERVED)
		broker__clients_remove(&loop->served, client, BROKER__LINK(waiting));
	client->paused &= ~(unsigned)(BROKER__WAITING | BROKER__SERVED);
}

void broker__client_resume(struct broker_client *client, enum broker__pause why)
{
	client->paused &= ~(unsigned)why;
	if (client->paused != 0 || !broker__client_is_open(client))
		return;
	if (client->is_kept)
		broker__turn_wait(client);
	else
		net_stream_read(client->stream);
}
