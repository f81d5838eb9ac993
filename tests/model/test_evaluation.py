"""`evaluation.json`: read strictly, whoever wrote it."""

from __future__ import annotations

import pytest

from gitrack.errors import UnreadableFile
from gitrack.model.evaluation import (
    Evaluation,
    EvaluationSet,
    Residuals,
    dump_evaluation,
    load_evaluation,
)


def test_there_and_back():
    one = EvaluationSet(task="binary", cases=2, cases_digest="d", roc=[(0, 0), (1, 1)], auc=0.5)
    errors = Residuals(edges=[-1.0, 0.0, 1.0], counts=[3, 4])
    other = EvaluationSet(task="regression", cases=7, cases_digest="e", residuals=errors)
    whole = Evaluation(sets={"b": one, 'a"\n': other})

    data = dump_evaluation(whole)

    assert load_evaluation("f", data) == whole
    assert len(data.splitlines()) == 4
    assert load_evaluation("f", dump_evaluation(Evaluation())) == Evaluation()


@pytest.mark.parametrize(
    "inside",
    [
        b'"task":"magic"',
        b'"task":"binary","roc":[[1e999,0]]',
        b'"task":"binary","roc":[[0,0,0]]',
        b'"task":"binary","roc":[' + b"[0,0]," * 2000 + b"[0,0]]",
        b'"task":"binary","confusion":{"labels":["a"],"counts":[[1,2]]}',
        b'"task":"regression","residuals":{"edges":[0,1],"counts":[]}',
        b'"task":"binary","sample":{"of":1,"picked":"all","truth":[1],"scores":[]}',
        b'"task":"regression","residuals":{"edges":[0,1,2],"counts":[1,2,3]}',
        b'"task":"binary","sample":{"of":1,"picked":"all","truth":[1],"scores":[1],"said":[0,1]}',
        b'"task":"binary","auc":NaN',
    ],
)
def test_what_is_none_is_refused(inside):
    data = b'{"format":1,"sets":{"p":{"cases":1,"cases_digest":"d",' + inside + b"}}}"

    with pytest.raises(UnreadableFile, match="not what predictions say"):
        load_evaluation("runs/x/evaluation.json", data)


def test_another_format_and_too_many_bytes_are_refused():
    with pytest.raises(UnreadableFile):
        load_evaluation("f", b'{"format":2,"sets":{}}')
    with pytest.raises(UnreadableFile, match="too many"):
        load_evaluation("f", b" " * 20_000_001)
