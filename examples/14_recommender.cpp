// SPDX-License-Identifier: MIT
// Recommends items: an autoencoder of rating vectors that are nearly empty. It reads what is observed, and what it says of the
// rest is a prediction. Two tasks: the rating that a user would give (AutoRec), and which items a user will choose (a
// variational one).
#include <map>

#include "common/example.hpp"
#include <eigencoder/data/ratings.hpp>
#include <eigencoder/tasks/pca.hpp>
#include <eigencoder/tasks/rating_baselines.hpp>
#include <eigencoder/tasks/recommendation.hpp>
#include <nlohmann/json.hpp>

namespace ec = eigencoder;
using ec::Index;
using Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd, Eigen::VectorXi;

// Networks are made for sizes that are known when this is compiled; sets may be smaller.
constexpr Index capacity = 2048;  // users, and items
constexpr Index entries = 1024;   // ratings of one item, or by one user

// y = V g(W x + b) + c of the observed ratings x of an item, or of a user. Sedhain, Menon, Sanner and Xie, "AutoRec", 2015.
using Encoder = ec::SparseDense<capacity, 500>;
using AutoRec =
    ec::Network<ec::Sequential<ec::sequence(entries, 2), Encoder, ec::Sigmoid, ec::ObservedDense<entries, capacity, -2>>>;
using AllRatings = ec::Network<ec::Sequential<ec::sequence(entries, 2), Encoder, ec::Sigmoid, ec::AllDense<capacity>>>;
using ItemCodes = ec::Network<ec::Sequential<ec::sequence(entries, 2), Encoder, ec::Sigmoid>>;

/// Probabilities of all items, of the items that a user has clicked. Liang, Krishnan, Hoffman and Jebara, "Variational
/// autoencoders for collaborative filtering", 2018: a code of 200 values, half of the input left out in every step.
auto click_layers() {
  return ec::sequential<ec::sequence(entries, 2)>(ec::SparseDense<capacity, 600>{ec::Dropout{0.5}}, ec::Tanh{},
                                                  ec::Dense<400>{}, ec::GaussianSample{}, ec::Dense<600>{}, ec::Tanh{},
                                                  ec::Dense<capacity>{}, ec::Softmax{});
}

struct Settings {
  std::string model = "item";
  double seeds = 1, penalty = 0.05, beta = 0.2, least = 4;
  std::filesystem::path user;  // an id
};

ec::RatingSet load(const example::Options& options, const std::string& user) {
  ec::RatingSet set = ec::load_ratings(options.data);
  if (!user.empty() && !set.users.find(user))
    throw ec::OptionError(ec::message("--user: expected the id of a user of --data, found ", user));
  const Index users = options.limit > 0 ? std::min(options.limit, set.users.size()) : set.users.size();
  std::erase_if(set.ratings, [&](const ec::Rating& rating) { return rating.user >= users; });
  if (std::max(users, set.items.size()) > capacity) {
    throw ec::OptionError(ec::message("--data: expected up to ", capacity, " users and items, found ", users, " and ",
                                      set.items.size(),
                                      "; set `capacity` in examples/14_recommender.cpp and compile it again"));
  }
  return set;
}

/// A method, and what it reaches with each seed.
struct Row {
  std::string method;
  std::vector<double> values;
};

std::string table(const std::string& title, const std::vector<std::string>& columns, const std::vector<Row>& rows) {
  std::string text = ec::message('\n', title, "\n ", std::string(26, ' '));
  for (const std::string& column : columns) text += std::string(12 - std::min<std::size_t>(column.size(), 11), ' ') + column;
  for (const Row& row : rows) {
    text += ec::message("\n ", row.method, std::string(26 - std::min<std::size_t>(row.method.size(), 25), ' '));
    for (const double value : row.values) {
      char field[16];
      std::snprintf(field, sizeof field, "%12.4f", value);
      text += field;
    }
  }
  return text + '\n';
}

nlohmann::ordered_json as_json(const std::vector<std::string>& columns, const std::vector<Row>& rows) {
  auto all = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json each{{"method", row.method}};
    for (std::size_t k = 0; k < columns.size(); ++k) each[columns[k]] = row.values[k];
    all.push_back(each);
  }
  return all;
}

