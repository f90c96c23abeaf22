#include "store/care/same_event.h"

static bool is_same_client(const struct wire_client *a, const struct wire_client *b)
{
	if (!a || !b)
		return a == b;
	return wire_slice_equal(a->address, b->address) && wire_slice_equal(a->name, b->name) &&
	       wire_slice_equal(a->lang, b->lang) && wire_slice_equal(a->version, b->version) &&
	       wire_slice_equal(a->user, b->user) && wire_slice_equal(a->account, b->account) &&
	       wire_slice_equal(a->certificate, b->certificate);
}

static bool is_same_receiver(const struct wire_receiver *a, const struct wire_receiver *b)
{
	return a->conn == b->conn && a->outcome == b->outcome && wire_slice_equal(a->sid, b->sid) &&
	       wire_slice_equal(a->queue, b->queue);
}

static bool have_same_receivers(const struct wire_event *a, const struct wire_event *b)
{
	if (a->receiver_count != b->receiver_count || a->receivers_len != b->receivers_len ||
	    !a->receivers != !b->receivers || !a->delays_ns != !b->delays_ns)
		return false;
	for (uint32_t i = 0; a->receivers && i < a->receivers_len; i++)
		if (!is_same_receiver(&a->receivers[i], &b->receivers[i]) ||
		    (a->delays_ns && a->delays_ns[i] != b->delays_ns[i]))
			return false;
	return true;
}

static bool have_same_content(const struct wire_event *a, const struct wire_event *b)
{
	return wire_slice_equal(a->subject, b->subject) && wire_slice_equal(a->reply, b->reply) &&
	       wire_slice_equal(a->headers, b->headers) && wire_slice_equal(a->payload, b->payload) &&
	       a->size == b->size;
}

static bool have_same_details(const struct wire_event *a, const struct wire_event *b)
{
	return wire_slice_equal(a->sid, b->sid) && wire_slice_equal(a->queue, b->queue) && a->max == b->max &&
	       a->refers_to == b->refers_to && a->outcome == b->outcome &&
	       is_same_client(a->client, b->client) && wire_slice_equal(a->text, b->text) &&
	       a->lost_messages == b->lost_messages && a->lost_bytes == b->lost_bytes &&
	       a->from_ns == b->from_ns && a->to_ns == b->to_ns && a->from_seq == b->from_seq &&
	       a->to_seq == b->to_seq;
}

bool store__same_event(const struct wire_event *a, const struct wire_event *b)
{
	return a->kind == b->kind && a->flags == b->flags && a->seq == b->seq && a->time_ns == b->time_ns &&
	       a->conn == b->conn && have_same_content(a, b) && have_same_receivers(a, b) &&
	       have_same_details(a, b);
}
