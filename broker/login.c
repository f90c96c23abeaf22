#include "broker/login.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/emit.h"
#include "broker/reading.h"
#include "broker/turn.h"

enum { NICE = 10 }; /* of the threads that hash, so that the loop comes first */

struct broker__login {
	uv_work_t work;
	struct broker__loop *loop;
	struct broker_client *client;      /* NULL: it has gone */
	struct broker__login *prev, *next; /* in the list of those that wait */
	struct wire_connect connect;
	broker__login_done *done;
	char *hash, *given; /* owned */
	bool is_running;
	bool fits;
};

static void free_login(struct broker__login *login)
{
	wire_connect_fini(&login->connect);
	if (login->given)
		explicit_bzero(login->given, strlen(login->given));
	free(login->given);
	free(login->hash);
	free(login);
}

static void append(struct broker__logins *logins, struct broker__login *login)
{
	login->prev = logins->last;
	if (logins->last)
		logins->last->next = login;
	else
		logins->first = login;
	logins->last = login;
}

static void unlink_waiting(struct broker__logins *logins, struct broker__login *login)
{
	if (login->prev)
		login->prev->next = login->next;
	else
		logins->first = login->next;
	if (login->next)
		login->next->prev = login->prev;
	else
		logins->last = login->prev;
}

static unsigned most_at_once(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	return processors > 2 ? (unsigned)processors - 1 : 1;
}

static void start_waiting(struct broker__loop *loop);

/* Runs in a thread of the pool. */
static void verify(uv_work_t *work)
{
	struct broker__login *login = work->data;
	setpriority(PRIO_PROCESS, 0, NICE); /* this thread alone */
	login->fits = broker__auth_verify(login->hash, login->given);
}

static void on_verified(uv_work_t *work, int status)
{
	struct broker__login *login = work->data;
	struct broker__loop *loop = login->loop;
	struct broker_client *client = login->client;
	const struct broker__proof proof = {.hash = login->hash, .fits = status == 0 && login->fits};
	loop->logins.running--;
	if (client) {
		client->login = NULL;
		broker__read_clock(loop);
		login->done(client, &login->connect, &proof);
	}
	free_login(login);
	start_waiting(loop);
	broker__round_wake(loop);
}

static void start_waiting(struct broker__loop *loop)
{
	struct broker__logins *logins = &loop->logins;
	while (logins->first && logins->running < most_at_once()) {
		struct broker__login *login = logins->first;
		unlink_waiting(logins, login);
		login->is_running = true;
		logins->running++;
		if (login->client->life == BROKER__AWAITS_CONNECT)
			uv_timer_stop(&login->client->timer); /* it is in time */
		uv_queue_work(&loop->uv, &login->work, verify, on_verified);
	}
}

int broker__login_start(struct broker_client *client, struct wire_connect *connect, const char *hash,
			const char *given, broker__login_done *done)
{
	struct broker__logins *logins = &client->loop->logins;
	struct broker__login *login = calloc(1, sizeof *login);
	if (!login)
		return -ENOMEM;
	*login = (struct broker__login){.loop = client->loop, .client = client, .done = done};
	login->work.data = login;
	login->hash = strdup(hash);
	login->given = strdup(given);
	if (!login->hash || !login->given) {
		free_login(login);
		return -ENOMEM;
	}
	login->connect = *connect;
	*connect = (struct wire_connect){0};
	client->login = login;
	broker__client_pause(client, BROKER__VERIFYING);
	append(logins, login);
	start_waiting(client->loop);
	return 0;
}

void broker__login_forget(struct broker_client *client)
{
	struct broker__login *login = client->login;
	client->login = NULL;
	if (!login)
		return;
	login->client = NULL;
	if (login->is_running)
		return; /* freed when its work is done */
	unlink_waiting(&client->loop->logins, login);
	free_login(login);
}
