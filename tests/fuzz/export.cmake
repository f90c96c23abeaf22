# Fuzz targets of export/.
tapedeck_fuzz_test(export_import export)
