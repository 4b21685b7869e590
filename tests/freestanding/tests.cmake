crux_add_test(NAME freestanding_mem SOURCES ../kernels/base/test_freestanding_mem.c)
crux_add_test(NAME freestanding_wide SOURCES ../kernels/base/test_freestanding_wide.c)

if(NOT CRUX_FUZZ)
  # Without the sanitizers of the preset: their calls would be undefined symbols.
  set(flags -ffreestanding -fno-builtin -fno-stack-protector -fno-pic)

  add_library(crux_freestanding OBJECT ${CRUX_FREESTANDING_SOURCES})
  target_link_libraries(crux_freestanding PRIVATE crux_warnings)
  target_compile_options(crux_freestanding PRIVATE ${flags})

  add_library(crux_needs_libc OBJECT "${CRUX_TEST_DIR}/needs_libc.c")
  target_link_libraries(crux_needs_libc PRIVATE crux_warnings)
  target_compile_options(crux_needs_libc PRIVATE ${flags})

  set(check "${CRUX_TEST_DIR}/check_link.sh" "${CMAKE_NM}" "${CMAKE_LINKER}")
  add_test(NAME freestanding_link COMMAND ${check}
    "${PROJECT_BINARY_DIR}/freestanding.o" "$<TARGET_OBJECTS:crux_freestanding>" COMMAND_EXPAND_LISTS)
  add_test(NAME freestanding_link_can_fail COMMAND ${check}
    "${PROJECT_BINARY_DIR}/needs_libc.o" "$<TARGET_OBJECTS:crux_needs_libc>" COMMAND_EXPAND_LISTS)
  set_tests_properties(freestanding_link_can_fail PROPERTIES PASS_REGULAR_EXPRESSION "putchar")
  crux_set_test_properties(freestanding_link unit 60)
  crux_set_test_properties(freestanding_link_can_fail unit 60)
endif()
