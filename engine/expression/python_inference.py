"""What an expression yields, as far as its text tells.

python_inference.c holds this text; it is run in the globals of python_prelude.py, before it:

    python3 engine/expression/python_inference.py > engine/expression/python_inference.c
"""
import ast

NUMBERS = ('boolean', 'integer', 'float')
CALLS = {
    'str': 'string', 'repr': 'string', 'format': 'string', 'chr': 'string', 'hex': 'string',
    'oct': 'string', 'bin': 'string', 'ascii': 'string', 'len': 'integer', 'int': 'integer',
    'ord': 'integer', 'hash': 'integer', 'float': 'float', 'bool': 'boolean',
    'isinstance': 'boolean', 'any': 'boolean', 'all': 'boolean', 'callable': 'boolean',
    'hasattr': 'boolean', 'list': 'list', 'sorted': 'list', 'dict': 'map', 'bytes': 'bytes',
}
TEXT_METHODS = {
    'string': 'capitalize casefold center expandtabs format join ljust lower lstrip '
              'removeprefix removesuffix replace rjust rstrip strip swapcase title translate '
              'upper zfill format_map',
    'boolean': 'endswith isalnum isalpha isascii isdecimal isdigit isidentifier islower '
               'isnumeric isprintable isspace istitle isupper startswith',
    'integer': 'count find index rfind rindex',
    'list': 'split rsplit splitlines',
    'bytes': 'encode',
}
METHODS = {name: word for word, names in TEXT_METHODS.items() for name in names.split()}


class Inference:
    """Words of types; None where the text does not tell. Never wrong, but that a value may be None."""

    def __init__(self, types, bound, row=None):
        self.types = types
        self.bound = bound
        self.row = row

    def of(self, node):
        method = getattr(self, type(node).__name__, None)
        word = method(node) if method else None
        return None if word in ('any', 'null') else word

    def same(self, nodes):
        words = {self.of(node) for node in nodes}
        return words.pop() if len(words) == 1 else None

    def field(self, name):
        return self.types.get(name)

    def Constant(self, node):
        return {bool: 'boolean', int: 'integer', float: 'float', str: 'string',
                bytes: 'bytes'}.get(type(node.value))

    def JoinedStr(self, node):
        return 'string'

    def Compare(self, node):
        return 'boolean'

    def Name(self, node):
        return None if self.row or node.id in self.bound else self.field(node.id)

    def Attribute(self, node):
        is_row = self.row and isinstance(node.value, ast.Name) and node.value.id == self.row
        return self.field(node.attr) if is_row else None

    def BoolOp(self, node):
        return self.same(node.values)

    def IfExp(self, node):
        return self.same([node.body, node.orelse])

    def UnaryOp(self, node):
        if isinstance(node.op, ast.Not):
            return 'boolean'
        word = self.of(node.operand)
        if word not in NUMBERS:
            return None
        return 'float' if word == 'float' else 'integer'

    def BinOp(self, node):
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(node.op, ast.Mod) and left == 'string':
            return 'string'
        if isinstance(node.op, ast.Add) and left == right and left in ('string', 'bytes', 'list'):
            return left
        if isinstance(node.op, ast.Mult):
            for text, times in ((left, right), (right, left)):
                if text in ('string', 'bytes', 'list') and times in ('integer', 'boolean'):
                    return text
        if left not in NUMBERS or right not in NUMBERS:
            return None
        is_float = 'float' in (left, right)
        if isinstance(node.op, ast.Div):
            return 'float'
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)):
            return 'float' if is_float else 'integer'
        if isinstance(node.op, (ast.Pow, ast.LShift)):
            return None  # perhaps a float, or too big for a column of integers
        return None if is_float or 'boolean' in (left, right) else 'integer'

    def Call(self, node):
        function = node.func
        if isinstance(function, ast.Attribute):
            owner = self.of(function.value)
            if owner == 'string':
                return METHODS.get(function.attr)
            return 'string' if owner == 'bytes' and function.attr == 'decode' else None
        if not isinstance(function, ast.Name) or function.id in self.bound:
            return None
        if function.id in self.types and not self.row:
            return None
        words = [self.of(argument) for argument in node.args]
        if function.id in ('min', 'max'):
            return self.same(node.args) if len(words) > 1 and not node.keywords else None
        if function.id in ('abs', 'round') and len(words) == 1 and words[0] in NUMBERS:
            is_float = function.id == 'abs' and words[0] == 'float'
            return 'float' if is_float else 'integer'
        if function.id == 'round' and len(words) == 2 and words[0] == 'float':
            return 'float'
        return CALLS.get(function.id)

    def Subscript(self, node):
        word = self.of(node.value)
        if word == 'string' or isinstance(node.slice, ast.Slice):
            return word if word in ('string', 'bytes', 'list') else None
        return 'integer' if word == 'bytes' else None

    def List(self, node):
        return 'list'

    ListComp = List

    def Dict(self, node):
        return 'map'

    DictComp = Dict


def type_of_function(tree, function, types):
    """Of what the callable returns, where each way out says the same."""
    if not isinstance(function, (ast.FunctionDef, ast.Lambda)):
        return None
    arguments = function.args.posonlyargs + function.args.args
    if len(arguments) != 1:
        return None
    row = arguments[0].arg
    bound = bound_names(tree) | {getattr(node, 'name', None) for node in ast.walk(tree)}
    stored = [node for node in ast.walk(tree) if isinstance(node, ast.Name)
              and node.id == row and not isinstance(node.ctx, ast.Load)]
    taken = [node for node in ast.walk(tree) if isinstance(node, ast.arg) and node.arg == row]
    if stored or len(taken) > 1:
        return None
    inference = Inference(types, bound, row)
    if isinstance(function, ast.Lambda):
        return inference.of(function.body)
    inner = [node for node in ast.walk(function) if isinstance(
        node, (ast.FunctionDef, ast.Lambda, ast.Yield, ast.YieldFrom)) and node is not function]
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    if inner or function.decorator_list or not returned or None in returned:
        return None
    return inference.same(returned)


if globals().get('__name__') == '__main__':  # never so inside of Millrace
    print('/* Written by python_inference.py: its own text. */')
    print('#include "engine/expression/python_internal.h"\n')
    print('/* clang-format off */')
    print('const char *const mr_python_inference[] = {')
    for line in open(__file__, encoding='utf-8'):
        print('    "%s\\n",' % line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"'))
    print('    NULL,\n};')
