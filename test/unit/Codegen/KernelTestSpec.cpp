// Canonical form, text, symbols, arguments and operation counts.

#include "codegen/KernelSpec.h"
#include <cctype>
#include <gtest/gtest.h>
#include <limits>
#include <set>

using namespace resnet;
using namespace resnet::codegen;

static KernelSpec pointwise() {
  KernelSpec s;
  s.kind = KernelKind::Conv2d;
  s.target = Target::X86_64_v4;
  s.input = {64, 56, 56, 16, {}}, s.output = {256, 56, 56, 16, {}};
  s.filter = {256, 64, 1, 1, 1, 16, 16};
  s.epilogue.bias = true;
  return s;
}

static KernelSpec canonical(KernelSpec s) {
  canonicalize(s);
  return s;
}

TEST(KernelTestSpec, PointwiseConvolutionBecomesOneRow) {
  const KernelSpec s = canonical(pointwise());
  EXPECT_EQ(s.input.height, 1);
  EXPECT_EQ(s.input.width, 3136);
  EXPECT_EQ(s.output.width, 3136);
  EXPECT_EQ(toString(s), "conv2d target=x86-64-v4 input=64x1x3136/16 output=256x1x3136/16 filter=256x64x1x1/16,16 bias");
}

TEST(KernelTestSpec, HalosStridesAndOffsetsKeepTheMap) {
  KernelSpec s = pointwise();
  s.output.halo = {1, 1, 1, 1};
  EXPECT_EQ(canonical(s).input.height, 56);
  s = pointwise();
  s.strides = {2, 2};
  s.output.height = s.output.width = 28;
  EXPECT_EQ(canonical(s).input.height, 56);
  KernelSpec copy;
  copy.kind = KernelKind::Copy;
  copy.input = copy.output = {3, 4, 5, 1, {}};
  EXPECT_EQ(canonical(copy).input.width, 20);
  copy.copyOffset = {0, 1, 0};
  EXPECT_EQ(canonical(copy).input.width, 5);
}

TEST(KernelTestSpec, UnusedFieldsTakeTheirDefaults) {
  KernelSpec a = pointwise(), b = pointwise();
  b.kernel = {9, 9};
  b.dilations = {3, 3};
  b.softmax = b.scaleShift = b.countIncludePad = true;
  b.fill = 7;
  b.copyOffset = {1, 2, 3};
  b.addend = {5, 5, 5, 5, {}};
  b.epilogue.addendInPlace = true;
  b.epilogue.activatedChannels = 12; // of no activation
  EXPECT_EQ(canonical(a), canonical(b));
  EXPECT_EQ(symbolName(canonical(a)), symbolName(canonical(b)));
}

// Padding that no window touches makes no other kernel.
TEST(KernelTestSpec, UntouchedPaddingIsDropped) {
  KernelSpec a;
  a.kind = KernelKind::MaxPool2d;
  a.input = {64, 112, 112, 16, {}}, a.output = {64, 56, 56, 16, {}};
  a.kernel = {3, 3}, a.strides = {2, 2}, a.padding = {1, 1, 1, 1};
  KernelSpec b = a;
  b.padding = {1, 1, 0, 0};
  EXPECT_EQ(canonical(a), canonical(b));
}

TEST(KernelTestSpec, ActivationOfAllChannelsIsThePlainOne) {
  KernelSpec a = pointwise(), b = pointwise();
  a.epilogue.activation = b.epilogue.activation = Activation::Relu;
  b.epilogue.activatedChannels = 256;
  EXPECT_EQ(canonical(a), canonical(b));
  b.epilogue.activatedChannels = 255;
  EXPECT_NE(canonical(a), canonical(b));
  b.epilogue.activatedChannels = 0;
  EXPECT_EQ(canonical(b), canonical(pointwise()));
}

TEST(KernelTestSpec, CanonicalizeIsIdempotent) {
  const KernelSpec s = canonical(pointwise());
  EXPECT_EQ(canonical(s), s);
}

TEST(KernelTestSpec, SubsampledAddendKeepsTheMap) {
  KernelSpec s = pointwise();
  s.epilogue.addend = true;
  s.epilogue.addendStrides = {2, 2};
  s.addend = {256, 112, 111, 16, {}};
  EXPECT_EQ(canonical(s).output.height, 56);
  EXPECT_EQ(canonical(s).addend.width, 111);
  s.epilogue.addend = false;
  EXPECT_EQ(canonical(s), canonical(pointwise()));
}

