#!/usr/bin/env python3
"""Every rule of the house as a test.

    tidy_test.py [NAME]     all rules, or one
    tidy_test.py --list     their names

A rule first runs over samples that break it and over one that keeps it: a rule that cannot fail is none. Then it runs over the checkout.
"""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import bans  # noqa: E402
import layers  # noqa: E402
import manifests  # noqa: E402
import shape  # noqa: E402
from samples import GOOD, SAMPLES  # noqa: E402
from tree import read_tree  # noqa: E402

RULES = {
    "libraries_link_only_lower_floors": layers.check_links,
    "files_include_only_what_their_library_links": layers.check_includes,
    "outside_libraries_stay_behind_their_folder": layers.check_outside,
    "headers_are_guarded_and_used": layers.check_headers_used,
    "the_middle_is_deterministic": bans.check_middle,
    "no_order_comes_from_a_hash_map": bans.check_unordered,
    "tests_do_not_sleep": bans.check_sleep,
    "exceptions_to_rules_give_reasons": bans.check_allowances,
    "nothing_is_unfinished_or_of_one_machine": bans.check_words,
    "files_are_short": shape.check_file_length,
    "functions_are_short": shape.check_function_length,
    "file_names_are_nouns": shape.check_names,
    "every_test_is_run": shape.check_tests_run,
    "every_folder_is_tested": shape.check_folders_tested,
    "every_source_is_built": shape.check_sources_built,
    "documents_name_what_exists": shape.check_documents,
    "manifests_hang_together": manifests.check_manifests,
    "what_was_not_tried_says_so": manifests.check_untried,
}


def check_rule(name, root):
    """What is wrong with the rule itself, then with the checkout."""
    rule = RULES[name]
    wrong = [f"the rule finds fault with a good sample: {line}" for line in rule(dict(GOOD))]
    if not SAMPLES.get(name):
        wrong.append("the rule has no sample that breaks it (tests/tidy/samples.py)")
    for change, expected in SAMPLES.get(name, []):
        sample = {path: text for path, text in {**GOOD, **change}.items() if text is not None}
        found = rule(sample)
        if not any(re.search(expected, line) for line in found):
            wrong.append(f"the rule does not find {expected!r} in {str(change)[:200]}; it says {found}")
    return wrong or rule(read_tree(root))


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(RULES))
        return 0
    root, failed = Path(__file__).resolve().parents[2], 0
    for name in arguments or RULES:
        try:
            wrong = check_rule(name, root)
        except ImportError as error:
            print(f"SKIPPED: {name}: {error} (ops/install.sh installs it)")
            if arguments:
                return 77
            continue
        print("\n".join([f"{'FAILED' if wrong else 'OK'}: {name}: {RULES[name].__doc__}"] + ["  " + line for line in wrong]))
        failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
