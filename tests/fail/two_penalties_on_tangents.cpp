// expect: an objective has at most one penalty on tangents
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

using Encoder = ec::Encoder<ec::features(8), ec::Dense<4>, ec::Tanh>;
using Decoder = ec::Decoder<Encoder::output, ec::Dense<8>>;
#ifdef CONTROL
constexpr auto objective = ec::MeanSquaredError{} + 1e-3 * ec::DeepContractive{};
#else
constexpr auto objective = ec::MeanSquaredError{} + 1e-3 * ec::DeepContractive{} + 1e-3 * ec::StochasticContractive<>{};
#endif

int main() {
  ec::Autoencoder<Encoder, Decoder> model;
  ec::Trainer{model, objective, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(8, 3).eval());
}
