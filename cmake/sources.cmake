# crux_sources(VARIABLE pattern...): the .c files of this folder that match, found again at each build.
# Left out are stand-ins for the C library (freestanding_*.c) and the wasm entry points: those belong to builds
# without a C library. A folder without sources yet gives one empty file, so that its library always exists.
function(crux_sources variable)
  set(patterns ${ARGN})
  list(TRANSFORM patterns PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  file(GLOB found CONFIGURE_DEPENDS ${patterns})
  list(FILTER found EXCLUDE REGEX "/(freestanding_[a-z]+|wasm_export)\\.c$")
  if(NOT found)
    set(found "${CMAKE_CURRENT_BINARY_DIR}/no_sources_yet.c")
    file(CONFIGURE OUTPUT "${found}" CONTENT "typedef int crux_no_sources_yet;\n")
  endif()
  set(${variable} ${found} PARENT_SCOPE)
endfunction()
