// Pictures from files, for views that show them beside their text: the size first, so that a layout is known before
// anything is drawn, then a texture as many pixels wide as it is shown, so that a texel is a pixel. What a texture is
// decides the back end. Files are a stranger's: bounded in bytes, sides and area, and what is wrong is a sentence.
#pragma once

#include <imgui.h>
#include <map>
#include <memory>

#include "visualizer/render/software.h"

namespace trapline::window {

class TextureMaker {
 public:
  virtual ~TextureMaker() = default;
  virtual ImTextureID make(Picture picture) = 0;
  virtual void drop(ImTextureID texture) = 0;
};

// Textures that draw() of software.h takes.
std::unique_ptr<TextureMaker> software_textures();

class PictureStore {
 public:
  static constexpr std::uintmax_t most_bytes = 8 << 20;  // of a file
  static constexpr i64 most_side = 4096, most_pixels = 8 << 20;
  static constexpr std::size_t most_kept = std::size_t{64} << 20;  // bytes of textures that no frame needs any more

  explicit PictureStore(std::unique_ptr<TextureMaker> maker) : maker_(std::move(maker)) {}
  ~PictureStore();
  PictureStore(const PictureStore&) = delete;
  PictureStore& operator=(const PictureStore&) = delete;

  // Read once and remembered, whatever becomes of the file.
  const Result<PictureSize>& size_of(const std::string& path);
  // For the frame that is being drawn: scaled down to this size, or in its own where that is smaller. A file that turns
  // out to be damaged has no size either from then on.
  Result<ImTextureID> texture(const std::string& path, PictureSize size);
  std::size_t kept_bytes() const { return bytes_; }

  // The store of the context that is current; null where it has none.
  void attach();
  static PictureStore* attached();

 private:
  struct Texture {
    ImTextureID id;
    std::size_t bytes = 0;
    int last_frame = 0;
  };
  struct Key {
    std::string path;
    int width = 0, height = 0;
    auto operator<=>(const Key&) const = default;
  };
  void make_room(std::size_t bytes);

  std::unique_ptr<TextureMaker> maker_;
  std::map<std::string, Result<PictureSize>> sizes_;
  std::map<Key, Texture> textures_;
  std::size_t bytes_ = 0;
};

}  // namespace trapline::window
