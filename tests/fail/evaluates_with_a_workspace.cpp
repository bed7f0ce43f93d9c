// expect: a prediction with a workspace reads its input where it lies, so as not to allocate
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  const ec::Autoencoder<Encoder, Decoder> model;
  auto workspace = model.workspace(3);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Zero(4, 3);
  Eigen::MatrixXf y(4, 3);
#ifdef CONTROL
  model.reconstruct(x.leftCols(3), y, workspace);
#else
  model.reconstruct(2 * x, y, workspace);
#endif
}
