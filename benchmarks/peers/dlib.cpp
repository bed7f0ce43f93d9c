// SPDX-License-Identifier: MIT
// dlib, as a peer of benchmarks/compare. It has no cross-entropy for grey targets: its squared error stands in. Behind dense
// layers that is summed over the pixels, which Adam, being indifferent to the scale of gradients, does not notice. It enlarges
// images by bilinear interpolation only.
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

template <class Below>
using features = dlib::relu<dlib::con<32, 3, 3, 1, 1, Below>>;
template <class Below>
using pooled = dlib::max_pool<2, 2, 2, 2, Below>;
template <class Below>
using enlarged = dlib::upsample<2, Below>;
using M3 = dlib::loss_mean_squared_per_channel_and_pixel<
    1, dlib::sig<dlib::con<1, 3, 3, 1, 1, enlarged<features<enlarged<features<pooled<features<pooled<features<input>>>>>>>>>>>;

using Sample = dlib::matrix<float>;
using Solver = dlib::adam;
const Solver solver(0, 0.9F, 0.999F);  // no weight decay
constexpr double learning_rate = 1e-3;

Sample as_sample(const std::vector<float>& pixels, long rows) {
  return dlib::reshape(dlib::mat(pixels), rows, static_cast<long>(pixels.size()) / rows);
}

/// Samples of a network. Where labels are of the samples' type, the targets are the inputs.
template <class Network>
struct Set {
  using Label = typename Network::training_label_type;
  static constexpr bool restores_inputs = std::is_same_v<Label, Sample>;

  std::vector<Sample> inputs;
  std::vector<Label> other_targets;

  auto& targets() {
    if constexpr (restores_inputs) {
      return inputs;
    } else {
      return other_targets;
    }
  }
  auto batch(std::size_t first, std::size_t size) {
    return std::tuple(inputs.begin() + first, inputs.begin() + std::min(first + size, inputs.size()),
                      targets().begin() + first);
  }
};

template <class Network>
Set<Network> read(peers::Task& task, const std::string& name, long rows, long width) {
  Set<Network> set;
  task.for_each_sample(name + "-inputs", width,
                       [&](const std::vector<float>& pixels) { set.inputs.push_back(as_sample(pixels, rows)); });
  if constexpr (!Set<Network>::restores_inputs) {
    task.for_each_sample(name, width,
                         [&](const std::vector<float>& pixels) { set.other_targets.push_back({as_sample(pixels, rows)}); });
  }
  return set;
}

/// Calls step(first, last, first target) for every batch of newly shuffled samples.
template <class Network, class Step>
void for_each_batch(Set<Network>& set, dlib::rand& random, std::size_t size, Step step) {
  if constexpr (Set<Network>::restores_inputs) {
    dlib::randomize_samples(set.inputs, random);
  } else {
    dlib::randomize_samples(set.inputs, set.other_targets, random);
  }
  for (std::size_t first = 0; first < set.inputs.size(); first += size) std::apply(step, set.batch(first, size));
}

template <class Network>
double mean_squared_error(Network& network, Set<Network> set, long width) {
  double sum = 0;
  for (std::size_t at = 0; at < set.inputs.size(); at += 256) {
    const auto [first, last, target] = set.batch(at, 256);
    dlib::resizable_tensor x;
    network.to_tensor(first, last, x);
    sum += network.compute_loss(x, target) * std::distance(first, last);
  }
  return sum / (set.inputs.size() * (Set<Network>::restores_inputs ? width : 1));
}

template <class Network>
void train_with_trainer(peers::Task& task, peers::Result& result, Network& network, Set<Network>& set, long batch) {
  dlib::dnn_trainer<Network, Solver> trainer(network, solver);
  trainer.set_learning_rate(learning_rate);
  trainer.set_iterations_without_progress_threshold(1'000'000);  // or it lowers the learning rate by itself
  dlib::rand random(task.text("seed"));
  peers::time_training(task, result, [&] {
    for_each_batch(set, random, batch, [&](auto first, auto last, auto target) {
      trainer.train_one_step(first, last, target);
      if (!task.has_first_step()) {
        trainer.get_net();  // waits for the trainer's own thread
        task.first_step_done();
      }
    });
    trainer.get_net();
  });
}

template <class Network>
void train_with_loop(peers::Task& task, peers::Result& result, Network& network, Set<Network>& set, long batch) {
  std::vector<Solver> solvers(Network::num_computational_layers, solver);
  dlib::resizable_tensor x;
  dlib::rand random(task.text("seed"));
  peers::time_training(task, result, [&] {
    for_each_batch(set, random, batch, [&](auto first, auto last, auto target) {
      network.to_tensor(first, last, x);
      network.compute_parameter_gradients(x, target);
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
template <class Layer>
void set_parameters(Layer& layer, const float* from) {
  std::copy_n(from, layer.get_layer_params().size(), layer.get_layer_params().begin());
}

/// con keeps outputs × inputs × rows × columns, then the biases; in the file the outputs run fastest, and then the inputs.
template <long Filters, long Rows, long Columns, int... More>
void set_parameters(dlib::con_<Filters, Rows, Columns, More...>& layer, const float* from) {
  dlib::tensor& all = layer.get_layer_params();
  const long weights = static_cast<long>(all.size()) - Filters, pixels = Rows * Columns,
             channels = weights / (pixels * Filters);
  float* to = all.host();
  for (long i = 0; i < weights; ++i) {
    const long filter = i % Filters, channel = i / Filters % channels, pixel = i / (Filters * channels);
    to[(filter * channels + channel) * pixels + pixel] = from[i];
  }
  std::copy_n(from + weights, Filters, to + weights);
}

template <class Network>
void set_first_parameters(const peers::Task& task, Network& network, long rows, long width) {
  const Sample sample = dlib::zeros_matrix<float>(rows, width / rows);
  dlib::resizable_tensor x;
  network.to_tensor(&sample, &sample + 1, x);
  network.forward(x);  // layers are made when they first see an input
  const std::vector<float> values = task.first_parameters(dlib::count_parameters(network));
  const float* end = values.data() + values.size();
  dlib::visit_computational_layers(network, [&](auto& layer) {  // from the output to the input
    end -= layer.get_layer_params().size();
    set_parameters(layer, end);
  });
}

template <class Network>
void work(peers::Task& task, peers::Result& result, long rows, long width, long batch, const char* note = "") {
  result.add_version("dlib", std::to_string(DLIB_MAJOR_VERSION) + '.' + std::to_string(DLIB_MINOR_VERSION));
  const std::string way = task.text("way");
  Network network;
  set_first_parameters(task, network, rows, width);
  if (way == "forward") return infer(task, result, network, read<Network>(task, "test", rows, width).inputs);

  result.add_note(note);
  Set<Network> set = read<Network>(task, "train", rows, width);
  if (way == "trainer") train_with_trainer(task, result, network, set, batch);
  if (way == "loop") train_with_loop(task, result, network, set, batch);
  result.add("validation_loss", mean_squared_error(network, read<Network>(task, "test", rows, width), width));
}

}  // namespace

int main(int argc, char** argv) {
  return peers::run(argc, argv, [](peers::Task& task, peers::Result& result) {
    const std::string name = task.text("work");
    if (name == "M1") return work<M1>(task, result, 784, 784, 256, "MSE for BCE");
    if (name == "M2") return work<M2>(task, result, 784, 784, 256);
    if (name == "M3") return work<M3>(task, result, 28, 784, 128, "MSE for BCE; bilinear upsampling");
    if (name == "M5") return work<M5>(task, result, 64, 64, 32);
    throw std::runtime_error("there is no work " + name);
  });
}
