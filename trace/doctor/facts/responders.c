#include "trace/doctor/facts/responders.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/doctor/facts/connections.h"

int doctor__responders_init(struct doctor__requests *requests, uint64_t max_bytes)
{
	size_t each = sizeof *requests->responders + sizeof *requests->service_responders;
	requests->responders_max =
	    (uint32_t)(max_bytes / each < UINT32_MAX / 2 ? max_bytes / each : UINT32_MAX / 2);
	int error = store_table_init(&requests->by_responder);
	return error ? error : store_table_init(&requests->by_service);
}

void doctor__responders_fini(struct doctor__requests *requests)
{
	store_table_fini(&requests->by_responder);
	store_table_fini(&requests->by_service);
	free(requests->responders);
	free(requests->service_responders);
}

static uint64_t hash_pair(uint32_t a, uint32_t b)
{
	uint64_t mixed = ((uint64_t)a << 32 | b) * UINT64_C(0x9e3779b97f4a7c15);
	return mixed ^ mixed >> 32;
}

/* Make room for one more. False when there is none. */
static bool make_room(void **list, uint32_t len, uint32_t *cap, size_t size)
{
	if (len < *cap)
		return true;
	uint32_t wanted = *cap ? *cap * 2 : 16;
	void *longer = realloc(*list, wanted * size);
	if (!longer)
		return false;
	*list = longer;
	*cap = wanted;
	return true;
}

/* The number of the service's entry, or -1 when there is no room. */
static int64_t find_service(struct doctor__requests *requests, uint32_t subject, uint32_t service)
{
	uint32_t probe = 0, number;
	void *list = requests->service_responders;
	while (store_table_next(&requests->by_service, hash_pair(subject, service), &probe, &number))
		if (requests->service_responders[number].subject == subject &&
		    requests->service_responders[number].service == service)
			return number;
	number = requests->service_responders_len;
	bool has_room =
	    number < requests->responders_max &&
	    make_room(&list, number, &requests->service_responders_cap, sizeof *requests->service_responders);
	requests->service_responders = list;
	if (!has_room || store_table_insert(&requests->by_service, hash_pair(subject, service), number) != 0)
		return -1;
	requests->service_responders[requests->service_responders_len++] =
	    (struct doctor__service_responder){.subject = subject, .service = service};
	return number;
}

/* NULL when there is no room. */
static struct doctor__responder *add(struct doctor__facts *facts, uint32_t subject, uint32_t client)
{
	struct doctor__requests *requests = &facts->requests;
	void *list = requests->responders;
	uint32_t number = requests->responders_len;
	int64_t service =
	    find_service(requests, subject, doctor__service_number(&facts->connections, client));
	bool has_room = service >= 0 && number < requests->responders_max &&
			make_room(&list, number, &requests->responders_cap, sizeof *requests->responders);
	requests->responders = list;
	if (!has_room || store_table_insert(&requests->by_responder, hash_pair(subject, client), number) != 0)
		return NULL;
	requests->responders[requests->responders_len++] = (struct doctor__responder){
	    .subject = subject, .client = client, .service_responder = (uint32_t)service};
	return &requests->responders[number];
}

static struct doctor__responder *find(struct doctor__facts *facts, uint32_t subject, uint32_t client)
{
	struct doctor__requests *requests = &facts->requests;
	uint32_t probe = 0, number;
	while (store_table_next(&requests->by_responder, hash_pair(subject, client), &probe, &number))
		if (requests->responders[number].subject == subject &&
		    requests->responders[number].client == client)
			return &requests->responders[number];
	return add(facts, subject, client);
}

void doctor__responders_add(struct doctor__facts *facts, const struct doctor__pending *request,
			    int64_t after_ns)
{
	if (facts->client == TRACE_NO_CLIENT)
		return;
	struct doctor__responder *responder = find(facts, request->subject->number, facts->client);
	if (!responder) {
		facts->requests.replies_left_out++;
		return;
	}
	float log2_ns = doctor__log2(after_ns);
	responder->count++;
	responder->log2_sum += log2_ns;
	doctor__latency_series_add(&facts->requests.service_responders[responder->service_responder].series,
				   &facts->timeline, log2_ns, request->origin, request->seq);
}
