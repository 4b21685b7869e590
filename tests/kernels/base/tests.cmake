crux_add_test(NAME sha256 SOURCES test_sha256.c LIBS pthread)
crux_add_test(NAME bytes SOURCES test_bytes.c)
crux_add_test(NAME status SOURCES test_status.c)
crux_add_fuzz(NAME bytes SOURCES fuzz_bytes.c)
