// SPDX-License-Identifier: MIT
#include "eigencoder/data/csv.hpp"

#include <clocale>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <zlib.h>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
namespace fs = std::filesystem;

namespace {

using namespace std::string_literals;
using Names = std::vector<std::string>;

struct File : Folder {
  fs::path name = path / "table.csv";
  explicit File(const std::string& contents) { write_quickly(name, contents); }
};

ec::Dataset<float> load(const std::string& contents, const ec::CsvOptions& options = {}) {
  return ec::load_csv(File(contents).name, options);
}

void expect_refused(const std::string& contents, std::initializer_list<std::string_view> parts,
                    const ec::CsvOptions& options = {}) {
  INFO(contents);
  const File file(contents);
  expect_error<ec::FileError>([&] { ec::load_csv(file.name, options); },
                              {file.name.string() + ": line ", ": expected ", ", found "});
  expect_error<ec::FileError>([&] { ec::load_csv(file.name, options); }, parts);
}

const Eigen::MatrixXf three_by_two = (Eigen::MatrixXf(3, 2) << 1, 4, 2, 5, 3, 6).finished();

}  // namespace

TEST_CASE("A CSV file has a sample a line", "[data]") {
  CHECK(load("1,2,3\n4,5,6\n").samples == three_by_two);
  CHECK(load("1,2,3\n4,5,6").samples == three_by_two);
  CHECK(load("1,2,3\r\n4,5,6\r\n").samples == three_by_two);
  CHECK(load("\xef\xbb\xbf"
             "1,2,3\n4,5,6\n\n\r\n\n")
            .samples == three_by_two);
  CHECK(load("\"1\",\"2\",3\r\n4,\"5\",\"6\"\r\n").samples == three_by_two);
  CHECK(load(" 1,\t2 , 3\n+4,5.0,60e-1\n").samples == three_by_two);
  CHECK(load("1;2;3\n4;5;6\n", {.delimiter = ';'}).samples == three_by_two);
  CHECK(load("1\t2\t3\n4\t5\t6\n", {.delimiter = '\t'}).samples == three_by_two);
  CHECK(load("7\n8\n").samples == Eigen::RowVector2f(7, 8));
  const auto set = load("1,2,3\n4,5,6\n");
  CHECK(set.shape == ec::features(3));
  CHECK(set.labels.size() == 0);
  CHECK(set.feature_names.empty());
}

TEST_CASE("Numbers of a CSV file are those that their digits say", "[data]") {
  const auto set = ec::load_csv<double>(File("0.1,-1e300,1e-400,123456789012345678\n-0,.5,5.,9007199254740993\n").name);
  CHECK(set.samples.col(0) == Eigen::Vector4d(0.1, -1e300, 0, 123456789012345678.0));
  CHECK(set.samples.col(1) == Eigen::Vector4d(0, 0.5, 5, 9007199254740992.0));
  CHECK(load("1e-50,16777217,0.1\n").samples == Eigen::Vector3f(0, 16777216.0F, 0.1F));
  CHECK(ec::load_csv<std::uint8_t>(File("0,255,7.0\n").name).samples.cast<int>() == Eigen::Vector3i(0, 255, 7));
  CHECK(load("1,5;-2,25\n1.5;2\n"s.substr(0, 10), {.delimiter = ';', .decimal = ','}).samples == Eigen::Vector2f(1.5F, -2.25F));

  // A program whose locale has a decimal comma reads the same.
  const char* const german = std::setlocale(LC_NUMERIC, "de_DE.UTF-8");
  CHECK(load("0.5\n").samples(0, 0) == 0.5F);
  if (german) std::setlocale(LC_NUMERIC, "C");
}

TEST_CASE("The first line names the columns if none of it is a number, or if options say so", "[data]") {
  const auto set = load("a,b,c\n1,2,3\n4,5,6\n");
  CHECK(set.samples == three_by_two);
  CHECK(set.feature_names == Names{"a", "b", "c"});
  CHECK(set.first(1).feature_names == set.feature_names);
  expect_refused("0,1,2\n7,8,9\n", {"found 0, 1, 2", "set the option header"});
  CHECK(load("0,1,2\n7,8,9\n", {.header = ec::CsvHeader::absent}).size() == 2);
  CHECK(load("10,20,30\n1,2,3\n4,5,6\n", {.header = ec::CsvHeader::present}).feature_names == Names{"10", "20", "30"});
  CHECK(load("10,20\n1,2\n", {.columns = {"20"}}).samples == Eigen::Matrix<float, 1, 1>(2));
  CHECK(load("\"the \"\"first\"\", with\na line\",b\n1,2\n").feature_names == Names{"the \"first\", with\na line", "b"});
  expect_refused("a,2\n1,2\n", {"line 1, column 1: expected a number, found \"a\"", "set header"});
  expect_refused("a,b\n1,2\n", {"line 1, column 1: expected a number, found \"a\""}, {.header = ec::CsvHeader::absent});
  expect_refused("a,b\n", {"line 1: expected at least one sample, found none"});
}

