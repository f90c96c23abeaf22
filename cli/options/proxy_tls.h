/* proxy_tls.h - the options of `tapedeck proxy` about TLS, towards clients and towards servers. */
#ifndef CLI_OPTIONS_PROXY_TLS_H
#define CLI_OPTIONS_PROXY_TLS_H

#include "cli/options/options.h"
#include "tap/proxy/proxy.h"

/* They set this struct; its defaults are those of tap_proxy_options_init. */
struct cli_proxy_tls {
	struct tap_proxy_tls clients, servers;
};

extern const struct cli_option cli_proxy_tls_options[];

#endif
