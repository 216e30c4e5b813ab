// {"target": "x86-64-v4", "class": "znver4", "records": [
// {"spec": "conv2d input=...", "batch": 1, "measured": [["direct tile=14x2", 0.25], ...]},
// ...
// ]}

#include "codegen/schedules/ScheduleFile.h"
#include "dialect/Support/OutputFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <optional>

using namespace llvm;
using namespace resnet::codegen;

const Measurement *ScheduleRecord::fastest(ConvAlgorithm algorithm) const {
  auto found = find_if(measured, [&](const Measurement &m) { return m.schedule.algorithm == algorithm; });
  return found == measured.end() ? nullptr : &*found;
}

void ScheduleRecord::sort() {
  llvm::sort(measured, [](const Measurement &a, const Measurement &b) {
    return a.milliseconds != b.milliseconds ? a.milliseconds < b.milliseconds : toString(a.schedule) < toString(b.schedule);
  });
}

void ScheduleFile::set(ScheduleRecord record) {
  for (ScheduleRecord &old : records)
    if (old.key == record.key && old.batch == record.batch) {
      old = std::move(record);
      return;
    }
  records.push_back(std::move(record));
}

const ScheduleRecord *ScheduleFile::find(StringRef key, int64_t batch) const {
  auto found = find_if(records, [&](const ScheduleRecord &r) { return r.key == key && r.batch == batch; });
  return found == records.end() ? nullptr : &*found;
}

std::string resnet::codegen::scheduleFileName(Target target, StringRef cpuClass) {
  return (Twine(toString(target)) + "-" + cpuClass + ".json").str();
}

//===-- Text --------------------------------------------------------------===//

std::string resnet::codegen::toText(const ScheduleFile &file) {
  std::vector<const ScheduleRecord *> sorted;
  for (const ScheduleRecord &record : file.records)
    sorted.push_back(&record);
  llvm::sort(sorted, [](const ScheduleRecord *a, const ScheduleRecord *b) {
    return std::tie(a->key, a->batch) < std::tie(b->key, b->batch);
  });
  std::string text;
  raw_string_ostream os(text);
  os << "{\"target\": " << json::Value(toString(file.target)) << ", \"class\": " << json::Value(file.cpuClass)
     << ", \"records\": [";
  ListSeparator records(",");
  for (const ScheduleRecord *record : sorted) {
    os << StringRef(records) << "\n{\"spec\": " << json::Value(record->key) << ", \"batch\": " << record->batch
       << ", \"measured\": [";
    ListSeparator entries;
    for (const Measurement &m : record->measured)
      os << StringRef(entries) << "[" << json::Value(toString(m.schedule)) << ", " << format("%.4g", m.milliseconds) << "]";
    os << "]}";
  }
  os << "\n]}\n";
  return text;
}

//===-- Reading -----------------------------------------------------------===//

static std::optional<Target> targetNamed(StringRef name) {
  for (Target target : kTargets)
    if (name == toString(target))
      return target;
  return std::nullopt;
}

// ["direct tile=14x2", 0.25]
static Expected<Measurement> readMeasurement(const json::Value &value) {
  const json::Array *pair = value.getAsArray();
  if (!pair || pair->size() != 2 || !(*pair)[0].getAsString() || !(*pair)[1].getAsNumber())
    return createStringError("expected a measurement as [schedule, milliseconds]");
  const std::string text = (*pair)[0].getAsString()->str();
  const std::optional<ConvSchedule> schedule = parseConvSchedule(text);
  if (!schedule)
    return createStringError("expected a schedule, got '" + text + "'");
  const double milliseconds = *(*pair)[1].getAsNumber();
  if (!(milliseconds > 0) || !std::isfinite(milliseconds))
    return createStringError("expected milliseconds above 0 for '" + text + "'");
  return Measurement{*schedule, milliseconds};
}

static Expected<ScheduleRecord> readRecord(const json::Value &value) {
  const json::Object *object = value.getAsObject();
  const std::optional<StringRef> key = object ? object->getString("spec") : std::nullopt;
  const std::optional<int64_t> batch = object ? object->getInteger("batch") : std::nullopt;
  const json::Array *measured = object ? object->getArray("measured") : nullptr;
  if (!key || !batch || *batch < 1 || !measured || measured->empty())
    return createStringError("expected an object with a text 'spec', a 'batch' of at least 1 and a list 'measured'");
  ScheduleRecord record{key->str(), *batch, {}};
  for (const json::Value &entry : *measured) {
    Expected<Measurement> measurement = readMeasurement(entry);
    if (!measurement)
      return measurement.takeError();
    record.measured.push_back(*measurement);
  }
  record.sort();
  return record;
}

// Brackets inside of each other, outside of texts: the parser recurses, and a damaged file must not exhaust the stack.
static int depth(StringRef text) {
  int open = 0, deepest = 0;
  bool inText = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (inText && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      inText = !inText;
    else if (!inText && (text[i] == '[' || text[i] == '{'))
      deepest = std::max(deepest, ++open);
    else if (!inText && (text[i] == ']' || text[i] == '}'))
      --open;
  }
  return deepest;
}

static constexpr int kDeepest = 16; // records have 5

Expected<ScheduleFile> resnet::codegen::parseScheduleFile(StringRef text, StringRef name) {
  const auto wrong = [&](const Twine &what) { return createStringError(name + ": " + what); };
  if (depth(text) > kDeepest)
    return wrong("expected JSON of at most " + Twine(kDeepest) + " levels");
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return wrong("expected JSON: " + toString(value.takeError()));
  const json::Object *object = value->getAsObject();
  const std::optional<StringRef> target = object ? object->getString("target") : std::nullopt;
  const std::optional<StringRef> cpuClass = object ? object->getString("class") : std::nullopt;
  const json::Array *records = object ? object->getArray("records") : nullptr;
  if (!target || !cpuClass || cpuClass->empty() || !records)
    return wrong("expected an object with the texts 'target' and 'class' and a list 'records'");
  const std::optional<Target> known = targetNamed(*target);
  if (!known)
    return wrong("target '" + *target + "': expected x86-64, x86-64-v3 or x86-64-v4");
  ScheduleFile file{*known, cpuClass->str(), {}};
  for (size_t i = 0; i < records->size(); ++i) {
    Expected<ScheduleRecord> record = readRecord((*records)[i]);
    if (!record)
      return wrong("record " + Twine(i + 1) + ": " + toString(record.takeError()));
    if (file.find(record->key, record->batch))
      return wrong("record " + Twine(i + 1) + ": its 'spec' and 'batch' were in an earlier record");
    file.records.push_back(std::move(*record));
  }
  return file;
}

Expected<ScheduleFile> resnet::codegen::readScheduleFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("cannot read '" + path + "': " + buffer.getError().message());
  return parseScheduleFile((*buffer)->getBuffer(), path);
}

Error resnet::codegen::writeScheduleFile(const ScheduleFile &file, StringRef path) {
  Error error = writeOutputFile(path, [&](raw_ostream &os) {
    os << toText(file);
    return Error::success();
  });
  return error ? createStringError("cannot write '" + path + "': " + toString(std::move(error))) : Error::success();
}
