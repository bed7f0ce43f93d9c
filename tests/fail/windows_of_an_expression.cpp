// expect: windows: expected a series in memory, found an expression: give it a name first, as a matrix
#include <eigencoder/data/windows.hpp>

namespace ec = eigencoder;

int main() {
  const Eigen::MatrixXf series = Eigen::MatrixXf::Random(2, 100);
#ifdef CONTROL
  const Eigen::MatrixXf twice = 2 * series;
  return static_cast<int>(ec::windows(twice, {.length = 10}).cols());
#else
  return static_cast<int>(ec::windows(2 * series, {.length = 10}).cols());
#endif
}
