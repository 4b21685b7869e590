crux_add_test(NAME service_config SOURCES test_config.c LIBS crux_service)
if(NOT CRUX_FUZZ)
  crux_add_script_test(NAME service_openai LABELS e2e COMMAND python3 "${CRUX_TEST_DIR}/test_openai.py"
    "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/tiny.gguf" "${PROJECT_BINARY_DIR}" COST 12)
  crux_add_script_test(NAME service_huggingface LABELS e2e COMMAND python3
    "${CRUX_TEST_DIR}/test_huggingface.py" "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/tiny.gguf" "${PROJECT_BINARY_DIR}" COST 12)
  crux_add_script_test(NAME service_http LABELS e2e COMMAND python3 "${CRUX_TEST_DIR}/test_http.py"
    "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/tiny.gguf" COST 5)
  crux_add_script_test(NAME service_receipts LABELS e2e COMMAND python3 "${CRUX_TEST_DIR}/test_receipts.py"
    "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/tiny.gguf" COST 9)
  set_tests_properties(service_openai service_huggingface service_http service_receipts PROPERTIES FIXTURES_REQUIRED tiny_model)
endif()
