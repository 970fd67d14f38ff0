"""`./bench NAME`: runs one benchmark, with the options it prints for `./bench NAME --help`."""

import sys
from importlib import import_module
from pathlib import Path


def main(arguments: list[str]) -> int:
    names = sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py"))
    if not arguments or arguments[0] not in names:
        print("usage: ./bench NAME [--help]\n")
        for name in names:
            print(f"  {name:12} {(import_module(f'tests.bench.{name}').__doc__ or '').splitlines()[0]}")
        return 0 if not arguments or arguments[0] in ("-h", "--help") else 2
    import_module(f"tests.bench.{arguments[0]}").main(arguments[1:])
    return 0


sys.exit(main(sys.argv[1:]))
