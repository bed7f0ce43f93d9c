# The toolchain of ./check: clang++ where it is there, which takes half of g++'s time and memory for unoptimised programs of many
# templates; else what CMake finds. CXX in the environment and -DCMAKE_CXX_COMPILER come first.
if(NOT CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX})
  find_program(eigencoder_clangxx clang++ NO_CACHE)
  if(eigencoder_clangxx)
    set(CMAKE_CXX_COMPILER ${eigencoder_clangxx})
  endif()
endif()
