"""Reads {"schema": ..., "cases": [{"name", "good", "value"}]} from standard input; prints the names of cases on which the schema is wrong."""
import json
import sys

import jsonschema

given = json.load(sys.stdin)
jsonschema.Draft202012Validator.check_schema(given["schema"])
validator = jsonschema.Draft202012Validator(given["schema"])
for case in given["cases"]:
    if validator.is_valid(case["value"]) != case["good"]:
        print(case["name"])
