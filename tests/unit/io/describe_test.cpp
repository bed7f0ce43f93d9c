// SPDX-License-Identifier: MIT
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/io/describe.hpp>
#include <eigencoder/io/model_file.hpp>
#include <eigencoder/layers/activation.hpp>
#include <eigencoder/layers/dense.hpp>

namespace ec = eigencoder;

TEST_CASE("A file is described: its texts, tensors and values", "[describe]") {
  const Folder folder;
  const auto path = folder.path / "network.safetensors";
  const ec::Network network{ec::sequential<ec::features(4)>(ec::Dense<3>{}, ec::LeakyReLU{0.1})};
  ec::save(network, path,
           {.values = {{"threshold", 0.75}, {"weights", Eigen::Vector2f(1, 2)}}, .texts = {{"note", "two\nlines"}}});
  CHECK(ec::describe(path) == path.string() + R"(: 4 tensors, 15 values, 3 that came along, 76 B
  eigencoder.architecture:
    0 Dense<3> (4) -> (3)
    1 LeakyReLU{slope=0.1} (3) -> (3)
  eigencoder.format: 1
  eigencoder.input: (4)
  eigencoder.layout: pytorch
  eigencoder.scalar: float32
  eigencoder.version: 0.1.0
  note:
    two
    lines
  0.bias            F32  [3]
  0.weight          F32  [3, 4]
  values.threshold  F64  []      0.75
  values.weights    F32  [2]
)");
}

TEST_CASE("So are files from elsewhere, in the order of their numbers and without what a terminal obeys", "[describe]") {
  const Folder folder;
  const auto path = folder.path / "elsewhere.safetensors";
  const std::vector<std::byte> bytes(8);
  const ec::Metadata texts{{"a\x1b[31m", "red\x07\r\n  next\n\n"}};
  ec::write_safetensors(path,
                        std::vector<ec::TensorView>{{"layer.10.weight", ec::Dtype::BF16, {2, 2}, bytes},
                                                    {"layer.9.weight", ec::Dtype::U8, {8}, bytes},
                                                    {"\x7f\nb", ec::Dtype::F4, {16}, bytes},
                                                    {"empty", ec::Dtype::F64, {0, std::uint64_t{1} << 63}, {}}},
                        texts);
  CHECK(ec::describe(path) == path.string() + R"(: 4 tensors, 28 values, 24 B
  a?[31m:
    red??
      next
  empty            F64   [0, 9223372036854775808]
  layer.9.weight   U8    [8]
  layer.10.weight  BF16  [2, 2]
  ??b              F4    [16]
)");
  expect_error<ec::FileError>([&] { ec::describe(folder.path / "none"); }, {"none", "cannot be read"});
}
