# libcrypto is the rival here and nowhere a part of Crux; without it the bench says so.
find_library(CRUX_CRYPTO_LIBRARY crypto)
find_path(CRUX_CRYPTO_INCLUDE openssl/evp.h)
if(CRUX_CRYPTO_LIBRARY AND CRUX_CRYPTO_INCLUDE)
  set(libcrypto "${CRUX_CRYPTO_LIBRARY}")
else()
  set(libcrypto)
endif()
crux_add_bench(NAME hash SOURCES bench_hash.c LIBS ${libcrypto})
if(libcrypto AND TARGET bench_hash)
  target_compile_definitions(bench_hash PRIVATE CRUX_HAVE_LIBCRYPTO)
endif()
crux_add_bench(NAME kernels SOURCES bench_kernels.c kernels_case.c kernels_roof.c)
crux_add_bench(NAME rows SOURCES bench_rows.c)
crux_add_bench(NAME batcher SOURCES bench_batcher.c LIBS crux_service)
crux_add_bench(NAME read SOURCES bench_read.c)
crux_add_bench(NAME attention SOURCES bench_attention.c)

crux_add_bench(NAME adjudicator SOURCES bench_adjudicator.c)

# No benches: what the bench of the peer needs.
if(NOT CRUX_FUZZ)
  add_library(cpu_clock MODULE "${CRUX_TEST_DIR}/cpu_clock.c")
  target_link_libraries(cpu_clock PRIVATE ${CMAKE_DL_LIBS})
  set_target_properties(cpu_clock PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  crux_test_program(make_model SOURCES make_model.c LIBS crux_import m)
  set_target_properties(make_model PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  crux_add_script_test(NAME bench_make_model
    COMMAND "${CRUX_TEST_DIR}/test_make_model.sh" "$<TARGET_FILE:crux>" "$<TARGET_FILE:make_model>")
endif()

find_program(CRUX_PYTHON python3)
if(CRUX_PYTHON)
  crux_add_script_test(NAME bench_peer
    COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1 "${CRUX_PYTHON}" "${CRUX_TEST_DIR}/peer/test_peer.py"
    NOT_SANITIZED COST 10)
  crux_add_script_test(NAME bench_server
    COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1 "${CRUX_PYTHON}" "${CRUX_TEST_DIR}/server/test_server.py"
    NOT_SANITIZED)
  if(NOT CRUX_FUZZ)
    crux_add_script_test(NAME bench_verification
      COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1 "${CRUX_PYTHON}"
        "${CRUX_TEST_DIR}/verification/test_verification.py" "$<TARGET_FILE:crux>"
        "${PROJECT_BINARY_DIR}/bin/make_small_files" LABELS e2e TIMEOUT 1200)
  endif()
else()
  crux_add_script_test(NAME bench_peer COMMAND sh -c "echo 'python3 is not installed'; exit 77")
  crux_add_script_test(NAME bench_server COMMAND sh -c "echo 'python3 is not installed'; exit 77")
endif()
