#include "cli/app.h"

int main(int argc, char** argv) {
  return headroom::run_command_line(argc, argv);
}
