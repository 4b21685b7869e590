crux_add_test(NAME service_answer_text SOURCES test_text.c LIBS crux_service)
