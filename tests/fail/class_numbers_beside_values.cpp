// expect: an objective's losses take either class numbers as targets or values: this one has losses of both kinds
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
constexpr auto objective = ec::CategoricalCrossEntropy{} + 0.5 * ec::MeanSquaredError{};
#else
constexpr auto objective = ec::SparseCategoricalCrossEntropy{} + 0.5 * ec::MeanSquaredError{};
#endif

int main() {
  ec::Network<ec::Sequential<ec::image(4, 4), ec::Conv2D<3, 3>, ec::Softmax>> model;
  ec::Trainer{model, objective, ec::Adam{}}.evaluate(Eigen::MatrixXf::Zero(16, 3).eval(), Eigen::MatrixXf::Zero(48, 3).eval());
}
