// Built-in networks: what is built, and with which weights.

#include "dialect/Import/Architectures.h"
#include "ImportTest.h"
#include "dialect/IR/Layouts.h"
#include "dialect/Import/NetworkBuilder.h"
#include <cmath>

using namespace mlir;
using namespace resnet;
using namespace resnet::test;

namespace {

struct ArchitecturesTest : ImportTest {
  std::string build(StringRef name, const ArchitectureOptions &options = {}) {
    errors.clear();
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      errors.push_back(diagnostic.str());
      return success();
    });
    module = buildArchitecture(llvm::cantFail(loadArchitecture(name)), options, &context);
    std::string text;
    llvm::raw_string_ostream os(text);
    if (module)
      module->print(os, OpPrintingFlags().elideLargeResourceString(0));
    return text;
  }
};

/// Counts in place of generating.
struct CountingSource : ParameterSource {
  int64_t count = 0;
  HostTensor get(StringRef name, ArrayRef<int64_t> shape, ParameterRole) override {
    if (!name.contains("running"))
      count += *countElements(shape);
    return HostTensor::ofSplat(shape, 0);
  }
  llvm::Error finish() override { return llvm::Error::success(); }
};

int64_t countParameters(const Architecture &architecture) {
  MLIRContext context;
  context.loadDialect<ResNetDialect>();
  CountingSource source;
  NetworkBuilder network(architecture, source, &context);
  const int64_t size = architecture.imageSize;
  auto type = RankedTensorType::get({1, architecture.inputChannels, size, size}, Float32Type::get(&context));
  Block block;
  network.builder.setInsertionPointToEnd(&block);
  Value value = network.stem(block.addArgument(type, network.builder.getUnknownLoc()));
  for (size_t i = 0; i < architecture.stages.size(); ++i)
    value = network.stage(value, i);
  network.head(value);
  return source.count;
}

TEST(Architectures, ParameterCountsOfThePapersNetworks) {
  // Torchvision's and timm's documentation, and table 6 of the paper (0.27 M and 0.85 M).
  const std::pair<const char *, int64_t> counts[] = {{"resnet18", 11689512},
                                                     {"resnet34", 21797672},
                                                     {"resnet50", 25557032},
                                                     {"resnet20", 269722},
                                                     {"resnet56", 853018},
                                                     {"resnext50_32x4d", 25028904},
                                                     {"wide_resnet50_2", 68883240},
                                                     {"resnext101_32x8d", 88791336},
                                                     {"resnext101_64x4d", 83455272},
                                                     {"resnet18d", 11708744},
                                                     {"resnet50d", 25576264},
                                                     {"seresnet50", 28088024},
                                                     {"resnetrs50", 35691912},
                                                     {"resnetv2_50", 25549352},
                                                     {"wrn-28-10", 36479194},
                                                     {"preact_resnet1001", 10327706},
                                                     {"resnet8", 78186}};
  for (auto [name, count] : counts)
    EXPECT_EQ(countParameters(*findArchitecture(name)), count) << name;
}

TEST_F(ArchitecturesTest, Names) {
  const std::string ir = build("resnet18");
  EXPECT_TRUE(contains(ir, "@main(%arg0: tensor<?x3x224x224xf32> {resnet.name = \"input\"}) -> (tensor<?x1000xf32> "
                           "{resnet.name = \"logits\"})"));
  EXPECT_TRUE(contains(names(), "conv1 bn1 relu maxpool layer1.0.conv1 layer1.0.bn1 layer1.0.relu layer1.0.conv2 "
                                "layer1.0.bn2 layer1.0.add layer1.0.relu_1 layer1.1.conv1"));
  EXPECT_TRUE(contains(names(), "layer2.0.bn2 layer2.0.downsample.0 layer2.0.downsample.1 layer2.0.add"));
  EXPECT_TRUE(contains(names(), "layer4.1.relu_1 avgpool flatten fc"));
}

