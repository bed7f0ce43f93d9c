// expect: this penalty needs a network that draws its code from a normal distribution: a VariationalAutoencoder
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(4), ec::Dense<3>>;
using Decoder = ec::Decoder<ec::features(3), ec::Dense<4>>;
#ifdef CONTROL
using Model = ec::VariationalAutoencoder<Encoder, ec::Latent<3>, Decoder>;
#else
using Model = ec::Autoencoder<Encoder, Decoder>;
#endif

int main() {
  Model model;
  ec::Trainer{model, ec::Elbo{ec::Gaussian{}}, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
