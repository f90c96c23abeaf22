/* tls_files.h - a TLS context that follows the files of its certificates: when one changes, the next connections use the new
 * ones. Files that cannot be used change nothing. */
#ifndef NET_TLS_FILES_H
#define NET_TLS_FILES_H

#include "net/tls_context.h"

struct net_tls_files;

/* The files have changed and are in use (fault NULL), or cannot be used. */
typedef void net_tls_files_changed(void *owner, const struct wire_fault *fault);

/* Read the files, and follow them. The options are copied. `changed` is called from the loop. 0, or a negative code with
 * *fault as of net_tls_context_open. */
int net_tls_files_open(struct net_tls_files **files, uv_loop_t *loop, const struct net_tls_options *options,
		       net_tls_files_changed *changed, void *owner, struct wire_fault *fault);

/* For the next connection; borrowed until the loop runs again. */
struct net_tls_context *net_tls_files_context(const struct net_tls_files *files);

/* Read the files now. Likewise; on failure the context stays. */
int net_tls_files_reload(struct net_tls_files *files, struct wire_fault *fault);

/* The loop must run once more, which frees it. NULL is allowed. */
void net_tls_files_close(struct net_tls_files *files);

#endif
