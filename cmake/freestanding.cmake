# The sources that must work without a C library: in a wasm chain, and one day in other places without one.
# This list is the only one: the freestanding link test, the wasm build and the include check all read it.
# A pattern that matches nothing yet is no error; a name that is not here is not freestanding.
set(CRUX_FREESTANDING_PATTERNS
  kernels/base/sha256_plain.c
  kernels/base/bytes*.c
  kernels/base/freestanding_mem.c
  kernels/ops/*.c
  kernels/program/descriptor*.c
  kernels/program/op_*.c
  kernels/program/layout*.c
  kernels/program/tile*.c
  bisection/merkle/proof*.c
  bisection/commitment/claim.c
  bisection/commitment/element.c
  bisection/commitment/preimage.c
  bisection/commitment/receipt.c
  bisection/commitment/request.c
  bisection/adjudicator/*.c)

file(GLOB CRUX_FREESTANDING_SOURCES CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
  ${CRUX_FREESTANDING_PATTERNS})
# The wasm entry points belong to the wasm build alone.
list(FILTER CRUX_FREESTANDING_SOURCES EXCLUDE REGEX "wasm_export\\.c$")
list(TRANSFORM CRUX_FREESTANDING_SOURCES PREPEND "${PROJECT_SOURCE_DIR}/")
