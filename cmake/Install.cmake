include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/eigencoder)

if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.23)
  install(TARGETS eigencoder EXPORT eigencoderTargets FILE_SET HEADERS)
else()
  install(TARGETS eigencoder EXPORT eigencoderTargets)
  install(DIRECTORY include/eigencoder TYPE INCLUDE)
endif()
install(EXPORT eigencoderTargets NAMESPACE eigencoder:: DESTINATION ${package_dir})

# The headers serve any architecture; the component kernels, whose rules are in src/, serves the one that it was built for.
set(kernels_dir ${CMAKE_INSTALL_LIBDIR}/cmake/eigencoder)
configure_package_config_file(
  cmake/eigencoderConfig.cmake.in ${PROJECT_BINARY_DIR}/eigencoderConfig.cmake INSTALL_DESTINATION ${package_dir}
  PATH_VARS kernels_dir
)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/eigencoderConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT
)
install(
  FILES ${PROJECT_BINARY_DIR}/eigencoderConfig.cmake ${PROJECT_BINARY_DIR}/eigencoderConfigVersion.cmake
        ${PROJECT_SOURCE_DIR}/cmake/eigencoderComponents.cmake
  DESTINATION ${package_dir}
)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/eigencoder)
