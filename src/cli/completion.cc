#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "base/concat.h"
#include "cli/app.h"
#include "cli/commands.h"

namespace headroom {
namespace {

struct Flag {
  std::string text;  // "--config"
  std::string about;
  bool takes_value = false;
};

// One command with its own options and those of the whole program.
struct Node {
  std::string path;  // "state skip"; empty for the program itself
  std::string about;
  std::vector<Flag> flags;
  std::vector<std::pair<std::string, std::string>> children;  // name and what it is
};

void add_flags(const CLI::App& app, std::vector<Flag>& flags) {
  for (const CLI::Option* option : app.get_options()) {
    const bool takes_value = option->get_items_expected_max() > 0;
    for (const auto& name : option->get_lnames()) flags.push_back({concat("--", name), option->get_description(), takes_value});
    for (const auto& name : option->get_snames()) flags.push_back({concat("-", name), option->get_description(), takes_value});
  }
}

void collect(const CLI::App& app, const CLI::App& root, const std::string& path, std::vector<Node>& nodes) {
  Node node{path, app.get_description(), {}, {}};
  add_flags(app, node.flags);
  if (&app != &root) {
    std::vector<Flag> global;
    add_flags(root, global);
    std::erase_if(global, [&](const Flag& flag) {
      return std::any_of(node.flags.begin(), node.flags.end(), [&](const Flag& own) { return own.text == flag.text; });
    });
    node.flags.insert(node.flags.end(), global.begin(), global.end());
  }
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) node.children.emplace_back(child->get_name(), child->get_description());
  nodes.push_back(std::move(node));
  for (const CLI::App* child : children)
    collect(*child, root, path.empty() ? child->get_name() : concat(path, " ", child->get_name()), nodes);
}

std::vector<Node> nodes_of(const CLI::App& root) {
  std::vector<Node> nodes;
  collect(root, root, {}, nodes);
  return nodes;
}

// Within single quotes, for all three shells alike: without what would end them or mean something to a completion list.
std::string quotable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, text.find('\n'))) out += c == '\'' || c == '\\' || c == '[' || c == ']' || c == ':' ? ' ' : c;
  return out;
}

std::string words_of(const Node& node, bool with_flags) {
  std::string words;
  for (const auto& [name, about] : node.children) words += concat(words.empty() ? "" : " ", name);
  for (const auto& flag : node.flags)
    if (with_flags) words += concat(words.empty() ? "" : " ", flag.text);
  return words;
}

std::string valued_flags(const std::vector<Node>& nodes) {
  std::vector<std::string> flags;
  for (const auto& node : nodes)
    for (const auto& flag : node.flags)
      if (flag.takes_value) flags.push_back(flag.text);
  std::sort(flags.begin(), flags.end());
  flags.erase(std::unique(flags.begin(), flags.end()), flags.end());
  std::string out;
  for (const auto& flag : flags) out += concat(out.empty() ? "" : "|", flag);
  return out;
}

}  // namespace

std::string bash_completion(const CLI::App& root) {
  const auto nodes = nodes_of(root);
  std::string out =
      "# bash completion for headroom: source <(headroom completion bash)\n"
      "_headroom() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path='' words='' word skip=''\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    if [[ -n $skip ]]; then skip=''; continue; fi\n"
      "    case \"$word\" in\n";
  const std::string valued = valued_flags(nodes);
  if (!valued.empty()) out += concat("      ", valued, ") skip=yes ;;\n");
  out +=
      "      -*) ;;\n"
      "      *) path=\"${path:+$path }$word\" ;;\n"
      "    esac\n"
      "  done\n";
  if (!valued.empty()) out += concat("  case \"$previous\" in ", valued, ") COMPREPLY=($(compgen -f -- \"$current\")); return ;; esac\n");
  out += "  case \"$path\" in\n";
  for (const auto& node : nodes) {
    if (node.children.empty())
      out += concat("    '", node.path, "'|'", node.path, " '*) words='", words_of(node, true), "' ;;\n");
    else
      out += concat("    '", node.path, "') words='", words_of(node, true), "' ;;\n");
  }
  // Options come last: names end at the first word that begins with a dash, and may have one within.
  out +=
      "  esac\n"
      "  words=\" $words\"\n"
      "  if [[ $current == -* ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  else COMPREPLY=($(compgen -W \"${words%% -*}\" -- \"$current\") $(compgen -f -- \"$current\")); fi\n"
      "}\n"
      "complete -o filenames -F _headroom headroom\n";
  return out;
}

