"""An evaluation as one self-contained page: figures, curves, and the worst mistakes with their quotes.

No script and no other host: the page can be mailed, archived and opened offline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import PurePath

from qa.charts import Axes, bar, chart, dots, polyline
from qa.evaluation import (
    MEANINGS,
    Evaluation,
    confidence_bins,
    confident_mistakes,
    interval,
    missed_answers,
    risk_coverage,
)
from qa.judging import Judged

_HISTOGRAM_BINS = 20
_MOST_POINTS = 400
_OUTCOMES = ("right", "wrong", "unanswerable")


def html_report(evaluation: Evaluation, *, title: str, facts: Mapping[str, str]) -> str:
    """Return the page.

    Args:
        evaluation: What was measured.
        title: Heads the page.
        facts: What the figures hold for, such as the question set, the index and the date; shown under the title.
    """
    scored = evaluation.scored
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    body = (
        f"<header><h1>{escape(title)}</h1><dl class='facts'>{shown}</dl></header>"
        f"<section><h2>Figures</h2>{_figures(evaluation)}</section>"
        + (_charts(scored) if scored else "<p>No question of the set counts.</p>")
        + _mistakes(
            "Wrong, and sure of it", "Answers that are wrong, most confident first.", confident_mistakes(scored)
        )
        + _mistakes("Right, but not given", "Abstentions whose nearest passage is right.", missed_answers(scored))
    )
    head = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta name='color-scheme' content='light dark'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
    )
    return f"{head}<body><main>{body}</main></body></html>\n"


def figure_rows(evaluation: Evaluation) -> list[tuple[str, str, str, str]]:
    """Return name, value, 95 % interval and meaning of every figure that there is, as text."""
    rows = []
    for name, value in evaluation.to_dict().items():
        if name not in MEANINGS or value is None:
            continue
        text = f"{value:.3f}" if isinstance(value, float) else str(value)
        bounds = interval(evaluation.scored, name, value)
        rows.append((name, text, f"{bounds[0]:.3f}-{bounds[1]:.3f}" if bounds else "", MEANINGS[name]))
    return rows


def kind_rows(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return for each kind of question how many first citations are right of how many; empty for a single kind."""
    kinds = evaluation.to_dict().get("evidence@1 by kind", {})
    return [(kind, counted) for kind, counted in kinds.items()]


def _figures(evaluation: Evaluation) -> str:
    rows = _table(("Figure", "Value", "95% interval", "What it says"), figure_rows(evaluation), css="figures")
    kinds = kind_rows(evaluation)
    return rows + (_table(("Kind of question", "First passage right"), kinds) if kinds else "")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], *, css: str = "") -> str:
    head = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in header)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<div class='scroll {css}'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _charts(scored: Sequence[Judged]) -> str:
    figures = (
        (
            _risk_chart(scored),
            "Risk and coverage",
            "Answering only the surest questions: how many, and how many wrong.",
        ),
        (_reliability_chart(scored), "Reliability", "On the diagonal, a confidence of 70% is right 7 times in 10."),
        (_histogram(scored), "Confidence", _legend()),
    )
    made = "".join(
        f"<figure>{picture}<figcaption><b>{name}.</b> {says}</figcaption></figure>" for picture, name, says in figures
    )
    return f"<section class='charts'>{made}</section>"


def _legend() -> str:
    named = ("right", "wrong or missed", "not in the articles")
    keys = (f"<span class='key {css}'></span>{name}" for css, name in zip(_OUTCOMES, named, strict=True))
    return "Questions by confidence: " + ", ".join(keys) + "."


