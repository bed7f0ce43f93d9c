// SPDX-License-Identifier: MIT
#include <fstream>
#include <iterator>
#include <limits>

#include <nlohmann/json.hpp>

#include "support/folder.hpp"
#include "support/throws.hpp"
#include <eigencoder/core/version.hpp>
#include <eigencoder/files/json.hpp>
#include <eigencoder/files/read_file.hpp>
#include <eigencoder/training/report_impl.hpp>

namespace ec = eigencoder;

namespace some_library {
/// A picture of another kind than Image: what it is encoded by is found beside it.
struct Drawing {
  int pixels = 3;
};
std::vector<std::byte> encode_png(const Drawing&) {
  std::vector<std::byte> bytes;
  for (const char character : {'\x89', 'P', 'N', 'G', '\r', '\n', '\x1a', '\n', '!'})
    bytes.push_back(static_cast<std::byte>(character));
  return bytes;
}
}  // namespace some_library

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();

ec::History history_of(ec::Index epochs, bool validated = true) {
  ec::History history{.terms = {"Reconstruction", "Penalty"}};
  for (ec::Index i = 1; i <= epochs; ++i) {
    const double loss = 1 / static_cast<double>(i);
    ec::EpochReport& epoch = history.epochs.emplace_back();
    epoch.epoch = i;
    epoch.train = {loss, {loss / 2, loss / 4}};
    if (validated) epoch.validation = {loss + 0.5, {loss, 0.5}};
    epoch.validated = validated;
    epoch.gradient_norm = loss;
    epoch.seconds = 2;
    epoch.samples_per_second = 1500;
  }
  return history;
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string between(const std::string& text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  REQUIRE(begin != std::string::npos);
  const std::size_t from = begin + before.size();
  return text.substr(from, text.find(after, from) - from);
}

/// What the page's script draws.
nlohmann::json figures(const std::string& page) { return nlohmann::json::parse(between(page, "id=\"data\">", "</script>")); }

std::string tile(const std::string& page, const std::string& name) {
  return between(page, "<dt>" + name + "</dt><dd>", "</dd>");
}

}  // namespace

TEST_CASE("report: what a run came to, and its curves") {
  ec::History history = history_of(20);
  history.epochs[12].validation.loss = 0.25;
  const std::string page = ec::to_html({.title = "A run", .history = {history}, .summary = "Dense<3>", .parameters = 1234567});
  CHECK(holds(page, "<title>A run</title>"));
  CHECK(tile(page, "Parameters") == "1,234,567");
  CHECK(tile(page, "Epochs") == "20");
  CHECK(tile(page, "Best epoch") == "13");
  CHECK(tile(page, "Best validation loss") == "0.25");
  CHECK(tile(page, "Last training loss") == "0.05");
  CHECK(tile(page, "Last validation loss") == "0.55");
  CHECK(tile(page, "Training time") == "40 s");
  CHECK(tile(page, "An epoch") == "2 s");
  CHECK(tile(page, "Samples per second") == "1,500");
  CHECK(holds(page, "<pre>Dense&lt;3&gt;</pre>"));
  CHECK(holds(page, "Eigencoder " + std::to_string(ec::version.major) + '.'));

  const nlohmann::json drawn = figures(page);
  REQUIRE(drawn.size() >= 5);
  CHECK(drawn[0]["title"] == "Loss");
  CHECK(drawn[1]["title"] == "Reconstruction");
  CHECK(drawn[2]["title"] == "Penalty");
  CHECK(drawn[0]["x"].size() == 20);
  REQUIRE(drawn[0]["curves"].size() == 2);
  CHECK(drawn[0]["curves"][0]["name"] == "training");
  CHECK(drawn[0]["curves"][1]["name"] == "validation");
  CHECK(drawn[0]["curves"][1]["best"] == 13);
  CHECK_FALSE(drawn[0]["curves"][0].contains("best"));
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(drawn[0]["curves"][0]["y"][i].get<double>() == Approx(history.epochs[i].train.loss).epsilon(1e-5));
    CHECK(drawn[2]["curves"][1]["y"][i].get<double>() == 0.5);
  }

  SECTION("without validation") {
    const std::string alone = ec::to_html({.history = {history_of(3, false)}});
    CHECK(tile(alone, "Best training loss") == "0.33333");
    CHECK(tile(alone, "Last validation loss") == "none");
    CHECK(figures(alone)[0]["curves"].size() == 1);
    CHECK(figures(alone)[0]["curves"][0]["best"] == 3);
  }
  SECTION("metrics of your own, and learning rates") {
    history.metrics = {"largest error"};
    for (ec::EpochReport& epoch : history.epochs) {
      epoch.metrics = {3.0 * static_cast<double>(epoch.epoch)};
      epoch.learning_rate = 0.01 / static_cast<double>(epoch.epoch);
    }
    const nlohmann::json found = figures(ec::to_html({.history = {history}}));
    CHECK(found[3]["title"] == "largest error");
    CHECK(found[3]["curves"][0]["y"][4] == 15);
    CHECK(found[4]["title"] == "Learning rate");
    CHECK(found[4]["curves"][0]["y"][4] == 0.002);
  }
  SECTION("an objective of one term has one figure for it") {
    history.terms = {"Reconstruction"};
    CHECK(figures(ec::to_html({.history = {history}}))[1]["title"] != "Reconstruction");
  }
}

