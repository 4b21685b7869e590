set(double double_executor.c double_http.c)
set(double_libs crux_challenger crux_import jansson "${CRUX_event_LIBRARY}" m)
crux_add_test(NAME challenger SOURCES test_challenger.c watched_chain.c ${double} LIBS ${double_libs})
crux_add_fuzz(NAME challenger_document SOURCES fuzz_challenger_document.c LIBS crux_challenger jansson)
crux_add_fuzz(NAME challenger_events SOURCES fuzz_challenger_events.c LIBS crux_challenger)
if(TARGET fuzz_challenger_events)
  # mkdtemp
  target_compile_definitions(fuzz_challenger_events PRIVATE _XOPEN_SOURCE=700)
endif()
