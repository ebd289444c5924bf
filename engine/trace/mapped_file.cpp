#include "trace/mapped_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace trapline::trace {

Result<MappedFile> MappedFile::open(const std::string& path) {
  // Without O_NONBLOCK a pipe in the file's place would make us wait for a writer.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return usage_error("the trace " + path + " cannot be opened: " + std::strerror(errno) + "; check its name");
  struct stat about = {};
  const bool regular = ::fstat(file, &about) == 0 && S_ISREG(about.st_mode);
  if (!regular || about.st_size == 0) {
    ::close(file);
    return usage_error(path + (regular ? " is empty" : " is not a file") + "; give the name of a .trap file");
  }
  const std::size_t size = static_cast<std::size_t>(about.st_size);
  void* const start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const int number = errno;
  ::close(file);
  if (start == MAP_FAILED)
    return usage_error("the trace " + path + " cannot be mapped into memory: " + std::strerror(number));
  return MappedFile({static_cast<const std::byte*>(start), size});
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace trapline::trace
