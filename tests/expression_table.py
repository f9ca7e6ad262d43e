#!/usr/bin/env python3
"""Writes expression_table.h: what Python itself makes of the expressions that Millrace compiles, row by row.

    python3 tests/expression_table.py > tests/expression_table.h

An integer that leaves 64 bits on the way is Millrace's own error: each operation and each call is wrapped to see it.
"""
import ast
import sys

N_ROWS = 32

INTS = [0, 1, -1, 7, -7, 2, 3, -3, 10, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63),
        -(2**63) + 1, 1000000007, 2**31, -(2**31), 2**62, 86400, 3037000500]
FLOATS = [0.0, -0.0, 1.0, -1.5, 2.5, -2.5, 3.0, -7.0, float("inf"), float("-inf"), float("nan"),
          2.0**53, 2.0**53 + 2, 2.0**63, -(2.0**63), 1e308, -1e308, 5e-324, 2.2250738585072014e-308,
          0.1, 0.3, 1e16, 123456789.125, 1e-5, 1e300, 9007199254740993.0, 1e22, 0.5]
TEXTS = ["", "abc", "ABC", "a", "Stra\u00dfe", "\u0391\u03a3", "\u0130zmir", "\u65e5\u672c\u8a9e", "\U0001f600",
         " 12 ", "-7", "1_000", "0x10", "1e5", "nan", "-Infinity", "9223372036854775807",
         "-9223372036854775808", "9223372036854775808", "a text of more than twelve bytes",
         "a text of more than twelve letters", "\uff11\uff12", "1.5", "abcabcabcabc", "abcabcabcabcd",
         "\ufb03", "True", "+5", "1__0", "\u2003 3\u00a0", "7_.5"]
BYTES = [b"", b"ab", b"abc", b"\xff\x00\x01", b"more than twelve bytes of it"]


def cycle(values, start, step):
    return [values[(start + i * step) % len(values)] for i in range(N_ROWS)]


def with_nulls(values, step):
    return [None if i % step == step - 1 else value for i, value in enumerate(values)]


COLUMNS = {
    "i": cycle(INTS, 0, 1),
    "j": cycle(INTS, 3, 5),
    "n": with_nulls(cycle(INTS, 1, 4), 4),
    "f": cycle(FLOATS, 0, 1),
    "g": cycle(FLOATS, 2, 11),
    "x": with_nulls(cycle(FLOATS, 5, 3), 3),
    "b": cycle([True, False], 0, 1),
    "c": with_nulls(cycle([True, True, False], 0, 1), 5),
    "s": cycle(TEXTS, 0, 1),
    "t": cycle(TEXTS, 1, 7),
    "u": with_nulls(cycle(TEXTS, 9, 1), 4),
    "y": cycle(BYTES, 0, 1),
    "z": with_nulls(cycle(BYTES, 1, 2), 6),
}
TYPES = {"i": "INT", "f": "FLOAT", "b": "BOOL", "s": "STRING", "y": "BYTES"}
KIND = {"i": "i", "j": "i", "n": "i", "f": "f", "g": "f", "x": "f", "b": "b", "c": "b", "s": "s",
        "t": "s", "u": "s", "y": "y", "z": "y"}

ARITHMETIC = ["+", "-", "*", "/", "//", "%"]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]
NUMBERS = [("i", "j"), ("f", "g"), ("i", "f"), ("g", "j"), ("b", "i"), ("b", "c"), ("n", "x"), ("c", "f")]

