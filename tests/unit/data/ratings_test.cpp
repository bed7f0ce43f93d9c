// SPDX-License-Identifier: MIT
#include "eigencoder/data/ratings.hpp"

#include <string>
#include <vector>

#include "eigencoder/data/sparse_samples.hpp"
#include "eigencoder/files/atomic_file.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/throws.hpp"

namespace ec = eigencoder;
using ec::Index;
using Strings = std::vector<std::string>;

namespace {

struct File : Folder {
  std::filesystem::path name = path / "ratings";
  explicit File(const std::string& contents) { write_quickly(name, contents); }
};

ec::RatingSet read(const std::string& contents) { return ec::read_ratings(File(contents).name); }

void expect_refused(const std::string& contents, std::initializer_list<std::string_view> parts,
                    const ec::RatingOptions& options = {}) {
  INFO(contents);
  const File file(contents);
  expect_error<ec::FileError>([&] { ec::read_ratings(file.name, options); },
                              {file.name.string() + ": ", "expected ", "found "});
  expect_error<ec::FileError>([&] { ec::read_ratings(file.name, options); }, parts);
}

const std::vector<ec::Rating> three{{0, 0, 3}, {1, 1, 4.5F}, {0, 1, 1}};

}  // namespace

TEST_CASE("Ratings are read from u.data, ratings.csv and .inter", "[data]") {
  for (const std::string text :
       {"196\t242\t3\t881250949\n186\t302\t4.5\t891717742\n196\t302\t1\t0\n",                              // u.data
        "userId,movieId,rating,timestamp\r\n196,242,3.0,881250949\r\n186,302,4.5,0\r\n\r\n196,302,1.0,0",  // ratings.csv
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t1\n186\t302\t4."
        "5\t1\n196\t302\t1\t1\n",  // .inter
        "rating:float\ttimestamp:float\titem_id:token\tuser_id:token\n3\t1\t242\t196\n4."
        "5\t1\t302\t186\n1\t1\t302\t196\n",
        "196\t242\t3\n186\t302\t4.5\n196\t302\t1",
        "\"user\",\"item\",\"rating\"\n\"196\",\"242\",\"3\"\n\"186\",\"302\",4.5\n196,302,1\n",
        "196,242,3\n186,302,4.5\n196,302,1\n"}) {
    INFO(text);
    const ec::RatingSet set = read(text);
    CHECK(set.ratings == three);
    CHECK(set.users.names() == Strings{"196", "186"});
    CHECK(set.items.names() == Strings{"242", "302"});
    CHECK(set.users.find("186") == Index{1});
    CHECK(!set.users.find("242"));
  }
  CHECK(read("user1\titem1\t4\n").users[0] == "user1");  // not a header
  CHECK(read("\n\nuser,item,rating\na,b,4\n").items[0] == "b");
  const File least("0.7\t1\t0.7\n");
  CHECK(ec::read_ratings(least.name, {.low = 0.7, .high = 1}).ratings.size() == 1);
  CHECK(read("user,item,rating\nDoña Ana, the film ,5\n").items[0] == "the film");
}

TEST_CASE("What is no table of ratings is refused, with its line", "[data]") {
  const std::string header = "userId,movieId,rating\n";
  expect_refused("", {"expected ratings, found an empty file"});
  expect_refused(header, {"expected ratings behind the header, found none"});
  expect_refused(header + "1,2,3\n,2,3\n", {"line 3, column 1: expected a user, found nothing"});
  expect_refused(header + "1,2,3\n1, ,3\n", {"line 3, column 2: expected an item, found nothing"});
  expect_refused(header + "1,2,\n", {"line 2, column 3: expected a rating, found nothing"});
  expect_refused(header + "1,2,three\n", {"line 2, column 3: expected a rating, found \"three\""});
  expect_refused(header + "1,2,nan\n", {"line 2, column 3: expected a rating, found \"nan\""});
  expect_refused(header + "1,2,5.5\n", {"line 2, column 3: expected a rating from 0.5 to 5, found 5.5"});
  expect_refused(header + "1,2,0\n", {"line 2, column 3: expected a rating from 0.5 to 5, found 0"});
  expect_refused(header + "1,2,3\n2,2\n", {"line 3: expected a rating in column 3, found only 2 columns"});
  expect_refused(
      header + "1,2,3\n1,3,3\n2,2,4\n1,3,3\n1,2,5\n",
      {"line 5: expected one rating of a user and an item, found another of user \"1\" and item \"3\", as in line 3"});
  expect_refused("1\t2\t3\n1\t2\t3\n", {"line 2: ", "as in line 1"});
  expect_refused("1\t2\tgood\n",
                 {"line 1, column 3: expected a rating, or a header that names user, item and rating, found \"good\""});
  expect_refused(
      "user,movie,stars\n",
      {"line 1: expected a header with a column of ratings, such as \"rating\", found \"user\", \"movie\", \"stars\""});
  expect_refused("a text\nof two lines\n", {"line 1: expected an item in column 2, found only 1 column"});
  expect_refused("1\t2\t4\n", {"from 1 to 3, found 4"}, {.low = 1, .high = 3});
}

