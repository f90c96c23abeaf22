#include "tap/proxy/report.h"

#include <stdarg.h>
#include <stdio.h>

void tap__report(const struct tap_proxy *proxy, enum tap_proxy_level level, const char *format, ...)
{
	char line[1024];
	va_list arguments;
	if (!proxy->options.log)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	proxy->options.log(proxy->options.context, level, line);
}

void tap__report_link(const struct tap__link *link, enum tap_proxy_level level, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	tap__report(link->proxy, level, "%s - cid:%llu - %s", link->address, (unsigned long long)link->cid,
		    text);
}

void tap__report_upstream(const struct tap_proxy *proxy, const struct tap__upstream *upstream,
			  const char *why)
{
	if (why)
		tap__report(proxy, TAP_PROXY_WARN, "Server %s is down: %s", upstream->name, why);
	else
		tap__report(proxy, TAP_PROXY_INFO, "Server %s answers again", upstream->name);
}
