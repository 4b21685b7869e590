crux_add_test(NAME service_batcher
  SOURCES test_batcher.c ../engine/engine_fixture.c ../../support/random.c
  LIBS crux_service)
crux_add_test(NAME service_openai_request SOURCES test_openai_request.c LIBS crux_service jansson)
crux_add_test(NAME service_answer_text SOURCES test_answer_text.c ../../support/random.c LIBS crux_service)
crux_add_test(NAME service_config SOURCES test_config.c ../../support/temporary_folder.c LIBS crux_service)
crux_add_fuzz(NAME openai_request SOURCES fuzz_openai_request.c LIBS crux_service jansson)
