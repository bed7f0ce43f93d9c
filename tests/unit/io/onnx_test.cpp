// SPDX-License-Identifier: MIT
// by itself: it reads the name of a type of its own, namespace and all
// What a file holds, read back by a few lines; that ONNX Runtime computes the same with it is shown by tests/readers/onnx.py.
#include "eigencoder/io/onnx.hpp"

#include <bit>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "eigencoder/layers/dropout.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
using Strings = std::vector<std::string>;

namespace units {

/// y = k x, of a user's own.
struct Gain {
  double factor = 2;

  static constexpr bool accepts(ec::Shape) { return true; }
  static constexpr ec::Shape output(ec::Shape in) { return in; }
  static constexpr ec::Needs needs(ec::Shape) { return {}; }
  static constexpr std::array<ec::Block, 0> parameters(ec::Shape) { return {}; }
  constexpr std::array<ec::Setting, 1> settings() const { return {{{"factor", factor}}}; }
  template <class S, ec::Mode M>
  void forward(ec::Forward<S, M> pass) const {
    pass.y = static_cast<typename S::Scalar>(factor) * pass.x;
  }
  template <class S, bool InputGradient>
  void backward(ec::Backward<S, InputGradient> pass) const {
    if constexpr (InputGradient) pass.dx = static_cast<typename S::Scalar>(factor) * pass.dy;
  }
};

ec::OnnxValue add_onnx_nodes(const Gain& layer, ec::OnnxPass& pass) {
  return {pass.graph.node("Mul", {pass.x.name, pass.graph.scalar("factor", static_cast<float>(layer.factor))}), pass.out};
}

}  // namespace units

namespace {

/// A message read by the rules of the wire format: the values of each field, in order.
struct Message {
  std::map<int, std::vector<std::uint64_t>> numbers;
  std::map<int, Strings> texts;

  explicit Message(std::string_view bytes) {
    std::size_t at = 0;
    const auto varint = [&] {
      std::uint64_t value = 0;
      for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.at(at++));
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < bytes.size()) {
      const std::uint64_t key = varint();
      const int field = static_cast<int>(key >> 3);
      if ((key & 7) == 0) {
        numbers[field].push_back(varint());
      } else if ((key & 7) == 5) {
        std::uint32_t bits = 0;
        for (int i = 0; i < 4; ++i) bits |= std::uint32_t{static_cast<unsigned char>(bytes.at(at++))} << 8 * i;
        numbers[field].push_back(bits);
      } else {
        REQUIRE((key & 7) == 2);
        const auto size = static_cast<std::size_t>(varint());
        texts[field].emplace_back(bytes.substr(at, size));
        REQUIRE(texts[field].back().size() == size);
        at += size;
      }
    }
  }
  std::string text(int field) const { return texts.at(field).at(0); }
  std::vector<Message> messages(int field) const {
    std::vector<Message> all;
    if (texts.contains(field)) {
      for (const std::string& each : texts.at(field)) all.emplace_back(each);
    }
    return all;
  }
};

struct File {
  std::string bytes;
  Message model, graph;

  explicit File(const std::filesystem::path& path) : bytes(read(path)), model(bytes), graph(model.text(7)) {}

  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::vector<float> floats(const std::string& raw) {
    std::vector<float> values(raw.size() / 4);
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint32_t bits = 0;
      for (std::size_t k = 0; k < 4; ++k) bits |= std::uint32_t{static_cast<unsigned char>(raw[4 * i + k])} << 8 * k;
      values[i] = std::bit_cast<float>(bits);
    }
    return values;
  }
  Strings operators() const {
    Strings all;
    for (const Message& node : graph.messages(1)) all.push_back(node.text(4));
    return all;
  }
  /// "input [N, 1, 28, 28]"
  std::string value(int field, std::size_t i = 0) const {
    const Message info = graph.messages(field).at(i), tensor = info.messages(2).at(0).messages(1).at(0);
    REQUIRE(tensor.numbers.at(1).at(0) == 1);  // float
    std::string text = info.text(1) + " [";
    for (const Message& extent : tensor.messages(2).at(0).messages(1)) {
      text += text.back() == '[' ? "" : ", ";
      text += extent.texts.contains(2) ? extent.text(2) : std::to_string(extent.numbers.at(1).at(0));
    }
    return text + ']';
  }
  std::vector<float> constant(const std::string& name) const {
    for (const Message& tensor : graph.messages(5)) {
      if (tensor.text(8) != name) continue;
      return floats(tensor.text(9));
    }
    FAIL("there is no constant " << name);
    return {};
  }
};