TEST_CASE("Columns are chosen by name or place, in the order of the option", "[data]") {
  const std::string table = "a,b,c\n1,2,3\n4,5,6\n";
  const auto set = load(table, {.columns = {"c", "a"}});
  CHECK(set.samples == (Eigen::MatrixXf(2, 2) << 3, 6, 1, 4).finished());
  CHECK(set.feature_names == Names{"c", "a"});
  CHECK(load(table, {.columns = {-1, 0}}).samples == set.samples);
  CHECK(load("1,x,3\n", {.columns = {0, 2}}).samples == Eigen::Vector2f(1, 3));  // what is not asked for may be anything
  expect_refused(table, {"line 1: expected a column \"d\" (option columns), found \"a\", \"b\", \"c\""}, {.columns = {"d"}});
  expect_refused(table, {"the columns -3 to 2 of the option columns, found 3"}, {.columns = {3}});
  expect_refused(table, {"the columns -3 to 2 of the option label, found -4"}, {.label = -4});
  expect_refused(table, {"each column once", "found column 2 again"}, {.columns = {"b", 1}});
  expect_refused(table, {"each column once", "found column 2 again"}, {.label = "b", .columns = {"a", "b"}});
  expect_refused("a,a\n1,2\n", {"one column \"a\" (option columns), found two; give its place"}, {.columns = {"a"}});
  expect_refused("1\n2\n", {"a column besides the label, found 1 in all", "delimiter"}, {.label = 0});
}

TEST_CASE("Labels are integers, or names in the order in which they come", "[data]") {
  const auto numbers = load("x,y,class\n1,2,7\n3,4,-1\n5,6,3.0\n", {.label = "class"});
  CHECK(numbers.labels == Eigen::Vector3i(7, -1, 3));
  CHECK(numbers.class_names.empty());
  CHECK(numbers.feature_names == Names{"x", "y"});
  CHECK(numbers.samples == (Eigen::MatrixXf(2, 3) << 1, 3, 5, 2, 4, 6).finished());

  const auto names = load("5.1,setosa\n5.0,virginica\n4.9,setosa\n4.8, 7\n", {.label = -1});
  CHECK(names.labels == Eigen::Vector4i(0, 1, 0, 2));
  CHECK(names.class_names == Names{"setosa", "virginica", "7"});
  CHECK(names.first(2).class_names == names.class_names);
  CHECK(load("1,2,3\n0,5,6\n", {.label = 0}).labels == Eigen::Vector2i(1, 0));

  expect_refused("1,2\n1,cat\n", {"line 2, column 2: expected a whole number, as the labels above are, found \"cat\""},
                 {.label = 1});
  expect_refused("1,2\n1,2.5\n", {"line 2, column 2: expected a whole number", "\"2.5\""}, {.label = 1});
  expect_refused("1,2.5\n", {"line 1, column 2: expected a class", "found \"2.5\""}, {.label = 1});
  expect_refused("a,b\n1,\n", {"line 2, column 2 (\"b\"): expected a label, found nothing"}, {.label = "b"});
  expect_refused("1,99999999999\n", {"expected a class", "99999999999"}, {.label = 1});
}

TEST_CASE("A missing value is refused with its place, or becomes a NaN", "[data]") {
  expect_refused("a,b\n1,2\n3,\n", {"line 3, column 2 (\"b\"): expected a number, found nothing", "CsvMissing::nan"});
  for (const std::string text : {"", " ", "NA", "N/A", "NaN", "nan", "null", "NULL", "?", "\"\""}) {
    INFO(text);
    const auto set = load("1,2\n" + text + ",4\n", {.missing = ec::CsvMissing::nan});
    CHECK(std::isnan(set.samples(0, 1)));
    CHECK(set.samples(1, 1) == 4);
  }
  CHECK(std::isnan(load("1,-999\n"s + "1,none\n", {.missing = ec::CsvMissing::nan, .missing_texts = {"none"}}).samples(1, 1)));
  expect_refused("1,2\nNA,2\n", {"line 2, column 1", "\"NA\""}, {.missing = ec::CsvMissing::nan, .missing_texts = {}});
}

TEST_CASE("What is no number is refused with line, column and text", "[data]") {
  expect_refused("a,b\n1,2\n3,4x\n", {"line 3, column 2 (\"b\"): expected a number, found \"4x\""});
  for (const std::string text : {"0x10", "1 2", "1,5", "inf", "-Infinity", "1e999", "--1", "+-1", "1.2.3", "e5", "１"}) {
    INFO(text);
    expect_refused("1\n\"" + text + "\"\n", {"line 2, column 1: expected a number, found \"" + text + '"'});
  }
  expect_refused("1e39\n", {"found \"1e39\""});  // a float does not hold it
  expect_refused("1.5;2\n", {"line 1, column 1: expected a number, found \"1.5\""}, {.delimiter = ';', .decimal = ','});
  expect_refused("\n1,2\n", {"line 1: expected columns, found an empty line"});
  expect_refused("", {"line 1: expected columns, found an empty file"});
  expect_refused("1\n" + std::string(1000, 'x'), {"found \"" + std::string(40, 'x') + "…\""});
  expect_refused("1\n\x1b[2J\n", {"found \"?[2J\""});
  const File file("7\n256\n");
  expect_error<ec::FileError>([&] { ec::load_csv<std::uint8_t>(file.name); },
                              {"line 2, column 1: expected a number from 0 to 255, found \"256\""});
}

