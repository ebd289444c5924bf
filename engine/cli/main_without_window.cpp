// The program where the window's libraries are not here: everything else is in cli::main.
#include "cli/no_window.h"

int main(int count, char** arguments) {
  return trapline::cli::main(count, arguments, trapline::cli::view_without_window);
}
