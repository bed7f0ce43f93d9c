// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "scripted_trainer.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/training/early_stopping.hpp>
#include <eigencoder/training/loggers.hpp>
#include <eigencoder/training/model_checkpoint.hpp>
#include <eigencoder/training/tensorboard.hpp>

namespace ec = eigencoder;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();

std::vector<ec::EpochReport> script() {
  ec::EpochReport first{.train = {0.1, {1.0 / 3, 2}},
                        .validation = {nan, {infinity, -infinity}},
                        .validated = true,
                        .gradient_norm = 1e-300,
                        .seconds = 0.25,
                        .samples_per_second = 123456789.123};
  ec::EpochReport second = first;
  second.train.loss = std::nextafter(0.1, 1);
  return {first, second};
}
const std::vector<std::string> terms{"KLSparsity<1, 2>", "L2"};

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    REQUIRE(end != std::string::npos);
    all.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return all;
}

}  // namespace

TEST_CASE("CsvLogger: a line an epoch under the columns' names") {
  const Folder folder;
  const std::filesystem::path path = folder.path / "run.csv";
  ec::write_file(path, "what was there");
  ScriptedTrainer trainer;
  const ec::Callback look{.after_epoch = [&](const ec::EpochReport& report) {
    CHECK(lines(contents(path)).size() == static_cast<std::size_t>(report.epoch) + 1);  // not only at the end
    return ec::Training::go_on;
  }};
  trainer.fit({ec::CsvLogger{path}, look}, script(), terms);
  CHECK(contents(path) ==
        "epoch,loss,\"KLSparsity<1, 2>\",L2,validation_loss,\"validation_KLSparsity<1, "
        "2>\",validation_L2,learning_rate,gradient_norm,"
        "seconds,samples_per_second\n"
        "1,0.1,0.3333333333333333,2,nan,inf,-inf,0.1,1e-300,0.25,123456789.123\n"
        "2,0.10000000000000002,0.3333333333333333,2,nan,inf,-inf,0.1,1e-300,0.25,123456789.123\n");
}

TEST_CASE("CsvLogger: metrics of the user's own are validation_…, and no two columns have one name") {
  const Folder folder;
  auto measured = script();
  for (ec::EpochReport& report : measured) report.metrics = {0.25, 7, 8};
  ScriptedTrainer trainer;
  trainer.fit({ec::CsvLogger{folder.path / "run.csv"}}, measured, {"L2", "L2"}, {"psnr", "L2", "loss"});
  const auto all = lines(contents(folder.path / "run.csv"));
  CHECK(all[0] ==
        "epoch,loss,L2,L2_2,validation_loss,validation_L2,validation_L2_2,validation_psnr,validation_L2_3,validation_loss_2,"
        "learning_rate,gradient_norm,seconds,samples_per_second");
  CHECK(all[1] == "1,0.1,0.3333333333333333,2,nan,inf,-inf,0.25,7,8,0.1,1e-300,0.25,123456789.123");
}

TEST_CASE("CsvLogger: goes on in a file of an earlier run, if it has the same columns and whole lines") {
  const Folder folder;
  const std::filesystem::path path = folder.path / "run.csv";
  const ec::Callback logger = ec::CsvLogger{.path = path, .append = true};
  ScriptedTrainer trainer;
  trainer.fit({logger}, ScriptedTrainer::losses({3, 2}));
  trainer.fit({logger}, ScriptedTrainer::losses({1}));
  CHECK(contents(path) ==
        "epoch,loss,learning_rate,gradient_norm,seconds,samples_per_second\n1,3,0.1,0,0,0\n2,2,0.1,0,0,0\n3,1,0.1,0,0,0\n");

  const std::string before = contents(path);
  expect_error<ec::FileError>([&] { trainer.fit({logger}, script(), terms); },
                              {path.string(), "line 1", "found epoch,loss,learning_rate", "write to another file"});
  CHECK(contents(path) == before);
  ec::write_file(path, "");
  trainer.fit({logger}, ScriptedTrainer::losses({1}));
  CHECK(lines(contents(path)).size() == 2);
  CHECK(trainer.updates() == 16);
}

