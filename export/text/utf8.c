#include "export/text/utf8.h"

#include <string.h>

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Length announced by a first byte, and its payload bits; 0 when it cannot be first. */
static size_t sequence_length(unsigned char first, uint32_t *bits)
{
	if (first < 0x80) {
		*bits = first;
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf) {
		*bits = first & 0x1f;
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*bits = first & 0x0f;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*bits = first & 0x07;
		return 4;
	}
	return 0;
}

/* Shortest form, no surrogate, within Unicode. */
static bool is_legal(uint32_t point, size_t length)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

	return point >= smallest[length] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

size_t export_utf8_decode(const char *data, size_t len, uint32_t *point)
{
	uint32_t value = 0;
	size_t length = sequence_length((unsigned char)data[0], &value);

	if (length == 0 || length > len)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (!is_continuation(data[i]))
			return 0;
		value = value << 6 | ((unsigned char)data[i] & 0x3f);
	}
	if (!is_legal(value, length))
		return 0;
	*point = value;
	return length;
}

/* How many of the first bytes are ASCII, in steps of eight. Hot: called for every payload that is printed as
 * JSON. */
static size_t ascii_run(const char *data, size_t len)
{
	size_t at = 0;

	while (len - at >= sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, data + at, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
		at += sizeof(word);
	}
	while (at < len && (unsigned char)data[at] < 0x80)
		at++;
	return at;
}

bool export_utf8_is_valid(struct wire_slice text)
{
	size_t at = 0;

	while (at < text.len) {
		uint32_t point;

		at += ascii_run(text.data + at, text.len - at);
		if (at == text.len)
			return true;
		size_t length = export_utf8_decode(text.data + at, text.len - at, &point);
		if (length == 0)
			return false;
		at += length;
	}
	return true;
}

/* Eight bytes, all of them printable ASCII: none has its highest bit set, nor after 0x20 is taken off or 1 is added. (A borrow or
 * a carry comes from a byte that is not printable, so that it does no harm.) */
static bool are_plain(const char *data)
{
	uint64_t bytes;

	memcpy(&bytes, data, sizeof(bytes));
	return ((bytes | (bytes - UINT64_C(0x2020202020202020)) | (bytes + UINT64_C(0x0101010101010101))) &
		UINT64_C(0x8080808080808080)) == 0;
}

/* Hot: once or twice for every text that is printed. */
size_t export_utf8_plain(const char *data, size_t len)
{
	size_t at = 0;

	while (at + 8 <= len && are_plain(data + at))
		at += 8;
	while (at < len && data[at] >= 0x20 && data[at] < 0x7f)
		at++;
	return at;
}

struct range {
	uint32_t first, last;
};

/* A linear search: ranges are few, and plain ASCII is not searched for. */
static bool is_in(uint32_t point, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count && point >= ranges[i].first; i++) {
		if (point <= ranges[i].last)
			return true;
	}
	return false;
}

#define IS_IN(point, ranges) is_in(point, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* Controls, separators, marks of direction, invisible characters, private use beyond the terminal's font. */
static const struct range unsafe[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f},   {0x00ad, 0x00ad},    {0x061c, 0x061c}, {0x115f, 0x1160},
    {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},    {0x2028, 0x202e}, {0x2060, 0x206f},
    {0x3164, 0x3164}, {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},    {0xffa0, 0xffa0}, {0xfff0, 0xfffb},
    {0xfffe, 0xffff}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
};

/* Marks that combine with the character before them. */
static const struct range combining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x064b, 0x065f}, {0x093c, 0x093c},
    {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

/* East Asian wide and full width, emoji: the W and F classes of Unicode's UAX #11, coarsely. */
static const struct range wide[] = {
    {0x1100, 0x115e},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26d4, 0x26d4},   {0x2705, 0x2705},   {0x274c, 0x274c},
    {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
};

bool export_utf8_is_unsafe(uint32_t point)
{
	return IS_IN(point, unsafe);
}

int export_utf8_width(uint32_t point)
{
	if (point >= 0x20 && point < 0x7f)
		return 1;
	if (export_utf8_is_unsafe(point))
		return -1;
	if (IS_IN(point, combining))
		return 0;
	return IS_IN(point, wide) ? 2 : 1;
}
