// Reads the list of excluded cases.

#include "test/Conformance/Exclusions.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

Expected<StringMap<std::string>> resnet::test::readExclusions(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  StringMap<std::string> excluded;
  std::string reason;
  for (line_iterator line(**buffer, /*SkipBlanks=*/true, '#'); !line.is_at_eof(); ++line) {
    StringRef name = line->trim();
    if (name.empty())
      continue;
    if (!line->starts_with(" ")) {
      reason = name.str();
      continue;
    }
    if (reason.empty() || !excluded.try_emplace(name, reason).second)
      return createStringError(path + ":" + Twine(line.line_number()) + ": expected a case below its reason, once, got '" + name +
                               "'");
  }
  return excluded;
}
