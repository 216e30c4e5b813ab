// Shapes of inputs: from the file and from the user.

#include "ImportTest.h"

using namespace resnet;
using namespace resnet::test;

namespace {

struct OptionsTest : ImportTest {
  OptionsTest() { node("Relu", {"x"}); }
  std::string importAs(const std::string &text) {
    std::string error;
    ImportOptions options;
    options.shapes.push_back(*parseInputShape(text, error));
    return import(options);
  }
};

TEST(InputShapeTest, Parse) {
  std::string error;
  auto shape = parseInputShape("serving:input:0:?x3x224x160", error);
  ASSERT_TRUE(succeeded(shape));
  EXPECT_EQ(shape->name, "serving:input:0");
  EXPECT_EQ(formatShape(shape->dims), "?x3x224x160");
  EXPECT_EQ(parseInputShape("1x3x8x8", error)->name, "");
}

TEST(InputShapeTest, Refuse) {
  for (const char *text :
       {"", "input:", "1x?x3", "1x-3x8", "0x3x8x8", "1x3x8x99999999999999999999", "input:1x3xcat", "1,3,8,8"}) {
    std::string error;
    EXPECT_TRUE(failed(parseInputShape(text, error))) << text;
    EXPECT_TRUE(contains(error, "expected a shape such as input:?x3x224x224")) << text;
  }
}

TEST_F(OptionsTest, ShapeOfTheFileIsReplaced) {
  input({1, 3, 8, 8});
  EXPECT_TRUE(contains(importAs("x:?x3x9x7"), "tensor<?x3x9x7xf32>"));
  EXPECT_TRUE(contains(importAs("2x3x9x7"), "tensor<2x3x9x7xf32>"));
}

TEST_F(OptionsTest, DynamicMapNeedsAShape) {
  input({-1, 3, -1, -1});
  EXPECT_IMPORT_ERROR("input 'x': expected only the batch to be dynamic, got ?x3x?x?: give --shape=x:?x3x224x224");
  EXPECT_TRUE(contains(importAs("x:?x3x9x7"), "tensor<?x3x9x7xf32>"));
}

TEST_F(OptionsTest, InputWithoutAnyShape) {
  input({});
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  EXPECT_IMPORT_ERROR("expected a shape, got none");
  EXPECT_TRUE(contains(importAs("x:?x3x9x7"), "tensor<?x3x9x7xf32>"));
}

TEST_F(OptionsTest, ShapeOfAnotherRankOrOtherChannels) {
  input({-1, 3, 8, 8});
  EXPECT_EQ(importAs("x:?x3x8"), "");
  EXPECT_TRUE(contains(errors[0], "input 'x': expected --shape of rank 4, as in the model, got ?x3x8"));
  EXPECT_EQ(importAs("x:?x4x8x8"), "");
  EXPECT_TRUE(contains(errors[0], "input 'x': expected --shape with 3 channels, as in the model, got ?x4x8x8"));
}

TEST_F(OptionsTest, ShapeOfRankThreeForAnInputWithoutShape) {
  input({});
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  EXPECT_EQ(importAs("?x3x8"), "");
  EXPECT_TRUE(contains(errors[0], "expected rank 4 or 2"));
}

TEST_F(OptionsTest, ChannelsComeLastBeforeATranspose) {
  model.mutable_graph()->clear_node();
  input({-1, 8, 8, 3});
  node("Transpose", {"x"}).integers("perm", {0, 3, 1, 2});
  EXPECT_TRUE(contains(importAs("?x9x7x3"), "tensor<?x9x7x3xf32>"));
  EXPECT_EQ(importAs("?x3x9x7"), "");
}

TEST_F(OptionsTest, ShapeForAnotherName) {
  input({-1, 3, 8, 8});
  EXPECT_EQ(importAs("picture:?x3x8x8"), "");
  EXPECT_TRUE(contains(errors[0], "expected --shape to name one of the inputs 'x', got 'picture'"));
}

TEST_F(OptionsTest, ImageBeyondAnyMemory) {
  input({-1, 1 << 20, 1 << 20, 1 << 20});
  EXPECT_IMPORT_ERROR("elements an image");
  model.mutable_graph()->clear_input();
  input({-1, 0, 8, 8});
  EXPECT_IMPORT_ERROR("expected sizes from 1");
  model.mutable_graph()->clear_input();
  input({-1, int64_t(1) << 40, 8, 8});
  EXPECT_IMPORT_ERROR("expected sizes from 1");
}

} // namespace
