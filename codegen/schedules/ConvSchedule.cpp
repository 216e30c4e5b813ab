// The text form of schedules: an algorithm and key=value words in a fixed order, defaults left out.

#include "codegen/schedules/ConvSchedule.h"
#include <charconv>
#include <sstream>

using namespace resnet::codegen;

static constexpr int64_t kLargest = 1 << 20;

std::string resnet::codegen::toString(const ConvSchedule &s) {
  if (s.algorithm == ConvAlgorithm::Unset)
    return "";
  const ConvSchedule defaults;
  std::string text = s.algorithm == ConvAlgorithm::Direct ? "direct" : "winograd" + std::to_string(s.outputTile);
  text += " tile=" + std::to_string(s.tileColumns) + "x" + std::to_string(s.tileBlocks);
  const auto add = [&](const char *key, int64_t value, int64_t byDefault) {
    if (value != byDefault)
      text += std::string(" ") + key + "=" + std::to_string(value);
  };
  add("tiles", s.tilesPerTask, defaults.tilesPerTask);
  add("rows", s.rowsPerTask, defaults.rowsPerTask);
  add("tile_rows", s.tileRows, defaults.tileRows);
  add("images", s.images, defaults.images);
  add("input_channels", s.inputChannels, defaults.inputChannels);
  if (s.mixedTiles)
    text += " mixed_tiles";
  if (s.filterOutermost)
    text += " filter_outermost";
  return text;
}

bool resnet::codegen::computesSameBits(const ConvSchedule &a, const ConvSchedule &b) {
  if (a.algorithm != ConvAlgorithm::Winograd)
    return a.algorithm == b.algorithm;
  ConvSchedule likeA = b;
  likeA.images = a.images;
  return a == likeA;
}

// A number from `least` to kLargest that is all of `text`.
static bool read(std::string_view text, int64_t least, int64_t &value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= least && value <= kLargest;
}

static bool readWord(std::string_view word, ConvSchedule &s) {
  if (word == "filter_outermost")
    return s.filterOutermost = true;
  if (word == "mixed_tiles")
    return s.mixedTiles = true;
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos)
    return false;
  const std::string_view key = word.substr(0, equals), value = word.substr(equals + 1);
  if (key == "tile") {
    const size_t cross = value.find('x');
    return cross != std::string_view::npos && read(value.substr(0, cross), 1, s.tileColumns) &&
           read(value.substr(cross + 1), 1, s.tileBlocks);
  }
  return (key == "tiles" && read(value, 1, s.tilesPerTask)) || (key == "rows" && read(value, 1, s.rowsPerTask)) ||
         (key == "tile_rows" && read(value, 1, s.tileRows)) || (key == "images" && read(value, 1, s.images)) ||
         (key == "input_channels" && read(value, 0, s.inputChannels));
}

std::optional<ConvSchedule> resnet::codegen::parseConvSchedule(const std::string &text) {
  std::istringstream words(text);
  std::string word;
  ConvSchedule s;
  words >> word;
  if (word == "direct") {
    s.algorithm = ConvAlgorithm::Direct;
  } else if (word == "winograd2" || word == "winograd4" || word == "winograd6") {
    s.algorithm = ConvAlgorithm::Winograd;
    s.outputTile = word.back() - '0';
  } else {
    return std::nullopt;
  }
  while (words >> word)
    if (!readWord(word, s))
      return std::nullopt;
  return s;
}