using Small = ec::Autoencoder<ec::Encoder<ec::image(1, 2, 2), ec::UpSample2D<ec::Extent{2, 1}>, ec::Dense<2>>,
                              ec::Decoder<ec::features(2), ec::Dense<4>, ec::ELU, ec::Reshape<ec::sequence(2, 2)>>>;

}  // namespace

TEST_CASE("A file says what made it, and which version of ONNX it is") {
  const Folder folder;
  const Small model{ec::Seed{1}};
  ec::export_onnx(model, folder.path / "model.onnx", {.name = "small", .metadata = {{"ημερομηνία", "2026"}, {"note", ""}}});
  const File file(folder.path / "model.onnx");
  CHECK(file.model.numbers.at(1) == std::vector<std::uint64_t>{8});
  CHECK(file.model.text(2) == "eigencoder");
  CHECK(file.model.text(3) == ec::message(ec::version.major, '.', ec::version.minor, '.', ec::version.patch));
  CHECK(file.model.messages(8).at(0).numbers.at(2) == std::vector<std::uint64_t>{17});
  CHECK(file.graph.text(2) == "small");

  const std::vector<Message> metadata = file.model.messages(14);
  REQUIRE(metadata.size() == 3);
  CHECK(metadata[0].text(1) == "architecture");
  const std::string architecture = metadata[0].text(2);
  CHECK(architecture.starts_with("input (2, 2)\nencoder.0 "));
  CHECK(architecture.find("encoder.1 Dense<2> (2)\ndecoder.0 Dense<4> (4)\ndecoder.1 ELU{alpha = 1} (4)\n") !=
        std::string::npos);
  CHECK(metadata[1].text(1) == "ημερομηνία");
  CHECK(metadata[2].text(2).empty());
  CHECK(folder.names() == 1);
}

TEST_CASE("The same model gives the same bytes, and so does its copy") {
  const Folder folder;
  const Small model{ec::Seed{1}};
  ec::export_onnx(model, folder.path / "1.onnx");
  ec::export_onnx(Small(model), folder.path / "2.onnx");
  CHECK(File(folder.path / "1.onnx").bytes == File(folder.path / "2.onnx").bytes);
}

TEST_CASE("Inputs and outputs have channels outermost, and the names of what they are") {
  const Folder folder;
  const Small model{ec::Seed{1}};
  ec::export_onnx(model, folder.path / "model.onnx");
  ec::export_onnx(model.encoder(), folder.path / "encoder.onnx");
  ec::export_onnx_encoder(model, folder.path / "half.onnx");
  ec::export_onnx(model.decoder(), folder.path / "decoder.onnx");

  const File whole(folder.path / "model.onnx"), encoder(folder.path / "encoder.onnx"), decoder(folder.path / "decoder.onnx");
  CHECK(whole.value(11) == "input [N, 2, 2]");
  CHECK(whole.value(12) == "output [N, 2, 2]");
  CHECK(whole.operators() ==
        Strings{"Unsqueeze", "Resize", "Flatten", "Gemm", "Gemm", "Elu", "Reshape", "Transpose", "Squeeze"});
  CHECK(encoder.value(11) == "input [N, 2, 2]");
  CHECK(encoder.value(12) == "code [N, 2]");
  CHECK(decoder.value(11) == "code [N, 2]");
  CHECK(decoder.value(12) == "output [N, 2, 2]");
  CHECK(File(folder.path / "half.onnx").bytes == encoder.bytes);
}