TEST_CASE("Lines must be equally long", "[data]") {
  expect_refused("1,2,3\n4,5\n", {"line 2: expected 3 columns, as line 1 has, found 2"});
  expect_refused("1,2,3\n4,5,6,7,8\n", {"line 2: expected 3 columns, as line 1 has, found 5"});
  expect_refused("1,2,3\n4,5,6,\n", {"line 2: expected 3 columns", "found 4"});
  expect_refused("1,2\n\n3,4\n", {"line 2: expected 2 columns, found an empty line"});
  expect_refused("a,b\n\"1\n\",2\nx,4\n", {"line 2, column 1 (\"a\"): expected a number, found \"1?\""});
  expect_refused("\"a\nb\",c\n1,2\n3\n",
                 {"line 4: expected 2 columns, as line 1 has, found 1"});  // lines of the file, not records
}

TEST_CASE("Quotes that do not fit are refused", "[data]") {
  expect_refused("1,2\n3,4\"5\n", {"line 2, column 2: expected a field without quotes, or in quotes as a whole"});
  expect_refused("1,2\n3,\"4\"5\n", {"line 2, column 2: expected the field to end after its closing quote"});
  expect_refused("1,2\n3,\"45\n6,7\n", {"line 2, column 2: expected the closing quote of a field, found the end of the file"});
  expect_refused("1,2\n3,\"4\"\r5\n", {"line 2, column 2: expected the field to end after its closing quote"});
  expect_refused("1,\"" + std::string(3 << 20, '\n'), {"line 1, column 2: expected a field of at most 1 MiB, found more"});
  const File wide(
      "\xff\xfe"
      "1\0,\0"s);
  expect_error<ec::FileError>([&] { ec::load_csv(wide.name); }, {"expected UTF-8, found UTF-16"});
}

TEST_CASE("Options that contradict each other are refused", "[data]") {
  const File file("1,2\n");
  const auto refused = [&](const ec::CsvOptions& options, std::initializer_list<std::string_view> parts) {
    expect_error<ec::OptionError>([&] { ec::load_csv(file.name, options); }, parts);
  };
  for (const char delimiter : {'"', '\n', '\r', '.', '-', '7', 'e', '\0'}) refused({.delimiter = delimiter}, {"a delimiter"});
  refused({.decimal = ';'}, {"'.' or ','"});
  refused({.decimal = ','}, {"other than the decimal"});
  refused({.header = ec::CsvHeader::absent, .label = "a"}, {"by their places"});
  expect_error<ec::OptionError>([&] { ec::load_csv<std::uint8_t>(file.name, {.missing = ec::CsvMissing::nan}); },
                                {"float or double"});
}

TEST_CASE("A table longer than any buffer is read whole, plain or gzip", "[data]") {
  std::string table = "name,value,other\n";
  for (int i = 0; i < 120'000; ++i)
    table += "\"class \"\"" + std::to_string(i % 7) + "\"\"\"," + std::to_string(i) + (i % 2 ? ",0.5\r\n" : ",\"0.25\"\r\n");
  const Folder folder;
  const fs::path path = folder.path / "table.csv.gz";
  const gzFile gz = gzopen(path.c_str(), "wb1");
  REQUIRE(gzwrite(gz, table.data(), static_cast<unsigned>(table.size())) == std::ssize(table));
  REQUIRE(gzclose(gz) == Z_OK);
  const File plain(table);
  for (const fs::path& name : {plain.name, path}) {
    const auto set = ec::load_csv(name, {.label = "name"});
    REQUIRE(set.size() == 120'000);
    CHECK(set.class_names ==
          Names{"class \"0\"", "class \"1\"", "class \"2\"", "class \"3\"", "class \"4\"", "class \"5\"", "class \"6\""});
    ec::Index right = 0;
    for (ec::Index i = 0; i < set.size(); ++i)
      right +=
          set.labels[i] == i % 7 && set.samples(0, i) == static_cast<float>(i) && set.samples(1, i) == (i % 2 ? 0.5F : 0.25F);
    CHECK(right == 120'000);
  }
  fs::resize_file(path, fs::file_size(path) / 2);
  expect_error<ec::FileError>([&] { ec::load_csv(path, {.label = "name"}); }, {path.string(), "gzip", "stop"});
}
