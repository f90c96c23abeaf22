/* proxy_settings.h - the options of `tapedeck proxy`, of its command line and of the file that --config names. */
#ifndef CLI_OPTIONS_PROXY_SETTINGS_H
#define CLI_OPTIONS_PROXY_SETTINGS_H

#include "cli/options/masking.h"
#include "cli/options/options_file.h"
#include "cli/options/proxy_tls.h"
#include "cli/options/recording.h"
#include "tap/proxy/proxy.h"

struct cli_proxy_settings {
	const char *config_path, *listen, *key_path, *http_host, *log_path, *pid_path, *ports_dir;
	struct cli_list upstreams, advertise, url_maps, proxy_networks;
	bool is_random, accepts_proxy, shares_port, no_log_time, debug;
	int http_port, send_proxy;
	int64_t drain_timeout_ms;
	uint64_t memory_bytes;
	struct cli_proxy_tls tls;
	struct cli_recording recording;
	struct cli_masking masking;
	struct cli_arguments arguments; /* the settings borrow them */
	struct cli_arguments in_file;   /* those of the file, without those of the command line */
};

/* For the command's table of options. */
extern const struct cli_option_group cli_proxy_groups[];

/* Read the settings from a file (NULL: the one that --config names, if any) and the command line, which has precedence. CLI_GO_ON; or
 * an exit status after a complaint. In either case call cli_proxy_settings_fini. */
int cli_proxy_settings_read(struct cli_proxy_settings *settings, const struct cli_command *command,
			    const char *path, int argc, char **argv);
void cli_proxy_settings_fini(struct cli_proxy_settings *settings);

/* Fill in the proxy's options but for its sink and its callbacks. Borrows the settings. */
void cli_proxy_settings_apply(const struct cli_proxy_settings *settings, struct tap_proxy_options *options);

#endif
