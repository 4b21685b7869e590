# Whole systems as processes. The lying executor is a program of the tests alone.
set(double_parts ../challenger/double_executor.c ../challenger/double_http.c)
if(NOT CRUX_FUZZ)
  crux_test_program(lying_executor SOURCES lying_executor.c ${double_parts}
    LIBS crux_chain crux_import jansson "${CRUX_event_LIBRARY}" m)
  crux_test_program(make_small_files SOURCES make_small_files.c LIBS crux_import m)
  set_target_properties(lying_executor make_small_files PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endif()
crux_add_script_test(NAME services_watchtower
  COMMAND python3 "${CRUX_TEST_DIR}/watchtower.py" "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/bin"
  LABELS e2e TIMEOUT 900)
crux_add_script_test(NAME services_watchtower_all
  COMMAND python3 "${CRUX_TEST_DIR}/watchtower.py" "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/bin" 200
  LABELS exhaustive TIMEOUT 7200)
crux_add_script_test(NAME services_system
  COMMAND python3 "${CRUX_TEST_DIR}/system.py" "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/bin"
  LABELS e2e TIMEOUT 900)
