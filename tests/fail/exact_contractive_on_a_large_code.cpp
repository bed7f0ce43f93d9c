// expect: DeepContractive takes codes or inputs of at most 128 values; for larger ones there is StochasticContractive
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::image(12, 12), ec::Dense<128>, ec::Tanh>;
#else
using Encoder = ec::Encoder<ec::image(12, 12), ec::Dense<129>, ec::Tanh>;
#endif
using Decoder = ec::Decoder<Encoder::output, ec::Dense<144>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 1e-3 * ec::DeepContractive{}, ec::Adam{}}.evaluate(
      Eigen::MatrixXf::Zero(144, 3).eval());
}
