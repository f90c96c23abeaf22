# Unit tests of tap/.
tapedeck_unit_test(recorder log_fixture support tap Threads::Threads)

# Connections that somebody speaks on, and what the sniffer heard.
add_library(overhear STATIC unit/overhear.c)
target_link_libraries(overhear PUBLIC tap support)
tapedeck_unit_test(operations tap)
tapedeck_unit_test(dialogue overhear)
tapedeck_unit_test(join overhear)
