"""What people see: headings, tables and progress bars, on a terminal as well as in a file."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from attrs import define, field
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from crmkit.adapters.notifiers import one_line

__all__ = ["Screen", "many", "share"]

Cell = str | int | float | Text
WIDTH = 110
"""Columns where there is no terminal that has any of its own."""


@define
class Screen:
    """Prints to ``console``; whatever comes from data is shown as it is, never read as markup or as commands."""

    console: Console
    seconds: list[tuple[str, float]] = field(factory=list)
    """Each step with how long it took."""

    @classmethod
    def standard(cls) -> "Screen":
        """The terminal, or a file of a fixed width."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal that knows no Chinese shows question marks
        console = Console(highlight=False)
        return cls(console if console.is_terminal else Console(highlight=False, width=WIDTH))

    @contextmanager
    def step(self, title: str, about: str) -> Iterator[None]:
        """What is printed inside belongs to this step, whose time is taken."""
        self.console.print()
        self.console.rule(Text(f"{len(self.seconds) + 1}  {title}", style="bold cyan"), align="left", style="cyan")
        self.say(about, style="dim")
        begin = perf_counter()
        yield
        self.seconds.append((title, perf_counter() - begin))

    def say(self, text: str, *, style: str = "") -> None:
        """One paragraph."""
        self.console.print(_plain(text, style))

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, footer: bool = False
    ) -> None:
        """Rows under their headings, numbers to the right; with ``footer`` the last row is a sum."""
        lines = [list(row) for row in rows]
        if not lines:
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for place, heading in enumerate(columns):
            numbers = all(isinstance(line[place], int | float) or line[place] == "" for line in lines)
            table.add_column(Text(heading), justify="right" if numbers else "left", overflow="fold")
        for place, line in enumerate(lines):
            last = place == len(lines) - 1
            table.add_row(
                *map(_cell, line), end_section=footer and place == len(lines) - 2, style="bold" * (footer and last)
            )
        self.console.print()
        self.say(title, style="bold")
        self.console.print(table)

    def sum_up(self, facts: Iterable[str]) -> None:
        """Every step so far with what happened in it and its time; ``facts`` has a line for each."""
        lines: list[Sequence[Cell]] = [
            (title, fact, round(seconds, 1)) for (title, seconds), fact in zip(self.seconds, facts, strict=True)
        ]
        lines.append(("all", "", round(sum(seconds for _, seconds in self.seconds), 1)))
        self.table("Summary", ("step", "what happened", "seconds"), lines, footer=True)

    @contextmanager
    def progress(self, doing: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar that the function yielded moves on by so many; nothing at all where nobody watches."""
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        unseen = not self.console.is_interactive
        with Progress(*columns, console=self.console, transient=True, disable=unseen) as bar:
            task = bar.add_task(doing, total=total)
            yield lambda done: bar.advance(task, done)


def many(count: int, one: str, several: str = "") -> str:
    """The count with its noun.

    >>> many(1, "lead"), many(20_000, "lead"), many(2, "company", "companies")
    ('1 lead', '20,000 leads', '2 companies')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def share(part: int, whole: int) -> str:
    """Per cent.

    >>> share(1, 8), share(0, 0)
    ('12.5 %', '–')
    """
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _cell(cell: Cell) -> Text:
    if isinstance(cell, Text):
        return cell
    return Text(f"{cell:,}") if isinstance(cell, int | float) else _plain(cell)


def _plain(text: str, style: str = "") -> Text:
    return Text("\n".join(map(one_line, text.split("\n"))), style=style)
