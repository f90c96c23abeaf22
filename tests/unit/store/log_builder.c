#include "tests/unit/store/log_builder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/read/log.h"
#include "store/read/segment_reader.h"
#include "store/write/append.h"

enum { SAMPLE_SUBJECTS = 30, OPEN_CONNS = 12 };

void builder_open(struct log_builder *builder, const char *dir, uint64_t seed)
{
	*builder = (struct log_builder){.random.state = seed,
					.batch = store_batch_open(),
					.encoder = store_encoder_open(),
					.output.fd = -1,
					.next_seq = 1,
					.next_conn = 1,
					.oldest_conn = 1,
					.time_ns = INT64_C(1700000000000000000)};
	assert_true(builder->batch && builder->encoder);
	snprintf(builder->dir, sizeof builder->dir, "%s", dir);
	assert_true(mkdir(dir, 0700) == 0 || errno == EEXIST);
	memset(builder->log_id, 7, sizeof builder->log_id);
	store_encoder_set_log(builder->encoder, builder->log_id);
}

static void free_event(struct wire_event *event)
{
	/* All bytes of a copy are one allocation that begins with the client. */
	free((void *)(uintptr_t)event->client);
}

void builder_close(struct log_builder *builder)
{
	for (size_t i = 0; i < builder->count; i++)
		free_event(&builder->events[i]);
	for (size_t i = 0; i < builder->segments_count; i++)
		free(builder->segments[i]);
	free(builder->events);
	free(builder->blocks);
	store_batch_close(builder->batch);
	store_encoder_close(builder->encoder);
	store__segment_writer_abandon(&builder->output);
}

/* ---- keeping events ---- */

static struct wire_slice keep(char **to, struct wire_slice slice)
{
	char *start = *to;
	if (slice.len > 0)
		memcpy(start, slice.data, slice.len);
	*to += slice.len;
	return wire_slice(start, slice.len);
}

static size_t texts_of(const struct wire_event *event)
{
	size_t len = event->subject.len + event->reply.len + event->headers.len + event->payload.len +
		     event->sid.len + event->queue.len + event->text.len;
	for (uint32_t i = 0; i < event->receivers_len; i++)
		len += event->receivers[i].sid.len + event->receivers[i].queue.len;
	const struct wire_client *client = event->client;
	return len + (client
			  ? client->address.len + client->name.len + client->lang.len + client->version.len +
				client->user.len + client->account.len + client->certificate.len
			  : 0);
}

static void keep_receivers(struct wire_event *copy, struct wire_receiver *receivers, char **to)
{
	for (uint32_t i = 0; i < copy->receivers_len; i++) {
		receivers[i] = copy->receivers[i];
		receivers[i].sid = keep(to, receivers[i].sid);
		receivers[i].queue = keep(to, receivers[i].queue);
	}
	copy->receivers = copy->receivers ? receivers : NULL;
}

/* Every copy has a client, as it owns the memory; an event that has none is known by its kind. */
static void keep_client(struct wire_event *copy, struct wire_client *client, char **to)
{
	if (copy->client)
		*client = (struct wire_client){.address = keep(to, copy->client->address),
					       .name = keep(to, copy->client->name),
					       .lang = keep(to, copy->client->lang),
					       .version = keep(to, copy->client->version),
					       .user = keep(to, copy->client->user),
					       .account = keep(to, copy->client->account),
					       .certificate = keep(to, copy->client->certificate)};
	copy->client = client;
}

static void keep_event(struct log_builder *builder, const struct wire_event *event)
{
	if (builder->count == builder->cap) {
		builder->cap = builder->cap ? builder->cap * 2 : 1024;
		builder->events = realloc(builder->events, builder->cap * sizeof *builder->events);
		assert_non_null(builder->events);
	}
	struct wire_client *client =
	    calloc(1, sizeof *client + (event->receivers_len + 1) * sizeof(struct wire_receiver) +
			  texts_of(event) + 1);
	assert_non_null(client);
	struct wire_receiver *receivers = (struct wire_receiver *)(void *)(client + 1);
	char *to = (char *)(receivers + event->receivers_len + 1);
	struct wire_event copy = *event;
	keep_receivers(&copy, receivers, &to);
	keep_client(&copy, client, &to);
	copy.subject = keep(&to, event->subject);
	copy.reply = keep(&to, event->reply);
	copy.headers = keep(&to, event->headers);
	copy.payload = keep(&to, event->payload);
	copy.sid = keep(&to, event->sid);
	copy.queue = keep(&to, event->queue);
	copy.text = keep(&to, event->text);
	builder->events[builder->count++] = copy;
}

