# adjudicator.wasm:  the freestanding sources and their entry points, without imports.
# conformance.wasm:  the same sources behind the questions of tests/conformance/, for the vectors. Not a product.
set(CRUX_WASM_ENTRY "${PROJECT_SOURCE_DIR}/bisection/adjudicator/wasm_export.c")
if(NOT EXISTS "${CRUX_WASM_ENTRY}")
  message(WARNING "bisection/adjudicator/wasm_export.c is not there: no adjudicator.wasm is built")
  return()
endif()

# The last tenth of the size. Required, so that the same source gives the same file on every machine.
find_program(CRUX_WASM_OPT wasm-opt)
if(NOT CRUX_WASM_OPT)
  message(FATAL_ERROR "wasm-opt is missing: apt-get install binaryen")
endif()

function(crux_add_wasm target)
  add_executable(${target}
    ${CRUX_FREESTANDING_SOURCES}
    "${PROJECT_SOURCE_DIR}/kernels/base/freestanding_wide.c"
    ${ARGN})
  target_link_libraries(${target} PRIVATE crux_warnings)
  target_compile_definitions(${target} PRIVATE CRUX_UNWATCHED)
  # Functions marked with export_name are exported; nothing else is, and nothing is imported: an undefined symbol is
  # a link error.
  target_compile_options(${target} PRIVATE -Oz -flto -ffreestanding -fno-builtin -fvisibility=hidden)
  # The stack lies below the data, so that an overflow traps and cannot write over anything.
  target_link_options(${target} PRIVATE
    -nostdlib -Wl,--no-entry -Wl,--strip-all -Wl,--gc-sections -Wl,--stack-first -Wl,-z,stack-size=262144
    -flto -Wl,--compress-relocations -Wl,-mllvm,-enable-merge-functions)
  set_target_properties(${target} PROPERTIES
    SUFFIX ".wasm"
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND "${CRUX_WASM_OPT}" -Oz --strip-producers "$<TARGET_FILE:${target}>" -o "$<TARGET_FILE:${target}>"
    COMMAND "${CMAKE_COMMAND}" "-DFILE=$<TARGET_FILE:${target}>" -P "${PROJECT_SOURCE_DIR}/cmake/print_size.cmake"
    VERBATIM)
endfunction()

crux_add_wasm(adjudicator "${CRUX_WASM_ENTRY}")

# What the questions need beyond the freestanding list. Program files need memory: from wasm_libc.
file(GLOB answers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/conformance/answer*.c")
file(GLOB programs CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/kernels/program/*.c")
list(FILTER programs EXCLUDE REGEX "/(descriptor|op_|layout|tile|text)[a-z_]*\\.c$")
crux_add_wasm(conformance
  "${PROJECT_SOURCE_DIR}/tests/conformance/wasm_conformance.c"
  "${PROJECT_SOURCE_DIR}/bisection/merkle/append.c"
  "${PROJECT_SOURCE_DIR}/bisection/witness/case.c"
  "${PROJECT_SOURCE_DIR}/kernels/base/status.c"
  ${programs}
  "${PROJECT_SOURCE_DIR}/tests/conformance/wasm_libc/wasm_libc.c"
  ${answers})
target_include_directories(conformance SYSTEM PRIVATE "${PROJECT_SOURCE_DIR}/tests/conformance/wasm_libc")
