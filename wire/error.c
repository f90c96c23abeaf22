#include "wire/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *wire_error_text(int code)
{
	switch (code) {
#define WIRE_ERROR_CASE(name, number, text) \
	case number: return text;
		WIRE_ERROR_TABLE(WIRE_ERROR_CASE)
#undef WIRE_ERROR_CASE
	default: return code < 0 && code >= -4096 ? strerror(-code) : "unknown error";
	}
}

int wire_fault_set(struct wire_fault *fault, int code, const char *format, ...)
{
	if (fault) {
		va_list arguments;
		fault->code = code;
		va_start(arguments, format);
		vsnprintf(fault->text, sizeof fault->text, format, arguments);
		va_end(arguments);
	}
	return code;
}
