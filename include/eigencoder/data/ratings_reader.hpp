// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eigencoder/data/csv_scanner.hpp"
#include "eigencoder/data/rating_set.hpp"
#include "eigencoder/data/text_scanner.hpp"

namespace eigencoder {

/// What ratings there can be.
struct RatingOptions {
  double low = 0.5, high = 5;
};

namespace detail {

/// Tables of ratings and of titles, with tabs or commas, with a header or without.
class RatingTable {
 public:
  /// Finds the separator and the columns that have one of these names, in their order, by the first record; of a table without
  /// a header column k is number k. A name may have a type behind a colon, as RecBole's has.
  struct Column {
    const char* what;
    std::vector<std::string_view> names;
  };
  RatingTable(const std::filesystem::path& path, const std::vector<Column>& columns) : columns_(columns) {
    TextScanner first(path);
    while (first.take('\n') || first.take('\r')) continue;
    first.until("\t,\n");
    scanner_.emplace(path, first.peek() == ',' ? ',' : '\t');
    if (!read_record()) scanner_->fail("expected ratings, found an empty file");
    for (const Column& column : columns_) {
      places_.push_back(std::string::npos);
      for (std::size_t i = 0; i < record_.size() && places_.back() == std::string::npos; ++i) {
        if (std::ranges::find(column.names, plain_name(record_[i])) != column.names.end()) places_.back() = i;
      }
    }
    const auto missing = std::ranges::count(places_, std::string::npos);
    header_ = missing == 0;
    if (missing > 0 && missing < std::ssize(places_)) {
      const auto at = static_cast<std::size_t>(std::ranges::find(places_, std::string::npos) - places_.begin());
      fail("expected a header with a column of ", columns_[at].what, "s, such as ", excerpt(columns_[at].names[0]), ", found ",
           names_found());
    }
    if (!header_) {
      for (std::size_t k = 0; k < places_.size(); ++k) places_[k] = k;
    }
    unread_ = !header_;
  }

  bool has_header() const { return header_; }
  /// Goes to the next record that is no blank line.
  bool next() {
    if (!std::exchange(unread_, false) && !read_record()) return false;
    for (std::size_t k = 0; k < places_.size(); ++k) {
      if (places_[k] >= record_.size())
        fail("expected ", article(k), " in column ", places_[k] + 1, ", found only ", record_.size(),
             record_.size() == 1 ? " column" : " columns");
    }
    return true;
  }
  /// Column `k` of those asked for.
  std::string_view field(std::size_t k) const { return without_spaces(record_[places_[k]]); }
  std::string_view id(std::size_t k) const {
    if (field(k).empty()) fail_at(k, "expected ", article(k), ", found nothing");
    return field(k);
  }
  Index line() const { return line_; }

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    scanner_->fail("line ", line_, ": ", parts...);
  }
  template <class... Parts>
  [[noreturn]] void fail_at(std::size_t k, const Parts&... parts) const {
    scanner_->fail("line ", line_, ", column ", places_[k] + 1, ": ", parts...);
  }
  template <class... Parts>
  [[noreturn]] void fail_whole(const Parts&... parts) const {
    scanner_->fail(parts...);
  }

 private:
  bool read_record() {
    std::size_t fields = 0;
    while (scanner_->next()) {
      if (scanner_->blank_line()) continue;
      line_ = scanner_->line();
      if (fields == record_.size()) record_.emplace_back();
      record_[fields++] = scanner_->field();
      if (!scanner_->record_ended()) continue;
      record_.resize(fields);
      return true;
    }
    return false;
  }

  std::string article(std::size_t k) const { return message(columns_[k].what[0] == 'i' ? "an " : "a ", columns_[k].what); }

  /// "user_id:token" and "userId" → "userid"
  static std::string plain_name(std::string_view name) {
    std::string plain;
    for (const char c : name.substr(0, name.find(':'))) {
      if (c >= 'A' && c <= 'Z') plain += static_cast<char>(c - 'A' + 'a');
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
    }
    return plain;
  }
  std::string names_found() const {
    std::string all;
    for (std::size_t i = 0; i < record_.size() && i < 8; ++i) all += (i == 0 ? "" : ", ") + excerpt(record_[i]);
    return record_.size() > 8 ? all + ", …" : all;
  }

