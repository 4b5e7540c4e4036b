// What the commands of a session do, by the file that they are in; commands.cc has the table.
#pragma once
#include "tools/rt0db/session.h"

namespace rt0db {

using words = std::vector<std::string>;

// A decimal number of this name. Throws failure(failed).
std::uint64_t number_in(const std::string& text, const char* name);

namespace running {
void set_break(session&, const words&, const std::string&);
void set_break_once(session&, const words&, const std::string&);
void remove_break(session&, const words&, const std::string&);
void list_breaks(session&, const words&, const std::string&);
void ignore(session&, const words&, const std::string&);
void watch(session&, const words&, const std::string&);
void go_on(session&, const words&, const std::string&);
void next(session&, const words&, const std::string&);
void step(session&, const words&, const std::string&);
void finish(session&, const words&, const std::string&);
}  // namespace running

namespace data {
void print(session&, const words&, const std::string&);
void args(session&, const words&, const std::string&);
void locals(session&, const words&, const std::string&);
void call(session&, const words&, const std::string&);
}  // namespace data

}  // namespace rt0db
