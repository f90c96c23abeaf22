# Unit tests of replay/.
tapedeck_unit_test(schedule replay)
tapedeck_unit_test(histogram replay)
