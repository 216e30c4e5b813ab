// Files of measured schedules and lookups among them.

#include "codegen/schedules/ScheduleDatabase.h"
#include "ConvolutionCases.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace resnet::codegen;
using namespace resnet::test;
namespace fs = llvm::sys::fs;

namespace {

constexpr char kText[] = R"({"target": "x86-64-v3", "class": "znver4", "records": [
{"spec": "a", "batch": 1, "measured": [["direct tile=2x1", 0.25], ["direct tile=1x1", 0.5]]},
{"spec": "a", "batch": 8, "measured": [["winograd4 tile=2x1 tile_rows=3", 1.25]]},
{"spec": "b \"quoted\"", "batch": 1, "measured": [["direct tile=1x1", 1000]]}
]}
)";

std::string errorOf(llvm::StringRef text) {
  llvm::Expected<ScheduleFile> file = parseScheduleFile(text, "s.json");
  return file ? "" : llvm::toString(file.takeError());
}

std::string fileOf(const std::string &record) {
  return R"({"target": "x86-64-v3", "class": "znver4", "records": [{"spec": "ok", "batch": 1, "measured": [["direct", 1]]},)" +
         record + "]}";
}

ScheduleFile file(const char *cpuClass, const KernelSpec &spec, std::initializer_list<int64_t> batches, double ms = 1) {
  ScheduleFile result{spec.target, cpuClass, {}};
  for (int64_t batch : batches)
    result.set({scheduleKey(spec), batch, {{*parseConvSchedule("direct tile=1x1"), ms}}});
  return result;
}

// "znver4/8 znver4/1": classes and batches of the matches, in order.
std::string found(const ScheduleDatabase &database, KernelSpec spec, const char *cpuClass, int64_t batch) {
  spec.batch = batch;
  std::string text;
  for (const ScheduleDatabase::Match &match : database.find(spec, cpuClass))
    text += (text.empty() ? "" : " ") + match.cpuClass.str() + "/" + std::to_string(match.record->batch);
  return text;
}

} // namespace

TEST(ScheduleFile, TextIsReadBack) {
  llvm::Expected<ScheduleFile> file = parseScheduleFile(kText, "s.json");
  ASSERT_TRUE(static_cast<bool>(file)) << llvm::toString(file.takeError());
  EXPECT_EQ(file->target, Target::X86_64_v3);
  EXPECT_EQ(file->cpuClass, "znver4");
  ASSERT_EQ(file->records.size(), 3u);
  EXPECT_EQ(file->records[0].measured[0].schedule.tileColumns, 2);
  EXPECT_EQ(toText(*file), kText);
}

TEST(ScheduleFile, TextDoesNotDependOnTheOrderOfMeasuring) {
  llvm::Expected<ScheduleFile> file = parseScheduleFile(kText, "s.json");
  ASSERT_TRUE(static_cast<bool>(file));
  ScheduleFile other{file->target, file->cpuClass, {}};
  for (auto record = file->records.rbegin(); record != file->records.rend(); ++record) {
    other.set({record->key, record->batch, {{*parseConvSchedule("direct tile=9x9"), 7}}}); // replaced by the next line
    other.set(*record);
  }
  EXPECT_EQ(toText(other), kText);
}

TEST(ScheduleFile, FastestOfAnAlgorithm) {
  llvm::Expected<ScheduleFile> file = parseScheduleFile(kText, "s.json");
  ASSERT_TRUE(static_cast<bool>(file));
  const ScheduleRecord &record = *file->find("a", 1);
  EXPECT_EQ(record.fastest(ConvAlgorithm::Direct)->milliseconds, 0.25);
  EXPECT_EQ(record.fastest(ConvAlgorithm::Winograd), nullptr);
  EXPECT_EQ(file->find("a", 2), nullptr);
}

TEST(ScheduleFile, WrongTextIsNamedByFileAndRecord) {
  EXPECT_EQ(errorOf("").substr(0, 21), "s.json: expected JSON");
  EXPECT_EQ(errorOf(std::string(100000, '[')), "s.json: expected JSON of at most 16 levels");
  for (const char *text :
       {"[]", "{}", R"({"target": "x86-64", "class": "", "records": []})", R"({"target": "x86-64", "class": 4})"})
    EXPECT_EQ(errorOf(text), "s.json: expected an object with the texts 'target' and 'class' and a list 'records'") << text;
  EXPECT_EQ(errorOf(R"({"target": "vax", "class": "c", "records": []})"),
            "s.json: target 'vax': expected x86-64, x86-64-v3 or x86-64-v4");
  const std::string shape =
      "s.json: record 2: expected an object with a text 'spec', a 'batch' of at least 1 and a list 'measured'";
  EXPECT_EQ(errorOf(fileOf("7")), shape);
  EXPECT_EQ(errorOf(fileOf(R"({"spec": "a", "batch": 0, "measured": [["direct", 1]]})")), shape);
  EXPECT_EQ(errorOf(fileOf(R"({"spec": "a", "batch": 1, "measured": []})")), shape);
  EXPECT_EQ(errorOf(fileOf(R"({"spec": "a", "batch": 1, "measured": [["direct"]]})")),
            "s.json: record 2: expected a measurement as [schedule, milliseconds]");
  EXPECT_EQ(errorOf(fileOf(R"({"spec": "a", "batch": 1, "measured": [["fast", 1]]})")),
            "s.json: record 2: expected a schedule, got 'fast'");
  EXPECT_EQ(errorOf(fileOf(R"({"spec": "a", "batch": 1, "measured": [["direct", -1]]})")),
            "s.json: record 2: expected milliseconds above 0 for 'direct'");
  EXPECT_EQ(errorOf(fileOf(R"({"spec": "ok", "batch": 1, "measured": [["direct", 1]]})")),
            "s.json: record 2: its 'spec' and 'batch' were in an earlier record");
}

