# Unit tests of wire/.
tapedeck_unit_test(parse wire guard_page)
tapedeck_unit_test(run run_model wire guard_page)
tapedeck_unit_test(write wire guard_page)
tapedeck_unit_test(subject wire)
tapedeck_unit_test(headers wire guard_page)
tapedeck_unit_test(info wire)
tapedeck_unit_test(redact wire)
tapedeck_unit_test(mark wire)
