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

# The parts that need more:
#
#   find_package(eigencoder)                                 eigencoder::eigencoder alone
#   find_package(eigencoder COMPONENTS data)                 eigencoder::data too, or an error that names zlib
#   find_package(eigencoder OPTIONAL_COMPONENTS data png)    each one whose library is there
#
# Linking a component defines EIGENCODER_HAS_<library>, at which <eigencoder/eigencoder.hpp> includes that component's headers.
set(eigencoder_data_library ZLIB)  # data/: reads .gz files
set(eigencoder_png_library PNG)    # io/png.hpp: writes pictures

function(eigencoder_component name)
  set(library ${eigencoder_${name}_library})
  if(NOT library OR TARGET eigencoder::${name})
    return()
  endif()
  find_package(${library} QUIET)
  if(NOT TARGET ${library}::${library})
    return()
  endif()
  add_library(eigencoder::${name} INTERFACE IMPORTED ${ARGN})
  target_link_libraries(eigencoder::${name} INTERFACE eigencoder::eigencoder ${library}::${library})
  target_compile_definitions(eigencoder::${name} INTERFACE EIGENCODER_HAS_${library})
endfunction()
