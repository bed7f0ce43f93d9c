// SPDX-License-Identifier: MIT
#include "eigencoder/data/time_series.hpp"

#include <clocale>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <zlib.h>

#include "eigencoder/data/csv.hpp"
#include "eigencoder/data/windows.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using namespace std::string_literals;
using Names = std::vector<std::string>;
using Lengths = std::vector<ec::Index>;

struct File : Folder {
  fs::path name = path / "series.ts";
  explicit File(const std::string& contents) { write_quickly(name, contents); }
};

ec::TimeSeriesSet<float> ts(const std::string& contents) { return ec::read_ts(File(contents).name); }
ec::TimeSeriesSet<float> ucr(const std::string& contents, const Names& classes = {}) {
  return ec::read_ucr(File(contents).name, classes);
}

using Parts = std::initializer_list<std::string_view>;
void expect_refused(const std::string& contents, Parts parts) {
  INFO(contents);
  const File file(contents);
  expect_error<ec::FileError>([&] { ec::read_ts(file.name); }, {file.name.string() + ": ", "expected ", ", found "});
  expect_error<ec::FileError>([&] { ec::read_ts(file.name); }, parts);
}
void expect_ucr_refused(const std::string& contents, Parts parts, const Names& classes = {}) {
  INFO(contents);
  const File file(contents);
  expect_error<ec::FileError>([&] { ec::read_ucr(file.name, classes); }, {file.name.string() + ": ", "expected ", ", found "});
  expect_error<ec::FileError>([&] { ec::read_ucr(file.name, classes); }, parts);
}

const std::string header = "@problemName p\n@timeStamps false\n@classLabel true a b\n@data\n";  // the samples begin in line 5

Eigen::MatrixXf matrix(ec::Index rows, ec::Index cols, std::initializer_list<float> by_column) {
  REQUIRE(std::ssize(by_column) == rows * cols);
  return Eigen::Map<const Eigen::MatrixXf>(by_column.begin(), rows, cols);
}

/// What tools/make_time_series.py --facts prints, of the packages themselves.
struct Facts {
  std::string name;
  ec::Index sequences, channels, longest, shortest, steps;
  double sum, weighted_sum, first, last;  // weighted by step and channel, each from 1 on
  std::vector<ec::Index> classes;         // sequences of each
};
const std::vector<Facts> facts_of_sets = {
    {"JapaneseVowels_TRAIN.ts",
     270,
     12,
     26,
     7,
     4274,
     -1057.452303,
     -198456.381783,
     1.860936,
     0.173642,
     {30, 30, 30, 30, 30, 30, 30, 30, 30}},
    {"JapaneseVowels_TEST.ts",
     370,
     12,
     29,
     7,
     5687,
     -2146.51343,
     -266624.100012,
     1.635533,
     0.224688,
     {31, 35, 88, 44, 29, 24, 40, 50, 29}},
    {"ItalyPowerDemand_TRAIN.ts",
     67,
     1,
     24,
     24,
     1608,
     -7.096000011318909e-07,
     6410.4748668917,
     -0.71051757,
     1.1719652,
     {34, 33}},
    {"ItalyPowerDemand_TEST.ts",
     1029,
     1,
     24,
     24,
     24696,
     2.784925758450808e-06,
     98483.44967591253,
     0.47297301,
     -0.0025421181,
     {513, 516}},
    {"ECGBeats_TRAIN.ts", 238, 1, 96, 96, 22848, 1748.6175, 52511.51, 0.0275, -0.065, {194, 25, 19}},
    {"ECGBeats_TEST.ts", 239, 1, 96, 96, 22944, 2187.225, 53509.39, -0.0175, -0.1775, {165, 63, 11}},
};

struct SeriesFacts {
  std::string name;
  ec::Index steps;
  double sum, first, last;
};
const std::vector<SeriesFacts> facts_of_series = {
    {"InternalBleeding16_TRAIN.csv", 1200, 84595.58121, 63.73215, 72.25418},
    {"InternalBleeding16_TEST.csv", 7501, 537905.84325, 63.73215, 70.52612},
    {"ecg.csv", 108000, -17831.745, -0.245, -0.385},
};

