#include "store/care/repacker.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "store/care/repack.h"

enum { LEVEL = 3, LEAST_GAIN = 5 };

static void *repack(void *context)
{
	struct store__repacker *repacker = context;
	const struct store_repack_options options = {
	    .level = LEVEL, .least_gain = LEAST_GAIN, .stop = &repacker->stop};
	repacker->saved_bytes = store_repack(repacker->path, &options);
	atomic_store(&repacker->done, true);
	return NULL;
}

void store__repacker_start(struct store__repacker *repacker, char *path)
{
	if (!repacker->path) {
		repacker->path = path;
		atomic_store(&repacker->stop, false);
		atomic_store(&repacker->done, false);
		if (pthread_create(&repacker->thread, NULL, repack, repacker) == 0)
			return;
		repacker->path = NULL;
	}
	free(path);
}

uint64_t store__repacker_join(struct store__repacker *repacker, bool hurry)
{
	if (!repacker->path)
		return 0;
	if (hurry)
		atomic_store(&repacker->stop, true);
	pthread_join(repacker->thread, NULL);
	free(repacker->path);
	repacker->path = NULL;
	return repacker->saved_bytes > 0 ? (uint64_t)repacker->saved_bytes : 0;
}

uint64_t store__repacker_reap(struct store__repacker *repacker)
{
	return repacker->path && atomic_load(&repacker->done) ? store__repacker_join(repacker, false) : 0;
}
