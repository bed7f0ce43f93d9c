// SPDX-License-Identifier: MIT
// Compression: an encoder whose codes are rounded to whole numbers and coded in as few bits as they are worth, trained for
// both, small errors and few bits. Beside it principal components, rounded and coded by the same coder, and JPEG. 18_encode and
// 18_decode use what this trains.
#include "18_codec.hpp"
#include "18_jpeg.hpp"
#include "common/example.hpp"
#include <eigencoder/tasks/pca.hpp>
#include <eigencoder/tasks/reconstruction_metrics.hpp>
#include <nlohmann/json.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXf;

/// Samples of which one file is made: a set of images, or the patches of a picture, so many side by side.
struct Part {
  MatrixXf samples;
  Index across = 0;
};
struct Data {
  MatrixXf train;
  std::vector<Part> test;
  ec::Split<float> split;           ///< of garments
  std::vector<ec::Image> pictures;  ///< of photographs: what is tested
  std::vector<std::string> names;   ///< of these

  Index test_size() const {
    Index size = 0;
    for (const Part& part : test) size += part.samples.cols();
    return size;
  }
};

/// What a method makes of the test set.
struct Point {
  std::string method;
  double setting = 0;  ///< the step, or the quality of JPEG
  double bits = 0;     ///< of all bytes of the files, for each pixel
  double headers = 0;  ///< of these, those of headers
  double psnr = 0;     ///< of the mean squared error over all pixels
  double saving = 0;   ///< of the bits that PCA takes for the same PSNR
  std::vector<MatrixXf> decoded;
};

double psnr(double squares, double values) { return -10 * std::log10(squares / values); }
double squared_error(const MatrixXf& x, const MatrixXf& y) { return (x - y).cast<double>().squaredNorm(); }

void require(bool holds, const std::string& what) {
  if (!holds) throw ec::Error("round trip: " + what);
}

/// Sends the test set through files of codes. `encode` makes codes of samples, `decode` the reverse.
template <class Encode, class Decode>
Point send(const example::Program& program, const Data& data, const std::string& method, double step, std::uint32_t model,
           Encode encode, Decode decode) {
  Point point{.method = method, .setting = step, .decoded = {}};
  double squares = 0, pixels = 0;
  for (std::size_t i = 0; i < data.test.size(); ++i) {
    const auto& [samples, across] = data.test[i];
    const Eigen::MatrixXi values = ec::quantize(encode(samples), step);
    const std::filesystem::path path = program.path(ec::message(method, i == 0 ? "" : ec::message("-", i + 1), ".codes"));
    ec::write_code_file(path, {ec::features(values.rows()), step, model, across, values});
    const ec::CodeFile received = ec::read_code_file(path, {.model = model});
    require(received.values == values && received.step == step, "the codes read are not those written");
    point.decoded.push_back(codec::clipped(decode(ec::dequantize(received.values, received.step))));
    point.bits += 8 * static_cast<double>(std::filesystem::file_size(path));
    point.headers += 8 * static_cast<double>(ec::code_file_frame);
    squares += squared_error(samples, point.decoded.back());
    pixels += static_cast<double>(samples.size());
  }
  point.bits /= pixels;
  point.headers /= pixels;
  point.psnr = psnr(squares, pixels);
  return point;
}

