"""What a function of a pipeline may see of Python, how its text is read, and how its exceptions are told.

python_prelude.c holds this text, for the program to carry it along:

    python3 engine/expression/python_prelude.py > engine/expression/python_prelude.c

clock_us, row_key and row_serial are functions of python.c.
"""
import ast
import builtins
import sys
import types

sys.setrecursionlimit(500)
sys.modules['_hashlib'] = None  # hashlib then uses its own code, not the host's OpenSSL

ALLOWED = frozenset(
    '__future__ abc apache_beam base64 binascii bisect calendar cmath collections copy dataclasses '
    'datetime decimal enum fractions functools hashlib heapq html itertools json math '
    'numbers operator random re statistics string struct textwrap time types typing '
    'unicodedata urllib zlib'.split())
INNER = frozenset(('_strptime', '_decimal', '_datetime'))
REFUSED = frozenset(
    'breakpoint compile copyright credits delattr eval exec exit help input license open '
    'quit setattr'.split())
PLAIN_CALLS = frozenset(
    'abs bool bytes chr divmod float format hash int isinstance len max min ord repr round '
    'str tuple'.split())
PLAIN_METHODS = frozenset(
    'capitalize casefold count endswith find get isalnum isalpha isdigit islower isspace '
    'isupper join lower lstrip partition removeprefix removesuffix replace rfind rpartition '
    'rsplit rstrip split startswith strip swapcase title upper zfill'.split())
ROW_NAMES = frozenset(('_asdict', 'as_dict', '_fields'))


class Refused(Exception):
    """What stops a pipeline from being read: a text, a line from 1, a column from 0."""

    def __init__(self, text, line=0, column=0):
        Exception.__init__(self, text)
        self.line = line
        self.column = column


class Runaway(BaseException):
    pass


# ---- the world as a function sees it ----

LIBRARY = tuple(folder + "/" for folder in sys.path)


def may_open(path, mode, flags):
    if not isinstance(path, str) or mode not in ("r", "rb") or not path.startswith(LIBRARY):
        raise RuntimeError("'open' is not available to a function of a pipeline")


def refusing(name):
    def refused(*arguments, **named):
        raise RuntimeError("'%s' is not available to a function of a pipeline" % name)
    refused.__name__ = refused.__qualname__ = name
    return refused


def quiet_print(*arguments, **named):
    pass


def pure_iter(*arguments):
    if len(arguments) != 1:
        raise RuntimeError("'iter' with a sentinel is not available to a function of a pipeline")
    return iter(arguments[0])


def hash_by_name(self):
    return hash(type(self).__qualname__)


def repr_by_name(self):
    return '<%s object>' % type(self).__qualname__


def pure_class(function, name, *bases, **named):
    """Classes whose objects are hashed and shown by their address are not the same twice."""
    made = builtins.__build_class__(function, name, *bases, **named)
    if made.__hash__ is object.__hash__:
        made.__hash__ = hash_by_name
    if made.__repr__ is object.__repr__:
        made.__repr__ = repr_by_name
    return made


def import_error(name):
    return ImportError("module '%s' is not available to a function of a pipeline" % name)


def is_allowed(name):
    root = name.partition('.')[0]
    return root in ALLOWED and (root != 'urllib' or name in ('urllib', 'urllib.parse'))


def copied(module):
    copy = types.ModuleType(module.__name__)
    copy.__dict__.update(module.__dict__)
    return copy


def virtual_time():
    real = sys.modules.get('time') or builtins.__import__('time')
    module = types.ModuleType('time')

    def now_ns():
        return clock_us() * 1000

    def now():
        return clock_us() / 1000000

    def gmtime(seconds=None):
        return real.gmtime(now() if seconds is None else seconds)

    def strftime(form, moment=None):
        return real.strftime(form, gmtime() if moment is None else moment)

    def mktime(moment):
        return float(builtins.__import__('calendar').timegm(moment))

    def ctime(seconds=None):
        return real.asctime(gmtime(seconds))

    def asctime(moment=None):
        return real.asctime(gmtime() if moment is None else moment)

    for name in ('time', 'monotonic', 'perf_counter', 'process_time', 'thread_time'):
        setattr(module, name, now)
        setattr(module, name + '_ns', now_ns)
    module.gmtime = module.localtime = gmtime
    module.strftime, module.mktime, module.ctime = strftime, mktime, ctime
    module.asctime, module.strptime = asctime, real.strptime
    module.sleep = refusing('time.sleep')
    module.struct_time = real.struct_time
    module.timezone = module.altzone = module.daylight = 0
    module.tzname = ('UTC', 'UTC')
    return module


