// What a user asks of a stopped program's data: variables, expressions, text of values.
//
//   values all(names, program);
//   for (const variable& v : all.locals(f)) puts((v.name + " = " + all.text(v.is, f)).c_str());
//   value v = all.evaluate("rooms[2].name", f);
//   all.assign(v, all.evaluate("7", f), f);
//
// A value is its bytes and their type, a DIE of DWARF; and where it lies, if it lies in memory. All throw
// failure(failed) with one line of a sentence, in gdb's words where gdb has some: No symbol "x" in current
// context. A value that the compiler has dropped is no failure in a list of variables: its text says so.
#pragma once
#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/rt0db/frame.h"
#include "tools/rt0db/image.h"
#include "tools/rt0db/symbols.h"

namespace rt0db {

// A type of the program's. has is false: void.
struct type {
  Dwarf_Die die{};
  bool has = false;
  // What is not written in DWARF, of results of our own operators: that many pointers to it.
  int pointers = 0;
};

struct value {
  type of;
  std::vector<std::byte> bytes;
  bool in_memory = false;
  std::uintptr_t address = 0;        // the process'; if in_memory
  int in_register = -1;              // all of it, in this one
  int bit_offset = 0, bit_size = 0;  // a bit-field, from the first of bytes; bit_size 0: it is none
  std::string missing;               // why there are no bytes: "<optimized out>"; empty: there are
};

struct variable {
  std::string name;
  bool argument = false;
  int depth = 0;  // 0: of the innermost block. One name may come twice: the first hides the second
  value is;
};

// A function of the program's that has code.
struct function {
  std::string name;        // with namespaces and parameter types: ns::f(int, char const*)
  std::uintptr_t address;  // the file's
  type result;
  std::vector<type> parameters;  // `this` first, for a member function
  bool member = false, varargs = false;
};

class values {
 public:
  values(const symbols& names, const image& program);
  values(const values&) = delete;
  values& operator=(const values&) = delete;
  ~values();

  // Of the function at f's place: arguments, then variables of the blocks around pc, innermost first.
  std::vector<variable> arguments(const frame& f);
  std::vector<variable> locals(const frame& f);
  // C++'s operators, variables, `this`' members, $rax, ns::x, file.cc::x, (type)e, "text", sizeof.
  value evaluate(const std::string& expression, const frame& f);
  void assign(const value& to, const value& from, const frame& f);

  // The way gdb prints: {a = 1, b = 0x5555... "text"}.
  std::string text(const value& v, const frame& f);
  std::string name(const type& t);
  std::size_t size(const type& t);

  // All that `name` may mean: f, ns::f, f(int). Empty: there is none with code.
  std::vector<function> functions(const std::string& name);
  // v as it is passed for a parameter of a type: numbers are converted, arrays become pointers. A reference
  // parameter yields the object's address. Throws: it does not fit.
  value convert(const value& v, const type& to, const frame& f);
  // How the ABI passes a type: see debug_call.h, whose arguments a caller makes of it.
  enum class kind { integer, real, single, object, nothing };
  kind passed_as(const type& t);

 private:
  struct state;
  state* state_;
};

}  // namespace rt0db