def _risk_chart(scored: Sequence[Judged]) -> str:
    points = risk_coverage(scored)
    thinned = points[:: max(1, len(points) // _MOST_POINTS)] + points[-1:]
    most = max(0.1, min(1.0, 0.1 * (1 + int(10 * max(point.risk for point in thinned)))))
    axes = Axes("Risk over coverage", "share of questions answered", "share of answers wrong", y_most=most)
    line = polyline(axes, [(point.coverage, point.risk) for point in thinned], css="line")
    answered = [one for one in scored if one.answered]
    if not answered:
        return chart(axes, line)
    wrong = sum(not one.is_right for one in answered) / len(answered)
    label = f"as answered: {len(answered) / len(scored):.0%} of questions, {wrong:.1%} of the answers wrong"
    return chart(axes, line, dots(axes, [(len(answered) / len(scored), wrong, label)], css="dot"))


def _reliability_chart(scored: Sequence[Judged]) -> str:
    axes = Axes("Share right over confidence", "confidence", "share that is right")
    points, weights = [], []
    for number, members in enumerate(confidence_bins(scored)):
        if members:
            sure = sum(one.confidence for one in members) / len(members)
            right = sum(one.is_right for one in members) / len(members)
            points.append((sure, right, f"{len(members)} questions: confidence {sure:.0%}, right {right:.0%}"))
            label = f"{len(members)} questions"
            edges = (number / 10, (number + 1) / 10)
            weights.append(bar(axes, *edges, 0, len(members) / len(scored), css="weight", label=label))
    diagonal = polyline(axes, [(0, 0), (1, 1)], css="diagonal")
    line = polyline(axes, [(x, y) for x, y, _ in points], css="line")
    return chart(axes, *weights, diagonal, line, dots(axes, points, css="dot"))


def _histogram(scored: Sequence[Judged]) -> str:
    bins = confidence_bins(scored, _HISTOGRAM_BINS)
    most = max(len(members) for members in bins)
    axes = Axes("Questions by confidence", "confidence", "questions", y_most=-(-most // 5) * 5, percent=False)
    bars = []
    for number, members in enumerate(bins):
        low = 0
        for outcome in _OUTCOMES:
            count = sum(_outcome(one) == outcome for one in members)
            left, right = number / _HISTOGRAM_BINS, (number + 1) / _HISTOGRAM_BINS
            label = f"{count} {outcome}, confidence {left:.2f} to {right:.2f}"
            bars.append(bar(axes, left, right, low, low + count, css=outcome, label=label))
            low += count
    return chart(axes, *bars)


def _outcome(one: Judged) -> str:
    if not one.question.answerable:
        return "unanswerable"
    return "right" if one.is_right else "wrong"


def _mistakes(title: str, says: str, judged: Sequence[Judged]) -> str:
    if not judged:
        return ""
    return f"<section><h2>{escape(title)}</h2><p>{escape(says)}</p>{''.join(map(_mistake, judged))}</section>"


def _mistake(one: Judged) -> str:
    wanted = one.question.evidence or one.question.answers
    expected = " <i>or</i> ".join(escape(text) for text in wanted[:3]) if wanted else "not in the articles"
    source = PurePath(one.source).name if one.source else "no passage"
    quote = f"<blockquote>{escape(one.quote)}</blockquote>" if one.quote else "<p>No passage was found.</p>"
    return (
        f"<article><h3>{escape(one.question.text)}</h3>{quote}"
        f"<p class='source'>{escape(source)}, confidence {one.confidence:.0%}</p><p>Expected: {expected}</p></article>"
    )


_STYLE = """
:root{--ground:#fff;--ink:#1b1f24;--soft:#5b6570;--rule:#d9dee4;--panel:#f5f7f9;--right:#1a7f5a;--wrong:#c4432b;
--unanswerable:#8a94a0;--line:#2256a8}
@media(prefers-color-scheme:dark){:root{--ground:#14171a;--ink:#e6e9ec;--soft:#a2acb6;--rule:#343b42;--panel:#1d2226;
--right:#4cc495;--wrong:#f0836d;--unanswerable:#77828d;--line:#7fb0ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.2rem 0 .5rem}h3{font-size:1rem;margin:0 0 .5rem}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0;color:var(--soft)}
.facts dd{margin:0;overflow-wrap:anywhere;color:var(--ink)}
.scroll{overflow-x:auto;margin-bottom:1rem}
table{border-collapse:collapse;font-size:.95rem}
th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;color:var(--soft);white-space:nowrap}
td:nth-child(2),td:nth-child(3){font-variant-numeric:tabular-nums;white-space:nowrap}
@media(max-width:38rem){
.figures table,.figures tbody{display:block}.figures thead{display:none}
.figures tr{display:grid;grid-template-columns:9rem 4.5rem 1fr;padding:.35rem 0;border-bottom:1px solid var(--rule)}
.figures td{border:0;padding:0}.figures td:nth-child(1){font-weight:600}
.figures td:nth-child(4){grid-column:1/-1;color:var(--soft);font-size:.9rem}}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,18.5rem),1fr));gap:1rem;margin-top:2rem}
figure{margin:0;padding:.75rem;background:var(--panel);border-radius:.5rem}
figcaption{font-size:.9rem;color:var(--soft)}figcaption b{color:var(--ink)}
svg{display:block;width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
.grid{stroke:var(--rule);fill:none}
.line{stroke:var(--line);fill:none;stroke-width:2}
.diagonal{stroke:var(--soft);stroke-dasharray:4 4;fill:none}
.dot{fill:var(--line);stroke:var(--ground);stroke-width:1.5}
.weight{fill:var(--line);opacity:.15}
.right{fill:var(--right);background:var(--right)}.wrong{fill:var(--wrong);background:var(--wrong)}
.unanswerable{fill:var(--unanswerable);background:var(--unanswerable)}
.key{display:inline-block;width:.7em;height:.7em;margin:0 .3em 0 .2em;border-radius:2px}
article{padding:1rem;margin:0 0 .75rem;background:var(--panel);border-radius:.5rem;overflow-wrap:anywhere}
article p{margin:.25rem 0}
blockquote{margin:0 0 .5rem;padding-left:.8rem;border-left:3px solid var(--line);white-space:pre-line}
.source{color:var(--soft);font-size:.9rem}
"""
