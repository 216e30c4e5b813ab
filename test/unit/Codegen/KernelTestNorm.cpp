// Group normalisation against plain loops: groups of whole blocks, of parts of a block, across blocks, of single channels.

#include "KernelReference.h"
#include <gtest/gtest.h>
#include <ostream>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

namespace {

struct NormCase {
  int64_t channels, height, width, groups, block = kChannelBlock;

  KernelSpec spec() const {
    KernelSpec s;
    s.kind = KernelKind::GroupNorm;
    s.input = s.output = {channels, height, width, block, {}};
    s.normGroups = groups;
    s.epsilon = 1e-5f;
    return s;
  }
};

void PrintTo(const NormCase &c, std::ostream *os) { *os << toString(c.spec()); }

class KernelTestNorm : public testing::TestWithParam<NormCase> {};

} // namespace

TEST_P(KernelTestNorm, MatchesReference) { expectMatchesReferenceOnAllTargets(GetParam().spec()); }

TEST_P(KernelTestNorm, NeitherReadsNorWritesHalos) {
  KernelSpec s = GetParam().spec();
  s.input.halo = {1, 2, 0, 1}, s.output.halo = {1, 1, 2, 1};
  expectMatchesReferenceOnAllTargets(s);
}

INSTANTIATE_TEST_SUITE_P(Instance, KernelTestNorm,
                         testing::Values(NormCase{32, 14, 14, 32}, NormCase{24, 7, 9, 24}, NormCase{3, 11, 13, 3},
                                         NormCase{16, 1, 1, 16}, NormCase{5, 8, 8, 5, 1}));
INSTANTIATE_TEST_SUITE_P(Groups, KernelTestNorm,
                         testing::Values(NormCase{64, 14, 14, 32}, NormCase{64, 7, 7, 2}, NormCase{64, 5, 3, 1},
                                         NormCase{96, 6, 6, 4}, NormCase{40, 7, 7, 5}, NormCase{24, 9, 7, 2},
                                         NormCase{144, 4, 4, 3}, NormCase{72, 3, 3, 6}, NormCase{12, 8, 6, 3, 1}));

TEST(KernelTestNorm, DebugVariant) {
  for (KernelSpec s : {NormCase{32, 14, 14, 32}.spec(), NormCase{24, 9, 7, 2}.spec()}) {
    s.debug = true;
    expectMatchesReferenceOnAllTargets(s);
  }
}

// 112 x 112 around 1000: the variance is a millionth of the mean's square.
TEST(KernelTestNorm, LargeMapsFarFromZero) {
  const KernelSpec s = NormCase{16, 112, 112, 16}.spec();
  const LoadedKernel kernel(s);
  ASSERT_EQ(kernel.error(), "");
  const int64_t size = s.input.imageElements();
  std::vector<float> input(size), scale(16, 1.f), shift(16, 0.f), output(size);
  for (int64_t i = 0; i < size; ++i)
    input[i] = 1000.f + ((i / 16 + i % 16) % 2 ? 1.f : -1.f);
  ASSERT_EQ(kernel.run({{input.data(), 0}, {scale.data(), 0}, {shift.data(), 0}, {output.data(), 0}}, 1), 0);
  for (int64_t i = 0; i < size; ++i)
    ASSERT_NEAR(output[i], input[i] - 1000.f, 1e-3) << i;
}

TEST(KernelTestNorm, RefusesGroupsThatDoNotDivide) {
  EXPECT_EQ(LoadedKernel(NormCase{24, 4, 4, 5}.spec()).error(),
            "the groups do not fit the channels, or input and output differ in their block");
}
