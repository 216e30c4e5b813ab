// Spellings of parameters in files of weights.

#include "dialect/Import/ParameterNames.h"
#include "llvm/ADT/StringSet.h"
#include <gtest/gtest.h>

using namespace llvm;
using namespace resnet;

namespace {

std::string spell(std::vector<StringRef> keys, StringRef name) {
  StringSet<> set;
  for (StringRef key : keys)
    set.insert(key);
  return ParameterNames([set = std::move(set)](StringRef key) { return set.contains(key); }).spell(name);
}

TEST(ParameterNames, TorchvisionsAreOurs) {
  EXPECT_EQ(spell({"layer1.0.conv1.weight", "fc.weight"}, "layer1.0.conv1.weight"), "layer1.0.conv1.weight");
  EXPECT_EQ(spell({"fc.weight"}, "layer1.0.conv1.weight"), "layer1.0.conv1.weight"); // missing
}

TEST(ParameterNames, Classifiers) {
  EXPECT_EQ(spell({"linear.bias"}, "fc.bias"), "linear.bias");
  EXPECT_EQ(spell({"fc.bias"}, "linear.bias"), "fc.bias");
  EXPECT_EQ(spell({"last_linear.bias"}, "fc.bias"), "last_linear.bias");
}

TEST(ParameterNames, WordsInBlocks) {
  EXPECT_EQ(spell({"layer2.0.shortcut.0.weight"}, "layer2.0.downsample.0.weight"), "layer2.0.shortcut.0.weight");
  EXPECT_EQ(spell({"layer2.0.se_module.fc1.weight"}, "layer2.0.se.fc1.weight"), "layer2.0.se_module.fc1.weight");
  EXPECT_EQ(spell({"layer2.0.eca.conv.weight"}, "layer2.0.se.conv.weight"), "layer2.0.eca.conv.weight");
  EXPECT_EQ(spell({"layer0.bn1.bias"}, "bn1.bias"), "layer0.bn1.bias");
}

TEST(ParameterNames, TimmsPreActivation) {
  const std::vector<StringRef> keys = {"stages.0.blocks.0.conv1.weight", "head.fc.weight"};
  EXPECT_EQ(spell(keys, "layer1.0.conv1.weight"), "stages.0.blocks.0.conv1.weight");
  EXPECT_EQ(spell(keys, "layer4.12.bn3.running_mean"), "stages.3.blocks.12.norm3.running_mean");
  EXPECT_EQ(spell(keys, "layer2.0.downsample.0.weight"), "stages.1.blocks.0.downsample.conv.weight");
  EXPECT_EQ(spell(keys, "layer2.0.downsample.1.weight"), "stages.1.blocks.0.downsample.conv.weight"); // behind an average
  EXPECT_EQ(spell(keys, "conv1.weight"), "stem.conv.weight");
  EXPECT_EQ(spell(keys, "conv1.3.weight"), "stem.conv2.weight");
  EXPECT_EQ(spell(keys, "conv1.4.bias"), "stem.norm2.bias");
  EXPECT_EQ(spell(keys, "bn.weight"), "norm.weight");
  EXPECT_EQ(spell(keys, "fc.weight"), "head.fc.weight");
}

} // namespace
