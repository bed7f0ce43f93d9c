// The compilers do not say which field it is, but of what type.
// expect: FitOptions<
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
  const Eigen::MatrixXf x = Eigen::MatrixXf::Zero(4, 3);
#ifdef CONTROL
  trainer.fit(x, {.epochs = 10});
#else
  trainer.fit(x, {.epoch = 10});
#endif
}
