"""Prints where PowerShell scripts do not parse; exit code 1 where one does not. It does not run them."""

import sys

import tree_sitter
import tree_sitter_powershell

parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def faults(node):
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        yield from faults(child)


found = 0
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        for node in faults(parser.parse(file.read()).root_node):
            print(f"{name}:{node.start_point.row + 1}:{node.start_point.column + 1}: does not parse")
            found = 1
sys.exit(found)
