/* services.h - the log of a made-up platform: 57 clients, 95 subjects, requests and events.
 *
 * 19 services of 3 clients each. 60 subjects carry events, each to up to four services; 35 carry requests, each to a
 * queue group of one service's clients. Half of the messages are events, a quarter requests and a quarter their
 * replies. Each reply comes within 64 messages of its request; of 1000 requests one has none. Payloads are JSON of
 * about 100 bytes with the id of an order, which up to 8 messages have in common. Time advances by 5 us a message. */
#ifndef BENCH_SERVICES_H
#define BENCH_SERVICES_H

#include <stdint.h>

#include "wire/error.h"

enum { BENCH_SERVICES_CLIENTS = 57, BENCH_SERVICES_SUBJECTS = 95 };

/* Message M, from 0, holds the id "order-N" with N = M / so many. */
enum { BENCH_SERVICES_ORDER_MESSAGES = 8 };

struct bench_services_log {
	uint64_t messages, requests, replies;
};

/* Write the log into a folder that does not exist. 0 with *log, or a negative code with *fault. */
int bench_services_write(const char *path, uint64_t messages, uint64_t seed, struct bench_services_log *log,
			 struct wire_fault *fault);

#endif
