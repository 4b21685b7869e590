set(certificate_support ../../support/random.c ../../support/random_op.c one_op.c true_witness.c)
crux_add_test(NAME certificate_inside SOURCES test_inside.c ${certificate_support})
crux_add_test(NAME certificate_witness_bound SOURCES test_witness_bound.c ${certificate_support})