/// The bits of a curve at this PSNR, between its points by their logarithms; not a number beyond its ends.
double bits_at(const std::vector<Point>& curve, double at) {
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const Point &low = curve[i - 1], &high = curve[i];
    if (at < low.psnr || at > high.psnr) continue;
    const double part = (at - low.psnr) / (high.psnr - low.psnr);
    return low.bits * std::pow(high.bits / low.bits, part);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

/// Principal components, as many as make a difference at the finest step: what has less variance than a step rounds to 0.
class Components {
 public:
  Components(const example::Program& program, const Data& data)
      : program_(program),
        data_(data),
        pca_(ec::PCA::fit(data.train, std::min<Index>({256, data.train.rows(), data.train.cols() - 1}))) {}

  Point at(double step) const {
    return send(
        program_, data_, "pca", step, 0, [&](const MatrixXf& x) { return pca_.encode(x); },
        [&](const MatrixXf& codes) { return pca_.decode(codes); });
  }
  /// From coarse to fine.
  std::vector<Point> curve(double coarsest, int points) const {
    std::vector<Point> all;
    for (double step = coarsest; std::ssize(all) < points; step /= std::sqrt(2.0)) {
      all.push_back(at(step));
      all.back().decoded.clear();
    }
    return all;
  }
  /// Of as many bits as are given, by halving the range of steps.
  Point of_bits(double bits) const {
    double low = std::log(1e-3), high = std::log(20.0);
    for (int i = 0; i < 14; ++i) (at(std::exp((low + high) / 2)).bits > bits ? low : high) = (low + high) / 2;
    return at(std::exp(high));
  }

 private:
  const example::Program& program_;
  const Data& data_;
  ec::PCA pca_;
};

Point by_jpeg(const Data& data, int quality) {
  Point point{.method = "jpeg", .setting = static_cast<double>(quality), .decoded = {}};
  double squares = 0, pixels = 0;
  for (std::size_t i = 0; i < data.pictures.size(); ++i) {
    const std::vector<std::byte> bytes = jpeg::encode(data.pictures[i], quality);
    point.decoded.push_back(codec::cut(ec::decode_jpeg(bytes)));
    point.bits += 8 * static_cast<double>(bytes.size());
    point.headers += 8 * static_cast<double>(jpeg::header(bytes));
    squares += squared_error(data.test[i].samples, point.decoded.back());
    pixels += static_cast<double>(data.test[i].samples.size());
  }
  point.bits /= pixels;
  point.headers /= pixels;
  point.psnr = psnr(squares, pixels);
  return point;
}

Data load_garments(const example::Program& program) {
  Data data;
  data.split = program.load();
  if (data.split.train.shape != codec::garment)
    throw ec::ShapeError(ec::message("--set garments: expected images of 28 x 28 pixels, found ",
                                     ec::to_string(data.split.train.shape), " in ", program.options.data.string()));
  data.train = data.split.train.samples;
  data.test.push_back({data.split.test.samples});
  return data;
}

std::vector<std::filesystem::path> list_pictures(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code unused;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unused)) {
    const std::filesystem::path end = entry.path().extension();
    if (end == ".png" || end == ".jpg" || end == ".jpeg") found.push_back(entry.path());
  }
  if (found.empty()) throw ec::FileError(folder.string() + ": expected pictures in .png, .jpg or .jpeg files, found none");
  std::ranges::sort(found);
  return found;
}

