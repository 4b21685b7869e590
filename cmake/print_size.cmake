# cmake -DFILE=path -P print_size.cmake
file(SIZE "${FILE}" bytes)
cmake_path(GET FILE FILENAME name)
message("${name}: ${bytes} bytes")
