// expect: windows: it looks into its series, which must outlive it; expected a variable, found a temporary matrix
#include <eigencoder/data/windows.hpp>

namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  const Eigen::MatrixXf series = Eigen::MatrixXf::Random(2, 100);
  const auto x = ec::windows(series.leftCols(90), {.length = 10});
#else
  const auto x = ec::windows(Eigen::MatrixXf(Eigen::MatrixXf::Random(2, 100)), {.length = 10});
#endif
  return static_cast<int>(x.cols());
}
