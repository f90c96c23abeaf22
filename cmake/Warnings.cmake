option(TAPEDECK_WERROR "Treat warnings as errors" OFF)

add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
  -Wvla -fno-common)
add_compile_definitions(_GNU_SOURCE)
if(TAPEDECK_WERROR)
  add_compile_options(-Werror)
endif()
