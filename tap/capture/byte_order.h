/* byte_order.h - numbers in capture files, in either byte order. Internal to tap. */
#ifndef TAP_CAPTURE_BYTE_ORDER_H
#define TAP_CAPTURE_BYTE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

static inline uint16_t tap__u16(const unsigned char *in, bool is_big_endian)
{
	return (uint16_t)(is_big_endian ? in[0] << 8 | in[1] : in[1] << 8 | in[0]);
}

static inline uint32_t tap__u32(const unsigned char *in, bool is_big_endian)
{
	uint32_t first = tap__u16(in, is_big_endian), second = tap__u16(in + 2, is_big_endian);
	return is_big_endian ? first << 16 | second : second << 16 | first;
}

static inline uint64_t tap__u64(const unsigned char *in, bool is_big_endian)
{
	uint64_t first = tap__u32(in, is_big_endian), second = tap__u32(in + 4, is_big_endian);
	return is_big_endian ? first << 32 | second : second << 32 | first;
}

#endif
