// The program: everything is in cli::main.
#include "cli/commands.h"

int main(int count, char** arguments) { return trapline::cli::main(count, arguments); }
