/* numbered.h - messages whose bytes follow from their numbers, so that a log of them is checked byte for byte without
 * remembering what was sent. */
#ifndef INTEGRATION_NUMBERED_H
#define INTEGRATION_NUMBERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { NUMBERED_ROUNDS = 32, NUMBERED_PUBLISHERS = 4, NUMBERED_FRAME_MAX = 1024 };

/* The PUB frame, on subject numbered.<publisher>, of message n (from 0) that a publisher sends in a round. Returns its
 * length. */
size_t numbered_frame(char out[NUMBERED_FRAME_MAX], int round, int publisher, uint64_t n);

/* Send messages 0, 1, 2, … in a child process, 64 at a time with a pause between, until the connection ends or `count`
 * were sent and confirmed by a PONG. The child's exit status is 0 when all were. */
pid_t numbered_publish(int port, int round, int publisher, uint64_t count, int pause_us);

/* Subscribe in a child process to everything and read until the connection ends. Returns when it is subscribed. */
pid_t numbered_subscribe(int port);

/* End a child and collect it. */
void numbered_end(pid_t child);

/* Wait for a child's own end; its exit status. */
int numbered_await(pid_t child);

struct numbered_log {
	uint64_t counts[NUMBERED_ROUNDS][NUMBERED_PUBLISHERS];
	uint64_t messages; /* all */
	uint64_t holes;    /* numbers that were skipped; 0: each publisher's messages are 0 … count - 1 */
	uint64_t gaps, gap_messages;
	uint64_t damaged_blocks;
};

/* Read a log and check the bytes of every message of ours, and that numbers rise. False, with the reason on
 * stderr, when one is wrong or the log cannot be read. */
bool numbered_log_read(struct numbered_log *log, const char *path);

#endif
