// Runs the linker as a process: lld's libraries keep global state, and a system without lld still has ld.

#include "codegen/Linker.h"
#include "dialect/Support/OutputFile.h"
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
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace resnet::codegen;

// Bytes of the runtime's objects, embedded by RuntimeObject.c.
extern "C" const char resnet_embedded_runtime[], resnet_embedded_runtime_end[];
extern "C" const char resnet_embedded_opencl[], resnet_embedded_opencl_end[];
extern "C" const char resnet_embedded_cuda[], resnet_embedded_cuda_end[];

static StringRef between(const char *begin, const char *end) { return {begin, static_cast<size_t>(end - begin)}; }

StringRef resnet::codegen::runtimeObject() { return between(resnet_embedded_runtime, resnet_embedded_runtime_end); }

StringRef resnet::codegen::driverObject(Target target) {
  assert(isDevice(target));
  return target == Target::OpenCL ? between(resnet_embedded_opencl, resnet_embedded_opencl_end)
                                  : between(resnet_embedded_cuda, resnet_embedded_cuda_end);
}

static Expected<std::string> findLinker() {
  const StringRef directories[] = {RESNET_LLVM_TOOLS}; // where this build found LLVM
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
  for (StringRef name : {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2"})
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
static Error runLinker(ArrayRef<std::string> arguments, const resnet::TemporaryDirectory &work) {
  Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  SmallVector<StringRef> argv{*linker};
  argv.append(arguments.begin(), arguments.end());
  const std::string log = work.file("linker.log");
  const StringRef logPath = log;
  std::string error;
  const int status = sys::ExecuteAndWait(*linker, argv, std::nullopt, {StringRef(""), logPath, logPath}, 0, 0, &error);
  if (status == 0)
    return Error::success();
  auto output = MemoryBuffer::getFile(log);
  SmallVector<StringRef> lines;
  if (output)
    (*output)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  auto told = find_if(lines, [](StringRef line) { return line.contains_insensitive("error"); });
  if (told == lines.end())
    told = lines.begin();
  return createStringError(sys::path::filename(*linker) + " failed: " + (told == lines.end() ? StringRef(error) : *told));
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
  const std::string script = job.workDirectory->file("exports.map");
  if (Error error = resnet::writeOutputFile(script, [&](raw_ostream &os) {
        os << "{ global: " << job.entry << "; local: *; };\n";
        return Error::success();
      }))
    return createStringError("cannot write '" + script + "': " + toString(std::move(error)));
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
                                     script};
  arguments.insert(arguments.end(), job.objects.begin(), job.objects.end());
  arguments.push_back("--as-needed");
  const std::vector<std::string> libraries = systemLibraries();
  arguments.insert(arguments.end(), libraries.begin(), libraries.end());
  return runLinker(arguments, *job.workDirectory);
}

static Error linkRelocatable(const LinkJob &job, StringRef output) {
  const std::string merged = job.workDirectory->file("merged.o");
  std::vector<std::string> arguments{"-r", "-o", merged};
  arguments.insert(arguments.end(), job.objects.begin(), job.objects.end());
  if (Error error = runLinker(arguments, *job.workDirectory))
    return error;
  const std::string localized = job.workDirectory->file(sys::path::stem(job.output).str() + ".o");
  const StringRef objectPath = job.kind == LinkOutput::Object ? output : StringRef(localized);
  if (Error error = resnet::writeOutputFile(objectPath, [&](raw_ostream &os) { return localize(merged, job.entry, os); }))
    return createStringError("cannot write '" + (job.kind == LinkOutput::Object ? StringRef(job.output) : objectPath) +
                             "': " + toString(std::move(error)));
  if (job.kind == LinkOutput::Object)
    return Error::success();
  Expected<NewArchiveMember> member = NewArchiveMember::getFile(localized, /*Deterministic=*/true);
  if (!member)
    return member.takeError();
  member->MemberName = sys::path::filename(localized);
  auto archive = writeArchiveToBuffer(*member, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU, /*Deterministic=*/true,
                                      /*Thin=*/false);
  if (!archive)
    return archive.takeError();
  if (Error error = resnet::writeOutputFile(output, [&](raw_ostream &os) {
        os << (*archive)->getBuffer();
        return Error::success();
      }))
    return createStringError("cannot write '" + job.output + "': " + toString(std::move(error)));
  return Error::success();
}

// Moves a finished file to where the user wants it: by rename, or whole or not at all by copying to another file system.
static Error place(const LinkJob &job, StringRef finished) {
  const std::string failed = "cannot write '" + job.output + "': ";
  std::error_code error = sys::fs::rename(finished, job.output);
  if (!error)
    return Error::success();
  if (error != std::errc::cross_device_link)
    return createStringError(failed + error.message());
  auto contents = MemoryBuffer::getFile(finished, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!contents)
    return createStringError(failed + contents.getError().message());
  if (Error unwritten = resnet::writeOutputFile(job.output, [&](raw_ostream &os) {
        os << (*contents)->getBuffer();
        return Error::success();
      }))
    return createStringError(failed + toString(std::move(unwritten)));
  if (auto permissions = sys::fs::getPermissions(finished))
    (void)sys::fs::setPermissions(job.output, *permissions);
  return Error::success();
}

Error resnet::codegen::link(const LinkJob &job) {
  sys::fs::file_status existing;
  if (!sys::fs::status(job.output, existing) && !sys::fs::is_regular_file(existing))
    return createStringError("cannot write '" + job.output + "': expected a regular file or none");
  const std::string finished = job.workDirectory->file("linked");
  if (Error error = job.kind == LinkOutput::SharedLibrary ? linkShared(job, finished) : linkRelocatable(job, finished))
    return error;
  return place(job, finished);
}
