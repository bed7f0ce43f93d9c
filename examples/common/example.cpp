// SPDX-License-Identifier: MIT
#include "common/example.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <eigencoder/files/read_file.hpp>
#include <eigencoder/tasks/pca.hpp>
#include <eigencoder/training/report.hpp>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "common/plot.hpp"

namespace example {

struct Program::State {
  CLI::App app;
  std::optional<ec::StopOnSignal> interruption{};
  std::vector<ec::ReportRun> runs{};
  std::vector<std::pair<std::string, std::string>> summaries{};
  std::vector<std::string> pictures{};  ///< names of files
  nlohmann::ordered_json metrics{};
  std::filesystem::path own_folder{};  ///< of a rank that is not the first
};

namespace {

constexpr std::uint64_t billion = 1'000'000'000;

/// A whole number. The parser alone would take -1 for the greatest of those without a sign.
CLI::Validator whole(std::uint64_t least, std::uint64_t most) {
  const std::string range = ec::message("from ", least, " to ", most);
  return {[=](const std::string& text) {
            std::uint64_t number = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
            const bool fine = error == std::errc() && end == text.data() + text.size() && least <= number && number <= most;
            return fine ? std::string() : ec::message("expected a whole number ", range, ", found ", text);
          },
          range};
}

/// A number above `limit`, neither NaN nor infinite.
CLI::Validator above(double limit) {
  const std::string wanted = std::isinf(limit) ? "a finite number" : ec::message("a number above ", limit);
  return {[=](const std::string& text) {
            double number = 0;
            const bool fine = CLI::detail::lexical_cast(text, number) && std::isfinite(number) && number > limit;
            return fine ? std::string() : ec::message("expected ", wanted, ", found ", text);
          },
          wanted};
}

#ifdef EIGENCODER_HAS_MPI
/// Whether mpirun has started this process: MPICH and Open MPI then tell it its rank. To begin MPI takes longer than --help.
bool by_mpirun() {
  return std::getenv("PMI_RANK") != nullptr || std::getenv("PMIX_RANK") != nullptr || std::getenv("OMPI_COMM_WORLD_RANK") != nullptr;
}
#endif

}  // namespace

LinearFit fit_pca(const ec::Split<float>& data, Index code) {
  const ec::PCA pca = ec::PCA::fit(data.train.samples, code);
  const auto error = [](const Eigen::MatrixXf& y, const Eigen::MatrixXf& x) { return (y - x).array().square().mean(); };
  LinearFit fit;
  fit.reconstructions = pca.reconstruct(data.test.samples);
  fit.train_loss = error(pca.reconstruct(data.train.samples), data.train.samples);
  fit.validation_loss = error(fit.reconstructions, data.test.samples);
  fit.parameters = pca.mean().size() + pca.components().size();
  return fit;
}

Program::Program(const std::string& name, const std::string& description)
    : name_(name), state_(new State{.app = CLI::App(description, name)}) {
  options.out = std::filesystem::path("out") / name;
}
Program::~Program() {
  std::error_code unused;
  if (!state_->own_folder.empty()) std::filesystem::remove_all(state_->own_folder, unused);
}

void Program::add_choice(const std::string& flag, std::string& value, const std::vector<std::string>& choices,
                         const std::string& text) {
  state_->app.add_option(flag, value, text)->check(CLI::IsMember(choices))->capture_default_str();
}

void Program::add_number(const std::string& flag, double& value, const std::string& text) {
  state_->app.add_option(flag, value, text)->check(above(-std::numeric_limits<double>::infinity()))->capture_default_str();
}

void Program::add_path(const std::string& flag, std::filesystem::path& value, const std::string& text) {
  CLI::Option* const option = state_->app.add_option(flag, value, text);
  if (!value.empty()) option->capture_default_str();
}

void Program::add_flag(const std::string& flag, bool& value, const std::string& text) {
  state_->app.add_flag(flag, value, text);
}

int Program::run(int argc, char** argv, const std::function<void()>& body) {
  CLI::App& app = state_->app;
  const auto add = [&](const std::string& flag, auto& value, const std::string& text) { return app.add_option(flag, value, text); };
  CLI::Option* const data = add("--data", options.data, data_text_);
  if (!options.data.empty()) data->capture_default_str();
  add("--out", options.out, "folder for pictures and metrics.json")->capture_default_str();
  CLI::Option* const epochs = add("--epochs", options.epochs, "passes over the training samples")->check(whole(1, billion));
  if (options.epochs > 0) epochs->capture_default_str();
  CLI::Option* const batch_size = add("--batch-size", options.batch_size, "samples a step")->check(whole(1, billion));
  if (options.batch_size > 0) batch_size->capture_default_str();
  add("--limit", options.limit, "use the first N training and test samples; 0: all")->check(whole(0, billion))->capture_default_str();
  add("--seed", options.seed, "of weights and shuffling")->check(whole(0, std::numeric_limits<std::uint64_t>::max()))->capture_default_str();
  add("--threads", options.threads, "0: as many as the machine has cores")->check(whole(0, 1024))->capture_default_str();
  add("--learning-rate", options.learning_rate, "of Adam")->check(above(0))->capture_default_str();
  app.add_flag("--resume", options.resume, "go on from the checkpoint in --out, up to --epochs in all");
  app.add_flag("--quiet", options.quiet, "print nothing but errors");

#ifdef EIGENCODER_HAS_MPI
  if (by_mpirun()) options.communicator = ec::Mpi{};
#endif
  const bool first = options.communicator.rank() == 0;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostream nowhere(nullptr);
    return app.exit(error, first ? std::cout : nowhere, first ? std::cerr : nowhere) == 0 ? 0 : 1;
  }
  options.quiet = options.quiet || !first;
  try {
    try_out();
    const ec::StopOnSignal& interruption = state_->interruption.emplace();
    body();
    write_report();
    return interruption.exit_status();
  } catch (const std::exception& error) {
    const std::string text = ec::message(name_, ": ", error.what());
    if (!options.communicator.alone()) options.communicator.abandon(text);
    std::fprintf(stderr, "%s\n", text.c_str());
    return 1;
  }
}

