"""Renders the Jinja templates of pipeline files, and makes YAML of the few transforms of Python's
Beam that a PyTransform may have, in an interpreter that user code never sees.

python_template.c holds this text, for the program to carry it along:

    python3 engine/expression/python_template.py > engine/expression/python_template_text.c

read_file and memory_bytes are functions of python_template.c: the text of a file or None, and
the memory that Python holds.
"""
import re
import sys
import types

sys.modules['_hashlib'] = None  # hashlib then uses its own code, not the host's OpenSSL

STEPS_MAX = 2000000
BYTES_MAX = 256 << 20
MARK = re.compile('\x01(\\d+):(\\d+)\x02')


def find_jinja():
    """Whether it can be imported; the interpreter itself knows only Python's own library."""
    import site
    for folder in site.getsitepackages() + ['/usr/lib/python3/dist-packages']:
        if folder not in sys.path:
            sys.path.append(folder)
    try:
        import jinja2.sandbox
    except ImportError:
        return False
    return jinja2.sandbox is not None


def still_datetime():
    """The module datetime, in which it is always the beginning of 1970."""
    import datetime as real

    class date(real.date):
        @classmethod
        def today(cls):
            return cls(1970, 1, 1)

    class datetime(real.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(0, tz or real.timezone.utc).replace(tzinfo=tz)

        @classmethod
        def today(cls):
            return cls.now()

        @classmethod
        def utcnow(cls):
            return cls.now()

    module = types.ModuleType('datetime')
    module.__dict__.update(real.__dict__)
    module.date, module.datetime = date, datetime
    return module


def marked(environment, source, number):
    """The template with `\\x01NUMBER:LINE\\x02` at the ends of the lines that it shows."""
    parts = []
    line = 1
    for _, kind, value in environment.lex(source):
        if kind == 'data':
            pieces = value.split('\n')
            for i, piece in enumerate(pieces[:-1]):
                parts.append('%s\x01%d:%d\x02\n' % (piece, number, line + i))
            parts.append(pieces[-1])
        else:
            parts.append(value)
        line += value.count('\n')
    parts.append('\x01%d:%d\x02' % (number, line))
    return ''.join(parts)


class Sources:
    """The files that a template is made of: the first is the pipeline itself."""

    def __init__(self, path, text):
        self.paths, self.texts = [path], [text]

    def get(self, name):
        if name in self.paths:
            return self.paths.index(name)
        text = read_file(name)
        if text is None:
            return -1
        self.paths.append(name)
        self.texts.append(text)
        return len(self.paths) - 1


class TooMuch(Exception):
    pass


class Steps:
    """Counts the lines of templates that run: a loop without an end must have one."""

    def __init__(self, sources):
        self.paths, self.left = sources.paths, STEPS_MAX
        self.bytes_max = memory_bytes() + BYTES_MAX

    def of_call(self, frame, event, argument):
        return self.of_line if frame.f_code.co_filename in self.paths else None

    def of_line(self, frame, event, argument):
        self.left -= 1
        if self.left < 0 or memory_bytes() > self.bytes_max:
            raise TooMuch()
        return self.of_line


def new_environment(sources, is_marking):
    import jinja2
    import jinja2.sandbox

    class Loader(jinja2.BaseLoader):
        def get_source(self, environment, name):
            number = sources.get(name)
            if number < 0:
                raise jinja2.TemplateNotFound(name)
            text = sources.texts[number]
            if is_marking:
                text = marked(environment, text, number)
            return text, sources.paths[number], lambda: True

    environment = jinja2.sandbox.SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, loader=Loader())

    def range_of(*bounds):
        for bound in bounds:
            if isinstance(bound, jinja2.Undefined):
                bound._fail_with_undefined_error()
        return jinja2.sandbox.safe_range(*bounds)

    environment.globals['range'] = range_of
    del environment.filters['random'], environment.globals['lipsum']  # never the same twice
    return environment


def render_once(sources, values, is_marking):
    template = new_environment(sources, is_marking).get_template(sources.paths[0])
    sys.settrace(Steps(sources).of_call)
    try:
        return template.render(dict(values, datetime=still_datetime()))
    finally:
        sys.settrace(None)


def origins(sources, values, text):
    """Of each line of the text (source, line), or None where that cannot be said."""
    shown = render_once(sources, values, True)
    if MARK.sub('', shown) != text:
        return None
    found, last = [], (0, 1)
    for line in reversed(shown.split('\n')):
        marks = MARK.findall(line)
        if marks:
            last = int(marks[0][0]), int(marks[0][1])
        found.append(last)
    return found[::-1]


