// SPDX-License-Identifier: MIT
#pragma once

#include "eigencoder/data/image_folder.hpp"
#include "eigencoder/files/read_file.hpp"

namespace eigencoder {

/// How load_segmentation_folder and load_camvid read.
struct SegmentationFolderOptions {
  Index classes = 0;                 ///< How many there are: masks have numbers from 0 to classes − 1.
  std::vector<int> unknown = {255};  ///< Further values of masks, of places whose class is unknown.
  Index channels = 3;                ///< Of the pictures: 1 grey, 3 colour, 0 as the files have them, which must agree.
  Index height = 0, width = 0;       ///< Resize all to this size; 0 leaves them, and they must agree.
  Index max_pixels = 100'000'000;    ///< A larger picture is refused.
};

/// Pictures with a class for each of their pixels.
template <SampleScalar T = float>
struct SegmentationSet {
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> samples;  ///< shape.size() × N
  Eigen::MatrixXi masks;  ///< pixels × N: class numbers, and −1 where the class is unknown
  Shape shape;            ///< of one picture

  Index size() const { return samples.cols(); }
};

/// One to train on and one to test on.
template <SampleScalar T = float>
struct SegmentationSplit {
  SegmentationSet<T> train, test;
};

namespace detail {

/// The PNG files of a folder that has no others, by name.
inline std::vector<std::filesystem::path> list_png(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files = list_pictures(folder, false);
  for (const std::filesystem::path& path : files) {
    if (picture_kind(path) != PictureKind::png) throw FileError(message(path.string(), ": expected a PNG file"));
  }
  return files;
}

/// The masks that belong to pictures, by their names without ending: of a.png it is a.png or a_L.png.
inline std::vector<std::filesystem::path> find_masks(const std::vector<std::filesystem::path>& pictures,
                                                     const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found, left = list_png(folder);
  for (const std::filesystem::path& picture : pictures) {
    const std::string name = picture.stem().string();
    const auto mask = std::ranges::find_if(left, [&](const std::filesystem::path& path) {
      const std::string stem = path.stem().string();
      return stem == name || stem == name + "_L";
    });
    if (mask == left.end()) {
      throw FileError(
          message((folder / (name + ".png")).string(), ": expected the mask of ", picture.string(), ", found none"));
    }
    found.push_back(*mask);
    left.erase(mask);
  }
  if (!left.empty()) {
    throw FileError(message(left.front().string(), ": expected a mask of a picture, found that there is none of this name"));
  }
  return found;
}

/// The value that the centre of each pixel of the new size falls on: class numbers cannot be averaged.
inline Image resize_mask(const Image& mask, Index height, Index width) {
  Image resized{height, width, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width))};
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      const Index row = (2 * y + 1) * mask.height / (2 * height), column = (2 * x + 1) * mask.width / (2 * width);
      resized.pixels[static_cast<std::size_t>(y * width + x)] =
          mask.pixels[static_cast<std::size_t>(row * mask.width + column)];
    }
  }
  return resized;
}

template <class T>
class SegmentationFolderLoader {
 public:
  explicit SegmentationFolderLoader(const SegmentationFolderOptions& options) : options_(options) {
    constexpr const char* who = "load_segmentation_folder";
    if (options.classes < 2 || options.classes > 256) {
      throw OptionError(message(who, ": expected 2 to 256 classes, found ", options.classes));
    }
    if ((options.height > 0) != (options.width > 0) || options.height < 0 || options.height > longest_side ||
        options.width > longest_side) {
      throw OptionError(message(who, ": expected a height and a width from 1 to ", longest_side, ", or 0 for both, found ",
                                options.height, " and ", options.width));
    }
    check_image_options({options.channels, options.max_pixels}, who);
  }

  SegmentationSet<T> load(const std::filesystem::path& folder, const std::filesystem::path& masks) {
    const std::vector<std::filesystem::path> pictures = list_png(folder), of_pictures = find_masks(pictures, masks);
    SegmentationSet<T> set;
    for (std::size_t i = 0; i < pictures.size(); ++i) add(set, pictures, of_pictures[i], i);
    return set;
  }

