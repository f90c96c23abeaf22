# Unit tests of tap/.
tapedeck_unit_test(recorder log_fixture support tap Threads::Threads)
