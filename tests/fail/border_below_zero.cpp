// expect: a border has no fewer than 0 pixels
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Index left = 1;
#else
constexpr ec::Index left = -1;
#endif

int main() {
  return static_cast<int>(ec::Encoder<ec::image(4, 4), ec::ZeroPad2D<ec::Border{0, 0, left, 0}>>::output.size() & 1);
}
