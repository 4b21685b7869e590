set(random_op ../../support/random.c ../../support/random_op.c)
crux_add_test(NAME descriptor SOURCES test_descriptor.c ${random_op})
crux_add_fuzz(NAME descriptor SOURCES fuzz_descriptor.c)
