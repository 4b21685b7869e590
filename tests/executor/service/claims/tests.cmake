crux_add_test(NAME service_allowance SOURCES test_allowance.c LIBS crux_service)
crux_add_test(NAME service_seen SOURCES test_seen.c LIBS crux_service crux_chain jansson "${CRUX_event_LIBRARY}" m)
