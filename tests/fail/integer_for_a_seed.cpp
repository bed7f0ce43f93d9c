// expect: a seed is a type of its own, so that it is not taken for a size: write ec::Seed{42} for 42
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr ec::Seed seed{42};
#else
constexpr int seed = 42;
#endif

int main() { return static_cast<int>(ec::Network<ec::Sequential<ec::features(4), ec::Dense<2>>>{seed}.parameters().size()); }