 private:
  void add(SegmentationSet<T>& set, const std::vector<std::filesystem::path>& pictures, const std::filesystem::path& mask_path,
           std::size_t i) {
    const ImageOptions reading{options_.channels, options_.max_pixels};
    Image picture = read_png(pictures[i], reading);
    Image mask = decode_png(read_file(mask_path), {.channels = 0, .max_pixels = options_.max_pixels}, mask_path.string(), true);
    if (mask.height != picture.height || mask.width != picture.width) {
      throw FileError(message(mask_path.string(), ": expected a mask of ", picture.height, " × ", picture.width, ", as ",
                              pictures[i].string(), " is, found ", mask.height, " × ", mask.width));
    }
    check_numbers(mask, mask_path);
    if (options_.height > 0) {
      picture = resize(picture, options_.height, options_.width);
      mask = resize_mask(mask, options_.height, options_.width);
    }
    const Shape shape = image(picture.height, picture.width, picture.channels);
    if (i == 0) {
      set.shape = shape;
      set.samples.resize(shape.size(), std::ssize(pictures));
      set.masks.resize(shape.height * shape.width, std::ssize(pictures));
    }
    if (shape != set.shape) {
      throw FileError(
          message(pictures[i].string(), ": expected a picture of shape ", to_string(set.shape), " as ",
                  pictures.front().string(), " is, found ", to_string(shape),
                  shape.channels == set.shape.channels ? "; set height and width to resize all" : "; set channels to 1 or 3"));
    }
    set_pixels<T>(picture.pixels.data(), set.samples.col(static_cast<Index>(i)));
    for (Index k = 0; k < set.masks.rows(); ++k) {
      const int number = mask.pixels[static_cast<std::size_t>(k)];
      set.masks(k, static_cast<Index>(i)) = unknown(number) ? -1 : number;
    }
  }

  bool unknown(int number) const { return std::ranges::find(options_.unknown, number) != options_.unknown.end(); }

  void check_numbers(const Image& mask, const std::filesystem::path& path) const {
    for (std::size_t k = 0; k < mask.pixels.size(); ++k) {
      const int number = mask.pixels[k];
      if (number >= options_.classes && !unknown(number)) {
        const auto width = static_cast<std::size_t>(mask.width);
        throw FileError(message(path.string(), ": expected class numbers from 0 to ", options_.classes - 1, ", found ", number,
                                " in row ", k / width, ", column ", k % width, "; is it of more classes, or to be `unknown`?"));
      }
    }
  }

  const SegmentationFolderOptions& options_;
};

}  // namespace detail

/// Reads a folder of pictures and one of masks, all PNG files: masks are in grey, of 8 bits, and their values are class
/// numbers. The mask of a.png is called a.png or a_L.png. Samples are in the order of the names' bytes; pixels are scaled to
/// [0, 1], with std::uint8_t nothing is scaled. Where `height` and `width` are set, pictures are resized as `resize` does it,
/// and masks take the value that the centre of each new pixel falls on. Throws FileError with the file's name for what is no
/// PNG file, for a picture without a mask or a mask without a picture, for sizes that differ, for masks of another kind and for
/// a number that is no class; OptionError for options out of range.
template <SampleScalar T = float>
SegmentationSet<T> load_segmentation_folder(const std::filesystem::path& pictures, const std::filesystem::path& masks,
                                            const SegmentationFolderOptions& options) {
  return detail::SegmentationFolderLoader<T>(options).load(pictures, masks);
}

/// What CamVid's masks of 11 classes have: 11 is void.
inline SegmentationFolderOptions camvid_options(Index height = 0, Index width = 0) {
  return {.classes = 11, .unknown = {11, 255}, .height = height, .width = width};
}

/// Reads a folder as CamVid's is: train and test, with their masks in trainannot and testannot, or train_labels and
/// test_labels. Throws what load_segmentation_folder throws, and FileError if one of the four folders is not there. Brostow,
/// Fauqueur and Cipolla, "Semantic object classes in video", 2009; folders as in SegNet's tutorial.
template <SampleScalar T = float>
SegmentationSplit<T> load_camvid(const std::filesystem::path& folder,
                                 const SegmentationFolderOptions& options = camvid_options()) {
  const auto part = [&](const std::string& name) {
    std::error_code unused;
    for (const char* const ending : {"annot", "_labels"}) {
      if (std::filesystem::is_directory(folder / (name + ending), unused)) {
        return load_segmentation_folder<T>(folder / name, folder / (name + ending), options);
      }
    }
    throw FileError(message((folder / (name + "annot")).string(), ": expected the folder of the masks of ",
                            (folder / name).string(), ", or ", name, "_labels, found neither"));
  };
  SegmentationSplit<T> split{part("train"), part("test")};
  if (split.train.shape != split.test.shape) {
    throw FileError(message((folder / "test").string(), ": expected pictures of shape ", to_string(split.train.shape),
                            " as in train, found ", to_string(split.test.shape), "; set height and width to resize all"));
  }
  return split;
}

}  // namespace eigencoder