VALUES = (
    [f"{a} {op} {b}" for op in ARITHMETIC for a, b in NUMBERS]
    + [f"{a} {op} {b}" for op in COMPARISONS
       for a, b in NUMBERS[:-2] + [("s", "t"), ("y", "y")]]
    + [f"{a} {op} {b}" for op in ("==", "!=") for a, b in (("n", "i"), ("x", "n"), ("u", "s"), ("z", "y"),
                                                         ("n", "None"), ("None", "u"), ("c", "b"))]
    + [f"{a} {op} {b}" for op in ("<", ">=") for a, b in (("n", "i"), ("u", "s"), ("z", "y"), ("c", "x"))]
    + [f"{f}({a})" for f in ("abs", "-", "+", "int", "float", "str") for a in "injfxbc"]
    + [f"{f}({a})" for f in ("int", "float", "str", "len") for a in "stu"]
    + [f"{a}.{f}()" for f in ("upper", "lower") for a in "su"]
    + [f"len({a})" for a in "yz"]
    + ["str(None)", "str(int(f))", "float(str(f))", "int(str(i))", "float(str(i))", "str(f).upper()"]
    + ["s + t", "u + s", "y + z", "s + '' + t + u", "'<' + s + '>'", "'a text that is long enough' + s"]
    + ["s.startswith(t)", "s.startswith('a')", "u.startswith(s)", "s.startswith(u)", "u.startswith(str(1 // i))",
       "y.startswith(z)", "s.startswith('')", "s.lower().startswith('abc')", "(s + t).startswith(s)"]
    + [f"{m}({a})" for m in ("min", "max") for a in ("i, j", "f, g", "i, n, 3", "s, t", "u, s", "b, c", "y, z",
                                                     "f, x, g, 1.0", "-0.0, 0.0", "0.0, -0.0, f", "n, 1 // i")]
    + ["i and j", "i or j", "n and i", "n or i", "i and n", "i or n", "f and g", "f or g", "s and t", "u or s",
       "u and s", "b and c", "c or b", "n or 0", "u or ''", "None or i", "None and i", "i and None", "s or None",
       "y or z", "i and 1 // i", "i or 1 // j", "n is None or n > 3", "n is not None and n > 3", "n and 7 // n",
       "not i", "not f", "not s", "not u", "not n", "not y", "not None", "not (i and f)", "not (s or n)"]
    + ["i if b else j", "f if i else g", "s if f else t", "u if c else s", "None if b else i", "i if b else None",
       "1 // i if i else 0", "n if n is not None else -1", "y if i > 0 else z", "int(s) if s.startswith('1') else 0",
       "b if n else c", "'yes' if i < j else 'no: a long one, this'", "len(s) if s else 1 // 0", "i if x else j",
       "(i if b else j) + (j if c else i)", "1 if i else 2 if j else 3", "i if not (f and s) else j",
       "i if (s if b else f) else j", "i if (f or s) else j"]
    + ["i < j < 3", "0 <= i <= 10", "i < j == b", "f < g < 1 // i", "i < n < j", "n == i == j", "s < t < u",
       "i != j != i", "f == f", "i < f < j < g", "1 < 2 < 1 // i", "i > j > 1 // 0", "n != None != u", "b < i < f"]
    + [f"{a} is {test}" for a in "inxcuz" for test in ("None", "not None")]
    + ["(i + j) is None", "(n or 1) is not None", "i + j * 2 - 3", "(i + j) * (i - j)", "-i * -j", "- - i", "-n",
       "i // 60 * 60", "i % 7 == 0", "i % -7", "i // -7", "-i // 2", "f // 1", "f % 1", "f // -2.5", "f % -2.5",
       "f % 0.1", "f // 0.1", "f % 5e-324", "f // 5e-324", "1e308 % f", "1e300 // f", "i / 3", "i / -7", "1 / i",
       "i / 9007199254740993", "i / j / 3", "i * 0.5",
       "f * 0", "f - f",
       "f / 3", "i + 0.0", "i - 0.5 * j", "abs(i) + abs(f)", "abs(-0.0)", "-0.0", "1_000 + 0x10 + 0b11 + 0o17",
       "1e3", ".5", "5.", "9223372036854775807", "-9223372036854775808", "True + True", "True", "False", "3", "'x'",
       "r'a\\b' 'c'", "'\\u00df\\n\\x41\\101'", "\"it's\"", "int(-1.9)", "int(1e18)", "int('12')", "float('1e400')",
       "len('\\u65e5\\u672c')", "abs(True)", "-True", "+b", "str(True)", "str(1e16)", "str(0.1 + 0.2)",
       "str(1e22)", "str(i) + str(f) + s", "len(str(f))", "len(s) * 2 + len(t)", "i == True", "f == i", "f < 1",
       "min(len(s), len(t), 3)", "max(str(i), s)", "min(float(i), f)", "max(i // 2, j % 5)",
       "int(f) // 2", "int(float(i))", "float(int(f))", "int(s) + 1", "float(s) * 2", "int(u)", "float(u)",
       "s.upper() == t.upper()", "s.upper().lower()", "s.lower().upper()", "i * i", "i * j * 2", "i + i", "i - -1",
       "i // -1", "i % -1", "-9223372036854775808 // j", "i / 9007199254740995", "9007199254740995 / j",
       "9223372036854775807 < 9223372036854775808.0", "i == 9223372036854775807.0", "i < 9223372036854775808.0",
       "-9223372036854775808.0 <= i", "9007199254740993 == 9007199254740992.0", "9223372036854775808.0 > i > f",
       "s == 'abc'", "s != 'a text of more than twelve bytes'", "s < 'b'", "s >= 'abcabcabcabc'"]
)

