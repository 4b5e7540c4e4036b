#include "tools/rt0db/listing.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>
#include <utility>

#include "tools/rt0db/failure.h"

namespace rt0db {
namespace {

constexpr std::size_t many = 100;  // from here on equal goroutines share a line

const char* reason_of(const rt0::g& g) {
  const auto why = static_cast<std::size_t>(g.why);
  return why < std::size(rt0::wait_reason_text) ? rt0::wait_reason_text[why] : "?";
}

// pthread_setname_np's.
std::string name_of(const rt0::g& g) {
  return {g.thread.name, strnlen(g.thread.name, sizeof(g.thread.name))};
}

std::optional<std::int64_t> minutes_of(const rt0::g& g, std::int64_t now_ns) {
  if (g.tcb.waitsince_s == 0 || now_ns <= 0) return std::nullopt;
  return std::max<std::int64_t>(0, std::int64_t{rt0::seconds_of(now_ns)} - g.tcb.waitsince_s) / 60;
}

// "key: value, key: value"
std::string labels_of(const goroutine& one) {
  std::string text;
  for (const label& l : one.labels) text += (text.empty() ? "" : ", ") + l.key + ": " + l.value;
  return text;
}

std::string json(const std::string& text) {
  std::ostringstream out;
  out << '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out << '\\';
    if (static_cast<unsigned char>(c) < ' ') {
      constexpr char digits[] = "0123456789abcdef";
      out << "\\u00" << digits[c >> 4] << digits[c & 15];
    } else {
      out << c;
    }
  }
  out << '"';
  return out.str();
}

std::string hex(std::uintptr_t number) {
  std::ostringstream out;
  out << "0x" << std::hex << number;
  return out.str();
}

}  // namespace

listing::listing(const image& program, const snapshot& all, listing_options options)
    : all_(all), options_(options), names_(program), unwinder_(program, names_, all) {}

bool listing::is_core(std::uintptr_t pc) const {
  return pc + all_.bias >= all_.core_text && pc + all_.bias < all_.core_text_end;
}

// The call that made it, in the program's own code if it can be told.
const place& listing::creator_of(const goroutine& one) {
  static const place nobody;
  const std::uintptr_t pc = one.g().gopc;
  if (pc == 0) return nobody;
  const std::vector<place>& places = names_.at(pc - 1 - all_.bias);
  const auto own = std::find_if_not(places.begin(), places.end(), is_library);
  return own != places.end() ? *own : places.back();
}

// Where the program's own code is; if its names are gone, where it is behind the runtime's.
listing::line listing::line_of(const goroutine& one) {
  line result;
  result.status = rt0::text_of(one.status());
  result.reason = one.status() == rt0::gstatus::waiting ? reason_of(one.g()) : "-";
  const auto minutes =
      one.status() == rt0::gstatus::waiting ? minutes_of(one.g(), all_.stopped_at_ns) : std::nullopt;
  result.minutes = minutes ? std::to_string(*minutes) : "-";
  result.name = name_of(one.g());
  result.labels = labels_of(one);
  const stack_trace trace = unwinder_.walk(one);
  const place* best = nullptr;
  std::uintptr_t best_pc = 0;
  for (const std::uintptr_t pc : trace.pcs) {
    if (is_core(pc) && pc != trace.pcs.back()) continue;
    for (const place& here : names_.at(pc)) {
      const bool own = !is_core(pc) && !is_library(here);
      if (best != nullptr && !own) continue;
      best = &here;
      best_pc = pc;
      if (own) goto found;
    }
  }
found:
  if (best != nullptr) {
    result.function = best->function.empty() ? hex(best_pc) : best->function;
    result.file = best->file;
    result.line_number = best->line;
  }
  const place& creator = creator_of(one);
  if (one.g().parent_goid != 0) {
    result.created_by = (creator.function.empty() ? hex(one.g().gopc - all_.bias) : creator.function) +
                        " in goroutine " + std::to_string(one.g().parent_goid);
  }
  return result;
}