TEST_CASE("The columns of a Dense follow its input in ONNX's order") {
  const Folder folder;
  Small model{ec::Seed{1}};
  // Of an image of 2 × 2 pixels and 2 channels, the value of channel c at (h, w) is number c + 2 w + 4 h here, 4 c + 2 h + w
  // there.
  model.parameter("encoder.1.weight") << 0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17;
  model.parameter("encoder.1.bias") << -1, -2;
  ec::export_onnx(model, folder.path / "model.onnx");
  const File file(folder.path / "model.onnx");
  CHECK(file.constant("encoder.1.weight") == std::vector<float>{0, 2, 4, 6, 1, 3, 5, 7, 10, 12, 14, 16, 11, 13, 15, 17});
  CHECK(file.constant("encoder.1.bias") == std::vector<float>{-1, -2});
}

TEST_CASE("Gates are in ONNX's order, and both biases are one constant") {
  const Folder folder;
  ec::Network<ec::Sequential<ec::sequence(3, 2), ec::GRU<1>>> model{ec::Seed{1}};
  model.parameter("layer.0.weight_ih") << 1, 2, 3, 4, 5, 6;  // rows r, z, n
  model.parameter("layer.0.weight_hh") << 7, 8, 9;
  model.parameter("layer.0.bias_ih") << -1, -2, -3;
  model.parameter("layer.0.bias_hh") << -4, -5, -6;
  ec::export_onnx(model, folder.path / "model.onnx");
  const File file(folder.path / "model.onnx");
  CHECK(file.operators() == Strings{"Unsqueeze", "Squeeze", "Transpose", "GRU", "Transpose", "Flatten"});
  CHECK(file.constant("layer.0.weight_ih") == std::vector<float>{3, 4, 1, 2, 5, 6});
  CHECK(file.constant("layer.0.weight_hh") == std::vector<float>{8, 7, 9});
  CHECK(file.constant("layer.0.bias") == std::vector<float>{-2, -1, -3, -5, -4, -6});
}

TEST_CASE("A block is a constant of its shape, rows outermost, and one that a layer has not is named") {
  const std::array<float, 6> values{1, 2, 3, 4, 5, 6};  // column by column
  ec::OnnxGraph graph;
  ec::OnnxPass pass{
      .graph = graph,
      .position = "layer.2",
      .x = {},
      .out = {},
      .blocks = {{.name = "layer.2.mix", .block = {.name = "mix", .rows = 2, .cols = 3}, .floats = values.data()}},
      .source = {},
      .keeps = {}};
  CHECK(graph.constant(pass.block("mix")) == "layer.2.mix");
  CHECK(graph.constant(pass.block("mix")) == "layer.2.mix");  // the same one
  expect_error<ec::Error>([&] { pass.block("weight"); }, {"layer.2", "\"weight\""});

  const Message message(std::move(graph).message_of("").bytes());
  REQUIRE(message.texts.at(5).size() == 1);
  const Message tensor(message.text(5));
  CHECK(tensor.numbers.at(1) == std::vector<std::uint64_t>{2, 3});
  CHECK(File::floats(tensor.text(9)) == std::vector<float>{1, 3, 5, 2, 4, 6});
}

TEST_CASE("A conditional model has its class as a second input") {
  using Model = ec::ConditionalVariationalAutoencoder<ec::Encoder<ec::image(2, 2), ec::Dense<3>>, ec::Latent<2>,
                                                      ec::Condition<5>, ec::Decoder<ec::features(2), ec::Dense<4>>>;
  const Folder folder;
  const Model model{ec::Seed{1}};
  ec::export_onnx_encoder(model, folder.path / "encoder.onnx");
  ec::export_onnx_decoder(model, folder.path / "decoder.onnx");
  const File encoder(folder.path / "encoder.onnx"), decoder(folder.path / "decoder.onnx");
  CHECK(encoder.value(11, 0) == "input [N, 1, 2, 2]");
  CHECK(encoder.value(11, 1) == "condition [N, 5]");
  CHECK(encoder.value(12) == "code [N, 2]");
  CHECK(decoder.value(11, 0) == "code [N, 2]");
  CHECK(decoder.value(11, 1) == "condition [N, 5]");
}

