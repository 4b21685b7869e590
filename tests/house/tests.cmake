# The checks of ./dev check, checked: each must be able to fail.
find_program(CRUX_PYTHON python3)
if(CRUX_PYTHON)
  crux_add_script_test(NAME house_checks
    COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1 "${CRUX_PYTHON}" "${CRUX_TEST_DIR}/test_checks.py"
    NOT_SANITIZED)
else()
  crux_add_script_test(NAME house_checks COMMAND sh -c "echo 'python3 is not installed'; exit 77")
endif()

crux_add_script_test(NAME house_dev COMMAND "${CRUX_TEST_DIR}/test_dev.sh" NOT_SANITIZED)

if(NOT CRUX_FUZZ)
  add_test(NAME house_warnings_are_errors COMMAND "${CMAKE_C_COMPILER}" -std=c11
    "$<TARGET_PROPERTY:crux_warnings,INTERFACE_COMPILE_OPTIONS>" -fsyntax-only "${CRUX_TEST_DIR}/warns.c"
    COMMAND_EXPAND_LISTS)
  set_tests_properties(house_warnings_are_errors PROPERTIES
    LABELS unit TIMEOUT 60 PASS_REGULAR_EXPRESSION "-Werror[=,-].*conversion|-Werror[=,]-Wshorten")
endif()
