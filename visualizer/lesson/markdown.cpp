#include "visualizer/lesson/markdown.h"

#include <algorithm>
#include <md4c.h>

namespace trapline::window {

namespace {

constexpr std::size_t most_bytes = 256 << 10, most_blocks = 10'000, most_columns = 32, most_depth = 6;

class Reader {
 public:
  std::vector<Block> read(std::string_view text) {
    MD_PARSER parser = {};
    parser.flags = MD_FLAG_TABLES | MD_FLAG_NOHTMLBLOCKS | MD_FLAG_NOHTMLSPANS | MD_FLAG_NOINDENTEDCODEBLOCKS;
    parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
      return static_cast<Reader*>(self)->enter(type, detail);
    };
    parser.leave_block = [](MD_BLOCKTYPE type, void*, void* self) { return static_cast<Reader*>(self)->leave(type); };
    parser.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
      return static_cast<Reader*>(self)->span(type, detail, 1);
    };
    parser.leave_span = [](MD_SPANTYPE type, void* detail, void* self) {
      return static_cast<Reader*>(self)->span(type, detail, -1);
    };
    parser.text = [](MD_TEXTTYPE type, const MD_CHAR* letters, MD_SIZE size, void* self) {
      return static_cast<Reader*>(self)->text(type, std::string_view(letters, size));
    };
    md_parse(text.data(), static_cast<MD_SIZE>(std::min(text.size(), most_bytes)), &parser, this);
    if (text.size() > most_bytes || blocks_.size() > most_blocks) add(BlockKind::paragraph).runs = {{"…"}};
    return std::move(blocks_);
  }

 private:
  struct List {
    bool numbered = false;
    unsigned next = 1;
  };

  Block& add(BlockKind kind) {
    target_ = nullptr;
    return blocks_.emplace_back(Block{.kind = kind});
  }
  // Where text goes from now on; the vectors above it do not grow before the next call.
  void into(Runs& runs) { target_ = &runs; }

  int enter(MD_BLOCKTYPE type, void* detail) {
    if (blocks_.size() > most_blocks) return 1;
    switch (type) {
      case MD_BLOCK_H: {
        Block& block = add(BlockKind::heading);
        block.level = static_cast<MD_BLOCK_H_DETAIL*>(detail)->level;
        into(block.runs);
        break;
      }
      case MD_BLOCK_CODE:
        into(add(BlockKind::code).runs);
        break;
      case MD_BLOCK_HR:
        add(BlockKind::rule);
        break;
      case MD_BLOCK_UL:
        lists_.push_back({});
        break;
      case MD_BLOCK_OL:
        lists_.push_back({true, static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start});
        break;
      case MD_BLOCK_LI:
        begin_item();
        break;
      case MD_BLOCK_P:
        begin_paragraph();
        break;
      default:
        enter_table(type);
    }
    return 0;
  }

  void begin_item() {
    Block& block = add(BlockKind::item);
    block.level = static_cast<unsigned>(std::clamp(lists_.size(), std::size_t{1}, most_depth));
    List& list = lists_.back();
    block.marker = list.numbered ? std::to_string(list.next++) + "." : "•";
    into(block.runs);
  }

  void begin_paragraph() {
    if (lists_.empty()) return into(add(BlockKind::paragraph).runs);
    if (!blocks_.empty() && blocks_.back().kind == BlockKind::item && blocks_.back().runs.empty())
      return into(blocks_.back().runs);
    Block& block = add(BlockKind::item);
    block.level = static_cast<unsigned>(std::min(lists_.size(), most_depth));
    into(block.runs);
  }

  void enter_table(MD_BLOCKTYPE type) {
    if (type == MD_BLOCK_TABLE) {
      add(BlockKind::table);
    } else if (type == MD_BLOCK_TR) {
      blocks_.back().rows.emplace_back();
    } else if (type == MD_BLOCK_TH || type == MD_BLOCK_TD) {
      auto& row = blocks_.back().rows.back();
      if (row.size() < most_columns) into(row.emplace_back());
    }
  }