/// Prints the items of the highest scores, and what the user is known to like.
void print_list(const example::Program& program, const ec::RatingSet& set, Index user, const VectorXd& scores,
                const std::vector<Index>& seen, const std::vector<Index>& liked, nlohmann::ordered_json& metrics) {
  const auto name = [&](Index item) {
    const std::string title = set.titles.empty() ? "" : set.titles[static_cast<std::size_t>(item)];
    return title.empty() ? "item " + set.items[item] : title;
  };
  std::string text = ec::message("\nuser ", set.users[user], " likes");
  for (std::size_t k = 0; k < std::min<std::size_t>(liked.size(), 8); ++k) text += (k == 0 ? " " : ", ") + name(liked[k]);
  text += "\nrecommended:\n";
  for (const Index item : ec::recommend(scores, seen, 10)) {
    char score[16];
    std::snprintf(score, sizeof score, "%8.3g  ", scores[item]);
    text += score + name(item) + '\n';
    metrics["recommended"].push_back(name(item));
  }
  program.print(text);
}

/// The user that --user names, or the first of `possible`.
Index wanted_user(const Settings& settings, const ec::RatingSet& set, const std::vector<Index>& possible) {
  if (settings.user.empty()) return possible.front();
  const auto user = set.users.find(settings.user.string());
  if (!user || std::ranges::find(possible, *user) == possible.end()) {
    throw ec::OptionError(ec::message("--user: expected the id of a user with ratings",
                                      settings.model == "vae" ? " who is tested, such as " : ", such as ",
                                      set.users[possible.front()], ", found ", settings.user.string()));
  }
  return *user;
}

using Predictions = std::pair<std::vector<ec::Rating>, VectorXd>;  // true, predicted

/// What was predicted of ratings that are alike: a panel for each value, where the share of predictions near a value stands.
void draw_predictions(const example::Program& program, const Predictions& of, double low, double high) {
  constexpr Index bins = 41;
  const VectorXd axis = VectorXd::LinSpaced(bins, low, high);
  std::map<float, VectorXd, std::greater<>> counts;
  for (std::size_t k = 0; k < of.first.size(); ++k) {
    VectorXd& of_value = counts.try_emplace(of.first[k].value, VectorXd::Zero(bins)).first->second;
    of_value[static_cast<Index>(std::round((of.second[static_cast<Index>(k)] - low) / (high - low) * (bins - 1)))] += 1;
  }
  std::vector<example::Panel> panels;
  for (const auto& [value, count] : counts) {
    panels.push_back({ec::message("predictions of the ", count.sum(), " ratings of the test that are ", value),
                      axis,
                      {{"share", count / count.sum()}},
                      {{{value - 0.02, value + 0.02}}}});
  }
  program.plot_panels("ratings.png", panels, 1, 800, 200);
}

