#include <errno.h>
#include <stdlib.h>

#include "broker/emit.h"
#include "broker/large.h"
#include "broker/server.h"
#include "broker/turn.h"
#include "wire/mark.h"

enum {
	TRIM_MS = 2000,
	FLUSHES_AT_ONCE = 16,   /* between two looks at the clock */
	RETIRED_AT_ONCE = 1000, /* as many as clients that are gone lose before (client.c) */
};

static struct broker__client_list_link *link_of(struct broker_client *client, size_t link)
{
	return (struct broker__client_list_link *)(void *)((char *)client + link);
}

void broker__clients_add(struct broker__clients *list, struct broker_client *client, size_t link)
{
	*link_of(client, link) = (struct broker__client_list_link){.prev = list->last};
	if (list->last)
		link_of(list->last, link)->next = client;
	else
		list->first = client;
	list->last = client;
	list->len++;
}

void broker__clients_remove(struct broker__clients *list, struct broker_client *client, size_t link)
{
	struct broker__client_list_link *own = link_of(client, link);
	if (own->prev)
		link_of(own->prev, link)->next = own->next;
	else
		list->first = own->next;
	if (own->next)
		link_of(own->next, link)->prev = own->prev;
	else
		list->last = own->prev;
	list->len--;
}

/* ---- init, fini ---- */

static void on_trim(uv_timer_t *timer)
{
	struct broker__loop *loop = timer->data;
	if (!broker__pool_trim(&loop->pool))
		uv_timer_stop(timer);
}

static void start_timer(struct broker__loop *loop, uv_timer_t *timer)
{
	uv_timer_init(&loop->uv, timer);
	timer->data = loop;
}

int broker__loop_init(struct broker__loop *loop, struct broker *broker)
{
	loop->broker = broker;
	loop->random = broker->seed | 1;
	loop->flush_above_bytes = BROKER__POOL_KEPT;
	loop->message.kind = WIRE_EVENT_MESSAGE;
	broker__clock_init(&loop->clock);
	loop->input = malloc(BROKER__INPUT_HEADROOM + BROKER__INPUT_BYTES + BROKER__SLACK);
	loop->head = malloc(BROKER__HEAD_BYTES + BROKER__SLACK);
	int status = loop->input && loop->head ? uv_loop_init(&loop->uv) : -ENOMEM;
	if (status < 0) {
		free(loop->input);
		free(loop->head);
		loop->input = loop->head = NULL;
		return status;
	}
	start_timer(loop, &loop->tick);
	start_timer(loop, &loop->stall);
	start_timer(loop, &loop->trim);
	/* Neither is worth waiting for at the end: closing the sink hands over, too, and all memory goes. */
	uv_unref((uv_handle_t *)&loop->tick);
	uv_unref((uv_handle_t *)&loop->trim);
	broker__rounds_init(loop);
	broker__loop_read_clock(loop);
	return 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void broker__loop_fini(struct broker__loop *loop)
{
	if (!loop->input)
		return;
	while (uv_is_active((uv_handle_t *)&loop->round))
		uv_run(&loop->uv, UV_RUN_NOWAIT);
	uv_close((uv_handle_t *)&loop->tick, NULL);
	uv_close((uv_handle_t *)&loop->stall, NULL);
	uv_close((uv_handle_t *)&loop->trim, NULL);
	broker__rounds_fini(loop);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop->uv) == UV_EBUSY) {
		uv_walk(&loop->uv, close_handle, NULL);
		uv_run(&loop->uv, UV_RUN_DEFAULT);
		uv_loop_close(&loop->uv);
	}
	broker__pool_fini(&loop->pool);
	broker__large_fini(loop);
	broker__cids_fini(&loop->cids);
	free(loop->receivers);
	free(loop->input);
	free(loop->head);
}

/* ---- at work ---- */

void broker__loop_read_clock(struct broker__loop *loop)
{
	char text[WIRE_MARK_TEXT];
	int64_t step_ns;
	loop->now_ns = broker__clock_now(&loop->clock, &step_ns);
	if (step_ns != 0) {
		broker_log(loop->broker->log, BROKER_LOG_WARN, "the system clock was set by %+.3f s",
			   (double)step_ns / 1e9);
		broker__emit_mark(loop, wire_mark_step(text, step_ns));
	}
}

void broker__loop_flush_one(struct broker__loop *loop)
{
	struct broker_client *client = loop->dirty.first;
	broker__client_untouch(client);
	if (client->out_msgs != client->noted_out_msgs)
		client->last_ns = loop->now_ns;
	client->noted_out_msgs = client->out_msgs;
	if (broker__client_is_open(client))
		broker__client_flush(client);
}

bool broker__loop_flush(struct broker__loop *loop)
{
	for (uint32_t done = 1; loop->dirty.first; done++) {
		if (done % FLUSHES_AT_ONCE == 0 && broker__round_is_over(loop)) {
			broker__round_wake(loop);
			return false;
		}
		broker__loop_flush_one(loop);
	}
	if (loop->pool.resting_bytes > 0 && !uv_is_active((uv_handle_t *)&loop->trim))
		uv_timer_start(&loop->trim, on_trim, TRIM_MS, TRIM_MS);
	return true;
}

bool broker__loop_free_retired(struct broker__loop *loop)
{
	if (!loop->large.publisher)
		broker__retired_release(&loop->retired);
	bool is_done = broker__retired_free(&loop->retired, RETIRED_AT_ONCE);
	if (!is_done)
		broker__round_wake(loop);
	return is_done;
}

/* Put away who is leaving, as long as the round lasts. Who still has a message under way goes when that is done. */
static void put_away(struct broker__loop *loop)
{
	struct broker_client *busy = NULL;
	do {
		struct broker_client *client = loop->leaving;
		loop->leaving = client->leaving_next;
		if (broker__large_let_go(client))
			broker__client_put_away(client);
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

void broker__loop_settle(struct broker__loop *loop)
{
	broker__loop_flush(loop);
	if (loop->leaving)
		put_away(loop);
	broker__loop_free_retired(loop);
}
