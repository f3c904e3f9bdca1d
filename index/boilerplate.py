"""Which spans of a text copied from a web page are not the article, and what its own lines say of who wrote it when.

A line is judged by its words and by where it stands. ``Skip to content`` is nobody's prose wherever it stands;
``Search`` or ``Comments`` may be an article's own heading, and is left out only before the first or after the last
prose of a text that is a web copy by other signs too. A doubtful line is kept: a menu line in the index costs
little, a lost sentence is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from index.documents import Span


@dataclass(frozen=True, slots=True)
class Byline:
    """Who wrote the article, when, and where it was published, as its own lines tell; None where they do not."""

    author: str | None = None
    date: str | None = None
    url: str | None = None


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


CHROME = _any_of(
    r"(?:top|bottom) of page|back to (?:the )?top|scroll to top",
    r"(?:skip|jump) to (?:the )?(?:main |primary )?(?:content|navigation|search|footer|sidebar|article)",
    r"(?:toggle|open|close|show|hide|main) (?:main )?(?:navigation|menu)(?: menu)?",
    r"(?:reading time:? ?)?(?:about "
    r"|approx\.? )?\d{1,3}(?: ?[-–] ?\d+)?[ -]?min(?:ute)?s?\.?(?: (?:of )?read(?:ing)?(?: time)?)",
    r"(?:estimated )?read(?:ing)? time:? ?\d{1,3} ?min(?:ute)?s?\.?|lesezeit:? ?\d+ ?min(?:uten)?\.?",
    r"temps de lecture ?:? ?\d+ ?min(?:utes)?|время чтения:? ?\d+ ?мин(?:ут[аы]?)?\.?",
    r"(?:click to )?(?:share|tweet|email|print) (?:this|on|via|by|to|with)(?: (?:article|page|post|story|a link"
    r"|link|to|a|friend"
    r"|friends|facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|email"
    r"|e-mail))*(?: \(opens in new window\))?:?",
    r"(?:accept|reject|allow|decline)(?: all)?(?: the)? cookies",
    r"manage (?:cookies|consent|preferences|options)|accept (?:all|and continue|& continue)|reject all",
    r"(?:sign up|subscribe) (?:for|to) (?:our|the|my) (?:[\w-]+ )?(?:newsletter|mailing list)s?(?: here)?[.!]?",
    r"(?:log|sign) ?in(?: ?(?:/|or|\|) ?(?:sign ?up|register|join))|(?:create an account"
    r"|forgot (?:your )?password\??)",
    r"leave a (?:reply|comment)|(?:post|add|write) a comment\.*|\d+ comments?|(?:view|show|load|see) (?:all"
    r"|more) comments",
    r"(?:proudly )?powered by (?:wordpress|wix|blogger|squarespace|ghost|medium|substack|disqus)(?:\.com)?",
    r"advertisement|story continues below advertisement|article continues below(?: advertisement)?"
    r"|scroll to continue",
    r"view this email in your browser|enable javascript.{0,60}|javascript is (?:disabled|required).{0,60}",
    r"(?:opens in (?:a )?new (?:window|tab)|listen to this (?:article|story)|add to (?:bookmarks|reading list))",
    r"copy link|link copied!?|\d+ (?:shares|likes|views)",
)
"""Lines that are no article's own words, wherever they stand."""

STUB = re.compile(r"ree")
"""What a copy of a Wix page has in the place of an image; no English word."""

