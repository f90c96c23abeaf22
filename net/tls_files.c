#include "net/tls_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 3, POLL_MS = 1000 };

struct net_tls_files {
	uv_loop_t *loop;
	struct net_tls_options options; /* its strings are owned */
	struct net_tls_context *context;
	net_tls_files_changed *changed;
	void *owner;
	uv_fs_poll_t polls[FILES];
	unsigned handles; /* not closed yet */
};

static int reload(struct net_tls_files *files, struct wire_fault *fault)
{
	struct net_tls_context *context;
	int error = net_tls_context_open(&context, files->loop, &files->options, fault);
	if (error)
		return error;
	net_tls_context_release(files->context);
	files->context = context;
	return 0;
}

static void on_change(uv_fs_poll_t *poll, int status, const uv_stat_t *before, const uv_stat_t *now)
{
	struct net_tls_files *files = poll->data;
	struct wire_fault fault;
	(void)status;
	(void)before;
	(void)now;
	int error = reload(files, &fault);
	files->changed(files->owner, error ? &fault : NULL);
}

static int follow(struct net_tls_files *files)
{
	const char *const paths[FILES] = {files->options.cert_file, files->options.key_file,
					  files->options.ca_file};
	for (size_t i = 0; i < FILES; i++) {
		uv_fs_poll_t *poll = &files->polls[files->handles];
		if (!paths[i])
			continue;
		int status = uv_fs_poll_init(files->loop, poll);
		if (status < 0)
			return status;
		files->handles++;
		poll->data = files;
		status = uv_fs_poll_start(poll, on_change, paths[i], POLL_MS);
		if (status < 0)
			return status;
		uv_unref((uv_handle_t *)poll);
	}
	return 0;
}

/* ---- opening and closing ---- */

static void free_files(struct net_tls_files *files)
{
	const char *const texts[] = {files->options.cert_file, files->options.key_file,
				     files->options.ca_file, files->options.cipher_suites,
				     files->options.curves};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free((char *)(uintptr_t)texts[i]);
	net_tls_context_release(files->context);
	free(files);
}

/* False when out of memory. */
static bool copy(const char **text)
{
	const char *given = *text;
	*text = given ? strdup(given) : NULL;
	return !given || *text;
}

static bool copy_options(struct net_tls_files *files, const struct net_tls_options *options)
{
	struct net_tls_options *own = &files->options;
	*own = *options;
	bool is_copied = copy(&own->cert_file);
	is_copied = copy(&own->key_file) && is_copied;
	is_copied = copy(&own->ca_file) && is_copied;
	is_copied = copy(&own->cipher_suites) && is_copied;
	return copy(&own->curves) && is_copied;
}

int net_tls_files_open(struct net_tls_files **out, uv_loop_t *loop, const struct net_tls_options *options,
		       net_tls_files_changed *changed, void *owner, struct wire_fault *fault)
{
	struct net_tls_files *files = calloc(1, sizeof *files);
	if (!files)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	files->loop = loop;
	files->changed = changed;
	files->owner = owner;
	int error = copy_options(files, options) ? reload(files, fault)
						 : wire_fault_set(fault, -ENOMEM, "out of memory");
	if (error == 0 && (error = follow(files)) < 0)
		wire_fault_set(fault, error, "cannot follow the TLS files: %s", uv_strerror(error));
	if (error)
		net_tls_files_close(files);
	else
		*out = files;
	return error;
}

struct net_tls_context *net_tls_files_context(const struct net_tls_files *files)
{
	return files->context;
}

int net_tls_files_reload(struct net_tls_files *files, struct wire_fault *fault)
{
	return reload(files, fault);
}

static void on_closed(uv_handle_t *handle)
{
	struct net_tls_files *files = handle->data;
	if (--files->handles == 0)
		free_files(files);
}

void net_tls_files_close(struct net_tls_files *files)
{
	if (!files)
		return;
	unsigned handles = files->handles;
	for (unsigned i = 0; i < handles; i++)
		uv_close((uv_handle_t *)&files->polls[i], on_closed);
	if (handles == 0)
		free_files(files);
}
