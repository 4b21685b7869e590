# adjudicator.wasm: the freestanding sources and their entry points, without imports.
set(CRUX_WASM_ENTRY "${PROJECT_SOURCE_DIR}/bisection/adjudicator/wasm_export.c")
if(NOT EXISTS "${CRUX_WASM_ENTRY}")
  message(WARNING "bisection/adjudicator/wasm_export.c is not there: no adjudicator.wasm is built")
  return()
endif()

add_executable(adjudicator
  ${CRUX_FREESTANDING_SOURCES}
  "${CRUX_WASM_ENTRY}"
  "${PROJECT_SOURCE_DIR}/kernels/base/freestanding_wide.c")
target_link_libraries(adjudicator PRIVATE crux_warnings)
# Functions that wasm_export.c marks with export_name are exported; nothing else is, and nothing is imported:
# an undefined symbol is a link error.
target_compile_options(adjudicator PRIVATE -Oz -ffreestanding -fno-builtin -fvisibility=hidden)
# The stack lies below the data, so that an overflow traps and cannot write over anything.
target_link_options(adjudicator PRIVATE
  -nostdlib -Wl,--no-entry -Wl,--strip-all -Wl,--gc-sections -Wl,--stack-first -Wl,-z,stack-size=262144)
set_target_properties(adjudicator PROPERTIES
  SUFFIX ".wasm"
  RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
add_custom_command(TARGET adjudicator POST_BUILD
  COMMAND "${CMAKE_COMMAND}" "-DFILE=$<TARGET_FILE:adjudicator>" -P "${PROJECT_SOURCE_DIR}/cmake/print_size.cmake"
  VERBATIM)
