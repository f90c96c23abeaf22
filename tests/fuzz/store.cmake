# Fuzz targets of store/.
tapedeck_fuzz_test(store_fields store)
tapedeck_fuzz_test(store_block store PkgConfig::XXHASH)
tapedeck_fuzz_test(store_segment store PkgConfig::XXHASH)
tapedeck_fuzz_test(store_where store)
