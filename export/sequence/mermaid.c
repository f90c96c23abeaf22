#include "export/sequence/mermaid.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "export/sequence/mermaid_label.h"
#include "export/sequence/sequence.h"
#include "export/text/clock.h"
#include "export/text/sizes.h"

enum {
	CHARACTERS_MAX =
	    50000, /* "maxTextSize" of Mermaid's configuration. Counted in bytes, which are as many or more. */
	ARROWS_MAX = 500,
	TITLE_ROOM = 1500, /* for the first line, the title and the last note */
	MESSAGE_BYTES = 32768,
	RECEIVERS_DRAWN = 8,
	TITLE_BYTES = 1024,
};

struct mermaid {
	struct export_writer base;
	struct export_sequence sequence;
	struct export_sequence_sink sink;
	struct export_out *out;
	struct export_clock clock;
	struct export_text_buffer head, body;         /* participants; arrows and notes */
	struct export_text_buffer new_head, new_body; /* those that the message in the making adds */
	bool is_declared[EXPORT_PARTIES_MAX];
	uint32_t first_party, last_party, new_last_party; /* in the order in which they were declared */
	uint32_t declared;
	uint32_t arrows, new_arrows;
	uint64_t drawn, left_out; /* messages */
	uint64_t left_out_notes;
	uint64_t conversations;
	int64_t first_ns; /* time of day of the first message */
	bool is_full;
	char title[TITLE_BYTES];
	char head_bytes[CHARACTERS_MAX], body_bytes[CHARACTERS_MAX];
	char new_head_bytes[MESSAGE_BYTES], new_body_bytes[MESSAGE_BYTES];
};

/* ---- pieces: what fits whole is added, the rest is left out ---- */

static void begin_piece(struct mermaid *mermaid)
{
	mermaid->new_head.len = mermaid->new_body.len = 0;
	mermaid->new_head.is_full = mermaid->new_body.is_full = false;
	mermaid->new_arrows = 0;
	mermaid->new_last_party = mermaid->last_party;
}

/* A participant is declared when it first takes part. */
static void declare(struct mermaid *mermaid, uint32_t party)
{
	struct export_text_buffer *head = &mermaid->new_head;

	if (mermaid->is_declared[party])
		return;
	mermaid->is_declared[party] = true;
	mermaid->declared++;
	export_text_buffer_str(head, "  participant ");
	export_mermaid_put_party(head, party);
	export_text_buffer_str(head, " as ");
	export_mermaid_put_text(head, export_party_name(&mermaid->sequence.parties, party),
				EXPORT_MERMAID_NAME);
	export_text_buffer_str(head, "\n");
	if (mermaid->declared == 1)
		mermaid->first_party = mermaid->last_party = party;
	mermaid->new_last_party = party;
}

/* Add the piece. False when it does not fit: then it and all later ones are left out. */
static bool end_piece(struct mermaid *mermaid)
{
	const size_t len =
	    mermaid->head.len + mermaid->body.len + mermaid->new_head.len + mermaid->new_body.len;

	mermaid->is_full = mermaid->is_full || mermaid->new_head.is_full || mermaid->new_body.is_full ||
			   len + TITLE_ROOM > CHARACTERS_MAX ||
			   mermaid->arrows + mermaid->new_arrows > ARROWS_MAX;
	if (mermaid->is_full)
		return false;
	export_text_buffer_put(&mermaid->head, mermaid->new_head.text, mermaid->new_head.len);
	export_text_buffer_put(&mermaid->body, mermaid->new_body.text, mermaid->new_body.len);
	mermaid->arrows += mermaid->new_arrows;
	mermaid->last_party = mermaid->new_last_party;
	return true;
}

static struct mermaid *of_sink(struct export_sequence_sink *sink)
{
	return (struct mermaid *)(void *)((char *)sink - offsetof(struct mermaid, sink));
}

/* ---- arrows ---- */

static void put_arrow(struct mermaid *mermaid, const struct export_sequence_message *message, uint32_t to,
		      bool is_lost)
{
	static const char *const arrows[2][2] = {{"->>", "-x"}, {"-->>", "--x"}};
	struct export_text_buffer *body = &mermaid->new_body;

	declare(mermaid, message->publisher);
	declare(mermaid, to);
	export_text_buffer_str(body, "  ");
	export_mermaid_put_party(body, message->publisher);
	export_text_buffer_str(body, arrows[message->is_reply][is_lost]);
	export_mermaid_put_party(body, to);
	export_text_buffer_str(body, ": ");
	export_mermaid_put_since(body, message->since_ns);
	export_mermaid_put_subject(body, message);
	mermaid->new_arrows++;
}

static void put_receivers(struct mermaid *mermaid, const struct export_sequence_message *message)
{
	struct export_text_buffer *body = &mermaid->new_body;

	for (uint32_t i = 0; i < message->receivers_len && i < RECEIVERS_DRAWN; i++) {
		const struct export_sequence_receiver *receiver = &message->receivers[i];
		put_arrow(mermaid, message, receiver->party, receiver->outcome != WIRE_SENT);
		export_mermaid_put_receiver(body, receiver);
		if (i == 0)
			export_mermaid_put_details(body, message);
		export_text_buffer_str(body, "\n");
	}
}

