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


class Timestamp:
    """A moment, in microseconds since 1970; what Beam calls by this name."""

    __slots__ = ('micros',)

    def __init__(self, seconds=0, micros=0):
        if isinstance(seconds, Timestamp):
            seconds, micros = 0, seconds.micros + micros
        object.__setattr__(self, 'micros', int(seconds * 1000000) + int(micros))

    def __setattr__(self, name, value):
        raise AttributeError('a Timestamp cannot be changed')

    @staticmethod
    def of(value):
        return value if isinstance(value, Timestamp) else Timestamp(value)

    def seconds(self):
        return self.micros // 1000000

    def to_utc_datetime(self, has_tz=False):
        zone = real_datetime.timezone.utc if has_tz else None
        start = virtual_datetime().datetime(1970, 1, 1, tzinfo=zone)
        return start + real_datetime.timedelta(microseconds=self.micros)

    def to_rfc3339(self):
        return self.to_utc_datetime().isoformat() + 'Z'

    def __float__(self):
        return self.micros / 1000000

    def __int__(self):
        return int(self.micros / 1000000)

    def __repr__(self):
        whole, part = divmod(abs(self.micros), 1000000)
        sign = '-' if self.micros < 0 else ''
        return 'Timestamp(%s%d%s)' % (sign, whole, '.%06d' % part if part else '')

    def __hash__(self):
        return hash(self.micros)

    def __eq__(self, other):
        other = micros_of(other)
        return NotImplemented if other is None else self.micros == other

    def __lt__(self, other):
        other = micros_of(other)
        return NotImplemented if other is None else self.micros < other

    def __le__(self, other):
        other = micros_of(other)
        return NotImplemented if other is None else self.micros <= other

    def __gt__(self, other):
        other = micros_of(other)
        return NotImplemented if other is None else self.micros > other

    def __ge__(self, other):
        other = micros_of(other)
        return NotImplemented if other is None else self.micros >= other

    def __add__(self, other):
        return Timestamp(micros=self.micros + span_of(other))

    __radd__ = __add__

    def __sub__(self, other):
        if isinstance(other, Timestamp):
            return (self.micros - other.micros) / 1000000
        return Timestamp(micros=self.micros - span_of(other))

    def __mod__(self, other):
        return self.micros % span_of(other) / 1000000


def micros_of(value):
    if isinstance(value, Timestamp):
        return value.micros
    return value * 1000000 if isinstance(value, (int, float)) else None


def span_of(value):
    return int(value * 1000000)


def timestamp_of(micros):
    return Timestamp(micros=micros)


class Row:
    """Named fields in their order; what Beam calls by this name."""

    def __init__(self, **named):
        self.__dict__.update(named)

    def _asdict(self):
        return dict(self.__dict__)

    as_dict = _asdict

    @property
    def _fields(self):
        return tuple(self.__dict__)

    def __iter__(self):
        return iter(self.__dict__.values())

    def __getitem__(self, index):
        return tuple(self.__dict__.values())[index]

    def __repr__(self):
        return 'Row(%s)' % ', '.join('%s=%r' % pair for pair in self.__dict__.items())

    def __hash__(self):
        return hash(tuple(self.__dict__.values()))

    def __eq__(self, other):
        if not isinstance(other, Row) and not hasattr(other, '_asdict'):
            return NotImplemented
        return self.__dict__ == other._asdict()


def row_of(names, values):
    row = Row()
    row.__dict__.update(zip(names, values))
    return row


# Kinds of base/document.h.
DECIMAL, DATE, TIME, DATETIME = 9, 10, 11, 12


def text_kind_of(value):
    decimal = sys.modules.get('decimal')
    if decimal and isinstance(value, decimal.Decimal):
        return DECIMAL, str(value)
    if real_datetime and isinstance(value, real_datetime.datetime):
        return DATETIME, value.isoformat()
    if real_datetime and isinstance(value, real_datetime.date):
        return DATE, value.isoformat()
    if real_datetime and isinstance(value, real_datetime.time):
        return TIME, value.isoformat()
    return None


def of_text_kind(kind, text):
    if kind == DECIMAL:
        return builtins.__import__('decimal').Decimal(text)
    if kind in (DATE, TIME, DATETIME):
        module = virtual_datetime()
        made = {DATE: module.date, TIME: module.time, DATETIME: module.datetime}[kind]
        return made.fromisoformat(text)
    return int(text)


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


class CombineFn:
    """What folds the values of a group; what Beam calls by this name."""

    def __init__(self, *arguments, **named):
        pass

    def setup(self, *arguments, **named):
        pass

    def teardown(self, *arguments, **named):
        pass

    def create_accumulator(self, *arguments, **named):
        raise NotImplementedError(type(self).__name__)

    def add_input(self, accumulator, element, *arguments, **named):
        raise NotImplementedError(type(self).__name__)

    def add_inputs(self, accumulator, elements, *arguments, **named):
        for element in elements:
            accumulator = self.add_input(accumulator, element, *arguments, **named)
        return accumulator

    def merge_accumulators(self, accumulators, *arguments, **named):
        raise NotImplementedError(type(self).__name__)

    def compact(self, accumulator, *arguments, **named):
        return accumulator

    def extract_output(self, accumulator, *arguments, **named):
        raise NotImplementedError(type(self).__name__)

    def apply(self, elements, *arguments, **named):
        accumulator = self.add_inputs(
            self.create_accumulator(*arguments, **named), elements, *arguments, **named)
        return self.extract_output(
            self.compact(accumulator, *arguments, **named), *arguments, **named)

    @staticmethod
    def from_callable(function):
        return CallableWrapperCombineFn(function)

    @staticmethod
    def maybe_from_callable(function):
        return function if isinstance(function, CombineFn) else CallableWrapperCombineFn(function)


