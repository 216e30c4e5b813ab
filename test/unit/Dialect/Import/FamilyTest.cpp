// Every built-in architecture, executed at its smallest legal image.

#include "dialect/Import/Architectures.h"
#include "dialect/Interpreter/Interpreter.h"
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace resnet;

namespace {

/// Each stage's blocks are the same but for the first, so that more of them test nothing but patience.
constexpr int64_t kMostBlocks = 2;
constexpr int64_t kLargeImage = 32;

std::vector<Tensor> run(const Architecture &architecture, int64_t size) {
  MLIRContext context;
  ArchitectureOptions options;
  options.shapes = {{"input", {ShapedType::kDynamic, architecture.inputChannels, size, size}}};
  OwningOpRef<ModuleOp> module = buildArchitecture(architecture, options, &context);
  if (!module)
    return {};
  FailureOr<FunctionOpInterface> model = findModel(*module);
  FailureOr<SmallVector<Tensor>> inputs = randomInputs(*model, /*batch=*/2, /*seed=*/1);
  FailureOr<SmallVector<Tensor>> outputs = interpret(*model, *inputs);
  return failed(outputs) ? std::vector<Tensor>() : std::vector<Tensor>(outputs->begin(), outputs->end());
}

/// Whether images are told apart is asked where most of a window is not padding: without sums, and before the first one, small
/// images end as zeros behind the ReLU.
void expectLively(const Architecture &architecture, int64_t size) {
  const std::vector<Tensor> outputs = run(architecture, size);
  ASSERT_EQ(outputs.size(), 1u);
  ASSERT_TRUE(isFinite(outputs[0]));
  const std::vector<float> &logits = outputs[0].elements;
  const auto classes = static_cast<size_t>(architecture.classes);
  ASSERT_EQ(logits.size(), 2 * classes);
  double between = 0, within = 0;
  for (size_t i = 0; i < classes; ++i) {
    between = std::max<double>(between, std::abs(logits[i] - logits[classes + i]));
    within = std::max<double>(within, std::abs(logits[i] - logits[0]));
  }
  if (size >= kLargeImage || (!architecture.preActivation && architecture.shortcut != ShortcutOption::None))
    EXPECT_GT(between, 1e-4) << "the images' results are alike";
  EXPECT_GT(within, 1e-3) << "the classes' results are alike";
}

struct FamilyTest : testing::TestWithParam<std::string> {};

TEST_P(FamilyTest, OutputsAreFiniteAndNotConstant) {
  Architecture architecture = *findArchitecture(GetParam());
  for (Architecture::Stage &stage : architecture.stages)
    stage.blocks = std::min(stage.blocks, kMostBlocks);
  expectLively(architecture, architecture.smallestImage());
  if (architecture.preActivation || architecture.shortcut == ShortcutOption::None)
    expectLively(architecture, kLargeImage);
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, FamilyTest, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const Architecture &architecture : architectures())
                             names.push_back(architecture.name);
                           return names;
                         }()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           std::string name = info.param; // GoogleTest wants letters, digits and _
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Family, OutputsAreFiniteAndNotConstantAtAnyDepth) {
  for (const char *name : {"resnet1202", "preact_resnet1001", "plain56"}) {
    SCOPED_TRACE(name);
    expectLively(*findArchitecture(name), name == llvm::StringRef("plain56") ? kLargeImage : 8);
  }
}

TEST(Family, FieldsThatNoBuiltInNetworkHas) {
  const char *descriptions[] = {
      R"({"base": "resnet20", "activation": "silu", "attention": {"eca": {"gate": "hard_sigmoid"}}})",
      R"({"base": "resnet20_b", "activation": "hard_swish", "convolution": {"padding": "same"}, "output_stride": 2})",
      R"({"base": "resnet20_c", "activation": "relu6", "normalization": {"group": {"groups": 4}}})",
      R"({"base": "preact_resnet164", "shortcut": {"option": "D", "normalization": true}, "attention": {"se": {"bias": false}},
          "stages": [{"blocks": 1, "width": 16}, {"blocks": 2, "width": 24}], "convolution": {"bias": true}})",
      R"({"base": "resnet18d", "output_stride": 8, "block": {"kind": "bottleneck", "groups": 8, "base_width": 9, "expansion": 3}})",
      R"({"base": "wrn-28-10", "stages": [{"blocks": 1, "width": 8, "stride": 2}], "normalization": {"ibn_a": {}},
          "input": {"channels": 1, "size": 28}, "stem": {"convolutions": [{"width": 5, "kernel": 11, "stride": 2}],
          "pool": "convolution"}, "head": {"softmax": true, "classes": 7}})",
      R"({"base": "preact_resnet110", "shortcut": {"option": "none"}, "stages": [{"blocks": 3, "width": 16}]})"};
  for (const char *text : descriptions) {
    llvm::Expected<Architecture> architecture = parseArchitecture(text, "test");
    ASSERT_TRUE(static_cast<bool>(architecture)) << text << toString(architecture.takeError());
    SCOPED_TRACE(text);
    expectLively(*architecture, std::max<int64_t>(architecture->smallestImage(), 7));
  }
}

} // namespace
