"""Reads a list of Palette's to its end, and tells whether it is whole.

A list goes on by a token (``continue``) or by an offset. It is whole if Palette says so, or if a
request for what comes after it brings nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from msgspec import Struct, field

from backup_reporter.errors import BackupReporterError, PaletteError, reason_of
from backup_reporter.palette.lists import MAX_IN_A_PAGE, Page
from backup_reporter.wording import capitalized

Position = dict[str, str]
"""Where in a list a page begins: the query that asks for it, empty for the first page."""

_MAX_PAGES = 1000
_NO_SECOND_PAGE = (400, 404)
"""How a list that knows no offset, or has no second page, may answer a request for it."""


class _Listed(Protocol):
    @property
    def uid(self) -> str: ...


_Item = TypeVar("_Item", bound=_Listed)


class Listing(Struct, Generic[_Item]):
    """The items of all pages in their order, and a sentence for everything that could not be read.

    An item that comes again exactly as before counts once; ``entries`` counts unreadable ones too.
    """

    items: list[_Item] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    entries: int = 0
    pages: int = 0
    _by_uid: dict[str, list[_Item]] = field(default_factory=dict)

    def add(self, page: Page[_Item], name: str) -> bool:
        """Takes a page; returns whether it brought anything new."""
        items_before = len(self.items)
        for item in page.items:
            same_uid = self._by_uid.setdefault(item.uid, [])
            if item not in same_uid:
                same_uid.append(item)
                self.items.append(item)
        new_items = len(self.items) - items_before
        problems = [f"An entry in {name} could not be understood: {problem}." for problem in page.problems]
        problems = [problem for problem in problems if problem not in self.problems]
        self.problems += problems
        self.entries += page.entries - (len(page.items) - new_items)
        self.pages += 1
        return bool(new_items or problems)


def read_list(get: Callable[[Position], Page[_Item]], name: str, noun: str) -> Listing[_Item]:
    """Reads every page of a list.

    ``get`` reads the page at a position. ``name`` is the list's name in sentences ("the list of projects"),
    ``noun`` the plural of its items. Raises what the first page raises.
    """
    listing = Listing[_Item]()
    page = get({})
    listing.add(page, name)
    asked: list[Position] = []
    while position := _next_position(page, listing.entries):
        if position in asked or listing.pages >= _MAX_PAGES:
            listing.problems.append(f"There is no end to {name}: {listing.pages} pages were read.")
            return listing
        asked.append(position)
        try:
            following = get(position)
        except BackupReporterError as error:
            listing.problems += _why_cut(error, position, page, listing, name, noun)
            return listing
        is_new = listing.add(following, name)
        if "offset" in position and not is_new:
            listing.problems += _missing(page, listing, name, noun)
            return listing
        page = following
    return listing


def _next_position(page: Page[_Item], entries: int) -> Position | None:
    """Returns where the next page begins; ``None`` if the list is whole."""
    if page.next_page:
        return {"continue": page.next_page}
    is_cut = entries < page.count if page.count is not None else False
    may_be_cut = not page.has_listmeta and page.entries == MAX_IN_A_PAGE
    return {"offset": str(entries)} if is_cut or may_be_cut else None


def _why_cut(
    error: BackupReporterError, position: Position, page: Page[_Item], listing: Listing[_Item], name: str, noun: str
) -> list[str]:
    """Returns a sentence about what lacks because a later page could not be read; none if nothing lacks."""
    if "continue" in position:
        return [f"Only {listing.pages} page(s) of {name} could be read: {reason_of(error)}."]
    if page.count is not None:
        return _missing(page, listing, name, noun)
    if isinstance(error, PaletteError) and error.status in _NO_SECOND_PAGE:
        return []
    first = f"{capitalized(name)} may have more than {listing.entries} entries"
    return [f"{first}: a request for more failed ({reason_of(error)})."]


def _missing(page: Page[_Item], listing: Listing[_Item], name: str, noun: str) -> list[str]:
    """Returns a sentence if Palette counts more entries than came."""
    if page.count is None or listing.entries >= page.count:
        return []
    return [f"Palette's answer on {name} is not whole: {listing.entries} of {page.count} {noun} are listed."]
