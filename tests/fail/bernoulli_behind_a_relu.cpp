// expect: Bernoulli needs a decoder whose values are probabilities: end it with a Sigmoid, or take Gaussian or Laplace
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Last = ec::Sigmoid;
#else
using Last = ec::ReLU;
#endif
using Encoder = ec::Encoder<ec::features(4), ec::Dense<3>>;
using Decoder = ec::Decoder<ec::features(2), ec::Dense<4>, Last>;

int main() {
  ec::VariationalAutoencoder<Encoder, ec::Latent<2>, Decoder> model;
  ec::Trainer{model, ec::Elbo{ec::Bernoulli{}}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
