// Descriptions of networks: what follows from them, and what is said of wrong ones.

#include "ImportTest.h"
#include "dialect/Import/Architectures.h"

using namespace llvm;
using namespace resnet;
using namespace resnet::test;

namespace {

Architecture parse(StringRef text) { return cantFail(parseArchitecture(text, "test")); }

std::string parseError(StringRef text) {
  Expected<Architecture> architecture = parseArchitecture(text, "test");
  return architecture ? "" : toString(architecture.takeError());
}

const char kSmall[] = R"("stem": {"convolutions": [{"width": 16}]}, "block": {"kind": "bottleneck"},
                         "stages": [{"blocks": 1, "width": 8}, {"blocks": 2, "width": 16}])";

TEST(Descriptions, Defaults) {
  const Architecture a = parse("{" + std::string(kSmall) + "}");
  EXPECT_EQ(a.name, "test");
  EXPECT_EQ(a.imageSize, 224);
  EXPECT_EQ(a.expansion, 4);
  EXPECT_EQ(a.stages[0].stride, 1);
  EXPECT_EQ(a.stages[1].stride, 2);
  EXPECT_EQ(a.shortcut, ShortcutOption::Projection);
  EXPECT_TRUE(a.shortcutNormalization);
  EXPECT_EQ(a.normalization, NormalizationKind::Batch);
  EXPECT_EQ(a.epsilon, 1e-5f);
  EXPECT_EQ(a.classes, 1000);
  EXPECT_EQ(a.classifier, "fc");
}

TEST(Descriptions, ABasesFieldsAreReplacedAsAWhole) {
  const Architecture a = parse(R"({"base": "wrn_28_10", "head": {"classes": 100}, "stages": [{"blocks": 1, "width": 32}]})");
  EXPECT_EQ(a.name, "test");
  EXPECT_EQ(a.classes, 100);
  EXPECT_EQ(a.classifier, "fc"); // not the base's "linear"
  EXPECT_EQ(a.stages.size(), 1u);
  EXPECT_TRUE(a.preActivation);
  EXPECT_EQ(a.imageSize, 32);
}

TEST(Descriptions, PreActivationProjectionsAreNotNormalized) {
  EXPECT_FALSE(findArchitecture("resnetv2_50")->shortcutNormalization);
  EXPECT_EQ(parseError(R"({"base": "resnetv2_50", "shortcut": {"option": "D", "normalization": true}})"), "");
}

TEST(Descriptions, WidthsOfResNeXtAndWideNetworks) {
  auto inner = [](StringRef name) {
    const Architecture *a = findArchitecture(name);
    return a->innerWidth(a->stages[0]);
  };
  EXPECT_EQ(inner("resnet50"), 64);
  EXPECT_EQ(inner("resnext50_32x4d"), 128);
  EXPECT_EQ(inner("resnext101_32x8d"), 256);
  EXPECT_EQ(inner("resnext101_64x4d"), 256);
  EXPECT_EQ(inner("wide_resnet50_2"), 128);
}

TEST(Descriptions, AttentionFollowsTheChannels) {
  Architecture::Attention se = findArchitecture("seresnet50")->attention;
  EXPECT_EQ(se.squeezedChannels(64), 8); // timm's least
  EXPECT_EQ(se.squeezedChannels(256), 16);
  EXPECT_EQ(se.squeezedChannels(2048), 128);
  EXPECT_EQ(findArchitecture("resnetrs50")->attention.squeezedChannels(256), 64);
  // Wang et al., ECA-Net: |log2(C) / 2 + 1/2| to the nearest odd number, at least 3.
  Architecture::Attention eca = findArchitecture("ecaresnet50")->attention;
  EXPECT_EQ(eca.channelKernel(16), 3);
  EXPECT_EQ(eca.channelKernel(256), 5);
  EXPECT_EQ(eca.channelKernel(512), 5);
  EXPECT_EQ(eca.channelKernel(1024), 5);
  EXPECT_EQ(eca.channelKernel(2048), 7);
}

TEST(Descriptions, StridesBeyondTheOutputStrideBecomeDilations) {
  auto windows = [](StringRef name) {
    std::string text;
    for (auto [stride, first, dilation] : findArchitecture(name)->stageWindows())
      text += std::to_string(stride) + std::to_string(first) + std::to_string(dilation) + " ";
    return text;
  };
  // Stride, dilation of the first block, of the others: as torchvision's replace_stride_with_dilation.
  EXPECT_EQ(windows("resnet50"), "111 211 211 211 ");
  EXPECT_EQ(windows("resnet50_os16"), "111 211 211 112 ");
  EXPECT_EQ(windows("resnet50_os8"), "111 211 112 124 ");
}

TEST(Descriptions, SmallestImages) {
  EXPECT_EQ(findArchitecture("resnet50")->smallestImage(), 1);
  // Three averages of 2x2 behind a stem and a pool that halve: 2, 3, 5; 9; 17.
  EXPECT_EQ(findArchitecture("resnet50d")->smallestImage(), 17);
}

