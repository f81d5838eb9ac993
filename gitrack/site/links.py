"""Where things lie on the site: names that are safe as files and in links."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*\Z", re.ASCII)
_UNSAFE = re.compile(r"[^a-z0-9_-]+", re.ASCII)
_OURS = re.compile(r"(?:[a-z0-9_-]{1,48}-)?[0-9a-f]{10}\Z", re.ASCII)
#: A host by its plain name, no user before it, and nothing that a browser would read otherwise.
_WEB = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?\Z",
    re.ASCII | re.IGNORECASE,
)
#: Windows keeps these names for devices, whatever follows the dot.
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "index", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))]
)


def like_ours(name: str) -> bool:
    """True for a name that reads like what `slug` makes of others: it is not kept as it is."""
    return _OURS.match(name) is not None


def slug(name: str) -> str:
    """The name itself if it is safe as a file name everywhere, else a safe one that is its own."""
    safe = len(name) <= 80 and _SAFE.match(name) and name.partition(".")[0] not in _DEVICES
    if safe and not like_ours(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    readable = _UNSAFE.sub("-", name.lower()).strip("-_")[:48].rstrip("-_")
    return f"{readable}-{digest}" if readable else digest


def web_address(text: str) -> str | None:
    """An address that somebody wrote, if a page may lead there; else it is a text."""
    return text if len(text) <= 2_000 and _WEB.match(text) else None


#: The runs that stand out, for the comparison.
MARKS = "data/marks.js"


def run_page(run_id: str) -> str:
    """A run's page."""
    return f"runs/{slug(run_id)}.html"


def runs_within(run_id: str) -> str:
    """The table of the runs that were started within a run."""
    return "runs.html#filter=" + quote(f"parent = '{run_id}'")


def run_data(run_id: str) -> str:
    """A run's data, for charts and comparison."""
    return f"data/runs/{slug(run_id)}.js"


def experiment_page(name: str) -> str:
    """An experiment's page."""
    return f"experiments/{slug(name)}.html"


#: The table of all runs: a folder.
ALL_RUNS = "data/tables/all"


def experiment_table(name: str) -> str:
    """The table of an experiment's runs: a folder."""
    return f"data/tables/experiments/{slug(name)}"


def model_page(name: str) -> str:
    """A registered model's page."""
    return f"models/{slug(name)}.html"


def sweep_page(id: str) -> str:
    """A sweep's page."""
    return f"sweeps/{slug(id)}.html"


def data_set_page(name: str) -> str:
    """The page of a data set, in all its versions."""
    return f"datasets/{slug(name)}.html"


def data_anchor(identity: str) -> str:
    """Where on its page a version of data stands: the part behind `#`."""
    return f"v-{hashlib.sha256(identity.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def lineage_of(kind: str, name: str) -> str:
    """The lineage page, showing only what has to do with a `model`, `data`, `run` or `artifact`."""
    return f"lineage.html#{kind}/{slug(name)}&only"


def lineage_of_run(run_id: str, experiment: str) -> str:
    """The same of a run; one that is not drawn by itself stands among those of its experiment."""
    return f"lineage.html#run/{slug(run_id)}&only&among=experiment/{slug(experiment)}"


def report_page(path: str) -> str:
    """The page of a report, by its path below `reports/`."""
    return f"reports/{slug(path.removesuffix('.md'))}.html"


def chart_anchor(name: str) -> str:
    """Where a chart of the project stands on the page of all charts: the part behind `#`."""
    return f"chart-{slug(name)}"


def chart_place(name: str) -> str:
    """The way there."""
    return f"charts.html#{chart_anchor(name)}"


def chart_data(name: str) -> str:
    """A chart of the project with its data."""
    return f"data/charts/{slug(name)}.js"


def names_data(number: int) -> str:
    """A piece of the names of runs, by which they are found."""
    return f"data/names/{number}.js"


#: What was in production when, of all models.
PRODUCTION_TREND = "data/production.js"


def trend_data(name: str) -> str:
    """An experiment's metrics through time."""
    return f"data/trends/{slug(name)}.js"


def document_page(copy: str) -> str:
    """The page around an HTML file of a run, of which a copy lies on the site."""
    return f"documents/{copy.removeprefix('files/')}.html"


def packages_text(digest: str) -> str:
    """The same for people, as plain text."""
    return f"files/packages/{slug(digest)}.txt"


def places_data(experiment: str) -> str:
    """How the runs of an experiment stand, for the page of each."""
    return f"data/places/{slug(experiment)}.js"


def patch_data(digest: str) -> str:
    """What was not committed, shared by all runs that had the same changes."""
    return f"data/patches/{slug(digest)}.js"


def packages_data(digest: str) -> str:
    """A list of installed packages, shared by all runs that had the same."""
    return f"data/packages/{slug(digest)}.js"


def code_data(name: str) -> str:
    """A folder or a file of the code by its id, or the list of commits."""
    return f"data/code/{slug(name)}.js"


def up(page: str) -> str:
    """The way from a page to the top of the site: `` or `../`."""
    return "../" * page.count("/")
