# Unit tests of tap/.
tapedeck_unit_test(recorder log_fixture support tap Threads::Threads)
tapedeck_unit_test(packet tap packets guard_page)
add_library(streams_fixture STATIC unit/streams_fixture.c)
target_link_libraries(streams_fixture PUBLIC tap packets PRIVATE PkgConfig::CMOCKA)
tapedeck_unit_test(streams_random streams_fixture)

# Connections that somebody speaks on, and what the sniffer heard.
add_library(overhear STATIC unit/overhear.c)
target_link_libraries(overhear PUBLIC tap support)
tapedeck_unit_test(operations tap)
tapedeck_unit_test(dialogue overhear)
tapedeck_unit_test(join overhear)
