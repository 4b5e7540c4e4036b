#include "tools/rt0db/symbols.h"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace rt0db {
namespace {

// Of a demangled signature, which may begin with the type that is returned, the name: up to its parameters.
std::string name_in(const std::string& signature) {
  std::size_t begin = 0;
  int depth = 0;
  const auto stands = [&](std::size_t i, const char* word) {
    return signature.compare(i, strlen(word), word) == 0;
  };
  for (std::size_t i = 0; i < signature.size(); i++) {
    const char c = signature[i];
    if (depth == 0 && stands(i, "operator")) {  // its name may be of brackets
      const std::size_t parameters = signature.find('(', stands(i, "operator()") ? i + 10 : i);
      return signature.substr(begin, parameters - begin);
    }
    const bool opens_parameters = !stands(i, "(anonymous ") && (i < 8 || !stands(i - 8, "decltype("));
    if (c == '(' && depth == 0 && opens_parameters) return signature.substr(begin, i - begin);
    if (c == '<' || c == '(' || c == '{') depth++;
    if (c == '>' || c == ')' || c == '}') depth--;
    if (c == ' ' && depth == 0) begin = i + 1;
  }
  return signature.substr(begin);
}

}  // namespace

std::string demangled(const char* name) {
  if (name == nullptr) return {};
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                    free);
  return status == 0 && text != nullptr ? name_in(text.get()) : name;
}

namespace {

// Where the program's file is, should it have been opened as /proc/PID/exe: a debug file may lie beside it.
std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), free);
  return real != nullptr ? real.get() : path;
}

const char* text_of(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute found;
  return dwarf_formstring(dwarf_attr_integrate(die, attribute, &found));
}

std::string name_of(Dwarf_Die* die) {
  const char* name = text_of(die, DW_AT_linkage_name);
  return demangled(name != nullptr ? name : dwarf_diename(die));
}

int number_of(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute found;
  Dwarf_Word value = 0;
  return dwarf_formudata(dwarf_attr(die, attribute, &found), &value) == 0 ? static_cast<int>(value) : 0;
}

bool begins(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

}  // namespace

bool is_library(const place& where) {
  for (const char* name : {"rt::", "rt0::", "rt0_", "std::", "__"}) {
    if (begins(where.function, name)) return true;
  }
  return where.file.empty() || begins(where.file, "runtime/") || begins(where.file, "./runtime/") ||
         begins(where.file, "/usr/include/");
}

bool is_internal(const place& where) {
  const std::size_t scope = where.function.substr(0, where.function.find('<')).rfind("::");
  const std::string name = scope == std::string::npos ? where.function : where.function.substr(scope + 2);
  return begins(name, "__") || begins(name, "_M_");
}

symbols::symbols(const image& program) {
  static const Dwfl_Callbacks callbacks = {.find_elf = nullptr,
                                           .find_debuginfo = dwfl_standard_find_debuginfo,
                                           .section_address = dwfl_offline_section_address,
                                           .debuginfo_path = nullptr};
  dwfl_ = dwfl_begin(&callbacks);
  if (dwfl_ == nullptr) return;
  dwfl_report_begin(dwfl_);
  // The descriptor becomes libdw's.
  module_ = dwfl_report_elf(dwfl_, "program", real_path(program.file().path()).c_str(),
                            dup(program.file().fd()), 0, true);
  dwfl_report_end(dwfl_, nullptr, nullptr);
}

symbols::~symbols() {
  if (dwfl_ != nullptr) dwfl_end(dwfl_);
}

const std::vector<place>& symbols::at(std::uintptr_t pc) {
  const auto [found, fresh] = known_.try_emplace(pc);
  if (fresh) found->second = look_up(pc);
  return found->second;
}

std::uintptr_t symbols::entry_of(std::uintptr_t pc) const {
  const auto [found, fresh] = entries_.try_emplace(pc, 0);
  if (!fresh) return found->second;
  GElf_Sym symbol;
  GElf_Off offset = 0;
  if (module_ != nullptr &&
      dwfl_module_addrinfo(module_, pc, &offset, &symbol, nullptr, nullptr, nullptr) != nullptr &&
      GELF_ST_TYPE(symbol.st_info) == STT_FUNC) {
    found->second = pc - offset;
  }
  return found->second;
}

std::vector<Dwarf_Die> symbols::scopes_at(std::uintptr_t pc) const {
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit = module_ == nullptr ? nullptr : dwfl_module_addrdie(module_, pc, &bias);
  if (unit == nullptr) return {};
  Dwarf_Die *scopes = nullptr, *around = nullptr;
  const int found = dwarf_getscopes(unit, pc - bias, &scopes);
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> owner(scopes, free);
  // The first is the innermost; those behind an inlined function are where it was written. Where its code is:
  const int count = found > 0 ? dwarf_getscopes_die(&scopes[0], &around) : 0;
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> owner_around(around, free);
  return count > 0 ? std::vector<Dwarf_Die>(around, around + count) : std::vector<Dwarf_Die>();
}

std::vector<place> symbols::look_up(std::uintptr_t pc) {
  std::vector<place> places(1);
  if (module_ == nullptr) return places;
  GElf_Sym symbol;
  GElf_Off offset = 0;
  places[0].function =
      demangled(dwfl_module_addrinfo(module_, pc, &offset, &symbol, nullptr, nullptr, nullptr));
  if (Dwfl_Line* line = dwfl_module_getsrc(module_, pc)) {
    const char* file = dwfl_lineinfo(line, nullptr, &places[0].line, nullptr, nullptr, nullptr);
    if (file != nullptr) places[0].file = file;
  }
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit = dwfl_module_addrdie(module_, pc, &bias);
  Dwarf_Files* files = nullptr;
  if (unit == nullptr || dwarf_getsrcfiles(unit, &files, nullptr) != 0) return places;
  // Innermost first: each inlined function names where its caller is.
  const std::string symbol_name = places[0].function;
  for (Dwarf_Die& scope : scopes_at(pc)) {
    const int tag = dwarf_tag(&scope);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
    const std::string name = name_of(&scope);
    if (!name.empty()) places.back().function = name;
    if (tag == DW_TAG_subprogram) {
      if (!symbol_name.empty()) places.back().function = symbol_name;
      break;
    }
    places.back().inlined = true;
    place caller;
    caller.function = symbol_name;
    const char* file =
        dwarf_filesrc(files, static_cast<std::size_t>(number_of(&scope, DW_AT_call_file)), nullptr, nullptr);
    if (file != nullptr) caller.file = file;
    caller.line = number_of(&scope, DW_AT_call_line);
    places.push_back(std::move(caller));
  }
  return places;
}

}  // namespace rt0db
