// expect: this penalty looks between two layers that run as one: let it look at the second
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto penalty = ec::on_layer<2>(ec::L1Activity{});
#else
constexpr auto penalty = ec::on_layer<1>(ec::L1Activity{});
#endif
using Encoder = ec::Encoder<ec::image(4, 4), ec::Conv2D<2, 3>, ec::ReLU, ec::MaxPool2D<2>>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<16>>;

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, ec::MeanSquaredError{} + 0.1 * penalty, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(16, 3).eval());
}
