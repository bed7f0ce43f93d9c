// expect: a compact model works in float: make it from a model of float
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Scalar = float;
#else
using Scalar = double;
#endif

int main() {
  using Model = ec::Network<ec::Sequential<ec::features(4), ec::Dense<3>>, Scalar>;
  const ec::CompactModel<Model, ec::WeightFormat::int8> compact{Model{}};
  return static_cast<int>(compact.workspace().columns());
}
