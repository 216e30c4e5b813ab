// resnet-run as its users run it, on a library written by hand.

#include "tools/resnet-run/Library.h"
#include "tools/resnet-run/Npy.h"

#include "llvm/Support/JSON.h"
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/wait.h>

using namespace resnet;

static std::string readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

static void writeText(const std::string &path, const std::string &text) { std::ofstream(path, std::ios::binary) << text; }

namespace {
struct Tool : testing::Test {
  std::string path, out, err;
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "resnet-run-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(path); }

  int run(const std::string &arguments, const std::string &library = RESNET_FAKE_LIBRARY) {
    std::string command =
        "cd " + path + " && " RESNET_RUN " " + library + " " + arguments + " >" + path + "/stdout 2>" + path + "/stderr";
    int status = std::system(command.c_str());
    out = readFile(path + "/stdout");
    err = readFile(path + "/stderr");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  /// Fails with code 1, one line, and no output.
  std::string error(const std::string &arguments, const std::string &library = RESNET_FAKE_LIBRARY) {
    EXPECT_EQ(run(arguments, library), 1) << arguments << err;
    EXPECT_EQ(out, "");
    EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
    EXPECT_EQ(err.rfind("resnet-run: ", 0), 0u) << err;
    return err.size() > 13 ? err.substr(12, err.size() - 13) : err;
  }
  void writeImages(int64_t count) { // image i is strongest in channel i % 3
    std::string data;
    for (int64_t i = 0; i < count; ++i)
      for (int p = 0; p < 64; ++p)
        for (int c = 0; c < 3; ++c)
          data += char(c == i % 3 ? 200 : 100);
    std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (" + std::to_string(count) + ", 8, 8, 3), }\n";
    writeText(path + "/images.npy", "\x93NUMPY" + std::string{1, 0, char(header.size()), 0} + header + data);
  }
  void writeLabels(const std::string &type, const std::string &data, int count) {
    std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + std::to_string(count) + ",), }\n";
    writeText(path + "/labels.npy", "\x93NUMPY" + std::string{1, 0, char(header.size()), 0} + header + data);
  }
  llvm::json::Value json() {
    llvm::Expected<llvm::json::Value> value = llvm::json::parse(out);
    EXPECT_TRUE(bool(value)) << out;
    return value ? std::move(*value) : llvm::json::Value(llvm::json::Object());
  }
};
} // namespace

TEST_F(Tool, RunsArrays) {
  for (int64_t batch : {1, 5}) {
    std::vector<float> input(size_t(batch * 192), 0.5f);
    input[0] = 64;
    ASSERT_FALSE(bool(writeNpy(path + "/x.npy", {batch, 3, 8, 8}, input)));
    ASSERT_EQ(run("--input=x.npy --output=y.npy --threads=2"), 0) << err;
    EXPECT_EQ(out + err, "");
    llvm::Expected<NpyArray> y = readNpyF32(path + "/y.npy");
    ASSERT_TRUE(bool(y));
    EXPECT_EQ(y->shape, (std::vector<int64_t>{batch, 3}));
    EXPECT_EQ(y->as<float>()[0], 63 * 0.5f + 64);
    EXPECT_EQ(y->as<float>()[1], 32);
  }
}

TEST_F(Tool, RefusesArraysThatDoNotFit) {
  std::vector<float> values(192);
  ASSERT_FALSE(bool(writeNpy(path + "/x.npy", {1, 8, 8, 3}, values)));
  EXPECT_EQ(error("--input=x.npy --output=y.npy"),
            "'x.npy': expected shape [?, 3, 8, 8] for input \"image\", found [1, 8, 8, 3]");
  writeImages(1);
  EXPECT_EQ(error("--input=images.npy --output=y.npy"), "'images.npy': expected element type f32 ('<f4'), found '|u1'");
  EXPECT_EQ(error("--input=none.npy --output=y.npy"), "'none.npy': cannot read: No such file or directory");
  ASSERT_FALSE(bool(writeNpy(path + "/x.npy", {1, 3, 8, 8}, values)));
  EXPECT_EQ(error("--input=x.npy --output=/dev/full"), "'/dev/full': cannot write: No space left on device");
  EXPECT_EQ(error("--input=x.npy --input=x.npy"), "the model has 1 inputs, 2 files are given");
  EXPECT_FALSE(std::filesystem::exists(path + "/y.npy"));
}

TEST_F(Tool, Accuracy) {
  writeImages(103); // not a multiple of the batch
  std::string right, last;
  for (int i = 0; i < 103; ++i)
    right += std::string{char(i % 3 == 2 && i < 6 ? 0 : i % 3), 0, 0, 0};
  writeLabels("<i4", right, 103);
  ASSERT_EQ(run("--accuracy --images=images.npy --labels=labels.npy"), 0) << err;
  EXPECT_EQ(out, "101/103\n");
  EXPECT_EQ(err, "");
  ASSERT_EQ(run("--accuracy --images=images.npy --labels=labels.npy --batch=7 --threads=1"), 0) << err;
  EXPECT_EQ(out, "101/103\n");
}