std::filesystem::path Program::path(const std::string& file) const {
  const int rank = options.communicator.rank();
  if (rank == 0) return options.out / file;
  std::filesystem::path& own = state_->own_folder;
  if (own.empty()) {
    own = std::filesystem::temp_directory_path() / ec::message("eigencoder-", name_, '-', rank, '-', std::random_device{}());
    std::filesystem::create_directories(own);
  }
  return own / file;
}

ec::Samples<float> Program::part(const ec::Samples<float>& all) const {
  return ec::part_of(all, options.communicator.rank(), options.communicator.size());
}

void Program::divide(ec::FitOptions<float>& fit) const {
  for (ec::Samples<float>* samples : {&fit.validation, &fit.validation_targets}) *samples = part(*samples);
  for (ec::Samples<float>* weights : {&fit.element_weights, &fit.validation_element_weights}) {
    if (weights->cols() > 1) *weights = part(*weights);  // else they are the same for all
  }
  for (ec::StepCounts* lengths : {&fit.lengths, &fit.validation_lengths}) {
    const auto [begin, count] = ec::range_of_part(std::ssize(*lengths), options.communicator.rank(), options.communicator.size());
    *lengths = lengths->subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
  }
}

void Program::try_out() const {
  if (options.communicator.rank() > 0) return;
  std::error_code reason;
  std::filesystem::create_directories(options.out, reason);
  if (reason)
    throw ec::FileError(ec::message("--out ", options.out.string(), ": cannot be made a folder (", reason.message(), ")"));
  const std::filesystem::path trial = path(".trial");
  ec::write_file(trial, "");
  std::filesystem::remove(trial, reason);  // unless another run with the same --out has done so
}

void Program::set_defaults(const std::filesystem::path& data, Index epochs, Index batch_size) {
  const auto set = [&](const char* flag, auto& value, const auto& wanted, const std::string& text) {
    CLI::Option* const option = state_->app.get_option(flag);
    if (option->count() > 0) return;
    value = wanted;
    option->default_str(text);  // which the report shows
  };
  set("--data", options.data, data, data.string());
  set("--epochs", options.epochs, epochs, std::to_string(epochs));
  set("--batch-size", options.batch_size, batch_size, std::to_string(batch_size));
}

ec::Split<float> Program::load() const {
  auto split = ec::load_idx_dataset(options.data);
  if (options.limit > 0) {
    split.train = split.train.first(std::min(options.limit, split.train.size()));
    split.test = split.test.first(std::min(options.limit, split.test.size()));
  }
  return split;
}

