// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <vector>

#include "eigencoder/data/time_series_set.hpp"

// Sets of time series: one sequence a line of a file, of one or more channels, with a class. One long series is read by
// load_csv (data/csv.hpp), a line a step, and cut by windows (data/windows.hpp).
namespace eigencoder {

/// Reads a file of the format .ts of sktime and aeon, plain or packed with gzip: a header with @problemName, @timeStamps, @missing,
/// @univariate, @dimensions, @equalLength, @seriesLength and @classLabel, then @data, then one sequence a line, its dimensions
/// between colons, the steps of each between commas, and its class last. Lines that begin with # or % say nothing. Sequences
/// may be of different lengths. Labels count from 0 in the order of the header. Memory grows with what is in the file, not with
/// what its header says. Throws FileError with line and column, the text found and what was expected: for a missing @data, a
/// header that contradicts itself or the sequences, time stamps, dimensions of different lengths, unknown classes, missing
/// values ("?"), what is no number or not finite; and where padding the sequences to one length would take more than 64 values
/// for each that is there.
///   const auto train = ec::read_ts("data/time_series/JapaneseVowels_TRAIN.ts.gz");
template <std::floating_point T = float>
TimeSeriesSet<T> read_ts(const std::filesystem::path& path);

/// Reads a file of the UCR archive (.tsv, .txt), plain or packed with gzip: in each line a label and the values of a sequence
/// of one channel, with tabs, commas or spaces between them. NaN at the end of a line is padding of a shorter sequence. Classes
/// are the labels in order, numbers by their value; a test set takes those of its training set, so that they mean the same in
/// both:
///   const auto train = ec::read_ucr("ECG5000_TRAIN.tsv");
///   const auto test = ec::read_ucr("ECG5000_TEST.tsv", train.classes);
/// Throws FileError as read_ts does, and for lines of different numbers of columns.
template <std::floating_point T = float>
TimeSeriesSet<T> read_ucr(const std::filesystem::path& path, const std::vector<std::string>& classes = {});

}  // namespace eigencoder

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/data/time_series_impl.hpp"
#endif
