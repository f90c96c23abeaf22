#include "demo/truth.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct demo_truth {
	FILE *file;
	pthread_mutex_t lock;
};

struct demo_truth *demo_truth_open(const char *dir, const char *name)
{
	char path[512];
	struct demo_truth *truth = calloc(1, sizeof(*truth));
	snprintf(path, sizeof(path), "%s/%s.jsonl", dir, name);
	if (truth)
		truth->file = fopen(path, "we");
	if (!truth || !truth->file) {
		fprintf(stderr, "demo: cannot write %s: %s\n", path, strerror(errno));
		free(truth);
		return NULL;
	}
	pthread_mutex_init(&truth->lock, NULL);
	return truth;
}

void demo_truth_close(struct demo_truth *truth)
{
	if (!truth)
		return;
	fclose(truth->file);
	pthread_mutex_destroy(&truth->lock);
	free(truth);
}

void demo_truth_append(struct demo_truth *truth, json_t *record)
{
	if (truth) {
		pthread_mutex_lock(&truth->lock);
		json_dumpf(record, truth->file, JSON_COMPACT | JSON_REAL_PRECISION(12));
		fputc('\n', truth->file);
		pthread_mutex_unlock(&truth->lock);
	}
	json_decref(record);
}

void demo_truth_request(struct demo_truth *truth, const char *request, const char *outcome, const char *reply,
			int64_t latency_ns)
{
	demo_truth_append(truth,
			  json_pack("{s:s, s:s, s:s?, s:f}", "request", request, "outcome", outcome, "reply",
				    reply[0] ? reply : NULL, "latency_us", (double)latency_ns / 1000));
}
