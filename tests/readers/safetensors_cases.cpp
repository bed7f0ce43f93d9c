// SPDX-License-Identifier: MIT
// readers_safetensors_cases FOLDER: reads every file of FOLDER/cases and writes FOLDER/results.jsonl, a line each: what it
// holds, or the error. Writes files of its own into FOLDER/written. safetensors_cases.py makes the cases and judges both.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "eigencoder/files/safetensors.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

std::string hex(std::span<const std::byte> bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<unsigned>(byte) >> 4];
    text += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

/// What a file holds, in JSON.
std::string description(const ec::SafetensorsFile& file) {
  std::string text = "\"tensors\":{";
  const auto separate = [&] {
    if (text.back() != '{' && text.back() != '[') text += ',';
  };
  for (const ec::TensorView& tensor : file.tensors()) {
    separate();
    text += ec::detail::json_string(tensor.name) + ec::message(":[\"", to_string(tensor.dtype), "\",[");
    for (const std::uint64_t size : tensor.shape) {
      separate();
      text += std::to_string(size);
    }
    text += "],\"" + hex(tensor.bytes) + "\"]";
  }
  text += "},\"metadata\":{";
  for (const auto& [name, value] : file.metadata()) {
    separate();
    text += ec::detail::json_string(name) + ':' + ec::detail::json_string(value);
  }
  return text + '}';
}

void read_cases(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder / "cases")) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::string results;
  for (const fs::path& path : paths) {
    results += "{\"case\":" + ec::detail::json_string(path.filename().string()) + ',';
    try {
      results += description(ec::read_safetensors(path));
    } catch (const ec::FileError& error) {
      results += "\"error\":" + ec::detail::json_string(error.what());
    }
    results += "}\n";
  }
  ec::write_file(folder / "results.jsonl", results);
}

/// A tensor whose byte i is 7 i + 1, in `bytes`.
ec::TensorView tensor(std::string name, ec::Dtype dtype, std::vector<std::uint64_t> shape, std::vector<std::byte>& bytes) {
  bytes.resize(static_cast<std::size_t>(ec::detail::byte_count(dtype, shape).value()));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(7 * i + 1);
  return {std::move(name), dtype, std::move(shape), bytes};
}

void write_files(const fs::path& folder) {
  fs::create_directories(folder);
  // Every dtype, in an order that is not the file's; names that need escapes or are no ASCII; a scalar and an empty tensor.
  std::vector<std::vector<std::byte>> bytes(ec::detail::dtypes.size() + 6);
  std::vector<ec::TensorView> tensors;
  for (std::size_t i = 0; i < ec::detail::dtypes.size(); ++i) {
    const auto dtype = static_cast<ec::Dtype>(i);
    tensors.push_back(tensor(ec::message("all.", to_string(dtype)), dtype, {2, 3, 4}, bytes[i]));
  }
  std::size_t next = ec::detail::dtypes.size();
  tensors.push_back(tensor("", ec::Dtype::F32, {3}, bytes[next++]));
  tensors.back().name = "quote \" backslash \\ tab \t line \n NUL " + std::string(1, '\0') + " é 漢 😀";
  tensors.push_back(tensor("scalar", ec::Dtype::F64, {}, bytes[next++]));
  tensors.push_back(tensor("empty", ec::Dtype::I16, {3, 0, 5}, bytes[next++]));
  tensors.push_back(tensor("zero", ec::Dtype::F32, {0}, bytes[next++]));
  tensors.push_back(tensor("z", ec::Dtype::F32, {1}, bytes[next++]));
  tensors.push_back(tensor("Z", ec::Dtype::F32, {1}, bytes[next++]));
  ec::write_safetensors(folder / "all.safetensors", tensors,
                        {{"text", "lines\nand \"quotes\" and é 漢 😀"}, {"", "a text without a name"}, {"empty", ""}});

  // Numbers as this machine has them.
  std::vector<double> values;
  for (int i = 0; i < 12; ++i) values.push_back(0.1 * i - 0.5);
  const std::vector<float> floats(values.begin(), values.end());
  const std::vector<std::int32_t> integers{-2147483647 - 1, -1, 0, 1, 2147483647};
  const auto a = ec::to_bytes<double>(values), b = ec::to_bytes<float>(floats), c = ec::to_bytes<std::int32_t>(integers);
  const std::vector<ec::TensorView> numbers{{"double", ec::dtype_of<double>, {3, 4}, a},
                                            {"float", ec::dtype_of<float>, {12}, b},
                                            {"integer", ec::dtype_of<std::int32_t>, {5}, c}};
  ec::write_safetensors(folder / "numbers.safetensors", numbers);
  using enum ec::Dtype;
  std::vector<ec::TensorView> common;  // of the dtypes that the library's own writer has names for
  for (const ec::Dtype dtype : {BOOL, U8, I8, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64}) {
    const auto of_all = std::find_if(tensors.begin(), tensors.end(), [&](const auto& one) { return one.dtype == dtype; });
    for (const char* name : {"b.", "a."}) common.push_back({name + std::string(to_string(dtype)), dtype, {24}, of_all->bytes});
  }
  ec::write_safetensors(folder / "order.safetensors", common);
  ec::write_safetensors(folder / "nothing.safetensors", {});
  ec::write_safetensors(folder / "texts.safetensors", {}, {{"format", "pt"}});
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
    return 2;
  }
  try {
    read_cases(arguments[1]);
    write_files(fs::path(arguments[1]) / "written");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
