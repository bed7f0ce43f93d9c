// expect: DeepContractive takes inputs of at most 128 values; for larger ones there is StochasticContractive
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
inline constexpr ec::Shape input = ec::image(8, 8);
#else
inline constexpr ec::Shape input = ec::image(12, 12);
#endif
using Encoder = ec::Encoder<input, ec::Dense<4>, ec::Tanh>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<input.size()>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 1e-3 * ec::DeepContractive{}, ec::Adam{}}.evaluate(
      Eigen::MatrixXf::Zero(input.size(), 3).eval());
}