std::vector<std::string> Program::class_names() const {
  const std::string folder = std::filesystem::weakly_canonical(options.data).filename().string();
  if (folder.find("fashion") == std::string::npos) return {};
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
}

std::string Program::prefixed(const std::string& name, const std::string& file) {
  std::string all;
  for (const char character : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(character)) != 0;
    if (plain || (!all.empty() && all.back() != '-')) all += plain ? character : '-';
  }
  return all.empty() ? file : all + '-' + file;
}

ec::Callback Program::stop_on_signal() const { return *state_->interruption; }

void Program::record(const std::string& name, const std::string& summary, const ec::History& history) const {
  state_->runs.push_back({name, history});
  state_->summaries.emplace_back(name, summary);
}

void Program::write_report() const {
  ec::Report report{.title = name_, .history = state_->runs};
  for (const auto& [name, summary] : state_->summaries) report.summary += (name.empty() ? "" : name + ":\n") + summary + '\n';
  for (const CLI::Option* option : state_->app.get_options()) {
    const std::string name = option->get_name();
    const bool flag = option->get_type_size() == 0;
    if (name != "--help") report.options.emplace_back(name, flag ? (option->count() > 0 ? "yes" : "no") : option->as<std::string>());
  }
  for (const auto& [name, value] : state_->metrics.items()) {
    if (value.is_primitive()) report.metrics.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  for (const std::string& file : state_->pictures) report.pictures.emplace_back(file, ec::read_file(path(file)));
  ec::write_report(path("report.html"), report);
  print(ec::message("wrote ", path("report.html").string(), '\n'));
}

void Program::print(const std::string& text) const {
  if (options.quiet) return;
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void Program::write(const std::string& file, const std::vector<ec::ImageRow>& rows, ec::Shape shape,
                    const ec::GridOptions& grid) const {
  ec::write_image_grid(path(file), rows, shape, grid);
  state_->pictures.push_back(file);
  print(ec::message("wrote ", path(file).string(), '\n'));
}

void Program::plot(const std::string& file, const std::vector<Curve>& curves, const std::string& loss) const {
  print(plot_losses(path(file), curves, loss));
}

void Program::plot_codes(const std::string& file, const std::vector<Codes>& models, const Eigen::VectorXi& labels,
                         const std::vector<std::string>& names) const {
  print(example::plot_codes(path(file), models, labels, names));
  if (std::filesystem::exists(path(file))) state_->pictures.push_back(file);
}

void Program::plot_panels(const std::string& file, const std::vector<Panel>& panels, Index columns, Index width, Index height) const {
  print(example::plot_panels(path(file), panels, columns, width, height));
  if (std::filesystem::exists(path(file))) state_->pictures.push_back(file);
}

nlohmann::ordered_json Program::metrics(const ec::History& history, Index train_samples, Index validation_samples,
                                        Index parameters, std::size_t threads) const {
  double seconds = 0;
  for (const ec::EpochReport& epoch : history.epochs) seconds += epoch.seconds;
  const auto epochs = static_cast<double>(history.epochs.size());
  nlohmann::ordered_json all{{"example", name_},
                             {"epochs", history.epochs.size()},
                             {"train_samples", train_samples},
                             {"validation_samples", validation_samples},
                             {"train_loss", history.last().train.loss},
                             {"validation_loss", history.last().validation.loss},
                             {"seconds", seconds},
                             {"samples_per_second", seconds > 0 ? epochs * static_cast<double>(train_samples) / seconds : 0.0},
                             {"parameters", parameters},
                             {"threads", threads},
                             {"seed", options.seed}};
  if (!options.communicator.alone()) all["processes"] = options.communicator.size();
  return all;
}

void Program::write_metrics(const nlohmann::ordered_json& metrics) const {
  state_->metrics = metrics;
  ec::write_file(path("metrics.json"), std::string_view(metrics.dump(2) + '\n'));
  print(ec::message("wrote ", path("metrics.json").string(), '\n'));
}

void Program::write_metrics(const ec::History& history, Index train_samples, Index validation_samples, Index parameters,
                            std::size_t threads) const {
  write_metrics(metrics(history, train_samples, validation_samples, parameters, threads));
}

}  // namespace example