WEAK = _any_of(
    r"search(?: this (?:site|website)| for:?| \.\.\.|…)?|menu|home(?:page)?|about(?: us)?|contact(?: us)?"
    r"|news(?:letters?)?|blog",
    r"comments?|share|print|e-?mail|save|follow(?: us)?|like|likes|reply|tweet|bookmark|listen|loading\.*|close"
    r"|next|previous|more",
    r"log ?in|log ?out|sign ?in|sign ?up|register|join(?: us)?|my account|account|subscribe(?: now)?"
    r"|subscription|donate|shop|cart",
    r"facebook|twitter|x|linked ?in|whatsapp|telegram|instagram|youtube|pinterest|reddit|tiktok|rss|vk|mastodon"
    r"|bluesky",
    r"privacy(?: policy)?|terms(?: (?:of (?:use|service)|(?:and|&) conditions))?|cookies?(?: (?:policy|settings"
    r"|preferences))?|accessibility|sitemap",
    r"imprint|impressum|careers|jobs|advertise(?: with us)?|help|faqs?|support|legal|disclaimer|categories|tags"
    r"|archives?",
    r"english|русский|қазақша|deutsch|français|español|en|ru|kz|de|fr|world|politics|business|sports?|opinion"
    r"|culture|video|podcasts?",
    r"(?:©|\(c\)|copyright).{0,100}|all rights reserved\.?|read more|learn more|see all|view all|accept|ok"
    r"|got it!?|load more",
    r"©.*|.{0,60}all rights reserved\.?",
)
"""Lines that are menus and buttons at the ends of a web copy, and may be headings elsewhere."""

MORE = _any_of(
    r"(?:recent|related|latest|popular|similar|recommended|featured|more) (?:posts?|articles?|stories|reading|news)",
    r"you (?:may|might) also (?:like|enjoy|be interested in)|read (?:next|also)|more (?:from|in|on) .{1,40}"
    r"|recommended(?: for you)?",
    r"(?:most (?:read|popular|viewed)|trending(?: now)?|up next|don't miss)",
)
"""What stands above links to other articles."""

COOKIES = re.compile(
    r"(?:we|(?:this|our) (?:web)?site|.{0,30}and (?:our|its) partners) uses? (?:\w+ )?cookies\b.{0,500}"
    r"|by (?:continuing|using|clicking).{0,100}(?:cookies|privacy policy|terms of).{0,200}",
    re.IGNORECASE | re.DOTALL,
)
CONSENT = re.compile(
    r"\b(?:consent|accept|agree|policy|settings|preferences|experience|analy[sz]e|personali[sz]e|traffic|(?:web)?site)\b",
    re.IGNORECASE,
)
BULLET = re.compile(r"[\s•·▪◦‣*|>»«←→–—-]+")
PROSE_END = re.compile(r"[.!…。！]['\"”’»)\]]*$")
MAX_CHROME = 100
"""Letters in the longest line that is a button."""
MAX_BANNER = 700
"""Letters in the longest cookie banner."""
ZONE = 60
"""How many lines at either end may be menus."""

MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)(?:[a-z]{0,6})\.?"
DATE = (
    rf"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?(?:{MONTH} \d{{1,2}}(?:st|nd|rd"
    rf"|th)?(?:,? \d{{4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH}(?:,? \d{{4}})?|{MONTH} \d{{4}}"
    rf"|\d{{4}}-\d{{2}}-\d{{2}}(?:[T ]\d{{2}}:\d{{2}}\S*)?"
    r"|\d{1,2}[./]\d{1,2}[./]\d{4})"
)
TIME = r"(?:,? (?:at )?\d{1,2}[:.]\d{2}(?: ?[ap]\.?m\.?)?(?: \(?[A-Z]{2,5}\)?)?)?"
DATED = re.compile(
    rf"(?:(?:first |last )?(?P<what>published|posted|updated|modified|(?:publication )?date|created)(?: (?:on"
    rf"|at))?:? )?"
    rf"(?P<date>{DATE}){TIME}\.?",
    re.IGNORECASE,
)
NAME = r"[^\W\d_a-zа-я][\w.'’-]*(?: (?:(?:van|von|de|der|den|di|da|la|le|bin|al|el|ibn) )*[^\W\d_a-zа-я][\w.'’-]*){0,4}"
SIGNED = re.compile(
    r"(?:(?i:writers?|authors?|автор|авторы|autor|auteur) ?:|(?i:(?:written|words|story|posted|reported) by):?) "
    rf"(?P<author>\S.{{0,600}})|(?i:by|von|par|por):? (?P<name>{NAME}(?:(?:, | and | & |, and ){NAME}){{0,6}})"
)
IDENTIFIER = re.compile(r"[A-Za-z]{2,10}: ?[\d./-]+")
LINK = re.compile(r"(?:(?i:url|source|link|originally published at|canonical) ?:? )?(?P<url>https?://[^\s<>\"]+)")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is not blank: where it lies, and its words without bullets and doubled blanks."""

    span: Span
    words: str

    @property
    def is_prose(self) -> bool:
        """Whether it is a sentence or more, in any script, rather than a heading, menu or caption."""
        size = max(len(self.words.split()), len(self.words) // 10)
        if size < 25 and (size < 6 or not PROSE_END.search(self.words) or self.is_weak):
            return False
        return not self.is_about_cookies

    @property
    def is_chrome(self) -> bool:
        """Whether it is no article's own words wherever it stands."""
        return len(self.words) <= MAX_CHROME and bool(CHROME.fullmatch(self.words) or STUB.fullmatch(self.words))

    @property
    def is_about_cookies(self) -> bool:
        """Whether it asks for consent, as banners do."""
        is_short = len(self.words) <= MAX_BANNER
        return is_short and CONSENT.search(self.words) is not None and COOKIES.fullmatch(self.words) is not None

    @property
    def is_weak(self) -> bool:
        """Whether it is a menu or button if it stands where those do."""
        if len(self.words) > 200:
            return False
        parts = [part for part in re.split(r" *[|•·/›»] *", self.words) if part]
        known = sum(WEAK.fullmatch(part) is not None or CHROME.fullmatch(part) is not None for part in parts)
        return known == len(parts) == 1 or (len(parts) > 2 and known >= 0.6 * len(parts))

    @property
    def is_byline(self) -> bool:
        """Whether it says who wrote the article, when, or where it stands."""
        signed = SIGNED.fullmatch(self.words)
        if signed:
            return self.span.start > 0 or signed["name"] is None
        return any(p.fullmatch(self.words) for p in (DATED, LINK)) or bool(_signed_and_dated(self.words))


