#include "broker/teardown.h"

#include <stdlib.h>

#include "broker/client_log.h"
#include "broker/connection.h"
#include "broker/flush.h"
#include "broker/input.h"
#include "broker/inspect.h"
#include "broker/large.h"
#include "broker/login.h"
#include "broker/pressure.h"
#include "broker/reading.h"
#include "broker/subscriptions.h"
#include "broker/turn.h"

void broker__client_free(struct broker_client *client)
{
	client->output.queued = 0;
	broker__output_drop(&client->output);
	broker__input_drop(client);
	broker__replies_close(client->replies);
	free(client->name);
	free(client->lang);
	free(client->version);
	free(client->user);
	free(client->title);
	free(client->certificate);
	free(client);
}

static void forget(struct broker_client *client)
{
	if (client->sids.count > 0)
		broker__sublist_touch(&client->loop->broker->sublist);
	broker__subscriptions_end_all(client);
	broker__match_cache_clear(client);
	broker__input_drop(client);
	broker__client_untouch(client);
	broker__turn_forget(client);
	broker__pressure_forget(client);
	broker__login_forget(client);
	broker__cursors_leave(client->loop->broker, client);
	broker__cids_remove(&client->loop->cids, client);
	broker__clients_remove(&client->loop->all, client, BROKER__LINK(all));
}

static void teardown(struct broker_client *client)
{
	const struct broker_client_info info = broker__client_describe(client);
	bool keeps_output = client->life == BROKER__CLOSING;
	broker__closed_add(&client->loop->broker->closed, &info);
	forget(client);
	broker__client_log(client, BROKER_LOG_DEBUG, "Client connection closed: %s", client->reason);
	if (keeps_output) {
		client->life = BROKER__LINGERING;
		broker__client_linger(client);
	} else {
		broker__client_finish(client);
	}
}

/* Tear down the clients that leave, as long as the round lasts. A client whose message is in progress leaves after it. */
static void teardown_leaving(struct broker__loop *loop)
{
	struct broker_client *busy = NULL;
	do {
		struct broker_client *client = loop->leaving;
		loop->leaving = client->leaving_next;
		if (broker__large_let_go(client))
			teardown(client);
		else
			busy = client;
	} while (loop->leaving && !broker__round_is_over(loop));
	if (loop->leaving)
		broker__round_wake(loop);
	if (!busy)
		return;
	busy->leaving_next = loop->leaving;
	loop->leaving = busy;
}

void broker__finish_turn(struct broker__loop *loop)
{
	broker__flush(loop);
	if (loop->leaving)
		teardown_leaving(loop);
	broker__subscriptions_free_retired(loop);
}
