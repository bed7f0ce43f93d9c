// SPDX-License-Identifier: MIT
// What the peers in C++ share: the command line, the data, the clock, the JSON line. README.md has the protocol.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace peers {

/// The driver's clock: CLOCK_MONOTONIC, in seconds.
inline double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// What the driver asks of this process.
class Task {
 public:
  Task(int argc, char** argv) {
    for (int i = 1; i + 1 < argc; i += 2) options_[argv[i]] = argv[i + 1];
  }

  std::string text(const std::string& name) const {
    const auto option = options_.find("--" + name);
    if (option == options_.end()) throw std::runtime_error("--" + name + " is missing");
    return option->second;
  }
  long count(const std::string& name) const { return std::stol(text(name)); }

  /// What the network is given is not what it shall make: "train-inputs" are other samples than "train".
  bool has_other_targets() const { return text("train-inputs") != text("train"); }

  /// Of "train" and "train-inputs", or of "test" and "test-inputs".
  long size(const std::string& set) const { return count(set.substr(0, set.find('-')) + "-count"); }

  /// Calls take(pixels) for the first samples of "train", "train-inputs", "test" or "test-inputs", one after the other.
  template <class Take>
  void for_each_sample(const std::string& set, long width, Take take) {
    const double begin = now();
    std::ifstream file(text(set), std::ios::binary);
    std::vector<float> pixels(static_cast<std::size_t>(width));
    for (long i = 0; i < size(set); ++i) {
      read(file, text(set), pixels);
      take(pixels);
    }
    reading_ += now() - begin;
  }

  /// The same as one block.
  std::vector<float> samples(const std::string& set, long width) {
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(size(set) * width));
    for_each_sample(set, width,
                    [&](const std::vector<float>& pixels) { values.insert(values.end(), pixels.begin(), pixels.end()); });
    return values;
  }

  /// The weights and biases that every peer starts from, in the order that README.md gives.
  std::vector<float> first_parameters(long number) const {
    std::ifstream file(text("weights"), std::ios::binary);
    std::vector<float> values(static_cast<std::size_t>(number));
    read(file, text("weights"), values);
    return values;
  }

  /// To be called when a step has ended, at least when the first has.
  void first_step_done() {
    if (!first_step_) first_step_ = now() - std::stod(text("started")) - reading_;
  }
  bool has_first_step() const { return first_step_.has_value(); }
  double first_step_seconds() const { return first_step_.value(); }

 private:
  static void read(std::ifstream& file, const std::string& path, std::vector<float>& values) {
    if (!file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)))) {
      throw std::runtime_error(path + " cannot be read, or is too short");
    }
  }

  std::map<std::string, std::string> options_;
  double reading_ = 0;
  std::optional<double> first_step_;
};

inline double peak_memory_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") {
      double kibibytes = 0;
      status >> kibibytes;
      return kibibytes / 1024;
    }
  }
  throw std::runtime_error("/proc/self/status has no VmHWM");
}

/// The line of results.
class Result {
 public:
  void add(const char* name, double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.9g", value);
    add_json(name, std::isfinite(value) ? digits : "null");
  }
  void add_note(const std::string& note) { add_json("note", '"' + note + '"'); }
  void add_version(const std::string& library, const std::string& version) {
    add_json("versions", "{\"" + library + "\": \"" + version + "\"}");
  }
  void print() const { std::printf("{%s}\n", members_.c_str()); }

 private:
  void add_json(const char* name, const std::string& value) {
    members_ += (members_.empty() ? "\"" : ", \"") + std::string(name) + "\": " + value;
  }
  std::string members_;
};

/// Runs `epoch` as often as asked for, and reports what training gives but the validation loss.
template <class Epoch>
void time_training(Task& task, Result& result, Epoch epoch) {
  const long epochs = task.count("epochs");
  double steady = 0;
  for (long i = 0; i < epochs; ++i) {
    const double begin = now();
    epoch();
    if (i > 0) steady += now() - begin;
  }
  result.add("peak_memory_mib", peak_memory_mib());
  result.add("images_per_second", static_cast<double>(task.count("train-count") * (epochs - 1)) / steady);
  result.add("first_step_seconds", task.first_step_seconds());
}

/// Sorted seconds of `count` calls call(i), after a tenth as many to warm up.
template <class Call>
std::vector<double> timed_calls(long count, Call call) {
  for (long i = 0; i < std::max(count / 10, 10L); ++i) call(i);
  std::vector<double> seconds(static_cast<std::size_t>(count));
  for (long i = 0; i < count; ++i) {
    const double begin = now();
    call(i);
    seconds[static_cast<std::size_t>(i)] = now() - begin;
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

constexpr long inference_batch = 256;

/// `single(i)` restores sample i of 64, `batch()` restores inference_batch samples.
template <class Single, class Batch>
void time_inference(const Task& task, Result& result, Single single, Batch batch) {
  const long calls = task.count("calls");
  const std::vector<double> singles = timed_calls(calls, [&](long i) { single(i % 64); });
  const std::vector<double> batches = timed_calls(std::max(calls / 20, 1L), [&](long) { batch(); });
  result.add("latency_median_us", singles[singles.size() / 2] * 1e6);
  result.add("latency_p99_us", singles[singles.size() * 99 / 100] * 1e6);
  result.add("images_per_second", static_cast<double>(inference_batch) / batches[batches.size() / 2]);
}

/// What main() does: a result on standard output, or a reason on standard error.
template <class Run>
int run(int argc, char** argv, Run run_task) {
  try {
    Task task(argc, argv);
    Result result;
    run_task(task, result);
    result.print();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace peers
