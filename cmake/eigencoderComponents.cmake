# Where Eigen is, and the parts that need more than Eigen and threads; this file serves the build tree and the installed package
# alike.

# Finds Eigen 5, or else 3.4: neither takes itself for the other, and a range of versions does not work with 3.4.0. Each search
# begins with the folder that the user has named, if any: one that does not suit the first would be forgotten.
macro(eigencoder_find_eigen)
  set(eigencoder_eigen_dir "${Eigen3_DIR}")
  foreach(eigencoder_eigen_version IN ITEMS 5 3.4)
    if(NOT TARGET Eigen3::Eigen)
      if(eigencoder_eigen_dir)
        set(Eigen3_DIR "${eigencoder_eigen_dir}" CACHE PATH "The folder of Eigen3Config.cmake" FORCE)
      endif()
      find_package(Eigen3 ${eigencoder_eigen_version} CONFIG QUIET)
    endif()
  endforeach()
endmacro()

# The parts that need more, or that cost the umbrella header more than every program should pay:
#
#   find_package(eigencoder)                                 eigencoder::eigencoder alone
#   find_package(eigencoder COMPONENTS data)                 eigencoder::data too, or an error that names zlib
#   find_package(eigencoder OPTIONAL_COMPONENTS data png)    each one whose library is there
#
#   find_package(eigencoder COMPONENTS kernels)              eigencoder::kernels, which is a library: src/CMakeLists.txt builds it
#
# Linking one of the following defines EIGENCODER_HAS_<macro>, at which <eigencoder/eigencoder.hpp> includes its headers.
#     component    package        macro
set(eigencoder_components
    data         ZLIB           ZLIB        # reads .gz and .npz files
    png          PNG            PNG         # reads and writes pictures
    jpeg         JPEG           JPEG        # reads photographs
    safetensors  nlohmann_json  SAFETENSORS # saves and loads models
    onnx         NONE           ONNX        # exports models
    mpi          MPI            MPI         # trains with several processes
)

# The components' names, one after another, for messages.
function(eigencoder_list_components result)
  list(LENGTH eigencoder_components length)
  math(EXPR last "${length} - 1")
  set(names "")
  foreach(i RANGE 0 ${last} 3)
    list(GET eigencoder_components ${i} name)
    math(EXPR at "${i} + 1")
    list(GET eigencoder_components ${at} package)
    if(package STREQUAL NONE)
      list(APPEND names "${name}")
    else()
      list(APPEND names "${name} (needs ${package})")
    endif()
  endforeach()
  list(APPEND names "kernels (installed with EIGENCODER_BUILD_KERNELS for one architecture)")
  list(JOIN names ", " names)
  set(${result} "${names}" PARENT_SCOPE)
endfunction()

function(eigencoder_component name)
  list(FIND eigencoder_components ${name} at)
  if(at EQUAL -1 OR TARGET eigencoder::${name})
    return()
  endif()
  math(EXPR at "${at} + 1")
  list(GET eigencoder_components ${at} package)
  math(EXPR at "${at} + 1")
  list(GET eigencoder_components ${at} macro)
  if(NOT package STREQUAL NONE)
    set(library ${package}::${package})
    if(package STREQUAL MPI) # its interface of C, for a program of C++; its target is there also where nothing was found
      set(library MPI::MPI_CXX)
      set(MPI_CXX_SKIP_MPICXX ON)
      find_package(MPI QUIET COMPONENTS CXX)
      if(NOT MPI_CXX_FOUND)
        return()
      endif()
    elseif(NOT TARGET ${library})
      find_package(${package} QUIET)
    endif()
    if(NOT TARGET ${library})
      return()
    endif()
  endif()
  add_library(eigencoder::${name} INTERFACE IMPORTED ${ARGN})
  target_link_libraries(eigencoder::${name} INTERFACE eigencoder::eigencoder ${library})
  target_compile_definitions(eigencoder::${name} INTERFACE EIGENCODER_HAS_${macro})
endfunction()
