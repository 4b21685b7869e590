crux_add_test(NAME keys SOURCES test_keys.c LIBS crux_chain)
crux_add_test(NAME keystore SOURCES test_keystore.c LIBS crux_chain)
crux_add_fuzz(NAME keystore SOURCES fuzz_keystore.c LIBS crux_chain)