real_datetime = None
datetime_module = None


def virtual_datetime():
    """The module with clocks that stand at the row's time, and with UTC as the local zone."""
    global real_datetime, datetime_module
    if datetime_module:
        return datetime_module
    real_datetime = real = builtins.__import__('datetime')
    utc = real.timezone.utc

    class date(real.date):
        @classmethod
        def today(cls):
            return cls.fromtimestamp(clock_us() // 1000000)

        @classmethod
        def fromtimestamp(cls, seconds):
            day = real.datetime.fromtimestamp(seconds, utc)
            return cls(day.year, day.month, day.day)

    class datetime(real.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(clock_us() / 1000000, tz)

        @classmethod
        def today(cls):
            return cls.now()

        @classmethod
        def utcnow(cls):
            return cls.now()

        @classmethod
        def fromtimestamp(cls, seconds, tz=None):
            moment = super().fromtimestamp(seconds, utc)
            return moment.replace(tzinfo=None) if tz is None else moment.astimezone(tz)

        def timestamp(self):
            moment = self if self.tzinfo else self.replace(tzinfo=utc)
            return super(datetime, moment).timestamp()

        def astimezone(self, tz=None):
            moment = self if self.tzinfo else self.replace(tzinfo=utc)
            return super(datetime, moment).astimezone(utc if tz is None else tz)

    for made in (date, datetime):
        made.__module__, made.__qualname__ = 'datetime', made.__name__
    module = copied(real)
    module.date, module.datetime = date, datetime
    module.__dict__.pop('datetime_CAPI', None)
    datetime_module = module
    return module


def virtual_random():
    """Draws that are a function of the run's seed, the function and its row."""
    real = builtins.__import__('random')

    class Random(real.Random):
        def seed(self, a=None, version=2):
            super().seed(row_key() if a is None else a, version)

    drawer = Random(0)
    key = [None]

    def keyed(name):
        method = getattr(drawer, name)

        def draw(*arguments, **named):
            now = row_serial()
            if key[0] != now:
                key[0] = now
                drawer.seed(row_key())
            return method(*arguments, **named)
        draw.__name__ = draw.__qualname__ = name
        return draw

    module = types.ModuleType('random')
    for name in dir(real.Random):
        if not name.startswith('_') and name not in ('VERSION', 'seed', 'getstate', 'setstate'):
            setattr(module, name, keyed(name))
    module.Random = Random
    module.seed = quiet_print
    module.SystemRandom = refusing('random.SystemRandom')
    return module


def virtual_itertools():
    real = builtins.__import__('itertools')
    module = copied(real)

    def repeat(value, times):
        return real.repeat(value, times)

    module.repeat = repeat
    module.cycle = refusing('itertools.cycle')
    return module


VIRTUAL = {
    'time': virtual_time,
    'datetime': lambda: copied(virtual_datetime()),
    'random': virtual_random,
    'itertools': virtual_itertools,
    'apache_beam': lambda: new_beam(),
}


def importer():
    """An __import__ whose modules are copies: what is set on them stays with this worker."""
    seen = {}

    def one(name):
        if name not in seen:
            make = VIRTUAL.get(name)
            if name.startswith('apache_beam.'):
                above, _, last = name.rpartition('.')
                if not hasattr(one(above), last):
                    raise import_error(name)
                seen[name] = getattr(one(above), last)
            elif make:
                seen[name] = make()
            else:
                builtins.__import__(name)
                seen[name] = copied(sys.modules[name])
        return seen[name]

    def pure_import(name, globals=None, locals=None, fromlist=(), level=0):
        if name in INNER:
            return builtins.__import__(name, globals, locals, fromlist, level)
        if level or not is_allowed(name):
            raise import_error(name)
        parts = name.split('.')
        modules = [one('.'.join(parts[:i + 1])) for i in range(len(parts))]
        for i in range(1, len(modules)):
            setattr(modules[i - 1], parts[i], modules[i])
        for child in fromlist or ():
            deeper = name + '.' + child
            if not hasattr(modules[-1], child) and is_allowed(deeper) and '.' not in child:
                setattr(modules[-1], child, one(deeper))
        return modules[-1] if fromlist else modules[0]

    return pure_import


def new_world():
    """The builtins of one worker."""
    world = {}
    for name, value in builtins.__dict__.items():
        if name not in ('__spec__', '__loader__', '__debug__', '_'):
            world[name] = refusing(name) if name in REFUSED else value
    world['id'] = refusing('id')
    world['print'] = quiet_print
    world['iter'] = pure_iter
    world['__build_class__'] = pure_class
    world['__import__'] = importer()
    return world


# ---- reading ----

def dedented(text):
    lines = [line for line in text.expandtabs(8).split('\n')]
    margins = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    margin = min(margins) if margins else 0
    return '\n'.join(line[margin:] for line in lines), margin


def is_plain(tree):
    """Whether it ends by itself: no loop, and no call of what may have one."""
    functions = 0
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.While, ast.comprehension, ast.ClassDef, ast.Yield,
                             ast.YieldFrom, ast.Import, ast.ImportFrom, ast.With, ast.Starred,
                             ast.Pow, ast.LShift, ast.Await, ast.AsyncFunctionDef)):
            return False
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            functions += 1
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            return False
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name):
                if function.id not in PLAIN_CALLS:
                    return False
            elif not isinstance(function, ast.Attribute) or function.attr not in PLAIN_METHODS:
                return False
    return functions <= 1


