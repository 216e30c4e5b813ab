// Names are torchvision's, which timm's post-activation networks share. Two kinds of difference are known: parts of a name that
// a file may have under another word, each decided by the file's keys, and timm's pre-activation networks with names of their
// own.

#include "dialect/Import/ParameterNames.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace resnet;

namespace {
struct Word {
  StringLiteral ours, theirs;
};
} // namespace

// Inside a block, between two dots.
static constexpr Word kBlockWords[] = {
    {"downsample", "shortcut"}, // CIFAR networks in torch, e.g. akamaster's option B
    {"se", "se_module"},        // Cadene's and timm's older SE networks
    {"se", "eca"},              // ECA-Net's own networks
};

// Of the last layer; ours may be the first or the second.
static constexpr StringLiteral kClassifiers[] = {"fc", "linear", "head.fc", "last_linear", "classifier"};

// "layer2.0.conv1.weight": the stage, the block, and the rest.
static bool splitBlock(StringRef name, unsigned &stage, StringRef &block, StringRef &rest) {
  if (!name.consume_front("layer") || name.consumeInteger(10, stage) || !name.consume_front("."))
    return false;
  std::tie(block, rest) = name.split('.');
  return stage > 0;
}

ParameterNames::ParameterNames(std::function<bool(StringRef)> has) : has(std::move(has)) {
  stages = this->has("stages.0.blocks.0.conv1.weight");
}

// timm's: stages.0.blocks.0.norm1.weight, downsample.conv.weight.
static std::string spellStage(unsigned stage, StringRef block, StringRef rest) {
  std::string prefix = ("stages." + Twine(stage - 1) + ".blocks." + block + ".").str();
  if (rest.consume_front("bn"))
    return (prefix + "norm" + rest).str();
  if (!rest.consume_front("downsample."))
    return (prefix + rest).str();
  auto [index, parameter] = rest.split('.');
  const bool isConvolution = parameter == "weight" && index != "2";
  return (prefix + "downsample." + (isConvolution ? "conv." : "norm.") + parameter).str();
}

// The stem and the normalisation behind the last block, timm's way: conv1 is stem.conv, conv1.3 is stem.conv2.
static std::string spellStem(StringRef name) {
  auto [layer, rest] = name.split('.');
  unsigned index;
  if (layer == "bn")
    return ("norm." + rest).str();
  if (layer == "bn1")
    return ("stem.norm." + rest).str();
  if (layer != "conv1")
    return name.str();
  if (rest.consumeInteger(10, index))
    return ("stem.conv." + rest).str();
  rest.consume_front(".");
  return ("stem." + Twine(index % 3 == 0 ? "conv" : "norm") + Twine(index / 3 + 1) + "." + rest).str();
}

std::string ParameterNames::spellBlock(StringRef name) const {
  // Words differ independently of each other: at most one of them is in a name.
  SmallVector<StringRef> parts;
  name.split(parts, '.');
  for (const Word &word : kBlockWords)
    for (StringRef &part : parts)
      if (part == word.ours) {
        StringRef ours = part;
        part = word.theirs;
        if (std::string theirs = join(parts, "."); has(theirs))
          return theirs;
        part = ours;
      }
  return name.str();
}

std::string ParameterNames::spell(StringRef name) const {
  if (has(name))
    return name.str();
  unsigned stage;
  StringRef block, rest;
  if (splitBlock(name, stage, block, rest))
    return stages ? spellStage(stage, block, rest) : spellBlock(name);
  for (StringRef ours : kClassifiers)
    for (StringRef theirs : kClassifiers) {
      StringRef parameter = name;
      if (parameter.consume_front(ours) && parameter.starts_with(".") && has((theirs + parameter).str()))
        return (theirs + parameter).str();
    }
  if (stages)
    return spellStem(name);
  // Cadene's and timm's older SE networks.
  std::string legacy = ("layer0." + name).str();
  return has(legacy) ? legacy : name.str();
}