def find_boilerplate(text: str) -> tuple[Span, ...]:
    r"""Return the spans that are not the article's own words, in order and disjoint; neighbouring lines are one span.

    Bylines and dates are the article's own words.

    Example:
        >>> copy = "top of page\nSearch\n\nThe Tea Road\n\nTea came to Russia from China.\n\nComments\nbottom of page"
        >>> [copy[s.start : s.end] for s in find_boilerplate(copy)]
        ['top of page\nSearch', 'Comments\nbottom of page']
    """
    lines = list(_lines(text))
    marked = {number for number, line in enumerate(lines) if line.is_chrome}
    marked |= _banner(lines)
    head, tail = _ends(lines)
    for zone in (head, tail):
        marked |= _menu(lines, zone, is_copy=bool(marked))
    marked |= _more(lines, tail)
    return tuple(_merge([(number, lines[number].span) for number in sorted(marked)]))


def find_byline(text: str) -> Byline:
    r"""Return what the lines before the first prose say of author, date and address.

    Example:
        >>> find_byline("The Tea Road\nBy Jane Doe\nPublished: 3 May 2024\n\nTea came to Russia.")
        Byline(author='Jane Doe', date='3 May 2024', url=None)
    """
    author = date = url = None
    for line in _head(text):
        if not line.is_byline:
            continue
        for words in {line.words: None, **dict.fromkeys(_signed_and_dated(line.words))}:
            if author is None and (signed := SIGNED.fullmatch(words)):
                author = (signed["author"] or signed["name"]).strip(" .,;:")
            elif (dated := DATED.fullmatch(words)) and (date is None or (dated["what"] or "").lower() == "published"):
                date = dated["date"]
            elif url is None and (link := LINK.fullmatch(words)):
                url = link["url"]
    return Byline(author or None, date, url)


