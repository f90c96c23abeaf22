# Fuzz targets of export/.
tapedeck_fuzz_test(export_import export)
tapedeck_fuzz_test(decode_payload export)
tapedeck_fuzz_test(decode_protobuf export)
