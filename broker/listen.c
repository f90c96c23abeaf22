#include "broker/listen.h"

#include "broker/accept.h"
#include "broker/turn.h"
#include "net/listener.h"

/* Connections accepted for each poll. Each has something to be read in the next one; the others wait in the kernel, where
 * they delay no one. */
enum { NEWCOMERS_AT_ONCE = 16 };

static void on_waiting(struct net_listener *listener, void *owner)
{
	struct broker__loop *loop = owner;
	for (int i = 0; i < NEWCOMERS_AT_ONCE && (i == 0 || !broker__round_is_over(loop)); i++)
		if (!broker__accept(loop, listener))
			return;
}

int broker__listen(struct broker *broker, struct wire_fault *fault)
{
	const struct net_listener_address address = {
	    .host = broker->host, .port = broker->options.port > 0 ? broker->options.port : 0};
	struct wire_fault why;
	int status = net_listener_open(&broker->listener, &broker->loops[0].uv, &address, 1, on_waiting,
				       &broker->loops[0], &why);
	if (status < 0)
		return wire_fault_set(fault, status, "%.400s; %s", why.text,
				      status == UV_EADDRINUSE
					  ? "stop the other server or choose another port with -p"
					  : "choose another address with -a");
	broker->port = net_listener_port(broker->listener, 0);
	return 0;
}

void broker__listen_stop(struct broker *broker)
{
	net_listener_close(broker->listener);
	broker->listener = NULL;
}
