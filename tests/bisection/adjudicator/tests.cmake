
crux_add_test(NAME adjudicator_exhaustive SOURCES test_exhaustive.c COST 20)
crux_add_test(NAME adjudicator_exhaustive_flips OF adjudicator_exhaustive ARGS --all LABELS exhaustive TIMEOUT 7200)
crux_add_test(NAME adjudicator_lies SOURCES test_lies.c)
crux_add_test(NAME adjudicator_corners SOURCES test_corners.c)
crux_add_test(NAME adjudicator_decoders SOURCES test_decoders.c)
