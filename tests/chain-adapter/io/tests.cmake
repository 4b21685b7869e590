crux_add_test(NAME http_client SOURCES test_http_client.c script_server.c LIBS crux_chain)
crux_add_test(NAME http_server SOURCES test_http_server.c LIBS crux_chain "${CRUX_event_LIBRARY}")
crux_add_test(NAME json SOURCES test_json.c LIBS crux_chain jansson)
crux_add_fuzz(NAME http_head SOURCES fuzz_http_head.c LIBS crux_chain "${CRUX_event_LIBRARY}")
