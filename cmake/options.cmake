# crux_warnings: what every translation unit of ours is compiled with, freestanding ones too.
# crux_options:  the same plus the sanitizers of the preset; everything hosted links this.
add_library(crux_warnings INTERFACE)
target_include_directories(crux_warnings INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(crux_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Werror
  # Asserts print file names: relative ones, so that a binary does not tell where it was built.
  "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")

add_library(crux_options INTERFACE)
target_link_libraries(crux_options INTERFACE crux_warnings)
if(CRUX_SANITIZE)
  target_compile_options(crux_options INTERFACE
    -fsanitize=${CRUX_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  target_link_options(crux_options INTERFACE -fsanitize=${CRUX_SANITIZE})
  # Each program is large with them: a third of the time to link it, where that linker is there.
  include(CheckLinkerFlag)
  check_linker_flag(C -fuse-ld=lld CRUX_HAS_LLD)
  if(CRUX_HAS_LLD)
    target_link_options(crux_options INTERFACE -fuse-ld=lld)
  endif()
endif()
if(CRUX_FUZZ)
  target_compile_options(crux_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