def check_imports(tree):
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ['.' * node.level + (node.module or '')]
        for name in names:
            if not is_allowed(name):
                raise Refused(str(import_error(name)), node.lineno, node.col_offset)


def bound_names(tree):
    bound = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return bound


def parse(text, mode, shift):
    try:
        return ast.parse(text, mode=mode)
    except SyntaxError as error:
        raise Refused('syntax error: %s' % error.msg, error.lineno or 1,
                      max((error.offset or 1) - 1 - shift, 0)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Refused('syntax error: %s' % error) from None


def read_expression(text, fields, types):
    """(code, fields that it takes, is it plain, None, type): a lambda of the fields it names."""
    if '\n' in text.strip():
        tree = parse('(' + text + '\n)', 'eval', 1)
    else:
        blanks = len(text) - len(text.lstrip())
        tree = parse(text.strip(), 'eval', -blanks)
        for node in ast.walk(tree):
            if hasattr(node, 'col_offset'):
                node.col_offset += blanks + 1
    bound = bound_names(tree)
    used = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used.setdefault(node.id, node)
        elif isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom)):
            raise Refused("syntax error: 'await' and 'yield' cannot stand here", node.lineno,
                          max(node.col_offset - 1, 0))
    for name, node in used.items():
        if (name not in fields and name not in bound and name != 'beam'
                and not hasattr(builtins, name)):
            raise Refused("?" + name, node.lineno, max(node.col_offset - 1, 0))
    taken = tuple(name for name in fields if name in used)
    code = compile('lambda %s: (%s\n)' % (', '.join(taken), text), '<expression>', 'eval')
    return code, taken, is_plain(tree), None, Inference(types, bound).of(tree.body)


def check_fields(tree, function, fields):
    """row.x, where row is the first argument and never anything else, must be a field."""
    arguments = function.args.posonlyargs + function.args.args
    if not arguments or not fields:
        return
    row = arguments[0].arg
    stored = [node for node in ast.walk(tree) if isinstance(node, ast.Name)
              and node.id == row and not isinstance(node.ctx, ast.Load)]
    taken = [node for node in ast.walk(tree) if isinstance(node, ast.arg) and node.arg == row]
    if stored or len(taken) > 1:
        return
    for node in ast.walk(function):
        if (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
                and node.value.id == row and node.attr not in fields
                and node.attr not in ROW_NAMES and not node.attr.startswith('__')):
            raise Refused("?" + node.attr, node.lineno,
                          node.value.end_col_offset + 1)


def is_dotted(text):
    return all(part.isidentifier() for part in text.split('.'))


