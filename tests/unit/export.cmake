# Unit tests of export/.
tapedeck_unit_test(export escape export)
tapedeck_unit_test(export event_fields export)
tapedeck_unit_test(export event_json export PkgConfig::JANSSON)
tapedeck_unit_test(export decode_values export)
tapedeck_unit_test(export decode_compressed export PkgConfig::ZLIB PkgConfig::ZSTD PkgConfig::SNAPPY)
tapedeck_unit_test(export decode_command export)
tapedeck_unit_test(export decode_protobuf export)
tapedeck_unit_test(export payload_decoder export)
