#include "store/care/event_file.h"

#include <errno.h>

#include "store/write/append.h"

int store__event_file_init(struct store__event_file *file, const uint8_t log_id[16], int level)
{
	*file = (struct store__event_file){.segment.fd = -1, .level = level};
	file->batch = store_batch_open();
	file->encoder = store_encoder_open();
	if (!file->batch || !file->encoder)
		return -ENOMEM;
	store_encoder_set_log(file->encoder, log_id);
	return 0;
}

void store__event_file_fini(struct store__event_file *file)
{
	store__segment_writer_abandon(&file->segment);
	store_batch_close(file->batch);
	store_encoder_close(file->encoder);
}

int store__event_file_begin(struct store__event_file *file, char *path,
			    const struct store_file_header *header)
{
	return store__segment_writer_open(&file->segment, &store__system_io, path, header);
}

int store__event_file_use(struct store__event_file *file, const unsigned char *dictionary, size_t len)
{
	int error = store_encoder_set_dictionary(file->encoder, dictionary, len);
	return error ? error : store__segment_writer_put_dictionary(&file->segment, dictionary, len);
}

static int flush(struct store__event_file *file)
{
	const unsigned char *bytes;
	struct store_block_header header;
	if (store_batch_events(file->batch) == 0)
		return 0;
	int64_t len = store_encode(file->encoder, file->batch, file->first_seq, file->level, &bytes, &header);
	if (len < 0)
		return (int)len;
	store_batch_reset(file->batch);
	return store__segment_writer_append(&file->segment, bytes, (size_t)len, &header);
}

int store__event_file_add(struct store__event_file *file, const struct wire_event *event)
{
	uint32_t batched = store_batch_events(file->batch);
	int error = batched > 0 && event->seq != file->first_seq + batched ? flush(file) : 0;
	if (error)
		return error;
	if (store_batch_events(file->batch) == 0)
		file->first_seq = event->seq;
	error = store_batch_append(file->batch, event);
	if (error != STORE_EFULL)
		return error;
	error = flush(file);
	file->first_seq = event->seq;
	return error ? error : store_batch_append(file->batch, event);
}

struct store__segment_end store__event_file_end(struct store__event_file *file)
{
	int error = flush(file);
	struct store__segment_end ended = store__segment_writer_finish(&file->segment, true);
	if (!error && !ended.is_closed)
		error = -ENOSPC;
	ended.error = error ? error : ended.error;
	return ended;
}
