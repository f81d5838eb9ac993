"""A graph as OpenLineage events, for catalogues that gather lineage from many tools."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, urlsplit

from gitrack.errors import GitrackError, MissingExtra, UnreadableFile
from gitrack.model.lineage import OUTPUT, Graph, Link, Node, data_id
from gitrack.model.profile import load_profile
from gitrack.model.run import Run, Status
from gitrack.store.codec.records import load_run, load_value
from gitrack.store.layout import FORMAT_FILE, RECORD

if TYPE_CHECKING:
    from gitrack.analysis.lineage import Lineage

#: Who made the events: a name that is a URI, as the standard wants it.
PRODUCER = "urn:gitrack:lineage"
_RUNS = uuid.uuid5(uuid.NAMESPACE_URL, PRODUCER)
_STATES = {
    Status.FINISHED: "COMPLETE",
    Status.FAILED: "FAIL",
    Status.KILLED: "ABORT",
    Status.RUNNING: "RUNNING",
}
_SCP = re.compile(r"(?P<host>[\w.-]+@[\w.-]+):(?!/)(?P<path>\S+)\Z")


def events(lineage: Lineage, graph: Graph) -> Iterator[str]:
    """Two lines of JSON for each run and each stage of the graph: its start with all that it
    read, and its end with all that it left, too.

    The id of an event's run is made of the run's own, so that the same run is the same event
    whoever sends it. Raises MissingExtra.
    """
    try:
        from openlineage.client.serde import Serde
    except ImportError as error:
        raise MissingExtra("--openlineage", "openlineage-python", "lineage") from error
    writer = _Writer(lineage)
    for node in graph.nodes:
        if node.known and node.kind == "run":
            told = writer.of_run(node)
        elif node.known and node.kind == "stage":
            told = writer.of_stage(node)
        else:
            continue
        for event in told:
            yield json.dumps(Serde.to_dict(event), sort_keys=True)


class _Writer:
    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._records = lineage.records
        self._namespace = self._project()
        self._runs: dict[str, Run | None] = {}
        self._nodes: dict[str, Node] = {}

    def _project(self) -> str:
        """The namespace of jobs, and of data that lies in the repository."""
        try:
            data = self._records.branch.read(FORMAT_FILE, at=self._records.commit)
            project = load_value(FORMAT_FILE, data).get("project")
        except (GitrackError, AttributeError):
            project = None  # a broken one is a fault that every listing tells
        return f"gitrack://{quote(str(project or 'project'), safe='')}"

    # -- events -----------------------------------------------------------------------------

    def of_run(self, node: Node) -> list[Any]:
        """The events of a run; none where its record cannot be read."""
        assert node.run is not None
        run = self._run(node.run)
        if run is None:
            return []
        up, down = self._lineage.steps.up(node.id), self._lineage.steps.down(node.id)
        if any(link.kind == "part" for link in up):  # what its stages read and wrote, it did too
            for row in self._records.rows[run.id]:
                for known, readings in self._records.given(row).items():
                    roles = {self._records.role(reading) for reading in readings}
                    if roles != {OUTPUT}:
                        up.append(Link(data_id(known), node.id, "input"))
                    if OUTPUT in roles:
                        down.append(Link(node.id, data_id(known), "produced"))
        links = list(dict.fromkeys(up)), down
        return self._both(run, self._event(run, run.experiment, run.id, *links, parent=None))

    def of_stage(self, node: Node) -> list[Any]:
        """The events of a stage, in the run that ran it."""
        assert node.run is not None
        run = self._run(node.run)
        if run is None:
            return []
        job = f"{run.experiment}.{node.label}"
        links = self._lineage.steps.up(node.id), self._lineage.steps.down(node.id)
        return self._both(run, self._event(run, job, f"{run.id}/{node.label}", *links, parent=run))

    def _both(self, run: Run, end: Any) -> list[Any]:
        """The start before an end: the standard wants one of each."""
        from openlineage.client import event_v2 as ol

        facets = {name: facet for name, facet in end.run.facets.items() if name != "errorMessage"}
        start = ol.RunEvent(
            eventType=ol.RunState.START,
            eventTime=_time(run.started, run.id),
            producer=PRODUCER,
            run=ol.Run(runId=end.run.runId, facets=facets),
            job=end.job,
            inputs=end.inputs,
        )
        return [start, end]

    def _event(
        self, run: Run, job: str, id: str, up: list[Link], down: list[Link], *, parent: Run | None
    ) -> Any:
        from openlineage.client import event_v2 as ol

        state = "COMPLETE" if parent is not None else _STATES[run.status]
        read = [link for link in up if link.kind in ("input", "used")]
        left = [link for link in down if link.kind == "produced"]
        self._know([link.source for link in read] + [link.target for link in left])
        return ol.RunEvent(
            eventType=ol.RunState[state],
            eventTime=_time(run.ended or run.started, run.id),
            producer=PRODUCER,
            run=ol.Run(runId=event_id(id), facets=self._run_facets(run, parent)),
            job=ol.Job(namespace=self._namespace, name=job, facets=self._job_facets(run, parent)),
            inputs=[self._input(run, link) for link in read],
            outputs=[output for link in left for output in self._outputs(link)],
        )

    def _run(self, id: str) -> Run | None:
        if id not in self._runs:
            self._runs[id] = None
            rows = self._records.rows.get(id)
            path = f"{self._records.table.path(rows[0])}/{RECORD}" if rows else ""
            try:
                if rows:
                    data = self._records.branch.read(path, at=self._records.commit)
                    self._runs[id] = load_run(path, data)
            except UnreadableFile as error:
                self._records.note(error)
        return self._runs[id]

    def _know(self, ids: list[str]) -> None:
        """Read nodes, and of artifacts what they became: that is what others call them."""
        wanted = [id for id in ids if id not in self._nodes]
        self._nodes.update(self._lineage.nodes(wanted))

    # -- facets -----------------------------------------------------------------------------

    def _run_facets(self, run: Run, parent: Run | None) -> dict[str, Any]:
        from openlineage.client import facet_v2 as facets

        found: dict[str, Any] = {}
        tags = facets.tags_run
        if run.tags:
            found["tags"] = tags.TagsRunFacet(
                tags=[
                    tags.TagsRunFacetFields(key=key, value=str(value), source="USER")
                    for key, value in sorted(run.tags.items())
                ],
                producer=PRODUCER,
            )
        if parent is not None:
            own = facets.parent_run
            found["parent"] = own.ParentRunFacet(
                run=own.Run(runId=event_id(parent.id)),
                job=own.Job(namespace=self._namespace, name=parent.experiment),
                producer=PRODUCER,
            )
        elif run.error:
            found["errorMessage"] = facets.error_message_run.ErrorMessageRunFacet(
                message=run.error.strip().rpartition("\n")[2],
                programmingLanguage="python",
                stackTrace=run.error,
                producer=PRODUCER,
            )
        return found

    def _job_facets(self, run: Run, parent: Run | None) -> dict[str, Any]:
        from openlineage.client import facet_v2 as facets

        kind = "RUN" if parent is None else "STAGE"
        found: dict[str, Any] = {
            "jobType": facets.job_type_job.JobTypeJobFacet(
                processingType="BATCH", integration="GITRACK", jobType=kind, producer=PRODUCER
            )
        }
        code = run.code
        if code is not None and code.commit:
            url = _repository(code.remote) if code.remote else None
            found["sourceCodeLocation"] = (
                facets.source_code_location_job.SourceCodeLocationJobFacet(
                    type="git",
                    url=url or f"urn:git:{quote(code.commit, safe='')}",
                    repoUrl=url,
                    path=code.subfolder,
                    version=code.commit,
                    branch=code.branch,
                    producer=PRODUCER,
                )
            )
        return found

    def _input(self, run: Run, link: Link) -> Any:
        from openlineage.client import event_v2 as ol
        from openlineage.client import facet_v2 as facets

        node = self._nodes[link.source]
        namespace, name = self._called(node)[0]
        statistics = facets.input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=_whole(node, "rows"), size=_whole(node, "size"), producer=PRODUCER
        )
        own = self._facets(node, namespace)
        schema = self._schema(run, node)
        if schema is not None:
            own["schema"] = schema
        return ol.InputDataset(
            namespace=namespace,
            name=name,
            facets=own,
            inputFacets={"inputStatistics": statistics},
        )

    def _outputs(self, link: Link) -> Iterator[Any]:
        from openlineage.client import event_v2 as ol
        from openlineage.client import facet_v2 as facets

        node = self._nodes[link.target]
        statistics = facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=_whole(node, "rows"), size=_whole(node, "size"), producer=PRODUCER
        )
        for namespace, name in self._called(node):
            yield ol.OutputDataset(
                namespace=namespace,
                name=name,
                facets=self._facets(node, namespace),
                outputFacets={"outputStatistics": statistics},
            )

    def _facets(self, node: Node, namespace: str) -> dict[str, Any]:
        from openlineage.client import facet_v2 as facets

        found: dict[str, Any] = {
            "dataSource": facets.datasource_dataset.DatasourceDatasetFacet(
                name=namespace, uri=_uri(node.uri) or namespace, producer=PRODUCER
            )
        }
        version = (node.version if node.kind in ("data", "named") else None) or node.md5
        if version:
            found["version"] = facets.dataset_version_dataset.DatasetVersionDatasetFacet(
                datasetVersion=version, producer=PRODUCER
            )
        return found

    def _schema(self, run: Run, node: Node) -> Any:
        """The columns of data, as the run kept them beside its record."""
        from openlineage.client import facet_v2 as facets

        from gitrack.tracking.content.datasets import profile_path

        own = [dataset for dataset in run.data if dataset.name == node.name]
        rows = self._records.rows[run.id]
        for dataset in own[:1]:
            path = f"{self._records.table.path(rows[0])}/{profile_path(dataset)}"
            try:
                profile = load_profile(
                    path, self._records.branch.read(path, at=self._records.commit)
                )
            except UnreadableFile as error:
                self._records.note(error)
                return None
            except GitrackError:  # no table: nobody kept columns
                return None
            schema = facets.schema_dataset
            return schema.SchemaDatasetFacet(
                fields=[
                    schema.SchemaDatasetFacetFields(name=column.name, type=column.type)
                    for column in profile.columns
                ],
                producer=PRODUCER,
            )
        return None

    def _called(self, node: Node) -> list[tuple[str, str]]:
        """(namespace, name) of data: the same for what a run left and for what others read of it.

        What a run left has all the names that others know it by.
        """
        if node.kind == "artifact":
            links = self._lineage.steps.down(node.id)
            became = [link.target for link in links if link.kind in ("derived", "named")]
            self._know(became)
            names = [name for id in became for name in self._called(self._nodes[id])]
            if names:
                return list(dict.fromkeys(names))
            if node.uri is None:
                run = self._run(node.run or "")
                return [(self._namespace, f"{run.experiment if run else node.run}/{node.path}")]
        if node.uri:
            parts = _taken_apart(node.uri)
            if parts is not None and parts.scheme and parts.netloc:
                name = parts.path.lstrip("/") or parts.netloc
                return [(f"{parts.scheme}://{parts.netloc}", name)]
        return [(self._namespace, node.name or node.path or node.label)]


def event_id(id: str) -> str:
    """The UUID under which a run, or a stage of it, is known to catalogues."""
    return str(uuid.uuid5(_RUNS, id))


def _time(said: str, id: str) -> str:
    """A time of a record; if it is none after all, the one in the run's id."""
    for text in (said, f"{id[:8]}T{id[9:15]}+00:00"):
        try:
            when = datetime.fromisoformat(text.replace(",", "."))
        except ValueError:
            continue
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return "1970-01-01T00:00:00.000Z"


def _repository(remote: str) -> str | None:
    """The address of a repository as a URI."""
    if found := _SCP.match(remote):
        return f"ssh://{found['host']}/{quote(found['path'])}"
    return _uri(remote)


def _uri(text: str | None) -> str | None:
    if text is None or not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        return None
    if _taken_apart(text) is None:
        return None
    return quote(text, safe=":/?#[]@!$&'()*+,;=%~")


def _taken_apart(uri: str) -> SplitResult | None:
    try:
        return urlsplit(uri)
    except ValueError:  # brackets that hold no address
        return None


def _whole(node: Node, name: str) -> int | None:
    value = node.about.get(name)
    return value if isinstance(value, int) else None