TEST_CASE("report: several runs, in common figures and a table") {
  ec::History late = history_of(4);
  for (ec::EpochReport& epoch : late.epochs) epoch.epoch += 10;
  late.stopped = "no better for 3 epochs";
  late.warnings = {"Penalty: it is 0"};
  const std::string page = ec::to_html({.history = {{"first", history_of(12)}, {"second", late}}});
  CHECK(holds(page, "second: Stopped early: no better for 3 epochs"));
  CHECK(holds(page, "second: Penalty: it is 0"));
  CHECK(holds(page, "<tr><td>second</td><td>4</td><td>14</td>"));
  const nlohmann::json drawn = figures(page);
  CHECK(drawn[0]["x"].size() == 14);
  REQUIRE(drawn[0]["curves"].size() == 4);
  const nlohmann::json& curve = drawn[0]["curves"][3];
  CHECK(curve["name"] == "second, validation");
  CHECK(curve["run"] == 1);
  CHECK(curve["y"][9].is_null());
  CHECK(curve["y"][10] == 1.5);
  CHECK(drawn[0]["curves"][0]["y"][13].is_null());
}

TEST_CASE("report: losses that are not finite are shown as such") {
  ec::History history = history_of(8);
  history.epochs[2].train.loss = not_a_number;
  history.epochs[3].validation.loss = -infinity;
  history.epochs[7].train.loss = infinity;
  const std::string page = ec::to_html({.history = {history}, .metrics = {{"error", not_a_number}}});
  CHECK(holds(page, "The loss is not finite in 3 of 8 epochs: 3, 4, 8."));
  CHECK(tile(page, "Best epoch") == "8");
  CHECK(tile(page, "Last training loss") == "∞");
  CHECK(holds(page, "<td>error</td><td>NaN</td>"));
  const nlohmann::json drawn = figures(page);
  CHECK(drawn[0]["curves"][0]["y"][2] == "NaN");
  CHECK(drawn[0]["curves"][1]["y"][3] == "−∞");
  CHECK(drawn[0]["curves"][0]["y"][3] == 0.25);

  for (ec::EpochReport& epoch : history.epochs) epoch.validation.loss = not_a_number;
  const std::string worst = ec::to_html({.history = {history}});
  CHECK(tile(worst, "Best epoch") == "none");
  CHECK(holds(worst, "in 8 of 8 epochs: 1, 2, 3, 4, 5, …."));
}