/* ---- adding ---- */

static void begin_segment(struct log_builder *builder)
{
	struct store_file_header header = {.major = STORE_VERSION_MAJOR,
					   .minor = STORE_VERSION_MINOR,
					   .first_seq = builder->next_seq,
					   .created_ns = builder->time_ns,
					   .next_conn = builder->next_conn};
	memcpy(header.log_id, builder->log_id, sizeof header.log_id);
	char *path = store_log_segment_path(builder->dir, builder->next_seq);
	assert_non_null(path);
	builder->segments[builder->segments_count++] = strdup(path);
	assert_int_equal(store__segment_writer_open(&builder->output, &store__system_io, path, &header), 0);
}

static void add_connect(struct log_builder *builder, uint64_t conn, uint32_t flags)
{
	char address[40], name[20];
	snprintf(address, sizeof address, conn % 3 ? "10.0.0.%u:%u" : "[::%u]:%u", (unsigned)(conn % 5 + 1),
		 (unsigned)(1000 + conn));
	snprintf(name, sizeof name, "service-%u", (unsigned)(conn % 7));
	const struct wire_client client = {.address = wire_slice_str(address),
					   .name = wire_slice_str(name),
					   .lang = WIRE_LITERAL("c"),
					   .version = WIRE_LITERAL("3.4.1")};
	builder_add(builder, &(struct wire_event){.kind = WIRE_EVENT_CONNECT,
						  .flags = flags,
						  .time_ns = builder->time_ns,
						  .conn = conn,
						  .client = &client});
}

void builder_add(struct log_builder *builder, const struct wire_event *event)
{
	struct wire_event numbered = *event;
	bool is_new = builder->output.fd < 0;
	if (is_new)
		begin_segment(builder);
	for (uint64_t conn = builder->oldest_conn; is_new && conn < builder->next_conn; conn++)
		add_connect(builder, conn, WIRE_EVENT_REPEATED);
	numbered.seq = builder->next_seq++;
	keep_event(builder, &numbered);
	assert_int_equal(store_batch_append(builder->batch, event), 0);
}

void builder_end_block(struct log_builder *builder)
{
	struct store_block_header header;
	const unsigned char *bytes;
	uint32_t events = store_batch_events(builder->batch);
	int64_t len =
	    store_encode(builder->encoder, builder->batch, builder->next_seq - events, 1, &bytes, &header);
	assert_true(len > 0);
	builder->blocks = realloc(builder->blocks, (builder->blocks_count + 1) * sizeof *builder->blocks);
	assert_non_null(builder->blocks);
	builder->blocks[builder->blocks_count++] =
	    (struct built_block){.segment = builder->segments_count - 1,
				 .offset = builder->output.end,
				 .bytes = (uint64_t)len,
				 .header = header};
	assert_int_equal(store__segment_writer_append(&builder->output, bytes, (size_t)len, &header), 0);
	store_batch_reset(builder->batch);
}

void builder_end_segment(struct log_builder *builder, bool footer)
{
	if (store_batch_events(builder->batch) > 0)
		builder_end_block(builder);
	if (footer)
		assert_true(store__segment_writer_finish(&builder->output, false).is_closed);
	else
		store__segment_writer_abandon(&builder->output);
}

void builder_fill(struct log_builder *builder, uint32_t segments, uint32_t blocks, uint32_t events_max)
{
	for (uint32_t i = 0; i < segments; i++) {
		for (uint32_t j = 0; j < blocks; j++) {
			builder_add_samples(builder, 1 + random_below(&builder->random, events_max));
			builder_end_block(builder);
		}
		builder_end_segment(builder, i + 1 < segments);
	}
}

/* ---- samples ---- */

struct sample {
	char subject[40], reply[40], headers[80], payload[400], sids[3][12];
	struct wire_receiver receivers[3];
};

