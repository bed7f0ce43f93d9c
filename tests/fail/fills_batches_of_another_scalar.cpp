// expect: a BatchSource is filled by a function of (MatrixView<T> inputs), (inputs, MatrixView<T> targets) or (inputs, targets, std::span<T> weights)
// expect: that returns how many columns it has filled
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  using T = float;
#else
  using T = double;
#endif
  const ec::BatchSource<float> source{.fill = [](ec::MatrixView<T> inputs) { return inputs.cols(); }};
  return source.fill ? 0 : 1;
}