def column_of(sources, number, line, message):
    """From 1: where the name stands that the message quotes, else the line's template."""
    lines = sources.texts[number].split('\n')
    text = lines[line - 1] if 0 < line <= len(lines) else ''
    quoted = re.match("'([^']+)'", message)
    at = -1
    if quoted:
        word = re.search(r'\b%s\b' % re.escape(quoted.group(1)), text)
        at = word.start() if word else -1
    if at < 0:
        opening = re.search(r'{[{%#]', text)
        at = opening.start() if opening else 0
    return at + 1


def fail(sources, error):
    import jinja2
    number, line = 0, 1
    message = str(error)
    if isinstance(error, jinja2.TemplateSyntaxError):
        message, line = error.message, error.lineno
        name = error.filename or error.name
        number = sources.paths.index(name) if name in sources.paths else 0
    else:
        trace = error.__traceback__
        while trace:
            name = trace.tb_frame.f_code.co_filename
            if name in sources.paths:
                number, line = sources.paths.index(name), trace.tb_lineno
            trace = trace.tb_next
    if isinstance(error, jinja2.TemplateNotFound):
        message = "template '%s' cannot be read" % error.name
    elif isinstance(error, (RecursionError, MemoryError, TooMuch)):
        message = 'the template takes too much: it includes itself, or loops too often'
    elif not isinstance(error, jinja2.TemplateError):
        message = '%s: %s' % (type(error).__name__, message)
    return message, number, line, column_of(sources, number, line, message)


def render(path, text, variables):
    """(sources, text, lines, None), or (sources, None, None, what is wrong)."""
    import json
    sources = Sources(path, text)
    try:
        values = json.loads(variables)
        if not isinstance(values, dict):
            raise ValueError('they must be an object')
    except ValueError as error:
        message = 'the variables for Jinja are no JSON object: %s' % error
        return sources, None, None, (message, -1, 1, 1, ())
    words = tuple(values) + ('datetime',)
    try:
        shown = render_once(sources, values, False)
        return sources, shown, origins(sources, values, shown), None
    except Exception as error:
        return sources, None, None, fail(sources, error) + (words,)


# ---- transforms of Python's Beam ----

class Unsupported(Exception):
    def __init__(self, text, line=0):
        Exception.__init__(self, text)
        self.line = line


HOMES = ('apache_beam', 'apache_beam.io', 'apache_beam.io.textio', 'apache_beam.transforms',
         'apache_beam.transforms.core', 'apache_beam.transforms.util', 'apache_beam.dataframe.io',
         'beam', 'beam.io', 'beam.util')
FOLDS = ('sum', 'min', 'max', 'any', 'all')


def known_name(name):
    """`Map` of `apache_beam.Map` and the like; the whole of what lies elsewhere."""
    home, _, last = name.rpartition('.')
    return last if home in HOMES else name


def arguments_of(name, names, args, kwargs, renamed={}):
    """The arguments by name; those that are not among the names are refused."""
    values = dict(zip(names, args))
    values.update((renamed.get(key, key), value) for key, value in kwargs.items())
    for key in values:
        if key not in names:
            raise Unsupported("'%s' of '%s' is not supported" % (key, name))
    return values


def plain_transform(name, args, kwargs):
    """(transforms, does it read anything) of a constructor that takes plain values."""
    known = known_name(name)
    if known in ('ReadFromCsv', 'ReadFromJson'):
        names = ['path', 'delimiter', 'comment', 'filename_column']
        config = arguments_of(name, names, args, kwargs, {'sep': 'delimiter'})
        return [{'type': known, 'config': config}], False
    if known == 'ReadFromText':
        config = arguments_of(name, ['path'], args, kwargs, {'file_pattern': 'path'})
        return [{'type': known, 'config': config},
                {'type': 'MapToFields', 'config': {'fields': {'element': 'line'}}}], False
    if known in ('WriteToCsv', 'WriteToJson', 'WriteToText'):
        config = arguments_of(name, ['path'], args, kwargs, {'file_path_prefix': 'path'})
        return [{'type': known, 'config': config}], True
    if known == 'Create':
        values = arguments_of(name, ['values', 'reshuffle'], args, kwargs)
        return [{'type': known, 'config': {'elements': values.get('values')}}], False
    if known == 'Reshuffle':
        return [{'type': known, 'config': arguments_of(name, ['num_buckets'], args, kwargs)}], True
    if known == 'LogElements':
        config = arguments_of(name, ['label', 'prefix', 'level'], args, kwargs)
        config.pop('label', None)
        return [{'type': 'LogForTesting', 'config': config}], True
    raise Unsupported("'%s' is code of Python that does not run here: mock it in 'tests'" % name)


