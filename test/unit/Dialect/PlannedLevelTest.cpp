// Launches on buffers of a simulated arena: right plans give the tensor level's results, wrong plans do not.

#include "TestModule.h"
#include "dialect/Interpreter/Memory.h"
#include <cmath>

using namespace resnet;
using resnet::test::TestModule;

namespace {

// y = conv(relu(x)) + relu(x): the map between lies in the arena with a halo, the sum of the kernels' results at `second`.
struct Plan {
  int64_t first = 0, second = 1024;
  bool zeroHalo = true;
  llvm::StringRef overwrite = {}; // an operation between relu and convolution
};

} // namespace

static std::string planned(const Plan &plan) {
  std::string text = R"mlir(
    #halo = #resnet.layout<block = 16, halo = [1, 1, 1, 1]>
    #blocked = #resnet.layout<block = 16>
    !map = tensor<?x2x2x2xf32>
    !haloed = tensor<?x2x2x2xf32, #halo>
    !out = tensor<?x2x2x2xf32, #blocked>
    !w = tensor<2x2x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
    resnet.kernel @relu(%x: !map) -> !haloed {
      %0 = resnet.relu %x : !map -> !haloed
      resnet.yield %0 : !haloed
    }
    resnet.kernel @fill(%x: !map) -> !out {
      %0 = resnet.relu %x : !map -> !out
      resnet.yield %0 : !out
    }
    resnet.kernel @conv(%x: !haloed, %w: !w, %s: !haloed) -> !out {
      %0 = resnet.fused_conv2d %x, %w addend %s pad [1, 1, 1, 1] : (!haloed, !w, !haloed) -> !out
      resnet.yield %0 : !out
    }
    resnet.kernel @copy(%x: !out) -> !map {
      %0 = resnet.convert_layout %x : !out -> !map
      resnet.yield %0 : !map
    }
    resnet.global @filter offset 0 dense<0.5> : tensor<2x2x3x3xf32> as !w
    func.func @main(%in: !resnet.buffer<!map>, %out: !resnet.buffer<!map>, %arena: !resnet.arena<4096>, %weights: !resnet.weights<18432>) {
      %w = resnet.view %weights[0] : !resnet.weights<18432> -> !resnet.buffer<!w>
      %a = resnet.view %arena[FIRST] : !resnet.arena<4096> -> !resnet.buffer<!haloed>
      %b = resnet.view %arena[SECOND] : !resnet.arena<4096> -> !resnet.buffer<!out>
      resnet.launch @relu ins(%in : !resnet.buffer<!map>) outs(%a : !resnet.buffer<!haloed>)
      ZERO
      OVERWRITE
      resnet.launch @conv ins(%a, %w, %a : !resnet.buffer<!haloed>, !resnet.buffer<!w>, !resnet.buffer<!haloed>)
          outs(%b : !resnet.buffer<!out>)
      resnet.launch @copy ins(%b : !resnet.buffer<!out>) outs(%out : !resnet.buffer<!map>)
      return
    })mlir";
  auto replace = [&](llvm::StringRef what, const std::string &with) { text.replace(text.find(what), what.size(), with); };
  replace("FIRST", std::to_string(plan.first));
  replace("SECOND", std::to_string(plan.second));
  replace("ZERO", plan.zeroHalo ? "resnet.zero_halo %a : !resnet.buffer<!haloed>" : "");
  replace("OVERWRITE", plan.overwrite.str());
  return text;
}

// What the plan is about, on tensors.
static Tensor expected(const Tensor &input) {
  TestModule module(R"mlir(
    func.func @main(%x: tensor<?x2x2x2xf32>) -> tensor<?x2x2x2xf32> {
      %w = resnet.constant dense<0.5> : tensor<2x2x3x3xf32>
      %0 = resnet.relu %x : tensor<?x2x2x2xf32> -> tensor<?x2x2x2xf32>
      %1 = resnet.conv2d %0, %w pad [1, 1, 1, 1] : (tensor<?x2x2x2xf32>, tensor<2x2x3x3xf32>) -> tensor<?x2x2x2xf32>
      %2 = resnet.add %1, %0 : (tensor<?x2x2x2xf32>, tensor<?x2x2x2xf32>) -> tensor<?x2x2x2xf32>
      return %2 : tensor<?x2x2x2xf32>
    })mlir");
  return module.run(input)[0];
}

