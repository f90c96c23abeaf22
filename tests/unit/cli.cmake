# Unit tests of cli/.
tapedeck_unit_test(cli_options cli)