TEST_CASE("A folder of ratings is known by the names in it, and has titles", "[data]") {
  const std::string ratings = "userId,movieId,rating\n1,20,3\n1,10,4\n";
  const auto check = [&](const std::string& file, const std::string& text, const std::string& titles_file,
                         const std::string& titles_text, const Strings& titles) {
    const Folder folder;
    ec::write_file(folder.path / file, text);
    ec::write_file(folder.path / titles_file, titles_text);
    const ec::RatingSet set = ec::load_ratings(folder.path);
    CHECK(set.ratings.size() == 2);
    CHECK(set.titles == titles);
  };
  check("ratings.csv", ratings, "movies.csv", "movieId,title,genres\n10,\"First, The\",x\n30,Unknown,y\n", {"", "First, The"});
  check("u.data", "1\t20\t3\t0\n1\t10\t4\t0\n", "u.item", "10|Mis\xe9rables|1995\n20|Second\n",
        {"Second", "Mis\xc3\xa9rables"});
  check("some.inter", "user_id:token\titem_id:token\trating:float\n1\t20\t3\n1\t10\t4\n", "some.item",
        "item_id:token\tmovie_title:token_seq\n20\tS\n10\tF\n", {"S", "F"});

  check("u.data", "1\t20\t3\t0\n1\t10\t4\t0\n", "u.item", "10|First|1995\n20|Second\n\n", {"Second", "First"});

  ec::RatingSet kept = read("1\t20\t3\n");
  kept.titles = {"kept"};
  const Folder of_titles;
  ec::write_file(of_titles.path / "u.item", "20|Other|1995\nbroken\n");
  expect_error<ec::FileError>([&] { ec::read_titles(of_titles.path / "u.item", kept); }, {"line 2"});
  CHECK(kept.titles == Strings{"kept"});

  const Folder folder;
  expect_error<ec::FileError>([&] { ec::load_ratings(folder.path); }, {"u.data, ratings.csv or a .inter, found none of them"});
  expect_error<ec::FileError>([&] { ec::load_ratings(folder.path / "none"); }, {"found nothing"});
  ec::write_file(folder.path / "ratings.csv", ratings);
  ec::write_file(folder.path / "u.data", "1\t2\t3\n");
  expect_error<ec::FileError>([&] { ec::load_ratings(folder.path); }, {"found ratings.csv and u.data; give one of the files"});
  CHECK(ec::load_ratings(folder.path / "u.data").ratings.size() == 1);
}

TEST_CASE("The shipped ratings are what tools/make_ratings.py says", "[data]") {
  const ec::RatingSet set = ec::load_ratings(std::filesystem::path(EIGENCODER_DATA_DIR) / "ratings", {.low = 1, .high = 5});
  CHECK(set.ratings.size() == 24'326);
  CHECK(set.users.size() == 600);
  CHECK(set.items.size() == 400);
  CHECK(std::ranges::none_of(set.titles, &std::string::empty));
}

TEST_CASE("split_ratings: a share of the ratings, drawn by a seed", "[data]") {
  std::vector<ec::Rating> ratings;
  for (Index k = 0; k < 1000; ++k) ratings.push_back({k / 40, k % 40, 3});
  const ec::RatingSplit split = ec::split_ratings(ratings, 0.1, ec::Seed{1});
  CHECK(split.test.size() == 100);
  std::vector<ec::Rating> all;
  std::ranges::merge(
      split.train, split.test, std::back_inserter(all), {}, [](const ec::Rating& r) { return 40 * r.user + r.item; },
      [](const ec::Rating& r) { return 40 * r.user + r.item; });
  CHECK(all == ratings);
  CHECK(ec::split_ratings(ratings, 0.1, ec::Seed{1}).test == split.test);
  CHECK(ec::split_ratings(ratings, 0.1, ec::Seed{2}).test != split.test);
  std::vector<int> drawn(1000);  // each rating alike: 0.1 of 400 draws, with a deviation of 6
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    for (const auto& rating : ec::split_ratings(ratings, 0.1, ec::Seed{seed}).test)
      ++drawn[static_cast<std::size_t>(40 * rating.user + rating.item)];
  }
  CHECK(*std::ranges::min_element(drawn) > 10);
  CHECK(*std::ranges::max_element(drawn) < 70);
  expect_error<ec::OptionError>([&] { ec::split_ratings(ratings, 1, ec::Seed{1}); }, {"found 1"});
  expect_error<ec::OptionError>([&] { ec::split_ratings(three, 0.1, ec::Seed{1}); }, {"found 3"});
}