void listing::ps(std::ostream& out) {
  const bool grouped = !options_.all && all_.goroutines.size() > many;
  std::vector<std::pair<std::vector<std::uint64_t>, line>> rows;
  std::map<line, std::size_t> row_of;
  for (const goroutine& one : all_.goroutines) {
    line here = line_of(one);
    const auto [found, fresh] = row_of.try_emplace(here, rows.size());
    if (fresh || !grouped) {
      rows.push_back({{one.g().goid}, std::move(here)});
    } else {
      rows[found->second].first.push_back(one.g().goid);
    }
  }
  std::vector<std::vector<std::string>> table{
      {"GOID", "STATUS", "REASON", "MINUTES", "FUNCTION", "FILE:LINE", "CREATED-BY"}};
  const bool named = std::any_of(rows.begin(), rows.end(), [](auto& r) { return !r.second.name.empty(); });
  const bool labelled =
      std::any_of(rows.begin(), rows.end(), [](auto& r) { return !r.second.labels.empty(); });
  if (named) table[0].push_back("NAME");
  if (labelled) table[0].push_back("LABELS");
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  for (const auto& [goids, row] : rows) {
    std::string ids = std::to_string(goids[0]);
    if (goids.size() > 1) ids += " (and " + std::to_string(goids.size() - 1) + " more)";
    table.push_back({ids, row.status, row.reason, row.minutes, or_dash(row.function),
                     row.file.empty() ? "-" : row.file + ":" + std::to_string(row.line_number),
                     or_dash(row.created_by)});
    if (named) table.back().push_back(or_dash(row.name));
    if (labelled) table.back().push_back(or_dash(row.labels));
  }
  std::vector<std::size_t> widths(table[0].size());
  for (const auto& row : table) {
    for (std::size_t i = 0; i < row.size(); i++) widths[i] = std::max(widths[i], row[i].size());
  }
  constexpr std::size_t widest = 60;  // a long name moves its own line only
  for (const auto& row : table) {
    for (std::size_t i = 0; i + 1 < row.size(); i++) {
      out << row[i]
          << std::string(2 + std::max(std::min(widths[i], widest), row[i].size()) - row[i].size(), ' ');
    }
    out << row.back() << "\n";
  }
}

void listing::ps_json(std::ostream& out) {
  out << "[";
  const char* between = "\n";
  for (const goroutine& one : all_.goroutines) {
    const line here = line_of(one);
    out << std::exchange(between, ",\n") << "{\"goid\": " << one.g().goid
        << ", \"status\": " << json(here.status)
        << ", \"reason\": " << (here.reason == "-" ? "null" : json(here.reason))
        << ", \"minutes\": " << (here.minutes == "-" ? "null" : here.minutes)
        << ", \"function\": " << (here.function.empty() ? "null" : json(here.function))
        << ", \"file\": " << (here.file.empty() ? "null" : json(here.file))
        << ", \"line\": " << here.line_number
        << ", \"created_by\": " << (here.created_by.empty() ? "null" : json(here.created_by))
        << ", \"name\": " << (here.name.empty() ? "null" : json(here.name)) << ", \"labels\": {";
    const char* comma = "";
    for (const label& l : one.labels)
      out << std::exchange(comma, ", ") << json(l.key) << ": " << json(l.value);
    out << "}}";
  }
  out << "\n]\n";
}

// A header's words: `[chan receive, 3 minutes] "name" {label: value}`.
std::string listing::doing_of(const goroutine& one) const {
  const bool waits = one.status() == rt0::gstatus::waiting;
  std::string text = std::string("[") + (waits ? reason_of(one.g()) : rt0::text_of(one.status()));
  const auto minutes = waits ? minutes_of(one.g(), all_.stopped_at_ns) : std::nullopt;
  if (minutes && *minutes > 0) text += ", " + std::to_string(*minutes) + " minutes";
  if (one.g().lockedm.load(std::memory_order_relaxed) != nullptr) text += ", locked to thread";
  text += "]";
  if (const std::string name = name_of(one.g()); !name.empty()) text += " \"" + name + "\"";
  if (!one.labels.empty()) text += " {" + labels_of(one) + "}";
  return text;
}

