// A texture may be dropped as soon as a new frame has begun that does not need it: the draw data that named it is gone
// by then. So those that are needed are marked with the frame's number.
#include "visualizer/render/picture_store.h"

#include <algorithm>

#include "visualizer/render/scale.h"

namespace trapline::window {

namespace {

class SoftwareTextures final : public TextureMaker {
 public:
  ImTextureID make(Picture picture) override {
    auto texture = std::make_unique<SoftwareTexture>();
    texture->width = picture.width;
    texture->height = picture.height;
    texture->rgba = std::move(picture.rgba);
    textures_.push_back(std::move(texture));
    return texture_id(*textures_.back());
  }
  void drop(ImTextureID texture) override {
    std::erase_if(textures_, [&](const auto& each) { return texture_id(*each) == texture; });
  }

 private:
  std::vector<std::unique_ptr<SoftwareTexture>> textures_;
};

Error about(const std::string& path, const Error& error) { return Error{error.kind, path + ": " + error.sentence}; }

Result<PictureSize> read_size(const std::string& path) {
  const auto bytes = read_picture_file(path, PictureStore::most_bytes);
  if (!bytes) return bytes.error();
  const auto size = size_of_png(*bytes);
  if (!size) return about(path, size.error());
  if (size->width > PictureStore::most_side || size->height > PictureStore::most_side ||
      i64{size->width} * size->height > PictureStore::most_pixels)
    return usage_error("The picture " + path + " has " + std::to_string(size->width) + " x " +
                       std::to_string(size->height) + " pixels: scale it down to 4096 a side and 8 million in all.");
  return *size;
}

// A file that has become another since its size was asked for would not fit where it is shown.
Result<Picture> read_scaled(const std::string& path, PictureSize own, PictureSize wanted) {
  const auto bytes = read_picture_file(path, PictureStore::most_bytes);
  if (!bytes) return bytes.error();
  const auto size = size_of_png(*bytes);
  if (!size) return about(path, size.error());
  if (*size != own) return usage_error("The picture " + path + " has become another: open the lesson anew.");
  const auto picture = decode_png(*bytes);
  if (!picture) return about(path, picture.error());
  return scaled_down(*picture, wanted);
}

}  // namespace

std::unique_ptr<TextureMaker> software_textures() { return std::make_unique<SoftwareTextures>(); }

PictureStore::~PictureStore() {
  for (const auto& [key, texture] : textures_) maker_->drop(texture.id);
}

const Result<PictureSize>& PictureStore::size_of(const std::string& path) {
  auto known = sizes_.find(path);
  if (known == sizes_.end()) known = sizes_.emplace(path, read_size(path)).first;
  return known->second;
}

Result<ImTextureID> PictureStore::texture(const std::string& path, PictureSize size) {
  const Result<PictureSize> own = size_of(path);
  if (!own) return own.error();
  size = {std::clamp(size.width, 1, own->width), std::clamp(size.height, 1, own->height)};
  const int frame = ImGui::GetFrameCount();
  const Key key{path, size.width, size.height};
  auto known = textures_.find(key);
  if (known == textures_.end()) {
    auto picture = read_scaled(path, *own, size);
    if (!picture) {
      sizes_.insert_or_assign(path, picture.error());
      return picture.error();
    }
    const std::size_t bytes = picture->rgba.size() * sizeof(u32);
    make_room(bytes);
    known = textures_.emplace(key, Texture{maker_->make(std::move(*picture)), bytes, frame}).first;
    bytes_ += bytes;
  }
  known->second.last_frame = frame;
  return known->second.id;
}

// The one that was needed longest ago goes first.
void PictureStore::make_room(std::size_t bytes) {
  const int frame = ImGui::GetFrameCount();
  while (bytes_ + bytes > most_kept) {
    const auto oldest = std::min_element(textures_.begin(), textures_.end(), [](const auto& a, const auto& b) {
      return a.second.last_frame < b.second.last_frame;
    });
    if (oldest == textures_.end() || oldest->second.last_frame >= frame) return;
    maker_->drop(oldest->second.id);
    bytes_ -= oldest->second.bytes;
    textures_.erase(oldest);
  }
}

void PictureStore::attach() { ImGui::GetIO().UserData = this; }

PictureStore* PictureStore::attached() {
  return ImGui::GetCurrentContext() == nullptr ? nullptr : static_cast<PictureStore*>(ImGui::GetIO().UserData);
}

}  // namespace trapline::window
