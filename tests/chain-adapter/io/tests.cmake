crux_add_test(NAME http_client SOURCES test_http_client.c script_server.c LIBS crux_chain)
