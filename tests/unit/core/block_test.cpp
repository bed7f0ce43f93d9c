// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>

namespace ec = eigencoder;
using ec::Block, ec::BlockAxis, ec::Index;

namespace {

/// The values of a block in an order of axes, of which the last runs fastest, as in the files of others.
std::vector<Index> in_order(const Block& block, const std::array<BlockAxis::Kind, 4>& order) {
  std::vector<Index> places;
  for (Index a = 0; a < block.extent(order[0]); ++a)
    for (Index b = 0; b < block.extent(order[1]); ++b)
      for (Index c = 0; c < block.extent(order[2]); ++c)
        for (Index d = 0; d < block.extent(order[3]); ++d)
          places.push_back(a * block.stride(order[0]) + b * block.stride(order[1]) + c * block.stride(order[2]) +
                           d * block.stride(order[3]));
  return places;
}

using enum BlockAxis::Kind;
constexpr std::array<BlockAxis::Kind, 4> keras{kernel_height, kernel_width, in, out},
    conv2d{out, in, kernel_height, kernel_width}, conv_transpose2d{in, out, kernel_height, kernel_width};

/// make_convolutions.py reads the library's memory as (row, column, in, out), the last fastest, and permutes it for PyTorch.
std::vector<Index> permuted(const std::array<Index, 4>& sizes, const std::array<std::size_t, 4>& by) {
  std::array<Index, 4> strides{};
  for (std::size_t k = 4, stride = 1; k-- > 0; stride *= static_cast<std::size_t>(sizes[k]))
    strides[k] = static_cast<Index>(stride);
  std::vector<Index> places;
  for (Index a = 0; a < sizes[by[0]]; ++a)
    for (Index b = 0; b < sizes[by[1]]; ++b)
      for (Index c = 0; c < sizes[by[2]]; ++c)
        for (Index d = 0; d < sizes[by[3]]; ++d)
          places.push_back(a * strides[by[0]] + b * strides[by[1]] + c * strides[by[2]] + d * strides[by[3]]);
  return places;
}

template <class Layer>
constexpr bool axes_fill_the_blocks(ec::Shape shape) {
  for (const Block& block : Layer::parameters(shape)) {
    Index size = 1;
    for (const BlockAxis::Kind kind : conv2d) size *= block.extent(kind);
    if (size != block.size()) return false;
  }
  return true;
}
constexpr ec::Shape image = ec::image(5, 6, 4);
static_assert(axes_fill_the_blocks<ec::Dense<3>>(image) && axes_fill_the_blocks<ec::Conv2D<3, ec::Extent{2, 5}>>(image) &&
              axes_fill_the_blocks<ec::ConvTranspose2D<3, ec::Extent{2, 5}, 2>>(image) &&
              axes_fill_the_blocks<ec::DepthwiseConv2D<ec::Extent{2, 5}>>(image) &&
              axes_fill_the_blocks<ec::BatchNorm>(image) && axes_fill_the_blocks<ec::VectorQuantizer<7>>(image) &&
              axes_fill_the_blocks<ec::TiedConv2D<0, image, 3>>(image));

}  // namespace

TEST_CASE("blocks: a convolution's weight in PyTorch's and Keras's order, by its axes") {
  constexpr Block convolution = ec::Conv2D<3, ec::Extent{2, 5}>::parameters(image)[0],
                  transposed = ec::ConvTranspose2D<3, ec::Extent{2, 5}, 2>::parameters(image)[0];
  constexpr std::array<Index, 4> sizes{2, 5, 4, 3};  // row, column, in, out
  CHECK(in_order(convolution, conv2d) == permuted(sizes, {3, 2, 0, 1}));
  CHECK(in_order(convolution, keras) == permuted(sizes, {0, 1, 2, 3}));
  CHECK(in_order(transposed, conv_transpose2d) == permuted(sizes, {2, 3, 0, 1}));
  // A filter for every channel: PyTorch's (out, 1, h, w).
  constexpr Block depthwise = ec::DepthwiseConv2D<ec::Extent{2, 5}>::parameters(image)[0];
  CHECK(in_order(depthwise, conv2d) == permuted({2, 5, 1, 4}, {3, 2, 0, 1}));
}

TEST_CASE("blocks: a matrix is out × in, a vector has one axis") {
  constexpr auto blocks = ec::Dense<3>::parameters(ec::features(7));
  static_assert(blocks[0].extent(out) == 3 && blocks[0].stride(out) == 1 && blocks[0].extent(in) == 7 &&
                blocks[0].stride(in) == 3);
  static_assert(blocks[1].extent(out) == 3 && blocks[1].stride(out) == 1 && blocks[1].extent(in) == 1 &&
                blocks[1].stride(in) == 0);
  CHECK(in_order(blocks[0], keras) == permuted({1, 1, 7, 3}, {0, 1, 2, 3}));
}
