// expect: Samples
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

// A sample in a row: its values do not lie side by side.
int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  const Eigen::MatrixXf samples = Eigen::MatrixXf::Zero(4, 3), turned = samples.transpose();
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
#ifdef CONTROL
  trainer.evaluate(samples.col(1));
#else
  trainer.evaluate(turned.row(1).transpose());
#endif
}