  int leave(MD_BLOCKTYPE type) {
    if (type == MD_BLOCK_UL || type == MD_BLOCK_OL) lists_.pop_back();
    if (type == MD_BLOCK_TABLE) even_out(blocks_.back());
    if (type != MD_BLOCK_LI && type != MD_BLOCK_UL && type != MD_BLOCK_OL) target_ = nullptr;
    const bool left_over = type == MD_BLOCK_P && !blocks_.empty() && blocks_.back().kind == BlockKind::paragraph;
    if (left_over && blocks_.back().runs.empty()) blocks_.pop_back();
    return 0;
  }

  static void even_out(Block& table) {
    std::size_t columns = 0;
    for (const auto& row : table.rows) columns = std::max(columns, row.size());
    for (auto& row : table.rows) row.resize(columns);
  }

  int span(MD_SPANTYPE type, void* detail, int step) {
    if (type == MD_SPAN_STRONG) bold_ += step;
    if (type == MD_SPAN_EM) emphasis_ += step;
    if (type == MD_SPAN_CODE) code_ += step;
    if (type == MD_SPAN_A) {
      const MD_ATTRIBUTE& href = static_cast<MD_SPAN_A_DETAIL*>(detail)->href;
      link_ = step > 0 ? std::string(href.text, href.size) : std::string();
    }
    if (type == MD_SPAN_IMG) return picture(static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src, step);
    return 0;
  }

  // Where a paragraph has nothing but pictures so far, each is a block of its own, and what follows is the next one.
  int picture(const MD_ATTRIBUTE& source, int step) {
    if (blocks_.size() > most_blocks) return 1;
    const bool outermost = step > 0 ? pictures_++ == 0 : --pictures_ == 0;
    if (!outermost) return 0;
    if (step > 0) {
      own_picture_ = target_ != nullptr && target_->empty() && blocks_.back().kind == BlockKind::paragraph;
      if (!own_picture_) return 0;
      blocks_.back().kind = BlockKind::picture;
      blocks_.back().target.assign(source.text, source.size);
    } else if (own_picture_) {
      into(add(BlockKind::paragraph).runs);
    }
    return 0;
  }

  int text(MD_TEXTTYPE type, std::string_view letters) {
    if (type == MD_TEXT_SOFTBR) return target_ != nullptr && target_->empty() ? 0 : append(" ");
    if (type == MD_TEXT_BR) return append("\n");
    if (type == MD_TEXT_NULLCHAR) return append("\xef\xbf\xbd");
    if (type == MD_TEXT_ENTITY) return append(entity(letters));
    return append(letters);
  }

  static std::string_view entity(std::string_view name) {
    if (name == "&amp;") return "&";
    if (name == "&lt;") return "<";
    if (name == "&gt;") return ">";
    if (name == "&quot;") return "\"";
    return name == "&nbsp;" ? " " : name;
  }

  int append(std::string_view letters) {
    if (target_ == nullptr) return 0;
    const Run look{.bold = bold_ > 0, .emphasis = emphasis_ > 0, .code = code_ > 0, .link = link_};
    if (target_->empty() || !same_look(target_->back(), look)) target_->push_back(look);
    target_->back().text += letters;
    return 0;
  }

  static bool same_look(const Run& a, const Run& b) {
    return a.bold == b.bold && a.emphasis == b.emphasis && a.code == b.code && a.link == b.link;
  }

  std::vector<Block> blocks_;
  std::vector<List> lists_;
  Runs* target_ = nullptr;
  int bold_ = 0, emphasis_ = 0, code_ = 0;
  int pictures_ = 0;          // in one another
  bool own_picture_ = false;  // the outermost is a block
  std::string link_;
};

}  // namespace

std::vector<Block> read_markdown(std::string_view text) { return Reader().read(text); }

std::string plain_text(const Runs& runs) {
  std::string text;
  for (const Run& run : runs) text += run.text;
  return text;
}

}  // namespace trapline::window
