// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include <eigencoder/io/architecture.hpp>

using namespace eigencoder::detail;
using Lines = std::vector<std::string>;

TEST_CASE("Layers are the same as compilers write them, and others where they compute another thing", "[architecture]") {
  // As g++ and as clang write a type: defaults at the end or not.
  CHECK(same_layer("Conv2D<8, 3> (4) -> (4)", "Conv2D<8, 3, 1> (4) -> (4)"));
  CHECK(same_layer("UpSample2D<{2, 3}> a", "UpSample2D<{2, 3}, Interpolation::nearest> a"));
  CHECK(same_layer("MaxPool2D<2> a", "MaxPool2D<2, 2> a"));
  CHECK(same_layer("Conv2D<8, 1> a", "Conv2D<8, 1, 1> a"));
  // How weights begin, and what tensors and shapes tell.
  CHECK(same_layer("Dense<32, Init::he_normal> a", "Dense<32> a"));
  CHECK(same_layer("Dense<32, Bias::none, Init{…}> a", "Dense<32> a"));
  CHECK(same_layer("Conv2D<8, 3, 2, Padding::same> a", "Conv2D<8, 3, 2> a"));
  CHECK(same_layer("GRU<8, Returns::state, Truncation{4}> a", "GRU<8, Direction::forward> a"));
  // Layers within layers.
  CHECK(same_layer("TimeDistributed<Conv2D<8, 3> > a", "TimeDistributed<Conv2D<8, 3, 1>> a"));
  CHECK(same_layer("RecurrentDecoder<LSTM<8>, 7, 3> a", "RecurrentDecoder<LSTM<8>, 7, 3, Feed::output> a"));

  CHECK_FALSE(same_layer("Conv2D<8, 3, 1, 2> a", "Conv2D<8, 3> a"));  // a dilation
  CHECK_FALSE(same_layer("Conv2D<8, 3, 1, 2> a", "Conv2D<8, 3, 1, 3> a"));
  CHECK_FALSE(same_layer("UpSample2D<2, Interpolation::bilinear> a", "UpSample2D<2> a"));
  CHECK_FALSE(same_layer("Crop2D<{0, 1, 1, 0}> a", "Crop2D<{1, 0, 0, 1}> a"));
  CHECK_FALSE(same_layer("KSparse<3> a", "KSparse<4> a"));
  CHECK_FALSE(same_layer("GRU<8, Direction::backward> a", "GRU<8> a"));
  CHECK_FALSE(same_layer("RecurrentDecoder<LSTM<8>, 7, 3> a", "RecurrentDecoder<LSTM<8>, 7, 3, Feed::code> a"));
  CHECK_FALSE(same_layer("TimeDistributed<Dense<8> > a", "TimeDistributed<Dense<9> > a"));
  CHECK_FALSE(same_layer("TimeDistributed<Dense<8> > a", "TimeDistributed<Embedding<8> > a"));
  CHECK_FALSE(same_layer("ReLU a", "ELU a"));
  CHECK_FALSE(same_layer("ELU{alpha=1} a", "ELU{alpha=0.5} a"));
  CHECK_FALSE(same_layer("Dense<32> (4) -> (32)", "Dense<32> (5) -> (32)"));
}

TEST_CASE("A type is read by its brackets", "[architecture]") {
  const LayerType type("TiedConv2D<2, (4, 4, 3), {3, 5}, 2, Padding::same, 1, Bias::added>{a=1} (4) -> (5)");
  CHECK(type.name == "TiedConv2D");
  CHECK(type.arguments == std::vector<std::string_view>{"2", "(4, 4, 3)", "{3, 5}", "2", "1"});
  CHECK(type.rest == "{a=1} (4) -> (5)");
  for (const std::string_view broken : {"", "<", "<<<", "A<", "A<b", "A<b,", "A<)>", "A>"}) {
    CHECK(LayerType(broken).name.size() <= broken.size());  // it ends
  }
}

TEST_CASE("A text of layers is read line by line", "[architecture]") {
  const auto lines =
      read_architecture("encoder.0 Dense<3> (4) -> (3)\nencoder.1 Dropout{rate=0.5} (3) -> (3) (training only)\n\nlast");
  REQUIRE(lines.size() == 3);  // an empty one is none
  CHECK(lines[0].position == "encoder.0");
  CHECK(lines[0].layer == "Dense<3> (4) -> (3)");
  CHECK_FALSE(lines[0].training_only);
  CHECK(lines[1].layer == "Dropout{rate=0.5} (3) -> (3)");
  CHECK(lines[1].training_only);
  CHECK(lines[2].position == "last");
  CHECK(acting(lines).size() == 2);
}

TEST_CASE("A difference is told where it is, and no farther", "[architecture]") {
  const auto list = [](const std::vector<std::string>& layers) {
    std::vector<LayerLine> lines;
    for (const std::string& layer : layers) lines.push_back({std::to_string(lines.size()), layer});
    return lines;
  };
  const auto differences = [&](const std::vector<std::string>& expected, const std::vector<std::string>& found) {
    return architecture_differences(list(expected), list(found));
  };
  CHECK(differences({"A", "B"}, {"A", "B"}).empty());
  CHECK(differences({"A", "B", "C"}, {"A", "D", "C"}) == Lines{"1: expected B, found D"});
  CHECK(differences({"A", "B", "C"}, {"A", "C"}) == Lines{"1: expected B, found none"});
  CHECK(differences({"A", "C"}, {"A", "B", "B", "C"}) ==
        Lines{"1: expected no layer, found B", "2: expected no layer, found B"});
  CHECK(differences({"A", "B", "C"}, {"X", "B", "Y"}) == Lines{"0: expected A, found X", "2: expected C, found Y"});
  CHECK(differences({"A"}, {}) == Lines{"0: expected A, found none"});
  CHECK(differences({"A", "A"}, {"A"}) == Lines{"1: expected A, found none"});
}

TEST_CASE("Modules are in the order of their numbers", "[architecture]") {
  std::vector<std::string> names{"10", "2", "1.b", "1", "1.a.3", "1.a.12", "0"};
  std::sort(names.begin(), names.end(), in_natural_order);
  CHECK(names == Lines{"0", "1", "1.a.3", "1.a.12", "1.b", "2", "10"});
  CHECK_FALSE(in_natural_order("1.a", "1.a"));
}
