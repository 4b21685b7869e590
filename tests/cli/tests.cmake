foreach(name commands program witness simulate run import tokenize bench chain keys)
  crux_add_script_test(NAME cli_${name}
    COMMAND "${CRUX_TEST_DIR}/test_${name}.sh" "$<TARGET_FILE:crux>" LABELS e2e)
endforeach()
if(NOT CRUX_FUZZ)
  set_tests_properties(cli_run cli_simulate cli_commands PROPERTIES COST 20)
  set_tests_properties(cli_program cli_chain cli_keys PROPERTIES COST 8)
endif()
crux_add_script_test(NAME cli_eval_demo
  COMMAND "${CRUX_TEST_DIR}/test_eval_demo.sh" "$<TARGET_FILE:crux>" LABELS exhaustive TIMEOUT 3600)
crux_add_test(NAME cli_options SOURCES test_options.c ../../cli/options.c ../../cli/suggest.c)
crux_add_test(NAME cli_file SOURCES test_file.c ../../cli/file_read.c ../../cli/file_write.c LIBS crux_chain)
if(TARGET test_cli_file)
  # realpath, symlink, mkdtemp
  target_compile_definitions(test_cli_file PRIVATE _XOPEN_SOURCE=700)
endif()
crux_add_test(NAME cli_share SOURCES test_share.c ../../cli/share.c)
crux_add_script_test(NAME cli_economics
  COMMAND "${CRUX_TEST_DIR}/test_economics.sh" "$<TARGET_FILE:crux>" LABELS e2e COST 10)
crux_add_script_test(NAME cli_chain_serve
  COMMAND "${CRUX_TEST_DIR}/test_chain_serve.sh" "$<TARGET_FILE:crux>" LABELS e2e COST 9)
crux_add_script_test(NAME cli_challenger
  COMMAND "${CRUX_TEST_DIR}/test_challenger.sh" "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/bin" LABELS e2e COST 5)
crux_add_test(NAME cli_verify_layers SOURCES test_verify_layers.c ../challenger/double_executor.c
  ../challenger/double_http.c
  LIBS crux_chain crux_import jansson "${CRUX_event_LIBRARY}" m ARGS "$<TARGET_FILE:crux>" LABELS e2e)
crux_add_test(NAME cli_simulate_folder SOURCES test_simulate_folder.c ../../cli/simulate_folder.c)
