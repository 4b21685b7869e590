# A model trained here, once a build folder: tests that want it name the fixture tiny_model.
if(NOT CRUX_FUZZ)
  set(tiny_model "${PROJECT_BINARY_DIR}/tiny.gguf")
  crux_test_program(train_tiny SOURCES train_tiny.c byte_pairs.c net.c tiny_file.c LIBS crux_import m)
  # Floats that may be added in any order: sums in lanes. Under a sanitizer a few steps must do.
  set(tiny_steps 400)
  if(CRUX_SANITIZE)
    set(tiny_steps 40)
  endif()
  target_compile_options(train_tiny PRIVATE -O3 -ffast-math)
  add_test(NAME model_tiny_train WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}" COMMAND train_tiny
    "${tiny_model}" ${tiny_steps} tests/data/text/prose.txt tests/data/text/technical.txt)
  crux_set_test_properties(model_tiny_train unit 300)
  set_tests_properties(model_tiny_train PROPERTIES FIXTURES_SETUP tiny_model COST 40)
  crux_add_script_test(NAME model_tiny LABELS e2e COMMAND "${CRUX_TEST_DIR}/test_tiny.sh"
    "$<TARGET_FILE:crux>" "${tiny_model}")
  set_tests_properties(model_tiny PROPERTIES FIXTURES_REQUIRED tiny_model)
endif()
