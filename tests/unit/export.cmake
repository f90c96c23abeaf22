# Unit tests of export/.
tapedeck_unit_test(export escape export)
tapedeck_unit_test(export event_fields export)
tapedeck_unit_test(export event_json export PkgConfig::JANSSON)
