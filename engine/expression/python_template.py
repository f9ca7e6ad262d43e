"""Renders the Jinja templates of pipeline files, in an interpreter that user code never sees.

python_template.c holds this text, for the program to carry it along:

    python3 engine/expression/python_template.py > engine/expression/python_template_text.c

read_file and memory_bytes are functions of python_template.c: the text of a file or None, and
the memory that Python holds.
"""
import re
import sys
import types

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


if globals().get('__name__') == '__main__':  # never so inside of Millrace
    print('/* Written by python_template.py: its own text. */')
    print('#include "engine/expression/python_internal.h"\n')
    print('/* clang-format off */')
    print('const char *const mr_python_template[] = {')
    for line in open(__file__, encoding='utf-8'):
        print('    "%s\\n",' % line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"'))
    print('    NULL,\n};')
