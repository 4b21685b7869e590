crux_add_test(NAME service_batcher SOURCES test_batcher.c LIBS crux_service COST 5)