TEST_F(Tool, AccuracyRefusesLabelsThatDoNotFit) {
  writeImages(2);
  writeLabels("<i8", std::string("\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0", 16), 2);
  EXPECT_EQ(error("--accuracy --images=images.npy --labels=labels.npy"),
            "'labels.npy': label 3 of image 1 is none of the model's 3 classes");
  writeLabels("|i1", "\xff\x01", 2);
  EXPECT_EQ(error("--accuracy --images=images.npy --labels=labels.npy"),
            "'labels.npy': label -1 of image 0 is none of the model's 3 classes");
  writeLabels("|u1", "\x01", 1);
  EXPECT_EQ(error("--accuracy --images=images.npy --labels=labels.npy"),
            "'labels.npy': expected 2 labels, one an image, found shape [1]");
  EXPECT_EQ(error("--accuracy --images=labels.npy --labels=labels.npy"), "'labels.npy': expected shape [?, 8, 8, 3], found [1]");
}

TEST_F(Tool, ClassifiesAPicture) {
  // A 1x1 picture, 24-bit BMP: green.
  std::string bmp = "BM" + std::string("\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0", 28) +
                    std::string(24, '\0') + std::string("\0\xff\0\0", 4);
  writeText(path + "/green.bmp", bmp);
  writeText(path + "/labels.txt", "red\ngreen\r\nblue\n");
  ASSERT_EQ(run("--image=green.bmp --labels=labels.txt --top=1"), 0) << err;
  EXPECT_EQ(out, "100.00%  green\n");
  ASSERT_EQ(run("--image=green.bmp"), 0) << err;
  EXPECT_EQ(out, "100.00%  class 1\n  0.00%  class 0\n  0.00%  class 2\n");
  writeText(path + "/labels.txt", "red\n");
  EXPECT_EQ(error("--image=green.bmp --labels=labels.txt"), "'labels.txt': expected 3 labels, one a line, found 1");
  EXPECT_EQ(error("--image=labels.txt"), "'labels.txt': not a picture that can be read: unknown image type");
}

TEST_F(Tool, BenchmarkHasTheNumbersThatScriptsRead) {
  ASSERT_EQ(run("--benchmark --batch=2 --threads=2 --iterations=7 --json"), 0) << err;
  llvm::json::Value value = json();
  const llvm::json::Object &object = *value.getAsObject();
  EXPECT_EQ(object.getInteger("iterations"), 7);
  EXPECT_EQ(object.getInteger("batch"), 2);
  EXPECT_EQ(object.getInteger("threads"), 2);
  double min = *object.getNumber("min_ms"), median = *object.getNumber("median_ms"), p90 = *object.getNumber("p90_ms"),
         p99 = *object.getNumber("p99_ms");
  EXPECT_GT(min, 0);
  EXPECT_LE(min, median);
  EXPECT_LE(median, p90);
  EXPECT_LE(p90, p99);
  ASSERT_EQ(run("--benchmark --iterations=3"), 0) << err;
  EXPECT_NE(out.find("median"), std::string::npos);
}

TEST_F(Tool, Describe) {
  ASSERT_EQ(run("--describe"), 0) << err;
  for (const char *expected : {"model      fake_net", "target     x86-64", "image f32 [?, 3, 8, 8]", "batch      any",
                               "0123456789abcdef", "steps      1, 1 kernels", "compiler   by hand"})
    EXPECT_NE(out.find(expected), std::string::npos) << expected << "\n" << out;
  ASSERT_EQ(run("--describe --json"), 0) << err;
  llvm::json::Value value = json();
  const llvm::json::Object &object = *value.getAsObject();
  EXPECT_EQ(object.getString("name"), "fake_net");
  EXPECT_EQ(object.getString("compiler"), "by hand");
  EXPECT_EQ(object.getInteger("weights_bytes"), 12);
  EXPECT_EQ((*(*object.getArray("inputs"))[0].getAsObject()->getArray("shape"))[0], -1);
  EXPECT_EQ(object.getObject("description")->getObject("preprocess")->getString("name"), "cifar10");
}

TEST_F(Tool, ProfileNamesTheSourceNodes) {
  ASSERT_EQ(run("--profile=trace.json --iterations=4"), 0) << err;
  EXPECT_NE(out.find("/mean/GlobalAveragePool (mean_8x8)"), std::string::npos) << out;
  out = readFile(path + "/trace.json");
  llvm::json::Value trace = json();
  EXPECT_EQ(trace.getAsObject()->getArray("traceEvents")->size(), 3u);
  ASSERT_EQ(run("--profile --json"), 0) << err;
  llvm::json::Value profile = json();
  const llvm::json::Array &steps = *profile.getAsObject()->getArray("steps");
  ASSERT_EQ(steps.size(), 1u);
  const llvm::json::Object &step = *steps[0].getAsObject();
  EXPECT_EQ(step.getInteger("flops_per_image"), 192);
  EXPECT_EQ(step.getString("algorithm"), "");
  EXPECT_EQ(step.getInteger("performed_flops_per_image"), 192);
  EXPECT_EQ(step.getInteger("weights_bytes"), 12);
  EXPECT_EQ(step.getInteger("activation_bytes_per_image"), 780);
  EXPECT_GT(step.getNumber("median_ms"), 0.0);
  EXPECT_EQ(error("--profile=/dev/full"), "'/dev/full': cannot write: No space left on device");
}