TEST_CASE("loggers: cut off what a killed process has left unfinished, and nothing of other files") {
  const Folder folder;
  const std::filesystem::path csv = folder.path / "run.csv", json = folder.path / "run.jsonl";
  const std::vector<ec::Callback> loggers{ec::CsvLogger{.path = csv, .append = true},
                                          ec::JsonLinesLogger{.path = json, .append = true}};
  const auto log = [&](std::uint64_t epoch) {
    ScriptedTrainer trainer;
    trainer.epoch = epoch;
    trainer.fit(loggers, ScriptedTrainer::losses({0.5}));
  };
  log(0);
  const std::string first_csv = contents(csv), first_json = contents(json);
  log(1);
  const std::string both_csv = contents(csv), both_json = contents(json);
  CHECK(lines(both_csv).size() == 3);
  CHECK(lines(both_json).size() == 2);
  for (std::size_t size = 0; size < both_csv.size(); ++size) {  // killed at any byte
    write_quickly(csv, both_csv.substr(0, size));
    write_quickly(json, both_json.substr(0, std::min(size, both_json.size() - 1)));
    log(1);
    REQUIRE(contents(csv).ends_with(both_csv.substr(first_csv.size())));
    REQUIRE(contents(json).ends_with(both_json.substr(first_json.size())));
    REQUIRE(lines(contents(csv)).size() == (size < first_csv.size() ? 2 : 3));
    REQUIRE(lines(contents(json)).size() == (size < first_json.size() ? 1 : 2));
  }
  for (const std::string& other : {std::string("my notes"), first_json + "my notes"}) {
    ec::write_file(json, other);
    expect_error<ec::FileError>([&] { log(1); }, {json.string(), "expected a line of this log", "write to another file"});
    CHECK(contents(json) == other);
  }
  ec::write_file(csv, "my notes");
  expect_error<ec::FileError>([&] { log(1); }, {csv.string(), "found my notes"});
  CHECK(contents(csv) == "my notes");
}

TEST_CASE("JsonLinesLogger: an object an epoch, whose numbers read back to the same bits") {
  const Folder folder;
  const std::filesystem::path path = folder.path / "run.jsonl";
  ScriptedTrainer trainer;
  trainer.fit({ec::JsonLinesLogger{path}}, script(), {"L2", "L2"});
  trainer.fit({ec::JsonLinesLogger{.path = path, .append = true}}, script(), {"L2", "\"é\""});
  const auto all = lines(contents(path));
  REQUIRE(all.size() == 4);
  const nlohmann::json second = nlohmann::json::parse(all[1]), last = nlohmann::json::parse(all[3]);
  CHECK(second["epoch"] == 2);
  CHECK(second["loss"].get<double>() == std::nextafter(0.1, 1));
  CHECK(second["L2"].get<double>() == 1.0 / 3);
  CHECK(second["L2_2"].get<double>() == 2);
  CHECK(second["validation_loss"].is_null());
  CHECK(second["validation_L2"].is_null());
  CHECK(second["learning_rate"].get<double>() == 0.1);
  CHECK(second["gradient_norm"].get<double>() == 1e-300);
  CHECK(second["samples_per_second"].get<double>() == 123456789.123);
  CHECK(second.size() == 11);
  CHECK(last["epoch"] == 4);
  CHECK(last["\"é\""].get<double>() == 2);
}

TEST_CASE("loggers: refuse what is no file, and say why they cannot write") {
  expect_error<ec::OptionError>([] { static_cast<void>(ec::Callback(ec::CsvLogger{})); }, {"CsvLogger: path must name a file"});
  expect_error<ec::OptionError>([] { static_cast<void>(ec::Callback(ec::JsonLinesLogger{"runs/"})); },
                                {"JsonLinesLogger: path", "runs/"});
  const Folder folder;
  const std::filesystem::path path = folder.path / "none" / "run.csv";
  ScriptedTrainer trainer;
  for (const bool append : {false, true}) {
    expect_error<ec::FileError>(
        [&] {
          trainer.fit({ec::CsvLogger{path, append}}, ScriptedTrainer::losses({1}));
        },
        {path.string(), "No such file"});
  }
  CHECK(trainer.updates() == 0);
}

TEST_CASE("loggers: of several processes the first alone calls what writes files, and all what changes the training") {
  for (const ec::Callback& writes :
       {ec::Callback(ec::CsvLogger{"a"}), ec::Callback(ec::JsonLinesLogger{"b"}), ec::Callback(ec::TensorBoard{.folder = "c"}),
        ec::Callback(ec::ModelCheckpoint{.path = "d"}), ec::Callback(ec::ModelCheckpoint{.path = "e", .best_only = true})}) {
    CHECK(writes.first_rank_alone);
  }
  CHECK_FALSE(ec::Callback(ec::EarlyStopping{.patience = 1}).first_rank_alone);
}
