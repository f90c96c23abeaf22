# Unit tests of trace/.
tapedeck_unit_test(trace histogram trace)
tapedeck_unit_test(trace inbox trace)
tapedeck_unit_test(trace requests trace)
