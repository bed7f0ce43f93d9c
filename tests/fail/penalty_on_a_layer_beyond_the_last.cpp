// expect: this penalty looks at a layer that the network does not have
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto penalty = ec::on_layer<2>(ec::L1Activity{});
#else
constexpr auto penalty = ec::on_layer<3>(ec::L1Activity{});
#endif
using Encoder = ec::Encoder<ec::features(4), ec::Dense<2>, ec::Sigmoid>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<4>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 0.1 * penalty, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(4, 3).eval());
}
