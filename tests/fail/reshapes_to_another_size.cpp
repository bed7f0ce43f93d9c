// expect: Reshape keeps all values
// expect: LayerAccepts<0,
// expect: Shape{32, 1, 1}
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Shape target = ec::image(4, 4, 2);
#else
constexpr ec::Shape target = ec::image(4, 4, 3);
#endif

int main() { return static_cast<int>(ec::Encoder<ec::features(32), ec::Reshape<target>>::output.size() & 1); }
