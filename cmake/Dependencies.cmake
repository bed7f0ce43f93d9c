# A package is taken from the including project, else from the system, else fetched. All are header-only: what is fetched is only
# pointed at, as system headers, so that neither its build files nor its warnings become ours. FETCHCONTENT_SOURCE_DIR_<PACKAGE>
# names a copy on disk.
include(FetchContent)

function(eigencoder_fetch package target)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "VERSION;REPOSITORY;TAG;INCLUDE" "")
  if(TARGET ${target})
    return()
  endif()
  string(TOUPPER ${package} upper)
  if(NOT FETCHCONTENT_SOURCE_DIR_${upper})
    find_package(${package} ${arg_VERSION} CONFIG QUIET)
    if(TARGET ${target})
      return()
    endif()
    message(STATUS "${package} is not installed: fetching ${arg_TAG}")
  endif()
  FetchContent_Declare(
    ${package}
    GIT_REPOSITORY ${arg_REPOSITORY}
    GIT_TAG ${arg_TAG}
    GIT_SHALLOW ON
    SOURCE_SUBDIR no-build-files
  )
  FetchContent_MakeAvailable(${package})
  string(TOLOWER ${package} lower)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE ${${lower}_SOURCE_DIR}/${arg_INCLUDE})
endfunction()

find_package(Threads REQUIRED)
if(NOT FETCHCONTENT_SOURCE_DIR_EIGEN3)
  eigencoder_find_eigen()
endif()
eigencoder_fetch(
  Eigen3 Eigen3::Eigen
  VERSION 3.4
  REPOSITORY https://gitlab.com/libeigen/eigen.git
  TAG 3.4.0
  INCLUDE .
)

if(EIGENCODER_BUILD_TESTS)
  eigencoder_fetch(
    Catch2 Catch2::Catch2
    REPOSITORY https://github.com/catchorg/Catch2.git
    TAG v2.13.10
    INCLUDE single_include
  )
endif()

if(EIGENCODER_BUILD_EXAMPLES OR EIGENCODER_BUILD_BENCHMARKS)
  eigencoder_fetch(
    CLI11 CLI11::CLI11
    VERSION 2.1
    REPOSITORY https://github.com/CLIUtils/CLI11.git
    TAG v2.1.2
    INCLUDE include
  )
endif()

if(EIGENCODER_BUILD_TESTS OR EIGENCODER_BUILD_EXAMPLES OR EIGENCODER_BUILD_BENCHMARKS)
  eigencoder_fetch(
    nlohmann_json nlohmann_json::nlohmann_json
    VERSION 3.10
    REPOSITORY https://github.com/nlohmann/json.git
    TAG v3.11.2
    INCLUDE single_include
  )
endif()
