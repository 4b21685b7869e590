# Used in every tests.cmake. Sources are named relative to the tests.cmake that names them. Tests run in the root
# of the repository. A test that finds what it needs missing prints why and exits with 77: skipped, not passed.
#
#   crux_add_test(NAME name SOURCES test_x.c... [LABELS unit] [LIBS jansson...] [ARGS ...] [TIMEOUT seconds] [COST seconds])
#   crux_add_test(NAME name OF other [ARGS ...] ...)     another run of the program of the test `other`
#   crux_add_fuzz(NAME name SOURCES fuzz_x.c... [CORPUS dir] [LIBS ...])     corpus: tests/fuzz/corpus/<name>
#   crux_add_bench(NAME name SOURCES bench_x.c... [LIBS ...])
#   crux_add_script_test(NAME name COMMAND program... [LABELS unit] [TIMEOUT seconds] [COST seconds] [NOT_SANITIZED])
#                            NOT_SANITIZED: it runs no program of ours, or only such as check others: not in sanitizer builds
#
# TIMEOUT: 900 where none is given: beyond it a test hangs, and is not merely slow on a machine that is busy with others.
# COST: about how long a dear test takes, 5 and more: the dearest start first, so that none ends alone.
#
# Programs link tests/support/ as a library, and need not name its sources; crux_add_support(SOURCES x.c...) adds to it
# what several folders use.
#
# LABELS: unit, conformance, fuzz-replay, exhaustive (only in ./dev test --all), e2e.

set(CRUX_TEST_SKIPPED 77)

# jansson is only for tests that read JSON (vectors) and for the cli.
find_library(CRUX_JANSSON_LIBRARY jansson)
if(CRUX_JANSSON_LIBRARY AND NOT TARGET jansson)
  add_library(jansson INTERFACE)
  target_link_libraries(jansson INTERFACE "${CRUX_JANSSON_LIBRARY}")
endif()

# Where a sanitizer makes everything several times as long, a test does less of the same: in C this macro says so, in
# scripts an environment variable of this name.
if(CRUX_SANITIZE)
  set(CRUX_SANITIZED 1)
else()
  set(CRUX_SANITIZED 0)
endif()

find_library(CRUX_CMOCKA_LIBRARY cmocka)
find_path(CRUX_CMOCKA_INCLUDE cmocka.h)
if(NOT CRUX_CMOCKA_LIBRARY OR NOT CRUX_CMOCKA_INCLUDE)
  message(FATAL_ERROR "cmocka is missing: apt-get install libcmocka-dev, or configure with -DCRUX_TESTS=OFF")
endif()

function(crux_test_sources variable)
  set(absolute)
  foreach(source ${ARGN})
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CRUX_TEST_DIR}" NORMALIZE)
    list(APPEND absolute "${source}")
  endforeach()
  set(${variable} ${absolute} PARENT_SCOPE)
endfunction()

# What tests share, compiled once. A program takes from the archive what it calls: it stands before the libraries that
# its members call in turn, those of LIBS too.
file(GLOB support CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/support/*.c")
list(FILTER support EXCLUDE REGEX "/test_[a-z_]+\\.c$")
add_library(crux_test_support STATIC ${support})
target_link_libraries(crux_test_support PUBLIC crux_engine crux_bisection crux_kernels)
target_compile_definitions(crux_test_support PRIVATE _POSIX_C_SOURCE=200809L CRUX_SANITIZED=${CRUX_SANITIZED})
target_include_directories(crux_test_support SYSTEM PRIVATE "${CRUX_CMOCKA_INCLUDE}")

function(crux_add_support)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "SOURCES")
  crux_test_sources(sources ${arg_SOURCES})
  target_sources(crux_test_support PRIVATE ${sources})
endfunction()

# One hosted program over both libraries.
function(crux_test_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  crux_test_sources(sources ${arg_SOURCES})
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE crux_test_support ${arg_LIBS} crux_engine crux_bisection crux_kernels)
  target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L CRUX_SANITIZED=${CRUX_SANITIZED})
endfunction()

function(crux_set_test_properties name labels timeout)
  set(cost 0)
  if(ARGC GREATER 3)
    set(cost "${ARGV3}")
  endif()
  set_tests_properties("${name}" PROPERTIES
    LABELS "${labels}" TIMEOUT "${timeout}" SKIP_RETURN_CODE ${CRUX_TEST_SKIPPED}
    COST "${cost}" ENVIRONMENT "CRUX_SANITIZED=${CRUX_SANITIZED}")
endfunction()

function(crux_add_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;OF;TIMEOUT;COST" "SOURCES;LABELS;LIBS;ARGS")
  if(CRUX_FUZZ)
    return()
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)
  endif()
  set(target test_${arg_NAME})
  if(arg_OF)
    set(target test_${arg_OF})
  else()
    crux_test_program(${target} SOURCES ${arg_SOURCES} LIBS ${arg_LIBS} "${CRUX_CMOCKA_LIBRARY}")
    target_include_directories(${target} SYSTEM PRIVATE "${CRUX_CMOCKA_INCLUDE}")
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  endif()
  add_test(NAME ${arg_NAME} COMMAND ${target} ${arg_ARGS} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  crux_set_test_properties(${arg_NAME} "${arg_LABELS}" ${arg_TIMEOUT} ${arg_COST})
endfunction()

function(crux_add_script_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "NOT_SANITIZED" "NAME;TIMEOUT;COST" "COMMAND;LABELS")
  if(CRUX_FUZZ OR (arg_NOT_SANITIZED AND CRUX_SANITIZE))
    return()
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)
  endif()
  add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  crux_set_test_properties(${arg_NAME} "${arg_LABELS}" ${arg_TIMEOUT} ${arg_COST})
endfunction()

# In the fuzz preset a libFuzzer program fuzz_<name>; elsewhere the same function over the committed corpus.
function(crux_add_fuzz)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;CORPUS" "SOURCES;LIBS")
  set(target fuzz_${arg_NAME})
  if(NOT arg_CORPUS)
    set(arg_CORPUS "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${arg_NAME}")
  endif()
  cmake_path(ABSOLUTE_PATH arg_CORPUS BASE_DIRECTORY "${CRUX_TEST_DIR}" NORMALIZE)
  if(CRUX_FUZZ)
    crux_test_program(${target} SOURCES ${arg_SOURCES} LIBS ${arg_LIBS})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
    return()
  endif()
  crux_test_program(${target}
    SOURCES ${arg_SOURCES} "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.c" LIBS ${arg_LIBS})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  add_test(NAME ${target} COMMAND ${target} "${arg_CORPUS}" WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  crux_set_test_properties(${target} fuzz-replay 300)
endfunction()

function(crux_add_bench)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;LIBS")
  if(CRUX_FUZZ)
    return()
  endif()
  set(target bench_${arg_NAME})
  crux_test_program(${target} SOURCES ${arg_SOURCES} LIBS ${arg_LIBS})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
endfunction()
