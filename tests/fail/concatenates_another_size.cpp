// expect: Concatenate needs two activations of the same height and width
// expect: LayerJoins<1,
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Block = ec::Skip<ec::Conv2D<2, 3>>;
#else
using Block = ec::Skip<ec::MaxPool2D<2>>;
#endif

int main() { return static_cast<int>(ec::Network<ec::Sequential<ec::image(4, 4), Block>>::state_count); }
