// Six functions, all of OpenGL 1.1, and the constants that they need under the names of the OpenGL specification. The
// backend saves and restores what it binds, so what is bound here stays bound without harm.
#include "visualizer/app/gl_textures.h"

#include <cstdint>

namespace trapline::window {

namespace {

constexpr unsigned texture_2d = 0x0DE1;         // GL_TEXTURE_2D
constexpr unsigned min_filter = 0x2801;         // GL_TEXTURE_MIN_FILTER
constexpr unsigned mag_filter = 0x2800;         // GL_TEXTURE_MAG_FILTER
constexpr unsigned wrap_s = 0x2802;             // GL_TEXTURE_WRAP_S
constexpr unsigned wrap_t = 0x2803;             // GL_TEXTURE_WRAP_T
constexpr unsigned unpack_row_length = 0x0CF2;  // GL_UNPACK_ROW_LENGTH
constexpr unsigned rgba_format = 0x1908;        // GL_RGBA
constexpr unsigned unsigned_byte = 0x1401;      // GL_UNSIGNED_BYTE
constexpr int linear = 0x2601;                  // GL_LINEAR
constexpr int clamp_to_edge = 0x812F;           // GL_CLAMP_TO_EDGE

struct Functions {
  void (*generate)(int count, unsigned* names) = nullptr;
  void (*remove)(int count, const unsigned* names) = nullptr;
  void (*bind)(unsigned target, unsigned name) = nullptr;
  void (*parameter)(unsigned target, unsigned which, int value) = nullptr;
  void (*unpack)(unsigned which, int value) = nullptr;
  void (*image)(unsigned target, int level, int internal, int width, int height, int border, unsigned format,
                unsigned type, const void* pixels) = nullptr;

  bool all() const { return generate && remove && bind && parameter && unpack && image; }
};

template <typename Function>
void take(Function& function, GlFunction found) {
  function = reinterpret_cast<Function>(found);
}

class GlTextures final : public TextureMaker {
 public:
  explicit GlTextures(const Functions& gl) : gl_(gl) {}

  ImTextureID make(Picture picture) override {
    unsigned name = 0;
    gl_.generate(1, &name);
    gl_.bind(texture_2d, name);
    gl_.parameter(texture_2d, min_filter, linear);
    gl_.parameter(texture_2d, mag_filter, linear);
    gl_.parameter(texture_2d, wrap_s, clamp_to_edge);
    gl_.parameter(texture_2d, wrap_t, clamp_to_edge);
    gl_.unpack(unpack_row_length, 0);
    gl_.image(texture_2d, 0, static_cast<int>(rgba_format), picture.width, picture.height, 0, rgba_format,
              unsigned_byte, picture.rgba.data());
    return (ImTextureID) static_cast<std::intptr_t>(name);  // a pointer in some releases, an integer in others
  }

  void drop(ImTextureID texture) override {
    const auto name = static_cast<unsigned>((std::intptr_t)texture);
    gl_.remove(1, &name);
  }

 private:
  Functions gl_;
};

}  // namespace

std::unique_ptr<TextureMaker> gl_textures(GlFunction (*find)(const char* name)) {
  Functions gl;
  take(gl.generate, find("glGenTextures"));
  take(gl.remove, find("glDeleteTextures"));
  take(gl.bind, find("glBindTexture"));
  take(gl.parameter, find("glTexParameteri"));
  take(gl.unpack, find("glPixelStorei"));
  take(gl.image, find("glTexImage2D"));
  return gl.all() ? std::make_unique<GlTextures>(gl) : nullptr;
}

}  // namespace trapline::window
