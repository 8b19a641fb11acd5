"""Floors: who may include whom. The floors and the links are read from CMakeLists.txt; design and build cannot drift apart."""
import posixpath
import re

from tree import code, folder_of, is_cpp, line_of

# The library that a public header belongs to, where it is not just a noun of the model. One that is not named here belongs to the highest
# library among the public headers that it includes; include/headroom/testing is for tests and stands above all.
PUBLIC = {"status.h": "base", "codec.h": "codec", "topology.h": "engine", "topology_impl.h": "engine"}
# An outside library is known to the folders named here and to nobody else.
OUTSIDE = {
    "librdkafka/": {"kafka"}, "hiredis/": {"redis"}, "openssl/": {"redis"}, "prometheus/": {"http"}, "boost/asio": {"http", "net"},
    "boost/beast": {"http", "net"}, "nlohmann/": {"config", "codec", "cli"}, "simdjson": {"codec"}, "CLI/": {"cli"}, "Eigen/": {"forecast"},
    "xxhash": {"base"},
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?P<mark>[<"])(?P<name>[^>"\n]+)[>"]', re.M)
LIBRARY = re.compile(r"^headroom_library\((?P<name>\w+)[ \t]+(?P<folder>\S+)(?P<links>[^)]*)\)", re.M)


def libraries(cmake):
    """{name: (floor, {linked names})} from the `# floor N` lines and the headroom_library calls of CMakeLists.txt."""
    found, floor = {}, -1
    for line in cmake.splitlines():
        mark = re.match(r"# floor (\d)", line)
        floor = int(mark.group(1)) if mark else floor
        call = LIBRARY.match(line)
        if call:
            links = {word[len("headroom_"):] for word in call.group("links").split() if word.startswith("headroom_")}
            found[call.group("name")] = (floor, links)
    return found


def reachable(known, name):
    seen, todo = set(), [name]
    while todo:
        for link in known.get(todo.pop(), (0, set()))[1]:
            if link not in seen:
                seen.add(link)
                todo.append(link)
    return seen


def includes(text):
    # The names stand in strings, which code() blanks; so the mark is looked up in the blanked text and the name in the whole.
    blanked = code(text)
    for match in INCLUDE.finditer(text):
        if blanked[match.start():match.start("mark")].strip():
            yield line_of(text, match.start("mark")), match.group("mark"), match.group("name")


def resolve(tree, path, name):
    """The project's file that `#include "name"` in `path` means, or None."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    return next((p for p in ("include/" + name, "src/" + name, name, "tests/" + name, beside) if p in tree), None)


def home(tree, known, path, seen=frozenset()):
    """The library whose floor a file has; `testing` for the public headers of tests."""
    if path.startswith("include/headroom/testing/"):
        return "testing"
    if not path.startswith("include/"):
        return folder_of(path)
    name = path[len("include/headroom/"):]
    if name in PUBLIC:
        return PUBLIC[name]
    targets = {resolve(tree, path, name) for _, mark, name in includes(tree[path]) if mark == '"'} - {None, path} - seen
    homes = ["model"] + [home(tree, known, target, seen | {path}) for target in sorted(targets)]
    return max((one for one in homes if one in known), key=lambda one: known[one][0], default="model")


def implements(path, header):
    """Whether `path` is the .cc of a public header of the test kit: src/engine/every_cut.cc of headroom/testing/every_cut.h."""
    return "/testing/" in header and path.endswith(".cc") and posixpath.basename(path)[:-3] == posixpath.basename(header)[:-2]


def check_links(tree):
    """Every library stands on a floor and links only to lower ones."""
    known = libraries(tree["CMakeLists.txt"])
    wrong = [] if known else ["CMakeLists.txt: no headroom_library found"]
    for name, (floor, links) in known.items():
        if floor < 0:
            wrong.append(f"CMakeLists.txt: {name} stands under no `# floor N`")
        for link in sorted(links):
            if link not in known:
                wrong.append(f"CMakeLists.txt: {name} links {link}, which is no library")
            elif known[link][0] >= floor >= 0:
                wrong.append(f"CMakeLists.txt: {name} (floor {floor}) links {link} (floor {known[link][0]}); only lower floors may be used")
    return wrong


def check_includes(tree):
    """A file includes from its own folder, from what its library links, and from the project only."""
    known = libraries(tree["CMakeLists.txt"])
    wrong = []
    for path, text in tree.items():
        if not is_cpp(path) or not path.startswith(("src/", "include/", "topologies/")):
            continue
        own = home(tree, known, path)
        if own != "testing" and own not in known:
            wrong.append(f"{path}: its folder has no headroom_library in CMakeLists.txt")
            continue
        may = reachable(known, own) | {own}
        for line, mark, name in includes(text):
            target = resolve(tree, path, name) if mark == '"' else None
            if mark == '"' and target is None:
                wrong.append(f'{path}:{line}: "{name}" is no file of the project; others are included with <>')
            elif target and path.startswith("include/") and not target.startswith("include/"):
                wrong.append(f'{path}:{line}: a public header includes the private "{name}"')
            elif target and own != "testing" and home(tree, known, target) not in may and not implements(path, target):
                wrong.append(f'{path}:{line}: {own} includes "{name}" of {home(tree, known, target)}, which it does not link (CMakeLists.txt)')
    return wrong


def check_outside(tree):
    """An outside library is included only by the folder that wraps it; public headers include none."""
    wrong = []
    for path, text in tree.items():
        if not is_cpp(path) or not path.startswith(("src/", "include/", "topologies/")):
            continue
        for line, _, name in includes(text):
            owners = next((folders for start, folders in OUTSIDE.items() if name.startswith(start)), None)
            if owners is not None and (path.startswith("include/") or folder_of(path) not in owners):
                wrong.append(f"{path}:{line}: <{name}> may be included only in {', '.join('src/' + o for o in sorted(owners))}")
            elif path.startswith("include/") and name.startswith("boost/"):
                wrong.append(f"{path}:{line}: a public header includes <{name}>")
    return wrong


def check_headers_used(tree):
    """Every private header is included by someone, and every header is included at most behind #pragma once."""
    used = set()
    for path, text in tree.items():
        if is_cpp(path) or path.endswith((".md", ".cpp")):
            used.update(resolve(tree, path, name) for _, mark, name in includes(text) if resolve(tree, path, name) != path)
    wrong = []
    for path, text in tree.items():
        if path.endswith(".h") and "#pragma once" not in text.splitlines()[:12]:
            wrong.append(f"{path}: does not begin with #pragma once")
        if path.endswith(".h") and path not in used:
            wrong.append(f"{path}: included by nobody")
    return wrong
