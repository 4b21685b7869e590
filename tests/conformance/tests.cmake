set(answers answer.c answer_op.c answer_layout.c answer_merkle.c answer_encoding.c
    answer_program.c)
set(game_cases game_case.c game_cases_claims.c game_cases_fees.c game_cases_disputes.c game_cases_answers.c game_cases_receipts.c)
set(readers vector_check.c vector_ops.c vector_trees.c vector_encodings.c)
set(op_cases op_case.c op_cases_loads.c op_cases_sums.c op_cases_find.c op_cases_maps.c op_cases_tables.c op_cases_random.c)
set(witness_cases witness_case.c witness_cases_honest.c witness_cases_lies.c witness_cases_malformed.c
    witness_cases_programs.c)

if(NOT CRUX_FUZZ AND TARGET jansson)
  # build/PRESET/generate_vectors spec/vectors
  crux_test_program(generate_vectors
    SOURCES generate.c generate_errors.c generate_ops.c generate_descriptors.c generate_layout.c generate_merkle.c
            generate_encodings.c generate_programs.c generate_witnesses.c generate_game.c game_state.c vector_file.c
            ${op_cases} ${witness_cases} ${game_cases}
    LIBS jansson crux_chain)
  crux_test_program(run_vectors SOURCES run_vectors.c vector_game.c game_state.c vector_file.c ${readers} ${answers} LIBS jansson crux_chain)
  set_target_properties(generate_vectors run_vectors PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

  crux_add_script_test(NAME vectors COMMAND run_vectors spec/vectors LABELS conformance)
  crux_add_script_test(NAME vectors_are_generated LABELS conformance
    COMMAND "${CRUX_TEST_DIR}/check_generated.sh" "$<TARGET_FILE:generate_vectors>")
  crux_add_script_test(NAME vectors_can_fail LABELS conformance NOT_SANITIZED
    COMMAND "${CRUX_TEST_DIR}/check_can_fail.sh" "$<TARGET_FILE:run_vectors>")
elseif(NOT CRUX_FUZZ)
  crux_add_script_test(NAME vectors LABELS conformance COMMAND sh -c "echo 'jansson is not installed'; exit 77")
endif()
