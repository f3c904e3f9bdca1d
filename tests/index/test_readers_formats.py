"""What each format's reader makes of a good file."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.documents import Document
from index.readers import read_article
from tests.index.odd_files import PROSE, docx, pdf


@pytest.fixture
def read(tmp_path: Path):
    def read_bytes(name: str, data: bytes | str) -> Document:
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_article(path)

    return read_bytes


def slices(document: Document) -> list[tuple[tuple[str, ...], str]]:
    return [(section.path, document.text[section.start : section.end]) for section in document.sections]


# Markdown

MARKDOWN = f"""---
title: The Tea Road
authors: [Jane Doe, {{name: John Smith}}]
date: 2024-05-03
url: https://example.org/tea
language: en-GB
tags: [tea]
---
# The *Tea* Road

{PROSE}
```
# no heading
```

Kyakhta and [its town](x)
-------------------------

{PROSE}
### Deep `code` ###

- a list
---
| a | b |
|---|---|
"""


def test_front_matter_gives_metadata_and_is_no_passage(read):
    document = read("tea.md", MARKDOWN)
    assert (document.title, document.author, document.date) == ("The Tea Road", "Jane Doe, John Smith", "2024-05-03")
    assert (document.url, document.language, document.media_type) == (
        "https://example.org/tea",
        "en-GB",
        "text/markdown",
    )
    assert document.text == MARKDOWN
    front = document.boilerplate[0]
    assert document.text[front.start : front.end] == MARKDOWN[: MARKDOWN.index("# The")]


def test_markdown_headings_outside_code_are_sections(read):
    document = read("tea.md", MARKDOWN)
    paths = [path for path, _ in slices(document)]
    assert paths == [
        ("The Tea Road",),
        ("The Tea Road", "Kyakhta and its town"),
        ("The Tea Road", "Kyakhta and its town", "Deep code"),
    ]
    starts = [text.splitlines()[0] for _, text in slices(document)]
    assert starts == ["# The *Tea* Road", "Kyakhta and [its town](x)", "### Deep `code` ###"]
    assert document.sections[-1].end == len(document.text)


def test_markdown_without_front_matter_is_named_by_its_first_heading(read):
    assert read("tea.md", f"Intro\n\n# Tea\n\n{PROSE}").title == "Tea"


def test_windows_line_ends_change_nothing_in_markdown(read):
    document = read("tea.md", MARKDOWN.replace("\n", "\r\n"))
    assert [section.path[-1] for section in document.sections] == ["The Tea Road", "Kyakhta and its town", "Deep code"]
    assert document.title == "The Tea Road"
    assert document.text[document.boilerplate[0].end :].startswith("# The")


def test_two_rules_around_text_are_no_front_matter(read):
    document = read("tea.md", f"---\n{PROSE}---\n{PROSE}")
    assert document.boilerplate == ()


# HTML

PAGE = f"""<!DOCTYPE html><html lang="en-GB"><head><title>The Tea Road | Site</title>
<meta name="author" content="Jane Doe"><meta property="article:published_time" content="2024-03-05T10:00:00Z">
<link rel="canonical" href="https://example.org/tea"><script>var a = "no text";</script></head><body>
<nav><a href="/">Home</a> <a href="/news">News</a></nav><article><h1>The Tea Road</h1><p>{PROSE}</p>
<h2>Towns</h2><ul><li>Kyakhta of the tea</li><li>Irkutsk <ul><li>on the Angara</li></ul></li></ul>
<table><tr><th>Town</th><th>Year</th></tr><tr><td>Kyakhta</td><td>1727</td></tr></table>
<p>First line<br>second line. {PROSE}</p></article><footer>Imprint</footer></body></html>"""


def test_html_gives_its_main_text_and_metadata(read):
    document = read("tea.html", PAGE)
    assert (document.title, document.author, document.date) == ("The Tea Road", "Jane Doe", "2024-03-05")
    assert (document.url, document.language) == ("https://example.org/tea", "en-GB")
    assert document.media_type == "text/html"
    assert PROSE.strip() in document.text
    for chrome in ("Home", "Imprint", "no text"):
        assert chrome not in document.text


def test_html_headings_lists_and_tables_are_lines_of_the_text(read):
    document = read("tea.html", PAGE)
    assert "- Kyakhta of the tea\n- Irkutsk\n- on the Angara\n" in document.text
    assert "| Town | Year |\n|---|---|\n| Kyakhta | 1727 |\n" in document.text
    assert "First line\nsecond line." in document.text
    (first, _), (second, text) = slices(document)
    assert (first, second) == (("The Tea Road",), ("The Tea Road", "Towns"))
    assert text.startswith("Towns\n\n- Kyakhta")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("<title>The Tea Road - A Site</title>", ("The Tea Road", None, None)),
        ("<title>Something else</title>", ("Something else", None, None)),
        ("<meta property='og:title' content='Tea &amp; Roads'>", ("Tea & Roads", None, None)),
        (
            "<meta name=citation_author content='Doe, Jane'><meta name=citation_author content='Smith, John'>",
            ("The Tea Road", "Doe, Jane; Smith, John", None),
        ),
        ("<meta property='article:author' content='https://example.org/jane'>", ("The Tea Road", None, None)),
        (
            """<script type="application/ld+json">{"@graph": [{"@type": "WebSite", "name": "A Site"}, {"@type":
            "NewsArticle", "headline": "Tea", "author": [{"name": "Jane Doe"}], "datePublished": "2024-05-03T10:00Z"}]}
            </script>""",
            ("Tea", "Jane Doe", "2024-05-03"),
        ),
        ("<script type='application/ld+json'>{broken</script>", ("The Tea Road", None, None)),
        ("<meta name=date content='3 May 2024'>", ("The Tea Road", None, "3 May 2024")),
    ],
)
def test_a_page_is_taken_at_its_word(head: str, expected: tuple[str | None, ...], read):
    body = f"<article><h1>The Tea Road</h1><p>{PROSE}</p><p>{PROSE}</p></article>"
    document = read("tea.html", f"<html><head>{head}</head><body><h2>Keys</h2>{body}</body></html>")
    assert (document.title, document.author, document.date) == expected


def test_a_date_in_the_words_of_a_page_is_not_its_date(read):
    page = f"<html><body><h1>Tea</h1><p>On 12 May 2012 we met.</p><p>{PROSE}</p></body><footer>© 2019</footer></html>"
    assert read("tea.html", page).date is None


def test_code_in_a_sentence_and_line_ends_of_the_source_do_not_break_a_paragraph(read):
    words = "In <code>rustc</code>, lints are\ndivided into six levels of their own:<br>none is the first of them."
    document = read("tea.html", f"<article><p>{words}</p><pre>a poem\nin lines</pre><p>{PROSE}</p></article>")
    assert document.text.startswith(
        "In rustc, lints are divided into six levels of their own:\nnone is the first of them.\n\na poem\nin lines\n\n"
    )


def test_the_same_page_always_gives_the_same_text(read):
    assert read("tea.html", PAGE) == read("tea.html", PAGE)


# PDF


def test_pdf_pages_are_slices_of_the_text(read):
    document = read("tea.pdf", pdf(3, title="The Tea Road", author="Jane Doe"))
    assert [page.number for page in document.pages] == [1, 2, 3]
    for page in document.pages:
        words = document.text[page.start : page.end]
        assert words.strip() == f"Page {page.number} says that the tea road ran over the steppe."
    assert document.pages[-1].end == len(document.text)
    assert (document.title, document.author, document.media_type) == ("The Tea Road", "Jane Doe", "application/pdf")


def test_the_name_of_the_file_it_was_made_from_is_no_title(read):
    assert read("tea.pdf", pdf(1, title="Microsoft Word - tea.doc")).title is None


# Word


def _word(document) -> None:
    document.core_properties.title = "The Tea Road"
    document.core_properties.author = "Jane Doe"
    document.add_heading("The Tea Road", 0)
    document.add_heading("Towns", 1)
    document.add_paragraph(PROSE)
    document.add_paragraph("Kyakhta", style="List Bullet")
    document.add_paragraph("Irkutsk", style="List Bullet")
    table = document.add_table(2, 2)
    for number, words in enumerate(("Town", "Year", "Kyakhta", "1727")):
        table.cell(number // 2, number % 2).text = words
    document.add_heading("On the border", 2)
    last = document.add_paragraph("Merchants met ")
    inserted = last._p.makeelement(W + "ins", {})
    inserted.append(last.add_run("at the gate.")._r)
    last._p.append(inserted)
    deleted = last._p.makeelement(W + "del", {})
    deleted.append(last.add_run("never")._r)
    last._p.append(deleted)


W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def test_word_paragraphs_lists_and_tables_keep_their_order(read):
    document = read("tea.docx", docx(_word))
    assert document.text == (
        f"The Tea Road\n\nTowns\n\n{PROSE.strip()}\n\n- Kyakhta\n- Irkutsk\n\n| Town | Year |\n| Kyakhta | 1727 |\n\n"
        "On the border\n\nMerchants met at the gate."
    )
    assert (document.title, document.author) == ("The Tea Road", "Jane Doe")


def test_word_headings_are_sections(read):
    document = read("tea.docx", docx(_word))
    assert [(path, text.split("\n")[0]) for path, text in slices(document)] == [
        (("The Tea Road",), "The Tea Road"),
        (("Towns",), "Towns"),
        (("Towns", "On the border"), "On the border"),
    ]


def test_the_author_and_date_that_a_library_leaves_in_a_document_are_not_its_own(read):
    document = read("tea.docx", docx())
    assert (document.author, document.date) == (None, None)


# metadata


def test_metadata_is_one_line_that_can_be_shown_and_stored(read):
    document = read("tea.md", '---\ntitle: "Tea\\n\\ud800 \\0road"\nauthor: ""\n---\n' + PROSE)
    assert (document.title, document.author) == ("Tea road", None)


# plain text


def test_a_web_copy_in_plain_text_tells_its_title_and_author(read):
    copy = f"top of page\nSearch\n\nThe Tea Road\n\n  • Writer: Times Tengri\n  • Oct 22\n  • 6 min read\n\n{PROSE}"
    document = read("tea.txt", copy)
    assert (document.title, document.author, document.date) == ("The Tea Road", "Times Tengri", "Oct 22")
    marked = [document.text[span.start : span.end] for span in document.boilerplate]
    assert marked == ["top of page\nSearch", "• 6 min read"]