const fs::path folder = fs::path(EIGENCODER_DATA_DIR) / "time_series";

}  // namespace

TEST_CASE("The sets of the repository are what their packages hold", "[data]") {
  for (const Facts& facts : facts_of_sets) {
    INFO(facts.name);
    const auto set = ec::read_ts<double>(folder / (facts.name + ".gz"));
    REQUIRE(set.size() == facts.sequences);
    CHECK(set.channels == facts.channels);
    CHECK(set.steps == facts.longest);
    CHECK(set.shape() == ec::sequence(facts.longest, facts.channels));
    REQUIRE(set.samples.rows() == facts.longest * facts.channels);
    REQUIRE(std::ssize(set.lengths) == facts.sequences);
    CHECK(*std::ranges::min_element(set.lengths) == facts.shortest);
    CHECK(*std::ranges::max_element(set.lengths) == facts.longest);
    CHECK(std::accumulate(set.lengths.begin(), set.lengths.end(), ec::Index{0}) == facts.steps);

    double weighted = 0;
    ec::Index padding = 0;
    for (ec::Index j = 0; j < set.size(); ++j) {
      const auto steps = set.samples.col(j).reshaped(set.channels, set.steps);
      const ec::Index length = set.lengths[static_cast<std::size_t>(j)];
      for (ec::Index t = 0; t < set.steps; ++t)
        for (ec::Index c = 0; c < set.channels; ++c) weighted += steps(c, t) * static_cast<double>((t + 1) * (c + 1));
      padding += (steps.rightCols(set.steps - length).array() == 0).count();
    }
    const double scale = set.samples.cwiseAbs().sum();
    CHECK(std::abs(set.samples.sum() - facts.sum) < 1e-13 * scale);
    CHECK(std::abs(weighted - facts.weighted_sum) < 1e-11 * scale);
    CHECK(padding == (facts.longest * facts.sequences - facts.steps) * facts.channels);
    CHECK(set.samples(0, 0) == facts.first);
    CHECK(set.samples(facts.channels * set.lengths.back() - 1, set.size() - 1) == facts.last);

    REQUIRE(set.labels.size() == facts.sequences);
    REQUIRE(set.classes.size() == facts.classes.size());
    for (std::size_t i = 0; i < facts.classes.size(); ++i)
      CHECK((set.labels.array() == static_cast<int>(i)).count() == facts.classes[i]);

    const auto in_float = ec::read_ts(folder / (facts.name + ".gz"));
    CHECK(in_float.samples == set.samples.cast<float>());
    CHECK(in_float.lengths == set.lengths);
  }
  CHECK(ec::read_ts(folder / "ECGBeats_TEST.ts.gz").classes == Names{"normal", "extrasystole", "between"});
  CHECK(ec::read_ts(folder / "JapaneseVowels_TEST.ts.gz").classes == Names{"1", "2", "3", "4", "5", "6", "7", "8", "9"});
}

TEST_CASE("A long series is a table of a line a step, and has windows", "[data]") {
  for (const SeriesFacts& facts : facts_of_series) {
    INFO(facts.name);
    const bool ecg = facts.name == "ecg.csv";
    ec::CsvOptions options;
    if (!ecg) options = {.label = "is_anomaly", .columns = {"value"}};
    const auto series = ec::load_csv<double>(folder / (facts.name + ".gz"), options).samples;
    REQUIRE(series.rows() == 1);
    REQUIRE(series.cols() == facts.steps);
    CHECK(std::abs(series.sum() / facts.sum - 1) < 1e-12);
    CHECK(series(0, 0) == facts.first);
    CHECK(series(0, series.cols() - 1) == facts.last);
    const auto x = ec::windows(series, {.length = 128, .stride = 4});
    CHECK(x.cols() == (facts.steps - 128) / 4 + 1);
    CHECK(x(5, 7) == series(0, 33));
  }
  const auto labels =
      ec::load_csv(folder / "InternalBleeding16_TEST.csv.gz", {.label = "is_anomaly", .columns = {"value"}}).labels;
  CHECK(labels.sum() == 12);
}

