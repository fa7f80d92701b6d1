"""The rules that ``scripts/house_lint.py`` holds, one family a file, each a function from source to findings.

Standard library only: the lint runs before anything is installed.
"""