TEST(ScheduleFile, FilesAreWrittenAndRead) {
  llvm::SmallString<128> directory;
  ASSERT_FALSE(fs::createUniqueDirectory("resnet-schedules-test", directory));
  const std::string path = (directory + "/s.json").str();
  llvm::Expected<ScheduleFile> file = parseScheduleFile(kText, "s.json");
  ASSERT_TRUE(static_cast<bool>(file));
  EXPECT_FALSE(static_cast<bool>(writeScheduleFile(*file, path)));
  llvm::Expected<ScheduleFile> again = readScheduleFile(path);
  ASSERT_TRUE(static_cast<bool>(again));
  EXPECT_EQ(toText(*again), kText);
  EXPECT_EQ(llvm::toString(readScheduleFile(path + ".none").takeError()),
            "cannot read '" + path + ".none': No such file or directory");
  EXPECT_EQ(llvm::toString(writeScheduleFile(*file, path + "/s")), "cannot write '" + path + "/s': Not a directory");
  (void)fs::remove_directories(directory);
}

TEST(ScheduleDatabase, ClassesAreTriedFromTheNearest) {
  const KernelSpec spec = convolution(64, 64, 28, 3);
  ScheduleDatabase database;
  for (const char *cpuClass : {"znver4", "sapphirerapids", "znver2"})
    database.add(file(cpuClass, spec, {1}));
  EXPECT_EQ(found(database, spec, "znver4", 1), "znver4/1 znver2/1 sapphirerapids/1");
  EXPECT_EQ(found(database, spec, "znver5", 1), "znver2/1 znver4/1 sapphirerapids/1");
  EXPECT_EQ(found(database, spec, "", 1), "sapphirerapids/1 znver2/1 znver4/1");
}

TEST(ScheduleDatabase, BatchesAreTriedDownwardsThenUpwards) {
  const KernelSpec spec = convolution(64, 64, 28, 3);
  ScheduleDatabase database;
  database.add(file("znver4", spec, {16, 1, 8, 4}));
  EXPECT_EQ(found(database, spec, "znver4", 8), "znver4/8 znver4/4 znver4/1 znver4/16");
  EXPECT_EQ(found(database, spec, "znver4", 5), "znver4/4 znver4/1 znver4/8 znver4/16");
  EXPECT_EQ(found(database, spec, "znver4", 0), "znver4/1 znver4/4 znver4/8 znver4/16");
}

TEST(ScheduleDatabase, OtherSpecificationsAndTargetsAreNotFound) {
  KernelSpec spec = convolution(64, 64, 28, 3);
  ScheduleDatabase database;
  database.add(file("znver4", spec, {1}));
  EXPECT_EQ(found(database, convolution(64, 64, 28, 1), "znver4", 1), "");
  spec.debug = true;
  spec.schedule = *parseConvSchedule("direct tile=1x1");
  EXPECT_EQ(found(database, spec, "znver4", 1), "znver4/1") << "neither debug nor the schedule is part of the key";
  spec.target = Target::X86_64_v4;
  EXPECT_EQ(found(database, spec, "znver4", 1), "");
}

TEST(ScheduleDatabase, LaterFilesWin) {
  const KernelSpec spec = convolution(64, 64, 28, 3);
  ScheduleDatabase database;
  database.add(file("znver4", spec, {1, 8}, 1));
  database.add(file("znver4", spec, {1}, 2));
  auto matches = database.find(spec, "znver4");
  ASSERT_EQ(matches.size(), 2u);
  EXPECT_EQ(matches[0].record->measured[0].milliseconds, 2);
  EXPECT_EQ(matches[1].record->measured[0].milliseconds, 1);
}

TEST(ScheduleDatabase, ShippedFilesAreOfTheTargetsAskedFor) {
  for (Target target : {Target::X86_64, Target::X86_64_v3, Target::X86_64_v4}) {
    const ScheduleDatabase shipped = ScheduleDatabase::shipped({target});
    for (const ScheduleFile &file : shipped.files())
      EXPECT_EQ(file.target, target);
  }
}
