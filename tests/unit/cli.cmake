# Unit tests of cli/.
tapedeck_unit_test(cli cli_options cli)
tapedeck_unit_test(cli cli_times cli)
tapedeck_unit_test(cli cli_escape cli)
tapedeck_unit_test(cli cli_print_text cli)
tapedeck_unit_test(cli cli_print_json cli PkgConfig::JANSSON)
tapedeck_unit_test(cli cli_replay_values cli)
tapedeck_unit_test(cli cli_broker cli)
tapedeck_unit_test(cli cli_tables cli)
