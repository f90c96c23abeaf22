#include "net/tls_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES = 3, POLL_MS = 1000 };

/* What changes when a file is written, or replaced by another one. Zeroed: there is no file. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t bytes;
	struct timespec modified;
};

struct net_tls_files {
	uv_loop_t *loop;
	struct net_tls_options options; /* its strings are owned */
	struct net_tls_context *context;
	net_tls_files_changed *changed;
	void *owner;
	uv_timer_t timer;
	bool has_timer;
	/* Of the files when they were last read: taken before, so that a change while they are read is seen afterwards. */
	struct stamp stamps[FILES];
};

static void take_stamps(const struct net_tls_files *files, struct stamp stamps[FILES])
{
	const char *const paths[FILES] = {files->options.cert_file, files->options.key_file,
					  files->options.ca_file};
	struct stat found;
	memset(stamps, 0, FILES * sizeof *stamps);
	for (size_t i = 0; i < FILES; i++) {
		if (!paths[i] || stat(paths[i], &found) != 0)
			continue;
		stamps[i].device = found.st_dev;
		stamps[i].inode = found.st_ino;
		stamps[i].bytes = found.st_size;
		stamps[i].modified = found.st_mtim;
	}
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
	       a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

static int reload(struct net_tls_files *files, struct wire_fault *fault)
{
	struct net_tls_context *context;
	take_stamps(files, files->stamps);
	int error = net_tls_context_open(&context, files->loop, &files->options, fault);
	if (error)
		return error;
	net_tls_context_release(files->context);
	files->context = context;
	return 0;
}

static void on_timer(uv_timer_t *timer)
{
	struct net_tls_files *files = timer->data;
	struct stamp now[FILES];
	struct wire_fault fault;
	bool is_changed = false;
	take_stamps(files, now);
	for (size_t i = 0; i < FILES; i++)
		is_changed = is_changed || !is_same(&now[i], &files->stamps[i]);
	if (!is_changed)
		return;
	int error = reload(files, &fault);
	files->changed(files->owner, error ? &fault : NULL);
}

static int follow(struct net_tls_files *files)
{
	int status = uv_timer_init(files->loop, &files->timer);
	if (status < 0)
		return status;
	files->has_timer = true;
	files->timer.data = files;
	uv_unref((uv_handle_t *)&files->timer);
	return uv_timer_start(&files->timer, on_timer, POLL_MS, POLL_MS);
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
	free_files(handle->data);
}

void net_tls_files_close(struct net_tls_files *files)
{
	if (files && files->has_timer)
		uv_close((uv_handle_t *)&files->timer, on_closed);
	else if (files)
		free_files(files);
}