static void sample_receivers(struct log_builder *builder, struct sample *sample, struct wire_event *event)
{
	event->receivers = sample->receivers;
	event->receivers_len = random_below(&builder->random, 4);
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		snprintf(sample->sids[i], sizeof sample->sids[i], "%u", i + 1);
		sample->receivers[i] = (struct wire_receiver){
		    .conn = builder->oldest_conn + random_below(&builder->random, OPEN_CONNS),
		    .sid = wire_slice_str(sample->sids[i]),
		    .outcome = random_below(&builder->random, 5) ? WIRE_SENT : WIRE_DROPPED_SLOW};
		event->receiver_count += sample->receivers[i].outcome == WIRE_SENT;
	}
}

static void sample_message(struct log_builder *builder, struct sample *sample, struct wire_event *event)
{
	struct random *random = &builder->random;
	/* Subjects come and go with time, so that blocks differ in theirs. */
	uint32_t subject = (uint32_t)(builder->next_seq / 500 + random_below(random, 6)) % SAMPLE_SUBJECTS;
	snprintf(sample->subject, sizeof sample->subject, "%s.%u.%s", subject % 2 ? "orders" : "stock",
		 subject, subject % 3 ? "new" : "gone");
	event->subject = wire_slice_str(sample->subject);
	if (random_below(random, 3) == 0) {
		snprintf(sample->headers, sizeof sample->headers,
			 "NATS/1.0\r\nTrace: %u\r\nKind: even\r\nKind: odd\r\n\r\n", random_below(random, 4));
		event->headers = wire_slice_str(sample->headers);
	}
	if (random_below(random, 4) == 0) {
		snprintf(sample->reply, sizeof sample->reply, "_INBOX.%u", random_below(random, 1000));
		event->reply = wire_slice_str(sample->reply);
	}
	snprintf(sample->payload, sizeof sample->payload, "{\"id\":%u,\"note\":\"%*s\"}",
		 random_below(random, 100), (int)random_below(random, 300), "x");
	event->payload = wire_slice_str(random_below(random, 10) ? sample->payload : "");
	event->size = event->payload.len;
}

static void add_publish(struct log_builder *builder)
{
	struct sample sample;
	struct wire_event event = {.time_ns = builder->time_ns,
				   .conn = builder->oldest_conn + random_below(&builder->random, OPEN_CONNS)};
	sample_message(builder, &sample, &event);
	if (random_below(&builder->random, 30) == 0) {
		event.kind = WIRE_EVENT_DELIVERY;
		event.sid = WIRE_LITERAL("9");
		event.outcome = (enum wire_outcome)random_below(&builder->random, 2);
	} else if (random_below(&builder->random, 8) == 0) {
		event.receiver_count = random_below(&builder->random, 5);
	} else {
		sample_receivers(builder, &sample, &event);
	}
	builder_add(builder, &event);
}

static void add_rare(struct log_builder *builder, uint32_t dice)
{
	struct wire_event event = {.time_ns = builder->time_ns, .conn = builder->oldest_conn + dice % 3};
	switch (dice) {
	case 0:
		event.kind = WIRE_EVENT_SUBSCRIBE;
		event.subject = WIRE_LITERAL("orders.*.new");
		event.sid = WIRE_LITERAL("3");
		break;
	case 1:
		event.kind = WIRE_EVENT_ERROR;
		event.text = WIRE_LITERAL("Stale Connection");
		break;
	case 2:
		event.kind = WIRE_EVENT_MARK;
		event.text = WIRE_LITERAL("remark");
		event.conn = 0;
		break;
	case 3:
		event.kind = WIRE_EVENT_GAP;
		event.lost_messages = 5;
		event.text = WIRE_LITERAL("disk full");
		event.conn = 0;
		break;
	default:
		event.kind = WIRE_EVENT_DISCONNECT;
		event.conn = builder->oldest_conn;
		event.text = WIRE_LITERAL("gone");
		builder_add(builder, &event);
		builder->oldest_conn++;
		return;
	}
	builder_add(builder, &event);
}

