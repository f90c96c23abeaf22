# Fuzz targets of wire/.
tapedeck_fuzz_test(wire_parse run_model wire)
tapedeck_fuzz_test(wire_subject wire)
tapedeck_fuzz_test(wire_text wire)
