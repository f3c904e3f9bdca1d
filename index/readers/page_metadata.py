"""What a web page states of itself: title, author, date, address, language; nothing is guessed from its words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?|.{1,60}", re.DOTALL)
TITLES = ("og:title", "citation_title", "dc.title", "dcterms.title", "twitter:title")
AUTHORS = ("author", "citation_author", "dc.creator", "dcterms.creator", "article:author", "parsely-author")
DATES = (
    *("article:published_time", "datepublished", "citation_publication_date", "citation_date", "parsely-pub-date"),
    *("dc.date", "dcterms.date", "dcterms.created", "pubdate", "publish-date", "date", "og:published_time"),
)
MAX_LINKED_DATA = 1_000_000


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """What a page states; None where it does not."""

    title: str | None
    author: str | None
    date: str | None
    url: str | None
    language: str | None


def read_metadata(tree: HtmlElement, heading: str | None) -> PageMetadata:
    """Return what the page states in its ``meta`` elements, then in its linked data, then in its markup.

    Args:
        tree: The whole page.
        heading: The first heading of the main text, which is the title where nothing better is stated.
    """
    stated = _meta(tree)
    article = _linked_article(tree)
    return PageMetadata(
        title=_first(stated, TITLES) or _text(article.get("headline")) or _titled(tree, heading),
        author=_author(stated) or _names(article.get("author")),
        date=_date(_first(stated, DATES) or _text(article.get("datePublished")) or _time(tree)),
        url=_one(tree, "//link[@rel='canonical']/@href") or _first(stated, ("og:url",)),
        language=_language(tree),
    )


def _meta(tree: HtmlElement) -> dict[str, list[str]]:
    """Return what each ``meta`` element says, by its name in lower case."""
    stated: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        if content := _text(element.get("content")):
            stated.setdefault(name.lower(), []).append(content)
    return stated


def _first(stated: Mapping[str, list[str]], names: tuple[str, ...]) -> str | None:
    return next((stated[name][0] for name in names if name in stated), None)


def _author(stated: Mapping[str, list[str]]) -> str | None:
    """Return the authors, all that the first of the elements that names any names."""
    for name in AUTHORS:
        names = [words for words in dict.fromkeys(stated.get(name, ())) if not words.startswith(("http", "@", "/"))]
        if names:
            return "; ".join(names)
    return None


def _titled(tree: HtmlElement, heading: str | None) -> str | None:
    """Return the main text's heading where the ``title`` element confirms it or is missing, otherwise the latter."""
    title = _one(tree, "//head/title//text()")
    if title is None or (heading and heading.casefold() in title.casefold()):
        return heading
    return title


def _linked_article(tree: HtmlElement) -> Mapping[str, Any]:
    """Return the linked data (JSON-LD) of the article; empty where there is none."""
    for script in tree.iter("script"):
        words = script.text or ""
        if script.get("type") != "application/ld+json" or len(words) > MAX_LINKED_DATA:
            continue
        try:
            things = list(_things(json.loads(words)))
        except (ValueError, RecursionError):
            continue
        for thing in things:
            if re.search(r"Article|BlogPosting|Report", str(thing.get("@type"))):
                return thing
    return {}


def _things(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of linked data: one, a list, or a graph of them."""
    if isinstance(value, dict):
        yield value
        yield from _things(value.get("@graph"))
    elif isinstance(value, list):
        for item in value:
            yield from _things(item)


def _names(value: object) -> str | None:
    """Return the names of people in linked data."""
    people = value if isinstance(value, list) else [value]
    names = [_text(person.get("name") if isinstance(person, dict) else person) for person in people]
    return "; ".join(name for name in names if name and not name.startswith("http")) or None


def _time(tree: HtmlElement) -> str | None:
    """Return the date that the page marks as that of its publication."""
    return _one(tree, "//time[@pubdate or @itemprop='datePublished']/@datetime") or _one(
        tree, "(//article | //main | //header)//time/@datetime"
    )


def _date(words: str | None) -> str | None:
    """Return the day of an ISO date, and any other as it is written."""
    match = DATE.fullmatch(words or "")
    return (match[1] or match[0]) if match else None


def _language(tree: HtmlElement) -> str | None:
    for value in tree.xpath("/html/@lang | /html/@xml:lang | //meta[@http-equiv='content-language']/@content"):
        if match := LANGUAGE_TAG.fullmatch(str(value).strip()):
            return match[0]
    return None


def _one(tree: HtmlElement, path: str) -> str | None:
    """Return the first value at a path that is not blank."""
    return next((words for value in tree.xpath(path) if (words := _text(value))), None)


def _text(value: object) -> str | None:
    """Return a string as one line; None where it is blank or no string."""
    return " ".join(value.split()) or None if isinstance(value, str) else None