def find_title(text: str) -> str | None:
    """Return the headline: the first line that is neither menu, byline nor prose; None where prose comes first."""
    lines = _head(text)
    weak = {number for number, line in enumerate(lines) if line.is_weak and number + 1 < len(lines)}
    for number, line in enumerate(lines):
        words = re.sub(r"^(?:#+|=+|(?i:title|headline):) *| *[=#]+$", "", line.words)
        if line.is_chrome or line.is_byline or IDENTIFIER.fullmatch(words) or number in weak or line.is_about_cookies:
            continue
        is_heading = len(words) <= 250 and len(words.split()) <= 30 and not re.search(r"[.,;:。]$", words)
        return words if is_heading and re.search(r"[^\W\d_]", words) and line.span.end < len(text.rstrip()) else None
    return None


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines that are not blank, without the blanks at their ends."""
    for match in re.finditer(r"[^\r\n\f\v\x85\u2028\u2029]+", text):
        line = match[0]
        stripped = line.strip("\ufeff\u200b \t\xa0") and line.strip()
        if stripped:
            start = match.start() + len(line) - len(line.lstrip())
            words = " ".join(stripped[:1000].split())
            yield _Line(
                Span(start, start + len(stripped)), BULLET.sub("", words, count=1) if BULLET.match(words) else words
            )


def _head(text: str) -> list[_Line]:
    """Return the lines before the first prose."""
    lines = (line for line, _ in zip(_lines(text[:20_000]), range(ZONE), strict=False))
    return list(takewhile(lambda line: not line.is_prose, lines))


def _ends(lines: list[_Line]) -> tuple[range, range]:
    """Return which lines stand before the first prose and after the last; none in a text without prose."""
    first = next((number for number, line in enumerate(lines) if line.is_prose), None)
    if first is None:
        return range(0), range(0)
    last = next(number for number in range(len(lines) - 1, -1, -1) if lines[number].is_prose)
    return range(min(first, ZONE)), range(max(last + 1, len(lines) - ZONE), len(lines))


def _menu(lines: list[_Line], zone: range, *, is_copy: bool) -> set[int]:
    """Return the lines of a zone that are menus and buttons.

    In a text that is no web copy by other signs, only three or more in a row are. The line above the first prose is
    a heading whatever it says; lines between those of a menu belong to it.
    """
    weak = [number for number in zone if lines[number].is_weak or lines[number].is_chrome]
    if zone and zone.start == 0 and weak and weak[-1] == zone[-1] and not lines[weak[-1]].is_chrome:
        weak.pop()
    runs: list[list[int]] = []
    for number in weak:
        if runs and number - runs[-1][-1] <= 2 and not _is_own(lines, runs[-1][-1] + 1, number):
            runs[-1].append(number)
        else:
            runs.append([number])
    return {
        n for run in runs if is_copy or len(run) >= 3 for n in (range(run[0], run[-1] + 1) if len(run) >= 3 else run)
    }


def _is_own(lines: list[_Line], start: int, end: int) -> bool:
    """Return whether a line between two of a menu is the article's: a byline, or more than three words."""
    return any(line.is_byline or len(line.words.split()) > 3 for line in lines[start:end])


def _banner(lines: list[_Line]) -> set[int]:
    """Return the cookie banners: a known opening among the first or last lines, or with a button beneath."""
    found = set()
    for number, line in enumerate(lines):
        at_end = number < 5 or number >= len(lines) - 5
        if not line.is_about_cookies:
            continue
        button = number + 1 < len(lines) and (lines[number + 1].is_chrome or lines[number + 1].is_weak)
        if len(lines) > 2 and (button or (at_end and "cookie" in line.words.lower())):
            found.add(number)
    return found


def _more(lines: list[_Line], tail: range) -> set[int]:
    """Return the links to other articles that end a copy, with the line above them."""
    first = next((number for number in tail if MORE.fullmatch(lines[number].words)), None)
    return set() if first is None else set(range(first, tail.stop))


def _signed_and_dated(words: str) -> list[str]:
    """Return the parts of a line such as ``By Jane Doe | May 3, 2024``; none where a part is neither."""
    parts = [part for part in re.split(r" *[|•·] *| [–—-] |, (?=(?i:published|posted|updated))", words) if part]
    known = all(p.fullmatch(part) for part in parts for p in [SIGNED if SIGNED.fullmatch(part) else DATED])
    return parts if len(parts) > 1 and known else []


def _merge(lines: list[tuple[int, Span]]) -> Iterator[Span]:
    """Yield the spans of lines, those of neighbours made one."""
    last: tuple[int, Span] | None = None
    for number, span in lines:
        if last is None:
            last = (number, span)
        elif number == last[0] + 1:
            last = (number, Span(last[1].start, span.end))
        else:
            yield last[1]
            last = (number, span)
    if last is not None:
        yield last[1]
