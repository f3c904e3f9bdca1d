"""Is the index what it should be? Every row, every derived file, and every stored text against its file on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.derived import open_lexical, open_vectors
from index.encoding import ONNX
from index.errors import ArticleError, IndexNotFoundError
from index.manifest import DATABASE, Manifest, find_damage
from index.readers import DEFAULT_LIMITS, ReadLimits, read_articles
from index.rows import DamagedRowError, StoredDocument
from index.store import Snapshot, Store


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        subject: The file: a part of the index or an article.
        problem: What is wrong.
        remedy: What to do.
        is_damage: True where the index is damaged, False where it is only behind its articles.
    """

    subject: str
    problem: str
    remedy: str
    is_damage: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was checked, and what was found.

    Attributes:
        findings: None where everything is in order.
        revision: That was checked.
        documents: Articles checked.
        passages: Passages checked.
    """

    findings: tuple[Finding, ...]
    revision: int
    documents: int
    passages: int

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify_index(index_path: Path | str, *, sources: bool = True, limits: ReadLimits = DEFAULT_LIMITS) -> VerifyReport:
    """Check an index from end to end; damage is a finding, not an error.

    Args:
        index_path: The folder of the index.
        sources: Read every article's file again and compare the text, page marks included.
        limits: What reading one file may cost.

    Raises:
        IndexNotFoundError: There is no index.
        CorruptIndexError: The database is so damaged that it cannot be read at all.
    """
    folder = Path(index_path)
    store = Store(folder)
    try:
        with store.snapshot() as snapshot:
            manifest = snapshot.manifest()
            if manifest is None:
                raise IndexNotFoundError(f"{folder}: its first build was not finished; run the same qa index again")
            documents = snapshot.documents()
            findings = [*_check_database(folder, snapshot, documents), *_check_derived(folder, snapshot, manifest)]
            if sources:
                findings += _check_sources(snapshot, documents, limits)
    finally:
        store.close()
    return VerifyReport(
        findings=tuple(findings),
        revision=manifest.revision,
        documents=len(documents),
        passages=sum(document.count for document in documents),
    )


def _check_database(folder: Path, snapshot: Snapshot, documents: list[StoredDocument]) -> Iterator[Finding]:
    """Read every row of every article; each carries its checksum."""
    database = str(folder / DATABASE)
    rebuild = f"qa index ARTICLES --index {folder} --rebuild"
    for problem in snapshot.problems():
        yield Finding(database, problem, rebuild)
    for document in documents:
        try:
            text = snapshot.whole(document).text
            stored = snapshot.passages(document.passage_ids)
        except DamagedRowError as error:
            yield Finding(database, f"{document.info.source}: {error}", rebuild)
            continue
        for one in stored.values():
            if one.text != text[one.passage.start : one.passage.end] or one.owner.key != document.key:
                yield Finding(database, f"{document.info.source}: passage {one.passage.id} is no slice of it", rebuild)


def _check_derived(folder: Path, snapshot: Snapshot, manifest: Manifest) -> Iterator[Finding]:
    """Compare the derived files with their checksums, and what they hold with the database."""
    import numpy as np

    mend = f"qa index ARTICLES --index {folder}"
    documents = sorted(snapshot.documents(), key=lambda document: document.first)
    ids = [id_ for document in documents for id_ in document.passage_ids]
    vectors = open_vectors(folder, manifest)
    if isinstance(vectors, str):
        yield Finding(str(folder / manifest.vectors.path), vectors, mend)
    elif (problem := _compare_vectors(snapshot, manifest, ids, vectors.ids().tolist(), vectors.stored())) is not None:
        yield Finding(str(folder / manifest.vectors.path), problem, mend)
    lexical = open_lexical(folder, manifest)
    if isinstance(lexical, str):
        yield Finding(str(folder / manifest.lexical.path), lexical, mend)
    elif not np.array_equal(np.sort(lexical.ids()), ids):
        yield Finding(str(folder / manifest.lexical.path), "its passages are not those of the database", mend)
    if manifest.encoder.runtime == ONNX and (damage := find_damage(folder, manifest.encoder.files)) is not None:
        yield Finding(str(folder / (manifest.encoder.path or "")), damage, mend)


def _compare_vectors(
    snapshot: Snapshot, manifest: Manifest, expected: list[int], ids: list[int], rows: object
) -> str | None:
    import numpy as np

    stored = np.asarray(rows)
    place = {id_: row for row, id_ in enumerate(ids)}
    if sorted(ids) != expected:
        return "its vectors are not those of the database"
    for start in range(0, len(expected), 1000):
        some = expected[start : start + 1000]
        try:
            truth = snapshot.vectors(some, manifest.encoder.dim)
        except DamagedRowError as error:
            return f"the database cannot vouch for it: {error}"
        if not np.array_equal(stored[[place[id_] for id_ in some]], truth):
            return "a vector is not that of the database"
    return None


def _check_sources(snapshot: Snapshot, documents: list[StoredDocument], limits: ReadLimits) -> Iterator[Finding]:
    """Read every article again, by the reader that indexed it, and compare."""
    again = "qa index the folder again"
    outcomes = read_articles([Path(document.info.source) for document in documents], limits=limits)
    for document, outcome in zip(documents, outcomes, strict=True):
        source, found = document.info.source, outcome.document
        if found is None:
            reason = (outcome.error or ArticleError(source, "cannot be read")).reason
            yield Finding(source, reason, again, is_damage=False)
        elif found.sha256 != document.info.sha256:
            yield Finding(source, "changed since it was indexed", again, is_damage=False)
        else:
            try:
                same = snapshot.whole(document) == found
            except DamagedRowError:
                continue  # found before, with the rows
            if not same:
                remedy = f"{again}, with --rebuild"
                yield Finding(source, "its stored text is not what is read from the file now", remedy)
