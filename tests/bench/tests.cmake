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
crux_add_bench(NAME kernels SOURCES bench_kernels.c LIBS ${CMAKE_DL_LIBS})

crux_add_bench(NAME adjudicator
  SOURCES bench_adjudicator.c ../support/toy_world.c ../support/toy_program.c)
