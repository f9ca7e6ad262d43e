"""The part of Beam's library that functions of a pipeline find: its values, and what folds groups.

python_beam.c holds this text; it is run in the globals of python_prelude.py, before it:

    python3 engine/expression/python_beam.py > engine/expression/python_beam.c
"""


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


# ---- folding ----


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


def read_beam_name(name):
    """A name of Beam's library, of which there is a part."""
    parts = name.split('.')
    value = new_beam()
    for part in parts[1:]:
        if part.startswith('Sample'):
            raise Refused("'%s' draws at random: no two runs would agree" % name)
        if not hasattr(value, part):
            near = ', '.join(sorted(n for n in vars(value) if not n.startswith('_')))
            raise Refused("'%s' is not of the part of Beam that is here; there are %s" % (name, near))
        value = getattr(value, part)
    source = 'import apache_beam\n__callable__ = apache_beam.' + '.'.join(parts[1:])
    return compile(source, '<callable>', 'exec'), None, False, '__callable__', None


if globals().get('__name__') == '__main__':  # never so inside of Millrace
    print('/* Written by python_beam.py: its own text. */')
    print('#include "engine/expression/python_internal.h"\n')
    print('/* clang-format off */')
    print('const char *const mr_python_beam[] = {')
    for line in open(__file__, encoding='utf-8'):
        print('    "%s\\n",' % line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"'))
    print('    NULL,\n};')
