crux_add_test(NAME service_batcher
  SOURCES test_batcher.c ../engine/engine_fixture.c ../../support/random.c
  LIBS crux_service)
crux_add_test(NAME service_openai_request SOURCES test_openai_request.c LIBS crux_service jansson)
crux_add_test(NAME service_answer_text SOURCES test_answer_text.c ../../support/random.c LIBS crux_service)
crux_add_test(NAME service_config SOURCES test_config.c ../../support/temporary_folder.c LIBS crux_service)
crux_add_fuzz(NAME openai_request SOURCES fuzz_openai_request.c LIBS crux_service jansson)
set(settle_world settle_world.c ../../support/temporary_folder.c ../../support/game_table.c ../../support/game_models.c
    ../../support/toy_program.c ../../support/toy_world.c)
crux_add_test(NAME service_settle SOURCES test_settle.c ${settle_world} LIBS crux_service)
crux_add_test(NAME service_settle_trouble SOURCES test_settle_trouble.c ${settle_world} LIBS crux_service)
crux_add_test(NAME service_store SOURCES test_store.c ${settle_world} ../../support/random.c
  LIBS crux_service "${CRUX_sqlite_LIBRARY}")
crux_add_test(NAME service_settle_kill SOURCES test_settle_kill.c ${settle_world} ../../support/random.c LIBS crux_service)
crux_add_test(NAME service_defend
  SOURCES test_defend.c defend_world.c ../engine/engine_fixture.c ../../support/random.c ../../chain-adapter/local/local_chain.c
          ../../support/temporary_folder.c ../../support/game_table.c ../../support/game_models.c
          ../../support/toy_program.c ../../support/toy_world.c
  LIBS crux_service crux_chain TIMEOUT 300)
if(NOT CRUX_FUZZ)
  crux_add_script_test(NAME service_openai LABELS e2e TIMEOUT 600 COMMAND python3 "${CRUX_TEST_DIR}/test_openai.py"
    "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/tiny.gguf" "${PROJECT_BINARY_DIR}")
  crux_add_script_test(NAME service_http LABELS e2e COMMAND python3 "${CRUX_TEST_DIR}/test_http.py"
    "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/tiny.gguf")
  crux_add_script_test(NAME service_receipts LABELS e2e COMMAND python3 "${CRUX_TEST_DIR}/test_receipts.py"
    "$<TARGET_FILE:crux>" "${PROJECT_BINARY_DIR}/tiny.gguf")
  set_tests_properties(service_openai service_http service_receipts PROPERTIES FIXTURES_REQUIRED tiny_model)
endif()
crux_add_test(NAME service_defend_store
  SOURCES test_defend_store.c defend_world.c settle_world.c ../engine/engine_fixture.c ../../support/random.c
          ../../chain-adapter/local/local_chain.c ../../support/temporary_folder.c ../../support/game_table.c
          ../../support/game_models.c ../../support/toy_program.c ../../support/toy_world.c
  LIBS crux_service)
