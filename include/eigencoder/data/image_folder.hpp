// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "eigencoder/core/error.hpp"
#include "eigencoder/core/shape.hpp"
#include "eigencoder/data/dataset.hpp"
#include "eigencoder/files/jpeg.hpp"
#include "eigencoder/files/png.hpp"

namespace eigencoder {

/// How load_image_folder reads.
struct ImageFolderOptions {
  Index channels = 0;              ///< 0 as the files have them, which must agree; 1 grey; 3 red, green, blue.
  Index height = 0, width = 0;     ///< Resize all images to this size, as `resize` does it; 0 leaves them, and they must agree.
  bool skip_others = false;        ///< Ignore what is neither PNG nor JPEG instead of refusing it.
  Index max_pixels = 100'000'000;  ///< A larger picture is refused.
};

namespace detail {

/// What is in a folder, by name: files or folders, without those whose names begin with a dot.
inline std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
  std::error_code reason;
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator at(folder, reason), end; !reason && at != end; at.increment(reason))
    if (!at->path().filename().string().starts_with('.')) found.push_back(at->path());
  if (reason)
    throw FileError(
        message(folder.string(), ": expected a folder of pictures, found none that can be read (", reason.message(), ")"));
  std::ranges::sort(found, {}, [](const std::filesystem::path& path) { return path.filename().string(); });
  return found;
}

enum class PictureKind { none, png, jpeg };

/// By the end of its name, in letters of any case.
inline PictureKind picture_kind(const std::filesystem::path& path) {
  std::string end = path.extension().string();
  for (char& letter : end)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return end == ".png" ? PictureKind::png : end == ".jpg" || end == ".jpeg" ? PictureKind::jpeg : PictureKind::none;
}

/// The pictures of a folder that has no others, by name.
inline std::vector<std::filesystem::path> list_pictures(const std::filesystem::path& folder, bool skip_others) {
  std::vector<std::filesystem::path> pictures;
  for (std::filesystem::path& path : list_folder(folder)) {
    std::error_code unused;
    if (std::filesystem::is_directory(path, unused))
      throw FileError(message(path.string(), ": expected pictures, found a folder among them; a class has no classes"));
    if (picture_kind(path) != PictureKind::none) {
      pictures.push_back(std::move(path));
    } else if (!skip_others) {
      throw FileError(
          message(path.string(), ": expected a file whose name ends in .png, .jpg or .jpeg; remove it, or set skip_others"));
    }
  }
  if (pictures.empty())
    throw FileError(message(folder.string(), ": expected pictures in .png, .jpg or .jpeg files, found none"));
  return pictures;
}

/// Puts pictures into the columns of a set.
template <class T>
class ImageFolderLoader {
 public:
  explicit ImageFolderLoader(const ImageFolderOptions& options) : options_(options) {
    if ((options.height > 0) != (options.width > 0) || options.height < 0 || options.height > longest_side ||
        options.width > longest_side)
      throw OptionError(message("load_image_folder: expected a height and a width from 1 to ", longest_side,
                                ", or 0 for both, found ", options.height, " and ", options.width));
    check_image_options({options.channels, options.max_pixels}, "load_image_folder");
  }

  Dataset<T> load(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> classes;
    bool files = false;
    std::error_code unused;
    for (std::filesystem::path& path : list_folder(folder)) {
      if (std::filesystem::is_directory(path, unused))
        classes.push_back(std::move(path));
      else
        files = files || picture_kind(path) != PictureKind::none || !options_.skip_others;
    }
    if (!classes.empty() && files)
      throw FileError(message(folder.string(), ": expected either pictures or one folder a class, found both; move the files"));

    std::vector<std::filesystem::path> pictures;
    std::vector<int> labels;
    Dataset<T> set;
    if (classes.empty()) pictures = list_pictures(folder, options_.skip_others);
    for (const std::filesystem::path& path : classes) {
      for (std::filesystem::path& picture : list_pictures(path, options_.skip_others)) {
        pictures.push_back(std::move(picture));
        labels.push_back(static_cast<int>(set.class_names.size()));
      }
      set.class_names.push_back(path.filename().string());
    }
    for (std::size_t i = 0; i < pictures.size(); ++i) add(set, pictures, i);
    set.labels = Eigen::Map<const Eigen::VectorXi>(labels.data(), std::ssize(labels));
    return set;
  }

 private:
  void add(Dataset<T>& set, const std::vector<std::filesystem::path>& pictures, std::size_t i) {
    const ImageOptions reading{options_.channels, options_.max_pixels};
    Image picture = picture_kind(pictures[i]) == PictureKind::png ? eigencoder::read_png(pictures[i], reading)
                                                                  : eigencoder::read_jpeg(pictures[i], reading);
    if (options_.height > 0) picture = resize(picture, options_.height, options_.width);
    const Shape shape = image(picture.height, picture.width, picture.channels);
    if (i == 0) {
      set.shape = shape;
      set.samples.resize(shape.size(), std::ssize(pictures));
    }
    if (shape != set.shape)
      throw FileError(
          message(pictures[i].string(), ": expected a picture of ", describe(set.shape), " as in ", pictures.front().string(),
                  ", found ", describe(shape),
                  shape.channels == set.shape.channels ? "; set height and width to resize all" : "; set channels to 1 or 3"));
    set_pixels<T>(picture.pixels.data(), set.samples.col(static_cast<Index>(i)));
  }

  static std::string describe(Shape shape) {
    return message(shape.height, " × ", shape.width, shape.channels == 3 ? " in colour" : " in grey");
  }

  const ImageFolderOptions& options_;
};

}  // namespace detail

/// Reads a folder of PNG and JPEG files, whose names end in .png, .jpg or .jpeg in letters of any case: one folder a class,
/// whose names are class_names, in the order of their bytes, and whose places in it are the labels; or the files of one folder,
/// without labels. Within a folder samples are in the order of the names' bytes. Names that begin with a dot are ignored; other
/// files are refused, or ignored by an option. Pixels are scaled to [0, 1]; with std::uint8_t nothing is scaled. See decode_png
/// for what becomes of transparency and of 16 bits, decode_jpeg for pictures that were turned. Keras:
/// image_dataset_from_directory; torchvision: ImageFolder. Throws FileError with the file's name for a picture that is unsound,
/// or of another size or other channels than the first; for a folder without pictures, or with pictures beside classes;
/// OptionError for options out of range.
template <SampleScalar T = float>
Dataset<T> load_image_folder(const std::filesystem::path& folder, const ImageFolderOptions& options = {}) {
  return detail::ImageFolderLoader<T>(options).load(folder);
}

}  // namespace eigencoder
