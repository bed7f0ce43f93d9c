// SPDX-License-Identifier: MIT
// MiniDNN, as a peer of benchmarks/compare: on one thread, its products by OpenBLAS. It has no cross-entropy for grey targets:
// its squared error stands in. fit shuffles once, not each epoch. Without upsampling it has no part in M3.
#include <MiniDNN.h>

#include "common.hpp"

namespace {

using MiniDNN::Scalar;
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

struct Work {
  std::vector<int> widths;
  bool sigmoid_output;
  int batch;
  const char* note;
};

Work work_of(const std::string& name) {
  if (name == "M1") return {{784, 32, 784}, true, 256, "MSE for BCE; shuffled once"};
  if (name == "M2") return {{784, 512, 256, 128, 64, 128, 256, 512, 784}, true, 256, "shuffled once"};
  if (name == "M5") return {{64, 32, 32, 16, 32, 32, 64}, false, 32, "shuffled once"};
  throw std::runtime_error("there is no work " + name);
}

void build(MiniDNN::Network& network, const Work& work, const peers::Task& task) {
  const std::size_t layers = work.widths.size() - 1;
  long count = 0;
  for (std::size_t i = 0; i < layers; ++i) count += (work.widths[i] + 1L) * work.widths[i + 1];
  const std::vector<float> file = task.first_parameters(count);

  std::vector<std::vector<Scalar>> parameters;
  const float* from = file.data();
  for (std::size_t i = 0; i < layers; ++i) {
    const int inputs = work.widths[i], outputs = work.widths[i + 1];
    if (i + 1 == layers && work.sigmoid_output) {
      network.add_layer(new MiniDNN::FullyConnected<MiniDNN::Sigmoid>(inputs, outputs));
    } else {
      network.add_layer(new MiniDNN::FullyConnected<MiniDNN::ReLU>(inputs, outputs));
    }
    // The file has inputs × outputs by rows, MiniDNN wants them by columns.
    std::vector<Scalar>& layer = parameters.emplace_back(from, from + (inputs + 1L) * outputs);
    Eigen::Map<Matrix>(layer.data(), inputs, outputs) =
        Eigen::Map<const Eigen::MatrixXf>(from, outputs, inputs).transpose().cast<Scalar>();
    from += layer.size();
  }
  network.set_output(new MiniDNN::RegressionMSE());
  network.init();
  network.set_parameters(parameters);
}

Matrix read(peers::Task& task, const std::string& set, int width) {
  Matrix samples(width, task.count(set + "-count"));
  long column = 0;
  task.for_each_sample(set, width, [&](const std::vector<float>& pixels) {
    samples.col(column++) = Eigen::Map<const Eigen::VectorXf>(pixels.data(), width).cast<Scalar>();
  });
  return samples;
}

class Clock : public MiniDNN::Callback {
 public:
  explicit Clock(peers::Task& task) : task_(task) {}
  void post_training_batch(const MiniDNN::Network*, const Matrix&, const Matrix&) override {
    task_.first_step_done();
    if (m_batch_id == m_nbatch - 1) ends.push_back(peers::now());
  }
  std::vector<double> ends;

 private:
  peers::Task& task_;
};

void train(peers::Task& task, peers::Result& result, MiniDNN::Network& network, const Work& work) {
  result.add_note(work.note);
  const Matrix x = read(task, "train", work.widths.front());
  MiniDNN::Adam adam(1e-3F, 1e-7F);
  Clock clock(task);
  network.set_callback(clock);
  network.fit(adam, x, x, work.batch, static_cast<int>(task.count("epochs")), static_cast<int>(task.count("seed")));
  result.add("peak_memory_mib", peers::peak_memory_mib());
  result.add("images_per_second",
             static_cast<double>(x.cols() * (task.count("epochs") - 1)) / (clock.ends.back() - clock.ends.front()));
  result.add("first_step_seconds", task.first_step_seconds());
  const Matrix test = read(task, "test", work.widths.front());
  result.add("validation_loss",
             static_cast<double>((network.predict(test) - test).squaredNorm()) / static_cast<double>(test.size()));
}

void infer(peers::Task& task, peers::Result& result, MiniDNN::Network& network, const Work& work) {
  const Matrix x = read(task, "test", work.widths.front());
  std::vector<Matrix> singles;
  for (long i = 0; i < 64; ++i) singles.emplace_back(x.col(i));
  const Matrix batch = x.leftCols(peers::inference_batch);
  peers::time_inference(
      task, result, [&](long i) { network.predict(singles[i]); }, [&] { network.predict(batch); });
}

}  // namespace

int main(int argc, char** argv) {
  return peers::run(argc, argv, [](peers::Task& task, peers::Result& result) {
    const Work work = work_of(task.text("work"));
    MiniDNN::Network network;
    build(network, work, task);
    if (task.text("way") == "fit") return train(task, result, network, work);
    infer(task, result, network, work);
  });
}