TEST_CASE("sparse_samples: columns as pairs, with what is asked behind what is known", "[data]") {
  const auto columns = ec::rating_columns<float>(three, 2, 3, ec::ColumnOf::user);
  CHECK(Eigen::MatrixXf(columns) == (Eigen::MatrixXf(3, 2) << 3, 0, 1, 4.5F, 0, 0).finished());
  CHECK(Eigen::MatrixXf(ec::rating_columns<float>(three, 2, 3, ec::ColumnOf::item)) ==
        (Eigen::MatrixXf(2, 3) << 3, 1, 0, 0, 4.5F, 0).finished());
  const auto samples = ec::sparse_samples(columns, 3);
  CHECK(samples.pairs == (Eigen::MatrixXf(6, 2) << 0, 1, 3, 4.5F, 1, 0, 1, 0, 0, 0, 0, 0).finished());
  CHECK(samples.targets == (Eigen::MatrixXf(3, 2) << 3, 4.5F, 1, 0, 0, 0).finished());
  CHECK(samples.lengths == std::vector<Index>{2, 1});
  CHECK(samples.weights.size() == 0);
  ec::SparseColumns<float> loose(3, 1);  // with room for more entries than there are
  loose.reserve(Eigen::VectorXi::Constant(1, 3));
  loose.insert(2, 0) = 5;
  CHECK(ec::sparse_samples(loose, 3).lengths == std::vector<Index>{1});
  CHECK(ec::observed_columns(loose) == std::vector<Index>{0});

  const std::vector<ec::Rating> more{{1, 2, 2}};
  const auto asked = ec::sparse_samples(columns, 3, ec::rating_columns<float>(more, 2, 3, ec::ColumnOf::user));
  CHECK(asked.pairs.col(0) == samples.pairs.col(0));
  CHECK(asked.pairs.col(1) == (Eigen::VectorXf(6) << 1, 4.5F, 2, 0, 0, 0).finished());
  CHECK(asked.targets.col(1) == Eigen::Vector3f(4.5F, 2, 0));
  CHECK(asked.weights == (Eigen::MatrixXf(3, 2) << 0, 0, 0, 1, 0, 0).finished());
  CHECK(asked.lengths == std::vector<Index>{2, 2});

  const auto of_items = ec::rating_columns<float>(three, 2, 3, ec::ColumnOf::item);
  const std::vector<Index> observed = ec::observed_columns(of_items);
  CHECK(observed == std::vector<Index>{0, 1});
  CHECK(Eigen::MatrixXf(ec::choose_columns(of_items, std::vector<Index>{1, 0})) ==
        (Eigen::MatrixXf(2, 2) << 1, 3, 4.5F, 0).finished());
  expect_error<ec::OptionError>([&] { ec::sparse_samples(of_items, 3); }, {"found none in column 2; leave it out"});
  expect_error<ec::OptionError>([&] { ec::sparse_samples(columns, 1); }, {"up to 1 entries", "found 2 in column 0"});
  expect_error<ec::ShapeError>([&] { ec::sparse_samples(columns, 3, of_items); }, {"3 × 2", "2 × 3"});
  expect_error<ec::OptionError>([&] { ec::rating_columns<float>(three, 2, 1, ec::ColumnOf::user); },
                                {"items 0 to 0", "item 1"});
  expect_error<ec::OptionError>([&] { ec::choose_columns(columns, std::vector<Index>{2}); }, {"numbers 0 to 1, found 2"});
}
