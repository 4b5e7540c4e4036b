// Arguments and results by the SysV ABI (psABI 3.2.3): which value goes where.
#pragma once
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rt0db {

enum class eightbyte : std::uint8_t { integer, sse, x87 };  // x87: a long double result, in st(0)

// How a value is passed: each of its eightbytes in a register of a class, or all of it in memory.
struct passing {
  std::size_t bytes = 0;
  std::vector<eightbyte> classes;  // empty: in memory
  std::size_t align = 8;
};

struct argument {
  enum class kind {
    value,
    address  // the bytes are put on the stack, and their address is passed: strings, references
  };
  kind how = kind::value;
  passing where;
  std::vector<std::byte> bytes;
};
argument integer(std::uint64_t value);
argument real(double value);
argument single(float value);
argument text(const std::string& value);                                       // a char const*
argument object(std::span<const std::byte> bytes, passing where);              // a structure by value
argument reference(std::span<const std::byte> bytes, std::size_t align = 16);  // a copy of it, by its address

// A frame as it shall be when the function is entered by a call instruction.
struct call_frame {
  std::uintptr_t sp;             // of the first argument in memory: what rsp is before the call
  std::vector<std::byte> stack;  // from sp up
  std::uint64_t integers[6]{};   // rdi, rsi, rdx, rcx, r8, r9
  std::uint64_t vectors[8]{};    // the low halves of xmm0 to xmm7
  int vectors_used = 0;
  std::uintptr_t result = 0;  // where a result in memory will lie

  // What lies below top. Nothing: it would reach below lo.
  static std::optional<call_frame> make(std::span<const argument> arguments, const passing& result,
                                        std::uintptr_t top, std::uintptr_t lo);
};

// A result that came in registers.
std::vector<std::byte> result_of(const passing& result, const user_regs_struct& registers,
                                 const user_fpregs_struct& fp);

}  // namespace rt0db
