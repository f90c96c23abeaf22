/* left_out.h - what found no room in the tables of the facts. */
#ifndef TRACE_DOCTOR_FACTS_LEFT_OUT_H
#define TRACE_DOCTOR_FACTS_LEFT_OUT_H

#include "trace/doctor/doctor.h"
#include "trace/doctor/facts/state.h"

/* The table of this number. False after the last one. */
bool doctor__left_out_at(const struct doctor__facts *facts, size_t number,
			 struct trace_doctor_left_out *left_out);

#endif
