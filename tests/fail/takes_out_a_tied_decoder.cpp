// expect: this decoder borrows weights or indices from earlier layers
// expect: cannot be taken out of its model: decode with the whole model
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(20), ec::Dense<5>, ec::Tanh>;
#ifdef CONTROL
using Model = ec::Autoencoder<Encoder, ec::Mirror<Encoder>>;
#else
using Model = ec::Autoencoder<Encoder, ec::Tied<Encoder>>;
#endif

int main() {
  const Model model;
  const auto decoder = model.decoder();
  return static_cast<int>(decoder.predict(Eigen::MatrixXf::Zero(5, 3)).size());
}
