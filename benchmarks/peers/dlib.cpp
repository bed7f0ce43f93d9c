// SPDX-License-Identifier: MIT
// dlib, as a peer of benchmarks/compare. It has no cross-entropy for grey targets: its squared error stands in. That is summed
// over the pixels, which Adam, being indifferent to the scale of gradients, does not notice.
#include <dlib/dnn.h>
#include <dlib/revision.h>

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

std::vector<Sample> read(peers::Task& task, const std::string& set, long width) {
  std::vector<Sample> samples;
  task.for_each_sample(set, width, [&](const std::vector<float>& pixels) { samples.push_back(dlib::mat(pixels)); });
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
void set_first_parameters(const peers::Task& task, Network& network, long width) {
  const Sample sample = dlib::zeros_matrix<float>(width, 1);
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
void work(peers::Task& task, peers::Result& result, long width, long batch, const char* note = "") {
  result.add_version("dlib", std::to_string(DLIB_MAJOR_VERSION) + '.' + std::to_string(DLIB_MINOR_VERSION));
  const std::string way = task.text("way");
  Network network;
  set_first_parameters(task, network, width);
  if (way == "forward") return infer(task, result, network, read(task, "test", width));

  result.add_note(note);
  std::vector<Sample> samples = read(task, "train", width);
  if (way == "trainer") train_with_trainer(task, result, network, samples, batch);
  if (way == "loop") train_with_loop(task, result, network, samples, batch);
  result.add("validation_loss", mean_squared_error(network, read(task, "test", width), width));
}

}  // namespace

int main(int argc, char** argv) {
  return peers::run(argc, argv, [](peers::Task& task, peers::Result& result) {
    const std::string name = task.text("work");
    if (name == "M1") return work<M1>(task, result, 784, 256, "MSE for BCE");
    if (name == "M2") return work<M2>(task, result, 784, 256);
    if (name == "M5") return work<M5>(task, result, 64, 32);
    throw std::runtime_error("there is no work " + name);
  });
}