/* To nobody, or to somebody who is not known. */
static void put_single(struct mermaid *mermaid, const struct export_sequence_message *message)
{
	const uint32_t unknown = export_parties_other(&mermaid->sequence.parties, EXPORT_PARTY_UNKNOWN);
	const bool is_lost = message->more_receivers == 0 && !message->may_have_more;

	put_arrow(mermaid, message, is_lost ? message->publisher : unknown, is_lost);
	export_mermaid_put_details(&mermaid->new_body, message);
	export_text_buffer_str(&mermaid->new_body, "\n");
}

/* The receivers that have no arrow of their own. */
static void put_more(struct mermaid *mermaid, const struct export_sequence_message *message)
{
	struct export_text_buffer *body = &mermaid->new_body;
	uint64_t more = message->more_receivers;

	if (message->receivers_len > RECEIVERS_DRAWN)
		more += message->receivers_len - RECEIVERS_DRAWN;
	if (more == 0)
		return;
	export_text_buffer_str(body, "  Note over ");
	export_mermaid_put_party(body, message->publisher);
	export_text_buffer_str(body, message->receivers_len > 0 ? ": and to " : ": to ");
	export_mermaid_put_count(body, more);
	export_text_buffer_str(body, message->receivers_len > 0 ? " more receivers\n" : " receivers\n");
}

static void draw_message(struct export_sequence_sink *sink, const struct export_sequence_message *message)
{
	struct mermaid *mermaid = of_sink(sink);

	begin_piece(mermaid);
	if (message->receivers_len > 0)
		put_receivers(mermaid, message);
	else
		put_single(mermaid, message);
	put_more(mermaid, message);
	const bool fits = end_piece(mermaid);
	if (fits && mermaid->drawn++ == 0)
		mermaid->first_ns = message->event->time_ns;
	if (!fits) { /* no further one is drawn */
		mermaid->sequence.messages_max = mermaid->sequence.messages;
		mermaid->left_out++;
	}
}

/* ---- notes ---- */

/* Over all participants. */
static void begin_note(struct mermaid *mermaid, struct export_text_buffer *buffer)
{
	if (mermaid->declared == 0)
		declare(mermaid, export_parties_other(&mermaid->sequence.parties, EXPORT_PARTY_UNKNOWN));
	export_text_buffer_str(buffer, "  Note over ");
	export_mermaid_put_party(buffer, mermaid->first_party);
	if (mermaid->last_party != mermaid->first_party) {
		export_text_buffer_str(buffer, ",");
		export_mermaid_put_party(buffer, mermaid->last_party);
	}
	export_text_buffer_str(buffer, ": ");
}

static void draw_gap(struct export_sequence_sink *sink, const struct export_sequence_gap *gap)
{
	struct mermaid *mermaid = of_sink(sink);
	struct export_text_buffer *body = &mermaid->new_body;

	begin_piece(mermaid);
	begin_note(mermaid, body);
	export_mermaid_put_since(body, gap->since_ns);
	export_text_buffer_str(body, " GAP");
	if (gap->messages > 0) {
		export_text_buffer_str(body, " of ");
		export_mermaid_put_count(body, gap->messages);
		export_text_buffer_str(body, gap->messages == 1 ? " message" : " messages");
	}
	export_text_buffer_str(body, ", ");
	export_mermaid_put_text(body, gap->text, EXPORT_MERMAID_TEXT);
	export_text_buffer_str(body, "\n");
	if (!end_piece(mermaid))
		mermaid->left_out_notes++;
}

/* The first one is the title, the others stand above their messages. */
static void draw_conversation(struct export_sequence_sink *sink,
			      const struct export_sequence_heading *heading)
{
	struct mermaid *mermaid = of_sink(sink);

	if (mermaid->conversations++ == 0) {
		struct export_text_buffer title = {.text = mermaid->title, .size = sizeof mermaid->title - 1};
		export_mermaid_put_heading(&title, heading);
		mermaid->title[title.len] = '\0';
		return;
	}
	begin_piece(mermaid);
	begin_note(mermaid, &mermaid->new_body);
	export_mermaid_put_since(&mermaid->new_body, heading->since_ns);
	export_text_buffer_str(&mermaid->new_body, " ");
	export_mermaid_put_heading(&mermaid->new_body, heading);
	export_text_buffer_str(&mermaid->new_body, "\n");
	if (!end_piece(mermaid))
		mermaid->left_out_notes++;
}

/* ---- the whole ---- */

static uint64_t count_left_out(const struct mermaid *mermaid)
{
	return mermaid->left_out + mermaid->sequence.left_out;
}

