crux_add_test(NAME service_allowance SOURCES test_allowance.c LIBS crux_service)
