# Unit tests of broker/.
tapedeck_unit_test(options broker)
tapedeck_unit_test(config broker)
tapedeck_unit_test(broker_log broker)
tapedeck_unit_test(broker_clock broker)
tapedeck_unit_test(monitor broker PkgConfig::UV)
tapedeck_unit_test(sublist broker)
tapedeck_unit_test(route broker)
tapedeck_unit_test(permissions broker)
tapedeck_unit_test(output broker)
tapedeck_unit_test(broker broker Threads::Threads)

# A broker in this process, and callers who say much at once.
add_library(broker_fixture STATIC unit/broker_fixture.c)
target_link_libraries(broker_fixture PUBLIC broker support Threads::Threads PRIVATE PkgConfig::CMOCKA)
tapedeck_unit_test(broker_runs broker_fixture)
tapedeck_unit_test(broker_run_events broker_fixture log_fixture tap)
tapedeck_unit_test(broker_routes broker_fixture)
tapedeck_unit_test(broker_turns broker_fixture)
