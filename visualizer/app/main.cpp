// The program: the command line, and the window as one of its commands.
#include "visualizer/app/view_command.h"

int main(int count, char** arguments) { return trapline::cli::main(count, arguments, trapline::window::view); }
