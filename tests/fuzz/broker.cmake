# Fuzz targets of broker/.
tapedeck_fuzz_test(config broker)
