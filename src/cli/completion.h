#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace headroom {

// Scripts that complete subcommands, options and, for the rest, files; made from the tree of options itself.
std::string bash_completion(const CLI::App& root);
std::string zsh_completion(const CLI::App& root);
std::string fish_completion(const CLI::App& root);

}  // namespace headroom