def read_callable(text, fields, types, target):
    """(code, None, is it plain, name of the callable, type)."""
    bare = text.strip()
    if not target and is_dotted(bare):
        return read_dotted(bare)
    text, margin = dedented(text)
    tree = parse(text, 'exec', -margin)
    if not tree.body:
        raise Refused('the callable is empty')
    check_imports(tree)
    last = tree.body[-1]
    function = None
    if target:
        tops = {getattr(node, 'name', None): node for node in tree.body}
        function = tops.get(target.partition('.')[0])
    elif isinstance(last, (ast.FunctionDef, ast.ClassDef)):
        target, function = last.name, last
    elif isinstance(last, ast.Expr):
        target, function = '__callable__', last.value
        name = ast.copy_location(ast.Name(target, ast.Store()), last)
        tree.body[-1] = ast.copy_location(ast.Assign([name], last.value), last)
    else:
        raise Refused('a callable ends in a def, a class or an expression', last.lineno,
                      last.col_offset + margin)
    if fields and isinstance(function, (ast.FunctionDef, ast.Lambda)):
        check_fields(tree, function, fields)
    inferred = type_of_function(tree, function, types)
    return compile(tree, '<callable>', 'exec'), None, is_plain(tree), target, inferred


def read_dotted(name):
    module, _, attribute = name.rpartition('.')
    if module.partition('.')[0] in ('beam', 'apache_beam'):
        return read_beam_name(name)
    if not module:
        if not hasattr(builtins, name) or name in REFUSED:
            raise Refused("'%s' is no builtin function" % name)
        code = compile('__callable__ = ' + name, '<callable>', 'exec')
        return code, None, name in PLAIN_CALLS, '__callable__', None
    while module and not is_allowed(module):
        module = module.rpartition('.')[0]
    if not module:
        raise Refused(str(import_error(name.rpartition('.')[0])))
    while True:
        try:
            builtins.__import__(module)
            break
        except ImportError:
            if '.' not in module:
                raise Refused("there is no module '%s'" % module) from None
            module = module.rpartition('.')[0]
    source = 'import %s\n__callable__ = %s' % (module, name)
    return compile(source, '<callable>', 'exec'), None, False, '__callable__', None


def read(text, types, is_callable, target):
    """types: from the names of fields to the words of their types."""
    fields = tuple(types)
    if is_callable:
        return read_callable(text, fields, types, target)
    return read_expression(text, fields, types)


def instance(world, code, target):
    """The function itself, in globals of its own."""
    namespace = {'__builtins__': world, '__name__': '__main__', 'beam': new_beam()}
    if target is None:
        return eval(code, namespace)
    exec(code, namespace)
    parts = target.split('.')
    value = namespace.get(parts[0])
    for part in parts[1:]:
        value = getattr(value, part)
    if not callable(value) and not isinstance(value, CombineFn):
        raise TypeError("'%s' cannot be called" % target)
    return value


# ---- errors ----

def without_addresses(text):
    """`<function f at 0x7f...>` is not the same twice."""
    parts = text.split(' at 0x')
    return parts[0] + ''.join(
        ' at 0x' + part.lstrip('0123456789abcdef') for part in parts[1:])


def describe(error):
    """(message, stack) of an exception, for the error row."""
    if isinstance(error, Runaway):
        return repr(error), 'Runaway: %s\n' % error
    try:
        message, shown = without_addresses(str(error)), without_addresses(repr(error))
    except BaseException:
        message = shown = '<an exception that cannot be shown>'
    if not message and isinstance(error, MemoryError):
        message = 'the function took more memory than it may'
        shown = 'MemoryError(%r)' % message
    lines = ['Traceback (most recent call last):\n']
    trace = error.__traceback__
    while trace and len(lines) < 50:
        code = trace.tb_frame.f_code
        if code.co_filename != '<millrace>':
            lines.append('  File "%s", line %s, in %s\n' % (
                code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    name = type(error).__name__
    lines.append('%s: %s\n' % (name, message) if message else name + '\n')
    return shown, ''.join(lines)


if globals().get('__name__') == '__main__':  # never so inside of Millrace
    print('/* Written by python_prelude.py: its own text. */')
    print('#include "engine/expression/python_internal.h"\n')
    print('/* clang-format off */')
    print('const char *const mr_python_prelude[] = {')
    for line in open(__file__, encoding='utf-8'):
        print('    "%s\\n",' % line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"'))
    print('    NULL,\n};')
