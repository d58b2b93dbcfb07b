"""The explorers of the lessons, and the cells of the notebooks that show them."""

import ast
import inspect
import pkgutil
from collections import namedtuple
from functools import lru_cache
from importlib import import_module

from lesson_files import LESSONS, read

from segkit import lessons
from segkit.widgets import View

Cell = namedtuple("Cell", "lesson name explorer index source")
Cell.__doc__ = "A lesson's cell: its file, a name for tests, the function, its code cell, its code."


def explorers():
    """{name of a lesson's folder: [the public functions of its explorer.py that make a :class:`View`]}."""
    folders = sorted(module.name for module in pkgutil.iter_modules(lessons.__path__) if module.ispkg)
    return {folder: _explorers_of(import_module(f"segkit.lessons.{folder}.explorer")) for folder in folders}


def _explorers_of(module):
    return [function for name, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__ and not name.startswith("_")
            and any(inspect.isclass(value) and issubclass(value, View)
                    for value in inspect.getclosurevars(function).globals.values())]


@lru_cache
def cells():
    """A :class:`Cell` for each call of an explorer in a lesson.

    The code is the lesson's own: the call, after those statements of the cells before it whose
    names it needs. So it runs without the rest of the lesson.
    """
    known = [function for functions in explorers().values() for function in functions]
    found = []
    for path in LESSONS:
        code = [cell.source for cell in read(path).cells if cell.cell_type == "code"]
        for index in range(len(code)):
            explorer = _called(code[:index + 1])
            if explorer in known:
                name = f"{path.name[:2]}-{explorer.__name__}"
                found.append(Cell(path.name, name, explorer, index, _alone(code[:index + 1])))
    return found


def _called(code):
    """The function whose result the last cell shows, or None where that is something else."""
    body = _parsed(code[-1]).body
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    if not isinstance(last, ast.Call) or not ast.unparse(last.func).replace(".", "").isidentifier():
        return None
    imported = {}
    for statement in statements(code):
        if isinstance(statement, (ast.Import, ast.ImportFrom)) and made_by(statement) & _names(last.func, ast.Load):
            exec(ast.unparse(statement), imported)
    try:
        return eval(ast.unparse(last.func), imported)
    except (NameError, AttributeError):  # something that the lesson made
        return None


def statements(code):
    """The statements of cells, given as a list of their sources."""
    return [statement for source in code for statement in _parsed(source).body]


_parsed = lru_cache(None)(ast.parse)  # the cells of a lesson are asked for again with each cell that follows


def _alone(code):
    """The last cell, after the statements before it whose names it needs."""
    kept, needed = [code[-1]], read_by(ast.parse(code[-1]))
    for statement in reversed(statements(code[:-1])):
        made = made_by(statement)
        if (made | _filled_by(statement)) & needed:
            kept.insert(0, ast.unparse(statement))
            needed = (needed - made) | read_by(statement)
    return "\n".join(kept)


def made_by(statement):
    """The names that a statement makes, as a set."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {name.asname or name.name.partition(".")[0] for name in statement.names}
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Assign, ast.With, ast.Try)):
        return _names(statement, ast.Store)
    return set()


def read_by(tree):
    """The names that a statement reads, but for those that are only inside it."""
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.comprehension, ast.For)):
            inside |= _names(node.target, ast.Store)
        elif isinstance(node, ast.FunctionDef):
            inside |= _names(node, ast.Store)
        elif isinstance(node, ast.arg):
            inside.add(node.arg)
    return _names(tree, ast.Load) - inside


def _filled_by(statement):
    """The names whose objects a statement adds to: by append and the like, by an index, by += ."""
    filled = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("append", "extend", "update", "add"):
                filled |= _names(node.func.value, ast.Load)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            filled |= _names(node.value, ast.Load)
        elif isinstance(node, ast.AugAssign):
            filled |= _names(node.target, ast.Store)
    return filled


def _names(tree, use):
    return {node.id for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, use)}
