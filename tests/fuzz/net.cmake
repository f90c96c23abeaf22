# Fuzz targets of net/.
tapedeck_fuzz_test(net_proxy_header net)
