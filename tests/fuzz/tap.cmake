# Fuzz targets of tap/.
tapedeck_fuzz_test(tap_packet tap PkgConfig::PCAP)
tapedeck_fuzz_test(tap_streams tap)
tapedeck_fuzz_test(tap_redactor tap PkgConfig::PCAP)
tapedeck_fuzz_test(tap_capture tap)
tapedeck_fuzz_test(tap_operations tap)
tapedeck_fuzz_test(tap_dialogue tap)
tapedeck_fuzz_test(tap_sniffer tap)
