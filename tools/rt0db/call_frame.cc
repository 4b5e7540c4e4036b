#include "tools/rt0db/call_frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace rt0db {
namespace {

constexpr std::size_t word_bytes = 8, stack_align = 16;

std::uintptr_t round_down(std::uintptr_t n, std::size_t to) { return n & ~(to - 1); }
std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) & ~(to - 1); }

argument scalar(std::uint64_t bits, eightbyte where) {
  argument a;
  a.where = {word_bytes, {where}, word_bytes};
  a.bytes.resize(word_bytes);
  memcpy(a.bytes.data(), &bits, word_bytes);
  return a;
}

// Puts arguments in registers while there are some, all others in memory.
class placer {
 public:
  explicit placer(call_frame& frame) : frame_(frame) {}

  void put(const passing& where, std::span<const std::byte> bytes) {
    if (fits(where.classes)) {
      for (std::size_t i = 0; i < where.classes.size(); i++) {
        const std::size_t at = i * word_bytes;
        const std::uint64_t word = at < bytes.size() ? word_of(bytes.subspan(at)) : 0;
        (where.classes[i] == eightbyte::sse ? frame_.vectors[frame_.vectors_used++]
                                            : frame_.integers[integers_used_++]) = word;
      }
      return;
    }
    memory_.resize(round_up(memory_.size(), std::max(where.align, word_bytes)));
    align_ = std::max(align_, where.align);
    memory_.insert(memory_.end(), bytes.begin(), bytes.end());
    memory_.resize(round_up(memory_.size(), word_bytes));
  }

  const std::vector<std::byte>& memory() const { return memory_; }
  std::size_t align() const { return align_; }

 private:
  // A value goes into registers as a whole or not at all.
  bool fits(const std::vector<eightbyte>& classes) const {
    const auto of = [&](eightbyte c) { return static_cast<int>(std::ranges::count(classes, c)); };
    return !classes.empty() && of(eightbyte::x87) == 0 &&
           integers_used_ + of(eightbyte::integer) <= static_cast<int>(std::size(frame_.integers)) &&
           frame_.vectors_used + of(eightbyte::sse) <= static_cast<int>(std::size(frame_.vectors));
  }
  static std::uint64_t word_of(std::span<const std::byte> bytes) {
    std::uint64_t word = 0;
    memcpy(&word, bytes.data(), std::min(bytes.size(), word_bytes));
    return word;
  }

  call_frame& frame_;
  int integers_used_ = 0;
  std::vector<std::byte> memory_;
  std::size_t align_ = stack_align;
};

}  // namespace

argument integer(std::uint64_t value) { return scalar(value, eightbyte::integer); }
argument real(double value) { return scalar(std::bit_cast<std::uint64_t>(value), eightbyte::sse); }
argument single(float value) { return scalar(std::bit_cast<std::uint32_t>(value), eightbyte::sse); }

argument object(std::span<const std::byte> bytes, passing where) {
  return {argument::kind::value, std::move(where), {bytes.begin(), bytes.end()}};
}

argument reference(std::span<const std::byte> bytes, std::size_t align) {
  return {argument::kind::address, {bytes.size(), {}, align}, {bytes.begin(), bytes.end()}};
}

argument text(const std::string& value) {
  return reference(std::as_bytes(std::span(value.c_str(), value.size() + 1)), 1);
}

// From top down: the result, what is passed by address, the arguments in memory.
std::optional<call_frame> call_frame::make(std::span<const argument> arguments, const passing& result,
                                           std::uintptr_t top, std::uintptr_t lo) {
  call_frame frame{};
  std::size_t bytes = result.bytes + result.align;
  for (const argument& a : arguments) bytes += a.bytes.size() + 2 * std::max(a.where.align, stack_align);
  if (top < lo || bytes > top - lo) return std::nullopt;

  std::uintptr_t at = top;
  placer place(frame);
  const passing pointer{word_bytes, {eightbyte::integer}, word_bytes};
  const auto put_address = [&](std::uintptr_t address) {
    place.put(pointer, std::as_bytes(std::span(&address, 1)));
  };
  if (result.bytes != 0 && result.classes.empty()) {
    at = frame.result = round_down(at - result.bytes, std::max(result.align, stack_align));
    put_address(at);
  }
  std::vector<std::pair<std::uintptr_t, const argument*>> copies;
  for (const argument& a : arguments) {
    if (a.how == argument::kind::value) {
      place.put(a.where, a.bytes);
      continue;
    }
    at = round_down(at - a.bytes.size(), std::max<std::size_t>(a.where.align, 1));
    copies.emplace_back(at, &a);
    put_address(at);
  }
  frame.sp = round_down(at - place.memory().size(), place.align());
  frame.stack.resize(top - frame.sp);
  std::ranges::copy(place.memory(), frame.stack.begin());
  for (const auto& [address, a] : copies) {
    std::ranges::copy(a->bytes, frame.stack.begin() + static_cast<std::ptrdiff_t>(address - frame.sp));
  }
  return frame;
}

std::vector<std::byte> result_of(const passing& result, const user_regs_struct& registers,
                                 const user_fpregs_struct& fp) {
  std::vector<std::byte> bytes(round_up(result.bytes, stack_align));
  const std::uint64_t integers[2] = {registers.rax, registers.rdx};
  int integers_used = 0, vectors_used = 0;
  constexpr int words_of_a_vector = 4;  // of the structure's 32-bit ones
  for (std::size_t i = 0; i < result.classes.size(); i++) {
    std::byte* into = bytes.data() + i * word_bytes;
    switch (result.classes[i]) {
      case eightbyte::integer: memcpy(into, &integers[integers_used++], word_bytes); break;
      case eightbyte::sse: memcpy(into, &fp.xmm_space[words_of_a_vector * vectors_used++], word_bytes); break;
      case eightbyte::x87: memcpy(into, &fp.st_space[0], 10); break;
    }
  }
  bytes.resize(result.bytes);
  return bytes;
}

}  // namespace rt0db
