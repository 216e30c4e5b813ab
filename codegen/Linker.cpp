// Runs the linker as a process: lld's libraries keep global state, and a system without lld still has ld.

#include "codegen/Linker.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/Binary.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace resnet::codegen;

// Bytes of the runtime, embedded by RuntimeObject.c.
extern "C" const char resnet_embedded_runtime[], resnet_embedded_runtime_end[];

StringRef resnet::codegen::runtimeObject() {
  return {resnet_embedded_runtime, static_cast<size_t>(resnet_embedded_runtime_end - resnet_embedded_runtime)};
}

static Expected<std::string> findLinker() {
  const StringRef directories[] = {"/usr/lib/llvm-22/bin"};
  for (StringRef name : {"ld.lld-22", "ld.lld", "ld"}) {
    if (auto path = sys::findProgramByName(name))
      return *path;
    if (auto path = sys::findProgramByName(name, directories))
      return *path;
  }
  return createStringError("no linker found; expected ld.lld or ld on the PATH (on Debian: apt-get install lld-22)");
}

// The C library's run-time files. Linking against these needs no development package.
static std::vector<std::string> systemLibraries() {
  std::vector<std::string> found;
  for (StringRef name : {"libc.so.6", "libm.so.6", "libpthread.so.0"})
    for (StringRef directory :
         {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"}) {
      SmallString<64> path(directory);
      sys::path::append(path, name);
      if (sys::fs::exists(path)) {
        found.emplace_back(path);
        break;
      }
    }
  return found;
}

// Runs `linker`; a failure carries the linker's own first line.
static Error runLinker(ArrayRef<std::string> arguments, StringRef workDirectory) {
  Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  SmallVector<StringRef> argv{*linker};
  argv.append(arguments.begin(), arguments.end());
  SmallString<128> log(workDirectory);
  sys::path::append(log, "linker.log");
  const StringRef logPath = log;
  std::string error;
  const int status = sys::ExecuteAndWait(*linker, argv, std::nullopt, {StringRef(""), logPath, logPath}, 0, 0, &error);
  if (status == 0)
    return Error::success();
  auto output = MemoryBuffer::getFile(log);
  const StringRef first = output ? (*output)->getBuffer().trim().split('\n').first : StringRef();
  return createStringError(sys::path::filename(*linker) + " failed: " + (first.empty() ? StringRef(error) : first));
}

// Makes everything in the relocatable object at `input` local but `entry`.
static Error localize(StringRef input, StringRef entry, raw_ostream &os) {
  auto binary = object::createBinary(input);
  if (!binary)
    return binary.takeError();
  objcopy::ConfigManager config;
  config.Common.InputFilename = input;
  Expected<objcopy::NameOrPattern> keep =
      objcopy::NameOrPattern::create(entry, objcopy::MatchStyle::Literal, [](Error e) { return e; });
  if (!keep)
    return keep.takeError();
  if (Error error = config.Common.SymbolsToKeepGlobal.addMatcher(std::move(keep)))
    return error;
  config.Common.DiscardMode = objcopy::DiscardType::None;
  return objcopy::executeObjcopyOnBinary(config, *binary->getBinary(), os);
}

static Error linkShared(const LinkJob &job, StringRef output) {
  SmallString<128> script(job.workDirectory);
  sys::path::append(script, "exports.map");
  std::error_code error;
  {
    raw_fd_ostream os(script, error);
    if (error)
      return createStringError("cannot write '" + script + "': " + error.message());
    os << "{ global: " << job.entry << "; local: *; };\n";
  }
  std::vector<std::string> arguments{"-shared",
                                     "-o",
                                     output.str(),
                                     "-soname",
                                     sys::path::filename(job.output).str(),
                                     "-z",
                                     "now",
                                     "-z",
                                     "relro",
                                     "-z",
                                     "noexecstack",
                                     "--gc-sections",
                                     "--build-id=none",
                                     "--hash-style=both",
                                     "--no-undefined",
                                     "--version-script",
                                     std::string(script)};
  arguments.insert(arguments.end(), job.objects.begin(), job.objects.end());
  arguments.push_back("--as-needed");
  const std::vector<std::string> libraries = systemLibraries();
  arguments.insert(arguments.end(), libraries.begin(), libraries.end());
  return runLinker(arguments, job.workDirectory);
}

static Error linkRelocatable(const LinkJob &job, StringRef output) {
  SmallString<128> merged(job.workDirectory);
  sys::path::append(merged, "merged.o");
  std::vector<std::string> arguments{"-r", "-o", std::string(merged)};
  arguments.insert(arguments.end(), job.objects.begin(), job.objects.end());
  if (Error error = runLinker(arguments, job.workDirectory))
    return error;
  SmallString<128> localized(job.workDirectory);
  sys::path::append(localized, sys::path::stem(job.output) + ".o");
  const StringRef objectPath = job.kind == LinkOutput::Object ? output : StringRef(localized);
  {
    std::error_code error;
    raw_fd_ostream os(objectPath, error);
    if (error)
      return createStringError("cannot write '" + objectPath + "': " + error.message());
    if (Error failed = localize(merged, job.entry, os))
      return failed;
    os.flush();
    if (os.has_error()) {
      error = os.error();
      os.clear_error();
      return createStringError("cannot write '" + objectPath + "': " + error.message());
    }
  }
  if (job.kind == LinkOutput::Object)
    return Error::success();
  Expected<NewArchiveMember> member = NewArchiveMember::getFile(localized, /*Deterministic=*/true);
  if (!member)
    return member.takeError();
  return writeArchive(output, *member, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU, /*Deterministic=*/true,
                      /*Thin=*/false);
}

Error resnet::codegen::link(const LinkJob &job) {
  sys::fs::file_status existing;
  if (!sys::fs::status(job.output, existing) && !sys::fs::is_regular_file(existing))
    return createStringError("cannot write '" + job.output + "': expected a regular file or none");
  // Beside the output: a rename must not cross file systems.
  SmallString<128> temporary;
  if (std::error_code error = sys::fs::createUniqueFile(job.output + ".%%%%%%.tmp", temporary))
    return createStringError("cannot write '" + job.output + "': " + error.message());
  sys::RemoveFileOnSignal(temporary);
  Error failed = job.kind == LinkOutput::SharedLibrary ? linkShared(job, temporary) : linkRelocatable(job, temporary);
  if (!failed) {
    // createUniqueFile gives 0600; a library has the permissions that the user's umask grants.
    const unsigned mask = sys::fs::getUmask();
    const unsigned wanted = job.kind == LinkOutput::SharedLibrary ? 0777 : 0666;
    (void)sys::fs::setPermissions(temporary, static_cast<sys::fs::perms>(wanted & ~mask));
    if (std::error_code error = sys::fs::rename(temporary, job.output))
      failed = createStringError("cannot write '" + job.output + "': " + error.message());
  }
  if (failed)
    (void)sys::fs::remove(temporary);
  sys::DontRemoveFileOnSignal(temporary);
  return failed;
}
