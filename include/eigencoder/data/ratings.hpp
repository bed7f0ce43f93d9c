// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/data/ratings_reader.hpp"

// Ratings of items by users, from files. As samples of a network: data/sparse_samples.hpp.
namespace eigencoder {

/// Reads ratings, plain or packed with gzip. What a file is follows from its first line:
///   u.data of MovieLens     user, item, rating, time; tabs between them, no header
///   ratings.csv             a header such as userId,movieId,rating,timestamp; commas
///   .inter of RecBole       a header such as user_id:token  item_id:token  rating:float; tabs
/// With a header the columns may be in any order, and more of them; without one they are the first three. Ids are any text and
/// get numbers in the order in which they come. Throws FileError, naming line and column, for what is no table of ratings, an
/// id or a rating that is missing, a rating out of [low, high], a second rating of an item by the same user, and a file without
/// ratings.
inline RatingSet read_ratings(const std::filesystem::path& path, const RatingOptions& options = {}) {
  return detail::read_rating_table(path, options);
}

/// Reads titles of the items into set.titles: movies.csv of MovieLens, .item of RecBole (a header with a column of items and
/// one of titles), or u.item, which is known by its name. Items that are not in the set are passed over. Throws FileError.
inline void read_titles(const std::filesystem::path& path, RatingSet& set) {
  const bool u_item = path.filename() == "u.item" || path.filename() == "u.item.gz";
  u_item ? detail::read_u_item(path, set) : detail::read_title_table(path, set);
}

/// Reads the ratings of a file, or those of a folder with one of u.data, ratings.csv and a *.inter, each plain or .gz, and then
/// the titles too if u.item, movies.csv or a *.item is beside it. Throws FileError.
inline RatingSet load_ratings(const std::filesystem::path& path, const RatingOptions& options = {}) {
  std::error_code unused;
  if (!std::filesystem::is_directory(path, unused)) {
    if (!std::filesystem::exists(path, unused))
      throw FileError(message(path.string(), ": expected a file of ratings or a folder with one, found nothing"));
    return read_ratings(path, options);
  }
  const auto find = [&](std::string_view first, std::string_view second, std::string_view ending) {
    std::vector<std::filesystem::path> found;
    std::error_code reason;
    const std::filesystem::directory_iterator entries(path, reason);
    if (reason) throw FileError(message(path.string(), ": cannot be listed (", reason.message(), ")"));
    for (const auto& entry : entries) {
      std::string name = entry.path().filename().string();
      if (name.ends_with(".gz")) name.resize(name.size() - 3);
      if (name == first || name == second || name.ends_with(ending)) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  };
  const auto ratings = find("u.data", "ratings.csv", ".inter"), titles = find("u.item", "movies.csv", ".item");
  if (ratings.size() != 1) {
    std::string names;
    for (const auto& file : ratings) names += (names.empty() ? "" : " and ") + file.filename().string();
    throw FileError(message(path.string(), ": expected a folder with one of u.data, ratings.csv or a .inter, found ",
                            names.empty() ? "none of them" : names, ratings.empty() ? "" : "; give one of the files"));
  }
  RatingSet set = read_ratings(ratings[0], options);
  if (titles.size() == 1) read_titles(titles[0], set);
  return set;
}

}  // namespace eigencoder
