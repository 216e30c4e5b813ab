// What the compiler understands of its options: targets, preprocessing, stages, the entry's name.

#include "codegen/Compiler.h"
#include "codegen/Preprocess.h"
#include "codegen/Targets.h"
#include <gtest/gtest.h>

using namespace resnet::codegen;

static std::string errorOf(llvm::Error error) { return llvm::toString(std::move(error)); }

TEST(Targets, ListIsOrderedFromTheMostDemandingAndWithoutRepetition) {
  auto targets = parseTargets("x86-64,x86-64-v4, x86-64,x86-64-v3");
  ASSERT_TRUE(static_cast<bool>(targets));
  EXPECT_EQ(*targets, (std::vector<Target>{Target::X86_64_v4, Target::X86_64_v3, Target::X86_64}));
}

TEST(Targets, DevicesComeAfterCpus) {
  auto targets = parseTargets("cuda,x86-64,opencl,x86-64-v4");
  ASSERT_TRUE(static_cast<bool>(targets));
  EXPECT_EQ(*targets, (std::vector<Target>{Target::X86_64_v4, Target::X86_64, Target::OpenCL, Target::Cuda}));
}

TEST(Targets, HostIsResolvedToALevel) {
  auto host = parseTarget("host");
  ASSERT_TRUE(static_cast<bool>(host));
  EXPECT_TRUE(llvm::StringRef(toString(*host)).starts_with("x86-64"));
}

TEST(Targets, UnknownNamesAreErrorsThatListWhatIsThere) {
  for (const char *name : {"metal", "aarch64", "x86-64-v2", "", "x86-64,"}) {
    auto targets = parseTargets(name);
    ASSERT_FALSE(static_cast<bool>(targets)) << name;
    EXPECT_NE(errorOf(targets.takeError()).find("expected host, x86-64, x86-64-v3, x86-64-v4, opencl or cuda"),
              std::string::npos);
  }
}

TEST(Preprocess, NamesGiveTheStatisticsOfTheirDataSets) {
  auto cifar = parsePreprocess("cifar10");
  ASSERT_TRUE(static_cast<bool>(cifar));
  EXPECT_DOUBLE_EQ(cifar->scale, 1.0 / 255);
  EXPECT_EQ(cifar->mean, (std::vector<double>{0.485, 0.456, 0.406}));
  EXPECT_EQ(cifar->std, (std::vector<double>{0.229, 0.224, 0.225}));
  auto raw = parsePreprocess("raw");
  ASSERT_TRUE(static_cast<bool>(raw));
  EXPECT_DOUBLE_EQ(raw->scale, 1);
}

TEST(Preprocess, CustomListsTakeOneOrThreeNumbers) {
  for (const char *text : {"mean=0.1:0.2:0.3,std=0.5", "mean=0.1,0.2,0.3,std=0.5,0.5,0.5"}) {
    auto custom = parsePreprocess(text);
    ASSERT_TRUE(static_cast<bool>(custom)) << text;
    EXPECT_EQ(custom->mean, (std::vector<double>{0.1, 0.2, 0.3}));
    EXPECT_EQ(custom->std, (std::vector<double>{0.5, 0.5, 0.5}));
  }
}

TEST(Preprocess, WrongTextIsAnError) {
  for (const char *text : {"imagnet", "mean=1", "std=1", "mean=1:2,std=1", "mean=a,std=1", "mean=0,std=0", "mean=nan,std=1"}) {
    auto parsed = parsePreprocess(text);
    EXPECT_FALSE(static_cast<bool>(parsed)) << text;
    if (!parsed)
      llvm::consumeError(parsed.takeError());
  }
}

TEST(Preprocess, DefaultFollowsTheInput) {
  EXPECT_EQ(defaultPreprocess({-1, 3, 224, 224}).name, "imagenet");
  EXPECT_FALSE(defaultPreprocess({-1, 3, 224, 224}).channelsLast);
  EXPECT_EQ(defaultPreprocess({-1, 32, 32, 3}).name, "raw");
  EXPECT_TRUE(defaultPreprocess({-1, 32, 32, 3}).channelsLast);
  EXPECT_EQ(defaultPreprocess({-1, 1, 28, 28}).name, "raw");
}

TEST(Options, EntryComesFromTheOutputsName) {
  EXPECT_EQ(defaultEntry("out/libresnet50.so"), "resnet50_query");
  EXPECT_EQ(defaultEntry("my-model.v2.a"), "my_model_v2_query");
  EXPECT_EQ(defaultEntry("lib50.so"), "_50_query");
}

TEST(Options, StagesHaveTheirNames) {
  EXPECT_EQ(parseStage("memory-plan"), Stage::MemoryPlan);
  EXPECT_EQ(parseStage("lib"), Stage::Lib);
  EXPECT_EQ(parseStage("library"), std::nullopt);
}
