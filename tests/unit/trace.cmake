# Unit tests of trace/.
tapedeck_unit_test(trace clients trace)
tapedeck_unit_test(trace fold trace)
tapedeck_unit_test(trace histogram trace)
tapedeck_unit_test(trace inbox trace)
tapedeck_unit_test(trace requests trace)
