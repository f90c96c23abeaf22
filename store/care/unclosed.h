/* unclosed.h - close segments that this writer left without a footer, because it could not be written. Internal to store. */
#ifndef STORE_CARE_UNCLOSED_H
#define STORE_CARE_UNCLOSED_H

#include <stdint.h>

struct store__unclosed {
	const char *dir;
	const char *open;      /* the segment being written; may be NULL */
	const uint8_t *log_id; /* 16 bytes */
	uint64_t first_seq;    /* segments before this one are skipped */
	uint64_t next_seq, next_conn;
};

/* 0 when all are closed; else a negative code: try again later. */
int store__unclosed_close(const struct store__unclosed *unclosed);

#endif