TEST_F(Tool, EntryAndDevice) {
  EXPECT_EQ(run("--describe --entry=fake_net"), 0) << err;
  EXPECT_EQ(error("--describe --entry=other"),
            std::string("'") + RESNET_FAKE_LIBRARY + "': exports no function 'other', only 'fake_net'");
  EXPECT_EQ(run("--describe --device=cpu"), 0) << err;
  EXPECT_EQ(error("--describe --device=cuda"),
            "'" RESNET_FAKE_LIBRARY "': device \"cuda\": expected \"cpu\": model \"fake_net\" has code for no other device");
}

TEST_F(Tool, RefusesWhatIsNoLibraryOfOurs) {
  std::string bytes = readFile(RESNET_FAKE_LIBRARY);
  auto expectError = [&](const std::string &contents, const std::string &message) {
    writeText(path + "/bad.so", contents);
    EXPECT_EQ(error("--describe", "bad.so").substr(0, message.size() + 10), "'bad.so': " + message);
  };
  EXPECT_EQ(error("--describe", "none.so"), "'none.so': cannot read: No such file or directory");
  EXPECT_EQ(error("--describe", "/lib/x86_64-linux-gnu/libm.so.6"),
            "'/lib/x86_64-linux-gnu/libm.so.6': no compiled model: it was not made by resnet-compile");
  expectError("", "expected a compiled library (ELF), found another kind of file");
  expectError("hello", "expected a compiled library (ELF), found another kind of file");
  expectError(bytes.substr(0, 40), "truncated ELF file: 40 bytes");
  std::string arm = bytes;
  arm[18] = char(183);
  expectError(arm, "expected a library for x86-64, found one for aarch64");
  std::string executable = bytes;
  executable[16] = 2;
  expectError(executable, "expected a shared library, found ELF type 2");
  // Every truncation is an error, never a crash.
  for (size_t size = 64; size < bytes.size(); size += bytes.size() / 37) {
    writeText(path + "/bad.so", bytes.substr(0, size));
    error("--describe", "bad.so");
  }
}

TEST_F(Tool, ALibraryCanBeUnloadedAndLoadedAgain) {
  auto threadsOfProcess = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); };
  auto before = threadsOfProcess();
  for (int i = 0; i < 20; ++i) {
    auto library = Library::open({RESNET_FAKE_LIBRARY, "", 0, ""});
    ASSERT_TRUE(bool(library)) << llvm::toString(library.takeError());
    auto session = Session::create(**library, 3);
    ASSERT_TRUE(bool(session)) << llvm::toString(session.takeError());
    EXPECT_EQ(threadsOfProcess(), before + 2);
    (*session)->resize(4);
    ASSERT_FALSE(bool((*session)->run()));
    session->reset();
    library->reset();
    EXPECT_EQ(dlopen(RESNET_FAKE_LIBRARY, RTLD_NOW | RTLD_NOLOAD), nullptr) << "it is still loaded";
  }
  EXPECT_EQ(threadsOfProcess(), before);
}

TEST_F(Tool, BadUsage) {
  for (const char *arguments : {"", "--describe --benchmark", "--unknown", "--describe --threads=-1", "--describe --threads=x",
                                "--accuracy", "--input=x --json", "--benchmark --batch=0", "--benchmark --iterations=0",
                                "--output=y.npy --describe", "--image=a --top=0", "--images=a --describe"}) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_EQ(out, "");
    EXPECT_NE(err, "");
  }
  EXPECT_EQ(run("--describe", ""), 2);
  EXPECT_EQ(run("--help"), 0);
  EXPECT_EQ(out.find("--debug"), std::string::npos) << "LLVM's own options are not shown";
}

TEST_F(Tool, AFullDiskOnStandardOutputIsAnError) {
  int status = std::system(RESNET_RUN " " RESNET_FAKE_LIBRARY " --describe >/dev/full 2>/dev/null");
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

#ifdef RESNET_EXAMPLE
TEST_F(Tool, TheExamplesRun) {
  auto runExample = [&](const std::string &command) {
    int status = std::system((command + " >" + path + "/stdout 2>" + path + "/stderr").c_str());
    out = readFile(path + "/stdout");
    err = readFile(path + "/stderr");
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(runExample(RESNET_EXAMPLE " " RESNET_FAKE_LIBRARY " fake_net"), 0) << err;
  EXPECT_EQ(out, "logits: 0 0 0\n");
  EXPECT_EQ(runExample(RESNET_EXAMPLE " " RESNET_FAKE_LIBRARY " other"), 1);
  EXPECT_EQ(runExample(RESNET_EXAMPLE), 2);
  EXPECT_EQ(runExample(RESNET_LINKED_EXAMPLE), 0) << err;
  EXPECT_EQ(out, "logits: 32 32 32 32 32 ...\n");
}
#endif
