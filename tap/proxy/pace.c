#include "tap/proxy/pace.h"

#include "tap/proxy/relay.h"

enum { REST_MOST_MS = 20 };

static bool is_server_behind(const struct tap__link *link)
{
	return link->flow && tap__observer_is_behind(link->proxy->observer, link->flow);
}

static void start(struct tap_proxy *proxy);

/* A millisecond has passed. */
static void on_tick(uv_timer_t *timer)
{
	struct tap_proxy *proxy = timer->data;
	struct tap__link *link = proxy->resting, *next;
	proxy->resting = NULL;
	for (; link; link = next) {
		next = link->next_resting;
		if (++link->rested_ms < REST_MOST_MS && is_server_behind(link)) {
			link->next_resting = proxy->resting;
			proxy->resting = link;
			continue;
		}
		link->up.is_resting = false;
		tap__relay_read(&link->up);
	}
	if (proxy->resting)
		start(proxy);
}

static void start(struct tap_proxy *proxy)
{
	if (!uv_is_active((uv_handle_t *)&proxy->pace))
		uv_timer_start(&proxy->pace, on_tick, 1, 0);
}

void tap__pace_open(struct tap_proxy *proxy)
{
	uv_timer_init(&proxy->loop, &proxy->pace);
	proxy->pace.data = proxy;
}

void tap__pace_close(struct tap_proxy *proxy)
{
	uv_close((uv_handle_t *)&proxy->pace, NULL);
}

void tap__pace_client(struct tap__link *link)
{
	struct tap_proxy *proxy = link->proxy;
	if (link->up.is_resting || !link->up.from || !is_server_behind(link))
		return;
	link->up.is_resting = true;
	link->rested_ms = 0;
	link->next_resting = proxy->resting;
	proxy->resting = link;
	net_stream_pause(link->up.from);
	start(proxy);
}

void tap__pace_stop(struct tap__link *link)
{
	struct tap__link **at = &link->proxy->resting;
	if (!link->up.is_resting)
		return;
	while (*at != link)
		at = &(*at)->next_resting;
	*at = link->next_resting;
	link->up.is_resting = false;
}
