// SPDX-License-Identifier: MIT
#include "scripted_trainer.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/training/model_checkpoint.hpp>

namespace ec = eigencoder;

namespace {

/// The names in the folder with what was saved, in order: "a-1:step 4 a-2:step 8".
std::string files(const Folder& folder) {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path))
    all.push_back(entry.path().filename().string() + ":" + contents(entry.path()));
  std::sort(all.begin(), all.end());
  std::string joined;
  for (const std::string& one : all) joined += (joined.empty() ? "" : " ") + one;
  return joined;
}

}  // namespace

TEST_CASE("ModelCheckpoint: saves every so many epochs of the trainer, and at the end what is not saved yet") {
  const Folder folder;
  ScriptedTrainer trainer;
  const ec::Callback each = ec::ModelCheckpoint{.path = folder.path / "each-{epoch}", .every = 2};
  trainer.fit({each}, ScriptedTrainer::losses({3, 2, 1, 4, 5}));
  CHECK(files(folder) == "each-2:step 8 each-4:step 16 each-5:step 20");
  trainer.fit({each}, ScriptedTrainer::losses({3}));  // the trainer's sixth
  CHECK(files(folder) == "each-2:step 8 each-4:step 16 each-5:step 20 each-6:step 24");
}

TEST_CASE(
    "ModelCheckpoint: one name is the last checkpoint, also of a fit that ends within an epoch or goes back to the best") {
  const Folder folder;
  ScriptedTrainer trainer;
  const ec::Callback last = ec::ModelCheckpoint{.path = folder.path / "last"};
  trainer.fit({last}, ScriptedTrainer::losses({3, 2}));
  CHECK(files(folder) == "last:step 8");
  const ec::Callback within{.after_batch = [&](const ec::BatchReport& report) {
    if (report.epoch == 2 && report.samples == 3) trainer.stop("enough");
  }};
  trainer.fit({last, within}, ScriptedTrainer::losses({3, 2}));
  CHECK(files(folder) == "last:step 15");
  trainer.fit({ec::EarlyStopping{.restore_best = true}, last}, ScriptedTrainer::losses({3, 2, 4}, true));
  CHECK(files(folder) == "last:step 23");
}

TEST_CASE("ModelCheckpoint: best_only saves where the loss is the smallest so far") {
  const Folder folder;
  const std::filesystem::path path = folder.path / "best-{epoch}";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const bool validated : {false, true}) {
    const Folder own;
    ScriptedTrainer trainer;
    trainer.fit({ec::ModelCheckpoint{.path = own.path / "best-{epoch}", .best_only = true}},
                ScriptedTrainer::losses({nan, 3, 3, 2, 4}, validated));
    CHECK(files(own) == "best-2:step 8 best-4:step 16");
  }
  ScriptedTrainer trainer;
  trainer.fit({ec::ModelCheckpoint{.path = path, .every = 2, .best_only = true}}, ScriptedTrainer::losses({1, 3, 2, 4, 5, 2}));
  CHECK(files(folder) == "best-2:step 8 best-6:step 24");
  trainer.fit({ec::ModelCheckpoint{.path = path, .best_only = true, .below = 0.5}}, ScriptedTrainer::losses({1, 0.4}));
  CHECK(files(folder) == "best-2:step 8 best-6:step 24 best-8:step 32");
}

TEST_CASE("ModelCheckpoint: refuses what makes no sense, before anything is trained") {
  const auto convert = [](const ec::ModelCheckpoint& checkpoint) { return ec::Callback(checkpoint); };
  expect_error<ec::OptionError>([&] { convert({}); }, {"ModelCheckpoint: path must name a file"});
  expect_error<ec::OptionError>([&] { convert({.path = "runs/"}); }, {"must name a file, found \"runs/\""});
  expect_error<ec::OptionError>([&] { convert({.path = "a-{loss}"}); }, {"{epoch} alone", "a-{loss}"});
  expect_error<ec::OptionError>([&] { convert({.path = "a-{epoch:02}"}); }, {"{epoch} alone"});
  expect_error<ec::OptionError>([&] { convert({.path = "a", .every = 0}); }, {"every must be at least 1, found 0"});
  expect_error<ec::OptionError>([&] { convert({.path = "a", .below = 3}); }, {"below (3) needs best_only"});

  const Folder folder;
  ScriptedTrainer trainer;
  expect_error<ec::FileError>(
      [&] { trainer.fit({convert({.path = folder.path / "none" / "a"})}, ScriptedTrainer::losses({1})); },
      {"ModelCheckpoint", "there is no folder", (folder.path / "none").string()});
  CHECK(trainer.updates() == 0);
}
