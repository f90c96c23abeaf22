#include <signal.h>

#include "broker/server.h"

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
		broker__stop(broker);
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

void broker__signals_stop(struct broker *broker)
{
	for (size_t i = 0; i < sizeof broker->signals / sizeof *broker->signals; i++)
		if (broker->signals[i].loop && !uv_is_closing((uv_handle_t *)&broker->signals[i]))
			uv_close((uv_handle_t *)&broker->signals[i], NULL);
}
