# Unit tests of net/.
tapedeck_unit_test(net nkey net)