KEEPS = ["i", "f", "s", "u", "n", "x", "y", "z", "c", "None", "i and s", "i or s", "s if b else i", "n and 1 // n",
         "u or f and i", "not (i and s)", "i > 3 and s", "i < j or u", "(s or i) and (f or u)", "1 // i", "s + t",
         "i and None", "None or s", "(i if b else s) if c else f", "n and u and x", "n or u or x or 1 // 0",
         "i is not None and s", "f and 1 / f > 0", "'a'", "0.0", "c"]


class OutOfRange(Exception):
    pass


def check(value):
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise OutOfRange()
    return value


class Wrap(ast.NodeTransformer):
    def wrap(self, node):
        self.generic_visit(node)
        call = ast.Call(func=ast.Name("__check", ast.Load()), args=[node], keywords=[])
        return ast.copy_location(call, node)

    visit_BinOp = visit_UnaryOp = visit_Call = wrap


def evaluate(code, row):
    """The value, or the name of the row's error."""
    try:
        return check(eval(code, {"__check": check}, dict(row)))
    except OutOfRange:
        error = "OVERFLOW"
    except ZeroDivisionError:
        error = "ZERO_DIVISION"
    except (TypeError, AttributeError):
        error = "TYPE"
    except ValueError:
        error = "VALUE"
    except OverflowError as overflow:
        assert "infinity to integer" in str(overflow), overflow
        error = "FLOAT_RANGE"
    return OutOfRange(error)  # not raised: an error as a value


def text_literal(data):
    """As C; a hexadecimal escape must not run into what follows, so all others are octal."""
    out = "".join(chr(c) if 32 <= c < 127 and chr(c) not in '"\\?' else f"\\{c:03o}" for c in data)
    return f'"{out}"'


def cell(value):
    if isinstance(value, OutOfRange):
        return f"E({value.args[0]})"
    if value is None:
        return "NONE"
    if isinstance(value, bool):
        return f"B({int(value)})"
    if isinstance(value, int):
        return "I(INT64_MIN)" if value == -(2**63) else f"I({value})"
    if isinstance(value, float):
        if value != value:
            return "F(__builtin_nan(\"\"))"
        if value in (float("inf"), float("-inf")):
            return "F(__builtin_inf())" if value > 0 else "F(-__builtin_inf())"
        return f"F({value.hex()})"
    data = value.encode() if isinstance(value, str) else value
    return f"{'S' if isinstance(value, str) else 'Y'}({text_literal(data)}, {len(data)})"


def print_cells(cells):
    line = "       "
    for text in cells:
        if len(line) + len(text) + 2 > 118:
            print(line)
            line = "       "
        line += f" {text},"
    print(line)


def print_table(name, expressions, rows, convert):
    print(f"\nstatic const struct expression_case {name}[] = {{")
    for text in expressions:
        code = compile(ast.fix_missing_locations(Wrap().visit(ast.parse(text, mode="eval"))), text, "eval")
        values = [convert(evaluate(code, row)) for row in rows]
        kinds = {type(value) for value in values if value is not None and not isinstance(value, OutOfRange)}
        assert len(kinds) <= 1, (text, kinds)
        print(f"    {{{text_literal(text.encode())}, {{")
        print_cells(cell(value) for value in values)
        print("    }},")
    print("};")


def main():
    rows = [dict(zip(COLUMNS, values)) for values in zip(*COLUMNS.values())]
    print("/* Generated by expression_table.py from what Python computes. Do not edit. */")
    print("#ifndef MR_TESTS_EXPRESSION_TABLE_H\n#define MR_TESTS_EXPRESSION_TABLE_H\n")
    print('#include "tests/expression_rows.h"\n')
    print("/* clang-format off */")
    print(f"enum {{ TABLE_FIELDS = {len(COLUMNS)}, TABLE_ROWS = {N_ROWS} }};\n")
    print("static const struct mr_field table_fields[TABLE_FIELDS] = {")
    for name, values in COLUMNS.items():
        print(f'    {{"{name}", MR_TYPE_{TYPES[KIND[name]]}, {str(None in values).lower()}, NULL}},')
    print("};\n")
    print("static const struct expression_cell table_rows[TABLE_ROWS][TABLE_FIELDS] = {")
    for row in rows:
        print("    {")
        print_cells(cell(value) for value in row.values())
        print("    },")
    print("};\n")
    print("struct expression_case {\n    const char *text;\n    struct expression_cell expected[TABLE_ROWS];\n};")
    print_table("value_cases", list(dict.fromkeys(VALUES)), rows, lambda value: value)
    print_table("keep_cases", list(dict.fromkeys(KEEPS)), rows,
                lambda value: value if isinstance(value, OutOfRange) else bool(value))
    print("\n#endif")


if __name__ == "__main__":
    sys.exit(main())
