#include "tools/rt0db/lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <set>

#include "tools/rt0db/failure.h"

namespace rt0db {
namespace {

bool number_in(const std::string& text, std::uint64_t* into, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *into, base);
  return !text.empty() && error == std::errc() && *end == 0;
}

// `whole` ends with `part`, which begins there behind `before` or is all of it.
bool ends_with_part(const std::string& whole, const std::string& part, const char* before) {
  if (part.empty() || !whole.ends_with(part)) return false;
  const std::string head = whole.substr(0, whole.size() - part.size());
  // (A lambda's constructor is called as the function is that it is in.)
  return head.empty() || (head.ends_with(before) && !head.ends_with("}::"));
}

// What a function's name is to whom names it: without template arguments, unless he gave some.
std::string without_arguments(const std::string& name) {
  std::string plain;
  int depth = 0;
  for (const char c : name) {
    if (c == '<') depth++;
    if (depth == 0) plain += c;
    if (c == '>') depth--;
  }
  return depth == 0 ? plain : name;
}

bool is_named(const std::string& function, const std::string& wanted) {
  return ends_with_part(function, wanted, "::") || ends_with_part(without_arguments(function), wanted, "::");
}

template <class Visit>
void for_each_unit(Dwfl_Module* module, Visit visit) {
  Dwarf_Addr bias = 0;
  for (Dwarf_Die* unit = nullptr;
       module != nullptr && (unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr;) {
    visit(unit, bias);
  }
}

// Every function in the symbol table: visit(its name, its address).
template <class Visit>
void for_each_function(Dwfl_Module* module, Visit visit) {
  const int count = module == nullptr ? 0 : dwfl_module_getsymtab(module);
  for (int i = 0; i < count; i++) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    const char* name = dwfl_module_getsym_info(module, i, &symbol, &address, nullptr, nullptr, nullptr);
    if (name == nullptr || GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) continue;
    if (strstr(name, ".cold") == nullptr) visit(name, static_cast<std::uintptr_t>(address));
  }
}

struct table_entry {
  std::uintptr_t address;
  const char* file;
  int line;
  bool statement, end;
};

std::vector<table_entry> table_of(Dwarf_Die* unit, Dwarf_Addr bias) {
  Dwarf_Lines* table = nullptr;
  std::size_t count = 0;
  std::vector<table_entry> all;
  if (dwarf_getsrclines(unit, &table, &count) != 0) return all;
  all.reserve(count);
  for (std::size_t i = 0; i < count; i++) {
    Dwarf_Line* line = dwarf_onesrcline(table, i);
    Dwarf_Addr address = 0;
    table_entry e{0, dwarf_linesrc(line, nullptr, nullptr), 0, false, false};
    dwarf_lineaddr(line, &address);
    dwarf_lineno(line, &e.line);
    dwarf_linebeginstatement(line, &e.statement);
    dwarf_lineendsequence(line, &e.end);
    e.address = address + bias;
    if (e.file == nullptr) e.file = "";
    all.push_back(e);
  }
  return all;
}

bool is_optimised(Dwarf_Die* unit) {
  Dwarf_Attribute attribute;
  const char* producer = dwarf_formstring(dwarf_attr(unit, DW_AT_producer, &attribute));
  const char* level = producer == nullptr ? nullptr : strstr(producer, " -O");
  return level != nullptr && level[3] != '0';
}

}  // namespace

std::vector<std::uintptr_t> lines::find(const std::string& location, const std::string& near_file) {
  std::uint64_t value = 0;
  if (location.starts_with("*")) {
    const std::string text = location.substr(location.starts_with("*0x") ? 3 : 1);
    if (!number_in(text, &value, location.starts_with("*0x") ? 16 : 10))
      throw failure(failed, location + ": no address");
    return {value};
  }
  const std::size_t colon = location.rfind(':');
  if (number_in(location, &value)) {
    if (near_file.empty()) throw failure(failed, "line " + location + " of which file?");
    return find_line(near_file, static_cast<int>(value));
  }
  if (colon != std::string::npos && number_in(location.substr(colon + 1), &value)) {
    return find_line(location.substr(0, colon), static_cast<int>(value));
  }
  return find_function(location);
}

std::vector<std::uintptr_t> lines::find_function(const std::string& name) {
  std::vector<std::uintptr_t> found;
  for_each_function(names_.module(), [&](const char* symbol, std::uintptr_t address) {
    if (strstr(symbol, name.substr(name.rfind(':') + 1, name.find('<')).c_str()) == nullptr) return;
    if (is_named(demangled(symbol), name)) found.push_back(behind_prologue(address));
  });
  inlined_instances(name, found);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (!found.empty()) return found;
  if (functions().empty()) throw failure(failed, "no function \"" + name + "\": the program is stripped");
  throw failure(failed, "no function \"" + name + "\"");
}