TEST_CASE("A layer of the user's own has the nodes that he wrote, and noise has none") {
  const Folder folder;
  const auto path = folder.path / "model.onnx";
  const ec::Network model{ec::sequential<ec::features(3)>(ec::Dropout{0.5}, units::Gain{4})};
  ec::export_onnx(model, path);
  const File file(path);
  CHECK(file.operators() == Strings{"Mul"});
  CHECK(file.constant("layer.1/factor") == std::vector<float>{4});
  CHECK(file.model.messages(14).at(0).text(2) ==
        "input (3)\nlayer.0 Dropout{rate = 0.5} (3)\nlayer.1 units::Gain{factor = 4} (3)\n");

  ec::export_onnx(ec::Network{ec::sequential<ec::features(3)>(ec::Dropout{0.5})}, path);
  CHECK(File(path).operators() == Strings{"Identity"});
}

TEST_CASE("A model of doubles is rounded if it may be") {
  const Folder folder;
  const auto path = folder.path / "model.onnx";
  ec::Network<ec::Sequential<ec::features(1), ec::Dense<1>>, double> model{ec::Seed{1}};
  expect_error<ec::OptionError>([&] { ec::export_onnx(model, path); }, {path.string(), "doubles", "round_to_float"});
  model.parameter("layer.0.weight") << 1.0 / 3;
  ec::export_onnx(model, path, {.round_to_float = true});
  CHECK(File(path).constant("layer.0.weight") == std::vector<float>{1.0F / 3});

  const std::string before = File(path).bytes;
  model.parameter("layer.0.weight") << 1e300;
  expect_error<ec::OptionError>([&] { ec::export_onnx(model, path, {.round_to_float = true}); },
                                {"layer.0.weight", "range of float", "1e+300"});
  CHECK(File(path).bytes == before);
}

TEST_CASE("What cannot be exported is said before anything is written") {
  const Folder folder;
  const auto path = folder.path / "model.onnx";
  const ec::Network model{ec::sequential<ec::features(2)>(ec::LeakyReLU{1e60})};
  expect_error<ec::OptionError>([&] { ec::export_onnx(model, path); }, {"layer.0", "alpha", "1e+60"});

  const ec::Network<ec::Sequential<ec::features(2), ec::ReLU>> fine;
  expect_error<ec::OptionError>([&] { ec::export_onnx(fine, path, {.name = ""}); }, {"name", "found nothing"});
  expect_error<ec::OptionError>([&] { ec::export_onnx(fine, path, {.name = "a\xff"}); }, {"name", "UTF-8", "byte at 1"});
  expect_error<ec::OptionError>([&] { ec::export_onnx(fine, path, {.metadata = {{"a", "\xff"}}}); }, {"metadata", "UTF-8"});
  expect_error<ec::OptionError>(
      [&] {
        ec::export_onnx(fine, path, {.metadata = {{"a", "1"}, {"a", "2"}}});
      },
      {"metadata", "\"a\""});
  expect_error<ec::OptionError>([&] { ec::export_onnx(fine, path, {.metadata = {{"architecture", ""}}}); }, {"architecture"});
  ec::detail::check_onnx_size(path, (ec::Index{1} << 31) - 1);
  expect_error<ec::FileError>([&] { ec::detail::check_onnx_size(path, ec::Index{1} << 31); }, {path.string(), "2147483647"});
  expect_error<ec::FileError>([&] { ec::export_onnx(fine, folder.path / "none" / "model.onnx"); }, {"none"});
  CHECK(folder.names() == 0);
}
