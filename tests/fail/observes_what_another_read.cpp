// expect: this layer cannot be linked to that one
// expect: LayerLinks<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index items = 50;
#else
constexpr ec::Index items = 51;
#endif
using Layers = ec::Sequential<ec::sequence(12, 2), ec::SparseDense<50, 3>, ec::ObservedDense<12, items, -1>>;

int main() { return static_cast<int>(ec::Network<Layers>::parameter_count); }
