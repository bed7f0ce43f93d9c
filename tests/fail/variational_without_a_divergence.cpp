// expect: a network that draws its code from a normal distribution needs a divergence that holds it near the prior
// expect: train it with an Elbo, or add GaussianKL to the loss
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto objective = ec::MeanSquaredError{} + 1.0 * ec::MaximumMeanDiscrepancy{};
#else
constexpr auto objective = ec::MeanSquaredError{} + 1.0 * ec::L2Weights{};
#endif
using Encoder = ec::Encoder<ec::features(4), ec::Dense<3>>;
using Decoder = ec::Decoder<ec::features(2), ec::Dense<4>>;

int main() {
  ec::VariationalAutoencoder<Encoder, ec::Latent<2>, Decoder> model;
  ec::Trainer{model, objective, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