class SourceReader:
    """What a function that only returns transforms of Beam returns, as transforms of YAML."""

    def __init__(self, source, kwargs, has_pcoll):
        import ast
        import textwrap
        self.ast, self.steps, self.is_raw = ast, [], False
        tree = ast.parse(textwrap.dedent(source))
        if not tree.body:
            raise Unsupported('the source is empty')
        last = tree.body[-1]
        arguments, body = self.function_of(last)
        names = [one.arg for one in arguments.args]
        has_pcoll = has_pcoll or any(
            (self.dotted(one) or '').endswith('ptransform_fn')
            for one in getattr(last, 'decorator_list', ()))
        self.pcoll = names.pop(0) if has_pcoll and names else None
        self.context = [ast.unparse(one) for one in tree.body[:-1] if not self.is_beam(one)]
        values = dict(zip(reversed(names), map(self.literal, reversed(arguments.defaults))))
        values.update(kwargs)
        for name in values:
            if name not in names:
                raise Unsupported("the source takes no '%s'" % name, last.lineno)
        for name in names:
            if name not in values:
                raise Unsupported("the source needs '%s'" % name, last.lineno)
            self.context.append('%s = %r' % (name, values[name]))
        self.values = values
        self.walk(self.result_of(body, last))

    def is_beam(self, node):
        names = [one.name for one in getattr(node, 'names', ()) if hasattr(one, 'name')]
        names.append(getattr(node, 'module', None) or '')
        return any(name.split('.')[0] == 'apache_beam' for name in names)

    def literal(self, node):
        try:
            return self.ast.literal_eval(node)
        except ValueError:
            raise Unsupported('only plain values can be defaults', node.lineno) from None

    def function_of(self, node):
        """The arguments and the statements of the function."""
        ast = self.ast
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Lambda):
            return node.value.args, [ast.Return(node.value.body)]
        if isinstance(node, ast.FunctionDef):
            return node.args, node.body
        self.refuse(node)

    def refuse(self, node):
        raise Unsupported('the source must end in a function that only returns transforms of '
                          'Beam', node.lineno)

    def result_of(self, body, node):
        """What is returned, where `if` asks nothing but the arguments."""
        ast = self.ast
        body = [one for one in body if not (
            isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
        while body and isinstance(body[0], ast.If):
            taken = body[0].body if self.holds(body[0].test) else body[0].orelse
            body = taken + body[1:]
        if not body or not isinstance(body[0], ast.Return) or not body[0].value:
            self.refuse(body[0] if body else node)
        return body[0].value

    def holds(self, test):
        """Of an argument, a plain value, a comparison of these, `not`, `and` and `or`."""
        ast = self.ast
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return not self.holds(test.operand)
        if isinstance(test, ast.BoolOp):
            found = [self.holds(one) for one in test.values]
            return all(found) if isinstance(test.op, ast.And) else any(found)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = self.value_of(test.left), self.value_of(test.comparators[0])
            names = {ast.Eq: '__eq__', ast.NotEq: '__ne__', ast.Is: '__eq__',
                     ast.IsNot: '__ne__', ast.In: '__contains__'}
            name = names.get(type(test.ops[0]))
            if name == '__contains__' and isinstance(right, (list, tuple, dict, str)):
                return left in right
            if name and name != '__contains__':
                return (left == right) == (name == '__eq__')
            self.refuse(test)
        return bool(self.value_of(test))

    def value_of(self, node):
        if isinstance(node, self.ast.Name) and node.id in self.values:
            return self.values[node.id]
        return self.literal(node)

    def dotted(self, node):
        ast = self.ast
        if isinstance(node, ast.Attribute):
            home = self.dotted(node.value)
            return home and home + '.' + node.attr
        return node.id if isinstance(node, ast.Name) else None

    def walk(self, node):
        ast = self.ast
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            self.walk(node.left)
            self.walk(node.right)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift):
            self.walk(node.right)
        elif isinstance(node, ast.Name) and node.id == self.pcoll:
            return
        elif isinstance(node, ast.Call) and self.dotted(node.func):
            self.call(node, known_name(self.dotted(node.func)))
        else:
            raise Unsupported("'%s' is no transform of Beam" % ast.unparse(node), node.lineno)

    def callable_of(self, node, extra=''):
        text = self.ast.unparse(node)
        if not self.context and not self.is_raw and not extra:
            return {'callable': text}
        value = 'row.element' if self.is_raw else 'row'
        return {'callable': '\n'.join(self.context + [
            'transform_function = ' + text,
            'def transform_row(row):',
            '    return transform_function(%s%s)' % (value, extra)])}

    def extra_of(self, node):
        texts = [self.ast.unparse(one) for one in node.args[1:]]
        texts += ['%s=%s' % (one.arg, self.ast.unparse(one.value)) for one in node.keywords]
        return ''.join(', ' + text for text in texts)

    def map_to(self, fields):
        self.steps.append({'type': 'MapToFields',
                           'config': {'language': 'python', 'fields': fields}})

    def row_fields(self, node):
        """Of `lambda x: beam.Row(a=..., b=...)`: its fields; None for any other function."""
        ast = self.ast
        body = node.body if isinstance(node, ast.Lambda) else None
        if not isinstance(body, ast.Call) or self.dotted(body.func) not in (
                'beam.Row', 'apache_beam.Row') or body.args:
            return None
        return {one.arg: self.callable_of(ast.copy_location(
            ast.Lambda(node.args, one.value), node)) for one in body.keywords}

    def call(self, node, name):
        if name in ('Map', 'FlatMap', 'Filter') and node.args:
            self.apply(node, name)
        elif name == 'Select':
            fields = {self.literal(one): self.literal(one) for one in node.args}
            fields.update((one.arg, self.callable_of(one.value)) for one in node.keywords)
            self.map_to(fields)
            self.is_raw = False
        elif name == 'CombineGlobally' and node.args and self.is_raw:
            self.fold(self.ast.unparse(node.args[0]), node)
        elif name.endswith('combiners.Count.Globally'):
            self.fold('count', node)
            self.is_raw = True
        elif name.endswith('combiners.Mean.Globally') and self.is_raw:
            self.fold('mean', node)
        else:
            args = [self.literal(one) for one in node.args]
            kwargs = {one.arg: self.literal(one.value) for one in node.keywords}
            try:
                steps, _ = plain_transform(name, args, kwargs)
            except Unsupported as error:
                raise Unsupported(str(error), node.lineno) from None
            self.steps += steps

    def apply(self, node, name):
        function, extra = node.args[0], self.extra_of(node)
        fields = self.row_fields(function) if name == 'Map' and not extra else None
        if name == 'Filter':
            self.steps.append({'type': 'Filter', 'config': {
                'language': 'python', 'keep': self.callable_of(function, extra)}})
            return
        self.map_to(fields or {'element': self.callable_of(function, extra)})
        self.is_raw = fields is None
        if name == 'FlatMap':
            self.steps.append({'type': 'Explode', 'config': {'fields': 'element'}})

    def fold(self, function, node):
        if function not in FOLDS + ('count', 'mean'):
            raise Unsupported("combining with '%s' is not supported" % function, node.lineno)
        value = 'element' if self.is_raw else '1'
        self.steps.append({'type': 'Combine', 'config': {
            'language': 'python', 'group_by': [],
            'combine': {'element': {'value': value, 'fn': function}}}})


def transform_of(config_text):
    """(a chain as JSON, None), or (None, (what is wrong, its line in the source or 0))."""
    import json
    config = json.loads(config_text)
    name, args, kwargs = config['constructor'], config.get('args') or [], config.get('kwargs') or {}
    try:
        if name in ('__constructor__', '__callable__', '__source__'):
            source = kwargs.pop('source', None)
            if not isinstance(source, str) or args:
                raise Unsupported("'%s' needs a text as 'kwargs.source', and no 'args'" % name)
            steps = SourceReader(source, kwargs, name == '__callable__').steps
            if not steps:
                raise Unsupported('the source has no transform')
            is_reader = True
        else:
            steps, is_reader = plain_transform(name, args, kwargs)
        chain = {'type': 'chain', 'transforms': steps}
        if is_reader:
            chain['input'] = 'input'
        return json.dumps(chain), None
    except SyntaxError as error:
        return None, ('the source is no Python: %s' % error.msg, error.lineno or 0)
    except Unsupported as error:
        return None, (str(error), error.line)


if globals().get('__name__') == '__main__':  # never so inside of Millrace
    print('/* Written by python_template.py: its own text. */')
    print('#include "engine/expression/python_internal.h"\n')
    print('/* clang-format off */')
    print('const char *const mr_python_template[] = {')
    for line in open(__file__, encoding='utf-8'):
        print('    "%s\\n",' % line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"'))
    print('    NULL,\n};')
