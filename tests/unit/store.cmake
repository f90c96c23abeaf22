# Unit tests of store/.
add_library(store_fixture STATIC unit/store_fixture.c)
target_link_libraries(store_fixture PRIVATE store PkgConfig::CMOCKA)
tapedeck_unit_test(format store)
tapedeck_unit_test(stage store_fixture store)
tapedeck_unit_test(encode store_fixture store)
tapedeck_unit_test(decode store_fixture store PkgConfig::XXHASH)