// Where the code of functions of that name begins that were inlined.
void lines::inlined_instances(const std::string& name, std::vector<std::uintptr_t>& into) {
  struct search {
    const std::string& name;
    std::vector<std::uintptr_t>& into;
    Dwarf_Addr bias;
  } of{name, into, 0};
  const std::string last = without_arguments(name.substr(name.rfind(':') + 1));
  for_each_unit(names_.module(), [&](Dwarf_Die* unit, Dwarf_Addr bias) {
    of.bias = bias;
    const auto visit = [](Dwarf_Die* function, void* argument) {
      auto* wanted = static_cast<search*>(argument);
      if (dwarf_func_inline(function) == 0) return static_cast<int>(DWARF_CB_OK);
      const auto add = [](Dwarf_Die* instance, void* to) {
        auto* s = static_cast<search*>(to);
        Dwarf_Addr begin = 0;
        if (dwarf_entrypc(instance, &begin) == 0) s->into.push_back(begin + s->bias);
        return static_cast<int>(DWARF_CB_OK);
      };
      Dwarf_Attribute attribute;
      const char* linkage = dwarf_formstring(dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute));
      const char* plain = dwarf_diename(function);
      const std::string whole = linkage != nullptr ? demangled(linkage) : plain != nullptr ? plain : "";
      if (is_named(whole, wanted->name)) dwarf_func_inline_instances(function, add, wanted);
      return static_cast<int>(DWARF_CB_OK);
    };
    dwarf_getfuncs(unit, visit, &of, 0);
  });
}

// The first code of the line in each function or inlined function that has some; if no code is of this line,
// the next one's that has.
std::vector<std::uintptr_t> lines::find_line(const std::string& file, int line) {
  std::map<int, std::vector<std::uintptr_t>> by_line;
  bool known = false;
  for_each_unit(names_.module(), [&](Dwarf_Die* unit, Dwarf_Addr bias) {
    const std::vector<table_entry> table = table_of(unit, bias);
    const table_entry* before = nullptr;
    for (const table_entry& e : table) {
      const bool continues = before != nullptr && !before->end && before->line == e.line;
      before = &e;
      if (e.end || !ends_with_part(e.file, file, "/")) continue;
      known = true;
      if (e.statement && e.line >= line && !continues) by_line[e.line].push_back(e.address);
    }
  });
  if (!known)
    throw failure(failed,
                  "no file \"" + file + "\"" + (functions().empty() ? ": the program is stripped" : ""));
  if (by_line.empty())
    throw failure(failed, file + " has no code at line " + std::to_string(line) + " or behind");
  std::vector<std::uintptr_t>& all = by_line.begin()->second;
  std::sort(all.begin(), all.end());
  std::set<std::pair<const void*, Dwarf_Off>> seen;
  std::vector<std::uintptr_t> firsts;
  for (const std::uintptr_t address : all) {
    std::pair<const void*, Dwarf_Off> function{nullptr, 0};
    for (Dwarf_Die& scope : names_.scopes_at(address)) {
      const int tag = dwarf_tag(&scope);
      if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine) continue;
      Dwarf_Addr begin = 0;
      function = {nullptr, dwarf_dieoffset(&scope)};
      // A function's own line is where it begins: its arguments are not there yet.
      if (tag == DW_TAG_subprogram && dwarf_entrypc(&scope, &begin) == 0 && begin == address) {
        function.first = this;
      }
      break;
    }
    if (!seen.insert({nullptr, function.second}).second && function.second != 0) continue;
    firsts.push_back(function.first != nullptr ? behind_prologue(address) : address);
  }
  return firsts;
}

std::uintptr_t lines::behind_prologue(std::uintptr_t function) {
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit =
      names_.module() == nullptr ? nullptr : dwfl_module_addrdie(names_.module(), function, &bias);
  if (unit == nullptr || is_optimised(unit)) return function;
  bool inside = false;
  for (const line_range& range : function_at(function)) {
    if (inside && range.statement && range.line != 0) return range.begin;
    inside = inside || range.begin == function;
  }
  return function;
}

std::vector<line_range> lines::function_at(std::uintptr_t pc) {
  std::vector<line_range> ranges;
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit = names_.module() == nullptr ? nullptr : dwfl_module_addrdie(names_.module(), pc, &bias);
  if (unit == nullptr) return ranges;
  for (Dwarf_Die& scope : names_.scopes_at(pc)) {
    if (dwarf_tag(&scope) != DW_TAG_subprogram) continue;
    const std::vector<table_entry> table = table_of(unit, bias);
    Dwarf_Addr base = 0, begin = 0, end = 0;
    for (std::ptrdiff_t offset = 0; (offset = dwarf_ranges(&scope, offset, &base, &begin, &end)) > 0;) {
      for (std::size_t i = 0; i + 1 < table.size(); i++) {
        const table_entry& e = table[i];
        if (e.end || e.address < begin + bias || e.address >= end + bias) continue;
        ranges.push_back({e.address, table[i + 1].address, e.file, e.line, e.statement});
      }
    }
    break;
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const line_range& a, const line_range& b) { return a.begin < b.begin; });
  return ranges;
}

const std::vector<std::string>& lines::functions() {
  if (functions_.empty()) {
    for_each_function(names_.module(), [&](const char* name, std::uintptr_t) {
      functions_.push_back(without_arguments(demangled(name)));
    });
    std::sort(functions_.begin(), functions_.end());
    functions_.erase(std::unique(functions_.begin(), functions_.end()), functions_.end());
  }
  return functions_;
}

bool source_lines(const std::string& file, const std::string& directory, int first, int last,
                  std::vector<std::string>& into) {
  for (const std::string& path : {file, directory + "/" + file}) {
    std::ifstream text(path);
    if (!text) continue;
    std::string line;
    for (int number = 1; number <= last && std::getline(text, line); number++) {
      if (number >= first) into.push_back(line);
    }
    return true;
  }
  return false;
}

}  // namespace rt0db