void predict_ratings(const example::Program& program, const Settings& settings) {
  const example::Options& options = program.options;
  const ec::RatingSet set = load(options, settings.user.string());
  const Index users = set.users.size(), items = set.items.size();
  const bool by_item = settings.model == "item";
  const ec::ColumnOf side = by_item ? ec::ColumnOf::item : ec::ColumnOf::user;
  double low = set.ratings[0].value, high = low;
  for (const ec::Rating& rating : set.ratings) {
    low = std::min<double>(low, rating.value);
    high = std::max<double>(high, rating.value);
  }
  program.print(ec::message(set.ratings.size(), " ratings from ", low, " to ", high, " of ", items, " items by ", users,
                            " users, a tenth of them for the test\n"));

  const std::string network = by_item ? "AutoRec, by items" : "AutoRec, by users";
  std::vector<Row> rows{
      {"global mean", {}}, {"item mean", {}}, {"user and item bias", {}}, {"bias and SVD(10)", {}}, {network, {}}};
  std::vector<std::string> columns;
  std::vector<example::Curve> curves;
  Predictions last;
  nlohmann::ordered_json metrics;
  const auto runs = static_cast<Index>(settings.seeds);
  for (Index run = 0; run < runs; ++run) {
    const ec::Seed seed{options.seed + static_cast<std::uint64_t>(run)};
    const ec::RatingSplit split = ec::split_ratings(set.ratings, 0.1, seed);
    const std::string name = runs > 1 ? ec::message("seed ", seed.value) : "";
    columns.push_back(runs > 1 ? name : "RMSE");

    const auto rmse = [&](const auto& predict) {  // all methods keep to the ratings that there are
      double sum = 0;
      for (const ec::Rating& rating : split.test)
        sum += std::pow(std::clamp(predict(rating), low, high) - static_cast<double>(rating.value), 2);
      return std::sqrt(sum / static_cast<double>(split.test.size()));
    };
    constexpr double infinite = std::numeric_limits<double>::infinity();
    const auto biases_of = [&](const ec::RatingBiasOptions& penalties) {
      return ec::RatingBiases::fit(split.train, users, items, penalties);
    };
    const auto of_biases = [](const ec::RatingBiases& biases) {
      return [&biases](const ec::Rating& rating) { return biases.predict(rating.user, rating.item); };
    };
    const ec::RatingBiases mean = biases_of({infinite, infinite}), item_mean = biases_of({infinite, 0}), biases = biases_of({});
    const ec::RatingFactors factors = ec::RatingFactors::fit(split.train, biases, std::min<Index>(10, std::min(users, items)));
    rows[0].values.push_back(rmse(of_biases(mean)));
    rows[1].values.push_back(rmse(of_biases(item_mean)));
    rows[2].values.push_back(rmse(of_biases(biases)));
    rows[3].values.push_back(rmse([&](const ec::Rating& rating) { return factors.predict(rating.user, rating.item); }));

    // Columns with nothing to learn from cannot be read: their ratings are predicted by the biases.
    const ec::SparseColumns<float> known = ec::rating_columns(split.train, users, items, side),
                                   tested = ec::rating_columns(split.test, users, items, side);
    const std::vector<Index> chosen = ec::observed_columns(known);
    const ec::SparseColumns<float> train = ec::choose_columns(known, std::span(chosen));
    const ec::SparseSamples<float> samples = ec::sparse_samples(train, entries),
                                   asked = ec::sparse_samples(train, entries, ec::choose_columns(tested, std::span(chosen)));
    AutoRec model{seed};
    model.parameter("layer.2.bias").setConstant(static_cast<float>(biases.mean));
    ec::TrainerOptions trainer_options = options.trainer();
    trainer_options.seed = seed;
    ec::Trainer trainer{model, ec::MeanSquaredError{ec::Reduction::sum} + settings.penalty * ec::L2Weights{}, ec::Adam{},
                        trainer_options};
    // The test is looked at after every epoch, for the curve; nothing is chosen by it.
    ec::FitOptions<float> fit = options.fit(asked.pairs);
    fit.lengths = samples.lengths;
    fit.validation_targets = asked.targets;
    fit.validation_element_weights = asked.weights;
    fit.validation_lengths = asked.lengths;
    const double steps =
        static_cast<double>(options.epochs * ((std::ssize(chosen) + options.batch_size - 1) / options.batch_size));
    fit.callbacks = {ec::LearningRate{[=, rate = options.learning_rate](std::uint64_t updates) {
      return rate * std::max(1 - static_cast<double>(updates) / steps, 1e-3);
    }}};
    ec::History history = program.fit(trainer, model, samples.pairs, samples.targets, fit, name);

    AllRatings all{seed};
    all.set_layers(model);
    const MatrixXf scores = all.predict(samples.pairs, samples.lengths);
    std::vector<Index> place(static_cast<std::size_t>(known.cols()), -1);
    for (std::size_t k = 0; k < chosen.size(); ++k) place[static_cast<std::size_t>(chosen[k])] = static_cast<Index>(k);
    const auto predict = [&](const ec::Rating& rating) -> double {
      const Index column = place[static_cast<std::size_t>(by_item ? rating.item : rating.user)];
      return column < 0 ? biases.predict(rating.user, rating.item)
                        : static_cast<double>(scores(by_item ? rating.user : rating.item, column));
    };
    rows[4].values.push_back(rmse(predict));

    const auto test_count = static_cast<double>(asked.weights.sum()), columns_count = static_cast<double>(chosen.size());
    for (ec::EpochReport& epoch : history.epochs) {  // drawn as the error of a rating
      epoch.train.loss = std::sqrt(epoch.train.terms[0] * columns_count / static_cast<double>(split.train.size()));
      epoch.validation.loss = std::sqrt(epoch.validation.terms[0] * columns_count / test_count);
    }
    curves.push_back({name, history});
    last = {split.test, VectorXd::NullaryExpr(std::ssize(split.test), [&](Index k) {
              return std::clamp(predict(split.test[static_cast<std::size_t>(k)]), low, high);
            })};
    if (run + 1 < runs) continue;

    metrics =
        program.metrics(history, std::ssize(split.train), std::ssize(split.test), AutoRec::parameter_count, trainer.threads());
    metrics["rmse"] = as_json(columns, rows);
    program.print(table("root of the mean squared error of ratings that were not trained on", columns, rows));
    std::string distance = ec::message(network, " is below bias and SVD(10) by");
    for (std::size_t k = 0; k < columns.size(); ++k)
      distance += ec::message(k == 0 ? " " : ", ", rows[3].values[k] - rows[4].values[k]);
    program.print(distance + '\n');

    const ec::SparseColumns<float> of_users = ec::rating_columns(split.train, users, items, ec::ColumnOf::user);
    const Index user = wanted_user(settings, set, ec::observed_columns(of_users));
    VectorXd of_user(items);
    for (Index item = 0; item < items; ++item) of_user[item] = predict({user, item, 0});
    const VectorXd own = MatrixXf(of_users.col(static_cast<int>(user))).cast<double>();
    print_list(program, set, user, of_user, ec::entries_of(of_users, user),
               ec::recommend(own, {}, std::min<Index>(8, of_users.col(static_cast<int>(user)).nonZeros())), metrics);
    program.write_metrics(metrics);

    // Items near one another are rated alike. Their colours are their mean ratings, which the map was not told.
    ItemCodes encoder;
    std::copy_n(model.parameters().data(), ItemCodes::parameter_count, encoder.memory().theta);
    const MatrixXf codes = encoder.predict(samples.pairs, samples.lengths);
    VectorXi classes(codes.cols());
    for (Index k = 0; k < codes.cols(); ++k) {
      const double of_column =
          samples.targets.col(k).cast<double>().sum() / static_cast<double>(samples.lengths[static_cast<std::size_t>(k)]);
      classes[k] = std::clamp(static_cast<int>((of_column - low) / (high - low) * 5), 0, 4);
    }
    const auto level = [&](int k) { return ec::message("mean from ", low + k * (high - low) / 5); };
    program.plot_codes("codes.png",
                       {{by_item ? "codes of items, two principal components" : "codes of users, two principal components",
                         ec::PCA::fit(codes, 2).encode(codes)}},
                       classes, {level(0), level(1), level(2), level(3), level(4)});
  }
  draw_predictions(program, last, low, high);
  program.plot("loss.png", curves, "root of the mean squared error");
}