static void put_title(struct mermaid *mermaid)
{
	char time[EXPORT_TIME_TEXT], count[EXPORT_SIZE_TEXT];

	if (mermaid->drawn == 0)
		return;
	export_clock_text(&mermaid->clock, mermaid->first_ns, EXPORT_TIME_SECOND, time);
	export_out_text(mermaid->out, "  title ");
	if (mermaid->title[0])
		export_out_text(mermaid->out, mermaid->title);
	else
		export_out_format(mermaid->out, "%s message%s", export_count_text(count, mermaid->drawn),
				  export_plural(mermaid->drawn));
	export_out_text(mermaid->out, ", from ");
	/* a colon is markup */
	for (const char *at = time; *at; at++)
		if (*at == ':')
			export_out_text(mermaid->out, "#58;");
		else
			export_out_char(mermaid->out, *at);
	export_out_char(mermaid->out, '\n');
}

/* Say in the picture what is not in it. */
static void put_last_note(struct mermaid *mermaid)
{
	struct export_text_buffer *body = &mermaid->new_body;
	const uint64_t left_out = count_left_out(mermaid);

	begin_piece(mermaid);
	if (left_out == 0 && mermaid->drawn > 0)
		return;
	begin_note(mermaid, body);
	if (mermaid->drawn == 0) {
		export_text_buffer_str(body, "no message\n");
		return;
	}
	export_mermaid_put_count(body, left_out);
	export_text_buffer_str(body, left_out == 1 ? " more message is" : " more messages are");
	export_text_buffer_str(body, " not drawn");
	if (mermaid->is_full)
		export_text_buffer_str(body, ", since Mermaid draws 50,000 characters at most, and this "
					     "diagram has 500 arrows at most");
	export_text_buffer_str(body, "\n");
}

static int end(struct export_writer *writer, struct wire_fault *fault)
{
	struct mermaid *mermaid = (struct mermaid *)writer;

	(void)fault;
	put_last_note(mermaid);
	export_out_text(mermaid->out, "sequenceDiagram\n");
	put_title(mermaid);
	export_out_bytes(mermaid->out, mermaid->head.text, mermaid->head.len);
	export_out_bytes(mermaid->out, mermaid->new_head.text, mermaid->new_head.len);
	export_out_bytes(mermaid->out, mermaid->body.text, mermaid->body.len);
	export_out_bytes(mermaid->out, mermaid->new_body.text, mermaid->new_body.len);
	return 0;
}

static int put(struct export_writer *writer, const struct wire_event *event, const struct export_input *input,
	       struct wire_fault *fault)
{
	return export_sequence_event(&((struct mermaid *)writer)->sequence, event, input, fault);
}

static int put_conversation(struct export_writer *writer, const struct export_conversation *conversation,
			    struct wire_fault *fault)
{
	(void)fault;
	export_sequence_conversation(&((struct mermaid *)writer)->sequence, conversation);
	return 0;
}

static bool omission(const struct export_writer *writer, size_t index, struct export_omission *omission)
{
	const struct mermaid *mermaid = (const struct mermaid *)writer;
	const struct export_omission omissions[] = {
	    {"messages that do not fit a Mermaid diagram, or are beyond --limit", count_left_out(mermaid)},
	    {"notes that do not fit", mermaid->left_out_notes + mermaid->sequence.left_out_gaps},
	    {"events that are no messages", mermaid->sequence.others},
	};

	if (index >= sizeof omissions / sizeof omissions[0])
		return false;
	*omission = omissions[index];
	return true;
}

static void close_writer(struct export_writer *writer)
{
	export_sequence_fini(&((struct mermaid *)writer)->sequence);
	free(writer);
}

int export_mermaid_open(struct export_writer **writer, const struct export_mermaid_options *options,
			struct export_out *out, struct wire_fault *fault)
{
	struct mermaid *mermaid = calloc(1, sizeof *mermaid);

	if (!mermaid)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	mermaid->base = (struct export_writer){.put = put,
					       .conversation = put_conversation,
					       .end = end,
					       .omission = omission,
					       .close = close_writer};
	mermaid->sink = (struct export_sequence_sink){
	    .conversation = draw_conversation, .message = draw_message, .gap = draw_gap};
	mermaid->out = out;
	mermaid->clock.utc = options->utc;
	mermaid->head = (struct export_text_buffer){.text = mermaid->head_bytes, .size = CHARACTERS_MAX};
	mermaid->body = (struct export_text_buffer){.text = mermaid->body_bytes, .size = CHARACTERS_MAX};
	mermaid->new_head =
	    (struct export_text_buffer){.text = mermaid->new_head_bytes, .size = MESSAGE_BYTES};
	mermaid->new_body =
	    (struct export_text_buffer){.text = mermaid->new_body_bytes, .size = MESSAGE_BYTES};
	*writer = &mermaid->base;
	if (export_sequence_init(&mermaid->sequence, &mermaid->sink,
				 options->messages_max > 0 ? options->messages_max : UINT64_MAX) == 0)
		return 0;
	close_writer(*writer);
	*writer = NULL;
	return wire_fault_set(fault, -ENOMEM, "out of memory");
}
