// Commands that read, and change, the program's variables, and call its functions.
#include <algorithm>
#include <cstring>
#include <iostream>

#include "tools/rt0db/calls.h"
#include "tools/rt0db/commands.h"
#include "tools/rt0db/failure.h"
#include "tools/rt0db/frames.h"

namespace rt0db::data {
namespace {

std::unique_ptr<frame> here(session& s) {
  (void)s.selected_frame();
  return frame_of(s.target(), s.goid(), s.frames(), s.frame_index());
}

void show(session& s, const std::vector<variable>& all, const frame& f, const char* none) {
  for (const variable& v : all) std::cout << v.name << " = " << s.data().text(v.is, f) << "\n";
  if (all.empty()) std::cout << none << "\n";
}

// "f(a, b(c), \"d,e\")" to its name and arguments. Throws failure(failed).
struct call_text {
  std::string name;
  std::vector<std::string> arguments;
};

call_text parse_call(const std::string& text) {
  call_text call;
  const std::size_t open = text.find('(');
  if (open == std::string::npos || !text.ends_with(')'))
    throw failure(failed, "call FUNCTION(ARGUMENT, ...)");
  call.name = text.substr(0, open);
  while (call.name.ends_with(' ')) call.name.pop_back();
  std::string argument;
  int depth = 0;
  char quote = 0;
  for (std::size_t i = open + 1; i + 1 < text.size(); i++) {
    const char c = text[i];
    if (quote != 0) {
      argument += c;
      if (c == '\\' && i + 2 < text.size()) argument += text[++i];
      if (c == quote) quote = 0;
      continue;
    }
    if (c == '"' || c == '\'') quote = c;
    if (c == '(' || c == '[' || c == '{') depth++;
    if (c == ')' || c == ']' || c == '}') depth--;
    if (c == ',' && depth == 0) {
      call.arguments.push_back(argument);
      argument.clear();
    } else {
      argument += c;
    }
  }
  if (quote != 0 || depth != 0) throw failure(failed, "a bracket or a quote is not closed");
  if (argument.find_first_not_of(' ') != std::string::npos || !call.arguments.empty()) {
    call.arguments.push_back(argument);
  }
  return call;
}

rt0db::argument passed(values& all, const value& v, const type& as) {
  std::uint64_t bits = 0;
  memcpy(&bits, v.bytes.data(), std::min(v.bytes.size(), sizeof(bits)));
  switch (all.passed_as(as)) {
    case values::kind::integer: return integer(bits);
    case values::kind::real: {
      double number = 0;
      memcpy(&number, v.bytes.data(), std::min(v.bytes.size(), sizeof(number)));
      return real(number);
    }
    case values::kind::single: {
      float number = 0;
      memcpy(&number, v.bytes.data(), std::min(v.bytes.size(), sizeof(number)));
      return single(number);
    }
    case values::kind::object:
    case values::kind::nothing: break;
  }
  throw failure(failed, "a " + all.name(as) + " cannot be passed by value");
}

// The one that takes these arguments, each as it is to be passed. Throws failure(failed).
function choose(session& s, const frame& f, const std::string& name, const std::vector<value>& given,
                std::vector<rt0db::argument>& into) {
  const std::vector<function> all = s.data().functions(name);
  if (all.empty()) throw failure(failed, "no function \"" + name + "\" that has code of its own");
  std::vector<const function*> fitting;
  std::string why;
  for (const function& each : all) {
    if (each.parameters.size() != given.size()) continue;
    try {
      std::vector<rt0db::argument> arguments;
      for (std::size_t i = 0; i < given.size(); i++) {
        value v = s.data().convert(given[i], each.parameters[i], f);
        s.data().load(v, f);
        if (!v.missing.empty())
          throw failure(failed, "argument " + std::to_string(i + 1) + " is " + v.missing);
        arguments.push_back(passed(s.data(), v, each.parameters[i]));
      }
      if (fitting.empty()) into = arguments;
      fitting.push_back(&each);
    } catch (const failure& no) {
      why = no.what();
    }
  }
  if (fitting.size() == 1) return *fitting[0];
  std::string names;
  for (const function& each : all) names += (names.empty() ? "" : ", ") + each.name;
  if (fitting.empty())
    throw failure(failed, all.size() == 1 && !why.empty() ? why : "these arguments fit none of " + names);
  throw failure(failed, name + " may be " + names);
}

// Who stands at a breakpoint that was told; and again, when a call has moved him.
class told_hits {
 public:
  explicit told_hits(debuggee& target) : target_(target) {
    user_regs_struct regs{};
    for (const thread& t : target_.process().threads()) {
      if (!target_.process().is_told(t.tid) || !target_.process().registers(t.tid, &regs)) continue;
      if (const on_thread there = target_.goroutine_on(t.tid); there.goid != 0)
        all_.push_back({there.goid, regs.rip});
    }
  }
  void say_again() {
    for (const auto& [goid, pc] : all_) {
      user_regs_struct regs{};
      const pid_t tid = target_.thread_of(goid);
      if (tid != 0 && target_.process().registers(tid, &regs) && regs.rip == pc)
        target_.process().told(tid, pc);
    }
  }

