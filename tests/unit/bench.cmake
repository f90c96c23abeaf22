# Unit tests of bench/: what a wrong answer of a server would have to get past.
tapedeck_unit_test(bench_shape measure)
tapedeck_unit_test(bench_sample measure)
tapedeck_unit_test(bench_results measure)
