"""The queries of Nexmark as a table of texts, for the program to carry along:

    python3 bench/nexmark_queries.py > bench/nexmark_queries.c

A test compares them with their files.
"""
import glob
import os
import re

here = os.path.dirname(os.path.abspath(__file__))
files = glob.glob(os.path.join(here, '../scenarios/pipelines/nexmark/q*.yaml'))
number = lambda path: int(re.search(r'q(\d+)\.yaml$', path).group(1))

print('/* Written by nexmark_queries.py: what is in scenarios/pipelines/nexmark. */')
print('#include "bench/nexmark.h"\n')
print('/* clang-format off */')
print('const struct mr_nexmark_query mr_nexmark_queries[] = {')
for path in sorted(files, key=number):
    print('    {%d,' % number(path))
    for line in open(path, encoding='utf-8').read().splitlines():
        if not line.startswith('#'):
            print('        "%s\\n"' % line.replace('\\', '\\\\').replace('"', '\\"'))
    print('    },')
print('    {-1, NULL},')
print('};')