// Every field that decides code shows in the text.
TEST(KernelTestSpec, TextAndSymbolTellSpecificationsApart) {
  std::vector<KernelSpec> all;
  const auto vary = [&](auto change) {
    KernelSpec s = pointwise();
    change(s);
    all.push_back(s);
  };
  vary([](KernelSpec &) {});
  vary([](KernelSpec &s) { s.kind = KernelKind::Linear; });
  vary([](KernelSpec &s) { s.kind = KernelKind::Stem; });
  vary([](KernelSpec &s) { s.target = Target::X86_64; });
  vary([](KernelSpec &s) { s.debug = true; });
  vary([](KernelSpec &s) { s.input.halo.left = 1; });
  vary([](KernelSpec &s) { s.output.block = 1; });
  vary([](KernelSpec &s) { s.addend.channels = 2; });
  vary([](KernelSpec &s) { s.filter.groups = 2; });
  vary([](KernelSpec &s) { s.filter.inputBlock = 1; });
  vary([](KernelSpec &s) { s.kernel = {2, 1}; });
  vary([](KernelSpec &s) { s.strides = {2, 1}; });
  vary([](KernelSpec &s) { s.dilations = {2, 1}; });
  vary([](KernelSpec &s) { s.padding.top = 1; });
  vary([](KernelSpec &s) { s.countIncludePad = true; });
  vary([](KernelSpec &s) { s.convolved = {8, 9}; });
  vary([](KernelSpec &s) { s.poolKernel = {2, 1}; });
  vary([](KernelSpec &s) { s.poolStrides = {2, 1}; });
  vary([](KernelSpec &s) { s.poolPadding.left = 1; });
  vary([](KernelSpec &s) { s.softmax = true; });
  vary([](KernelSpec &s) { s.scaleShift = true; });
  vary([](KernelSpec &s) { s.copyOffset[1] = -1; });
  vary([](KernelSpec &s) { s.fill = 0.1f; });
  vary([](KernelSpec &s) { s.epilogue.bias = false; });
  vary([](KernelSpec &s) { s.epilogue.addend = true; });
  vary([](KernelSpec &s) { s.epilogue.addendInPlace = true; });
  vary([](KernelSpec &s) { s.epilogue.addendStrides = {2, 1}; });
  vary([](KernelSpec &s) { s.epilogue.addendChannels = 8; });
  vary([](KernelSpec &s) { s.epilogue.activation = Activation::Relu; });
  vary([](KernelSpec &s) { s.epilogue.activatedChannels = 3; });
  vary([](KernelSpec &s) { s.batch = 8; });
  std::set<std::string> texts, symbols;
  for (const KernelSpec &s : all) {
    EXPECT_TRUE(texts.insert(toString(s)).second) << toString(s);
    const std::string symbol = symbolName(s);
    EXPECT_TRUE(symbols.insert(symbol).second);
    EXPECT_TRUE(std::isalpha(symbol[0]));
    for (char c : symbol)
      EXPECT_TRUE(std::isalnum(c) || c == '_') << symbol;
  }
}

TEST(KernelTestSpec, SymbolNamesTheShape) {
  EXPECT_EQ(symbolName(canonical(pointwise())).substr(0, 27),
            "conv2d_1x1_64x256_1x3136_" + symbolName(canonical(pointwise())).substr(25, 2));
}