void builder_add_samples(struct log_builder *builder, uint32_t count)
{
	for (uint64_t end = builder->next_seq + count; builder->next_seq < end;) {
		uint32_t dice = random_below(&builder->random, 300);
		builder->time_ns += random_below(&builder->random, 3) * INT64_C(1000);
		if (builder->next_conn - builder->oldest_conn < OPEN_CONNS) {
			add_connect(builder, builder->next_conn, 0);
			builder->next_conn++;
		} else if (dice < 5) {
			add_rare(builder, dice);
		} else {
			add_publish(builder);
		}
	}
}

/* ---- looking up ---- */

const struct wire_client *builder_client(const struct log_builder *builder, uint64_t conn)
{
	for (size_t i = 0; i < builder->count; i++)
		if (builder->events[i].kind == WIRE_EVENT_CONNECT && builder->events[i].conn == conn)
			return builder->events[i].client;
	return NULL;
}

const struct wire_event *builder_event(const struct log_builder *builder, uint64_t seq)
{
	return seq > 0 && seq <= builder->count ? &builder->events[seq - 1] : NULL;
}

const struct built_block *builder_block_at(const struct log_builder *builder, size_t segment, uint64_t offset)
{
	for (size_t i = 0; i < builder->blocks_count; i++) {
		const struct built_block *block = &builder->blocks[i];
		if (block->segment == segment && offset >= block->offset &&
		    offset < block->offset + block->bytes)
			return block;
	}
	return NULL;
}

void builder_flip(const char *path, uint64_t offset, unsigned bit)
{
	unsigned char byte;
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
	assert_int_equal(fread(&byte, 1, 1, file), 1);
	byte = (unsigned char)(byte ^ 1u << bit);
	assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
	assert_int_equal(fwrite(&byte, 1, 1, file), 1);
	assert_int_equal(fclose(file), 0);
}

uint64_t builder_frame_offset(const struct built_block *block, enum store_frame frame)
{
	uint64_t offset = block->offset + STORE_BLOCK_HEADER_BYTES;
	for (int i = 0; i < (int)frame; i++)
		offset += block->header.frames[i].stored_bytes;
	return offset;
}

/* ---- filters ---- */

static const char *pick(struct random *random, const char *const *list)
{
	uint32_t count = 0;
	while (list[count])
		count++;
	return list[random_below(random, count)];
}

struct store_filter *builder_random_filter(struct log_builder *builder, struct random *random)
{
	static const char *const subjects[] = {"orders.>",     "stock.*.gone", "*.7.*",
					       "orders.5.new", "none.>",       NULL};
	static const char *const clients[] = {"service-3",     "10.0.0.2", "::1", "4",
					      "10.0.0.2:1001", "nobody",   NULL};
	static const char *const kinds[] = {"message", "connect", "gap,mark", "delivery,message,disconnect",
					    NULL};
	static const char *const headers[] = {"Trace", "Kind=odd", "Trace=2", "Nothing", NULL};
	static const char *const greps[] = {"\"id\":4[0-9]", "^$", "x\"}$", "absent", NULL};
	static const char *const wheres[] = {"size > 100",
					     "$.id >= 40 && size < 200",
					     "$.id < 20 || subject.1 == \"stock\"",
					     "!(subject ~ \"new$\" || header.trace == 2)",
					     "kind != \"message\" || receivers == 0",
					     "receivers > 1 && client ~ \"service-[0-4]\"",
					     "reply && header[\"Kind\"]",
					     "seq > 100 && !(seq > 500 && $.id)",
					     "queue || conn == 4",
					     NULL};
	static const char *const seqs[] = {"..250", "100..300", "700..", "17", NULL};
	struct store_filter *filter = store_filter_open();
	struct wire_fault fault;
	int64_t span_ns = builder->time_ns - builder->events[0].time_ns;
	int64_t start_ns = builder->events[0].time_ns;
	assert_non_null(filter);
	for (int i = random_below(random, 2) ? (int)random_below(random, 3) : 0; i > 0; i--)
		assert_int_equal(store_filter_subject(filter, pick(random, subjects), &fault), 0);
	if (random_below(random, 4) == 0)
		assert_int_equal(store_filter_exclude(filter, pick(random, subjects), &fault), 0);
	if (random_below(random, 4) == 0)
		assert_int_equal(store_filter_client(filter, pick(random, clients), &fault), 0);
	if (random_below(random, 3) == 0)
		assert_int_equal(store_filter_kinds(filter, pick(random, kinds), &fault), 0);
	if (random_below(random, 4) == 0)
		assert_int_equal(store_filter_header(filter, pick(random, headers), &fault), 0);
	if (random_below(random, 4) == 0)
		assert_int_equal(store_filter_grep(filter, pick(random, greps), &fault), 0);
	if (random_below(random, 3) == 0)
		store_filter_since(filter, start_ns + (int64_t)random_below(random, 1000) * span_ns / 1000);
	if (random_below(random, 3) == 0)
		store_filter_until(filter, start_ns + (int64_t)random_below(random, 1000) * span_ns / 1000);
	if (random_below(random, 4) == 0)
		store_filter_min_size(filter, random_below(random, 300));
	if (random_below(random, 3) == 0)
		assert_int_equal(store_filter_where(filter, pick(random, wheres), NULL, &fault), 0);
	if (random_below(random, 6) == 0)
		assert_int_equal(store_filter_receiver(filter, pick(random, clients), &fault), 0);
	if (random_below(random, 6) == 0)
		assert_int_equal(store_filter_seq(filter, pick(random, seqs), &fault), 0);
	if (random_below(random, 8) == 0)
		store_filter_unheard(filter);
	if (random_below(random, 4) == 0)
		assert_int_equal(store_filter_grep_in(
				     filter,
				     pick(random, (const char *const[]){"subject", "headers,payload", NULL}),
				     &fault),
				 0);
	if (random_below(random, 3) == 0)
		store_filter_invert(filter);
	return filter;
}

