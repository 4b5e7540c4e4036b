// Objects of the program: a type, and bytes or an address; their members, elements, targets and numbers.
//
// What lies in memory is read when it is needed: an array of a gigabyte costs nothing until someone looks at
// an element. What the compiler keeps in registers, or computes, has its bytes from the beginning.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/rt0db/dwarf_expression.h"
#include "tools/rt0db/dwarf_types.h"
#include "tools/rt0db/frame.h"

namespace rt0db {

struct value {
  type of;
  bool in_memory = false;
  std::uintptr_t address = 0;        // the process'; if in_memory
  std::vector<std::byte> bytes;      // if in_memory: read from there, or not yet
  int in_register = -1;              // all of it is that register's
  int bit_offset = 0, bit_size = 0;  // a bit-field, from the first of bytes; bit_size 0: it is none
  std::vector<bool> lost;            // of bytes, those that the compiler has dropped; empty: none
  std::string missing;               // why there is no value: "<optimized out>"; empty: there is one
};

class objects {
 public:
  objects(dwarf_types& types, const program_facts& facts, const frame& f)
      : types_(types), facts_(facts), frame_(f) {}

  dwarf_types& types() const { return types_; }
  const frame& in() const { return frame_; }

  value at(const type& of, std::uintptr_t address) const;
  value from(const type& of, const location& where) const;
  value number(const basic_type& of, const void* bytes) const;
  value number(const type& of, std::uint64_t bits) const;

  // Its bytes are there afterwards. Throws: it cannot be read, it is missing.
  void load(value& v) const;
  bool try_load(value& v) const;
  // Of any integral type or pointer, with its sign. Throws.
  std::uint64_t integer(value v) const;
  long double real(value v) const;

  value member(const value& object, const field& f) const;
  // By name, in bases and unnamed members, too. False: none.
  bool find(const value& object, const std::string& name, value* into) const;
  // a.b.c; throws if there is none: for what a library's classes are made of.
  value path(value object, const char* dotted) const;
  // Of an array or from a pointer.
  value element(const value& array, std::int64_t index) const;
  // What a pointer points to, a reference refers to. Throws: v is neither.
  value target(const value& v) const;
  // v, or what it refers to.
  value referred(const value& v) const;
  // Up to `most` characters, to the first 0. False: not readable.
  bool text(std::uintptr_t address, std::size_t most, std::string* into) const;

  void assign(const value& to, std::vector<std::byte> bytes) const;

 private:
  dwarf_types& types_;
  const program_facts& facts_;
  const frame& frame_;
};

[[noreturn]] void fail(const std::string& why);
std::string hexadecimal(std::uint64_t number);

}  // namespace rt0db