TEST_CASE("A beat of the ECG stands where ecg_beats.csv says", "[data]") {
  const auto beats = ec::load_csv<double>(folder / "ecg_beats.csv.gz", {.label = "class"});
  const auto ecg = ec::load_csv<double>(folder / "ecg.csv.gz").samples;
  const auto train = ec::read_ts<double>(folder / "ECGBeats_TRAIN.ts.gz"),
             test = ec::read_ts<double>(folder / "ECGBeats_TEST.ts.gz");
  REQUIRE(beats.class_names == Names{"normal", "between", "disturbed", "extrasystole"});
  ec::Index beat = 0;
  for (ec::Index i = 0; i < beats.size(); ++i) {
    const std::string& name = beats.class_names[static_cast<std::size_t>(beats.labels[i])];
    if (name == "disturbed") continue;
    const auto& set = beat < train.size() ? train : test;
    const ec::Index j = beat < train.size() ? beat : beat - train.size();
    REQUIRE(j < set.size());
    CHECK(set.classes[static_cast<std::size_t>(set.labels[j])] == name);
    // The window is the series, two steps in one, less a baseline that is nearly constant: their differences agree within its
    // changes.
    const ec::Index begin = static_cast<ec::Index>(beats.samples(0, i)) - 64;
    const Eigen::VectorXd window = ecg.middleCols(begin, 192).reshaped(2, 96).colwise().mean().transpose();
    const Eigen::VectorXd baseline = window - set.samples.col(j);
    CHECK(baseline.maxCoeff() - baseline.minCoeff() <= 120 / 200.0 + 1e-9);  // WANDERING of the script, in millivolt
    ++beat;
  }
  CHECK(beat == train.size() + test.size());
}

TEST_CASE("A .ts file has channels between colons and the class last", "[data]") {
  const auto set =
      ts("# a \"comment\"\n% another\n\n@problemName Two words\n@TIMESTAMPS False\n@missing false\n@univariate false\n"
         "@dimensions 2\n@equalLength false\n@classLabel true a b c\n@DATA\n"
         "1,2,3:4,5,6:b\n7:8:a\n# a comment\n\n -1 , 2e0 : +3,-4.5e-1 : b \n");
  CHECK(set.channels == 2);
  CHECK(set.steps == 3);
  CHECK(set.samples == matrix(6, 3, {1, 4, 2, 5, 3, 6, 7, 8, 0, 0, 0, 0, -1, 3, 2, -0.45F, 0, 0}));
  CHECK(set.lengths == Lengths{3, 1, 2});
  CHECK(set.labels == Eigen::Vector3i(1, 0, 1));
  CHECK(set.classes == Names{"a", "b", "c"});
}

TEST_CASE("Sequences are brought to the steps of a network", "[data]") {
  auto set = ts(header + "1,2:3,4:a\n5:6:b\n");
  set.pad(2);
  CHECK(set.samples == matrix(4, 2, {1, 3, 2, 4, 5, 6, 0, 0}));
  set.pad(3);
  CHECK(set.samples == matrix(6, 2, {1, 3, 2, 4, 0, 0, 5, 6, 0, 0, 0, 0}));
  CHECK(set.shape() == ec::sequence(3, 2));
  CHECK(set.lengths == Lengths{2, 1});
  expect_error<ec::OptionError>([&] { set.pad(2); }, {"expected 3 steps or more", "found 2"});
}

TEST_CASE("A .ts file is read with every ending of lines and without labels", "[data]") {
  const Eigen::MatrixXf expected = matrix(2, 2, {1, 2, 3, 4});
  CHECK(ts(header + "1,2:a\n3,4:b\n").samples == expected);
  CHECK(ts(header + "1,2:a\n3,4:b").samples == expected);
  CHECK(ts(header + "1,2:a\n3,4:b\n\n\n").samples == expected);
  const auto windows_lines = ts("\xef\xbb\xbf@classLabel true a b\r\n\r\n@data\r\n1,2:a\r\n3,4:b\r\n");
  CHECK(windows_lines.samples == expected);
  CHECK(windows_lines.classes == Names{"a", "b"});
  CHECK(windows_lines.labels == Eigen::Vector2i(0, 1));
  CHECK(ts(header + "1:2:b").samples == matrix(2, 1, {1, 2}));  // two channels, one step
  for (const char* const without : {"@classLabel false\n@data\n1,2\n3,4\n", "@data\n1,2\n3,4\n"}) {
    const auto set = ts(without);
    CHECK(set.samples == expected);
    CHECK(set.labels.size() == 0);
    CHECK(set.classes.empty());
  }
}