static Tensor run(const Plan &plan, const Tensor &input) {
  TestModule module(planned(plan));
  llvm::SmallVector<Tensor> results = module.run(input);
  EXPECT_EQ(results.size(), 1u) << module.diagnostics;
  return results.empty() ? Tensor() : results[0];
}

static std::string problem(const Plan &plan) {
  TestModule module(planned(plan));
  EXPECT_TRUE(module.run(randomInput({2, 2, 2, 2}, 1)).empty());
  return module.diagnostics;
}

TEST(PlannedLevel, RightPlanGivesTheTensorLevelsResult) {
  for (int64_t batch : {1, 3}) {
    const Tensor input = randomInput({batch, 2, 2, 2}, 1);
    EXPECT_LT(relativeDifference(expected(input), run({}, input)), 1e-6) << batch;
  }
}

TEST(PlannedLevel, MissingZeroHaloShows) {
  const Tensor input = randomInput({2, 2, 2, 2}, 1);
  EXPECT_FALSE(isFinite(run({.zeroHalo = false}, input)));
}

TEST(PlannedLevel, OverlappingBuffersShow) {
  // A third buffer that begins in the last row of the live one.
  const Plan plan{.overwrite = "%c = resnet.view %arena[832] : !resnet.arena<4096> -> !resnet.buffer<!out>\n"
                               "resnet.launch @fill ins(%in : !resnet.buffer<!map>) outs(%c : !resnet.buffer<!out>)"};
  const Tensor input = randomInput({2, 2, 2, 2}, 1);
  EXPECT_GT(relativeDifference(expected(input), run(plan, input)), 0.01);
}

TEST(PlannedLevel, BuffersThatTouchDoNotDisturbEachOther) {
  const Plan plan{.second = 2048,
                  .overwrite = "%c = resnet.view %arena[1024] : !resnet.arena<4096> -> !resnet.buffer<!out>\n"
                               "resnet.launch @fill ins(%in : !resnet.buffer<!map>) outs(%c : !resnet.buffer<!out>)"};
  const Tensor input = randomInput({2, 2, 2, 2}, 1);
  EXPECT_LT(relativeDifference(expected(input), run(plan, input)), 1e-6);
}

TEST(PlannedLevel, ReportsADestinationOverAnInput) {
  EXPECT_EQ(problem({.second = 960}), "'resnet.launch' op writes its destination over input 0, which is not in place\n");
}

TEST(PlannedLevel, ReportsWeightsThatAreNoGlobal) {
  TestModule module(R"mlir(
    func.func @main(%weights: !resnet.weights<4096>) {
      %w = resnet.view %weights[64] : !resnet.weights<4096> -> !resnet.buffer<tensor<4xf32>>
      return
    })mlir");
  EXPECT_TRUE(module.run({}).empty());
  EXPECT_EQ(module.diagnostics, "'resnet.view' op expected a resnet.global of type 'tensor<4xf32>' at offset 64\n");
}

TEST(PlannedLevel, InPlaceSumOverTheShortcut) {
  TestModule module(R"mlir(
    !t = tensor<?x2xf32>
    resnet.kernel @copy(%x: !t) -> !t {
      %0 = resnet.relu %x : !t -> !t
      resnet.yield %0 : !t
    }
    resnet.kernel @sum(%x: !t, %y: !t) -> !t attributes {in_place = 1 : i64} {
      %0 = resnet.add %x, %y : (!t, !t) -> !t
      resnet.yield %0 : !t
    }
    func.func @main(%in: !resnet.buffer<!t>, %out: !resnet.buffer<!t>, %arena: !resnet.arena<128>) {
      %a = resnet.view %arena[64] : !resnet.arena<128> -> !resnet.buffer<!t>
      resnet.launch @copy ins(%in : !resnet.buffer<!t>) outs(%a : !resnet.buffer<!t>)
      resnet.launch @sum ins(%in, %a : !resnet.buffer<!t>, !resnet.buffer<!t>) outs(%a : !resnet.buffer<!t>)
      resnet.launch @copy ins(%a : !resnet.buffer<!t>) outs(%out : !resnet.buffer<!t>)
      return
    })mlir");
  llvm::SmallVector<Tensor> results = module.run(Tensor({2, 2}, {1, 2, 3, 4}));
  ASSERT_EQ(results.size(), 1u) << module.diagnostics;
  EXPECT_EQ(results[0].elements, (std::vector<float>{2, 4, 6, 8}));
}

