// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "eigencoder/files/safetensors.hpp"
#include "eigencoder/io/layout.hpp"
#include "eigencoder/io/model_options.hpp"

// Which tensors of a file are those of a model.
namespace eigencoder::detail {

/// The parameters and the running state of a model.
template <class T>
struct Contents {
  std::vector<T> theta, state;

  T* of(const PlacedBlock& block) { return (block.block.trainable ? theta : state).data() + block.offset; }
};

/// Finds the tensors of a model in a file called `name`, and reads them into contents of the model's sizes. Throws as load
/// does.
template <class T>
void read_contents(const SafetensorsFile& file, const ModelFacts& model, const LoadOptions& options, const std::string& name,
                   Contents<T>& contents);

/// Reads values that came along: what each returns writes into its variable.
std::vector<std::function<void()>> prepare_values(const SafetensorsFile& file, const std::vector<LoadedValue>& values,
                                                  const std::string& name);

}  // namespace eigencoder::detail

#ifndef EIGENCODER_COMPILED_KERNELS
#include "eigencoder/io/model_reader_impl.hpp"
#endif