TEST_CASE("Numbers of time series do not depend on the locale", "[data]") {
  const char* const old = std::setlocale(LC_NUMERIC, nullptr);
  const std::string saved = old ? old : "C";
  if (!std::setlocale(LC_NUMERIC, "de_DE.UTF-8")) std::setlocale(LC_NUMERIC, "");
  CHECK(ts(header + "0.5,1.5:a\n").samples == matrix(2, 1, {0.5F, 1.5F}));
  CHECK(ucr("1 0.5 1.5\n").samples == matrix(2, 1, {0.5F, 1.5F}));
  std::setlocale(LC_NUMERIC, saved.c_str());
}

TEST_CASE("A .ts file whose header is wrong is refused", "[data]") {
  expect_refused("", {"expected a header with @data, found an empty file"});
  expect_refused("@problemName p\n", {"line 2: expected @data, found the end of the file"});
  expect_refused("@problemName p", {"line 1: expected @data, found the end of the file"});
  expect_refused("@problemName p\n1,2,3:a\n", {"line 2: expected @data before the sequences", "found \"1,2,3:a\""});
  expect_refused("@data\n", {"expected at least one sequence, found none"});
  expect_refused("@data\n# nothing\n\n", {"expected at least one sequence, found none"});
  expect_refused("@classLabels true 1 2\n@data\n", {"line 1: expected @problemName", "found \"@classLabels\""});
  expect_refused("@classLabel maybe\n", {"line 1: expected true or false after @classLabel, found \"maybe\""});
  expect_refused("@equalLength\n", {"line 1: expected true or false after @equalLength, found \"\""});
  expect_refused("@classLabel true\n@data\n1:a\n", {"line 1: expected the names of the classes", "found nothing"});
  expect_refused("@classLabel true a b a\n", {"line 1: expected each class once", "found \"a\" again"});
  for (const char* const count : {"0", "-1", "1.5", "x", "inf", "1e300", ""}) {
    expect_refused("@dimensions "s + count + "\n",
                   {"line 1: expected a whole number from 1 on after @dimensions", "found \""s + count});
    expect_refused("@seriesLength "s + count + "\n", {"line 1: expected a whole number from 1 on after @seriesLength"});
  }
  expect_refused("@univariate true\n@dimensions 2\n@data\n",
                 {"line 3: expected one dimension, as @univariate says, found @dimensions 2"});
  expect_refused("@timestamps true\n@data\n", {"line 1: expected values alone, found @timeStamps true"});
  expect_refused("@targetlabel true\n@data\n", {"line 1: expected classes, found @targetLabel true"});
}