class ListCombineFn(CombineFn):
    """Keeps the elements until the end."""

    def create_accumulator(self, *arguments, **named):
        return []

    def add_input(self, accumulator, element, *arguments, **named):
        accumulator.append(element)
        return accumulator

    def merge_accumulators(self, accumulators, *arguments, **named):
        return [element for accumulator in accumulators for element in accumulator]

    def extract_output(self, accumulator, *arguments, **named):
        return accumulator


class CallableWrapperCombineFn(ListCombineFn):
    def __init__(self, function):
        self.function = function

    def extract_output(self, accumulator, *arguments, **named):
        return self.function(accumulator, *arguments, **named)


class CountCombineFn(ListCombineFn):
    def extract_output(self, accumulator, *arguments, **named):
        return len(accumulator)


class MeanCombineFn(ListCombineFn):
    def extract_output(self, accumulator, *arguments, **named):
        total = 0
        for element in accumulator:
            total = total + element
        return total / float(len(accumulator)) if accumulator else float('nan')


class TopCombineFn(ListCombineFn):
    def __init__(self, n, key=None, reverse=False):
        self.n, self.key, self.reverse = n, key, reverse

    def extract_output(self, accumulator, *arguments, **named):
        return sorted(accumulator, key=self.key, reverse=not self.reverse)[:self.n]


class Largest(TopCombineFn):
    pass


class Smallest(TopCombineFn):
    def __init__(self, n):
        TopCombineFn.__init__(self, n, reverse=True)


class ToListCombineFn(ListCombineFn):
    pass


class ToSetCombineFn(ListCombineFn):
    def extract_output(self, accumulator, *arguments, **named):
        return set(accumulator)


class ToDictCombineFn(ListCombineFn):
    def extract_output(self, accumulator, *arguments, **named):
        return dict(accumulator)


class LatestCombineFn(ListCombineFn):
    """Of pairs of an element and its time."""

    def extract_output(self, accumulator, *arguments, **named):
        return max(accumulator, key=lambda pair: pair[1])[0] if accumulator else None


class TupleCombineFn(ListCombineFn):
    def __init__(self, *functions):
        self.functions = [CombineFn.maybe_from_callable(function) for function in functions]

    def extract_output(self, accumulator, *arguments, **named):
        columns = list(zip(*accumulator)) or [()] * len(self.functions)
        return tuple(
            function.apply(column) for function, column in zip(self.functions, columns))


class SingleInputTupleCombineFn(TupleCombineFn):
    def extract_output(self, accumulator, *arguments, **named):
        return tuple(function.apply(accumulator) for function in self.functions)


COMBINERS = (CountCombineFn, MeanCombineFn, TopCombineFn, Largest, Smallest, ToListCombineFn,
             ToSetCombineFn, ToDictCombineFn, LatestCombineFn, TupleCombineFn,
             SingleInputTupleCombineFn)


def fold(function, config, values):
    """What a CombineFn or a callable makes of the values of a group."""
    if config is not None:
        function = function(**config._asdict())
    elif isinstance(function, type) and issubclass(function, CombineFn):
        function = function()
    if not isinstance(function, CombineFn):
        return function(values)
    function.setup()
    result = function.apply(values)
    function.teardown()
    return result


def module_of(name, **members):
    module = types.ModuleType(name)
    module.__dict__.update(members)
    return module


def new_beam():
    """The part of Beam's library that is here."""
    combiners = module_of(
        'apache_beam.transforms.combiners', **{made.__name__: made for made in COMBINERS})
    combiners.Top = module_of('Top', Largest=Largest, Smallest=Smallest, Of=TopCombineFn)
    core = module_of('apache_beam.transforms.core', CombineFn=CombineFn)
    timestamp = module_of('apache_beam.utils.timestamp', Timestamp=Timestamp)
    return module_of(
        'apache_beam', Row=Row, CombineFn=CombineFn, combiners=combiners,
        pvalue=module_of('apache_beam.pvalue', Row=Row),
        transforms=module_of(
            'apache_beam.transforms', combiners=combiners, core=core, CombineFn=CombineFn),
        utils=module_of('apache_beam.utils', timestamp=timestamp))


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
    """row.x, where row is the one argument and never anything else, must be a field."""
    arguments = function.args.posonlyargs + function.args.args
    if len(arguments) != 1:
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


# ---- what an expression yields, as far as its text tells ----

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


def read_beam_name(name):
    """A name of Beam's library, of which there is a part."""
    parts = name.split('.')
    value = new_beam()
    for part in parts[1:]:
        if not hasattr(value, part):
            near = ', '.join(sorted(n for n in vars(value) if not n.startswith('_')))
            raise Refused("'%s' is not of the part of Beam that is here; there are %s" % (name, near))
        value = getattr(value, part)
    source = 'import apache_beam\n__callable__ = apache_beam.' + '.'.join(parts[1:])
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
