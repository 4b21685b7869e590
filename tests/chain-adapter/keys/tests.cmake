crux_add_test(NAME keys SOURCES test_keys.c ../../support/random.c LIBS crux_chain)
crux_add_test(NAME keystore SOURCES test_keystore.c ../../support/temporary_folder.c LIBS crux_chain)
crux_add_fuzz(NAME keystore SOURCES fuzz_keystore.c LIBS crux_chain)