TEST(Descriptions, WrongFields) {
  EXPECT_EQ(parseError("[]"), "/: expected an object, got a list of 0");
  EXPECT_EQ(parseError("{}"), "/: expected a field \"stem\", got none");
  EXPECT_EQ(parseError(R"({"base": "resnet19"})"), "/base: expected a name that resnet-import --list prints, got \"resnet19\"");
  EXPECT_EQ(parseError(R"({"base": "resnet50", "stages": [{"blocks": 2, "width": "64"}]})"),
            "/stages/0/width: expected a whole number, got \"64\"");
  EXPECT_EQ(parseError(R"({"base": "resnet50", "stages": [{"blocks": 0, "width": 64}]})"),
            "/stages/0/blocks: expected a whole number from 1 to 4096, got 0");
  EXPECT_EQ(parseError(R"({"base": "resnet50", "shortcut": {"option": "E"}})"),
            "/shortcut/option: expected one of \"A\", \"B\", \"C\", \"D\", \"none\", got \"E\"");
  EXPECT_TRUE(contains(parseError(R"({"base": "resnet50", "stage": []})"), "/: expected no field but $schema, activation"));
  EXPECT_EQ(parseError(R"({"base": "resnet50", "attention": {"se": {}, "eca": {}}})"),
            "/attention: expected at most 1 of its fields, got 2");
}

TEST(Descriptions, RulesBetweenFields) {
  EXPECT_EQ(parseError(R"({"base": "resnet18", "block": {"kind": "basic", "groups": 2}})"),
            "/block: expected groups, base_width and stride_on with kind \"bottleneck\", got \"basic\"");
  EXPECT_EQ(parseError(R"({"base": "resnet18", "block": {"kind": "basic", "expansion": 2}})"),
            "/block/expansion: expected 1 with kind \"basic\", got 2");
  EXPECT_EQ(parseError(R"({"base": "resnet20", "stages": [{"blocks": 1, "width": 8}]})"),
            "/stages/0/width: expected at least the 16 channels before with shortcuts of option \"A\", got 8");
  EXPECT_EQ(parseError(R"({"base": "resnet20", "shortcut": {"option": "A", "normalization": true}})"),
            "/shortcut/normalization: expected option \"B\", \"C\" or \"D\" beside it, got \"A\"");
  EXPECT_EQ(parseError(R"({"base": "resnet20", "normalization": {"group": {"groups": 12}}})"),
            "/normalization/group/groups: expected a divisor of /stem/convolutions/0/width, which is 16, got 12");
  EXPECT_EQ(parseError(R"({"base": "resnet50", "block": {"kind": "bottleneck", "base_width": 1},
                           "stages": [{"blocks": 1, "width": 32}]})"),
            "/block/base_width: expected 1 to 65536 channels in the 3x3 convolutions of /stages/0, got 0");
  EXPECT_EQ(parseError(R"({"base": "resnet20", "normalization": {"ibn_a": {}}, "stages": [{"blocks": 1, "width": 1}],
                           "shortcut": {"option": "B"}})"),
            "/stages/0/width: expected at least 2 channels with \"ibn_a\", got 1");
  // A pre-activation block normalises what comes before it.
  EXPECT_EQ(parseError(R"({"stem": {"convolutions": [{"width": 1}]}, "block": {"kind": "basic", "order": "pre"},
                           "stages": [{"blocks": 1, "width": 2}, {"blocks": 1, "width": 2}],
                           "normalization": {"ibn_a": {}}})"),
            "/stages/0/width: expected at least 2 channels with \"ibn_a\", got 1");
}

TEST(Descriptions, NetworksThatAreTooLarge) {
  EXPECT_EQ(parseError(R"({"base": "resnet50", "stages": [{"blocks": 4000, "width": 512}]})"),
            "/stages: expected at most 2147483648 weights, got about 17826833600");
}

TEST(Descriptions, Files) {
  TemporaryFolder folder;
  auto load = [](const std::string &name) {
    Expected<Architecture> architecture = loadArchitecture(name);
    return architecture ? architecture->name : toString(architecture.takeError());
  };
  folder.write("small.json", R"({"base": "resnet20", "head": {"classes": 3}})");
  EXPECT_EQ(load(folder.file("small.json")), "small");
  folder.write("wrong.json", "{");
  EXPECT_TRUE(contains(load(folder.file("wrong.json")), "wrong.json: line 1, column 2: expected JSON, got the end"));
  EXPECT_TRUE(contains(load(folder.file("none.json")), "none.json: cannot read the description: No such file"));
  EXPECT_TRUE(contains(load(folder.path + "/.json"), ".json: cannot read the description"));
  folder.write("long.json", std::string((1 << 20) + 1, ' '));
  EXPECT_TRUE(contains(load(folder.file("long.json")), "long.json: expected a file of at most 1048576 bytes"));
  EXPECT_TRUE(contains(load("small"), "--arch: expected a name that --list prints or a file of the form NAME.json, got 'small'"));
}

} // namespace
