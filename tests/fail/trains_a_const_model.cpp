// expect: a Trainer changes its model: this one is const
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
#ifdef CONTROL
  ec::Autoencoder<Encoder, Decoder> model;
#else
  const ec::Autoencoder<Encoder, Decoder> model;
#endif
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
  trainer.fit(Eigen::MatrixXf::Zero(4, 3), {.epochs = 2});
}