TEST_CASE("Sequences that contradict the header or each other are refused", "[data]") {
  expect_refused("@univariate true\n@data\n1,2:3,4\n", {"line 3: expected 1 dimensions, as the header says, found 2"});
  expect_refused("@dimensions 3\n@data\n1,2:3,4\n", {"line 3: expected 3 dimensions, as the header says, found 2"});
  expect_refused("@data\n1,2:3,4\n1\n", {"line 3: expected 2 dimensions, as the sequences above have, found 1"});
  expect_refused("@data\n1,2:3,4,5\n", {"line 2: expected 2 values in dimension 2, as dimension 1 has, found 3"});
  expect_refused("@data\n1,2:3:4,5\n", {"line 2: expected 2 values in dimension 2, as dimension 1 has, found 1"});
  expect_refused("@equalLength true\n@data\n1,2\n1,2,3\n",
                 {"line 4: expected 2 values in each dimension, as @equalLength is true, found 3"});
  expect_refused("@equalLength true\n@seriesLength 3\n@data\n1,2\n", {"line 4: expected 3 values", "found 2"});
  expect_refused(header + "1,2:a\n3,4:c\n",
                 {"line 6, column 3: expected one of the classes of @classLabel, \"a\", \"b\", found \"c\""});
  expect_refused(header + "1,2:\n", {"line 5, column 3: expected one of the classes", "found nothing"});
  expect_refused(header + "1,2\n", {"line 5: expected a class behind the last ':', found none"});
  expect_refused(header + "1,2:3,4\n", {"line 5: expected a class behind the last ':', found none"});
  // What the header declares costs nothing, and padding is bounded by what there is.
  expect_refused("@dimensions 1000000000000\n@seriesLength 1000000000000\n@equalLength true\n@data\n1,2\n",
                 {"line 5: expected 1000000000000 dimensions", "found 1"});
  std::string uneven = "@data\n0";
  for (int i = 0; i < 5000; ++i) uneven += ",0";
  for (int i = 0; i < 5000; ++i) uneven += "\n1";
  expect_refused(uneven,
                 {"expected sequences of similar length, found 5001 with 10001 values in all, which take 5001 values each"});
}

TEST_CASE("Text where a number belongs is refused with line and column", "[data]") {
  expect_refused(header + "1,2:3,x:a\n", {"line 5, column 4: expected a number, found \"x\" in dimension 2, step 2"});
  expect_refused(header + "1,2:3,4:a\n1,,2:3,4,5:a\n",
                 {"line 6, column 2: expected a number, found nothing in dimension 1, step 2"});
  expect_refused(header + "1,?:a\n", {"line 5, column 2: expected a number, found \"?\"", "a missing value; fill it in"});
  for (const char* const text : {"nan", "NaN", "inf", "-inf", "Infinity", "1e999", "0x10", "1.5.2", "--1", "1 2"})
    expect_refused(header + "1,"s + text + ",3:a\n", {"line 5, column 2: expected a number, found \""s + text});
  expect_refused(header + "1,2"s + '\0' + "3:a\n", {"line 5, column 2: expected a number"});
  expect_refused(header + "1," + std::string(3 << 20, '1'),
                 {"line 5: expected at most 1 MiB from one separator to the next, found more"});
}

TEST_CASE("A UCR file has a label and values in each line", "[data]") {
  const Eigen::MatrixXf expected = matrix(3, 2, {1.5F, -2, 3, 4, 5, 0.25F});
  for (const char* const text :
       {"2\t1.5\t-2\t3\n-1\t4\t5\t0.25\n", "2,1.5,-2,3\n-1,4,5,0.25\n", "2 1.5 -2 3\n-1 4 5 0.25",
        "  2.0000000e+00   1.5000000e+00  -2.0000000e+00   3.0\r\n -1.0000000e+00  4  5  2.5e-1 \r\n\r\n",
        "2, 1.5, -2 , 3\n\n-1, 4, 5, 0.25\n"}) {
    INFO(text);
    const auto set = ucr(text);
    CHECK(set.samples == expected);
    CHECK(set.channels == 1);
    CHECK(set.steps == 3);
    CHECK(set.lengths == Lengths{3, 3});
    CHECK(set.labels == Eigen::Vector2i(1, 0));
  }
  CHECK(ucr("2\t1\n-1\t2\n").classes == Names{"-1", "2"});
  CHECK(ucr("10\t1\n9\t1\n2\t1\n9\t1\n").classes == Names{"2", "9", "10"});  // by value, not as text
  CHECK(ucr("10\t1\n9\t1\n2\t1\n9\t1\n").labels == Eigen::Vector4i(2, 1, 0, 1));
  CHECK(ucr("dog\t1\ncat\t1\n10\t1\n").classes == Names{"10", "cat", "dog"});
  CHECK(ucr("dog\t1\ncat\t1\n10\t1\n").labels == Eigen::Vector3i(2, 1, 0));
}

