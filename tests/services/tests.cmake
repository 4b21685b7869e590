# Whole systems as processes. Those who lie are programs of the tests alone.
set(double_parts ../challenger/double_executor.c ../challenger/double_http.c)
if(NOT CRUX_FUZZ)
  crux_test_program(lying_executor SOURCES lying_executor.c ${double_parts}
    LIBS crux_chain crux_import jansson "${CRUX_event_LIBRARY}" m)
  crux_test_program(make_small_files SOURCES make_small_files.c LIBS crux_chain crux_import m)
  crux_test_program(lying_challenger SOURCES lying_challenger.c LIBS crux_chain m)
  set_target_properties(lying_executor lying_challenger make_small_files PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endif()
crux_add_script_test(NAME services_system
  COMMAND python3 "${CRUX_TEST_DIR}/system.py" "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/bin"
  LABELS e2e TIMEOUT 1800 COST 20)
crux_add_script_test(NAME services_promises
  COMMAND python3 "${CRUX_TEST_DIR}/promises.py" "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/bin"
  LABELS e2e TIMEOUT 900)
crux_add_script_test(NAME services_system_all
  COMMAND python3 "${CRUX_TEST_DIR}/system.py" "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/bin" 200
  LABELS exhaustive TIMEOUT 7200)
if(NOT CRUX_FUZZ)
  crux_test_program(verify_claims SOURCES verify_claims.c LIBS crux_challenger jansson m)
  set_target_properties(verify_claims PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  set(load python3 "${CRUX_TEST_DIR}/load.py" "$<TARGET_FILE:crux>" "$<TARGET_FILE:verify_claims>"
      "${PROJECT_BINARY_DIR}/tiny.gguf" --prompt 4 24 --tokens 4 60)
  crux_add_script_test(NAME services_load COMMAND ${load} --clients 12 --seconds 8 LABELS e2e TIMEOUT 900 COST 15)
  crux_add_script_test(NAME services_load_all COMMAND ${load} --seconds 300 LABELS exhaustive TIMEOUT 7200)
  set_tests_properties(services_load services_load_all PROPERTIES FIXTURES_REQUIRED tiny_model)
endif()
