# Unit tests of net/.
tapedeck_unit_test(net nkey net)
tapedeck_unit_test(net address net)
tapedeck_unit_test(net clock net)
tapedeck_unit_test(net listener net)
add_library(stream_fixture STATIC unit/net/stream_fixture.c unit/net/holding_layer.c)
target_link_libraries(stream_fixture PUBLIC net PRIVATE PkgConfig::CMOCKA)
tapedeck_unit_test(net stream stream_fixture)
tapedeck_unit_test(net layers stream_fixture)
add_library(http_fixture STATIC unit/net/http_fixture.c)
target_link_libraries(http_fixture PUBLIC net PRIVATE PkgConfig::CMOCKA)
tapedeck_unit_test(net http http_fixture)
tapedeck_unit_test(net client broker_fixture net) # a broker is the server
