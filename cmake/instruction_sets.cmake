# Files named for an instruction set are compiled with it. Each such file guards its body with the compiler's
# own macro (#if defined(__SHA__) ...), so that on another target it compiles to nothing; the choice between
# implementations is made at run time, after known answers.
include(CheckCCompilerFlag)

set(CRUX_FLAGS_shani -msha -msse4.1 -mssse3)
set(CRUX_FLAGS_avx2 -mavx2)
set(CRUX_FLAGS_avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq)
set(CRUX_FLAGS_x86 -mxsave)

# Asked of the compiler, not of CMAKE_SYSTEM_PROCESSOR: that one is wrong for -m32 and for cross builds.
include(CheckSymbolExists)
check_symbol_exists(__x86_64__ stddef.h CRUX_TARGET_X86_64)

# crux_set_instruction_sets(source...): *_shani.c, *_avx2.c, *_avx512.c, *_x86.c get their flags.
function(crux_set_instruction_sets)
  if(NOT CRUX_TARGET_X86_64)
    return()
  endif()
  foreach(set shani avx2 avx512 x86)
    string(REPLACE ";" " " flags "${CRUX_FLAGS_${set}}")
    check_c_compiler_flag("${flags}" CRUX_COMPILER_HAS_${set})
    if(NOT CRUX_COMPILER_HAS_${set})
      continue()
    endif()
    set(files ${ARGN})
    list(FILTER files INCLUDE REGEX "_${set}[a-z0-9_]*\\.c$")
    if(files)
      set_property(SOURCE ${files} APPEND PROPERTY COMPILE_OPTIONS ${CRUX_FLAGS_${set}})
    endif()
  endforeach()
endfunction()
