// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <vector>

#include "eigencoder/core/bodies.hpp"
#include "eigencoder/data/time_series.hpp"
#include "eigencoder/data/ts_reader.hpp"
#include "eigencoder/data/ucr_reader.hpp"

namespace eigencoder {

template <std::floating_point T>
TimeSeriesSet<T> read_ts(const std::filesystem::path& path) {
  return detail::TsReader<T>(path).read();
}

template <std::floating_point T>
TimeSeriesSet<T> read_ucr(const std::filesystem::path& path, const std::vector<std::string>& classes) {
  return detail::UcrReader<T>(path, classes).read();
}

}  // namespace eigencoder