/* ---- reading ---- */

static void add_item(struct reading *reading, const struct wire_event *event, bool is_made)
{
	if (reading->count == reading->cap) {
		reading->cap = reading->cap ? reading->cap * 2 : 1024;
		reading->items = realloc(reading->items, reading->cap * sizeof *reading->items);
		assert_non_null(reading->items);
	}
	struct read_item *item = &reading->items[reading->count++];
	*item = (struct read_item){.seq = event->seq, .lost_messages = event->lost_messages};
	if (!is_made)
		return;
	assert_int_equal(event->kind, WIRE_EVENT_GAP);
	assert_int_equal(event->seq, event->from_seq);
	assert_true(event->to_seq >= event->from_seq && event->from_ns <= event->to_ns);
	item->to_seq = event->to_seq;
	snprintf(item->text, sizeof item->text, "%.*s", (int)event->text.len, event->text.data);
}

static void check_event(const struct log_builder *builder, const struct wire_event *event, bool payloads)
{
	const struct wire_event *added = builder_event(builder, event->seq);
	if (!added)
		fail_msg("event %lu was never added", (unsigned long)event->seq);
	struct wire_event want = *added, got = *event;
	if (want.kind != WIRE_EVENT_CONNECT)
		want.client = NULL;
	if (!payloads) {
		assert_int_equal(got.payload.len, want.payload.len);
		got.payload = want.payload;
		got.headers = want.headers;
	}
	assert_event(&got, &want, want.seq);
}

void builder_read(const struct log_builder *builder, const char *path,
		  const struct store_reader_options *options, struct reading *reading)
{
	struct store_reader *reader;
	struct wire_fault fault;
	struct wire_event event;
	int status = store_reader_open(&reader, path, options, &fault);
	if (status)
		fail_msg("%s", fault.text);
	*reading = (struct reading){0};
	while ((status = store_reader_next(reader, &event, &fault)) == 1) {
		bool is_made = event.kind == WIRE_EVENT_GAP && event.from_seq > 0;
		if (!is_made)
			check_event(builder, &event, options->payloads);
		add_item(reading, &event, is_made);
	}
	if (status < 0)
		fail_msg("%s", fault.text);
	struct wire_damage damage;
	store_reader_damage(reader, &damage);
	reading->damaged_blocks = damage.places;
	reading->damaged_events = damage.events;
	reading->deleted_events = damage.deleted_events;
	store_reader_close(reader);
}

void reading_fini(struct reading *reading)
{
	free(reading->items);
}