/// Clicks as the network reads them: vectors of length 1.
ec::SparseSamples<float> unit_samples(ec::SparseColumns<float> clicks) {
  for (Index j = 0; j < clicks.cols(); ++j) {
    const float length = std::sqrt(static_cast<float>(clicks.col(static_cast<int>(j)).nonZeros()));
    for (ec::SparseColumns<float>::InnerIterator click(clicks, j); click; ++click) click.valueRef() = 1 / length;
  }
  return ec::sparse_samples(clicks, entries);
}

MatrixXf dense(const ec::SparseColumns<float>& clicks) {
  MatrixXf columns = MatrixXf::Zero(capacity, clicks.cols());
  columns.topRows(clicks.rows()) = clicks;
  return columns;
}

void rank_items(const example::Program& program, const Settings& settings) {
  const example::Options& options = program.options;
  const ec::RatingSet set = load(options, settings.user.string());
  const std::vector<Index> ks{20, 50, 100};
  std::vector<Index> places(100);
  std::iota(places.begin(), places.end(), Index{1});
  example::Panel recall{"Recall@k over k", VectorXd::LinSpaced(100, 1, 100), {}};
  std::vector<std::string> columns;
  for (const Index k : ks) columns.insert(columns.end(), {ec::message("Recall@", k), ec::message("NDCG@", k)});
  std::vector<Row> rows{
      {"popularity", std::vector<double>(6)}, {"EASE", std::vector<double>(6)}, {"variational", std::vector<double>(6)}};
  std::vector<example::Curve> curves;
  nlohmann::ordered_json metrics;
  const auto runs = static_cast<Index>(settings.seeds);
  for (Index run = 0; run < runs; ++run) {
    const ec::Seed seed{options.seed + static_cast<std::uint64_t>(run)};
    const std::string name = runs > 1 ? ec::message("seed ", seed.value) : "";
    const ec::ClickSplit split =
        ec::split_clicks(set.ratings, set.users.size(), set.items.size(), {.least = settings.least, .seed = seed});
    if (run == 0) {
      program.print(ec::message(split.train.nonZeros(), " clicks (ratings of at least ", settings.least, ") of ",
                                split.train.cols(), " users; ", split.tested.size(), " others are tested: ",
                                split.given.nonZeros(), " of their clicks are given, ", split.hidden.nonZeros(), " hidden\n"));
    }
    const auto layers = click_layers();
    ec::Network model{layers, seed};
    const ec::SparseSamples<float> train = unit_samples(split.train), given = unit_samples(split.given);
    const MatrixXf targets = dense(split.train), hidden = dense(split.hidden);
    const auto steps =
        static_cast<std::uint64_t>(options.epochs * ((split.train.cols() + options.batch_size - 1) / options.batch_size));
    const ec::Elbo objective{ec::CategoricalCrossEntropy{ec::Reduction::sum},
                             {.beta = settings.beta, .annealing = ec::linear_annealing(steps / 2 + 1)}};
    ec::TrainerOptions trainer_options = options.trainer();
    trainer_options.seed = seed;
    ec::Trainer trainer{model, objective, ec::Adam{.learning_rate = options.learning_rate}, trainer_options};
    ec::FitOptions<float> fit = options.fit(given.pairs);  // for the curve alone
    fit.lengths = train.lengths;
    fit.validation_targets = hidden;
    fit.validation_lengths = given.lengths;
    ec::History history = program.fit(trainer, model, train.pairs, targets, fit, name);

    const MatrixXf scores = model.predict(given.pairs, given.lengths);
    const auto add = [&](std::size_t row, const auto& of_items) {
      const auto results = ec::ranking_quality(of_items, split.given, split.hidden, ks);
      for (std::size_t k = 0; k < ks.size(); ++k) {
        rows[row].values[2 * k] += results[k].recall / static_cast<double>(runs);
        rows[row].values[2 * k + 1] += results[k].ndcg / static_cast<double>(runs);
      }
      if (run + 1 < runs) return;
      const auto curve = ec::ranking_quality(of_items, split.given, split.hidden, places);
      recall.lines.push_back(
          {rows[row].method, VectorXd::NullaryExpr(100, [&](Index k) { return curve[static_cast<std::size_t>(k)].recall; })});
    };
    const Eigen::VectorXf clicks_of = split.train * Eigen::VectorXf::Ones(split.train.cols());
    add(0, clicks_of.replicate(1, split.given.cols()));
    add(1, ec::Ease::fit(split.train, 200).scores(split.given));
    add(2, scores);
    for (ec::EpochReport& epoch : history.epochs) {  // drawn a click
      epoch.train.loss =
          epoch.train.terms[0] * static_cast<double>(split.train.cols()) / static_cast<double>(split.train.nonZeros());
      epoch.validation.loss =
          epoch.validation.terms[0] * static_cast<double>(split.given.cols()) / static_cast<double>(split.hidden.nonZeros());
    }
    curves.push_back({name, history});
    if (run + 1 < runs) continue;

    metrics = program.metrics(history, split.train.cols(), split.given.cols(), model.parameter_count, trainer.threads());
    metrics["ranking"] = as_json(columns, rows);
    program.print(table("hidden clicks of users of whom nothing was trained on", columns, rows));
    const Index user = wanted_user(settings, set, split.tested),
                j = std::ranges::find(split.tested, user) - split.tested.begin();
    print_list(program, set, user, scores.col(j).head(set.items.size()).cast<double>(), ec::entries_of(split.given, j),
               ec::entries_of(split.given, j), metrics);
    program.write_metrics(metrics);
  }
  program.plot_panels("recall.png", {recall}, 1, 800, 400);
  program.plot("loss.png", curves, "cross-entropy a click, in nats");
}