TEST_CASE("report: of no epoch, of one, and of ten thousand") {
  const std::string none = ec::to_html({.history = {ec::History{}}});
  CHECK(tile(none, "Epochs") == "0");
  CHECK_FALSE(holds(none, "<script"));
  CHECK(holds(ec::to_html({}), "<h1>Training report</h1>"));
  CHECK(figures(ec::to_html({.history = {history_of(1)}}))[0]["x"] == nlohmann::json{1});

  ec::History history = history_of(10000);
  history.epochs[5432].train.loss = 77;
  history.epochs[6543].validation.loss = -5;
  history.epochs[7654].train.loss = not_a_number;
  const std::string page = ec::to_html({.history = {history}});
  CHECK(page.size() < 200'000);
  const nlohmann::json drawn = figures(page);
  const auto x = drawn[0]["x"].get<std::vector<ec::Index>>();
  CHECK(x.size() <= 1000);
  CHECK(x.size() > 300);
  CHECK(x.front() == 1);
  CHECK(x.back() == 10000);
  CHECK(std::is_sorted(x.begin(), x.end()));
  const auto value = [&](ec::Index epoch, std::size_t curve) {
    const auto at = std::lower_bound(x.begin(), x.end(), epoch) - x.begin();
    REQUIRE(x.at(static_cast<std::size_t>(at)) == epoch);
    return drawn[0]["curves"][curve]["y"][static_cast<std::size_t>(at)];
  };
  CHECK(value(5433, 0) == 77);
  CHECK(value(6544, 1) == -5);
  CHECK(value(7655, 0) == "NaN");
  CHECK(holds(page, "each 50th epoch"));
  CHECK(holds(page, "<tr><td>6544</td>"));
  CHECK_FALSE(holds(page, "<tr><td>6545</td>"));
}

TEST_CASE("report: an epoch without its number, or with values missing, is drawn all the same") {
  ec::History history = history_of(4);
  for (ec::EpochReport& epoch : history.epochs) epoch.epoch = 1;
  history.epochs[2].train.terms.clear();
  const nlohmann::json drawn = figures(ec::to_html({.history = {history}}));
  CHECK(drawn[0]["x"] == nlohmann::json{1, 2, 3, 4});
  CHECK(drawn[1]["curves"][0]["y"][2].is_null());
}

TEST_CASE("report: no text is markup, nor are bytes that are no UTF-8") {
  const std::string evil = "</script><script>\"alert('1')\"</script>\xff&";
  ec::History history = history_of(2);
  history.terms = {evil, evil + "2"};
  history.warnings = {evil};
  history.stopped = evil;
  const std::string page = ec::to_html({.title = evil,
                                        .history = {{evil, history}, {evil, history}},
                                        .summary = evil,
                                        .options = {{evil, evil}},
                                        .metrics = {{evil, evil}},
                                        .pictures = {{evil, some_library::Drawing{}}},
                                        .notes = {evil}});
  std::size_t scripts = 0;
  for (std::size_t at = page.find("<script"); at != std::string::npos; at = page.find("<script", at + 1)) ++scripts;
  CHECK(scripts == 2);
  CHECK(ec::detail::find_no_utf8(page) == std::string::npos);
  CHECK(holds(page, "<h1>&lt;/script&gt;&lt;script&gt;&quot;alert(&#39;1&#39;)&quot;&lt;/script&gt;�&amp;</h1>"));
  CHECK(figures(page)[1]["title"] == "</script><script>\"alert('1')\"</script>�&");
  for (const char* elsewhere : {"https:", "src=\"http", "url(h", "url(\"", "@import", "<link"})
    CHECK_FALSE(holds(page, elsewhere));
}

TEST_CASE("report: tables, notes and pictures") {
  const std::string jpeg = "\xff\xd8\xff\xe0 and more";
  const auto bytes = std::as_bytes(std::span(jpeg));
  const std::string page =
      ec::to_html({.options = {{"rate", 1e-3}, {"single", 0.1F}, {"count", 60000}, {"shuffle", false}, {"optimizer", "Adam"}},
                   .metrics = {{"error", 1 / 3.0}, {"large", 1e300}},
                   .pictures = {{"one", some_library::Drawing{}}, {"two", {bytes.begin(), bytes.end()}}},
                   .notes = {"a note"}});
  for (const char* row :
       {"<td>rate</td><td>0.001<", "<td>single</td><td>0.1<", "<td>count</td><td>60000<", "<td>shuffle</td><td>no<",
        "<td>optimizer</td><td>Adam<", "<td>error</td><td>0.333333<", "<td>large</td><td>1e+300<", "<p>a note</p>"}) {
    CHECK(holds(page, row));
  }
  CHECK(holds(page, "src=\"data:image/png;base64,iVBORw0KGgoh\" alt=\"one\""));
  CHECK(holds(page, "src=\"data:image/jpeg;base64,/9j/4CBhbmQgbW9yZQ==\" alt=\"two\""));
  expect_error<ec::FileError>(
      [] {
        ec::to_html({.pictures = {{"three", std::vector<std::byte>(4)}}});
      },
      {"picture 0", "\"three\"", "PNG or JPEG", "found 4 bytes"});
}

TEST_CASE("report: is written whole, or not at all") {
  const Folder folder;
  const auto path = folder.path / "report.html";
  ec::write_report(path, {.history = {history_of(3)}});
  std::ifstream file(path, std::ios::binary);
  const std::string found{std::istreambuf_iterator<char>(file), {}};
  CHECK(found == ec::to_html({.history = {history_of(3)}}));
  CHECK(found.ends_with("</html>\n"));

  expect_error<ec::FileError>(
      [&] {
        ec::write_report(path, {.pictures = {{"no picture", {}}}});
      },
      {"no picture", "found 0 bytes"});
  expect_error<ec::FileError>([&] { ec::write_report(folder.path / "none" / "report.html", {}); }, {"cannot be written"});
  CHECK(folder.names() == 1);
  CHECK(std::filesystem::file_size(path) == found.size());
}

TEST_CASE("report: numbers and times in words") {
  CHECK(ec::detail::duration(0.00123) == "1.23 ms");
  CHECK(ec::detail::duration(0) == "0 ms");
  CHECK(ec::detail::duration(12.3456) == "12.35 s");
  CHECK(ec::detail::duration(75.4) == "1 min 15 s");
  CHECK(ec::detail::duration(7380) == "2 h 3 min");
  CHECK(ec::detail::duration(infinity) == "∞");
  CHECK(ec::detail::with_commas(999) == "999");
  CHECK(ec::detail::with_commas(-1000) == "-1,000");
  CHECK(ec::detail::with_commas(-100) == "-100");
  CHECK(ec::detail::short_number(0.1) == "0.1");
  CHECK(ec::detail::short_number(1 / 3.0, 3) == "0.333");
  CHECK(ec::detail::short_number(-0.0) == "-0");
  CHECK(ec::detail::short_number(1234567) == "1234567");
  CHECK(ec::detail::short_number(123456789) == "123456789");
  CHECK(ec::detail::short_number(123456789.123) == "1.23457e+08");
}
