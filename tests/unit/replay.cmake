# Unit tests of replay/.
add_library(traffic STATIC unit/traffic.c)
target_link_libraries(traffic PRIVATE store_fixture store support PkgConfig::CMOCKA)
tapedeck_unit_test(diff traffic store_fixture support replay)
tapedeck_unit_test(schedule replay)
tapedeck_unit_test(histogram replay)
