# Unit tests of broker/.
tapedeck_unit_test(options broker)
tapedeck_unit_test(config broker)
tapedeck_unit_test(broker_log broker)
tapedeck_unit_test(monitor broker PkgConfig::UV)
tapedeck_unit_test(sublist broker)
tapedeck_unit_test(permissions broker)
tapedeck_unit_test(output broker)
tapedeck_unit_test(broker broker Threads::Threads)
