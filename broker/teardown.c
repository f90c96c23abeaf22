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

enum { SUBS_AT_ONCE = 1000 /* subscriptions of a client that has gone, before others have their turn */ };

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
	free(client);
}

bool broker__teardown_continue(struct broker_client *client)
{
	if (broker__subscriptions_end(client, SUBS_AT_ONCE))
		return true;
	broker__client_release(client);
	return false;
}

/* When there are many subscriptions, the rest is ended in later rounds, and the client stays until then. */
static void forget_subscriptions(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	if (client->sids.count > 0)
		broker__sublist_touch(&loop->broker->sublist);
	if (!broker__subscriptions_end(client, SUBS_AT_ONCE))
		return;
	broker__client_hold(client);
	client->leaving_next = loop->emptying;
	loop->emptying = client;
	broker__round_wake(loop);
}

static void forget(struct broker_client *client)
{
	forget_subscriptions(client);
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