 private:
  debuggee& target_;
  std::vector<std::pair<std::uint64_t, std::uintptr_t>> all_;
};

passing passing_of(session& s, const type& t) {
  passing p;
  if (!t.has && t.pointers == 0) return p;
  p.bytes = s.data().size(t);
  switch (s.data().passed_as(t)) {
    case values::kind::integer: p.classes = {eightbyte::integer}; break;
    case values::kind::real:
    case values::kind::single: p.classes = {eightbyte::sse}; break;
    case values::kind::object:
      throw failure(failed, "it returns a " + s.data().name(t) + ", an object: that cannot be taken");
    case values::kind::nothing: p.bytes = 0; break;
  }
  return p;
}

void show_result(session& s, const call_result& result, const function& called) {
  const std::string of = result.goid == 0 ? "" : " (goroutine " + std::to_string(result.goid) + ")";
  switch (result.what) {
    case call_result::kind::returned:
      if (result.value.empty()) {
        std::cout << "returned\n";
      } else {
        value v;
        v.of = called.result;
        v.bytes = result.value;
        std::cout << "= " << s.data().text(v, *here(s)) << "\n";
      }
      return;
    case call_result::kind::threw:
      std::cout << "threw " << result.type << (result.text.empty() ? "" : ": " + result.text) << "\n";
      return;
    case call_result::kind::ended: std::cout << "ended its goroutine" << of << "\n"; return;
    case call_result::kind::refused: throw failure(failed, "no call can be made now: " + result.text);
    case call_result::kind::interrupted:
      throw failure(failed, "the call goes on, and its result is lost: " + result.text + of);
  }
}

}  // namespace

void print(session& s, const words&, const std::string& rest) {
  if (rest.empty()) throw failure(failed, "print EXPRESSION");
  const std::unique_ptr<frame> f = here(s);
  std::cout << rest << " = " << s.data().text(s.data().evaluate(rest, *f), *f) << "\n";
}

void args(session& s, const words&, const std::string&) {
  const std::unique_ptr<frame> f = here(s);
  show(s, s.data().arguments(*f), *f, "no arguments");
}

void locals(session& s, const words&, const std::string&) {
  const std::unique_ptr<frame> f = here(s);
  show(s, s.data().locals(*f), *f, "no variables");
}

void call(session& s, const words&, const std::string& rest) {
  const call_text text = parse_call(rest);
  std::unique_ptr<frame> f = here(s);
  std::vector<value> given;
  for (const std::string& each : text.arguments) given.push_back(s.data().evaluate(each, *f));
  call_request request;
  const function chosen = choose(s, *f, text.name, given, request.arguments);
  request.function = chosen.address + s.target().bias();
  request.result = passing_of(s, chosen.result);
  request.thread = s.target().thread_of(s.goid());
  f.reset();
  std::cout.flush();
  told_hits hits(s.target());
  const call_result result = s.calls().call(request);
  s.moved();
  hits.say_again();
  if (const auto& stopped = s.threads().stopped()) s.report(*stopped);
  show_result(s, result, chosen);
}

}  // namespace rt0db::data
