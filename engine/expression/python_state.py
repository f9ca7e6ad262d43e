"""What the callables of a KeyedProcess see: their state, their timers and their context.

python_state_text.c holds this text, which runs behind python_prelude.py, in the same globals:

    python3 engine/expression/python_state.py > engine/expression/python_state_text.c
"""

if globals().get('__name__') == '__main__':  # never so inside of Millrace
    print('/* Written by python_state.py: its own text. */')
    print('#include "engine/expression/python_internal.h"\n')
    print('/* clang-format off */')
    print('const char *const mr_python_state_text[] = {')
    for line in open(__file__, encoding='utf-8'):
        print('    "%s\\n",' % line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"'))
    print('    NULL,\n};')
    raise SystemExit

STATE_TYPES = {
    'boolean': (bool,), 'integer': (int,), 'float': (int, float), 'string': (str,),
    'bytes': (bytes,), 'timestamp': (Timestamp,), 'array': (list, tuple), 'object': (dict,),
}


def state_checker(name, type_name):
    wanted = STATE_TYPES.get(type_name)

    def check(value):
        if wanted is None:
            return
        if not isinstance(value, wanted) or (type(value) is bool and bool not in wanted):
            raise TypeError('state %s takes %s, not %r' % (name, type_name, value))
    return check


class ValueState:
    __slots__ = ('_value', '_changed', '_check')

    def __init__(self, value, check):
        self._value, self._changed, self._check = value, False, check

    def read(self, default=None):
        return default if self._value is None else self._value

    def write(self, value):
        if value is not None:
            self._check(value)
        self._value, self._changed = value, True

    def clear(self):
        self._value, self._changed = None, True

    def _kept(self):
        return self._value


class BagState:
    __slots__ = ('_value', '_changed', '_check')

    def __init__(self, value, check):
        self._value, self._changed, self._check = value or [], False, check

    def read(self):
        return list(self._value)

    def add(self, value):
        if value is None:
            raise TypeError('a bag does not take None')
        self._check(value)
        self._value.append(value)
        self._changed = True

    def clear(self):
        self._value, self._changed = [], True

    def __iter__(self):
        return iter(list(self._value))

    def __len__(self):
        return len(self._value)

    def _kept(self):
        return self._value or None


class MapState:
    __slots__ = ('_value', '_changed', '_check')

    def __init__(self, value, check):
        self._value, self._changed, self._check = value or {}, False, check

    def get(self, key, default=None):
        return self._value.get(key, default)

    def put(self, key, value):
        if value is not None:
            self._check(value)
        self._value[key] = value
        self._changed = True

    def remove(self, key):
        self._changed = self._value.pop(key, self) is not self or self._changed

    def clear(self):
        self._value, self._changed = {}, True

    def read(self):
        return dict(self._value)

    def keys(self):
        return list(self._value)

    def values(self):
        return list(self._value.values())

    def items(self):
        return list(self._value.items())

    def __contains__(self, key):
        return key in self._value

    def __iter__(self):
        return iter(list(self._value))

    def __len__(self):
        return len(self._value)

    def _kept(self):
        return self._value or None


STATE_KINDS = (ValueState, BagState, MapState)


class Timer:
    """One pending time for each key: setting it again moves it."""

    __slots__ = ('_latest', '_change')

    def __init__(self, latest):
        self._latest, self._change = latest, None

    def set(self, when):
        micros = micros_of(when)
        if micros is None:
            raise TypeError('a timer takes a Timestamp or seconds, not %r' % (when,))
        micros = int(micros)
        if self._latest is not None and micros > self._latest:
            raise ValueError('the timer lies behind the end of the window')
        self._change = max(micros, -9223372036854775000)

    def clear(self):
        self._change = False


class Window:
    __slots__ = ('start', 'end')

    def __init__(self, start, end):
        self.start, self.end = timestamp_of(start), timestamp_of(end)

    def max_timestamp(self):
        return timestamp_of(self.end.micros - 1)

    def __repr__(self):
        return '[%s, %s)' % (float(self.start), float(self.end))


class Sent:
    __slots__ = ('output', 'row', 'at')

    def __init__(self, output, row, at):
        self.output, self.row, self.at = output, row, at


class Context:
    """Where and when a call happens. Made anew for each, so that it is cheap until it is asked."""

    __slots__ = ('_program', '_info')

    def __init__(self, program, info):
        self._program, self._info = program, info

    @property
    def key(self):
        return self._info[0]

    @property
    def timestamp(self):
        return timestamp_of(self._info[1])

    @property
    def watermark(self):
        return timestamp_of(self._info[2])

    @property
    def now(self):
        return timestamp_of(self._info[3])

    @property
    def window(self):
        return Window(self._info[4], self._info[5])

    def to(self, output, row, at=None):
        """A row for the output of that name."""
        for index, (name, fields) in enumerate(self._program.outputs):
            if name == output:
                return Sent(index, row, at)
        raise ValueError("there is no output '%s'" % (output,))

    def at(self, when, row):
        """A row with an event time of its own."""
        return Sent(0, row, when)


class Holder:
    def __init__(self, kind):
        self.__dict__['_kind'] = kind

    def __getattr__(self, name):
        raise AttributeError("there is no %s '%s'" % (self.__dict__['_kind'], name))

    def __setattr__(self, name, value):
        raise AttributeError("a %s is not assigned: it has methods" % self.__dict__['_kind'])


class Program:
    __slots__ = ('states', 'timers', 'outputs')


def process_program(states, timers, outputs):
    program = Program()
    program.states = [(name, STATE_KINDS[kind], state_checker(name, type_name))
                      for name, kind, type_name in states]
    program.timers = timers
    program.outputs = outputs
    return program


def values_of(fields, row):
    if isinstance(row, dict):
        for name in row:
            if name not in fields:
                raise ValueError("the output has no field '%s'" % (name,))
        get = row.get
    elif hasattr(row, '_asdict'):
        get = row._asdict().get
    else:
        raise TypeError('a row of output is a dict or a row, not %r' % (row,))
    values = []
    for name, is_nullable in fields.items():
        value = get(name)
        if value is None and not is_nullable:
            raise ValueError("field '%s' of the output must not be None" % name)
        values.append(value)
    return tuple(values)


def made(program, row, emit, floor):
    index, at = 0, emit
    if type(row) is Sent:
        index = row.output
        if row.at is not None:
            at = micros_of(row.at)
            if at is None:
                raise TypeError('a time is a Timestamp or seconds, not %r' % (row.at,))
            at = int(at)
            if at < floor:
                raise ValueError('a row of output lies before the watermark that was promised')
        row = row.row
    return index, at, values_of(program.outputs[index][1], row)


# A call has three parts: the first and the last are our own and end by themselves; what is in between is the user's.

def process_begin(program, function, subject, cells, info):
    context = Context(program, info)
    state, timers = Holder('state'), Holder('timer')
    held = state.__dict__
    for (name, kind, check), value in zip(program.states, cells):
        held[name] = kind(value, check)
    held = timers.__dict__
    for name, is_event in program.timers:
        held[name] = Timer(info[5] if is_event else None)
    code = getattr(function, '__code__', None)
    n = code.co_argcount if code else 4
    return (subject, state, timers, context)[:n], state, timers


def process_user(function, arguments):
    result = function(*arguments)
    if result is None:
        return ()
    if isinstance(result, (dict, Sent)) or hasattr(result, '_asdict'):
        return (result,)
    return tuple(result)


def process_end(program, state, timers, rows, info):
    """([None or (kept,)], [None, False or micros], [(output, micros, values)])."""
    made_rows = [made(program, row, info[6], info[7]) for row in rows]
    changed = []
    held = state.__dict__
    for name, kind, check in program.states:
        cell = held[name]
        changed.append((cell._kept(),) if cell._changed else None)
    return changed, [timers.__dict__[name]._change for name, is_event in program.timers], made_rows


def process_check(text, target, states, timers):
    """Names of states and timers that a callable asks for by attribute must be there."""
    try:
        tree = ast.parse(dedented(text)[0])
    except SyntaxError:
        return
    functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.Lambda))
                 and (target is None or getattr(node, 'name', None) == target)]
    if not functions and tree.body and isinstance(tree.body[-1], ast.Expr):
        functions = [node for node in [tree.body[-1].value] if isinstance(node, ast.Lambda)]
    if not functions:
        return
    arguments = functions[-1].args.posonlyargs + functions[-1].args.args
    if len(arguments) > 4:
        raise Refused('a callable takes at most four arguments: row, state, timers, ctx',
                      functions[-1].lineno, functions[-1].col_offset)
    for argument, names, what in zip(arguments[1:3], (states, timers), ('state', 'timer')):
        for node in ast.walk(functions[-1]):
            if (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
                    and node.value.id == argument.arg and node.attr not in names):
                raise Refused('?%s %s' % (what, node.attr), node.lineno,
                              node.value.end_col_offset + 1)
