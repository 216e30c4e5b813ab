// The query, models, the CPU check and introspection.

#include "test/unit/Runtime/FakeProgram.h"

#include <cstddef>
#include <gtest/gtest.h>

using namespace resnet::test;

TEST(Query, GivesTheHighestCommonVersion) {
  EXPECT_EQ(resnet_runtime_query(0), nullptr);
  const resnet_api *api = resnet_runtime_query(1);
  ASSERT_NE(api, nullptr);
  EXPECT_EQ(api->version, 1u);
  EXPECT_EQ(api->struct_size, sizeof(resnet_api));
  EXPECT_EQ(resnet_runtime_query(UINT32_MAX), api);
}

TEST(Query, EveryStatusHasAText) {
  const resnet_api *api = resnet_runtime_query(1);
  for (int status = RESNET_OK; status <= RESNET_BUSY; ++status)
    EXPECT_STRNE(api->status_string(resnet_status(status)), "unknown status");
  EXPECT_STREQ(api->status_string(resnet_status(99)), "unknown status");
}

TEST(Model, CreatesFromTheCompiledProgram) {
  const resnet_api *api = resnet_runtime_query(1);
  resnet_model *model = nullptr;
  ASSERT_EQ(api->model_create(nullptr, &model, nullptr), RESNET_OK);
  RESNET_INIT(resnet_model_info, info);
  ASSERT_EQ(api->model_info(model, &info), RESNET_OK);
  EXPECT_STREQ(info.name, "fake");
  EXPECT_STREQ(info.target, "x86-64");
  EXPECT_STREQ(info.description, R"({"compiler": "test"})");
  EXPECT_STREQ(info.weights_hash, "00ff");
  EXPECT_EQ(info.weights_bytes, 40u);
  EXPECT_EQ(info.fixed_batch, -1);
  EXPECT_EQ(info.num_inputs, 1);
  EXPECT_EQ(info.num_outputs, 1);
  EXPECT_EQ(info.num_steps, 2);
  EXPECT_EQ(info.cpu_level, 1);
  api->model_destroy(model);
  api->model_destroy(nullptr);
}

