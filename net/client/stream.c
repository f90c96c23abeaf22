#include "net/client/stream.h"

#include <errno.h>
#include <string.h>

#include "net/client/client_layout.h"
#include "net/client/libnats_error.h"

/* A context of JetStream, to be destroyed by the caller. */
static natsStatus open_context(jsCtx **context, struct net_client *client,
			       const struct net_client_stream *stream)
{
	jsOptions options;

	*context = NULL;
	natsStatus status = jsOptions_Init(&options);
	options.Prefix = stream->prefix;
	options.Domain = stream->domain;
	options.Wait = stream->timeout_ms;
	return status == NATS_OK ? natsConnection_JetStream(context, client->nats, &options) : status;
}

static int stream_fault(const struct net_client_stream *stream, natsStatus status, struct wire_fault *fault)
{
	int code = status == NATS_NOT_FOUND       ? -ENOENT
		   : status == NATS_NOT_PERMITTED ? -EACCES
		   : status == NATS_NO_MEMORY     ? -ENOMEM
						  : -ECONNREFUSED;
	const char *why = status == NATS_TIMEOUT         ? "no answer from JetStream, or it is not permitted"
			  : status == NATS_NO_RESPONDERS ? "JetStream is not enabled there"
			  : status == NATS_NOT_FOUND     ? "there is no such stream"
							 : net__libnats_error(status);

	return wire_fault_set(fault, code, "stream \"%s\": %s", stream->name, why);
}

int net_client_stream_get_info(struct net_client *client, const struct net_client_stream *stream,
			       struct net_client_stream_info *info, struct wire_fault *fault)
{
	jsCtx *context;
	jsStreamInfo *found = NULL;
	natsStatus status = open_context(&context, client, stream);

	if (status == NATS_OK)
		status = js_GetStreamInfo(&found, context, stream->name, NULL, NULL);
	if (status == NATS_OK)
		*info = (struct net_client_stream_info){.messages = found->State.Msgs,
							.bytes = found->State.Bytes,
							.first_seq = found->State.FirstSeq,
							.last_seq = found->State.LastSeq};
	jsStreamInfo_Destroy(found);
	jsCtx_Destroy(context);
	return status == NATS_OK ? 0 : stream_fault(stream, status, fault);
}

/* libnats 3.4 writes 1.05 s as 1.5 s (nats_EncodeTimeUTC): give it no fraction of a second that begins with a zero. */
static int64_t writable_time(int64_t ns)
{
	const int64_t second = 1000000000;
	return ns % second < second / 10 ? ns - ns % second : ns;
}

static natsStatus subscribe(struct net_client_subscription *subscription, struct net_client *client,
			    const struct net_client_stream *stream, uint64_t from_seq, int64_t from_ns)
{
	jsCtx *context;
	jsSubOptions options;
	natsStatus status = open_context(&context, client, stream);

	jsSubOptions_Init(&options);
	options.Stream = stream->name;
	options.Ordered = true;
	options.Config.OptStartSeq = from_seq;
	options.Config.OptStartTime = from_seq > 0 ? 0 : writable_time(from_ns);
	if (status == NATS_OK)
		status = js_Subscribe(&subscription->nats, context, ">", net__client_subscription_take,
				      subscription, NULL, &options, NULL);
	if (status == NATS_OK)
		status = natsSubscription_SetPendingLimits(subscription->nats, -1, -1);
	jsCtx_Destroy(context);
	return status;
}

int net_client_subscribe_stream(struct net_client_subscription **subscription, struct net_client *client,
				const struct net_client_stream *stream, uint64_t from_seq, int64_t from_ns,
				net_client_deliver *deliver, void *context, struct wire_fault *fault)
{
	struct net_client_subscription *opened = net__client_subscription_new(deliver, context);

	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	natsStatus status = subscribe(opened, client, stream, from_seq, from_ns);
	if (status != NATS_OK) {
		net__client_subscription_discard(opened);
		return stream_fault(stream, status, fault);
	}
	net__client_subscription_watch(opened);
	*subscription = opened;
	return 0;
}

bool net_client_subscription_has_all(struct net_client_subscription *subscription, uint64_t have)
{
	jsConsumerInfo *found = NULL;
	natsStatus status = natsSubscription_GetConsumerInfo(&found, subscription->nats, NULL, NULL);
	bool has_all = status == NATS_OK && found->NumPending == 0 &&
		       (found->Delivered.Consumer == 0 || found->Delivered.Stream <= have);

	jsConsumerInfo_Destroy(found);
	return has_all;
}

bool net_client_delivery_place(const struct net_client_delivery *delivery, struct net_client_place *place)
{
	jsMsgMetaData *data = NULL;

	if (natsMsg_GetMetaData(&data, delivery->libnats) != NATS_OK)
		return false;
	*place = (struct net_client_place){
	    .seq = data->Sequence.Stream, .pending = data->NumPending, .time_ns = data->Timestamp};
	jsMsgMetaData_Destroy(data);
	return true;
}
