// Pictures from files as textures: drawn as they are, made once, given back, and never larger than the bounds.
#include "visualizer/render/picture_store.h"

#include <doctest/doctest.h>
#include <fstream>
#include <set>

#include "base/temporary_folder.h"
#include "visualizer/render/headless.h"
#include "visualizer/render/scale.h"

using namespace trapline;
using namespace trapline::window;

namespace {

Picture checks(int width, int height) {
  Picture picture(width, height, 0);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      picture.at(x, y) = colour(static_cast<u32>(x * 7 & 255), static_cast<u32>(y * 5 & 255), (x ^ y) & 1 ? 255 : 0);
  return picture;
}

// Counts what is made and dropped; a texture is a number.
struct Account {
  std::set<std::intptr_t> there;
  std::intptr_t made = 0;
};
class CountingMaker final : public TextureMaker {
 public:
  explicit CountingMaker(Account& account) : account_(account) {}
  ImTextureID make(Picture) override {
    account_.there.insert(++account_.made);
    return (ImTextureID)account_.made;
  }
  void drop(ImTextureID texture) override { REQUIRE(account_.there.erase((std::intptr_t)texture) == 1); }

 private:
  Account& account_;
};

std::shared_ptr<FontAtlas> built_in_fonts() {
  static const auto atlas = std::make_shared<FontAtlas>(FontRequest{13, Script::latin, {}, {}});
  return atlas;
}

struct Place {
  TemporaryFolder temporary{"pictures"};
  std::string path(const std::string& name) const { return (std::filesystem::path(temporary.path()) / name).string(); }
  std::string file(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
};

}  // namespace

TEST_CASE("a picture is drawn texel by pixel, in its own size and scaled down, the same every time") {
  const Place place;
  const Picture picture = checks(40, 30);
  REQUIRE(write_png(picture, place.path("a.png")).ok());
  for (const PictureSize size : {PictureSize{40, 30}, {23, 17}}) {
    Headless headless(60, 50, built_in_fonts());
    const u32 paper = colour(1, 2, 3);
    headless.set_background(paper);
    Picture expected(60, 50, paper);
    const Picture shown = scaled_down(picture, size);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) expected.at(x + 9, y + 4) = shown.at(x, y);
    const auto draw = [&] {
      PictureStore* const store = PictureStore::attached();
      REQUIRE(store == &headless.pictures());
      CHECK(*store->size_of(place.path("a.png")) == PictureSize{40, 30});
      const auto texture = store->texture(place.path("a.png"), size);
      REQUIRE(texture);
      const ImVec2 end(static_cast<float>(9 + size.width), static_cast<float>(4 + size.height));
      ImGui::GetForegroundDrawList()->AddImage(*texture, {9, 4}, end);
    };
    CHECK(headless.frame(draw) == expected);
    CHECK(headless.settle(draw) == expected);
  }
}

TEST_CASE("a texture is made once, and those that no frame needs make room, the longest unneeded first") {
  const Place place;
  REQUIRE(write_png(Picture(2048, 2048, colour(9, 9, 9)), place.path("a.png")).ok());
  Account account;
  Headless headless(20, 20, built_in_fonts());
  {
    PictureStore store(std::make_unique<CountingMaker>(account));
    const auto need = [&](int first, int last) {
      headless.build([&] {
        for (int i = first; i <= last; ++i) CHECK(store.texture(place.path("a.png"), {2048, 2048 - i}));
      });
    };
    need(0, 0);
    need(0, 0);
    CHECK(account.made == 1);
    for (int i = 1; i < 7; ++i) need(i, i);
    CHECK(account.there.size() == 4);  // of 16 MB less a little each, the first one included: 64 MB
    CHECK(store.kept_bytes() <= PictureStore::most_kept);
    need(0, 0);
    CHECK(account.made == 8);
    need(10, 15);  // all needed in one frame
    CHECK(account.there.size() == 6);
    need(16, 16);
    CHECK(account.there.size() == 4);
  }
  CHECK(account.there.empty());
}

TEST_CASE("what is no picture, too large or damaged is a sentence, and makes no texture") {
  const Place place;
  const std::string good = *encode_png(checks(40, 30));
  Account account;
  PictureStore store(std::make_unique<CountingMaker>(account));
  REQUIRE(write_png(Picture(5000, 2, 0), place.path("wide.png")).ok());
  REQUIRE(write_png(Picture(4000, 4000, 0), place.path("large.png")).ok());
  std::filesystem::create_directory(place.path("folder.png"));
  std::ofstream(place.path("heavy.png"), std::ios::binary) << good;
  std::filesystem::resize_file(place.path("heavy.png"), PictureStore::most_bytes + 1);
  Headless headless(20, 20, built_in_fonts());
  headless.build([&] {
    for (const std::string& path :
         {place.path("none.png"), place.path("folder.png"), place.path("wide.png"), place.path("large.png"),
          place.path("heavy.png"), place.file("empty.png", ""), place.file("text.png", "no picture"),
          place.file("head.png", good.substr(0, 20)), std::string("/dev/zero"), std::string()}) {
      CAPTURE(path);
      REQUIRE_FALSE(store.size_of(path));
      CHECK(store.size_of(path).error().sentence.find(path) != std::string::npos);
      CHECK_FALSE(store.texture(path, {10, 10}));
    }
    // The header is sound, the pixels are cut off: known when they are asked for, and from then on.
    const std::string cut = place.file("cut.png", good.substr(0, good.size() / 2));
    CHECK(store.size_of(cut));
    CHECK_FALSE(store.texture(cut, {10, 10}));
    CHECK_FALSE(store.size_of(cut));
    // Another file since its size was asked for.
    const std::string other = place.file("other.png", good);
    CHECK(store.size_of(other));
    REQUIRE(write_png(checks(41, 30), other).ok());
    CHECK_FALSE(store.texture(other, {10, 10}));
  });
  CHECK(account.made == 0);
}

TEST_CASE("without a context there is no store") {
  ImGuiContext* const before = ImGui::GetCurrentContext();
  ImGui::SetCurrentContext(nullptr);
  CHECK(PictureStore::attached() == nullptr);
  ImGui::SetCurrentContext(before);
}
