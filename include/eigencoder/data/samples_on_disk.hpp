// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <concepts>
#include <filesystem>
#include <memory>

#include "eigencoder/core/column_reader.hpp"
#include "eigencoder/data/npy_header.hpp"

namespace eigencoder {

/// How samples lie in a file without a header: column after column, without gaps.
struct RawColumns {
  Index rows = 0;                                ///< of a sample, at least 1
  NpyType type = NpyType::float32;               ///< of a value: uint8, int8, uint16, int16, float32 or float64
  Index offset = 0;                              ///< where the first column begins, in bytes
  Index cols = 0;                                ///< how many there are; 0: as many as the rest of the file has
  std::endian byte_order = std::endian::little;  ///< of the bytes of a value
};

/// Opens the samples of an NPY or IDX file, told by its first bytes, without reading them: for a set that is larger than
/// memory. What it returns makes Samples<T>, which fit, evaluate and predictions take; the file stays open as long as they live.
///
/// The first axis counts the samples, and all that a sample has is one column, in the order of the file: (n, h, w, c) is
/// (h · w · c) × n. Values are float32 or float64, which are rounded or widened to T where it is the other, or integers of 8
/// and 16 bits, which stand for what they do in Samples: uint8 v for v / 255, uint16 for v / 65535, int8 for v / 128, int16 for
/// v / 32768. (load_npy and load_idx_dataset scale none but uint8.) NPY is little endian, in C order; IDX is big endian, plain.
///
/// A column is read into the memory that it is wanted in, columns that follow one another at once, by any number of threads at
/// the same time. Nothing is kept here: the system's cache holds what fits. Columns of 1 MiB together are a block().
///
/// Throws FileError if the file cannot be read, is packed with gzip or in an NPZ file, has other values or another order, holds
/// no values, or is not exactly as long as its header says. If it becomes shorter later, reading what is gone throws FileError,
/// which says the path, the column, and how many bytes were expected and found.
template <std::floating_point T = float>
std::shared_ptr<const ColumnReader<T>> samples_on_disk(const std::filesystem::path& path);

/// The same for a file of columns without a header that says how they lie. Throws OptionError for rows below 1, an offset or
/// cols below 0, and types not listed; FileError if the file is shorter than the columns, or does not end with a column where
/// their number is left to it.
template <std::floating_point T = float>
std::shared_ptr<const ColumnReader<T>> samples_on_disk(const std::filesystem::path& path, const RawColumns& columns);

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/data/samples_on_disk_impl.hpp"
#endif