TEST_CASE("NaN at the end of a line of a UCR file is padding", "[data]") {
  const auto set = ucr("1\t1\t2\tNaN\n1\t3\tnan\tNaN\n2\t4\t5\t6\n");
  CHECK(set.samples == matrix(3, 3, {1, 2, 0, 3, 0, 0, 4, 5, 6}));
  CHECK(set.lengths == Lengths{2, 1, 3});
  CHECK(ucr("1\t1\tNaN\n1\t3\tNaN\n").steps == 1);  // the longest sequence, not the width of the table
  expect_ucr_refused("1\t1\tNaN\t3\n", {"line 1, column 3: expected a number, found NaN before more numbers, a missing value"});
  expect_ucr_refused("1\t1\n1\tNaN\n", {"line 2: expected a value or more behind the label, found none"});
}

TEST_CASE("A test set takes the classes of its training set", "[data]") {
  const auto train = ucr("3\t1\n7\t1\n5\t1\n");
  const auto test = ucr("7\t1\n3\t1\n", train.classes);
  CHECK(test.labels == Eigen::Vector2i(2, 0));
  CHECK(test.classes == train.classes);
  expect_ucr_refused("7\t1\n4\t1\n", {"line 2, column 1: expected one of the classes \"3\", \"5\", \"7\", found \"4\""},
                     train.classes);
}

TEST_CASE("A UCR file that is wrong is refused", "[data]") {
  expect_ucr_refused("", {"found an empty file"});
  expect_ucr_refused("\n\n", {"line 3: expected at least one sequence, found none"});
  expect_ucr_refused("1\n", {"line 1: expected a value or more behind the label, found none"});
  expect_ucr_refused("1\t2\t3\n1\t2\n", {"line 2: expected 3 columns, as the lines above have, found 2"});
  expect_ucr_refused("1\t2\n1\t2\t3\n", {"line 2: expected 2 columns", "found 3"});
  expect_ucr_refused("1\t2\tx\n", {"line 1, column 3: expected a number, found \"x\""});
  expect_ucr_refused("1\t2\t\t3\n", {"line 1, column 3: expected a number, found nothing"});
  expect_ucr_refused("1\t2\t\n", {"line 1, column 3: expected a number, found nothing"});
  expect_ucr_refused("\t2\n", {"line 1, column 1: expected a label, found nothing"});
  for (const char* const text : {"inf", "-inf", "1e999", "-nan(ind)", "0x1", "?"})
    expect_ucr_refused("1,2\n1,"s + text + "\n", {"line 2, column 2: expected a number, found \""s + text});
}

TEST_CASE("Files of time series that are missing, damaged or long are read as they should be", "[data]") {
  const Folder fresh;
  expect_error<ec::FileError>([&] { ec::read_ts(fresh.path / "none.ts"); }, {"none.ts", "cannot be opened"});
  expect_error<ec::FileError>([&] { ec::read_ucr(fresh.path); }, {"expected a file, found a folder"});

  // Longer than any buffer: 3 MB in lines of every length around the size of a piece.
  std::string text = "@equalLength false\n@classLabel true a b\n@data\n";
  double sum = 0;
  ec::Index steps = 0;
  for (int i = 0; i < 300; ++i) {
    for (int t = 0; t < 900 + i; ++t, ++steps) {
      text += (t > 0 ? "," : "") + std::to_string(i * t % 1013) + ".25";
      sum += i * t % 1013 + 0.25;
    }
    text += i % 3 ? ":a\n" : ":b\n";
  }
  const fs::path path = fresh.path / "long.ts.gz";
  const gzFile gz = gzopen(path.c_str(), "wb1");
  REQUIRE(gzwrite(gz, text.data(), static_cast<unsigned>(text.size())) == std::ssize(text));
  REQUIRE(gzclose(gz) == Z_OK);
  const auto set = ec::read_ts<double>(path);
  CHECK(set.samples.sum() == sum);
  CHECK(std::accumulate(set.lengths.begin(), set.lengths.end(), ec::Index{0}) == steps);
  CHECK((set.labels.array() == 1).count() == 100);
  CHECK(ts(text).samples == set.samples.cast<float>());
  fs::resize_file(path, fs::file_size(path) / 2);
  expect_error<ec::FileError>([&] { ec::read_ts(path); }, {path.string(), "gzip", "stop"});
}
