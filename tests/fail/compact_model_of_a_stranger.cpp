// expect: CompactModel<M, W>: M is a Network, an Autoencoder, a VariationalAutoencoder or a ConditionalVariationalAutoencoder
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Model = ec::Network<ec::Sequential<ec::features(4), ec::Dense<3>>>;
#else
using Model = ec::Sequential<ec::features(4), ec::Dense<3>>;
#endif

int main() {
  const ec::CompactModel<Model, ec::WeightFormat::int8> compact{Model{}};
  return static_cast<int>(compact.workspace().columns());
}
