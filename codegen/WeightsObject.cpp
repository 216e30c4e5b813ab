// Writes an ELF64 relocatable by hand: header, the weights' section, symbols, strings, section headers. The assembler and LLVM's
// object streamer would both hold all weights in memory several times.

#include "codegen/WeightsObject.h"
#include "codegen/FilterPacking.h"
#include "dialect/IR/Layouts.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <vector>
#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace mlir;
using namespace resnet;
using namespace resnet::codegen;
namespace ELF = llvm::ELF;

namespace {

// Pages of the file are then pages of the process: weights are mapped and shared, not copied.
constexpr uint64_t kSectionAlignment = 4096;

using HashState = std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)>;

// Writes and hashes bytes, and knows how many there were.
struct HashingStream {
  llvm::raw_ostream &os;
  HashState state{XXH3_createState(), XXH3_freeState};
  uint64_t bytes = 0;

  explicit HashingStream(llvm::raw_ostream &os) : os(os) { XXH3_128bits_reset(state.get()); }
  void write(const void *data, size_t size) {
    XXH3_128bits_update(state.get(), data, size);
    os.write(static_cast<const char *>(data), size);
    bytes += size;
  }
  void zeros(uint64_t count) {
    static const char zero[4096] = {};
    for (; count; count -= std::min<uint64_t>(count, sizeof zero))
      write(zero, std::min<uint64_t>(count, sizeof zero));
  }
  std::string hash() const {
    const XXH128_hash_t value = XXH3_128bits_digest(state.get());
    char text[33];
    snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(value.high64),
             static_cast<unsigned long long>(value.low64));
    return text;
  }
};

// One constant as the kernels read it.
llvm::Error writeGlobal(GlobalOp global, HashingStream &out, std::vector<float> &packed) {
  auto type = cast<RankedTensorType>(global.getType());
  SmallVector<float> storage;
  ArrayRef<float> elements = constantElements(global.getValue(), storage);
  if (elements.size() != static_cast<size_t>(type.getNumElements()))
    return llvm::createStringError("weights '" + global.getSymName() + "': expected " + llvm::Twine(type.getNumElements()) +
                                   " elements of f32, but the data is missing");
  if (!isa_and_nonnull<FilterLayoutAttr>(type.getEncoding())) {
    out.write(elements.data(), elements.size() * sizeof(float));
    return llvm::Error::success();
  }
  packed.assign(constantBytes(type) / sizeof(float), 0.f);
  if (type.getRank() == 1)
    packVector(type.getDimSize(0), cast<FilterLayoutAttr>(type.getEncoding()).getBlock(), elements.data(), packed.data());
  else
    packFilter(filterGeometry(type), elements.data(), packed.data());
  out.write(packed.data(), packed.size() * sizeof(float));
  return llvm::Error::success();
}

template <typename T> void writeStruct(llvm::raw_ostream &os, const T &value) {
  os.write(reinterpret_cast<const char *>(&value), sizeof value);
}

ELF::Elf64_Shdr section(uint32_t name, uint32_t type, uint64_t flags, uint64_t offset, uint64_t size, uint64_t align) {
  ELF::Elf64_Shdr header = {};
  header.sh_name = name;
  header.sh_type = type;
  header.sh_flags = flags;
  header.sh_offset = offset;
  header.sh_size = size;
  header.sh_addralign = align;
  return header;
}

} // namespace

llvm::Expected<PackedWeights> resnet::codegen::writeWeightsObject(ModuleOp module, llvm::StringRef symbol, llvm::StringRef path) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (error)
    return llvm::createStringError("cannot write '" + path + "': " + error.message());
  // A stream that dies with an error ends the program; ours is reported below or is not the first.
  llvm::scope_exit forgive([&] { os.clear_error(); });

  SmallVector<GlobalOp> globals(module.getOps<GlobalOp>());
  llvm::sort(globals, [](GlobalOp a, GlobalOp b) { return a.getOffset() < b.getOffset(); });
  os.write_zeros(kSectionAlignment); // the header comes last, when sizes are known
  HashingStream out(os);
  std::vector<float> packed;
  for (GlobalOp global : globals) {
    if (global.getOffset() < out.bytes)
      return llvm::createStringError("weights '" + global.getSymName() + "': its offset lies inside the constant before it");
    out.zeros(global.getOffset() - out.bytes);
    if (llvm::Error failed = writeGlobal(global, out, packed))
      return failed;
  }
  // Kernels may load a whole register at the last element.
  out.zeros(llvm::alignTo(out.bytes, kBufferAlignment) - out.bytes);

  // Strings: "\0.rodata.resnet\0.symtab\0.strtab\0.note.GNU-stack\0SYMBOL\0"
  std::string strings(1, '\0');
  auto addString = [&](llvm::StringRef text) {
    const uint32_t at = strings.size();
    strings += text.str() + '\0';
    return at;
  };
  const uint32_t dataName = addString(".rodata.resnet"), symtabName = addString(".symtab"), strtabName = addString(".strtab"),
                 stackName = addString(".note.GNU-stack"), symbolName = addString(symbol);
  const uint64_t symtabOffset = llvm::alignTo(kSectionAlignment + out.bytes, 8);
  os.write_zeros(symtabOffset - kSectionAlignment - out.bytes);
  ELF::Elf64_Sym symbols[2] = {};
  symbols[1].st_name = symbolName;
  symbols[1].setBindingAndType(ELF::STB_GLOBAL, ELF::STT_OBJECT);
  symbols[1].st_other = ELF::STV_HIDDEN;
  symbols[1].st_shndx = 1;
  symbols[1].st_size = out.bytes;
  writeStruct(os, symbols);
  const uint64_t stringsOffset = symtabOffset + sizeof symbols;
  os << strings;
  const uint64_t headersOffset = llvm::alignTo(stringsOffset + strings.size(), 8);
  os.write_zeros(headersOffset - stringsOffset - strings.size());

  ELF::Elf64_Shdr headers[5] = {
      {},
      section(dataName, ELF::SHT_PROGBITS, ELF::SHF_ALLOC, kSectionAlignment, out.bytes, kSectionAlignment),
      section(symtabName, ELF::SHT_SYMTAB, 0, symtabOffset, sizeof symbols, 8),
      section(strtabName, ELF::SHT_STRTAB, 0, stringsOffset, strings.size(), 1),
      section(stackName, ELF::SHT_PROGBITS, 0, headersOffset, 0, 1)};
  headers[2].sh_link = 3; // its strings
  headers[2].sh_info = 1; // first global symbol
  headers[2].sh_entsize = sizeof(ELF::Elf64_Sym);
  writeStruct(os, headers);

  ELF::Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELF::ElfMagic, 4);
  header.e_ident[ELF::EI_CLASS] = ELF::ELFCLASS64;
  header.e_ident[ELF::EI_DATA] = ELF::ELFDATA2LSB;
  header.e_ident[ELF::EI_VERSION] = ELF::EV_CURRENT;
  header.e_type = ELF::ET_REL;
  header.e_machine = ELF::EM_X86_64;
  header.e_version = ELF::EV_CURRENT;
  header.e_shoff = headersOffset;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(ELF::Elf64_Shdr);
  header.e_shnum = std::size(headers);
  header.e_shstrndx = 3;
  os.seek(0);
  writeStruct(os, header);
  os.close();
  if (os.has_error()) {
    error = os.error();
    return llvm::createStringError("cannot write '" + path + "': " + error.message());
  }
  return PackedWeights{out.bytes, out.hash()};
}
