// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/data/npy.hpp"

namespace eigencoder {

/// The arrays of an NPZ file by name, as numpy.savez and numpy.savez_compressed write it.
/// Throws FileError as read_npy does, with the array's name, and for an archive that is damaged, encrypted, packed in another
/// way, or has an entry that does not unpack to what the archive says. Memory grows with what has been unpacked.
std::map<std::string, NpyArray> read_npz(const std::filesystem::path& path);

/// Reads the samples that are in an NPZ file under `name`, and labels if an option names them; no other array is unpacked.
/// Otherwise as load_npy.
///
///     const auto train = ec::load_npz("mnist.npz", "x_train", {.labels = "y_train"});
template <SampleScalar T = float>
Dataset<T> load_npz(const std::filesystem::path& path, std::string_view name, const NpyOptions& options = {});

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/data/npz_impl.hpp"
#endif