TEST(KernelTestSpec, InputsShowTheirHaloAndOutputsTheirInterior) {
  KernelSpec s = pointwise();
  s.input.halo = {1, 2, 3, 4};
  s.output.halo = {5, 6, 7, 8};
  s.epilogue.addend = true;
  s.addend = s.output;
  s.addend.halo = {};
  const auto args = arguments(s);
  ASSERT_EQ(args.size(), 5u);
  const KernelArgument &in = args[0], &filter = args[1], &addend = args[3], &out = args[4];
  EXPECT_EQ(in.dims[1].min, -2);
  EXPECT_EQ(in.dims[1].extent, 62);
  EXPECT_EQ(in.dims[2].min, -1);
  EXPECT_EQ(in.dims[2].extent, 60);
  EXPECT_EQ(in.dims[2].stride, 62 * 16);
  EXPECT_EQ(in.dims[3].extent, 4);
  EXPECT_EQ(in.batchDim, 4);
  EXPECT_EQ(in.hostOffset, 0);
  EXPECT_EQ(out.role, KernelArgument::Role::Output);
  EXPECT_EQ(out.dims[1].min, 0);
  EXPECT_EQ(out.dims[1].extent, 56);
  EXPECT_EQ(out.dims[2].stride, 70 * 16);
  EXPECT_EQ(out.hostOffset, (5 * 70 + 6) * 16 * 4);
  EXPECT_EQ(addend.role, KernelArgument::Role::Addend);
  EXPECT_EQ(addend.hostOffset, 0);
  ASSERT_EQ(filter.dims.size(), 5u);
  EXPECT_EQ(filter.batchDim, -1);
  EXPECT_EQ(filter.dims[1].extent, 64);
  EXPECT_EQ(filter.dims[4].stride, 64 * 16);
}

TEST(KernelTestSpec, AFixedBatchIsTheExtentOfImages) {
  KernelSpec s = pointwise();
  s.batch = 8;
  s.epilogue.addend = true;
  s.addend = s.output;
  int images = 0;
  for (const KernelArgument &a : arguments(s))
    if (a.batchDim >= 0) {
      EXPECT_EQ(a.dims[a.batchDim].extent, 8);
      ++images;
    }
  EXPECT_EQ(images, 3);
}

TEST(KernelTestSpec, FlopsCountTwoPerMultiplyAdd) {
  EXPECT_EQ(flopsPerImage(pointwise()), 2 * 56 * 56 * 64 * 256);
  EXPECT_EQ(flopsPerImage(canonical(pointwise())), 2 * 56 * 56 * 64 * 256);
  KernelSpec s = pointwise();
  s.filter.groups = 4;
  EXPECT_EQ(flopsPerImage(s), 2 * 56 * 56 * 16 * 256);
}

TEST(KernelTestSpec, ParametersCountWhereTheActivationHasThem) {
  KernelSpec s;
  s.kind = KernelKind::Elementwise;
  s.input = s.output = {16, 8, 8, 16, {}};
  s.epilogue.activation.parameters = {1, 2, 3, 4};
  EXPECT_EQ(toString(canonical(s)), "elementwise target=x86-64 input=16x1x64/16 output=16x1x64/16");
  s.epilogue.activation.kind = Activation::Clip;
  EXPECT_EQ(toString(canonical(s)), "elementwise target=x86-64 input=16x1x64/16 output=16x1x64/16 clip=0x1p+0,0x1p+1");
  s.epilogue.activation.parameters = {-0.f, std::numeric_limits<float>::infinity()};
  EXPECT_EQ(toString(canonical(s)), "elementwise target=x86-64 input=16x1x64/16 output=16x1x64/16 relu");
}

TEST(KernelTestSpec, VectorsAreOneBlock) {
  KernelSpec s;
  s.kind = KernelKind::Elementwise;
  s.input.channels = s.output.channels = s.addend.channels = 10;
  s.scaleShift = s.epilogue.addend = true;
  EXPECT_EQ(toString(canonical(s)),
            "elementwise target=x86-64 input=10x1x1/10 output=10x1x1/10 addend=10x1x1/10 scale_shift add");
  s.addend.block = 16; // lies otherwise
  EXPECT_EQ(canonical(s).output.block, 1);
}

TEST(KernelTestSpec, GatesOfOneElementStayApart) {
  KernelSpec s;
  s.kind = KernelKind::Elementwise;
  s.input = s.output = {16, 8, 8, 16, {}};
  s.gate = {16, 1, 1, 16, {}};
  EXPECT_EQ(toString(canonical(s)), "elementwise target=x86-64 input=16x1x64/16 output=16x1x64/16 gate=16x1x1/16");
  s.gate = s.output;
  EXPECT_EQ(toString(canonical(s)), "elementwise target=x86-64 input=16x1x64/16 output=16x1x64/16 gate=16x1x64/16");
  s.kind = KernelKind::Softmax;
  EXPECT_FALSE(canonical(s).hasGate());
}
