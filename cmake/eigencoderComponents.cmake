# The parts that need more than Eigen and threads; this file serves the build tree and the installed package alike.
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