TEST(PlannedLevel, ReportsAnInPlaceInputElsewhere) {
  TestModule module(R"mlir(
    !t = tensor<?x2xf32>
    resnet.kernel @relu(%x: !t) -> !t attributes {in_place = 0 : i64} {
      %0 = resnet.relu %x : !t -> !t
      resnet.yield %0 : !t
    }
    func.func @main(%in: !resnet.buffer<!t>, %out: !resnet.buffer<!t>) {
      resnet.launch @relu ins(%in : !resnet.buffer<!t>) outs(%out : !resnet.buffer<!t>)
      return
    })mlir");
  EXPECT_TRUE(module.run(Tensor({1, 2})).empty());
  EXPECT_EQ(module.diagnostics, "'resnet.launch' op expected the in-place input 0 and the destination in the same memory\n");
}

TEST(Buffer, LiesAsItsLayoutSays) {
  // Two channels in a block of four, one pixel, halo on the left: [block][y][x][lane].
  ActivationGeometry geometry{.channels = 2, .height = 1, .width = 1, .block = 4, .halo = {0, 1, 0, 0}};
  const BufferPlace place = BufferPlace::allocate({1, 2, 1, 1}, geometry, geometry.imageElements());
  place.write(Tensor({1, 2, 1, 1}, {5, 6}));
  ASSERT_EQ(place.memory->size(), 8u);
  for (int i = 0; i < 4; ++i)
    EXPECT_TRUE(std::isnan((*place.memory)[i])) << i;
  EXPECT_EQ(std::vector<float>(place.memory->begin() + 4, place.memory->end()), (std::vector<float>{5, 6, 0, 0}));
  place.zeroHalo();
  EXPECT_EQ(place.readWithHalo().elements, (std::vector<float>{0, 5, 0, 6}));
  EXPECT_EQ(place.read().elements, (std::vector<float>{5, 6}));
}

TEST(Buffer, ViewsOfChannelsInterleaveWithoutOverlap) {
  ActivationGeometry half{.channels = 4, .block = 4, .halo = {}};
  BufferPlace a = BufferPlace::allocate({2, 4, 1, 1}, half, 8);
  BufferPlace b = a;
  b.start = 4;
  EXPECT_FALSE(a.overlaps(b));
  EXPECT_TRUE(a.fits());
  b.start = 3;
  EXPECT_TRUE(a.overlaps(b));
  b.start = 5;
  EXPECT_FALSE(b.fits());
}

TEST(PlannedLevel, AFixedBatchScalesTheArenaToo) {
  TestModule module(R"mlir(
    !t = tensor<2x4xf32>
    resnet.kernel @relu(%x: !t) -> !t {
      %0 = resnet.relu %x : !t -> !t
      resnet.yield %0 : !t
    }
    func.func @main(%in: !resnet.buffer<!t>, %out: !resnet.buffer<!t>, %arena: !resnet.arena<128>) {
      %a = resnet.view %arena[64] : !resnet.arena<128> -> !resnet.buffer<!t>
      resnet.launch @relu ins(%in : !resnet.buffer<!t>) outs(%a : !resnet.buffer<!t>)
      resnet.launch @relu ins(%a : !resnet.buffer<!t>) outs(%out : !resnet.buffer<!t>)
      return
    })mlir");
  llvm::SmallVector<Tensor> results = module.run(Tensor({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}));
  ASSERT_EQ(results.size(), 1u) << module.diagnostics;
  EXPECT_EQ(results[0].elements, (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(PlannedLevel, ReportsAnAbsurdArena) {
  TestModule module("func.func @main(%in: !resnet.buffer<tensor<?x4xf32>>, %arena: !resnet.arena<1099511627776>) { return }");
  EXPECT_TRUE(module.run(Tensor({2, 4})).empty());
  EXPECT_EQ(module.diagnostics,
            "expected an arena of at most 8589934592 bytes, got '!resnet.arena<1099511627776>' for a batch of 2\n");
}
