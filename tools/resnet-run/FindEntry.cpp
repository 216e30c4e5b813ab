// Looks at a library's file before it is loaded, because loading runs code: ELF header, machine, segments within the file, the
// note that the runtime puts into each compiled library, and the one exported function.

#include "tools/resnet-run/Library.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace resnet {

static Error error(StringRef path, const Twine &message) { return createStringError("'" + path.str() + "': " + message.str()); }

static bool hasNote(const object::ELF64LEFile &file) {
  auto sections = file.sections();
  if (!sections)
    return consumeError(sections.takeError()), false;
  for (const auto &section : *sections) {
    auto name = file.getSectionName(section);
    if (!name) {
      consumeError(name.takeError());
      continue;
    }
    auto contents = file.getSectionContents(section);
    if (!contents) {
      consumeError(contents.takeError());
      continue;
    }
    // Linkers may merge notes; ours is 12 bytes of sizes and type, the owner padded to 8, and a word.
    StringRef bytes(reinterpret_cast<const char *>(contents->data()), contents->size());
    if (section.sh_type == ELF::SHT_NOTE && name->starts_with(".note") && bytes.contains(StringRef("resnet\0\0", 8)))
      return true;
  }
  return false;
}

Expected<std::string> findEntry(StringRef path, StringRef entry) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return error(path, "cannot read: " + buffer.getError().message());
  StringRef bytes = (*buffer)->getBuffer();
  if (!bytes.starts_with("\x7f"
                         "ELF"))
    return error(path, "expected a compiled library (ELF), found another kind of file");
  if (bytes.size() < sizeof(ELF::Elf64_Ehdr))
    return error(path, "truncated ELF file: " + Twine(bytes.size()) + " bytes");
  if (uint8_t(bytes[ELF::EI_CLASS]) != ELF::ELFCLASS64 || uint8_t(bytes[ELF::EI_DATA]) != ELF::ELFDATA2LSB)
    return error(path, "expected a 64-bit little-endian library, found another ELF class");

  auto parsed = object::ELF64LEFile::create(bytes);
  if (!parsed)
    return error(path, "malformed ELF file: " + toString(parsed.takeError()));
  const auto &header = parsed->getHeader();
  if (header.e_machine != ELF::EM_X86_64)
    return error(path,
                 "expected a library for x86-64, found one for " + ELF::convertEMachineToArchName(header.e_machine).lower());
  if (header.e_type != ELF::ET_DYN)
    return error(path, "expected a shared library, found ELF type " + Twine(unsigned(header.e_type)));
  auto segments = parsed->program_headers();
  if (!segments)
    return error(path, "truncated ELF file: " + toString(segments.takeError()));
  for (const auto &segment : *segments)
    if (segment.p_type == ELF::PT_LOAD && (segment.p_offset > bytes.size() || segment.p_filesz > bytes.size() - segment.p_offset))
      return error(path, "truncated ELF file: a segment ends at byte " + Twine(uint64_t(segment.p_offset + segment.p_filesz)) +
                             ", the file has " + Twine(bytes.size()));
  if (auto sections = parsed->sections(); !sections)
    return error(path, "truncated ELF file: " + toString(sections.takeError()));
  if (!hasNote(*parsed))
    return error(path, "no compiled model: it was not made by resnet-compile");

  auto object = object::ELFObjectFile<object::ELF64LE>::create((*buffer)->getMemBufferRef());
  if (!object)
    return error(path, "malformed ELF file: " + toString(object.takeError()));
  std::vector<std::string> functions;
  for (const object::ELFSymbolRef symbol : object->getDynamicSymbolIterators()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name) {
      consumeError(flags.takeError());
      consumeError(name.takeError());
      return error(path, "malformed ELF file: its table of dynamic symbols");
    }
    if (symbol.getELFType() == ELF::STT_FUNC && (*flags & object::SymbolRef::SF_Exported) &&
        !(*flags & object::SymbolRef::SF_Undefined))
      functions.push_back(name->str());
  }
  if (!entry.empty()) {
    if (!is_contained(functions, entry))
      return error(path, "exports no function '" + entry + "'" +
                             (functions.size() == 1 ? Twine(", only '") + functions[0] + "'" : Twine("")));
    return entry.str();
  }
  if (functions.size() != 1)
    return error(path, "expected one exported function, found " + Twine(functions.size()) + "; name it with --entry");
  return functions[0];
}

} // namespace resnet
