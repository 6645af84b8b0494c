#include "symbol/symbolizer.h"

#include <algorithm>
#include <cstdio>

#include "symbol/demangle.h"
#include "trace/module_identity.h"

namespace tiptoe::symbol {
namespace {

std::string hex(u64 value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string base_name(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// A compiler moves the unlikely part of a function away under this name; it is the same function.
std::string without_cold_suffix(const std::string& name) {
  const size_t at = name.rfind(".cold");
  if (at == std::string::npos || at == 0) return name;
  const std::string rest = name.substr(at + 5);
  const bool is_suffix =
      rest.empty() || (rest[0] == '.' && rest.find_first_not_of("0123456789", 1) == rest.npos);
  return is_suffix ? name.substr(0, at) : name;
}

// Modules with the same key are parts of one file. Anonymous code of different images and processes
// is different code at the same addresses.
std::string file_key(const trace::Module& module) {
  if (module.path.empty()) {
    return "\n" + std::to_string(module.image) + "." + std::to_string(module.process);
  }
  return module.memory.empty() ? module.path + "\n" + std::to_string(module.inode) : module.path;
}

}  // namespace

struct Symbolizer::File {
  std::string path;  // empty: no file; the addresses are then the program's own
  std::string label;
  std::vector<LoadSegment> segments;
  std::vector<Candidate> candidates;
  std::vector<u64> ends;
  ElfFunctions elf;
  FunctionRanges known;  // symbols and unwind tables alone, to judge learned entries by
  FunctionRanges all;    // and learned entries
  bool has_all = false;
  std::vector<FunctionId> ids;                      // of all.functions
  std::unordered_map<std::string, u32> by_name;     // first function of a name, for .cold parts
  std::unordered_map<u64, FunctionId> unknown_ids;  // by gap start
};

namespace {
constexpr FunctionId kNoId = ~0u;
}

Symbolizer::Symbolizer(const trace::Program& program)
    : program_(program), file_of_module_(program.modules.size() + 1, nullptr) {
  for (const trace::Module& module : program.modules) {
    if (module.path.empty())
      anonymous_ends_[file_key(module)].push_back(module.start + module.bytes);
  }
}

Symbolizer::~Symbolizer() = default;

bool Symbolizer::is_same_file(const trace::Module& module) {
  const trace::ModuleIdentity* recorded = program_.identity_of(module);
  if (recorded == nullptr) return true;  // nothing to compare with
  const auto now = trace::identify_module(module.path);
  if (!now) return false;
  if (!recorded->build_id.empty() || !now->build_id.empty()) {
    return recorded->build_id == now->build_id;
  }
  return recorded->bytes == now->bytes && recorded->mtime_ns == now->mtime_ns;
}

void Symbolizer::read_functions(File& file, const trace::Module& module) {
  std::optional<ElfFunctions> elf;
  if (!module.memory.empty()) {
    elf = read_elf_functions(module.memory);
  } else if (module.path.starts_with("/")) {
    if (!is_same_file(module)) {
      warnings_.push_back(module.path + " is not the file that ran (changed or gone): no symbols");
      return;
    }
    const trace::ModuleIdentity* identity = program_.identity_of(module);
    elf = read_elf_functions(
        module.path, identity ? std::span<const u8>(identity->build_id) : std::span<const u8>());
  }
  if (elf) file.elf = std::move(*elf);
}

std::unique_ptr<Symbolizer::File> Symbolizer::open_file(const trace::Module& module) {
  auto file = std::make_unique<File>();
  file->path = module.path;
  file->label = module.path.empty() ? "[anonymous]" : base_name(module.path);
  read_functions(*file, module);
  file->candidates = std::move(file->elf.candidates);
  file->ends = module.path.empty() ? anonymous_ends_[file_key(module)] : file->elf.segment_ends();
  file->known = make_function_ranges(file->candidates, file->ends);
  return file;
}

Symbolizer::File& Symbolizer::file_of(u32 module) {
  const size_t index = module == trace::kNone ? program_.modules.size() : module;
  File*& known = file_of_module_[index];
  if (known != nullptr) return *known;
  static const trace::Module nowhere{};
  const trace::Module& where = module == trace::kNone ? nowhere : program_.modules[module];
  std::unique_ptr<File>& file = files_[file_key(where)];
  if (file == nullptr) file = open_file(where);
  known = file.get();
  return *known;
}

u64 Symbolizer::file_address(const File& file, u32 module, u64 pc) const {
  if (module == trace::kNone || file.path.empty()) return pc;
  const trace::Module& where = program_.modules[module];
  const u64 offset = pc - where.start + where.file_offset;
  return file.elf.address_of(offset).value_or(offset);
}

bool Symbolizer::is_covered(u32 module, u64 pc) {
  File& file = file_of(module);
  return file.known.find(file_address(file, module, pc)) != nullptr;
}

void Symbolizer::learn_entry(u32 module, u64 pc) {
  File& file = file_of(module);
  const u64 address = file_address(file, module, pc);
  if (file.known.find(address) == nullptr) {
    file.candidates.push_back({address, 0, Rank::kEntry, {}});
  }
}

FunctionId Symbolizer::add_function(const File& file, u64 address, const std::string& name) {
  Function function;
  function.named = !name.empty();
  function.module = file.label;
  function.module_path = file.path;
  function.address = address;
  function.name = function.named ? demangle(name) : file.label + "+" + hex(address);
  functions_.push_back(std::move(function));
  return static_cast<FunctionId>(functions_.size() - 1);
}

FunctionId Symbolizer::intern(File& file, u32 index) {
  FunctionId& id = file.ids[index];
  if (id != kNoId) return id;
  const Candidate& function = file.all.functions[index];
  const std::string hot = without_cold_suffix(function.name);
  const auto other = hot == function.name ? file.by_name.end() : file.by_name.find(hot);
  if (other != file.by_name.end()) {
    const FunctionId shared = intern(file, other->second);
    return file.ids[index] = shared;
  }
  return id = add_function(file, function.start, hot);
}

// Code that no symbol, unwind table or learned entry tells anything about: each gap between
// functions is taken for one.
FunctionId Symbolizer::intern_unknown(File& file, u64 address) {
  const auto after =
      std::upper_bound(file.all.ranges.begin(), file.all.ranges.end(), address,
                       [](u64 value, const FunctionRange& range) { return value < range.start; });
  u64 start = align_down(address, kPageBytes);
  if (after != file.all.ranges.begin()) start = std::max(start, std::prev(after)->end);
  const auto [at, is_new] = file.unknown_ids.try_emplace(start, 0);
  if (is_new) at->second = add_function(file, start, {});
  return at->second;
}

Place Symbolizer::find(u32 module, u64 pc) {
  File& file = file_of(module);
  if (!file.has_all) {
    file.all = make_function_ranges(std::move(file.candidates), file.ends);
    file.known = {};
    file.has_all = true;
    file.ids.assign(file.all.functions.size(), kNoId);
    for (u32 i = 0; i < file.all.functions.size(); ++i) {
      file.by_name.try_emplace(file.all.functions[i].name, i);
    }
  }
  const u64 address = file_address(file, module, pc);
  const FunctionRange* range = file.all.find(address);
  if (range != nullptr) {
    const FunctionId id = intern(file, range->function);
    const u64 start = functions_[id].address;
    // In a moved-away cold part the offset is told from that part's own beginning.
    const u64 base = address >= start ? start : file.all.functions[range->function].start;
    return {id, address - base};
  }
  const FunctionId id = intern_unknown(file, address);
  return {id, address - functions_[id].address};
}

}  // namespace tiptoe::symbol
