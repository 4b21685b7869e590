set(reference reference.c)
crux_add_test(NAME tokenizer_reference SOURCES test_reference.c ${reference} LIBS crux_tokenizer jansson)