  std::optional<CsvScanner> scanner_;
  std::vector<Column> columns_;
  std::vector<std::size_t> places_;  ///< of the columns in a record
  std::vector<std::string> record_;
  Index line_ = 1;
  bool header_ = false, unread_ = false;
};

inline RatingSet read_rating_table(const std::filesystem::path& path, const RatingOptions& options) {
  enum : std::size_t { user, item, rating };
  RatingTable table(path,
                    {{"user", {"userid", "user"}}, {"item", {"itemid", "movieid", "item", "movie"}}, {"rating", {"rating"}}});
  RatingSet set;
  std::vector<Index> lines;
  while (table.next()) {
    const std::string_view user_id = table.id(user), item_id = table.id(item), text = table.field(rating);
    const std::optional<float> value = parse_number<float>(text);
    if (!value && lines.empty() && !table.has_header())
      table.fail_at(rating, "expected a rating, or a header that names user, item and rating, found ",
                    text.empty() ? "nothing" : excerpt(text));
    if (!value) table.fail_at(rating, "expected a rating, found ", text.empty() ? "nothing" : excerpt(text));
    if (*value < static_cast<float>(options.low) || *value > static_cast<float>(options.high))
      table.fail_at(rating, "expected a rating from ", options.low, " to ", options.high, ", found ", *value);
    set.ratings.push_back({set.users.add(user_id), set.items.add(item_id), *value});
    lines.push_back(table.line());
  }
  if (lines.empty()) table.fail_whole("expected ratings behind the header, found none");

  // The first line whose user has rated its item before.
  std::vector<std::size_t> order(lines.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  const auto place = [&](std::size_t k) { return std::pair(set.ratings[k].user, set.ratings[k].item); };
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return std::pair(place(a), a) < std::pair(place(b), b); });
  std::size_t again = lines.size(), before = 0;
  for (std::size_t k = 1; k < order.size(); ++k) {
    if (place(order[k - 1]) == place(order[k]) && order[k] < again) before = order[k - 1], again = order[k];
  }
  if (again < lines.size())
    table.fail_whole("line ", lines[again], ": expected one rating of a user and an item, found another of user ",
                     excerpt(set.users[set.ratings[again].user]), " and item ", excerpt(set.items[set.ratings[again].item]),
                     ", as in line ", lines[before]);
  return set;
}

/// Titles of the items that a set knows, from a table with a header.
inline void read_title_table(const std::filesystem::path& path, RatingSet& set) {
  RatingTable table(path, {{"item", {"itemid", "movieid", "item", "movie"}}, {"title", {"title", "movietitle", "name"}}});
  if (!table.has_header()) table.fail("expected a header with a column of items and one of titles, found none");
  std::vector<std::string> titles(static_cast<std::size_t>(set.items.size()));
  while (table.next()) {
    if (const auto item = set.items.find(table.id(0))) titles[static_cast<std::size_t>(*item)] = table.field(1);
  }
  set.titles = std::move(titles);
}

/// The same from MovieLens's u.item: number, title and more between bars, in Latin-1.
inline void read_u_item(const std::filesystem::path& path, RatingSet& set) {
  TextScanner scanner(path);
  std::vector<std::string> titles(static_cast<std::size_t>(set.items.size()));
  while (scanner.peek() != TextScanner::end_of_file) {
    if (scanner.take('\n') || scanner.take('\r')) continue;
    const Index line = scanner.line();
    const auto item = set.items.find(scanner.until("|\n"));
    if (!scanner.take('|'))
      scanner.fail("line ", line, ": expected an item and its title, with | between them, found one field");
    std::string title;
    for (const char c : scanner.until("|\n")) {
      const auto code = static_cast<unsigned char>(c);
      if (code >= 0x80) title += static_cast<char>(0xC0 | code >> 6);
      title += code < 0x80 ? c : static_cast<char>(0x80 | (code & 0x3F));
    }
    if (item) titles[static_cast<std::size_t>(*item)] = std::move(title);
    scanner.until("\n");
    scanner.take('\n');
  }
  set.titles = std::move(titles);
}

}  // namespace detail

}  // namespace eigencoder
