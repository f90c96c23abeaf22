#include "broker/signals.h"

#include <signal.h>

#include "broker/lame_duck.h"
#include "broker/log.h"
#include "broker/reload.h"
#include "broker/shutdown.h"

static void on_signal(uv_signal_t *handle, int number)
{
	struct broker *broker = handle->data;
	switch (number) {
	case SIGUSR1:
		if (broker_log_reopen(broker->log) < 0)
			broker_log(broker->log, BROKER_LOG_ERROR, "could not reopen the log file");
		else
			broker_log(broker->log, BROKER_LOG_INFO, "File log re-opened");
		break;
	case SIGUSR2: broker__lame_duck(broker); break;
	case SIGHUP: broker__reload(broker); break;
	default:
		broker_log(broker->log, BROKER_LOG_DEBUG, "Trapped \"%s\" signal", strsignal(number));
		broker__shutdown(broker);
	}
}

int broker__signals_start(struct broker *broker)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		uv_signal_t *handle = &broker->signals[i];
		uv_signal_init(&broker->loops[0].uv, handle);
		handle->data = broker;
		int status = uv_signal_start(handle, on_signal, numbers[i]);
		if (status < 0)
			return status;
	}
	return 0;
}
