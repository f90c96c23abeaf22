# Unit tests of bench/: what a wrong answer of a server would have to get past.
tapedeck_unit_test(bench bench_shape measure)
tapedeck_unit_test(bench bench_sample measure)
tapedeck_unit_test(bench bench_results measure)