int main(int argc, char** argv) {
  example::Program program("14_recommender",
                           "Recommends items from ratings, by autoencoders that read sparse columns: predicts ratings that "
                           "were held out, or ranks items for users that were not trained on. "
                           "By default on data/ratings, which is synthetic: no person gave these ratings. "
                           "tools/fetch_movielens.py fetches MovieLens-100k.");
  program.describe_data(
      "file of ratings, or folder with u.data or ratings.csv of MovieLens or a .inter of RecBole; --limit takes the first N "
      "users");
  program.options.data = "data/ratings";
  program.options.epochs = 0;
  program.options.batch_size = 64;
  Settings settings;
  program.add_choice("--model", settings.model, {"item", "user", "vae"},
                     "AutoRec on the ratings of an item or of a user, which predicts ratings; a multinomial variational "
                     "autoencoder, which ranks items. --epochs is 30 (of vae 60)");
  program.add_number("--seeds", settings.seeds, "how many splits and models, with --seed, --seed + 1, …");
  program.add_number("--penalty", settings.penalty,
                     "of AutoRec: weight of the squared weights beside the squared errors of a sample");
  program.add_number("--beta", settings.beta, "of vae: weight of the divergence, reached after half of the steps");
  program.add_number("--click", settings.least, "of vae: a rating of at least so much is a click");
  program.add_path("--user", settings.user, "id of the user who gets a list of ten items; by default the first");

  return program.run(argc, argv, [&] {
    if (!(settings.seeds >= 1 && settings.seeds <= 100 && settings.seeds == std::floor(settings.seeds))) {
      throw ec::OptionError(ec::message("--seeds: expected a whole number from 1 to 100, found ", settings.seeds));
    }
    program.set_defaults("data/ratings", settings.model == "vae" ? 60 : 30, 64);
    settings.model == "vae" ? rank_items(program, settings) : predict_ratings(program, settings);
  });
}
