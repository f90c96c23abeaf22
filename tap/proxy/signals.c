#include "tap/proxy/signals.h"

#include <signal.h>

#include "tap/proxy/check.h"
#include "tap/proxy/report.h"
#include "tap/proxy/security.h"
#include "tap/proxy/serve.h"

static void reopen_log(struct tap_proxy *proxy)
{
	if (proxy->options.reopen_log)
		proxy->options.reopen_log(proxy->options.context);
}

static void reload(struct tap_proxy *proxy)
{
	reopen_log(proxy);
	if (proxy->options.reload)
		proxy->options.reload(proxy->options.context);
	tap__security_reload(proxy);
	tap__checks_hurry(proxy);
	tap__report(proxy, TAP_PROXY_INFO, "Reloaded: servers are looked up and checked again");
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct tap_proxy *proxy = handle->data;
	switch (number) {
	case SIGUSR1: reopen_log(proxy); break;
	case SIGUSR2: tap__serve_drain(proxy); break;
	case SIGHUP: reload(proxy); break;
	default: tap__serve_stop(proxy);
	}
}

int tap__signals_start(struct tap_proxy *proxy)
{
	static const int numbers[TAP__PROXY_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a log file at its limit is a full disk */
	for (size_t i = 0; i < TAP__PROXY_SIGNALS; i++) {
		proxy->signals[i].data = proxy;
		int status = uv_signal_start(&proxy->signals[i], on_signal, numbers[i]);
		if (status < 0)
			return status;
	}
	return 0;
}
