// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

namespace eigencoder {

/// What a safetensors file holds, as a text to be printed: its size, its texts, among them the layers of a model that was saved
/// here, and every tensor with dtype and shape, the numbers that came along with their values. Of files from elsewhere too.
/// Throws FileError.
std::string describe(const std::filesystem::path& path);

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/io/describe_impl.hpp"
#endif
