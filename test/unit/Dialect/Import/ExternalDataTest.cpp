// Weights in other files: only regular ones below the model's folder, and only the bytes that are there.

#include "ImportTest.h"
#include <filesystem>
#include <sys/stat.h>

using namespace resnet::test;

namespace {

struct ExternalDataTest : ImportTest {
  ExternalDataTest() {
    input({-1, 4, 8, 8});
    tensor = weight("w", {4, 4, 1, 1});
    data = tensor->raw_data();
    tensor->clear_raw_data();
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    node("Conv", {"x", "w"});
  }
  void at(const std::string &location, const std::string &offset = "", const std::string &length = "") {
    tensor->clear_external_data();
    auto add = [&](const char *key, const std::string &value) {
      if (value.empty())
        return;
      auto *entry = tensor->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    };
    add("location", location);
    add("offset", offset);
    add("length", length);
  }
  onnx::TensorProto *tensor;
  std::string data;
};

TEST_F(ExternalDataTest, WholeFile) {
  folder.write("weights.data", data);
  at("weights.data");
  EXPECT_TRUE(contains(import(), "resnet.conv2d"));
  EXPECT_EQ(constant("w"), std::vector<float>(16, 0.5f));
}

TEST_F(ExternalDataTest, PartOfAFileInAFolder) {
  std::filesystem::create_directory(folder.file("sub"));
  folder.write("sub/weights.data", "1234567" + data + "rest");
  at("./sub/weights.data", "7", "64");
  import();
  EXPECT_EQ(constant("w"), std::vector<float>(16, 0.5f));
}

TEST_F(ExternalDataTest, ModelGivenByARelativePath) {
  folder.write("weights.data", data);
  at("weights.data");
  import();
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  EXPECT_TRUE(contains(importFile("model.onnx"), "resnet.conv2d"));
  std::filesystem::current_path(before);
}

TEST_F(ExternalDataTest, MissingFileOrLocation) {
  at("weights.data");
  EXPECT_IMPORT_ERROR("initializer 'w': external data 'weights.data': No such file or directory");
  at("");
  EXPECT_IMPORT_ERROR("external data '': expected a path relative to the model's folder");
  at("/");
  EXPECT_IMPORT_ERROR("expected a path relative to the model's folder");
  at(".");
  EXPECT_IMPORT_ERROR("expected a regular file");
}

TEST_F(ExternalDataTest, PathsThatEscape) {
  folder.write("weights.data", data);
  at(folder.file("weights.data"));
  EXPECT_IMPORT_ERROR("expected a path relative to the model's folder");
  at("../weights.data");
  EXPECT_IMPORT_ERROR("expected a path inside the model's folder, got one with '..'");
  at("sub/../weights.data");
  EXPECT_IMPORT_ERROR("got one with '..'");
  at(std::string("weights.data\0.txt", 17));
  EXPECT_IMPORT_ERROR("expected a path relative to the model's folder");
}

TEST_F(ExternalDataTest, Links) {
  TemporaryFolder outside;
  outside.write("weights.data", data);
  std::filesystem::create_symlink(outside.file("weights.data"), folder.file("link"));
  at("link");
  EXPECT_IMPORT_ERROR("external data 'link': expected a file that is reached without links");
  std::filesystem::create_directory_symlink(outside.path, folder.file("folder"));
  at("folder/weights.data");
  EXPECT_IMPORT_ERROR("expected a file that is reached without links");
  std::filesystem::create_hard_link(outside.file("weights.data"), folder.file("hard"));
  at("hard");
  EXPECT_IMPORT_ERROR("expected a file with one name, got one with 2 hard links");
}

TEST_F(ExternalDataTest, FilesThatAreNone) {
  std::filesystem::create_directory(folder.file("sub"));
  at("sub");
  EXPECT_IMPORT_ERROR("expected a regular file");
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  at("pipe");
  EXPECT_IMPORT_ERROR("expected a regular file");
}

TEST_F(ExternalDataTest, RangesThatTheFileDoesNotHave) {
  folder.write("weights.data", data);
  at("weights.data", "4");
  EXPECT_IMPORT_ERROR("expected 64 bytes for shape 4x4x1x1, got 60");
  at("weights.data", "4", "64");
  EXPECT_IMPORT_ERROR("expected 64 bytes from offset 4, got a file of 64 bytes");
  at("weights.data", "9223372036854775807", "64");
  EXPECT_IMPORT_ERROR("expected 64 bytes from offset 9223372036854775807");
  at("weights.data", "0", "32");
  EXPECT_IMPORT_ERROR("expected 64 bytes for shape 4x4x1x1, got 32");
  at("weights.data", "-4");
  EXPECT_IMPORT_ERROR("expected a non-negative offset of its external data, got '-4'");
  at("weights.data", "0", "many");
  EXPECT_IMPORT_ERROR("expected a non-negative length of its external data, got 'many'");
  tensor->set_dims(0, int64_t(1) << 36);
  at("weights.data");
  EXPECT_IMPORT_ERROR("got 64");
}

} // namespace
