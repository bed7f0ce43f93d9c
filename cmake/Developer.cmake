# How the project compiles its own programs. Nothing here reaches a consumer.
option(EIGENCODER_NATIVE "Compile what does not link the component kernels for the processor of this machine" OFF)
option(EIGENCODER_WERROR "Make warnings errors" OFF)
option(EIGENCODER_FAST_BUILD "Compile the examples unoptimised, their headers precompiled: for those that run on a few samples" OFF)
set(EIGENCODER_SANITIZE "" CACHE STRING "Sanitizers of the unit tests, such as address,undefined: by clang")
set(CMAKE_CXX_EXTENSIONS OFF)

add_library(eigencoder_developer INTERFACE)
target_link_libraries(eigencoder_developer INTERFACE eigencoder::eigencoder)
target_compile_options(eigencoder_developer INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
# g++ collects its garbage less often: a tenth to a sixth less time for networks.
target_compile_options(eigencoder_developer INTERFACE "$<$<CXX_COMPILER_ID:GNU>:SHELL:--param ggc-min-heapsize=1048576>")
if(EIGENCODER_WERROR)
  target_compile_options(eigencoder_developer INTERFACE -Werror)
endif()

# Instruments a target and what links it: a finding ends the program. Eigen's assertions are on.
function(sanitize target sanitizers)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang) # under g++'s, Eigen takes memory in another way than in the component
    message(FATAL_ERROR "-fsanitize=${sanitizers} of ${target}: expected clang, found ${CMAKE_CXX_COMPILER_ID}")
  endif()
  target_compile_options(
    ${target} PUBLIC -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -UNDEBUG
                     -fno-sanitize=pointer-overflow # Eigen's blocks of empty matrices
  )
  target_link_options(${target} PUBLIC -fsanitize=${sanitizers})
endfunction()

# A program links one of two: the compiled kernels, or those of the headers.
add_library(eigencoder_program INTERFACE)
target_link_libraries(eigencoder_program INTERFACE eigencoder_developer eigencoder::kernels)
add_library(eigencoder_header_only INTERFACE)
target_link_libraries(eigencoder_header_only INTERFACE eigencoder_developer)
if(EIGENCODER_NATIVE)
  target_compile_options(eigencoder_header_only INTERFACE -march=native)
endif()

# Tests start Python hundreds of times. Where python3 is a script that starts one of several interpreters: the one that it starts.
if(NOT Python3_EXECUTABLE)
  execute_process(COMMAND python3 -c "import sys; print(sys.executable)" OUTPUT_VARIABLE Python3_EXECUTABLE OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()

# What starts a program as several processes: `${eigencoder_mpiexec} 2 program`.
if(TARGET eigencoder::mpi)
  execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version OUTPUT_VARIABLE mpiexec_version ERROR_QUIET)
  set(eigencoder_mpiexec ${MPIEXEC_EXECUTABLE})
  if(mpiexec_version MATCHES "Open MPI|OpenRTE") # it refuses to be root, and more ranks than cores
    list(APPEND eigencoder_mpiexec --oversubscribe --allow-run-as-root)
  endif()
  list(APPEND eigencoder_mpiexec ${MPIEXEC_NUMPROC_FLAG})
endif()