std::string zsh_completion(const CLI::App& root) {
  std::string out =
      "#compdef headroom\n"
      "# zsh completion for headroom: source <(headroom completion zsh), or as a file _headroom in $fpath\n"
      "_headroom() {\n"
      "  local path='' word\n"
      "  local -a children flags\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    [[ $word == -* ]] || path=\"${path:+$path }$word\"\n"
      "  done\n"
      "  case \"$path\" in\n";
  const auto nodes = nodes_of(root);
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    out += node->path.empty() ? std::string("    '')\n") : concat("    '", node->path, "'*)\n");
    out += "      children=(";
    for (const auto& [name, about] : node->children) out += concat(" '", name, ":", quotable(about), "'");
    out += " )\n      flags=(";
    for (const auto& flag : node->flags) out += concat(" '", flag.text, ":", quotable(flag.about), "'");
    out += " ) ;;\n";
  }
  out +=
      "  esac\n"
      "  if [[ $PREFIX == -* ]]; then _describe -t options option flags\n"
      "  else (( $#children )) && _describe -t commands command children; _files; fi\n"
      "}\n"
      "compdef _headroom headroom\n";
  return out;
}

std::string fish_completion(const CLI::App& root) {
  std::string out = "# fish completion for headroom: headroom completion fish | source\n";
  const auto nodes = nodes_of(root);
  std::string top;
  for (const auto& [name, about] : nodes.front().children) top += concat(top.empty() ? "" : " ", name);
  for (const auto& node : nodes) {
    std::string condition = concat("not __fish_seen_subcommand_from ", top);
    if (!node.path.empty()) {
      condition.clear();
      size_t begin = 0;
      while (begin <= node.path.size()) {
        const size_t end = std::min(node.path.find(' ', begin), node.path.size());
        condition += concat(condition.empty() ? "" : "; and ", "__fish_seen_subcommand_from ",
                            std::string_view(node.path).substr(begin, end - begin));
        begin = end + 1;
      }
    }
    for (const auto& [name, about] : node.children)
      out += concat("complete -c headroom -n '", condition, "' -f -a '", name, "' -d '", quotable(about), "'\n");
    for (const auto& flag : node.flags) {
      const bool is_long = flag.text.starts_with("--");
      out +=
          concat("complete -c headroom -n '", condition, is_long ? "' -l '" : "' -s '", std::string_view(flag.text).substr(is_long ? 2 : 1),
                 flag.takes_value ? "' -r -d '" : "' -d '", quotable(flag.about), "'\n");
    }
  }
  return out;
}

Command completion_command() {
  return {"completion", "Print a script that completes commands and options in your shell.",
          "  source <(headroom completion bash)\n"
          "  headroom completion zsh > \"${fpath[1]}/_headroom\"\n"
          "  headroom completion fish | source\n",
          [](CLI::App& app) {
            auto shell = std::make_shared<std::string>();
            app.add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
            return [shell] {
              const auto line = make_command_line(commands());
              const std::string script = *shell == "bash"  ? bash_completion(*line->app)
                                         : *shell == "zsh" ? zsh_completion(*line->app)
                                                           : fish_completion(*line->app);
              std::fputs(script.c_str(), stdout);
              return static_cast<int>(kExitFine);
            };
          }};
}

}  // namespace headroom
