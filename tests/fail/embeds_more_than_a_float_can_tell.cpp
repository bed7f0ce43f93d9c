// expect: Embedding<Tokens, Units>: so many tokens cannot be told apart by this scalar
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Scalar = double;
#else
using Scalar = float;
#endif

int main() {
  const ec::Network<ec::Sequential<ec::sequence(4, 1), ec::Embedding<20'000'000, 1>>, Scalar> model;
  return static_cast<int>(model.predict(Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>::Zero(4, 1)).size() & 1);
}
