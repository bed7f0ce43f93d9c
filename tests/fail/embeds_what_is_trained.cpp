// expect: the whole numbers that Embedding reads have no gradient: no layer before it can be trained
#include <eigencoder/eigencoder.hpp>
namespace ec = eigencoder;

#ifdef CONTROL
using Before = ec::ReverseSteps;
#else
using Before = ec::Conv1D<1, 1>;
#endif

int main() {
  ec::Network<ec::Sequential<ec::sequence(4, 1), Before, ec::Embedding<5, 3>>> model;
  ec::Trainer trainer{model, ec::MeanSquaredError{}, ec::Adam{}};
  trainer.train_on_batch(Eigen::MatrixXf::Zero(4, 1), Eigen::MatrixXf::Zero(12, 1));
}
