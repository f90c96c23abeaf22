#include "export/decode/guess.h"

#include "export/decode/cbor.h"
#include "export/decode/compressed.h"
#include "export/decode/msgpack.h"
#include "export/text/utf8.h"

typedef int step(struct wire_slice in, struct export_out *out, struct wire_fault *fault);
typedef int values_step(struct wire_slice in, struct export__values *values, struct wire_fault *fault);

/* The text is not larger than the output may be. */
static bool is_kept(struct export_out *out)
{
	(void)export_out_kept(out);
	return out->error == 0;
}

static bool decompresses(step *decompress, struct wire_slice in, struct export_out *out)
{
	const bool is_whole = decompress(in, out, NULL) == 0 && is_kept(out);

	if (!is_whole)
		export_out_reset(out);
	return is_whole;
}

static bool is_map(values_step *decode, struct wire_slice in, struct export_out *out)
{
	struct export__values values;

	export__values_init(&values, out);
	const bool is_whole = decode(in, &values, NULL) == 0 && !values.has_odd_keys && is_kept(out) &&
			      export_out_kept(out).len > sizeof("{}") - 1;
	if (!is_whole)
		export_out_reset(out);
	return is_whole;
}

/* The first bytes of maps that are not empty; 0xbf begins a map without a count, which may be. */
static bool begins_msgpack_map(unsigned char byte)
{
	return (byte > 0x80 && byte <= 0x8f) || byte == 0xde || byte == 0xdf;
}

static bool begins_cbor_map(unsigned char byte)
{
	return (byte > 0xa0 && byte <= 0xbb) || byte == 0xbf;
}

enum export__guess export__guess(struct wire_slice in, struct export_out *out)
{
	if (in.len == 0 || export_utf8_is_valid(in))
		return EXPORT__GUESS_NOTHING;
	const unsigned char first = (unsigned char)in.data[0];
	if (export__is_gzip(in) && decompresses(export__gunzip, in, out))
		return EXPORT__GUESS_GZIP;
	if (export__is_zstd(in) && decompresses(export__unzstd, in, out))
		return EXPORT__GUESS_ZSTD;
	if (begins_msgpack_map(first) && is_map(export__msgpack, in, out))
		return EXPORT__GUESS_MSGPACK;
	if (begins_cbor_map(first) && is_map(export__cbor, in, out))
		return EXPORT__GUESS_CBOR;
	return EXPORT__GUESS_NOTHING;
}

const char *export__guess_name(enum export__guess guess)
{
	static const char *const names[] = {"nothing", "gzip", "zstd", "msgpack", "cbor"};

	return names[guess];
}
