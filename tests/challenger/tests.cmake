set(double double_executor.c double_http.c ../support/small_file.c ../support/gguf_writer.c
    ../support/temporary_folder.c ../support/random.c)
set(double_libs crux_challenger crux_import jansson "${CRUX_event_LIBRARY}" m)
crux_add_test(NAME challenger SOURCES test_challenger.c watched_chain.c ${double} LIBS ${double_libs})
