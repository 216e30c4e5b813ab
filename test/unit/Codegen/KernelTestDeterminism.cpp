// A kernel's bytes depend on its specification only: not on what was compiled before, beside it, or on which thread.

#include "codegen/halide/KernelCompiler.h"
#include <gtest/gtest.h>
#include <thread>

using namespace resnet;
using namespace resnet::codegen;

static std::vector<KernelSpec> specs() {
  std::vector<KernelSpec> all;
  for (Target target : {Target::X86_64_v4, Target::X86_64_v3, Target::OpenCL, Target::Cuda}) {
    KernelSpec conv;
    conv.target = target;
    conv.input = {32, 14, 14, 16, {1, 1, 1, 1}}, conv.output = {64, 14, 14, 16, {}};
    conv.filter = {64, 32, 3, 3, 1, 16, 16};
    conv.padding = {1, 1, 1, 1};
    conv.epilogue.bias = true;
    all.push_back(conv);
    conv.output.block = 1; // scratch, a second stage
    all.push_back(conv);
    KernelSpec stem; // a ring of rows in scratch
    stem.target = target, stem.kind = KernelKind::Stem;
    stem.input = {3, 31, 31, 1, {3, 3, 3, 3}}, stem.output = {32, 8, 8, 16, {}};
    stem.filter = {32, 3, 7, 7, 1, 16, 1};
    stem.strides = {2, 2}, stem.padding = {3, 3, 3, 3}, stem.convolved = {16, 16};
    stem.poolKernel = {3, 3}, stem.poolStrides = {2, 2}, stem.poolPadding = {1, 1, 1, 1};
    all.push_back(stem);
    KernelSpec pool;
    pool.target = target, pool.kind = KernelKind::MaxPool2d;
    pool.input = {32, 15, 15, 16, {}}, pool.output = {32, 8, 8, 16, {}};
    pool.kernel = {3, 3}, pool.strides = {2, 2}, pool.padding = {1, 1, 1, 1};
    all.push_back(pool);
    KernelSpec head;
    head.target = target, head.kind = KernelKind::Head, head.softmax = true;
    head.input = {64, 8, 8, 16, {}}, head.output.channels = 10;
    head.filter = {10, 64, 1, 1, 1, 16, 16};
    all.push_back(head);
    KernelSpec copy;
    copy.target = target, copy.kind = KernelKind::Copy;
    copy.input = {3, 9, 9, 1, {}}, copy.output = {3, 9, 9, 16, {1, 1, 1, 1}};
    all.push_back(copy);
  }
  for (KernelSpec &s : all)
    canonicalize(s);
  return all;
}

static CompiledKernel compile(const KernelSpec &s) { return compileKernel(s, symbolName(s)); }

TEST(KernelTestDeterminism, SameBytesInAnyOrderAndConcurrently) {
  const std::vector<KernelSpec> all = specs();
  std::vector<CompiledKernel> first;
  for (const KernelSpec &s : all) {
    first.push_back(compile(s));
    ASSERT_EQ(first.back().error, "");
  }
  for (size_t i = all.size(); i-- > 0;)
    EXPECT_TRUE(compile(all[i]).contents == first[i].contents) << toString(all[i]);

  constexpr size_t kThreads = 4;
  std::vector<std::vector<CompiledKernel>> again(kThreads, std::vector<CompiledKernel>(all.size()));
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < all.size(); ++i) {
        const size_t at = (i * 7 + t * 2) % all.size(); // every thread in another order; 24 kernels and 7 have no common factor
        again[t][at] = compile(all[at]);
      }
    });
  for (std::thread &t : threads)
    t.join();
  for (size_t t = 0; t < kThreads; ++t)
    for (size_t i = 0; i < all.size(); ++i)
      EXPECT_TRUE(again[t][i].contents == first[i].contents) << toString(all[i]);
}

TEST(KernelTestDeterminism, OtherOutputs) {
  const KernelSpec s = specs()[0];
  const CompiledKernel assembly = compileKernel(s, "some_kernel", KernelOutput::Assembly);
  EXPECT_EQ(assembly.error, "");
  EXPECT_NE(assembly.contents.find("some_kernel"), std::string::npos);
  EXPECT_NE(assembly.contents.find("vfmadd231ps"), std::string::npos);
  const CompiledKernel stmt = compileKernel(s, "some_kernel", KernelOutput::Stmt);
  EXPECT_EQ(stmt.error, "");
  EXPECT_NE(stmt.contents.find("parallel"), std::string::npos);
}

// Each level's instructions and nothing beyond: SSE2 code has no VEX encoding and no SSE4, AVX2 code no zmm.
TEST(KernelTestDeterminism, TargetsStayWithinTheirLevel) {
  for (KernelSpec s : specs()) {
    if (isDevice(s.target))
      continue;
    s.target = Target::X86_64;
    const std::string sse = compileKernel(s, "k", KernelOutput::Assembly).contents;
    for (const char *beyond :
         {"ymm", "zmm", "\tv", "blendv", "insertps", "pinsrd", "pextrd", "roundps", "dpps", "pmulld", "pshufb", "haddps"})
      EXPECT_EQ(sse.find(beyond), std::string::npos) << beyond << " in " << toString(s);
    s.target = Target::X86_64_v3;
    const std::string avx2 = compileKernel(s, "k", KernelOutput::Assembly).contents;
    for (const char *beyond : {"zmm", "%k1", "xmm16", "ymm16", "vpdp"})
      EXPECT_EQ(avx2.find(beyond), std::string::npos) << beyond << " in " << toString(s);
  }
}

TEST(KernelTestDeterminism, VersionIsStableText) {
  EXPECT_EQ(kernelCompilerVersion(), kernelCompilerVersion());
  EXPECT_GT(kernelCompilerVersion().size(), 64u);
}
