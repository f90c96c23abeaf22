# Unit tests of tap/.
tapedeck_unit_test(recorder log_fixture support tap Threads::Threads)
tapedeck_unit_test(packet tap packets guard_page)
