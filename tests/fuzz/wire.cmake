# Fuzz targets of wire/.
tapedeck_fuzz_test(wire_parse batch_model wire)
tapedeck_fuzz_test(wire_subject wire)
tapedeck_fuzz_test(wire_text wire)
tapedeck_fuzz_test(wire_mask wire)
