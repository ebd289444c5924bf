// `trapline doctor`: what this host can do, one line each, what still works without it, and the support table.
#include <cstdio>

#include "base/json.h"
#include "base/word_table.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "kvm/probe.h"
#include "spec/support.h"

namespace trapline::cli {

namespace {

enum class Word : u8 {
#define WORD(id, english, chinese) id,
#include "cli/doctor_words.def"
#undef WORD
};
constexpr Sentence word_rows[] = {
#define WORD(id, english, chinese) {english, chinese},
#include "cli/doctor_words.def"
#undef WORD
};

class Words : public WordTable<Word> {
 public:
  explicit Words(Language language) : WordTable(word_rows, language) {}

  using WordTable::operator();
  std::string operator()(spec::SupportStatus status) const {
    return (*this)(static_cast<Word>(static_cast<u8>(Word::supported) + static_cast<u8>(status)));
  }
};

struct Finding {
  std::string name;
  bool good;
  std::string sentence;
};

std::vector<Finding> findings(const Words& words, const kvm::Probe& probe) {
  std::vector<Finding> result;
  result.push_back({"soft metal", true, words(Word::soft)});
  const Word module = kvm::is_software_virtualization(probe.module) ? Word::software_module : Word::module;
  result.push_back(
      {"kvm metal", probe.usable,
       probe.usable ? words(module, {probe.module}) : words(Word::no_kvm, {probe.why_not.in(words.language())})});
  if (!probe.usable) return result;
  for (const auto& capability : probe.capabilities)
    result.push_back({capability.name, capability.present,
                      capability.present ? words(Word::there)
                                         : words(Word::missing, {capability.lost_without.in(words.language())})});
  result.push_back({"pagemap", probe.pagemap_shows_frames,
                    words(probe.pagemap_shows_frames ? Word::pagemap_shows : Word::pagemap_hides)});
  return result;
}

void print_text(const Words& words, const std::vector<Finding>& list) {
  Table host({{}, {}, {}});
  for (const Finding& finding : list)
    host.add({words(finding.good ? Word::yes : Word::no), finding.name, finding.sentence});
  std::printf("%s\n%s\n", words(Word::this_host).c_str(), host.text().c_str());
  Table support({{words(Word::technique)},
                 {words(Word::metal)},
                 {words(Word::capability)},
                 {words(Word::status)},
                 {words(Word::meaning)}});
  for (const auto& row : spec::support_rows())
    support.add({std::string(row.technique), std::string(row.metal), std::string(row.capability), words(row.status),
                 std::string(row.sentence.in(words.language()))});
  std::printf("%s\n%s", words(Word::combinations).c_str(), support.text().c_str());
}

Json as_json(const Words& words, const std::vector<Finding>& list) {
  Json host = Json::array(), support = Json::array();
  for (const Finding& finding : list)
    host.push(
        Json::object().set("name", finding.name).set_flag("good", finding.good).set("sentence", finding.sentence));
  for (const auto& row : spec::support_rows())
    support.push(Json::object()
                     .set("technique", row.technique)
                     .set("metal", row.metal)
                     .set("capability", row.capability)
                     .set("status", spec::name_of(row.status))
                     .set("sentence", row.sentence.in(words.language())));
  return Json::object().set("host", host).set("support", support);
}

}  // namespace

int doctor(const DoctorCommand& command) {
  const Words words(command.language);
  const auto list = findings(words, kvm::probe());
  if (command.form == Form::json)
    std::printf("%s\n", as_json(words, list).line().c_str());
  else
    print_text(words, list);
  return 0;
}

}  // namespace trapline::cli