/// Pictures of the folders train and test. Patches to learn from overlap by half, and are there mirrored too.
Data load_photographs(const example::Options& options) {
  Data data;
  std::vector<MatrixXf> patches;
  Index count = 0;
  for (const auto& path : list_pictures(options.data / "train")) {
    patches.push_back(codec::cut(codec::read_picture(path), codec::patch.width / 2));
    count += patches.back().cols();
  }
  data.train.resize(codec::patch.size(), 2 * count);
  Index at = 0;
  for (const MatrixXf& some : patches) {
    data.train.middleCols(at, some.cols()) = some;
    for (Index row = 0; row < codec::patch.height; ++row)
      data.train.block(row * codec::patch.width, at + some.cols(), codec::patch.width, some.cols()) =
          some.middleRows(row * codec::patch.width, codec::patch.width).colwise().reverse();
    at += 2 * some.cols();
  }
  if (options.limit > 0 && options.limit < data.train.cols()) {  // from all pictures
    const Index limit = options.limit, every = data.train.cols() / limit;
    data.train = MatrixXf(data.train(Eigen::all, Eigen::seqN(0, limit, every)));
  }
  for (const auto& path : list_pictures(options.data / "test")) {
    ec::Image picture = codec::read_picture(path);
    const MatrixXf whole = codec::cut(picture);
    const Index across = picture.width / codec::patch.width;
    data.test.push_back({whole, across});
    data.names.push_back(path.stem().string());
    const MatrixXf joined = codec::join(whole, across);
    picture.width = across * codec::patch.width;
    picture.height = joined.size() / picture.width;
    picture.pixels.resize(static_cast<std::size_t>(joined.size()));
    for (Index i = 0; i < joined.size(); ++i)
      picture.pixels[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(255 * joined(i) + 0.5F);
    data.pictures.push_back(picture);
  }
  return data;
}

std::string line(const Point& p) {
  char text[160];
  std::snprintf(
      text, sizeof text, " %-18s %9.3f   %8.4f   %8.4f   %7.2f   %s\n", p.method.c_str(), p.setting, p.bits, p.headers, p.psnr,
      p.saving == 0 || std::isnan(p.saving) ? "" : ec::message(static_cast<int>(std::lround(100 * p.saving)), " %").c_str());
  return text;
}
nlohmann::ordered_json json(const std::vector<Point>& points) {
  nlohmann::ordered_json all;
  for (const Point& p : points) {
    all.push_back({{"method", p.method},
                   {"setting", p.setting},
                   {"bits_per_pixel", p.bits},
                   {"header_bits_per_pixel", p.headers},
                   {"psnr", p.psnr}});
    if (std::isfinite(p.saving)) all.back()["saving"] = p.saving;  // beyond PCA's curve there is nothing to compare with
  }
  return all;
}

/// A curve by values over common bits, as the picture has them.
example::Line drawn(const std::string& name, std::vector<Point> curve, const Eigen::VectorXd& bits) {
  std::ranges::sort(curve, {}, &Point::bits);
  Eigen::VectorXd values = Eigen::VectorXd::Constant(bits.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 1; i < curve.size(); ++i)
    for (Index k = 0; k < bits.size(); ++k) {
      const double part = (std::log(bits[k]) - std::log(curve[i - 1].bits)) / std::log(curve[i].bits / curve[i - 1].bits);
      if (part >= 0 && part <= 1) values[k] = curve[i - 1].psnr + part * (curve[i].psnr - curve[i - 1].psnr);
    }
  return {name, values};
}

template <ec::Shape In>
void run(const example::Program& program, const Data& data, const std::string& set, const std::vector<double>& lambdas) {
  const example::Options& options = program.options;
  using Model = codec::Model<In>;
  std::vector<Point> coded;
  std::vector<example::Curve> curves;
  nlohmann::ordered_json metrics;
  const std::size_t middle = lambdas.size() / 2;
  const MatrixXf& validation = data.test.front().samples;
  for (std::size_t i = 0; i < lambdas.size(); ++i) {
    const std::string name = ec::message("lambda-", lambdas[i]);
    Model model{ec::Seed{options.seed}};
    program.print(i == 0 ? ec::summary(model) + '\n' : "\n");
    const double rate = options.learning_rate;
    ec::Trainer trainer{model, ec::MeanSquaredError{ec::Reduction::sum} + lambdas[i] * ec::Rate{},
                        ec::Adam{.learning_rate = rate}, options.trainer()};
    trainer.set_rate("encoder.5.log_scale", 30);  // which goes far, and nothing else follows its gradient
    ec::FitOptions<float> fit = options.fit(validation);
    const Index steps = options.epochs * ((data.train.cols() + options.batch_size - 1) / options.batch_size);
    fit.callbacks = {ec::LearningRate{[rate, steps](std::uint64_t updates) {
      return rate * std::max(1 - static_cast<double>(updates) / static_cast<double>(steps), 1e-2);
    }}};
    const ec::History history = program.fit(trainer, model, data.train, fit, name);
    curves.push_back({name, history});

    // Both halves by files of their own, as another program would have them.
    const std::uint32_t id =
        ec::checksum(std::as_bytes(std::span(model.parameters().data(), static_cast<std::size_t>(model.parameters().size()))));
    const std::string folder = i == middle ? "" : name + '-';
    ec::save(model.decoder(), program.path(folder + "decoder.safetensors"),
             {.values = {{"model", id}}, .texts = {{"set", set}}});
    ec::Network<codec::Decoder<In>> decoder;
    ec::load(decoder, program.path(folder + "decoder.safetensors"));
    for (const double step : {2.0, 1.4, 1.0, 0.7}) {
      Model stepped{codec::encoder<In>(step), codec::Decoder<In>{}};
      stepped.set_parameters(model.parameters());
      const auto encoder = stepped.encoder();
      if (step == 1.0)
        ec::save(encoder, program.path(folder + "encoder.safetensors"),
                 {.values = {{"model", id}, {"step", step}}, .texts = {{"set", set}}});
      Point point = send(
          program, data, name, step, id, [&](const MatrixXf& x) { return encoder.predict(x); },
          [&](const MatrixXf& codes) { return decoder.predict(codes); });
      for (std::size_t k = 0; k < data.test.size(); ++k)
        require(point.decoded[k] == codec::clipped(stepped.reconstruct(data.test[k].samples)),
                "the decoder's picture is not what the encoder's side makes of it");
      if (i != middle || step != 1.0) point.decoded.clear();
      coded.push_back(point);
    }
    if (i == middle)
      metrics = program.metrics(history, data.train.cols(), data.test_size(), Model::parameter_count, trainer.threads());
  }

  const Components components(program, data);
  const std::vector<Point> pca = components.curve(In == codec::garment ? 8 : 4, 13);
  for (Point& point : coded) point.saving = 1 - point.bits / bits_at(pca, point.psnr);
  std::vector<Point> jpegs;
  if (!data.pictures.empty())
    for (const int quality : {3, 5, 8, 12, 17, 25, 35, 50, 65, 80}) jpegs.push_back(by_jpeg(data, quality));
  for (Point& point : jpegs) point.saving = 1 - point.bits / bits_at(pca, point.psnr);

  std::string table = "\n method            step, quality   bits/pixel   of headers   PSNR/dB   saved of PCA's bits\n";
  for (const auto& points : {coded, jpegs, pca})
    for (const Point& point : points) table += line(point);
  program.print(table +
                "\nAll codes were read as they were written, and decoded by the saved decoder as on the encoder's side, bit "
                "for bit.\n\n");
  metrics["set"] = set;
  metrics["points"] = json(coded);
  metrics["pca"] = json(pca);
  if (!jpegs.empty()) metrics["jpeg"] = json(jpegs);
  program.write_metrics(metrics);

  const Point& chosen = coded[4 * middle + 2];
  const Point equal = components.of_bits(chosen.bits);
  const auto row = [&](const char* name, const Point& p) {
    char text[64];
    std::snprintf(text, sizeof text, "%s, %.3f bit, %.1f dB", name, p.bits, p.psnr);
    return std::string(text);
  };
  if (data.pictures.empty()) {
    const Index shown = std::min<Index>(10, validation.cols());
    program.write("decoded.png",
                  {{"original", validation.leftCols(shown)},
                   {row("coded", chosen), chosen.decoded[0].leftCols(shown)},
                   {row("PCA", equal), equal.decoded[0].leftCols(shown)}},
                  In);
  } else {
    const Point& other = *std::ranges::min_element(jpegs, {}, [&](const Point& p) { return std::abs(p.bits - chosen.bits); });
    for (std::size_t k = 0; k < data.test.size(); ++k) {
      const Index across = data.test[k].across;
      const auto whole = [&](const MatrixXf& patches) { return codec::join(patches, across); };
      const ec::Shape shape = ec::image(data.pictures[k].height, data.pictures[k].width);
      program.write("decoded-" + data.names[k] + ".png",
                    {{"original", whole(data.test[k].samples)},
                     {row("coded", chosen), whole(chosen.decoded[k])},
                     {row("PCA", equal), whole(equal.decoded[k])},
                     {row("JPEG", other), whole(other.decoded[k])}},
                    shape, {.scale = 1});
    }
  }
  const Eigen::VectorXd bits =
      Eigen::VectorXd::LinSpaced(200, std::log(coded.front().bits / 2), std::log(coded[coded.size() - 1].bits * 2))
          .array()
          .exp();
  example::Panel panel{"PSNR in dB over bits per pixel", bits, {drawn("PCA", pca, bits)}};
  std::ranges::sort(coded, {}, &Point::bits);
  std::vector<Point> best;  // what no other betters in both
  for (const Point& point : coded)
    if (best.empty() || point.psnr > best.back().psnr) best.push_back(point);
  panel.lines.push_back(drawn("autoencoder", best, bits));
  if (!jpegs.empty()) panel.lines.push_back(drawn("JPEG", jpegs, bits));
  program.plot_panels("rate_distortion.png", {panel}, 1, 900, 600);
  program.plot("loss.png", curves, "squared error + lambda · bits");
}

int main(int argc, char** argv) {
  example::Program program("18_compression",
                           "Trains a codec for images, and counts the bits of real files beside PCA's and JPEG's.");
  program.options.data = "";
  program.options.epochs = program.options.batch_size = 0;
  program.describe_data("folder of IDX files, or with --set photographs one with the folders train and test of pictures");
  std::string set = codec::garments;
  double lambda = 0;
  program.add_choice("--set", set, {codec::garments, codec::photographs}, "images of garments, or patches of photographs");
  program.add_number("--lambda", lambda,
                     "what a bit counts beside the sum of squared errors of an image; 0: three values in turn");
  return program.run(argc, argv, [&] {
    const bool small = set == codec::garments;
    program.set_defaults(small ? "data/fashion-mnist" : "data/photographs", small ? 40 : 12, 64);
    if (!(lambda >= 0 && std::isfinite(lambda)))
      throw ec::OptionError(ec::message("--lambda: expected a number from 0 on, found ", lambda));
    std::vector<double> lambdas = small ? std::vector{0.07, 0.02, 0.006} : std::vector{0.01, 0.003, 0.001};
    if (lambda > 0) lambdas = {lambda};
    if (small) {
      run<codec::garment>(program, load_garments(program), set, lambdas);
    } else {
      run<codec::patch>(program, load_photographs(program.options), set, lambdas);
    }
  });
}
