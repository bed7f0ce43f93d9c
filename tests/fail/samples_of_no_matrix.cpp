// expect: samples are a dense Eigen matrix, one sample a column: memory of another kind is viewed by Eigen::Map<const Eigen::MatrixXf>(data, rows, columns)
#include <vector>

#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  const std::vector<float> values(12);
#ifdef CONTROL
  const Eigen::Map<const Eigen::MatrixXf> samples(values.data(), 4, 3);
#else
  const std::vector<float>& samples = values;
#endif
  ec::Trainer{model, ec::MeanSquaredError{}, ec::Adam{}}.fit(samples, samples, {.epochs = 2});
}