TEST_F(ArchitecturesTest, TheBottlenecksStrideIsOnThe3x3) {
  build("resnet50");
  module->walk([&](Conv2dOp op) {
    if (sourceName(op.getLoc()) == "layer2.0.conv1")
      EXPECT_TRUE(allEqual(op.getStrides(), 1));
    if (sourceName(op.getLoc()) == "layer2.0.conv2")
      EXPECT_TRUE(allEqual(op.getStrides(), 2));
  });
}

TEST_F(ArchitecturesTest, CifarNetworksHaveOptionA) {
  const std::string ir = build("resnet20");
  EXPECT_TRUE(contains(ir, "resnet.subsample"));
  EXPECT_TRUE(contains(ir, "channel_padding [8, 8] : tensor<?x16x32x32xf32> -> tensor<?x32x16x16xf32>"));
}

TEST_F(ArchitecturesTest, Shape) {
  ArchitectureOptions options;
  options.shapes = {{"input", {2, 3, 225, 161}}};
  EXPECT_TRUE(contains(build("resnet18", options), "@main(%arg0: tensor<2x3x225x161xf32>"));
  options.shapes = {{"input", {2, 4, 225, 161}}};
  EXPECT_EQ(build("resnet18", options), "");
  EXPECT_TRUE(contains(errors[0], "expected --shape [N, 3, H, W], got 2x4x225x161"));
  options.shapes = {{"picture", {2, 3, 225, 161}}};
  EXPECT_EQ(build("resnet18", options), "");
  EXPECT_TRUE(contains(errors[0], "expected --shape to name the input 'input', got 'picture'"));
}

TEST_F(ArchitecturesTest, SeedsDecideTheWeights) {
  ArchitectureOptions options;
  options.seed = 1;
  build("resnet20", options);
  const std::vector<float> first = constant("layer1.0.conv1.weight"), mean = constant("layer3.2.bn2.running_mean");
  build("resnet20", options);
  EXPECT_EQ(constant("layer1.0.conv1.weight"), first);
  EXPECT_EQ(constant("layer3.2.bn2.running_mean"), mean);
  options.seed = 2;
  build("resnet20", options);
  EXPECT_NE(constant("layer1.0.conv1.weight"), first);
}

TEST_F(ArchitecturesTest, FiltersHaveHesDeviation) {
  build("resnet20");
  double square = 0;
  const std::vector<float> filter = constant("layer3.0.conv2.weight");
  for (float x : filter)
    square += x * x / filter.size();
  EXPECT_NEAR(std::sqrt(square), std::sqrt(2.0 / (64 * 9)), 0.001);
}

TEST_F(ArchitecturesTest, RunningStatisticsAreMeasured) {
  build("resnet110");
  module->walk([&](ConstantOp op) {
    SmallVector<float> storage;
    StringRef name = cast<NameLoc>(op.getLoc()).getName();
    for (float x : constantElements(op.getValue(), storage)) {
      EXPECT_TRUE(std::isfinite(x)) << name.str();
      if (name.ends_with("running_var"))
        EXPECT_GT(x, 1e-3) << name.str();
    }
  });
  EXPECT_NE(constant("layer3.17.bn2.running_var"), std::vector<float>(64, 1));
}

TEST_F(ArchitecturesTest, TheOriginalStrideIsOnTheFirst1x1) {
  build("resnet50_v1");
  module->walk([&](Conv2dOp op) {
    if (sourceName(op.getLoc()) == "layer2.0.conv1" || sourceName(op.getLoc()) == "layer2.0.downsample.0")
      EXPECT_TRUE(allEqual(op.getStrides(), 2));
    if (sourceName(op.getLoc()) == "layer2.0.conv2")
      EXPECT_TRUE(allEqual(op.getStrides(), 1));
  });
}

TEST_F(ArchitecturesTest, PlainNetworksHaveNoSums) {
  EXPECT_FALSE(StringRef(build("plain20")).contains("resnet.add"));
  EXPECT_EQ(constant("layer1.0.bn2.weight"), std::vector<float>(16, 1));
}

