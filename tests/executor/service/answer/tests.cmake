crux_add_test(NAME service_answer_text SOURCES test_text.c ../../../support/random.c LIBS crux_service)
