// Which schedule is chosen, and what is said about it.

#include "ConvolutionCases.h"
#include "codegen/schedules/CostModel.h"
#include "codegen/schedules/Selection.h"
#include <gtest/gtest.h>

using namespace resnet::codegen;
using namespace resnet::test;

namespace {

const KernelSpec kSpec = convolution(64, 64, 28, 3);

ScheduleRecord record(int64_t batch, std::initializer_list<std::pair<const char *, double>> measured) {
  ScheduleRecord result{scheduleKey(kSpec), batch, {}};
  for (const auto &[schedule, milliseconds] : measured)
    result.measured.push_back({*parseConvSchedule(schedule), milliseconds});
  return result;
}

ScheduleDatabase database(const char *cpuClass, std::vector<ScheduleRecord> records) {
  ScheduleDatabase result;
  result.add({kSpec.target, cpuClass, std::move(records)});
  return result;
}

} // namespace

TEST(Selection, TakesTheFastestMeasured) {
  const ScheduleDatabase db = database("znver4", {record(1, {{"direct tile=4x1", 0.25}, {"direct tile=2x1", 0.5}})});
  const Selection s = selectSchedule(kSpec, {&db, "znver4"});
  EXPECT_EQ(toString(s.schedule), "direct tile=4x1");
  EXPECT_EQ(s.reason, "measured on znver4: 0.25 ms");
  EXPECT_TRUE(s.measured);
  EXPECT_TRUE(s.warnings.empty());
}

TEST(Selection, SaysWhatItIsNotMeasuredFor) {
  const ScheduleDatabase db = database("znver4", {record(8, {{"direct tile=4x1", 2}})});
  EXPECT_EQ(selectSchedule(kSpec, {&db, "znver5"}).reason, "measured on znver4 (nothing for znver5) at batch 8: 2 ms");
  EXPECT_EQ(selectSchedule(kSpec, {&db, ""}).reason, "measured on znver4 at batch 8: 2 ms");
}

TEST(Selection, WithoutARecordTheModelChooses) {
  const ScheduleDatabase db;
  for (const ScheduleDatabase *maybe : {&db, static_cast<const ScheduleDatabase *>(nullptr)}) {
    const Selection s = selectSchedule(kSpec, {maybe, "znver4"});
    EXPECT_EQ(s.schedule, chooseSchedule(kSpec, true));
    EXPECT_EQ(s.reason.substr(0, 12), "cost model: ");
    EXPECT_FALSE(s.measured);
  }
}

TEST(Selection, WinogradOffTakesTheFastestDirectOne) {
  const ScheduleDatabase db =
      database("znver4", {record(1, {{"winograd4 tile=1x1", 0.25}, {"direct tile=2x1", 0.5}, {"direct tile=1x1", 1}})});
  const Selection off = selectSchedule(kSpec, {&db, "znver4", /*winograd=*/false});
  EXPECT_EQ(toString(off.schedule), "direct tile=2x1");
  EXPECT_EQ(off.reason, "measured on znver4: 0.5 ms, Winograd 0.25 ms");
  EXPECT_TRUE(off.warnings.empty());
  const ScheduleDatabase none;
  EXPECT_EQ(selectSchedule(kSpec, {&none, "znver4", /*winograd=*/false}).schedule, chooseDirectSchedule(kSpec));
}

TEST(Selection, IllegalEntriesAreIgnoredWithAWarning) {
  const ScheduleDatabase db = database(
      "znver4", {record(1, {{"direct tile=4x3", 0.25}, {"direct tile=2x1", 0.5}}), record(2, {{"direct tile=4x1", 0.1}})});
  const Selection s = selectSchedule(kSpec, {&db, "znver4"});
  EXPECT_EQ(toString(s.schedule), "direct tile=2x1");
  ASSERT_EQ(s.warnings.size(), 1u);
  EXPECT_EQ(s.warnings[0], "ignored 'direct tile=4x3', measured on znver4: expected a tile that fits the registers of x86-64-v3, "
                           "got 4x3");
}

// A record of which nothing is usable leaves the choice to the next one, and in the end to the model.
TEST(Selection, UnusableRecordsAreSkipped) {
  ScheduleDatabase db = database("znver4", {record(1, {{"direct tile=28x4", 0.25}, {"direct tile=1x4 rows=3", 0.3}})});
  Selection s = selectSchedule(kSpec, {&db, "znver4"});
  EXPECT_FALSE(s.measured);
  EXPECT_EQ(s.schedule, chooseSchedule(kSpec, true));
  EXPECT_EQ(s.warnings.size(), 1u);
  db.add({kSpec.target, "znver2", {record(1, {{"direct tile=2x1", 0.5}})}});
  s = selectSchedule(kSpec, {&db, "znver4"});
  EXPECT_EQ(s.reason, "measured on znver2 (nothing for znver4): 0.5 ms");
  EXPECT_EQ(s.warnings.size(), 1u);
}
