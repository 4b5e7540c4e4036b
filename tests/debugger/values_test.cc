// values_test PROBE...: variables and expressions of a stopped program, read by tools/rt0db/values.h, against
// what values_probe.cc says they are. Each program given is the same, built and linked in another way.
#include "tools/rt0db/values.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <iostream>

#include "tools/rt0db/failure.h"
#include "tools/rt0db/live.h"
#include "tools/rt0db/snapshot.h"
#include "tools/rt0db/unwinder.h"

namespace {

using namespace rt0db;

int failures = 0;

void check(bool good, const std::string& what) {
  if (good) return;
  failures++;
  std::cout << "FAIL " << what << "\n";
}

// The probe, waiting.
class child {
 public:
  explicit child(const char* path) {
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) throw failure(failed, "no pipes");
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      for (int fd : {in[0], in[1], out[0], out[1]}) close(fd);
      execl(path, path, nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    in_ = in[1];
    char line[6];
    std::size_t got = 0;
    while (got < sizeof line) {
      const ssize_t n = read(out[0], line + got, sizeof line - got);
      if (n <= 0) throw failure(failed, std::string(path) + " did not get ready");
      got += static_cast<std::size_t>(n);
    }
    close(out[0]);
  }
  ~child() {
    close(in_);
    waitpid(pid_, &status_, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int in_ = -1, status_ = 0;
};

// A frame of a goroutine that waits.
class walked_frame final : public frame {
 public:
  walked_frame(process& of, std::uintptr_t bias, std::uintptr_t g, const stack_trace& trace,
               std::size_t index, std::size_t place)
      : of_(of), bias_(bias), g_(g), trace_(trace), index_(index), place_(place) {
    if (index + 1 < trace.pcs.size()) {
      caller_ = std::make_unique<walked_frame>(of, bias, g, trace, index + 1, 0);
    }
  }

  std::uintptr_t pc() const override { return trace_.pcs[index_]; }
  std::size_t place() const override { return place_; }
  bool get_register(int number, std::uint64_t* into) const override {
    const bool kept = number == 3 || number == 6 || number == 7 || (number >= 12 && number <= 15);
    if (!kept) return false;
    *into = trace_.at[index_].r[number];
    return true;
  }
  bool get_vector(int, std::byte (&)[16]) const override { return false; }
  bool cfa(std::uintptr_t* into) const override {
    if (index_ + 1 >= trace_.pcs.size()) return false;
    *into = trace_.at[index_ + 1].r[7];
    return true;
  }
  const frame* caller() const override { return caller_.get(); }
  bool innermost() const override { return false; }
  std::uintptr_t bias() const override { return bias_; }
  std::uintptr_t thread_pointer() const override { return g_; }
  bool read(std::uintptr_t address, void* into, std::size_t bytes) const override {
    return of_.read(address, into, bytes);
  }
  bool write(std::uintptr_t address, const void* from, std::size_t bytes) const override {
    written.assign(static_cast<const char*>(from), bytes);
    written_at = address;
    return true;
  }
  bool set_register(int, std::uint64_t) const override { return false; }

  mutable std::string written;
  mutable std::uintptr_t written_at = 0;

 private:
  process& of_;
  std::uintptr_t bias_, g_;
  const stack_trace& trace_;
  std::size_t index_, place_;
  std::unique_ptr<walked_frame> caller_;
};

struct expectation {
  const char *expression, *text;
};

constexpr expectation everywhere[] = {
#include "tests/debugger/values_expected.inc"
};

class session {
 public:
  explicit session(const char* path)
      : probe_(path),
        program_(path),
        process_(probe_.pid(), program_),
        names_(program_),
        values_(names_, program_) {
    process_.stop();
    all_ = take_snapshot(process_, program_, false);
    process_.stop();
    unwinder walker(program_, names_, all_);
    trace_ = walker.walk(all_.goroutines.front());
  }

  std::unique_ptr<walked_frame> in(const std::string& function) {
    for (std::size_t i = 0; i < trace_.pcs.size(); i++) {
      const auto& places = names_.at(trace_.pcs[i]);
      for (std::size_t k = 0; k < places.size(); k++) {
        if (places[k].function != function) continue;
        return std::make_unique<walked_frame>(process_, all_.bias, all_.goroutines.front().address, trace_, i,
                                              k);
      }
    }
    throw failure(failed, "no frame of " + function);
  }
  std::string text(const std::string& expression, const frame& f) {
    try {
      return values_.text(values_.evaluate(expression, f), f);
    } catch (const failure& why) {
      return why.what();
    }
  }
  void expect(const std::string& expression, const frame& f, const std::string& wanted) {
    const std::string is = text(expression, f);
    // "..." in what is wanted stands for anything: addresses.
    const std::size_t gap = wanted.find("@@");
    const bool good = gap == std::string::npos
                          ? is == wanted
                          : is.starts_with(wanted.substr(0, gap)) && is.ends_with(wanted.substr(gap + 2));
    check(good, expression + ": " + is + ", wanted: " + wanted);
  }
  values& all() { return values_; }

 private:
  child probe_;
  image program_;
  live_process process_;
  symbols names_;
  values values_;
  snapshot all_;
  stack_trace trace_;
};

std::string listed(session& s, const std::vector<variable>& all, const frame& f) {
  std::string text;
  for (const variable& v : all) text += (text.empty() ? "" : "; ") + v.name + " = " + s.all().text(v.is, f);
  return text;
}

void look(const char* path, bool optimised) {
  session s(path);
  const auto visit = s.in("zoo::animal::visit");
  for (const expectation& e : everywhere) s.expect(e.expression, *visit, e.text);
  s.expect("weight", *visit, "31.5");
  s.expect("this->legs", *visit, "4");
  s.expect("born", *visit, "3");
  s.expect("times", *visit, "22");
  const auto in_arguments = s.in("zoo::arguments");
  s.expect("kept", *in_arguments, "21");
  s.expect("gone", *in_arguments, "77");
  s.expect("place", *in_arguments, "(const zoo::point &) @@: {x = 3, y = 4}");
  // gcc 12 keeps no word of it that outlives the call.
  s.expect("by_value", *in_arguments, optimised ? "<optimized out>" : "{x = 8, y = 9}");
  s.expect("local", *in_arguments, "22");
  s.expect("inner", *in_arguments, "\"inside\"");
  const auto locals = s.all().locals(*in_arguments);
  const std::string listed_locals = listed(s, locals, *in_arguments);
  check(listed_locals == "local = 22; inner = \"inside\"; local = 42", "locals: " + listed_locals);
  check(s.all().arguments(*in_arguments).size() == 4, "arguments");
  const auto inlined = s.in("zoo::inlined");
  s.expect("depth", *inlined, "21");
  s.expect("inside", *inlined, "210");
  // Functions.
  const auto both = s.all().functions("zoo::twice");
  check(both.size() == 2, "two functions of a name");
  const auto one = s.all().functions("zoo::twice(double)");
  check(one.size() == 1 && s.all().passed_as(one[0].result) == values::kind::real &&
            one[0].name == "zoo::twice(double)",
        "a function by its parameters");
  const auto member = s.all().functions("zoo::animal::visit");
  check(member.size() == 1 && member[0].member && member[0].parameters.size() == 2, "a member function");
  // Assignment.
  s.all().assign(s.all().evaluate("zoo::count", *visit), s.all().evaluate("7", *visit), *visit);
  int written = 0;
  memcpy(&written, visit->written.data(), std::min(sizeof written, visit->written.size()));
  check(written == 7 && visit->written.size() == sizeof written, "assignment");
  s.text("dog.mood = 1", *visit);
  check(visit->written.size() == 1 && (visit->written[0] & 0x7f) == (4 | 1 << 4),
        "assignment to a bit-field");
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    std::cout << argv[i] << "\n";
    try {
      look(argv[i], strstr(argv[i], "plain") == nullptr);
    } catch (const std::exception& why) {
      check(false, std::string(argv[i]) + ": " + why.what());
    }
  }
  std::cout << (failures == 0 ? "passed\n" : "failed\n");
  return failures == 0 && argc > 1 ? 0 : 1;
}