TEST(Model, Introspection) {
  Fixture f;
  f.createModel();
  RESNET_INIT(resnet_tensor_info, tensor);
  ASSERT_EQ(f.api->model_input(f.model, 0, &tensor), RESNET_OK);
  EXPECT_STREQ(tensor.name, "image");
  EXPECT_EQ(tensor.dtype, RESNET_F32);
  EXPECT_EQ(tensor.rank, 4);
  EXPECT_EQ(tensor.shape[0], -1);
  EXPECT_EQ(tensor.shape[1], 3);
  EXPECT_EQ(tensor.shape[4], 0);
  ASSERT_EQ(f.api->model_output(f.model, 0, &tensor), RESNET_OK);
  EXPECT_STREQ(tensor.name, "logits");
  RESNET_INIT(resnet_step_info, step);
  ASSERT_EQ(f.api->model_step(f.model, 1, &step), RESNET_OK);
  EXPECT_STREQ(step.source, "/fc/Gemm");
  EXPECT_EQ(step.flops_per_image, 500);
  EXPECT_STREQ(step.algorithm, "");
  ASSERT_EQ(f.api->model_step(f.model, 0, &step), RESNET_OK);
  EXPECT_STREQ(step.algorithm, "F(2,3)");
  EXPECT_EQ(step.performed_flops_per_image, 444);
  EXPECT_EQ(step.weights_bytes, 64u);
  EXPECT_EQ(step.activation_bytes_per_image, 384u);
  RESNET_INIT(resnet_memory_info, memory);
  ASSERT_EQ(f.api->model_memory(f.model, 3, &memory), RESNET_OK);
  EXPECT_EQ(memory.arena_bytes, 3u * 4096);
  EXPECT_EQ(memory.scratch_bytes, 1024u);

  EXPECT_EQ(f.api->model_input(f.model, 1, &tensor), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.api->model_input(f.model, -1, &tensor), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.api->model_input(nullptr, 0, &tensor), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.api->model_step(f.model, 2, &step), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(f.api->model_memory(f.model, 0, &memory), RESNET_INVALID_ARGUMENT);
  f.program.arena_bytes_per_image = UINT64_MAX / 2;
  EXPECT_EQ(f.api->model_memory(f.model, 3, &memory), RESNET_INVALID_ARGUMENT) << "2^63 bytes, rounded up, overflow";
}

TEST(Structs, AnOlderHostGetsWhatItKnows) {
  Fixture f;
  f.createModel();
  resnet_model_info info{};
  info.struct_size = offsetof(resnet_model_info, target);
  info.target = reinterpret_cast<const char *>(1);
  ASSERT_EQ(f.api->model_info(f.model, &info), RESNET_OK);
  EXPECT_STREQ(info.name, "fake");
  EXPECT_EQ(info.target, reinterpret_cast<const char *>(1)) << "beyond struct_size";
  info.struct_size = 0;
  EXPECT_EQ(f.api->model_info(f.model, &info), RESNET_INVALID_ARGUMENT);
}

TEST(Structs, AHostFromBeforeAlgorithmsGetsItsStep) {
  Fixture f;
  f.createModel();
  resnet_step_info step{};
  step.struct_size = offsetof(resnet_step_info, algorithm);
  step.performed_flops_per_image = -7;
  ASSERT_EQ(f.api->model_step(f.model, 0, &step), RESNET_OK);
  EXPECT_EQ(step.flops_per_image, 1000);
  EXPECT_EQ(step.algorithm, nullptr) << "beyond struct_size";
  EXPECT_EQ(step.performed_flops_per_image, -7) << "beyond struct_size";
}

TEST(Structs, ANewerHostMayNotSetWhatTheLibraryDoesNotKnow) {
  struct Newer {
    resnet_context_options known;
    int64_t extra;
  } options{};
  options.known.struct_size = sizeof options;
  options.known.num_threads = 1;
  Fixture f;
  f.createModel();
  resnet_error error;
  ASSERT_EQ(f.api->context_create(f.model, &options.known, &f.context, &error), RESNET_OK) << error.message;
  options.extra = 1;
  resnet_context *refused = f.context;
  EXPECT_EQ(f.api->context_create(f.model, &options.known, &refused, &error), RESNET_INVALID_ARGUMENT);
  EXPECT_EQ(refused, nullptr);
  EXPECT_NE(std::string(error.message).find("does not know"), std::string::npos);
}

static resnet_cpu cpuOfLevel(int level) {
  resnet_cpu cpu{};
  if (level >= 2) {
    cpu.leaf1_ecx |= 1u << 13 | 1u << 23 | 1u | 1u << 9 | 1u << 19 | 1u << 20;
    cpu.extended_ecx |= 1;
  }
  if (level >= 3) {
    cpu.leaf1_ecx |= 1u << 28 | 1u << 29 | 1u << 12 | 1u << 22 | 1u << 27;
    cpu.leaf7_ebx |= 1u << 5 | 1u << 3 | 1u << 8;
    cpu.extended_ecx |= 1u << 5;
    cpu.xcr0 |= 0x7;
  }
  if (level >= 4) {
    cpu.leaf7_ebx |= 1u << 16 | 1u << 30 | 1u << 28 | 1u << 17 | 1u << 31;
    cpu.xcr0 |= 0xE0;
  }
  return cpu;
}

TEST(Cpu, Levels) {
  char missing[320];
  for (int level = 1; level <= 4; ++level) {
    resnet_cpu cpu = cpuOfLevel(level);
    for (int asked = 1; asked <= 4; ++asked)
      EXPECT_EQ(resnet_cpu_has_level(&cpu, asked, missing, sizeof missing), asked <= level) << level << " " << asked;
  }
  resnet_cpu system = cpuOfLevel(4);
  system.xcr0 = 0x7; // a system that does not save zmm registers
  EXPECT_FALSE(resnet_cpu_has_level(&system, 4, missing, sizeof missing));
  EXPECT_STREQ(missing, "the system's support for zmm registers");
  EXPECT_TRUE(resnet_cpu_has_level(&system, 3, missing, sizeof missing));
}

TEST(Cpu, TheFirstVariantThatFitsIsChosen) {
  Fixture f;
  auto main = f.variants[0].main;
  f.variants = {{"x86-64-v4", RESNET_CPU_X86_64_V4, 0, main, 0, nullptr, nullptr, nullptr},
                {"x86-64-v3", RESNET_CPU_X86_64_V3, 0, main, 0, nullptr, nullptr, nullptr},
                {"x86-64", RESNET_CPU_X86_64, 0, main, 0, nullptr, nullptr, nullptr}};
  const char *expected[] = {"", "x86-64", "x86-64", "x86-64-v3", "x86-64-v4"};
  resnet_cpu best = cpuOfLevel(4);
  for (int level = 1; level <= 4; ++level) {
    resnet_cpu cpu = cpuOfLevel(level);
    RESNET_INIT(resnet_model_options, limit);
    limit.max_cpu_level = level;
    for (bool limited : {false, true}) {
      resnet_model *model;
      ASSERT_EQ(resnet_model_create_for(&f.get(), limited ? &best : &cpu, limited ? &limit : nullptr, &model, nullptr),
                RESNET_OK);
      RESNET_INIT(resnet_model_info, info);
      f.api->model_info(model, &info);
      EXPECT_STREQ(info.target, expected[level]);
      f.api->model_destroy(model);
    }
  }
}

TEST(Cpu, RefusalNamesWhatIsMissing) {
  Fixture f;
  auto main = f.variants[0].main;
  f.variants = {{"x86-64-v4", RESNET_CPU_X86_64_V4, 0, main, 0, nullptr, nullptr, nullptr},
                {"x86-64-v3", RESNET_CPU_X86_64_V3, 0, main, 0, nullptr, nullptr, nullptr}};
  resnet_cpu cpu = cpuOfLevel(3);
  cpu.leaf7_ebx &= ~(1u << 5);
  cpu.leaf1_ecx &= ~(1u << 12);
  resnet_model *model = reinterpret_cast<resnet_model *>(1);
  resnet_error error;
  EXPECT_EQ(resnet_model_create_for(&f.get(), &cpu, nullptr, &model, &error), RESNET_UNSUPPORTED_CPU);
  EXPECT_EQ(model, nullptr);
  EXPECT_STREQ(error.message, "model \"fake\" needs a CPU with x86-64-v3; missing here: avx2, fma");

  RESNET_INIT(resnet_model_options, options);
  options.max_cpu_level = 2;
  cpu = cpuOfLevel(4);
  EXPECT_EQ(resnet_model_create_for(&f.get(), &cpu, &options, &model, &error), RESNET_UNSUPPORTED_CPU);
  EXPECT_STREQ(error.message, "model \"fake\" needs a CPU with x86-64-v3; missing here: max_cpu_level allows x86-64-v2 only");
  options.max_cpu_level = 5;
  EXPECT_EQ(resnet_model_create_for(&f.get(), &cpu, &options, &model, &error), RESNET_INVALID_ARGUMENT);
}

TEST(Model, RefusesAProgramOfAnotherVersion) {
  Fixture f;
  f.program.version = RESNET_PROGRAM_VERSION + 1;
  resnet_cpu cpu = resnet_cpu_detect();
  resnet_error error;
  EXPECT_EQ(resnet_model_create_for(&f.get(), &cpu, nullptr, &f.model, &error), RESNET_INVALID_ARGUMENT);
}

TEST(Model, ContextsOutliveTheHandle) {
  Fixture f;
  f.create(1);
  f.api->model_destroy(f.model);
  f.model = nullptr;
  std::vector<float> output;
  EXPECT_EQ(f.run(image(1), output, 1), RESNET_OK);
}
