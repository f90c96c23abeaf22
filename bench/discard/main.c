/* discard - the least that a guest of a server must do: subscribe to everything through libnats, count, and forget.
 *
 * discard PORT FOLDER: makes FOLDER once it has subscribed; at SIGTERM, takes what is under way and prints the number of
 * messages. */
#include <nats/nats.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { DRAIN_MS = 30000, BUFFER_BYTES = 512 * 1024 };

static unsigned long long messages;

static void on_message(natsConnection *nats, natsSubscription *subscription, natsMsg *msg, void *context)
{
	(void)nats;
	(void)subscription;
	(void)context;
	messages++;
	natsMsg_Destroy(msg);
}

static natsStatus connect(natsConnection **nats, const char *port)
{
	natsOptions *options;
	char url[64];
	snprintf(url, sizeof url, "nats://127.0.0.1:%s", port);
	natsStatus status = natsOptions_Create(&options);
	if (status == NATS_OK)
		status = natsOptions_SetURL(options, url);
	if (status == NATS_OK)
		status = natsOptions_SetIOBufSize(options, BUFFER_BYTES);
	if (status == NATS_OK)
		status = natsConnection_Connect(nats, options);
	natsOptions_Destroy(options);
	return status;
}

static natsStatus run(const char *port, const char *folder, const sigset_t *end)
{
	natsConnection *nats = NULL;
	natsSubscription *subscription = NULL;
	int signal_number;
	natsStatus status = connect(&nats, port);
	if (status == NATS_OK)
		status = natsConnection_Subscribe(&subscription, nats, ">", on_message, NULL);
	if (status == NATS_OK)
		status = natsSubscription_SetPendingLimits(subscription, -1, -1);
	if (status == NATS_OK)
		status = natsConnection_Flush(nats);
	if (status == NATS_OK && mkdir(folder, 0777) == 0)
		sigwait(end, &signal_number);
	if (status == NATS_OK)
		status = natsSubscription_DrainTimeout(subscription, DRAIN_MS);
	if (status == NATS_OK)
		status = natsSubscription_WaitForDrainCompletion(subscription, DRAIN_MS);
	natsSubscription_Destroy(subscription);
	natsConnection_Destroy(nats);
	return status;
}

int main(int argc, char **argv)
{
	sigset_t end;
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	if (argc != 3) {
		fputs("usage: discard PORT FOLDER\n", stderr);
		return 2;
	}
	natsStatus status = run(argv[1], argv[2], &end);
	if (status != NATS_OK)
		fprintf(stderr, "discard: %s\n", natsStatus_GetText(status));
	printf("{\"messages\":%llu}\n", messages);
	return status == NATS_OK ? 0 : 1;
}
