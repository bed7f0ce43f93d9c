// expect: the function that fills a BatchSource must be one that can be copied
// expect: by reference or by std::shared_ptr
#include <memory>

#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

int main() {
#ifdef CONTROL
  auto count = std::make_shared<ec::Index>(3);
#else
  auto count = std::make_unique<ec::Index>(3);
#endif
  const ec::BatchSource<float> source{.fill = [count = std::move(count)](ec::MatrixView<float>) { return *count; }};
  return source.fill ? 0 : 1;
}
