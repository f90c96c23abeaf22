#include <errno.h>
#include <stdlib.h>

#include "broker/emit.h"
#include "broker/server.h"
#include "wire/mark.h"

enum { TRIM_MS = 2000 };

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
	loop->message.kind = WIRE_EVENT_MESSAGE;
	broker__clock_init(&loop->clock);
	loop->input = malloc(BROKER__INPUT_HEADROOM + BROKER__INPUT_BYTES + BROKER__SLACK);
	if (!loop->input)
		return -ENOMEM;
	int status = uv_loop_init(&loop->uv);
	if (status < 0) {
		free(loop->input);
		loop->input = NULL;
		return status;
	}
	start_timer(loop, &loop->tick);
	start_timer(loop, &loop->stall);
	start_timer(loop, &loop->trim);
	/* Neither is worth waiting for at the end: closing the sink hands over, too, and all memory goes. */
	uv_unref((uv_handle_t *)&loop->tick);
	uv_unref((uv_handle_t *)&loop->trim);
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
	uv_close((uv_handle_t *)&loop->tick, NULL);
	uv_close((uv_handle_t *)&loop->stall, NULL);
	uv_close((uv_handle_t *)&loop->trim, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop->uv) == UV_EBUSY) {
		uv_walk(&loop->uv, close_handle, NULL);
		uv_run(&loop->uv, UV_RUN_DEFAULT);
		uv_loop_close(&loop->uv);
	}
	broker__pool_fini(&loop->pool);
	free(loop->receivers);
	free(loop->input);
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

void broker__loop_flush(struct broker__loop *loop)
{
	while (loop->dirty) {
		struct broker_client *client = loop->dirty;
		loop->dirty = client->dirty_next;
		client->is_dirty = false;
		if (broker__client_is_open(client))
			broker__client_flush(client);
	}
	if (loop->pool.resting_bytes > 0 && !uv_is_active((uv_handle_t *)&loop->trim))
		uv_timer_start(&loop->trim, on_trim, TRIM_MS, TRIM_MS);
}

static void free_retired(struct broker__loop *loop)
{
	while (loop->retired) {
		struct broker__sub *sub = loop->retired;
		loop->retired = sub->next;
		broker__sub_close(sub);
	}
}

void broker__loop_settle(struct broker__loop *loop)
{
	broker__loop_flush(loop);
	while (loop->leaving) {
		struct broker_client *client = loop->leaving;
		loop->leaving = client->leaving_next;
		broker__client_put_away(client);
	}
	free_retired(loop);
}
