crux_add_test(NAME service_openai_request SOURCES test_request.c LIBS crux_service jansson)
crux_add_fuzz(NAME openai_request SOURCES fuzz_request.c LIBS crux_service jansson)
