"""Registered models on the site: what is in production, pages of models, what is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from gitrack.model.registered import (
    ModelAlias,
    ModelVersion,
    Proof,
    RegisteredModel,
    StageState,
)
from gitrack.model.run import RunBundle
from gitrack.site import Hide, build_site
from gitrack.site.links import web_address
from gitrack.store import open_store
from gitrack.store.codec.records import dump_record
from gitrack.store.registry.whole import AllModels, KnownModel
from tests.site.flights import MadeStore
from tests.site.registered import NAME, models


def built(folder: Path, bundles: list[RunBundle], hide: Hide | None = None) -> Path:
    build_site(MadeStore(bundles, models=models(bundles)), folder, title="T", commit="c", hide=hide)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory, bundles) -> Path:
    return built(tmp_path_factory.mktemp("models") / "site", bundles)


def text_of(page: Path) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.read_text("utf-8")).split())


def test_the_first_page_says_what_is_in_production_and_what_was_promoted(made):
    text = text_of(made / "index.html")

    assert "In production now" in text
    assert re.search(r"late-arrivals Which flights .* v2 xgb-baseline\S+ 0\.75\d+", text)
    assert "early-departures nobody" in text
    assert text.index("late-arrivals v2 back to production") < text.index("late-arrivals v3 to")
    assert "5 of 6 gates passed, 1 waiting" in text


def many(count: int, serving: int) -> tuple[KnownModel, ...]:
    """Models of which the first so many are in production; each changed a day after the last."""
    return tuple(
        KnownModel(
            name=f"model-{number:03d}",
            about=RegisteredModel(name=f"model-{number:03d}", created="2026-01-01T00:00:00.000Z"),
            versions=(
                ModelVersion(version=1, run="gone", created=f"2026-02-{number % 28 + 1:02d}"),
            ),
            stages={"production": [1]} if number < serving else {},
        )
        for number in range(count)
    )


def named_first(folder: Path, known: tuple[KnownModel, ...], bundles: list[RunBundle]) -> list[str]:
    store = MadeStore(bundles, models=AllModels(models=known))
    build_site(store, folder, title="T", commit="c")
    front = (folder / "index.html").read_text("utf-8")
    section = front.partition('aria-labelledby="production"')[2].partition("</section>")[0]
    return re.findall(r"<bdi>(model-\d+)</bdi>", section)


def test_few_models_are_all_on_the_first_page(tmp_path, bundles):
    assert named_first(tmp_path / "site", many(8, 3), bundles) == [
        f"model-{number:03d}" for number in range(8)
    ]
    front = text_of(tmp_path / "site/index.html")
    assert "All 8 models" not in front


def test_of_many_models_the_first_page_names_those_that_serve_and_changed_last(tmp_path, bundles):
    first = named_first(tmp_path / "site", many(20, 3), bundles)

    # three serve somebody; of the others those that changed last
    assert first == [f"model-{number:03d}" for number in (2, 1, 0, 19, 18, 17, 16, 15)]
    front = (tmp_path / "site/index.html").read_text("utf-8")
    assert '<a class="more" href="models.html">All 20 models</a>' in front
    assert "8 of 20 models: what is in production first, then what changed last" in front
    assert front.index("All 20 models") < front.index("What people ask")
    assert (tmp_path / "site/models.html").read_text("utf-8").count("<bdi>model-") == 20


def test_the_models_on_the_first_page_have_one_order(tmp_path, bundles):
    known = many(60, 40)  # some changed on the same day
    one = named_first(tmp_path / "one", known, bundles)
    other = named_first(tmp_path / "other", known[::-1], bundles)

    assert one == other
    assert one[:3] == ["model-027", "model-026", "model-025"]


def test_a_model_that_nobody_promoted_but_somebody_proved_has_changed(tmp_path, bundles):
    known = list(many(20, 0))
    proof = Proof(
        kind="tests", version=1, run="gone", passed=True, recorded="2026-03-01", by="Jane <j@x>"
    )
    known[4] = replace(known[4], proofs={1: {"tests": proof}})
    known[6] = replace(known[6], pointers={"champion": ModelAlias(version=1, set="2026-03-02")})

    first = named_first(tmp_path / "site", tuple(known), bundles)

    assert first[:3] == ["model-006", "model-004", "model-019"]


def test_a_model_says_who_stands_where_since_when_and_why(made):
    text = text_of(made / f"models/{NAME}.html")

    assert "since 2026-09-22 15:40 UTC , by Ravi Patel it was the load balancer" in text
    assert "Roll back to v1" in text
    assert "gitrack rollback late-arrivals --to-version 1 --why &#39;…&#39;" in text
    assert "Archived: v1" in text
    assert "v2 production @champion Depth 6, with weather at the origin." in text
    assert 'gitrack.load_model("models:/late-arrivals/production")' in text.replace("&#34;", '"')


def test_a_model_that_nobody_promoted_says_how(made):
    how = "gitrack promote early-departures 1 --to staging --dry-run"

    assert how in text_of(made / "models/early-departures.html")
    assert "--dry-run" not in text_of(made / f"models/{NAME}.html")


def test_every_gate_says_value_rule_margin_and_source(made, bundles):
    html = (made / f"models/{NAME}.html").read_text("utf-8")
    text = text_of(made / f"models/{NAME}.html")
    run = bundles[1].run

    assert "evidence shadow-mode for 7 days" in text
    value = run.metrics["calibration_ece"]
    assert f"calibration_ece &lt;= 0.06 {value:.4g}, asked for 0.06 passed" in text
    assert f"runs/{run.experiment}/{run.id}/run.yaml:metrics.calibration_ece" in html
    assert "recorded by Jane Smith passed" in text  # her address stays on the branch
    assert re.search(r"0\.73 baseline 0\.72 \+0\.0\d+", text)


def test_evidence_is_counted_and_timed(made):
    text = text_of(made / f"models/{NAME}.html")

    assert "41 tests, 0 failed, 2 skipped" in text
    assert "2026-09-13 08:00 UTC to 2026-09-20 08:00 UTC (7 d)" in text
    assert "not passed v4 fairness" in text


def test_a_run_names_the_versions_that_it_became(made, bundles):
    text = text_of(made / f"runs/{bundles[1].run.id}.html")

    assert "late-arrivals v2 production @champion" in text
    assert "late-arrivals" not in text_of(made / f"runs/{bundles[-1].run.id}.html").replace(
        "use_case late-arrivals", ""
    )


def test_a_version_whose_run_is_gone_has_no_link(made):
    html = (made / "models/early-departures.html").read_text("utf-8")

    assert "20200101-000000-gonegg" in html
    assert "runs/20200101" not in html


def test_a_public_site_names_nobody(tmp_path, bundles):
    site = built(tmp_path / "site", bundles, Hide(public=True))

    for page in site.rglob("*.html"):
        for told in ("Jane", "Ravi", "example.com", "@logistics"):
            assert told not in page.read_text("utf-8"), page
    assert "it was the load balancer" in text_of(site / f"models/{NAME}.html")


def test_where_nobody_is_named_no_column_says_so_in_every_line(tmp_path, bundles, made):
    site = built(tmp_path / "site", bundles, Hide(public=True))

    for page, tables in (("index.html", 2), ("models.html", 1)):
        assert (made / page).read_text("utf-8").count(">By</th>") == tables
        assert ">By</th>" not in (site / page).read_text("utf-8")
    heads, first = re.search(
        r"<thead><tr>(.*?)</tr>.*?<tr>(.*?)</tr>",
        (site / "models.html").read_text("utf-8").partition('class="list promoted"')[2],
        re.DOTALL,
    ).groups()
    assert heads.count("<th") == first.count("<th") + first.count("<td")


def test_hidden_metrics_and_tags_are_in_no_gate(tmp_path, bundles):
    site = built(tmp_path / "site", bundles, Hide(metrics=["calibration_*"], tags=["ticket"]))

    text = (site / f"models/{NAME}.html").read_text("utf-8")
    assert "calibration" not in text
    assert "ML-214" not in text
    assert "inference_latency_p99_ms" in text


def test_the_same_registry_gives_the_same_bytes(tmp_path, bundles, made):
    again = built(tmp_path / "site", bundles)

    for page in ("index.html", f"models/{NAME}.html"):
        assert (again / page).read_bytes() == (made / page).read_bytes()


def test_a_long_history_is_cut_and_says_so(tmp_path, bundles):
    known = models(bundles).models[1]
    first = next(iter(known.promotions.values()))
    many = {f"20260101T{n:06}Z-v1-staging": first for n in range(250)}
    versions = tuple(ModelVersion(version=n, run=first.run) for n in range(1, 521))
    long = replace(known, promotions=many, versions=versions)
    store = MadeStore(bundles, models=AllModels(models=(long,)))
    build_site(store, tmp_path / "site", title="T")

    text = text_of(tmp_path / f"site/models/{NAME}.html")
    assert "520 versions" in text
    assert "50 older promotions are not listed here" in text
    assert "20 older versions are not listed here" in text


def test_a_registry_is_read_as_a_whole_and_its_faults_are_told(repo):
    store = open_store(repo)
    version = ModelVersion(version=1, run="20260101-000000-aaaaaa")
    store.commit_files(
        {
            "registry/churn/versions/1.yaml": dump_record(version),
            "registry/churn/versions/2.yaml": b"version: 3\nrun: x\n",
            "registry/churn/stages/production.yaml": dump_record(StageState(versions=[1])),
        },
        "register",
    )

    found = store.models()

    assert found.models == (
        KnownModel(name="churn", versions=(version,), stages={"production": [1]}),
    )
    assert [fault.path for fault in found.faults] == ["registry/churn/versions/2.yaml"]
    assert store.at(None).models() == AllModels()


def test_a_model_without_versions_says_so(tmp_path, bundles):
    nothing = AllModels(models=(KnownModel(name="nothing-yet"),))
    build_site(MadeStore(bundles, models=nothing), tmp_path / "site", title="T", commit="c")
    text = text_of(tmp_path / "site/models/nothing-yet.html")

    assert "No version is registered yet." in text
    assert "load_model" not in text
    assert "--dry-run" not in text


def test_every_page_leads_to_how_a_first_model_is_registered(tmp_path, bundles):
    build_site(MadeStore(bundles), tmp_path, title="T")

    assert '<a href="models.html">Models</a>' in (tmp_path / "index.html").read_text("utf-8")
    assert "gitrack model register @last NAME" in text_of(tmp_path / "models.html")


def test_a_proof_leads_to_where_it_can_be_seen(made):
    page = (made / f"models/{NAME}.html").read_text("utf-8")

    seen = "https://grafana.example.com/d/shadow"
    assert f'<a href="{seen}" rel="noopener noreferrer"><code><bdi>{seen}</bdi></code></a>' in page


@pytest.mark.parametrize(
    "odd",
    [
        "javascript:alert(1)",
        "https:evil.example",
        "https://ci.example.com@evil.example/",
        "https://ci.example.com/a b",
        'https://ci.example.com/"onclick=',
        "https://ci.example.com\\@evil.example",
        "https://cі.example.com/",  # the і is Cyrillic
        "ftp://ci.example.com/",
        "https://",
        "https://ci.example.com/\n",
    ],
)
def test_only_plain_addresses_of_the_web_are_links(odd):
    assert web_address("https://ci.example.com:8443/jobs/7?log=1#end") is not None
    assert web_address(odd) is None
