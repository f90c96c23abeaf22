#include "support/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/broker.h"
#include "support/fail.h"

bool support_proxy_has_server(void)
{
	return system("nats-server -v >/dev/null 2>&1") == 0; /* NOLINT: a constant command */
}

static void start(struct support_server *server, const struct support_server_plan *plan)
{
	if (support_server_open(server, plan) < 0)
		support_fail("%s does not start", plan->program);
}

static bool has_flag(const char *const *flags, const char *flag)
{
	for (; flags && *flags; flags++)
		if (strcmp(*flags, flag) == 0)
			return true;
	return false;
}

void support_proxy_open_server(struct support_proxy *proxy, const char *const *server_flags)
{
	*proxy = (struct support_proxy){0};
	support_tempdir_open(&proxy->server_dir);
	proxy->server_plan = (struct support_server_plan){.program = "nats-server",
							  .args = server_flags,
							  .dir = proxy->server_dir.path,
							  .monitoring = true};
	start(&proxy->server, &proxy->server_plan);
	snprintf(proxy->upstream, sizeof(proxy->upstream), "%s://127.0.0.1:%d",
		 has_flag(server_flags, "--tls") ? "tls" : "nats", proxy->server.port);
}

void support_proxy_open_in_front(struct support_proxy *proxy, const char *const *flags)
{
	enum { FLAGS_MAX = sizeof(proxy->args) / sizeof(proxy->args[0]) - 1 };
	size_t count = 0;
	support_tempdir_open(&proxy->dir);
	support_tempdir_path(&proxy->dir, "log", proxy->log, sizeof(proxy->log));
	const char *const own[] = {"--upstream", proxy->upstream, "--record", proxy->log, "--debug"};
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		proxy->args[count++] = own[i];
	for (size_t i = 0; flags && flags[i] && count < FLAGS_MAX; i++)
		proxy->args[count++] = flags[i];
	proxy->plan = (struct support_server_plan){.program = support_tapedeck(),
						   .command = "proxy",
						   .args = proxy->args,
						   .dir = proxy->dir.path,
						   .monitoring = true,
						   .is_proxy = true};
	start(&proxy->proxy, &proxy->plan);
}

void support_proxy_open(struct support_proxy *proxy, const char *const *server_flags,
			const char *const *flags)
{
	support_proxy_open_server(proxy, server_flags);
	support_proxy_open_in_front(proxy, flags);
}

void support_proxy_restart_server(struct support_proxy *proxy)
{
	proxy->server_plan.port = proxy->server.port;
	start(&proxy->server, &proxy->server_plan);
}

int support_proxy_stop(struct support_proxy *proxy)
{
	return support_server_close(&proxy->proxy);
}

void support_proxy_close(struct support_proxy *proxy)
{
	support_server_close(&proxy->proxy);
	support_server_kill(&proxy->server);
	support_tempdir_close(&proxy->dir);
	support_tempdir_close(&proxy->server_dir);
}
