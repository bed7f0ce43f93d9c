// SPDX-License-Identifier: MIT
// dlib, as a peer of benchmarks/compare. It has no cross-entropy for grey targets: its squared error stands in. That is summed
// over the pixels, which Adam, being indifferent to the scale of gradients, does not notice.
#include <dlib/dnn.h>

#include "common.hpp"

namespace {

template <long Units, class Below>
using hidden = dlib::relu<dlib::fc<Units, Below>>;
template <class Layers>
using trained = dlib::loss_mean_squared_multioutput<Layers>;
using input = dlib::input<dlib::matrix<float>>;

using M1 = trained<dlib::sig<dlib::fc<784, hidden<32, input>>>>;
using M2 = trained<
    dlib::sig<dlib::fc<784, hidden<512, hidden<256, hidden<128, hidden<64, hidden<128, hidden<256, hidden<512, input>>>>>>>>>>;
using M5 = trained<hidden<64, hidden<32, hidden<32, hidden<16, hidden<32, hidden<32, input>>>>>>>;

using Sample = dlib::matrix<float>;
using Solver = dlib::adam;
const Solver solver(0, 0.9F, 0.999F);  // no weight decay
constexpr double learning_rate = 1e-3;

std::vector<Sample> columns(const std::vector<float>& values, long width) {
  std::vector<Sample> samples;
  for (auto pixel = values.begin(); pixel != values.end(); pixel += width) {
    Sample& sample = samples.emplace_back(width, 1);
    std::copy_n(pixel, width, sample.begin());
  }
  return samples;
}

/// Calls step(first, last) for every batch of newly shuffled samples.
template <class Step>
void for_each_batch(std::vector<Sample>& samples, dlib::rand& random, std::size_t size, Step step) {
  dlib::randomize_samples(samples, random);
  for (std::size_t first = 0; first < samples.size(); first += size) {
    step(samples.begin() + first, samples.begin() + std::min(first + size, samples.size()));
  }
}

template <class Network>
double mean_squared_error(Network& network, const std::vector<Sample>& samples, long width) {
  double sum = 0;
  for (std::size_t first = 0; first < samples.size(); first += 256) {
    const auto begin = samples.begin() + first, end = samples.begin() + std::min(first + 256, samples.size());
    dlib::resizable_tensor x;
    network.to_tensor(begin, end, x);
    sum += network.compute_loss(x, begin) * std::distance(begin, end);
  }
  return sum / (samples.size() * width);
}

template <class Network>
void train_with_trainer(peers::Task& task, peers::Result& result, Network& network, std::vector<Sample>& samples, long batch) {
  dlib::dnn_trainer<Network, Solver> trainer(network, solver);
  trainer.set_learning_rate(learning_rate);
  trainer.set_iterations_without_progress_threshold(1'000'000);  // or it lowers the learning rate by itself
  dlib::rand random(task.text("seed"));
  peers::time_training(task, result, [&] {
    for_each_batch(samples, random, batch, [&](auto first, auto last) {
      trainer.train_one_step(first, last, first);
      if (!task.has_first_step()) {
        trainer.get_net();  // waits for the trainer's own thread
        task.first_step_done();
      }
    });
    trainer.get_net();
  });
}

template <class Network>
void train_with_loop(peers::Task& task, peers::Result& result, Network& network, std::vector<Sample>& samples, long batch) {
  std::vector<Solver> solvers(Network::num_computational_layers, solver);
  dlib::resizable_tensor x;
  dlib::rand random(task.text("seed"));
  peers::time_training(task, result, [&] {
    for_each_batch(samples, random, batch, [&](auto first, auto last) {
      network.to_tensor(first, last, x);
      network.compute_parameter_gradients(x, first);
      network.update_parameters(solvers, learning_rate);
      task.first_step_done();
    });
  });
}

template <class Network>
void infer(peers::Task& task, peers::Result& result, Network& network, const std::vector<Sample>& samples) {
  dlib::resizable_tensor one[64], many;
  for (long i = 0; i < 64; ++i) network.to_tensor(samples.begin() + i, samples.begin() + i + 1, one[i]);
  network.to_tensor(samples.begin(), samples.begin() + peers::inference_batch, many);
  auto& layers = network.subnet();
  peers::time_inference(
      task, result, [&](long i) { layers.forward(one[i]).host(); }, [&] { layers.forward(many).host(); });
}

/// fc keeps inputs × outputs by rows, then the biases, as the file does.
template <class Network>
void set_first_parameters(const peers::Task& task, Network& network, const Sample& sample) {
  dlib::resizable_tensor x;
  network.to_tensor(&sample, &sample + 1, x);
  network.forward(x);  // layers are made when they first see an input
  const std::vector<float> values = task.first_parameters(dlib::count_parameters(network));
  auto end = values.end();
  dlib::visit_layer_parameters(network, [&](dlib::tensor& layer) {  // from the output to the input
    std::copy(end - layer.size(), end, layer.begin());
    end -= layer.size();
  });
}

template <class Network>
void work(peers::Task& task, peers::Result& result, long width, long batch) {
  result.add_version("dlib", "19.24");
  const std::string way = task.text("way");
  Network network;
  std::vector<Sample> test = columns(task.samples("test", width), width);
  set_first_parameters(task, network, test.front());
  if (way == "forward") return infer(task, result, network, test);

  std::vector<Sample> train = columns(task.samples("train", width), width);
  if (way == "trainer") train_with_trainer(task, result, network, train, batch);
  if (way == "loop") train_with_loop(task, result, network, train, batch);
  result.add("validation_loss", mean_squared_error(network, test, width));
}

}  // namespace

int main(int argc, char** argv) {
  return peers::run(argc, argv, [](peers::Task& task, peers::Result& result) {
    const std::string name = task.text("work");
    if (name == "M1") {
      result.add_note("MSE for BCE");
      return work<M1>(task, result, 784, 256);
    }
    if (name == "M2") return work<M2>(task, result, 784, 256);
    if (name == "M5") return work<M5>(task, result, 64, 32);
    throw std::runtime_error("there is no work " + name);
  });
}
