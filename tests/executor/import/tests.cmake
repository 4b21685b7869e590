set(writer ../../support/gguf_writer.c ../../support/random.c)
crux_add_test(NAME import_blocks SOURCES test_blocks.c ../../support/random.c LIBS crux_import m)
crux_add_test(NAME import_lattice SOURCES test_lattice.c ${writer} LIBS crux_import m)
