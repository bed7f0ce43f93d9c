// SPDX-License-Identifier: MIT
// The files of tests/files were written by earlier versions, one pair each, and load for ever. Before a release,
//   unit_io "[.write_files]"
// adds those of the version that is to be.
#include <filesystem>

#include "support/catch.hpp"
#include <eigencoder/eigencoder.hpp>
#include <eigencoder/io/model_file.hpp>

namespace ec = eigencoder;

namespace {

const std::filesystem::path folder = std::filesystem::path(EIGENCODER_GOLDEN_DIR).parent_path() / "files";

template <class T>
auto model(std::uint64_t seed) {
  auto encoder = ec::encoder<ec::image(4, 4, 2)>(ec::GaussianNoise{0.1}, ec::Conv2D<3, 2, 2>{}, ec::BatchNorm{},
                                                 ec::LeakyReLU{0.1}, ec::Dense<4>{}, ec::LayerNorm{.epsilon = 1e-4});
  auto decoder = ec::decoder<ec::features(4)>(ec::Dense<12>{}, ec::SiLU{}, ec::Reshape<ec::image(2, 2, 3)>{},
                                              ec::ConvTranspose2D<2, 2, 2>{}, ec::DepthwiseConv2D<3>{}, ec::Sigmoid{});
  using Model = ec::Autoencoder<decltype(encoder), decltype(decoder), T>;
  Model made(encoder, decoder, ec::Seed{seed});
  made.set_state(Eigen::VectorXd::LinSpaced(Model::state_count, 0.5, 2).template cast<T>());
  return made;
}

template <class T>
void write(ec::Layout layout) {
  const auto made = model<T>(ec::version.major * 10000 + ec::version.minor * 100 + ec::version.patch);
  const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> x = Eigen::Matrix<T, 32, 3>::Random();
  ec::save(
      made,
      folder / ec::message("model-", ec::version.major, '.', ec::version.minor, '.', ec::version.patch, '-', to_string(layout),
                           ".safetensors"),
      {.layout = layout, .values = {{"x", x}, {"y", made.reconstruct(x)}}, .texts = {{"note", "as saved by this version"}}});
}

template <class T>
int check(std::string_view ending) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.path().filename().string().ends_with(ending)) continue;
    INFO(entry.path());
    auto loaded = model<T>(1);
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> x, y;
    CHECK(ec::load(loaded, entry.path(), {.values = {{"x", x}, {"y", y}}}).at("note") == "as saved by this version");
    REQUIRE(y.cols() == 3);
    CHECK((loaded.reconstruct(x) - y).cwiseAbs().maxCoeff() < 1e-6);  // another processor rounds otherwise
    auto half = model<T>(1).decoder();
    ec::load(half, entry.path());
    CHECK(half.parameters() == loaded.decoder().parameters());
    ++files;
  }
  return files;
}

}  // namespace

TEST_CASE("Files of every released version load", "[model_file]") {
  CHECK(check<float>("-pytorch.safetensors") >= 1);
  CHECK(check<double>("-keras.safetensors") >= 1);
}

TEST_CASE("Writes the files of this version", "[.write_files]") {
  write<float>(ec::Layout::pytorch);
  write<double>(ec::Layout::keras);
}