void listing::print_place(std::ostream& out, const place& where, std::uintptr_t pc) {
  out << (where.function.empty() ? hex(pc) : where.function + "(...)") << (where.inlined ? " (inlined)" : "")
      << "\n";
  if (!where.file.empty()) {
    out << "\t" << where.file << ":" << where.line;
    const std::uintptr_t entry = names_.entry_of(pc);
    if (entry != 0 && !where.inlined) out << " +" << hex(pc - entry);
    out << "\n";
  }
}

stack_trace listing::shown_of(const goroutine& one) {
  stack_trace trace = unwinder_.walk(one);
  if (options_.system) return trace;
  const std::vector<std::uintptr_t> all = std::move(trace.pcs);
  trace.pcs.clear();
  for (std::size_t i = 0; i < all.size(); i++) {
    const bool last = i + 1 == all.size();
    if (!is_core(all[i]) || (last ? !trace.whole : !is_core(all[i + 1]))) trace.pcs.push_back(all[i]);
  }
  return trace;
}

void listing::print_frames(std::ostream& out, const stack_trace& trace) {
  constexpr std::size_t at_each_end = 50;
  for (std::size_t i = 0; i < trace.pcs.size(); i++) {
    if (trace.pcs.size() > 2 * at_each_end && i == at_each_end) {
      out << "... " << trace.pcs.size() - 2 * at_each_end << " frames ...\n";
      i = trace.pcs.size() - at_each_end;
    }
    const std::vector<place>& places = names_.at(trace.pcs[i]);
    if (is_core(trace.pcs[i]) && !options_.system) {  // what is inlined there is its own business
      print_place(out, places.back(), trace.pcs[i]);
      continue;
    }
    for (const place& where : places) {
      if (!where.inlined || !is_internal(where)) print_place(out, where, trace.pcs[i]);
    }
  }
  if (trace.pcs.empty()) {
    out << "(it was being switched: its registers are nowhere)\n";
  } else if (!trace.whole) {
    out << "(what called this cannot be told)\n";
  }
}

void listing::bt(std::ostream& out, std::optional<std::uint64_t> goid) {
  struct group {
    const goroutine* first;
    stack_trace trace;
    std::size_t size;
  };
  std::vector<group> groups;
  std::map<std::pair<std::string, std::vector<std::uintptr_t>>, std::size_t> group_of;
  const bool grouped = !options_.all && all_.goroutines.size() > many;
  for (const goroutine& one : all_.goroutines) {
    if (goid && one.g().goid != *goid) continue;
    stack_trace trace = shown_of(one);
    auto key = std::make_pair(doing_of(one), trace.pcs);
    key.second.push_back(one.g().gopc);
    const auto [found, fresh] = group_of.try_emplace(std::move(key), groups.size());
    if (fresh || !grouped) {
      groups.push_back({&one, std::move(trace), 1});
    } else {
      groups[found->second].size++;
    }
  }
  if (goid && groups.empty()) throw failure(failed, "no goroutine " + std::to_string(*goid));
  const char* between = "";
  for (const group& each : groups) {
    out << std::exchange(between, "\n") << "goroutine " << each.first->g().goid << " "
        << doing_of(*each.first);
    if (each.size > 1) out << " and " << each.size - 1 << " more";
    out << ":\n";
    print_frames(out, each.trace);
    const rt0::g& g = each.first->g();
    const place& creator = creator_of(*each.first);
    if (g.parent_goid == 0) continue;
    out << "created by " << (creator.function.empty() ? hex(g.gopc - all_.bias) : creator.function + "(...)")
        << " in goroutine " << g.parent_goid << "\n";
    if (!creator.file.empty()) out << "\t" << creator.file << ":" << creator.line << "\n";
  }
}

}  // namespace rt0db
