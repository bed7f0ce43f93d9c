// expect: this penalty needs a network with an encoder and a code: an Autoencoder
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Encoder = ec::Encoder<ec::features(8), ec::Dense<4>>;
using Model = ec::Autoencoder<Encoder, ec::Decoder<Encoder::output, ec::Dense<8>>>;
#else
using Model = ec::Network<ec::Sequential<ec::features(8), ec::Dense<4>, ec::Dense<8>>>;
#endif

int main() {
  Model model;
  ec::Trainer{model, ec::MeanSquaredError{} + 10.0 * ec::MaximumMeanDiscrepancy{}, ec::Adam{}}.evaluate(
      Eigen::MatrixXf::Zero(8, 3).eval());
}
