crux_add_test(NAME evaluate_score SOURCES test_score.c LIBS crux_evaluate m)
crux_add_test(NAME evaluate_perplexity SOURCES test_perplexity.c LIBS crux_evaluate m)
crux_add_test(NAME evaluate_float_reference SOURCES test_float_reference.c textbook.c
  LIBS crux_evaluate m COST 15)
crux_add_test(NAME evaluate_imported SOURCES test_imported.c
  LIBS crux_evaluate m LABELS e2e COST 15)