TEST_F(ArchitecturesTest, PreActivation) {
  build("preact_resnet164");
  EXPECT_TRUE(contains(names(), "conv1 layer1.0.bn1 layer1.0.relu layer1.0.conv1 layer1.0.bn2 layer1.0.relu_1 layer1.0.conv2 "
                                "layer1.0.bn3 layer1.0.relu_2 layer1.0.conv3 layer1.0.downsample.0 layer1.0.add layer1.1.bn1"));
  EXPECT_TRUE(contains(names(), "layer3.17.add bn relu avgpool flatten linear"));
  module->walk([&](Conv2dOp op) {
    if (sourceName(op.getLoc()) == "layer1.0.downsample.0")
      EXPECT_EQ(sourceName(op.getInput().getDefiningOp()->getLoc()), "layer1.0.relu");
  });
}

TEST_F(ArchitecturesTest, AveragePoolShortcutsAndDeepStems) {
  build("resnet18d");
  EXPECT_TRUE(contains(names(), "conv1.0 conv1.1 conv1.2 conv1.3 conv1.4 conv1.5 conv1.6 bn1 relu maxpool layer1.0.conv1"));
  EXPECT_TRUE(contains(names(), "layer2.0.bn2 layer2.0.downsample.0 layer2.0.downsample.1 layer2.0.downsample.2 layer2.0.add"));
}

TEST_F(ArchitecturesTest, Attention) {
  build("se_resnet20");
  EXPECT_TRUE(contains(names(), "layer1.0.bn2 layer1.0.se.pool layer1.0.se.fc1 layer1.0.se.relu layer1.0.se.fc2 layer1.0.se.gate "
                                "layer1.0.se.mul layer1.0.add"));
  const std::string ir = build("ecaresnet50");
  EXPECT_TRUE(contains(ir, "(tensor<?x1x1x256xf32>, tensor<1x1x1x5xf32>) -> tensor<?x1x1x256xf32>"));
}

TEST_F(ArchitecturesTest, IbnHasNoInstancesInTheLastStage) {
  build("resnet50_ibn_a");
  EXPECT_TRUE(contains(names(), "layer3.5.bn1.IN layer3.5.bn1.split_1 layer3.5.bn1.BN layer3.5.bn1.concat layer3.5.relu"));
  EXPECT_TRUE(contains(names(), "layer4.0.conv1 layer4.0.bn1 layer4.0.relu"));
}

TEST_F(ArchitecturesTest, KerasPadsBelowAndRight) {
  const std::string ir = build("resnet8");
  EXPECT_TRUE(contains(ir, "stride [2, 2] pad [0, 0, 1, 1] "));
  EXPECT_FALSE(StringRef(ir).contains("stride [2, 2] pad [1, 1, 1, 1]"));
  EXPECT_TRUE(contains(ir, "resnet.softmax"));
}

TEST_F(ArchitecturesTest, ResidualScale) {
  ArchitectureOptions options;
  build("resnet20", options);
  EXPECT_EQ(constant("layer1.0.bn2.weight"), std::vector<float>(16, 0.25f));
  const std::vector<float> filter = constant("layer1.0.conv2.weight");
  options.residualScale = 0.5f;
  build("resnet20", options);
  EXPECT_EQ(constant("layer1.0.bn2.weight"), std::vector<float>(16, 0.5f));
  EXPECT_EQ(constant("layer1.0.conv2.weight"), filter);
  // Nothing normalises the end of a pre-activation block.
  options.residualScale = 1.0f;
  build("preact_resnet110", options);
  EXPECT_EQ(constant("layer1.0.conv2.weight"), filter);
}

TEST_F(ArchitecturesTest, ImagesThatAreTooSmall) {
  ArchitectureOptions options;
  options.shapes = {{"input", {1, 3, 17, 16}}};
  EXPECT_EQ(build("resnet50d", options), "");
  EXPECT_TRUE(contains(errors[0], "expected an image of at least 17x17, got 17x16"));
}

TEST_F(ArchitecturesTest, UnknownNames) {
  EXPECT_EQ(findArchitecture("resnet19"), nullptr);
  EXPECT_EQ(findArchitecture(""), nullptr);
}

} // namespace
