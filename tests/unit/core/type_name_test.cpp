// SPDX-License-Identifier: MIT
#include <eigencoder/eigencoder.hpp>

#include "support/catch.hpp"

namespace ec = eigencoder;

TEST_CASE("type names: as a person would write them, on every compiler") {
  CHECK(ec::type_name<ec::Dense<32>>() == "Dense<32>");
  CHECK(ec::type_name<ec::ReLU>() == "ReLU");
  CHECK(ec::type_name<ec::BinaryCrossEntropy>() == "BinaryCrossEntropy");
  CHECK(ec::type_name<ec::MaxPool2D<2>>() == "MaxPool2D<2>");
  CHECK(ec::type_name<ec::ConvTranspose2D<16, 3, 12>>() == "ConvTranspose2D<16, 3, 12>");
  CHECK(ec::type_name<ec::Reshape<ec::image(4, 5, 64)>>() == "Reshape<(4, 5, 64)>");
  CHECK(ec::type_name<ec::Reshape<ec::sequence(5, 3)>>() == "Reshape<(5, 3)>");
  CHECK(ec::type_name<ec::ZeroPad2D<1>>() == "ZeroPad2D<1>");
  CHECK(ec::type_name<ec::Crop2D<ec::Border{1, 2, 3, 4}>>() == "Crop2D<{1, 2, 3, 4}>");
  CHECK((ec::type_name<ec::Conv2D<8, ec::Extent{3, 5}, 2>>() == "Conv2D<8, {3, 5}, 2>"));
  CHECK((ec::type_name<ec::Dense<2, ec::Init::he_normal, ec::Bias::none>>() == "Dense<2, Init::he_normal, Bias::none>"));
  CHECK((ec::type_name<ec::Dense<2, ec::Bias::none, ec::Init::zeros>>() == "Dense<2, Bias::none, Init::zeros>"));
  CHECK((ec::type_name<ec::Dense<2, ec::Init::constant(0.1)>>() == "Dense<2, Init{…}>"));
  CHECK((ec::type_name<ec::Conv2D<2, 1, 1, ec::Init::ones_in_rows(0, 1), ec::Dilation{2}>>() == "Conv2D<2, 1, 1, Init{…}, 2>"));
  CHECK((ec::type_name<ec::GRU<2, ec::Truncation{5}, ec::Returns::state>>() == "GRU<2, Truncation{5}, Returns::state>"));
  // g++ leaves out arguments that are the default.
  using Catch::Matchers::StartsWith;
  CHECK_THAT((ec::type_name<ec::Conv2D<32, 3>>()), StartsWith("Conv2D<32, 3"));
  CHECK_THAT((ec::type_name<ec::Conv2D<32, 3, 2, ec::Padding::valid>>()), StartsWith("Conv2D<32, 3, 2, Padding::valid>"));
  CHECK(ec::message("row ", 3, " of ", 7.5, '!') == "row 3 of 7.5!");
}

TEST_CASE("type names: values in braces, whether a compiler names their type or not") {
  const auto shortened = [](std::string name) {
    ec::detail::shorten_values(name);
    return name;
  };
  for (const std::string shape : {"Shape{64, 4, 5}", "{64, 4, 5}"}) CHECK(shortened("Reshape<" + shape + ">") == "Reshape<(4, 5, 64)>");
  CHECK(shortened("A<Extent{3, 5}, {2, 2}, Dilation{1, 2}>") == "A<{3, 5}, 2, {1, 2}>");
  CHECK(shortened("ZeroPad2D<Border{1, 1, 1, 1}>") == "ZeroPad2D<1>");
  for (const std::string strange : {"A<Own{1, 1}>", "A<{}>", "A<{1.5e+0, 1.5e+0}>", "A<{{1}, 2}>"}) CHECK(shortened(strange) == strange);
}
