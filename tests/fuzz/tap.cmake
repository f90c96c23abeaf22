# Fuzz targets of tap/.
tapedeck_fuzz_test(tap_packet tap PkgConfig::PCAP)
tapedeck_fuzz_test(tap_reassembly tap)
tapedeck_fuzz_test(tap_redactor tap PkgConfig::PCAP)
tapedeck_fuzz_test(tap_capture tap)
tapedeck_fuzz_test(tap_op_stream tap)
tapedeck_fuzz_test(tap_sessions tap)
tapedeck_fuzz_test(tap_sniffer tap)
tapedeck_fuzz_test(tap_info_filter tap)
